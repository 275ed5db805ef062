/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv after RFC 4180: a header, CRLF line ends, fields with commas, quotes or spaces at their ends
 * in quotes. Control characters are escaped, so that a line is a row and a terminal stays sane.
 */
#include "tools/output.h"

#include <stdint.h>
#include <string.h>

#include "tools/text.h"

#define CSV_MAX ((size_t)256 << 20)

static void add_field(struct buf *out, const char *text)
{
	_cleanup_(buf_release) struct buf safe = BUF_INIT(CSV_MAX);
	const char *s;

	text_add_safe(&safe, text, true);
	s = buf_str(&safe);
	if (!strpbrk(s, ",\"") && *s != ' ' && (safe.len == 0 || s[safe.len - 1] != ' ')) {
		buf_add_str(out, s);
		return;
	}
	buf_add_char(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *s);
	}
	buf_add_char(out, '"');
}

static void add_scalar(struct buf *out, const struct json *j)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(CSV_MAX);

	output_add_scalar(&text, j);
	add_field(out, buf_str(&text));
}

static void add_rows(struct buf *out, const struct output_doc *doc)
{
	const struct output_field *f;

	for (f = doc->fields; f->title; f++)
		buf_printf(out, "%s%s", f == doc->fields ? "" : ",", f->title);
	buf_add_str(out, "\r\n");
	for (size_t i = 0; i < doc->n_rows; i++) {
		for (f = doc->fields; f->title; f++) {
			if (f != doc->fields)
				buf_add_char(out, ',');
			add_scalar(out, json_path(doc->rows[i].json, f->path));
		}
		buf_add_str(out, "\r\n");
	}
}

/* Every value of a tree on a line of its own. Members of lists go by name where they have one. */
static void add_flat(struct buf *out, const struct json *j, const char *path)
{
	size_t i = 0;

	if (json_kind(j) != JSON_OBJECT && json_kind(j) != JSON_ARRAY) {
		add_field(out, path);
		buf_add_char(out, ',');
		add_scalar(out, j);
		buf_add_str(out, "\r\n");
		return;
	}
	for (const struct json *c = json_first(j); c; c = json_next(c), i++) {
		_cleanup_(buf_release) struct buf name = BUF_INIT(CSV_MAX);
		const char *label = json_key(c) ? json_key(c) : json_str(json_get(c, "name"), NULL);

		buf_printf(&name, "%s%s", path, *path ? "." : "");
		if (label)
			buf_add_str(&name, label);
		else
			buf_printf(&name, "%zu", i);
		add_flat(out, c, buf_str(&name));
	}
}

static int csv_write(const struct output_doc *doc, FILE *out)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(CSV_MAX);

	if (doc->fields) {
		add_rows(&text, doc);
	} else {
		buf_add_str(&text, "name,value\r\n");
		add_flat(&text, doc->root, "");
	}
	if (text.error)
		return text.error;
	fwrite(buf_str(&text), 1, text.len, out);
	return 0;
}

const struct output_writer output_csv = { "csv", csv_write };
