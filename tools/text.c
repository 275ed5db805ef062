/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/text.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

/* Code points that change how what follows is shown, or that look like nothing at all. */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	  { 0xad, 0xad },     { 0x61c, 0x61c },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e },	  { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};

static bool is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		if (code >= unsafe[i].first && code <= unsafe[i].last)
			return true;
	}
	return false;
}

/* Length of the sequence at s and its code point; 0 for a byte that is no UTF-8. */
static size_t decode(const char *s, size_t len, uint32_t *ret_code)
{
	size_t n = utf8_sequence(s, len);
	unsigned char c = (unsigned char)*s;
	uint32_t code = n < 2 ? c : c & (0x7fU >> n);

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	*ret_code = code;
	return n;
}

int text_add_safe(struct buf *out, const char *s, bool utf8)
{
	size_t left = strlen(s);

	while (left) {
		uint32_t code;
		size_t n = decode(s, left, &code);

		if (n == 0)
			buf_printf(out, "\\x%02x", (unsigned char)*s);
		else if (is_unsafe(code) || (!utf8 && code >= 0x80))
			buf_printf(out, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
		else
			buf_add(out, s, n);
		n += n == 0;
		s += n;
		left -= n;
	}
	return out->error;
}

/* Columns of one code point; without a locale that knows it, one. */
static size_t code_width(uint32_t code)
{
	int w = wcwidth((wchar_t)code);

	return w < 0 ? 1 : (size_t)w;
}

size_t text_width(const char *s)
{
	size_t left = strlen(s), width = 0;

	while (left) {
		uint32_t code;
		size_t n = decode(s, left, &code);

		width += code_width(code);
		n += n == 0;
		s += n;
		left -= n;
	}
	return width;
}

/* Bytes of s that fit into `width` columns. */
static size_t fit_bytes(const char *s, size_t width, size_t *ret_width)
{
	size_t len = strlen(s), used = 0, at = 0;

	while (at < len) {
		uint32_t code;
		size_t n = decode(s + at, len - at, &code), w = code_width(code);

		if (used + w > width)
			break;
		used += w;
		at += n + (n == 0);
	}
	*ret_width = used;
	return at;
}

static void add_spaces(struct buf *out, size_t n)
{
	while (n--)
		buf_add_char(out, ' ');
}

int text_add_fit(struct buf *out, const char *s, size_t width, int pad, bool utf8)
{
	size_t len = strlen(s), used;
	size_t take = fit_bytes(s, width, &used);
	bool cut = take < len && width > 0;

	if (cut) {
		take = fit_bytes(s, width - 1, &used);
		used++;
	}
	if (pad > 0)
		add_spaces(out, width - used);
	buf_add(out, s, take);
	if (cut)
		buf_add_str(out, utf8 ? "\xe2\x80\xa6" : "~");
	if (pad < 0)
		add_spaces(out, width - used);
	return out->error;
}

static void add_newline(struct buf *out, unsigned depth)
{
	buf_add_char(out, '\n');
	add_spaces(out, 2 * (size_t)depth);
}

/* One character inside of a JSON string. Returns its length. */
static size_t add_json_char(struct buf *out, const char *s, size_t left)
{
	uint32_t code;
	size_t n = decode(s, left, &code);

	if (*s == '\\' && left > 1) {
		buf_add(out, s, 2);
		return 2;
	}
	if (n == 0)
		buf_add_str(out, UTF8_REPLACEMENT);
	else if (code >= 0x10000 && is_unsafe(code))
		buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else if (is_unsafe(code))
		buf_printf(out, "\\u%04x", code);
	else
		buf_add(out, s, n);
	return n ? n : 1;
}

/* One character outside of strings. */
static void add_json_mark(struct buf *out, const char *s, size_t left, unsigned *depth)
{
	bool empty = left > 1 && (s[1] == '}' || s[1] == ']');
	bool was_open = out->len > 0 && strchr("{[", out->data[out->len - 1]);

	switch (*s) {
	case '{':
	case '[':
		buf_add_char(out, *s);
		++*depth;
		if (!empty)
			add_newline(out, *depth);
		break;
	case '}':
	case ']':
		*depth -= *depth > 0;
		if (!was_open)
			add_newline(out, *depth);
		buf_add_char(out, *s);
		break;
	case ',':
		buf_add_char(out, ',');
		add_newline(out, *depth);
		break;
	case ':':
		buf_add_str(out, ": ");
		break;
	default:
		if (!strchr(" \t\r\n", *s))
			buf_add_char(out, *s);
	}
}

int text_add_pretty_json(struct buf *out, const char *json, size_t len)
{
	bool in_string = false;
	unsigned depth = 0;

	while (len) {
		size_t n = 1;

		if (in_string && *json != '"') {
			n = add_json_char(out, json, len);
		} else if (*json == '"') {
			in_string = !in_string;
			buf_add_char(out, '"');
		} else {
			add_json_mark(out, json, len, &depth);
		}
		json += n;
		len -= n;
	}
	return out->error;
}

bool text_locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
