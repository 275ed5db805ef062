/* SPDX-License-Identifier: Apache-2.0 */
/* json: the agent's answer again, with the rows that were asked for. */
#include "tools/output.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tools/text.h"

#define JSON_MAX ((size_t)256 << 20) /* indentation makes more of what came */

static void put_number(struct json_writer *w, const char *key, double value)
{
	if (value == floor(value) && fabs(value) <= 0x1p53)
		json_put_i64(w, key, (int64_t)value);
	else
		json_put_double(w, key, value);
}

/* Depth is bounded by the parser. */
static void put_value(struct json_writer *w, const char *key, const struct json *j)
{
	bool object = json_kind(j) == JSON_OBJECT;

	switch (json_kind(j)) {
	case JSON_NULL:
		json_put_null(w, key);
		return;
	case JSON_BOOL:
		json_put_bool(w, key, json_bool(j, false));
		return;
	case JSON_NUMBER:
		put_number(w, key, json_num(j, NAN));
		return;
	case JSON_STRING:
		json_put_str(w, key, json_str(j, ""));
		return;
	case JSON_OBJECT:
		json_open_object(w, key);
		break;
	case JSON_ARRAY:
		json_open_array(w, key);
		break;
	}
	for (const struct json *c = json_first(j); c; c = json_next(c))
		put_value(w, object ? json_key(c) : NULL, c);
	if (object)
		json_close_object(w);
	else
		json_close_array(w);
}

static void put_rows(struct json_writer *w, const struct output_doc *doc)
{
	json_open_array(w, doc->list);
	for (size_t i = 0; i < doc->n_rows; i++)
		put_value(w, NULL, doc->rows[i].json);
	json_close_array(w);
}

static int json_write(const struct output_doc *doc, FILE *out)
{
	_cleanup_(buf_release) struct buf compact = BUF_INIT(JSON_MAX), pretty = BUF_INIT(JSON_MAX);
	struct json_writer w;

	json_writer_init(&w, &compact);
	json_open_object(&w, NULL);
	for (const struct json *c = json_first(doc->root); c; c = json_next(c)) {
		if (doc->list && strcmp(json_key(c), doc->list) == 0)
			put_rows(&w, doc);
		else
			put_value(&w, json_key(c), c);
	}
	json_close_object(&w);
	if (compact.error)
		return compact.error;
	text_add_pretty_json(&pretty, buf_str(&compact), compact.len);
	buf_add_char(&pretty, '\n');
	if (pretty.error)
		return pretty.error;
	fwrite(pretty.data, 1, pretty.len, out);
	return 0;
}

const struct output_writer output_json = { "json", json_write };
