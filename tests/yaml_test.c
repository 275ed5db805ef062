/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/alloc_fail.h"
#include "tests/check_main.h"

/* The tree in one line: {a:b,c:[d,'e']}, where quotes tell a quoted scalar. */
static void dump(const struct yaml *y, struct buf *out)
{
	if (y->key)
		buf_printf(out, "%s:", y->key);
	if (y->kind == YAML_SCALAR) {
		buf_printf(out, y->quoted ? "'%s'" : "%s", y->value);
		return;
	}
	buf_add_char(out, y->kind == YAML_MAP ? '{' : '[');
	for (const struct yaml *child = y->child; child; child = child->next) {
		dump(child, out);
		if (child->next)
			buf_add_char(out, ',');
	}
	buf_add_char(out, y->kind == YAML_MAP ? '}' : ']');
}

static const struct {
	const char *in, *out;
} valid_cases[] = {
	{ "", "{}" },
	{ "# only a comment\n", "{}" },
	{ "---\n...\n", "{}" },
	{ "null", "{}" },
	{ "~", "{}" },
	{ "plain", "plain" },
	{ "''", "''" },
	{ "a: b", "{a:b}" },
	{ "a: b # why\nc: 5\n", "{a:b,c:5}" },
	{ "a:\n  b:\n    c: 1\n", "{a:{b:{c:1}}}" },
	{ "a:\n- x\n- y: 1\n  z: 2\n", "{a:[x,{y:1,z:2}]}" },
	{ "a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "{a:,b:,c:,d:'',e:'null'}" },
	{ "{\"a\":[1,\"two\",{}],\"b\":null}", "{a:[1,'two',{}],b:}" },
	{ "a: |\n  one\n  two\n", "{a:'one\ntwo\n'}" },
	{ "a: \"x\\ty\"", "{a:'x\ty'}" },
	{ "a: &anchor 1", "{a:1}" },
	{ "\xef\xbb\xbf"
	  "a: \xc3\xa9",
	  "{a:\xc3\xa9}" },
	{ "a: {x: 1}\nb: {x: 1}", "{a:{x:1},b:{x:1}}" },
};

START_TEST(takes_valid_texts)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT(1000);
	const char *in = valid_cases[_i].in;
	struct err e = { "" };
	int r = yaml_parse(in, strlen(in), &root, &e);

	ck_assert_msg(r == 0, "%d %s", r, e.msg);
	ck_assert_str_eq(e.msg, "");
	dump(root, &b);
	ck_assert_str_eq(buf_str(&b), valid_cases[_i].out);
}
END_TEST

static const struct {
	const char *in, *msg;
} invalid_cases[] = {
	{ "a: 1\nb: 2\na: 3\n", "line 3, column 1: 'a' stands here twice" },
	{ "x: {b: 1, b: 2}", "line 1, column 11: 'b' stands here twice" },
	{ "a: &x 1\nb: *x\n", "line 2, column 4: aliases are not supported" },
	{ "a: 1\n<<: *x\n", "line 2, column 5: aliases are not supported" },
	{ "--- 1\n--- 2\n", "line 2, column 1: a second document" },
	{ "a: !!int 1", "line 1, column 4: tags are not supported" },
	{ "? [1, 2]\n: 3\n", "line 1, column 3: a key must be a plain text" },
	{ "? {a: b}\n: 3\n", "line 1, column 3: a key must be a plain text" },
	{ "a: \"x\\0y\"", "line 1, column 4: a text may not hold a NUL" },
	{ "a: [1, 2", NULL },
	{ "a: b: c", NULL },
	{ "\ta: b", NULL },
	{ "a: 'x", NULL },
	{ "a:\n  b: 1\n c: 2\n", NULL },
	{ "a: @x", NULL },
	{ "a: \"\\q\"", NULL },
	{ "a: \xff", NULL },
	{ "a: \x01", NULL },
};

START_TEST(refuses_invalid_texts)
{
	struct yaml mark, *root = &mark;
	const char *in = invalid_cases[_i].in;
	struct err e = { "" };

	ck_assert_int_eq(yaml_parse(in, strlen(in), &root, &e), -EINVAL);
	ck_assert_ptr_eq(root, &mark);
	if (invalid_cases[_i].msg)
		ck_assert_str_eq(e.msg, invalid_cases[_i].msg);
	else
		ck_assert_msg(strncmp(e.msg, "line ", 5) == 0 || strncmp(e.msg, "byte ", 5) == 0,
			      "%s", e.msg);
}
END_TEST

static int parse_repeated(const char *unit, size_t times)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT(4 << 20);

	for (size_t i = 0; i < times; i++)
		buf_add_str(&b, unit);
	return yaml_parse(buf_str(&b), b.len, &root, NULL);
}

static const struct {
	const char *unit;
	size_t times;
	int ret;
} limit_cases[] = {
	{ "- ", 32, 0 },
	{ "- ", 33, -EINVAL },
	{ "[", 100000, -EINVAL },
	{ "- x\n", 9999, 0 },
	{ "- x\n", 10000, -EINVAL },
	{ "#\n", 1 << 19, 0 },
	{ "# \n", 1 << 19, -E2BIG },
};

START_TEST(keeps_its_limits)
{
	ck_assert_int_eq(parse_repeated(limit_cases[_i].unit, limit_cases[_i].times),
			 limit_cases[_i].ret);
}
END_TEST

START_TEST(knows_lines)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	const char *text = "# first\na: 1\nb:\n  - x\n  - y\n";
	const struct yaml *b;

	ck_assert_int_eq(yaml_parse(text, strlen(text), &root, NULL), 0);
	ck_assert_uint_eq(yaml_get(root, "a")->line, 2);
	b = yaml_get(root, "b");
	ck_assert_uint_eq(b->child->next->line, 5);
	ck_assert_ptr_null(yaml_get(root, "c"));
	ck_assert_ptr_null(yaml_get(b, "x"));
	ck_assert_ptr_null(yaml_get(NULL, "x"));
	yaml_free(NULL);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	const char *text = "a: 1\nb: [x, {c: d}]\ne: 'f'\n";

	for (unsigned n = 1;; n++) {
		_cleanup_(yaml_freep) struct yaml *root = NULL;
		int r;

		alloc_fail_at(n);
		r = yaml_parse(text, strlen(text), &root, NULL);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(r, 0);
			ck_assert_uint_gt(n, 10);
			break;
		}
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(root);
	}
}
END_TEST

static const struct {
	const char *in, *out;
} scalar_cases[] = {
	{ "web", "web" },
	{ "/run/evictd/evictd.sock", "/run/evictd/evictd.sock" },
	{ "5s", "5s" },
	{ "-5", "-5" },
	{ "true", "true" },
	{ "a:b", "a:b" },
	{ "", "\"\"" },
	{ "~", "\"~\"" },
	{ "null", "\"null\"" },
	{ "-", "\"-\"" },
	{ "---", "\"---\"" },
	{ "a:", "\"a:\"" },
	{ "a: b", "\"a: b\"" },
	{ " a", "\" a\"" },
	{ "#a", "\"#a\"" },
	{ "a #b", "\"a #b\"" },
	{ "*a", "\"*a\"" },
	{ "[a]", "\"[a]\"" },
	{ "a,b", "\"a,b\"" },
	{ "say \"hi\" \\", "\"say \\\"hi\\\" \\\\\"" },
	{ "a\nb\t\x7f", "\"a\\u000ab\\u0009\\u007f\"" },
	{ "\xc3\xa9", "\"\xc3\xa9\"" },
	{ "\xc2\x8b\xc2\x85", "\"\\u008b\\u0085\"" },
	{ "\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf", "\"\\u2028\\ufeff\\uffff\"" },
};

START_TEST(scalars_read_back)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT(1000);

	ck_assert_int_eq(yaml_add_scalar(&b, scalar_cases[_i].in), 0);
	ck_assert_str_eq(buf_str(&b), scalar_cases[_i].out);
	buf_clear(&b);
	buf_add_str(&b, "key: ");
	yaml_add_scalar(&b, scalar_cases[_i].in);
	ck_assert_int_eq(yaml_parse(buf_str(&b), b.len, &root, NULL), 0);
	ck_assert_str_eq(yaml_get(root, "key")->value, scalar_cases[_i].in);
}
END_TEST

TEST_MAIN("yaml", {
	TEST_TABLE("parse", takes_valid_texts, ARRAY_LEN(valid_cases));
	TEST_TABLE("parse", refuses_invalid_texts, ARRAY_LEN(invalid_cases));
	TEST_TABLE("parse", keeps_its_limits, ARRAY_LEN(limit_cases));
	TEST_ONE("parse", knows_lines);
	TEST_ONE("parse", survives_every_failed_allocation);
	TEST_TABLE("scalar", scalars_read_back, ARRAY_LEN(scalar_cases));
})
