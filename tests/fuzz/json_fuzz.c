/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever json_parse() takes, the writer must be able to write back, and reading that gives the
 * same text again. It must never blame memory: our grammar is no wider than cJSON's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void write_back(struct json_writer *w, const struct json *j, const char *key)
{
	switch (json_kind(j)) {
	case JSON_NULL:
		json_put_null(w, key);
		return;
	case JSON_BOOL:
		json_put_bool(w, key, json_bool(j, false));
		return;
	case JSON_NUMBER:
		json_u64(j, 0);
		json_put_double(w, key, json_num(j, 0));
		return;
	case JSON_STRING:
		json_put_str(w, key, json_str(j, NULL));
		return;
	case JSON_ARRAY:
		json_open_array(w, key);
		for (const struct json *c = json_first(j); c; c = json_next(c))
			write_back(w, c, NULL);
		json_close_array(w);
		return;
	case JSON_OBJECT:
		json_open_object(w, key);
		for (const struct json *c = json_first(j); c; c = json_next(c))
			write_back(w, c, json_key(c));
		json_close_object(w);
		return;
	}
}

/* 0 and the text of what was read, or json_parse()'s error. */
static int read_and_write(const char *text, size_t len, struct buf *out)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct json_writer w;
	struct err e = { "" };
	int r = json_parse(text, len, &root, &e);

	if (r == -ENOMEM || (r < 0) != (e.msg[0] != '\0') || (r < 0) != !root)
		abort();
	if (r < 0)
		return r;
	json_path(root, "metadata.name");
	json_writer_init(&w, out);
	write_back(&w, root, NULL);
	if (out->error)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_(buf_release) struct buf first = BUF_INIT(64 << 20);
	_cleanup_(buf_release) struct buf second = BUF_INIT(64 << 20);

	if (read_and_write((const char *)data, size, &first) < 0)
		return 0;
	if (read_and_write(first.data, first.len, &second) < 0 ||
	    strcmp(first.data, second.data) != 0)
		abort();
	return 0;
}
