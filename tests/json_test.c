/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

static struct json *parse(const char *text)
{
	struct json *root = NULL;
	struct err e = { "" };

	ck_assert_msg(json_parse(text, strlen(text), &root, &e) == 0, "%s: %s", text, e.msg);
	ck_assert_str_eq(e.msg, "");
	return root;
}

static const char *const valid_cases[] = {
	"{}",
	"[]",
	" \t\r\n[ ] ",
	"0",
	"-0",
	"-1.5e+10",
	"1E5",
	"true",
	"null",
	"\"\"",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
	"\"\xc3\xa9 \xf0\x9f\x98\x80 \x7f\"",
	"{\"a\":{\"a\":[1,[],{}]},\"\":null}",
	"{\"twice\":1,\"twice\":2}",
};

START_TEST(takes_valid_texts)
{
	struct json *j = parse(valid_cases[_i]);

	ck_assert_ptr_nonnull(j);
	json_free(j);
}
END_TEST

static const struct {
	const char *in, *msg;
} invalid_cases[] = {
	{ "", "line 1, column 1: expected a value" },
	{ " \n ", "line 2, column 2: expected a value" },
	{ "{", "line 1, column 2: expected a string" },
	{ "[", "line 1, column 2: expected a value" },
	{ "[1", "line 1, column 3: expected ',' or ']'" },
	{ "[1,]", "line 1, column 4: expected a value" },
	{ "[,1]", "line 1, column 2: expected a value" },
	{ "[1 2]", "line 1, column 4: expected ',' or ']'" },
	{ "[1}", "line 1, column 3: expected ',' or ']'" },
	{ "{\"a\"}", "line 1, column 5: expected ':'" },
	{ "{\"a\":}", "line 1, column 6: expected a value" },
	{ "{\"a\":1,}", "line 1, column 8: expected a string" },
	{ "{\"a\":1", "line 1, column 7: expected ',' or '}'" },
	{ "{\n\"a\":1\n\"b\":2}", "line 3, column 1: expected ',' or '}'" },
	{ "{1:2}", "line 1, column 2: expected a string" },
	{ "{} {}", "line 1, column 4: text after the end" },
	{ "1 x", "line 1, column 3: text after the end" },
	{ "01", "line 1, column 2: text after the end" },
	{ "+1", "line 1, column 1: expected a value" },
	{ "-", "line 1, column 2: expected a value" },
	{ ".5", "line 1, column 1: expected a value" },
	{ "1.", "line 1, column 3: expected a digit after '.'" },
	{ "1e", "line 1, column 3: expected a digit in the exponent" },
	{ "1e+-1", "line 1, column 4: expected a digit in the exponent" },
	{ "NaN", "line 1, column 1: expected a value" },
	{ "tru", "line 1, column 1: expected a value" },
	{ "True", "line 1, column 1: expected a value" },
	{ "'a'", "line 1, column 1: expected a value" },
	{ "\"a", "line 1, column 3: unfinished string" },
	{ "\"a\\", "line 1, column 4: unknown escape" },
	{ "\"\\x\"", "line 1, column 3: unknown escape" },
	{ "\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits after \\u" },
	{ "\"\\u12", "line 1, column 6: expected four hexadecimal digits after \\u" },
	{ "\"\\ud83d\"", "line 1, column 8: half of a surrogate pair" },
	{ "\"\\ude00\"", "line 1, column 8: half of a surrogate pair" },
	{ "\"\\ud83d\\u0041\"", "line 1, column 14: half of a surrogate pair" },
	{ "\"\t\"", "line 1, column 2: control character in a string" },
	{ "\"\n\"", "line 1, column 2: control character in a string" },
	{ "\"\xff\"", "line 1, column 2: not UTF-8" },
	{ "\"\x80\"", "line 1, column 2: not UTF-8" },
	{ "\"\xc3\"", "line 1, column 2: not UTF-8" },
	{ "\"\xc0\x80\"", "line 1, column 2: not UTF-8" },
	{ "\"\xe0\x80\x80\"", "line 1, column 2: not UTF-8" },
	{ "\"\xed\xa0\x80\"", "line 1, column 2: not UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", "line 1, column 2: not UTF-8" },
	{ "\xef\xbb\xbf{}", "line 1, column 1: expected a value" },
	{ "// no\n1", "line 1, column 1: expected a value" },
	{ "1234567890123456789012345678901234567890123456789012345678901234",
	  "line 1, column 65: number is too long" },
};

START_TEST(refuses_invalid_texts)
{
	struct json *const before = (struct json *)&invalid_cases;
	const char *in = invalid_cases[_i].in;
	struct json *root = before;
	struct err e = { "" };

	ck_assert_int_eq(json_parse(in, strlen(in), &root, &e), -EINVAL);
	ck_assert_str_eq(e.msg, invalid_cases[_i].msg);
	ck_assert_ptr_eq(root, before);
}
END_TEST

START_TEST(a_nul_is_no_end)
{
	struct json *root = NULL;

	ck_assert_int_eq(json_parse("1\0", 2, &root, NULL), -EINVAL);
	ck_assert_int_eq(json_parse("[1]xx", 3, &root, NULL), 0); /* needs no NUL either */
	json_free(root);
}
END_TEST

START_TEST(depth_is_bounded)
{
	char text[2 * (JSON_DEPTH_MAX + 1) + 1] = "";
	struct json *root = NULL;
	unsigned depth = JSON_DEPTH_MAX + (unsigned)_i;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	ck_assert_int_eq(json_parse(text, strlen(text), &root, NULL), _i ? -EINVAL : 0);
	json_free(root);
	memset(text, '[', sizeof(text) - 1);
	ck_assert_int_eq(json_parse(text, strlen(text), &root, NULL), -EINVAL);
}
END_TEST

START_TEST(reads_members)
{
	_cleanup_(json_freep) struct json *root =
		parse("{\"cpu\":{\"wait\":{\"neighbourNs\":7}},\"name\":\"web\",\"on\":true,"
		      "\"off\":false,\"none\":null,\"list\":[1,\"two\",[]],\"x.y\":1}");

	ck_assert_uint_eq(json_u64(json_path(root, "cpu.wait.neighbourNs"), 0), 7);
	ck_assert_ptr_null(json_path(root, "cpu.wait.quotaNs"));
	ck_assert_ptr_null(json_path(root, "cpu.wait.neighbourNs.deeper"));
	ck_assert_ptr_null(json_path(root, "cp"));
	ck_assert_ptr_null(json_path(root, "cpux"));
	ck_assert_ptr_null(json_path(root, ""));
	ck_assert_ptr_nonnull(json_get(root, "x.y"));
	ck_assert_str_eq(json_str(json_get(root, "name"), "?"), "web");
	ck_assert_str_eq(json_str(json_get(root, "on"), "?"), "?");
	ck_assert(json_bool(json_get(root, "on"), false));
	ck_assert(!json_bool(json_get(root, "off"), true));
	ck_assert(json_bool(json_get(root, "none"), true));
	ck_assert_int_eq(json_kind(json_get(root, "none")), JSON_NULL);
	ck_assert_uint_eq(json_len(json_get(root, "list")), 3);
	ck_assert_uint_eq(json_len(json_get(root, "name")), 0);
	ck_assert_uint_eq(json_len(root), 7);
}
END_TEST

START_TEST(walks_children)
{
	static const char *const keys[] = { "a", "b", "c" };
	static const enum json_kind kinds[] = { JSON_NUMBER, JSON_OBJECT, JSON_BOOL };
	_cleanup_(json_freep) struct json *root = parse("{\"a\":1,\"b\":{},\"c\":true}");
	const struct json *child = json_first(root);

	for (unsigned i = 0; i < 3; i++, child = json_next(child)) {
		ck_assert_str_eq(json_key(child), keys[i]);
		ck_assert_int_eq(json_kind(child), kinds[i]);
	}
	ck_assert_ptr_null(child);
}
END_TEST

START_TEST(absent_reads_as_null)
{
	ck_assert_int_eq(json_kind(NULL), JSON_NULL);
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_path(NULL, "a.b"));
	ck_assert_ptr_null(json_str(NULL, NULL));
	ck_assert_double_eq(json_num(NULL, 1.5), 1.5);
	ck_assert_uint_eq(json_u64(NULL, 7), 7);
	ck_assert(json_bool(NULL, true));
	ck_assert_uint_eq(json_len(NULL), 0);
	ck_assert_ptr_null(json_first(NULL));
	ck_assert_ptr_null(json_next(NULL));
	ck_assert_ptr_null(json_key(NULL));
	json_free(NULL);
}
END_TEST

/* 42 is the fallback. */
static const struct {
	const char *in;
	uint64_t value;
} u64_cases[] = {
	{ "0", 0 },
	{ "-0", 0 },
	{ "1e3", 1000 },
	{ "7.0", 7 },
	{ "9007199254740992", 1ULL << 53 },
	{ "18446744073709551615", UINT64_MAX },
	{ "-1", 42 },
	{ "1.5", 42 },
	{ "1e999", 42 },
	{ "4e19", 42 },
	{ "\"5\"", 42 },
	{ "null", 42 },
	{ "true", 42 },
	{ "[]", 42 },
};

START_TEST(u64)
{
	_cleanup_(json_freep) struct json *root = parse(u64_cases[_i].in);

	ck_assert_uint_eq(json_u64(root, 42), u64_cases[_i].value);
}
END_TEST

START_TEST(writes_everything)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(1000);
	struct json_writer w;

	json_writer_init(&w, &b);
	json_open_object(&w, NULL);
	json_put_str(&w, "s", "a\"b");
	json_put_str(&w, "nil", NULL);
	json_put_u64(&w, "u", UINT64_MAX);
	json_put_i64(&w, "i", INT64_MIN);
	json_put_double(&w, "d", 0.1);
	json_put_bool(&w, "t", true);
	json_put_bool(&w, "f", false);
	json_put_null(&w, "n");
	json_open_array(&w, "list");
	json_put_u64(&w, NULL, 1);
	json_open_array(&w, NULL);
	json_close_array(&w);
	json_open_object(&w, NULL);
	json_close_object(&w);
	json_put_u64(&w, NULL, 2);
	json_close_array(&w);
	json_open_object(&w, "o");
	json_close_object(&w);
	json_put_u64(&w, "last", 3);
	json_close_object(&w);
	buf_add_char(&b, '\n');
	json_put_u64(&w, NULL, 4);
	ck_assert_int_eq(b.error, 0);
	ck_assert_str_eq(buf_str(&b),
			 "{\"s\":\"a\\\"b\",\"nil\":null,\"u\":18446744073709551615,"
			 "\"i\":-9223372036854775808,\"d\":0.1,\"t\":true,\"f\":false,\"n\":null,"
			 "\"list\":[1,[],{},2],\"o\":{},\"last\":3}\n4");
}
END_TEST

static const struct {
	const char *in, *out;
} string_cases[] = {
	{ "", "\"\"" },
	{ "a/b", "\"a/b\"" },
	{ "\"\\", "\"\\\"\\\\\"" },
	{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
	{ "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"" },
	{ "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
	{ "a\xff"
	  "b\xc3",
	  "\"a\xef\xbf\xbd"
	  "b\xef\xbf\xbd\"" },
};

START_TEST(strings)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(100);
	_cleanup_(json_freep) struct json *root = NULL;
	struct json_writer w;

	json_writer_init(&w, &b);
	json_put_str(&w, NULL, string_cases[_i].in);
	ck_assert_str_eq(buf_str(&b), string_cases[_i].out);
	root = parse(buf_str(&b));
	if (!strstr(json_str(root, ""), "\xef\xbf\xbd"))
		ck_assert_str_eq(json_str(root, "?"), string_cases[_i].in);
}
END_TEST

static const double double_cases[] = {
	0,	 0.1,	    1.0 / 3, 2.0 / 3, 1e21,    123456789.123456789,
	DBL_MAX, DBL_MIN,   5e-324,  -0.7,    1e-7,    9007199254740993.0,
	0.3,	 0.1 + 0.2, 100,     1.5e300, -1e-300,
};

START_TEST(doubles_read_back_equal)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(100);
	_cleanup_(json_freep) struct json *root = NULL;
	struct json_writer w;

	json_writer_init(&w, &b);
	json_put_double(&w, NULL, double_cases[_i]);
	root = parse(buf_str(&b));
	ck_assert_double_eq(json_num(root, NAN), double_cases[_i]);
}
END_TEST

START_TEST(no_number_is_null)
{
	static const double cases[] = { NAN, INFINITY, -INFINITY };
	_cleanup_(buf_release) struct buf b = BUF_INIT(100);
	struct json_writer w;

	json_writer_init(&w, &b);
	json_put_double(&w, NULL, cases[_i]);
	ck_assert_str_eq(buf_str(&b), "null");
}
END_TEST

static void write_sample(struct buf *b)
{
	struct json_writer w;

	json_writer_init(&w, b);
	json_open_array(&w, NULL);
	for (uint64_t i = 0; i < 100; i++) {
		json_open_object(&w, NULL);
		json_put_str(&w, "name", "container");
		json_put_u64(&w, "id", i);
		json_close_object(&w);
	}
	json_close_array(&w);
}

START_TEST(a_full_buffer_sticks)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT((size_t)_i * 100);

	write_sample(&b);
	ck_assert_int_eq(b.error, -E2BIG);
	ck_assert_uint_le(b.len, b.max);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	for (unsigned n = 1;; n++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT(100000);

		alloc_fail_at(n);
		write_sample(&b);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(b.error, 0);
			json_free(parse(buf_str(&b)));
			break;
		}
		ck_assert_int_eq(b.error, -ENOMEM);
	}
}
END_TEST

TEST_MAIN("json", {
	TEST_TABLE("parse", takes_valid_texts, ARRAY_LEN(valid_cases));
	TEST_TABLE("parse", refuses_invalid_texts, ARRAY_LEN(invalid_cases));
	TEST_ONE("parse", a_nul_is_no_end);
	TEST_TABLE("parse", depth_is_bounded, 2);
	TEST_ONE("read", reads_members);
	TEST_ONE("read", walks_children);
	TEST_ONE("read", absent_reads_as_null);
	TEST_TABLE("read", u64, ARRAY_LEN(u64_cases));
	TEST_ONE("write", writes_everything);
	TEST_TABLE("write", strings, ARRAY_LEN(string_cases));
	TEST_TABLE("write", doubles_read_back_equal, ARRAY_LEN(double_cases));
	TEST_TABLE("write", no_number_is_null, 3);
	TEST_TABLE("write", a_full_buffer_sticks, 10);
	TEST_ONE("write", survives_every_failed_allocation);
})
