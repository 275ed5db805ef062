/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <float.h>
#include <string.h>

#include "tests/check_main.h"

/* What outputs hold before: after a failure they must still hold it. */
#define UNTOUCHED 12345

static const struct {
	const char *in;
	uint64_t min, max;
	int ret;
	uint64_t value;
} u64_cases[] = {
	{ "0", 0, UINT64_MAX, 0, 0 },
	{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "007", 0, UINT64_MAX, 0, 7 },
	{ "10", 10, 10, 0, 10 },
	{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
	{ "9", 10, 20, -ERANGE, 0 },
	{ "21", 10, 20, -ERANGE, 0 },
	{ "", 0, UINT64_MAX, -EINVAL, 0 },
	{ " 1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1 ", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1\n", 0, UINT64_MAX, -EINVAL, 0 },
	{ "+1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "-1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "12abc", 0, UINT64_MAX, -EINVAL, 0 },
	{ "0x10", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1.0", 0, UINT64_MAX, -EINVAL, 0 },
	{ "99999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
	{ "max", 0, UINT64_MAX, -EINVAL, 0 },
};

START_TEST(u64)
{
	uint64_t value = UNTOUCHED;

	ck_assert_int_eq(parse_u64(u64_cases[_i].in, u64_cases[_i].min, u64_cases[_i].max, &value),
			 u64_cases[_i].ret);
	ck_assert_uint_eq(value, u64_cases[_i].ret ? UNTOUCHED : u64_cases[_i].value);
}
END_TEST

static const struct {
	const char *in;
	int64_t min, max;
	int ret;
	int64_t value;
} i64_cases[] = {
	{ "0", INT64_MIN, INT64_MAX, 0, 0 },
	{ "-0", INT64_MIN, INT64_MAX, 0, 0 },
	{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
	{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
	{ "-1", INT64_MIN, INT64_MAX, 0, -1 },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-18446744073709551616", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "-2", -1, 1, -ERANGE, 0 },
	{ "2", -1, 1, -ERANGE, 0 },
	{ "", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "--1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "- 1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "+1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "1-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
};

START_TEST(i64)
{
	int64_t value = UNTOUCHED;

	ck_assert_int_eq(parse_i64(i64_cases[_i].in, i64_cases[_i].min, i64_cases[_i].max, &value),
			 i64_cases[_i].ret);
	ck_assert_int_eq(value, i64_cases[_i].ret ? UNTOUCHED : i64_cases[_i].value);
}
END_TEST

/* For the parsers of one text without bounds. */
struct text_case {
	const char *in;
	int ret;
	uint64_t value;
};

static void check_text(int (*parse)(const char *, uint64_t *), const struct text_case *c)
{
	uint64_t value = UNTOUCHED;
	int r = parse(c->in, &value);

	ck_assert_msg(r == c->ret, "'%s': %d, expected %d", c->in, r, c->ret);
	ck_assert_uint_eq(value, c->ret ? UNTOUCHED : c->value);
}

static const struct text_case hex_cases[] = {
	{ "0", 0, 0 },
	{ "ff", 0, 255 },
	{ "DeadBeef", 0, 0xdeadbeef },
	{ "ffffffffffffffff", 0, UINT64_MAX },
	{ "0000000000000000ff", 0, 255 },
	{ "10000000000000000", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "0xff", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "g", -EINVAL, 0 },
	{ "f ", -EINVAL, 0 },
	{ "10000000000000000z", -EINVAL, 0 },
};

START_TEST(hex)
{
	check_text(parse_hex_u64, &hex_cases[_i]);
}
END_TEST

#define MIN_USEC 60000000ULL

static const struct text_case duration_cases[] = {
	{ "0s", 0, 0 },
	{ "1us", 0, 1 },
	{ "100ms", 0, 100000 },
	{ "5s", 0, 5000000 },
	{ "2min", 0, 2 * MIN_USEC },
	{ "1h", 0, 60 * MIN_USEC },
	{ "7d", 0, 7 * 24 * 60 * MIN_USEC },
	{ "1h30min", 0, 90 * MIN_USEC },
	{ "1d2h3min4s5ms6us", 0, 1563 * MIN_USEC + 4005006 },
	{ "18446744073709551615us", 0, UINT64_MAX },
	{ "18446744073709551616us", -ERANGE, 0 },
	{ "18446744073709551615s", -ERANGE, 0 },
	{ "1s18446744073709551615us", -ERANGE, 0 },
	{ "213503982335d", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "5", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "5 s", -EINVAL, 0 },
	{ "5s ", -EINVAL, 0 },
	{ "1h 30min", -EINVAL, 0 },
	{ "-5s", -EINVAL, 0 },
	{ "+5s", -EINVAL, 0 },
	{ "1.5s", -EINVAL, 0 },
	{ "5m", -EINVAL, 0 },
	{ "5S", -EINVAL, 0 },
	{ "5sec", -EINVAL, 0 },
	{ "5w", -EINVAL, 0 },
	{ "30min1h", -EINVAL, 0 },
	{ "5s5s", -EINVAL, 0 },
	{ "1h30", -EINVAL, 0 },
	{ "99999999999999999999sx", -EINVAL, 0 },
};

START_TEST(duration)
{
	check_text(parse_duration_usec, &duration_cases[_i]);
}
END_TEST

static const struct text_case bytes_cases[] = {
	{ "0", 0, 0 },
	{ "4096", 0, 4096 },
	{ "64Ki", 0, 65536 },
	{ "10Mi", 0, 10485760 },
	{ "1Gi", 0, 1073741824 },
	{ "1Ti", 0, 1ULL << 40 },
	{ "1Pi", 0, 1ULL << 50 },
	{ "15Ei", 0, 15ULL << 60 },
	{ "5k", 0, 5000 },
	{ "5M", 0, 5000000 },
	{ "1G", 0, 1000000000 },
	{ "1T", 0, 1000000000000 },
	{ "1P", 0, 1000000000000000 },
	{ "18E", 0, 18000000000000000000ULL },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "16Ei", -ERANGE, 0 },
	{ "19E", -ERANGE, 0 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999Ki", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "Ki", -EINVAL, 0 },
	{ "1 Ki", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "1K", -EINVAL, 0 },
	{ "1ki", -EINVAL, 0 },
	{ "1m", -EINVAL, 0 },
	{ "1KiB", -EINVAL, 0 },
	{ "1MB", -EINVAL, 0 },
	{ "1.5Gi", -EINVAL, 0 },
	{ "1GiGi", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
};

START_TEST(bytes)
{
	check_text(parse_bytes, &bytes_cases[_i]);
}
END_TEST

static const struct {
	const char *in;
	double min, max;
	int ret;
	double value;
} double_cases[] = {
	{ "0", -DBL_MAX, DBL_MAX, 0, 0 },
	{ "-1.5", -DBL_MAX, DBL_MAX, 0, -1.5 },
	{ "2.5e3", -DBL_MAX, DBL_MAX, 0, 2500 },
	{ "25E-1", -DBL_MAX, DBL_MAX, 0, 2.5 },
	{ "1e+2", -DBL_MAX, DBL_MAX, 0, 100 },
	{ "1e-400", -DBL_MAX, DBL_MAX, 0, 0 },
	{ "1", 0, 1, 0, 1 },
	{ "1e999", -DBL_MAX, DBL_MAX, -ERANGE, 0 },
	{ "-1e999", -DBL_MAX, DBL_MAX, -ERANGE, 0 },
	{ "1.01", 0, 1, -ERANGE, 0 },
	{ "-0.01", 0, 1, -ERANGE, 0 },
	{ "", 0, 1, -EINVAL, 0 },
	{ "-", 0, 1, -EINVAL, 0 },
	{ ".5", 0, 1, -EINVAL, 0 },
	{ "5.", 0, 9, -EINVAL, 0 },
	{ "1e", 0, 9, -EINVAL, 0 },
	{ "1e+", 0, 9, -EINVAL, 0 },
	{ "1,5", 0, 9, -EINVAL, 0 },
	{ "+1", 0, 9, -EINVAL, 0 },
	{ " 1", 0, 9, -EINVAL, 0 },
	{ "1 ", 0, 9, -EINVAL, 0 },
	{ "0x1p3", 0, 9, -EINVAL, 0 },
	{ "inf", -DBL_MAX, DBL_MAX, -EINVAL, 0 },
	{ "nan", -DBL_MAX, DBL_MAX, -EINVAL, 0 },
	{ "1e5.5", 0, 9e9, -EINVAL, 0 },
};

START_TEST(decimals)
{
	double value = UNTOUCHED;
	int r = parse_double(double_cases[_i].in, double_cases[_i].min, double_cases[_i].max,
			     &value);

	ck_assert_int_eq(r, double_cases[_i].ret);
	ck_assert_double_eq(value, r ? UNTOUCHED : double_cases[_i].value);
}
END_TEST

/* -1: not a bool. */
static const struct {
	const char *in;
	int value;
} bool_cases[] = {
	{ "yes", 1 }, { "true", 1 },  { "on", 1 },   { "1", 1 },   { "no", 0 },	  { "false", 0 },
	{ "off", 0 }, { "0", 0 },     { "", -1 },    { "y", -1 },  { "Yes", -1 }, { "TRUE", -1 },
	{ "2", -1 },  { "yes ", -1 }, { " no", -1 }, { "01", -1 },
};

START_TEST(bools)
{
	for (int before = 0; before < 2; before++) {
		int expected = bool_cases[_i].value;
		bool value = before;

		ck_assert_int_eq(parse_bool(bool_cases[_i].in, &value), expected < 0 ? -EINVAL : 0);
		ck_assert_int_eq(value, expected < 0 ? before : expected);
	}
}
END_TEST

static const struct {
	const char *in;
	const char *out; /* "key=value;" for each line */
} key_value_cases[] = {
	{ "", "" },
	{ "\n\n", "" },
	{ "anon 4096\nfile 0\n", "anon=4096;file=0;" },
	{ "anon 4096", "anon=4096;" },
	{ "some avg10=0.00 total=5\n", "some=avg10=0.00 total=5;" },
	{ "alone\nx 1", "alone=;x=1;" },
	{ "a \n\nb  c\n", "a=;b= c;" },
};

START_TEST(key_values)
{
	char text[64] = "", out[64] = "";
	char *cursor = text, *key, *value;

	snprintf(text, sizeof(text), "%s", key_value_cases[_i].in);
	while (parse_next_key_value(&cursor, &key, &value)) {
		size_t len = strlen(out);

		snprintf(out + len, sizeof(out) - len, "%s=%s;", key, value);
	}
	ck_assert_str_eq(out, key_value_cases[_i].out);
	ck_assert(!parse_next_key_value(&cursor, &key, &value));
}
END_TEST

TEST_MAIN("parse", {
	TEST_TABLE("number", u64, ARRAY_LEN(u64_cases));
	TEST_TABLE("number", i64, ARRAY_LEN(i64_cases));
	TEST_TABLE("number", hex, ARRAY_LEN(hex_cases));
	TEST_TABLE("number", decimals, ARRAY_LEN(double_cases));
	TEST_TABLE("bool", bools, ARRAY_LEN(bool_cases));
	TEST_TABLE("unit", duration, ARRAY_LEN(duration_cases));
	TEST_TABLE("unit", bytes, ARRAY_LEN(bytes_cases));
	TEST_TABLE("key_value", key_values, ARRAY_LEN(key_value_cases));
})
