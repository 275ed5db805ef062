/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/format.h"

#include <math.h>
#include <string.h>

#include "tests/check_main.h"

struct format_case {
	double in;
	const char *out;
};

static const struct format_case cores_cases[] = {
	{ 0, "0" },	    { 0.0004, "0" },	   { 0.0006, "1m" },  { 0.25, "250m" },
	{ 0.9994, "999m" }, { 0.9996, "1.00" },	   { 1.25, "1.25" },  { 9.994, "9.99" },
	{ 9.996, "10.0" },  { 12.34, "12.3" },	   { 99.96, "100" },  { 1024, "1024" },
	{ 5e7, "5.0e+07" }, { 1e308, "1.0e+308" }, { -0.1, "-100m" }, { (double)NAN, "-" },
	{ INFINITY, "-" },
};

START_TEST(cores)
{
	char text[FORMAT_LEN];

	ck_assert_str_eq(format_cores(cores_cases[_i].in, text), cores_cases[_i].out);
}
END_TEST

static const struct format_case bytes_cases[] = {
	{ 0, "0" },
	{ 512, "512" },
	{ 1023, "1023" },
	{ 1023.6, "1Ki" },
	{ 1024, "1Ki" },
	{ 1536, "1.5Ki" },
	{ 134217728, "128Mi" },
	{ 3435973837.0, "3.2Gi" },
	{ 1073741823, "1Gi" },
	{ 0x1p64, "16Ei" },
	{ 1e308, "8.7e+289Ei" },
	{ -1, "-1" },
	{ (double)NAN, "-" },
};

START_TEST(bytes)
{
	char text[FORMAT_LEN];

	ck_assert_str_eq(format_bytes(bytes_cases[_i].in, text), bytes_cases[_i].out);
}
END_TEST

static const struct format_case duration_cases[] = {
	{ 0, "0" },	      { 1, "1ns" },	     { 850, "850ns" },	     { 999.6, "1us" },
	{ 12e3, "12us" },     { 3.4e6, "3.4ms" },    { 1.2e9, "1.2s" },	     { 99.4e9, "99s" },
	{ 99.5e9, "1m39s" },  { 125e9, "2m05s" },    { 3599e9, "59m59s" },   { 3600e9, "1h00m" },
	{ 11400e9, "3h10m" }, { 356400e9, "4d03h" }, { 1e300, "1.2e+286d" }, { (double)NAN, "-" },
};

START_TEST(durations)
{
	char text[FORMAT_LEN];

	ck_assert_str_eq(format_duration(duration_cases[_i].in, text), duration_cases[_i].out);
}
END_TEST

static const struct format_case share_cases[] = {
	{ 0, "0%" },	   { 0.0004, "<0.1%" },	 { 0.001, "0.1%" }, { 0.007, "0.7%" },
	{ 0.0996, "10%" }, { 0.12, "12%" },	 { 1, "100%" },	    { 12.5, "1250%" },
	{ 1e308, "-" },	   { (double)NAN, "-" },
};

START_TEST(shares)
{
	char text[FORMAT_LEN];

	ck_assert_str_eq(format_share(share_cases[_i].in, text), share_cases[_i].out);
}
END_TEST

static const struct format_case count_cases[] = {
	{ 0, "0" },	  { 999, "999" },    { 999.6, "1k" }, { 1500, "1.5k" },
	{ 12345, "12k" }, { 4.5e6, "4.5M" }, { 7e9, "7G" },   { (double)NAN, "-" },
};

START_TEST(counts)
{
	char text[FORMAT_LEN];

	ck_assert_str_eq(format_count(count_cases[_i].in, text), count_cases[_i].out);
}
END_TEST

/* Whatever the agent says, no number overflows its text. */
START_TEST(fits)
{
	static const double magnitudes[] = { 1e-300, 1e-9, 1e-3, 0.99, 9.96, 999.6,
					     1e6,    1e12, 1e18, 1e24, 1e99, 1e300 };
	double in = magnitudes[_i];
	char text[FORMAT_LEN];

	for (int sign = -1; sign <= 1; sign += 2) {
		ck_assert_uint_lt(strlen(format_cores(sign * in, text)), FORMAT_LEN - 1);
		ck_assert_uint_lt(strlen(format_bytes(sign * in, text)), FORMAT_LEN - 1);
		ck_assert_uint_lt(strlen(format_duration(sign * in, text)), FORMAT_LEN - 1);
		ck_assert_uint_lt(strlen(format_share(sign * in, text)), FORMAT_LEN - 1);
		ck_assert_uint_lt(strlen(format_count(sign * in, text)), FORMAT_LEN - 1);
	}
}
END_TEST

TEST_MAIN("format", {
	TEST_TABLE("cores", cores, ARRAY_LEN(cores_cases));
	TEST_TABLE("bytes", bytes, ARRAY_LEN(bytes_cases));
	TEST_TABLE("durations", durations, ARRAY_LEN(duration_cases));
	TEST_TABLE("shares", shares, ARRAY_LEN(share_cases));
	TEST_TABLE("counts", counts, ARRAY_LEN(count_cases));
	TEST_TABLE("fits", fits, 12);
})
