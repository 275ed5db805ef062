/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/quantity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"

/* Columns of quantities.tsv. */
enum { INPUT, VALID, EXACT, CANONICAL, FORMAT, VALUE_CEIL, MILLI_CEIL, COLUMNS };

#define ROWS_MAX 1000

struct row {
	char line[512];
	char *column[COLUMNS];
};

static struct row rows[ROWS_MAX];

/* "<empty>" is the empty string; quotes keep spaces. */
static char *unquote(char *s)
{
	size_t len = strlen(s);

	if (strcmp(s, "<empty>") == 0)
		return s + len;
	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static int rows_load(void)
{
	char path[512];
	_cleanup_fclose_ FILE *f = NULL;
	int n = 0;

	snprintf(path, sizeof(path), "%s/quantities.tsv", test_data_dir());
	f = fopen(path, "re");
	while (f && n < ROWS_MAX && fgets(rows[n].line, sizeof(rows[n].line), f)) {
		char *rest = rows[n].line;

		rest[strcspn(rest, "\n")] = '\0';
		if (*rest == '#')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			rows[n].column[i] = strsep(&rest, "\t");
		if (!rows[n].column[MILLI_CEIL] || strcmp(rows[n].column[INPUT], "input") == 0)
			continue;
		rows[n].column[INPUT] = unquote(rows[n].column[INPUT]);
		n++;
	}
	return n;
}

/* The value as a decimal number without an exponent, as the table writes it. */
static const char *exact_text(const struct quantity *q)
{
	static char text[64];
	uint64_t high = (uint64_t)(q->nano / QUANTITY_NANO / 1000000000000000000ULL);
	uint64_t low = (uint64_t)(q->nano / QUANTITY_NANO % 1000000000000000000ULL);
	char *end;

	if (high)
		snprintf(text, sizeof(text), "%s%" PRIu64 "%018" PRIu64 ".%09u",
			 q->negative ? "-" : "", high, low, (unsigned)(q->nano % QUANTITY_NANO));
	else
		snprintf(text, sizeof(text), "%s%" PRIu64 ".%09u", q->negative ? "-" : "", low,
			 (unsigned)(q->nano % QUANTITY_NANO));
	for (end = text + strlen(text); end[-1] == '0'; end--)
		end[-1] = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	return text;
}

/* "-": the table expects nothing. */
static void check_rounded(int r, int64_t value, const char *want)
{
	char text[32];

	if (strcmp(want, "-") == 0)
		return;
	if (strcmp(want, "OVERFLOW") == 0) {
		ck_assert_int_eq(r, -ERANGE);
		ck_assert_int_eq(value, 77);
		return;
	}
	ck_assert_int_eq(r, 0);
	snprintf(text, sizeof(text), "%" PRId64, value);
	ck_assert_str_eq(text, want);
}

START_TEST(kubernetes)
{
	static const char *const formats[] = { "DecimalSI", "DecimalExponent", "BinarySI" };
	char **column = rows[_i].column, text[QUANTITY_TEXT_LEN];
	struct quantity q = { .nano = 12345 }, again;
	int64_t units = 77, milli = 77;
	int r = quantity_parse(column[INPUT], &q);

	if (strcmp(column[VALID], "1") != 0) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert(q.nano == 12345);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(exact_text(&q), column[EXACT]);
	ck_assert_str_eq(quantity_format(&q, text), column[CANONICAL]);
	ck_assert_str_eq(formats[q.format], column[FORMAT]);
	r = quantity_units(&q, &units);
	check_rounded(r, units, column[VALUE_CEIL]);
	r = quantity_milli(&q, &milli);
	check_rounded(r, milli, column[MILLI_CEIL]);
	ck_assert_int_eq(quantity_parse(text, &again), 0);
	ck_assert_int_eq(quantity_cmp(&q, &again), 0);
}
END_TEST

START_TEST(table_is_there)
{
	ck_assert_int_ge(rows_load(), 1);
}
END_TEST

/* What the table does not have: the ends of our range, digits without end, odd texts. */
static const struct odd_case {
	const char *in;
	int ret;
	const char *exact, *canonical;
} odd_cases[] = {
	{ "340282366920938463463374607431.768211455", 0, "340282366920938463463374607431.768211455",
	  "340282366920938463463374607431768211455n" },
	{ "340282366920938463463374607431.768211456", -ERANGE, NULL, NULL },
	{ "340282366920938463463374607431.7682114551", -ERANGE, NULL, NULL },
	{ "1e29", 0, "100000000000000000000000000000", "100e27" },
	{ "1e30", -ERANGE, NULL, NULL },
	{ "1000E", 0, "1000000000000000000000", "1000E" },
	{ "1e99999999", -ERANGE, NULL, NULL },
	{ "0e99999999", 0, "0", "0" },
	{ "1e-99999999", 0, "0.000000001", "1e-9" },
	{ "1e9223372036854775808", -EINVAL, NULL, NULL },
	{ "1e-9223372036854775807", 0, "0.000000001", "1e-9" },
	{ "0.000000000000000000000000000000000000000000000000000000001", 0, "0.000000001", "1n" },
	{ "1.0000000000000000000000000000000000000000000000000000000010", 0, "1.000000001",
	  "1000000001n" },
	{ "1.00000000000000000000000000000000000000000000000000000000", 0, "1", "1" },
	{ "00000000000000000000000000000000000000000000000000000001", 0, "1", "1" },
	{ "0.3333333333333333333333333333333333333333Ki", 0, "341.333333334", "341333333334n" },
	{ "0.1Ei", 0, "115292150460684697.6", "115292150460684697600m" },
	{ "8Ei", 0, "9223372036854775807", "9223372036854775807" },
	{ "7.9999999999999999999999999999Ei", 0, "9223372036854775807", "9223372036854775807" },
	{ "99999999999999999999999999999999999999999999Ki", 0, "9223372036854775807",
	  "9223372036854775807" },
	{ "-8Ei", 0, "-9223372036854775807", "-9223372036854775807" },
	{ "7Ei", 0, "8070450532247928832", "7Ei" },
	{ ".", 0, "0", "0" },
	{ "-", 0, "0", "0" },
	{ "k", 0, "0", "0" },
	{ "", -EINVAL, NULL, NULL },
	{ "--1", -EINVAL, NULL, NULL },
	{ "+-1", -EINVAL, NULL, NULL },
	{ "1 ", -EINVAL, NULL, NULL },
	{ "1K", -EINVAL, NULL, NULL },
	{ "1ki", -EINVAL, NULL, NULL },
	{ "1mm", -EINVAL, NULL, NULL },
	{ "1e", -EINVAL, NULL, NULL },
	{ "1e+", -EINVAL, NULL, NULL },
	{ "1e+-3", -EINVAL, NULL, NULL },
	{ "1e3k", -EINVAL, NULL, NULL },
	{ "1e3.5", -EINVAL, NULL, NULL },
	{ "0x10", -EINVAL, NULL, NULL },
	{ "inf", -EINVAL, NULL, NULL },
	{ "NaN", -EINVAL, NULL, NULL },
	{ "1,5", -EINVAL, NULL, NULL },
	{ "1\xc2\xb5", -EINVAL, NULL, NULL },
};

START_TEST(odd)
{
	const struct odd_case *c = &odd_cases[_i];
	struct quantity q = { .nano = 12345 };
	char text[QUANTITY_TEXT_LEN];

	ck_assert_int_eq(quantity_parse(c->in, &q), c->ret);
	if (c->ret < 0) {
		ck_assert(q.nano == 12345);
		return;
	}
	ck_assert_str_eq(exact_text(&q), c->exact);
	ck_assert_str_eq(quantity_format(&q, text), c->canonical);
}
END_TEST

static const struct json_case {
	const char *json;
	int ret;
	int64_t milli;
} json_cases[] = {
	{ "\"100m\"", 0, 100 },
	{ "\" 100m\\n\"", 0, 100 },
	{ "1", 0, 1000 },
	{ "-1", 0, -1000 },
	{ "999999999999999", 0, 999999999999999000 },
	{ "9007199254740993", -EINVAL, 0 },
	{ "0.1", 0, 100 },
	{ "1e3", 0, 1000000 },
	{ "1e300", -ERANGE, 0 },
	{ "1e999", -EINVAL, 0 },
	{ "null", 0, 0 },
	{ "\"\"", -EINVAL, 0 },
	{ "\"  \"", -EINVAL, 0 },
	{ "true", -EINVAL, 0 },
	{ "{}", -EINVAL, 0 },
};

START_TEST(from_json)
{
	const struct json_case *c = &json_cases[_i];
	_cleanup_(json_freep) struct json *j = NULL;
	struct quantity q;
	int64_t milli = 0;

	ck_assert_int_eq(json_parse(c->json, strlen(c->json), &j, NULL), 0);
	ck_assert_int_eq(quantity_from_json(j, &q), c->ret);
	if (c->ret == 0)
		ck_assert_int_eq(quantity_milli(&q, &milli), 0);
	ck_assert_int_eq(milli, c->milli);
}
END_TEST

static const struct cmp_case {
	const char *a, *b;
	int cmp;
} cmp_cases[] = {
	{ "1Ki", "1024", 0 }, { "1Ki", "1k", 1 },  { "0", "-0", 0 },	 { "-1", "1", -1 },
	{ "-2", "-1", -1 },   { "1n", "0", 1 },	   { "100m", "0.1", 0 }, { "1e3", "1k", 0 },
	{ "-1n", "0", -1 },   { "1E", "1Ei", -1 },
};

START_TEST(cmp)
{
	const struct cmp_case *c = &cmp_cases[_i];
	struct quantity a, b;

	ck_assert_int_eq(quantity_parse(c->a, &a), 0);
	ck_assert_int_eq(quantity_parse(c->b, &b), 0);
	ck_assert_int_eq(quantity_cmp(&a, &b), c->cmp);
	ck_assert_int_eq(quantity_cmp(&b, &a), -c->cmp);
}
END_TEST

START_TEST(negative_rounds_away_from_zero)
{
	struct quantity q;
	int64_t value;

	ck_assert_int_eq(quantity_parse("-1.5", &q), 0);
	ck_assert_int_eq(quantity_units(&q, &value), 0);
	ck_assert_int_eq(value, -2);
	ck_assert_int_eq(quantity_parse("-9223372036854775808", &q), 0);
	ck_assert_int_eq(quantity_units(&q, &value), 0);
	ck_assert_int_eq(value, INT64_MIN);
	ck_assert_int_eq(quantity_parse("-9223372036854775808.1", &q), 0);
	ck_assert_int_eq(quantity_units(&q, &value), -ERANGE);
}
END_TEST

TEST_MAIN("quantity", {
	TEST_ONE("table", table_is_there);
	TEST_TABLE("kubernetes", kubernetes, rows_load());
	TEST_TABLE("odd", odd, ARRAY_LEN(odd_cases));
	TEST_TABLE("json", from_json, ARRAY_LEN(json_cases));
	TEST_TABLE("cmp", cmp, ARRAY_LEN(cmp_cases));
	TEST_ONE("round", negative_rounds_away_from_zero);
})
