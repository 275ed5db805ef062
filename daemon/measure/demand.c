/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/demand.h"

#include <math.h>
#include <string.h>

#define BIN_USEC 1e5

_Static_assert(ABI_BIN_NS == 100000000, "BIN_USEC");

static void mark(struct demand_clock *c, uint64_t bin, bool unknown)
{
	unsigned at = bin % DEMAND_BINS;
	uint8_t bit = (uint8_t)(1u << (at % 8));

	if (unknown)
		c->unknown[at / 8] |= bit;
	else
		c->unknown[at / 8] &= (uint8_t)~bit;
}

/* After a gap: everything up to the bins that BPF may have written twice is unknown. */
static void clock_lose(struct demand_clock *c, uint64_t to)
{
	uint64_t oldest = to > DEMAND_BINS ? to - DEMAND_BINS : 0;

	c->missed += to - c->end;
	c->known_from = to + ABI_BINS - DEMAND_TAKE_MAX;
	for (uint64_t bin = c->end > oldest ? c->end : oldest; bin < to; bin++)
		mark(c, bin, true);
}

bool demand_clock_advance(struct demand_clock *c, uint64_t now_ns, uint64_t *ret_from,
			  uint64_t *ret_to)
{
	uint64_t now_bin = now_ns / ABI_BIN_NS;
	uint64_t to = now_bin > DEMAND_LAG ? now_bin - DEMAND_LAG : 0;

	if (to <= c->end)
		return false;
	*ret_from = to > DEMAND_TAKE_MAX ? to - DEMAND_TAKE_MAX : 0;
	*ret_to = to;
	if (c->end == 0) { /* the first sample: what is older was never promised */
		memset(c->unknown, 0xff, sizeof(c->unknown));
		c->known_from = *ret_from;
		c->end = *ret_from;
	} else if (c->end < *ret_from) {
		clock_lose(c, to);
		c->end = to;
		return true;
	}
	*ret_from = c->end;
	for (; c->end < to; c->end++)
		mark(c, c->end, c->end < c->known_from);
	return true;
}

void demand_add(struct demand *d, uint64_t from, uint64_t to, const uint32_t *usec)
{
	if (d->end < to) {
		uint64_t stale = to - d->end < DEMAND_BINS ? d->end : to - DEMAND_BINS;

		for (; stale < to; stale++)
			d->usec[stale % DEMAND_BINS] = 0;
		d->end = to;
	}
	for (uint64_t bin = from; bin < to; bin++)
		d->usec[bin % DEMAND_BINS] += usec[bin - from];
}

bool demand_get(const struct demand_clock *c, const struct demand *d, uint64_t first, uint64_t bin,
		uint32_t *ret_usec)
{
	unsigned at = bin % DEMAND_BINS;

	if (bin < first || bin >= c->end || c->end - bin > DEMAND_BINS ||
	    c->unknown[at / 8] & (1u << (at % 8)))
		return false;
	*ret_usec = d && bin < d->end ? d->usec[at] : 0;
	return true;
}

static unsigned demand_sum(const struct demand_clock *c, const struct demand *d, uint64_t first,
			   unsigned n, uint64_t *ret_sum_usec, uint32_t *ret_max_usec)
{
	unsigned known = 0;

	*ret_sum_usec = 0;
	*ret_max_usec = 0;
	for (uint64_t bin = c->end > n ? c->end - n : 0; bin < c->end; bin++) {
		uint32_t usec;

		if (!demand_get(c, d, first, bin, &usec))
			continue;
		known++;
		*ret_sum_usec += usec;
		if (usec > *ret_max_usec)
			*ret_max_usec = usec;
	}
	return known;
}

double demand_mean_cores(const struct demand_clock *c, const struct demand *d, uint64_t first,
			 unsigned n)
{
	uint64_t sum_usec;
	uint32_t max_usec;
	unsigned known = demand_sum(c, d, first, n, &sum_usec, &max_usec);

	return known ? (double)sum_usec / (known * BIN_USEC) : (double)NAN;
}

double demand_peak_cores(const struct demand_clock *c, const struct demand *d, uint64_t first)
{
	uint64_t sum_usec;
	uint32_t max_usec;

	if (!demand_sum(c, d, first, DEMAND_BINS, &sum_usec, &max_usec))
		return (double)NAN;
	return (double)max_usec / BIN_USEC;
}
