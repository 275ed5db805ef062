/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml: the same tree as json in block style. Texts are plain only where every YAML reader (1.1 and
 * 1.2) sees that text in them; otherwise they are quoted as in JSON, which YAML reads alike.
 */
#include "tools/output.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "tools/text.h"

#define YAML_MAX ((size_t)256 << 20)

static bool is_word(const char *s)
{
	static const char *const words[] = { "y",   "n",    "yes",   "no",  "on",
					     "off", "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(words[i], s) == 0)
			return true;
	}
	return false;
}

static bool is_plain(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_./@+";

	return *s && (strchr(letters, *s) || *s == '/') && s[strspn(s, more)] == '\0' &&
	       !is_word(s);
}

static void add_text(struct buf *out, const char *s)
{
	_cleanup_(buf_release) struct buf quoted = BUF_INIT(out->max);
	struct json_writer w;

	if (is_plain(s)) {
		buf_add_str(out, s);
		return;
	}
	json_writer_init(&w, &quoted);
	json_put_str(&w, NULL, s);
	text_add_pretty_json(out, buf_str(&quoted), quoted.len);
}

static void add_indent(struct buf *out, unsigned depth)
{
	while (depth--)
		buf_add_str(out, "  ");
}

/* `open`: the cursor stands where a first member may follow ("- " or the start of a line). */
static void add_value(struct buf *out, const struct json *j, unsigned depth, bool open);

static void add_member(struct buf *out, const struct json *c, unsigned depth)
{
	bool nested = json_first(c) != NULL;

	add_text(out, json_key(c));
	buf_add_str(out, nested ? ":\n" : ": ");
	/* lists stand under their key without indent, as kubectl prints them */
	add_value(out, c, json_kind(c) == JSON_ARRAY ? depth : depth + 1, false);
}

static void add_children(struct buf *out, const struct json *j, unsigned depth, bool open)
{
	bool list = json_kind(j) == JSON_ARRAY;

	for (const struct json *c = json_first(j); c; c = json_next(c), open = false) {
		if (!open)
			add_indent(out, depth);
		if (list) {
			buf_add_str(out, "- ");
			add_value(out, c, depth + 1, true);
		} else {
			add_member(out, c, depth);
		}
	}
}

static void add_value(struct buf *out, const struct json *j, unsigned depth, bool open)
{
	switch (json_kind(j)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		if (json_first(j)) {
			add_children(out, j, depth, open);
			return;
		}
		buf_add_str(out, json_kind(j) == JSON_OBJECT ? "{}" : "[]");
		break;
	case JSON_STRING:
		add_text(out, json_str(j, ""));
		break;
	case JSON_NULL:
		buf_add_str(out, "null");
		break;
	default:
		output_add_scalar(out, j);
	}
	buf_add_char(out, '\n');
}

static void add_rows(struct buf *out, const struct output_doc *doc)
{
	add_text(out, doc->list);
	buf_add_str(out, doc->n_rows ? ":\n" : ": []\n");
	for (size_t i = 0; i < doc->n_rows; i++) {
		buf_add_str(out, "- ");
		add_value(out, doc->rows[i].json, 1, true);
	}
}

static int yaml_write(const struct output_doc *doc, FILE *out)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(YAML_MAX);

	for (const struct json *c = json_first(doc->root); c; c = json_next(c)) {
		if (doc->list && strcmp(json_key(c), doc->list) == 0)
			add_rows(&text, doc);
		else
			add_member(&text, c, 0);
	}
	if (text.error)
		return text.error;
	fwrite(buf_str(&text), 1, text.len, out);
	return 0;
}

const struct output_writer output_yaml = { "yaml", yaml_write };
