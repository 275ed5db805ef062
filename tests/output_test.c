/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/output.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "tests/check_main.h"

static const char reply[] =
	"{\"kind\":\"Usage\",\"num\":1.5,\"list\":[{\"name\":\"dropped\"}],\"tail\":null}";
static const char row[] = "{\"name\":\"a,\\\"b\\\"\\u001b[31m\",\"cpu\":{\"ns\":9007199254740991,"
			  "\"share\":0.1},\"on\":true,\"none\":null,\"tags\":[1,\"yes\",{}]}";

static void cell_name(const void *item, struct buf *out)
{
	buf_add_str(out, json_str(json_get(item, "name"), ""));
}

static void cell_wide(const void *item, struct buf *out)
{
	output_add_scalar(out, json_path(item, "cpu.ns"));
}

static const struct output_column columns[] = {
	{ "NAME", 0, false, cell_name },
	{ "NS", TABLE_RIGHT, true, cell_wide },
	{ .title = NULL },
};

static const struct output_field fields[] = {
	{ "name", "name" }, { "cpu_ns", "cpu.ns" }, { "cpu_share", "cpu.share" }, { "on", "on" },
	{ "none", "none" }, { "absent", "x.y" },    { "tags", "tags" },		  { .title = NULL },
};

static struct json *parse(const char *text)
{
	struct json *j = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &j, NULL), 0);
	return j;
}

static char *write_text(const struct output_writer *w, const struct output_doc *doc)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(output_write(w, doc, f, NULL), 0);
	fclose(f);
	return text;
}

static const struct {
	const struct output_writer *writer;
	const char *out;
} cases[] = {
	{ &output_table, "NAME\na,\"b\"\\x1b[31m\n" },
	{ &output_wide, "NAME                        NS\na,\"b\"\\x1b[31m 9007199254740991\n" },
	{ &output_csv, "name,cpu_ns,cpu_share,on,none,absent,tags\r\n"
		       "\"a,\"\"b\"\"\\x1b[31m\",9007199254740991,0.1,true,,,\r\n" },
	{ &output_json, "{\n  \"kind\": \"Usage\",\n  \"num\": 1.5,\n  \"list\": [\n    {\n"
			"      \"name\": \"a,\\\"b\\\"\\u001b[31m\",\n      \"cpu\": {\n"
			"        \"ns\": 9007199254740991,\n        \"share\": 0.1\n      },\n"
			"      \"on\": true,\n      \"none\": null,\n      \"tags\": [\n"
			"        1,\n        \"yes\",\n        {}\n      ]\n    }\n  ],\n"
			"  \"tail\": null\n}\n" },
	{ &output_yaml, "kind: Usage\nnum: 1.5\nlist:\n- name: \"a,\\\"b\\\"\\u001b[31m\"\n  cpu:\n"
			"    ns: 9007199254740991\n    share: 0.1\n  \"on\": true\n  none: null\n"
			"  tags:\n  - 1\n  - \"yes\"\n  - {}\ntail: null\n" },
};

START_TEST(writes)
{
	_cleanup_(json_freep) struct json *root = parse(reply), *item = parse(row);
	_cleanup_free_ char *text = NULL;
	struct output_row rows[] = { { .json = item, .item = item } };
	struct output_part part = { .columns = columns, .rows = rows, .n_rows = 1, .header = true };

	text = write_text(cases[_i].writer, &(struct output_doc){ .root = root,
								  .list = "list",
								  .rows = rows,
								  .n_rows = 1,
								  .fields = fields,
								  .parts = &part,
								  .n_parts = 1 });
	ck_assert_str_eq(text, cases[_i].out);
}
END_TEST

static const struct {
	const struct output_writer *writer;
	const char *out;
} empty_cases[] = {
	{ &output_table, "nothing\n" },
	{ &output_csv, "name,cpu_ns,cpu_share,on,none,absent,tags\r\n" },
	{ &output_json, "{\n  \"kind\": \"Usage\",\n  \"num\": 1.5,\n  \"list\": [],\n"
			"  \"tail\": null\n}\n" },
	{ &output_yaml, "kind: Usage\nnum: 1.5\nlist: []\ntail: null\n" },
};

START_TEST(writes_no_rows)
{
	_cleanup_(json_freep) struct json *root = parse(reply);
	_cleanup_free_ char *text = NULL;
	struct output_part part = { .columns = columns, .header = true, .empty = "nothing" };

	text = write_text(empty_cases[_i].writer, &(struct output_doc){ .root = root,
									.list = "list",
									.fields = fields,
									.parts = &part,
									.n_parts = 1 });
	ck_assert_str_eq(text, empty_cases[_i].out);
}
END_TEST

/* YAML readers know more words than JSON: those and what looks like a number are quoted. */
static const struct {
	const char *json, *yaml;
} yaml_cases[] = {
	{ "\"web-7f\"", "web-7f" },
	{ "\"/a/b.scope\"", "/a/b.scope" },
	{ "\"\"", "\"\"" },
	{ "\"true\"", "\"true\"" },
	{ "\"No\"", "\"No\"" },
	{ "\"null\"", "\"null\"" },
	{ "\"123\"", "\"123\"" },
	{ "\"1e5\"", "\"1e5\"" },
	{ "\"0x1f\"", "\"0x1f\"" },
	{ "\"2026-11-22\"", "\"2026-11-22\"" },
	{ "\"- a\"", "\"- a\"" },
	{ "\"a: b\"", "\"a: b\"" },
	{ "\"a #b\"", "\"a #b\"" },
	{ "\"*x\"", "\"*x\"" },
	{ "\"~\"", "\"~\"" },
	{ "\"a\\nb\"", "\"a\\nb\"" },
	{ "\"\\u009b\"", "\"\\u009b\"" },
	{ "1e300", "1e+300" },
	{ "-3", "-3" },
	{ "[]", "[]" },
	{ "{}", "{}" },
};

START_TEST(yaml_scalars)
{
	_cleanup_free_ char *text = NULL, *want = NULL, *in = NULL;
	_cleanup_(json_freep) struct json *root = NULL;

	ck_assert_int_gt(asprintf(&in, "{\"k\":%s}", yaml_cases[_i].json), 0);
	ck_assert_int_gt(asprintf(&want, "k: %s\n", yaml_cases[_i].yaml), 0);
	root = parse(in);
	text = write_text(&output_yaml, &(struct output_doc){ .root = root });
	ck_assert_str_eq(text, want);
}
END_TEST

START_TEST(yaml_nests)
{
	_cleanup_(json_freep) struct json *root =
		parse("{\"a\":[[1,2],{\"b\":[{\"c\":1,\"d\":2}]}],\"e\":{\"f\":{\"g\":[]}}}");
	_cleanup_free_ char *text = write_text(&output_yaml, &(struct output_doc){ .root = root });

	ck_assert_str_eq(text, "a:\n- - 1\n  - 2\n- b:\n  - c: 1\n    d: 2\ne:\n  f:\n    g: []\n");
}
END_TEST

START_TEST(csv_flattens)
{
	_cleanup_(json_freep) struct json *root =
		parse("{\"a\":{\"b\":1},\"list\":[{\"name\":\"x\",\"on\":true},7]}");
	_cleanup_free_ char *text = write_text(&output_csv, &(struct output_doc){ .root = root });

	ck_assert_str_eq(text, "name,value\r\na.b,1\r\nlist.x.name,x\r\nlist.x.on,true\r\n"
			       "list.1,7\r\n");
}
END_TEST

START_TEST(tells_a_full_disk)
{
	_cleanup_(json_freep) struct json *root = parse(reply);
	FILE *f = fopen("/dev/full", "w");
	struct err e = { 0 };

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(output_write(&output_json, &(struct output_doc){ .root = root }, f, &e),
			 -ENOSPC);
	ck_assert_str_eq(e.msg, "cannot write the answer: No space left on device");
	fclose(f);
}
END_TEST

TEST_MAIN("output", {
	TEST_TABLE("writes", writes, ARRAY_LEN(cases));
	TEST_TABLE("empty", writes_no_rows, ARRAY_LEN(empty_cases));
	TEST_TABLE("yaml", yaml_scalars, ARRAY_LEN(yaml_cases));
	TEST_ONE("yaml", yaml_nests);
	TEST_ONE("csv", csv_flattens);
	TEST_ONE("disk", tells_a_full_disk);
})
