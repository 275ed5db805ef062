/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){ .out = out };
}

static void add_escaped(struct buf *out, unsigned char c)
{
	static const char letters[] = {
		['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
		['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
	};

	if (c < sizeof(letters) && letters[c]) {
		buf_add_char(out, '\\');
		buf_add_char(out, letters[c]);
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Names of commands and cgroups are bytes: what is no UTF-8 becomes U+FFFD. */
static void add_quoted(struct buf *out, const char *s)
{
	size_t left = strlen(s);

	buf_add_char(out, '"');
	while (left) {
		size_t n = 0;

		while (n < left && is_plain((unsigned char)s[n]))
			n++;
		if (n > 0) {
			buf_add(out, s, n);
		} else if ((unsigned char)*s < 0x80) {
			add_escaped(out, (unsigned char)*s);
			n = 1;
		} else {
			n = utf8_sequence(s, left);
			if (n > 0)
				buf_add(out, s, n);
			else
				buf_add_str(out, UTF8_REPLACEMENT);
			n += n == 0;
		}
		s += n;
		left -= n;
	}
	buf_add_char(out, '"');
}

/* Everything that stands before a value. */
static void begin(struct json_writer *w, const char *key)
{
	if (w->comma)
		buf_add_char(w->out, ',');
	w->comma = w->depth > 0;
	if (key) {
		add_quoted(w->out, key);
		buf_add_char(w->out, ':');
	}
}

static void open_with(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	buf_add_char(w->out, bracket);
	w->depth++;
	w->comma = false;
}

static void close_with(struct json_writer *w, char bracket)
{
	buf_add_char(w->out, bracket);
	w->depth--;
	w->comma = w->depth > 0;
}

void json_open_object(struct json_writer *w, const char *key)
{
	open_with(w, key, '{');
}

void json_close_object(struct json_writer *w)
{
	close_with(w, '}');
}

void json_open_array(struct json_writer *w, const char *key)
{
	open_with(w, key, '[');
}

void json_close_array(struct json_writer *w)
{
	close_with(w, ']');
}

void json_put_null(struct json_writer *w, const char *key)
{
	begin(w, key);
	buf_add_str(w->out, "null");
}

void json_put_str(struct json_writer *w, const char *key, const char *value)
{
	if (!value) {
		json_put_null(w, key);
		return;
	}
	begin(w, key);
	add_quoted(w->out, value);
}

void json_put_u64(struct json_writer *w, const char *key, uint64_t value)
{
	begin(w, key);
	buf_printf(w->out, "%" PRIu64, value);
}

void json_put_i64(struct json_writer *w, const char *key, int64_t value)
{
	begin(w, key);
	buf_printf(w->out, "%" PRId64, value);
}

void json_put_double(struct json_writer *w, const char *key, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_put_null(w, key);
		return;
	}
	/* 17 digits always read back equal, but 0.1 should not be 0.10000000000000001. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	begin(w, key);
	buf_add_str(w->out, text);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	begin(w, key);
	buf_add_str(w->out, value ? "true" : "false");
}
