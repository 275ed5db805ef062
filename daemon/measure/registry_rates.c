/* SPDX-License-Identifier: Apache-2.0 */
/* What readers derive from bins and history, at the moment they ask. */
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/registry_private.h"

#define BINS_1S 10u
#define BINS_10S 100u
#define NSEC_1S 1000000000ULL
#define WAIT_SHARE_NS (10 * NSEC_1S)
#define UNKNOWN ((double)NAN)

uint64_t registry_bins_end(const struct registry *r)
{
	return r->clock.end;
}

bool workload_bin(const struct registry *r, const struct workload *w, uint64_t bin,
		  uint32_t *ret_usec)
{
	return demand_get(&r->clock, w->state->demand, w->state->first_bin, bin, ret_usec);
}

/*
 * The youngest step of history that is at least `age_ns` old, else the oldest there is; false
 * before the first step.
 */
static bool step_find(const struct registry *r, uint64_t now_ns, uint64_t age_ns, unsigned *ret_at)
{
	uint64_t n = r->steps < HISTORY_POINTS ? r->steps : HISTORY_POINTS;

	if (!n)
		return false;
	for (uint64_t i = 1; i <= n; i++) {
		*ret_at = (r->steps - i) % HISTORY_POINTS;
		if (now_ns - r->step_ns[*ret_at] >= age_ns)
			break;
	}
	return true;
}

/* Mean cores between the newest reading and the youngest that is `age_ns` older, or the oldest. */
static double reading_cores(const struct workload *w, uint64_t age_ns)
{
	const struct window *win = w->state->window;
	const struct reading *newest, *base;

	if (!w->state->read_twice)
		return UNKNOWN;
	if (!win || win->n_readings < 2 || w->dead)
		return 0;
	newest = &win->readings[win->n_readings - 1];
	for (base = newest - 1; base > win->readings; base--)
		if (newest->time_ns - base->time_ns >= age_ns)
			break;
	if (newest->usage_ns < base->usage_ns) /* the cgroup was made anew between two walks */
		return UNKNOWN;
	return (double)(newest->usage_ns - base->usage_ns) /
	       (double)(newest->time_ns - base->time_ns);
}

static void rates_cpu(const struct registry *r, const struct workload *w, struct rates *ret)
{
	const struct workload_state *s = w->state;

	if (s->had_slot) {
		ret->cores_1s = demand_mean_cores(&r->clock, s->demand, s->first_bin, BINS_1S);
		ret->cores_10s = demand_mean_cores(&r->clock, s->demand, s->first_bin, BINS_10S);
		ret->cores_60s = demand_mean_cores(&r->clock, s->demand, s->first_bin, DEMAND_BINS);
		ret->peak_100ms_cores = demand_peak_cores(&r->clock, s->demand, s->first_bin);
		return;
	}
	ret->cores_1s = reading_cores(w, NSEC_1S);
	ret->cores_10s = reading_cores(w, 10 * NSEC_1S);
	ret->cores_60s = reading_cores(w, 60 * NSEC_1S);
	ret->peak_100ms_cores = UNKNOWN;
}

static void rates_throttled(const struct registry *r, const struct workload *w, uint64_t now_ns,
			    struct rates *ret)
{
	const struct window *win = w->state->window;
	uint64_t periods, throttled;
	unsigned at;

	ret->throttled_share = UNKNOWN;
	if (!(w->facts.have & FACTS_CFS) || !step_find(r, now_ns, 12 * HISTORY_STEP_NS, &at))
		return;
	periods = win ? w->facts.nr_periods - win->points[at].nr_periods : 0;
	throttled = win ? w->facts.nr_throttled - win->points[at].nr_throttled : 0;
	ret->throttled_share = periods ? (double)throttled / (double)periods : 0;
}

static void rates_shares(const struct registry *r, const struct workload *w, const struct totals *t,
			 uint64_t now_ns, struct rates *ret)
{
	const struct window *win = w->state->window;
	unsigned at = 0;
	bool known = step_find(r, now_ns, WAIT_SHARE_NS, &at) && now_ns > r->step_ns[at];

	for (unsigned c = 0; c < ABI_CAUSES; c++) {
		ret->wait_share[c] = known ? 0 : UNKNOWN;
		if (known && win)
			ret->wait_share[c] = (double)(t->wait_ns[c] - win->points[at].wait_ns[c]) /
					     (double)(now_ns - r->step_ns[at]);
	}
}

/* Upper edge in microseconds of the bucket that holds the p-th percentile. */
static uint64_t percentile_usec(const uint32_t hist[ABI_HIST], unsigned p)
{
	uint64_t sum = 0, below = 0;

	for (unsigned i = 0; i < ABI_HIST; i++)
		sum += hist[i];
	for (unsigned i = 0; i < ABI_HIST && sum; i++) {
		below += hist[i];
		if (below * 100 >= sum * p)
			return 1ULL << i;
	}
	return UINT64_MAX;
}

static void rates_percentiles(const struct workload *w, const struct totals *t, struct rates *ret)
{
	const struct window *win = w->state->window;
	uint32_t hist[ABI_HIST];

	for (unsigned c = 0; c < ABI_CAUSES; c++) {
		for (unsigned i = 0; i < ABI_HIST; i++)
			hist[i] = win ? (uint32_t)t->hist[c][i] - win->base[0].hist[c][i] : 0;
		ret->p50_usec[c] = percentile_usec(hist, 50);
		ret->p99_usec[c] = percentile_usec(hist, 99);
	}
}

/*
 * What an offender gained since the window began. One that is new in the sketch inherited the
 * count of the one it displaced, which was at least the lowest of then.
 */
static uint64_t offender_gain(const struct abi_offender *o,
			      const struct abi_offender base[ABI_OFFENDERS])
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned i = 0; i < ABI_OFFENDERS; i++) {
		if (base[i].slot == o->slot)
			return o->ns > base[i].ns ? o->ns - base[i].ns : 0;
		if (base[i].ns < lowest)
			lowest = base[i].ns;
	}
	return o->ns > lowest ? o->ns - lowest : 0;
}

static void rates_offender(const struct registry *r, const struct workload *w, struct rates *ret)
{
	const struct window *win = w->state->window;
	struct abi_offender now[ABI_OFFENDERS];

	ret->offender = NULL;
	ret->offender_ns = 0;
	workload_offenders(w, now);
	for (unsigned i = 0; win && i < ABI_OFFENDERS; i++) {
		uint32_t slot = now[i].slot;
		uint64_t gain = offender_gain(&now[i], win->base[0].offenders);

		if (slot == ABI_SLOT_NONE || slot >= r->n_owners || !r->owners[slot] ||
		    gain <= ret->offender_ns)
			continue;
		ret->offender = r->owners[slot];
		ret->offender_ns = gain;
	}
}

void workload_rates(const struct registry *r, const struct workload *w, uint64_t now_ns,
		    struct rates *ret_rates)
{
	struct totals t;

	workload_totals(w, &t);
	rates_cpu(r, w, ret_rates);
	rates_throttled(r, w, now_ns, ret_rates);
	rates_shares(r, w, &t, now_ns, ret_rates);
	rates_percentiles(w, &t, ret_rates);
	rates_offender(r, w, ret_rates);
}
