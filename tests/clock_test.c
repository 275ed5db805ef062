/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>

#include "tests/check_main.h"

static const struct {
	uint64_t usec;
	const char *text;
} rfc3339_cases[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 1, "1970-01-01T00:00:00.000001Z" },
	{ 951782400999999, "2000-02-29T00:00:00.999999Z" },
	{ 1795383667123456, "2026-11-22T21:41:07.123456Z" },
	{ 253402300799999999, "9999-12-31T23:59:59.999999Z" },
	{ UINT64_MAX, "9999-12-31T23:59:59.551615Z" },
};

START_TEST(rfc3339)
{
	char text[CLOCK_RFC3339_LEN];

	ck_assert_ptr_eq(clock_format_rfc3339(rfc3339_cases[_i].usec, text), text);
	ck_assert_str_eq(text, rfc3339_cases[_i].text);
}
END_TEST

START_TEST(clocks_move_forward)
{
	uint64_t (*const clocks[])(void) = { clock_monotonic_ns, clock_boottime_ns,
					     clock_realtime_usec, clock_process_cpu_ns };
	uint64_t first = clocks[_i](), next = first;

	for (long spin = 0; next == first && spin < 100000000; spin++)
		next = clocks[_i]();
	ck_assert_uint_gt(first, 0);
	ck_assert_uint_gt(next, first);
}
END_TEST

TEST_MAIN("clock", {
	TEST_TABLE("rfc3339", rfc3339, ARRAY_LEN(rfc3339_cases));
	TEST_TABLE("read", clocks_move_forward, 4);
})
