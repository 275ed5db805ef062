/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/demand.h"

#include <math.h>
#include <string.h>

#include "tests/check_main.h"

#define MS 1000000ULL

/* Samples at these times (ms): what has to be taken, and what is missed. */
static const struct {
	uint64_t at_ms[4];
	bool take;
	uint64_t from, to, missed; /* of the last one */
} advance_cases[] = {
	{ { 100000 }, true, 938, 998, 0 },
	{ { 100000, 101000 }, true, 998, 1008, 0 },
	{ { 100000, 100050 }, false, 0, 0, 0 },
	{ { 100000, 99000 }, false, 0, 0, 0 },
	{ { 100000, 106000 }, true, 998, 1058, 0 },
	{ { 100000, 106100 }, true, 999, 1059, 61 },
	{ { 100000, 200000 }, true, 1938, 1998, 1000 },
	{ { 100000, 200000, 201000 }, true, 1998, 2008, 1000 },
	{ { 150 }, false, 0, 0, 0 },
	{ { 300 }, true, 0, 1, 0 },
};

START_TEST(advance)
{
	struct demand_clock c = { 0 };
	uint64_t from = 0, to = 0;
	bool take = false;

	for (unsigned i = 0; i < 4 && advance_cases[_i].at_ms[i]; i++) {
		from = to = 0;
		take = demand_clock_advance(&c, advance_cases[_i].at_ms[i] * MS, &from, &to);
	}
	ck_assert_int_eq(take, advance_cases[_i].take);
	ck_assert_uint_eq(from, advance_cases[_i].from);
	ck_assert_uint_eq(to, advance_cases[_i].to);
	ck_assert_uint_eq(c.missed, advance_cases[_i].missed);
}
END_TEST

/* A gap: its bins, and those that BPF may have written over twice, are unknown; later ones not. */
START_TEST(gap)
{
	struct demand_clock c = { 0 };
	uint64_t from, to;
	uint32_t usec;

	demand_clock_advance(&c, 100000 * MS, &from, &to);
	ck_assert(demand_get(&c, NULL, 0, 997, &usec));
	demand_clock_advance(&c, 120000 * MS, &from, &to);
	ck_assert_uint_eq(to, 1198);
	ck_assert(demand_get(&c, NULL, 0, 997, &usec));
	ck_assert(!demand_get(&c, NULL, 0, 998, &usec));
	ck_assert(!demand_get(&c, NULL, 0, 1197, &usec));
	demand_clock_advance(&c, 121000 * MS, &from, &to);
	ck_assert(!demand_get(&c, NULL, 0, 1201, &usec));
	ck_assert(demand_get(&c, NULL, 0, 1202, &usec));
	ck_assert(!demand_get(&c, NULL, 1203, 1202, &usec));
	ck_assert(!demand_get(&c, NULL, 0, to, &usec));
}
END_TEST

START_TEST(ring)
{
	struct demand_clock c = { 0 };
	struct demand d = { 0 };
	uint32_t add[10], usec;
	uint64_t from, to;

	for (uint64_t ms = 1000; ms <= 200000; ms += 1000) {
		demand_clock_advance(&c, ms * MS, &from, &to);
		for (uint64_t b = from; b < to && b - from < 10; b++)
			add[b - from] = (uint32_t)b;
		if (to - from <= 10 && ms / 1000 % 3) /* every third second it was idle */
			demand_add(&d, from, to, add);
	}
	ck_assert_uint_eq(c.end, 1998);
	for (uint64_t b = c.end - DEMAND_BINS; b < c.end; b++) {
		bool idle = (b + 2) / 10 % 3 == 2; /* taken by the sample at (b + 12) / 10 s */

		ck_assert(demand_get(&c, &d, 0, b, &usec));
		ck_assert_msg(usec == (idle ? 0 : b), "bin %u: %u", (unsigned)b, usec);
	}
	ck_assert(!demand_get(&c, &d, 0, c.end - DEMAND_BINS - 1, &usec));
}
END_TEST

START_TEST(means)
{
	struct demand_clock c = { 0 };
	struct demand d = { 0 };
	uint32_t add[10] = { 100000, 0, 0, 0, 0, 0, 0, 0, 0, 50000 };
	uint64_t from, to;

	ck_assert(isnan(demand_mean_cores(&c, &d, 0, 10)));
	demand_clock_advance(&c, 10000 * MS, &from, &to);
	demand_clock_advance(&c, 11000 * MS, &from, &to);
	demand_add(&d, from, to, add);
	demand_add(&d, from, to, add); /* a second cgroup of the workload */
	ck_assert_double_eq_tol(demand_mean_cores(&c, &d, 0, 10), 0.3, 1e-9);
	ck_assert_double_eq_tol(demand_mean_cores(&c, &d, 107, 10), 1.0, 1e-9);
	ck_assert_double_eq_tol(demand_peak_cores(&c, &d, 0), 2.0, 1e-9);
	ck_assert_double_eq_tol(demand_peak_cores(&c, &d, from + 1), 1.0, 1e-9);
	ck_assert(isnan(demand_mean_cores(&c, &d, UINT64_MAX, 10)));
	ck_assert_double_eq(demand_mean_cores(&c, NULL, 0, 10), 0);
}
END_TEST

TEST_MAIN("demand", {
	TEST_TABLE("advance", advance, ARRAY_LEN(advance_cases));
	TEST_ONE("gap", gap);
	TEST_ONE("ring", ring);
	TEST_ONE("means", means);
})
