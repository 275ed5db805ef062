/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demand for CPU: the last minute in bins of 100 ms. All workloads are sampled together, so which
 * bins are known is one `demand_clock` for all, and a workload that ran in none of them needs no
 * ring at all (a NULL `struct demand` stands for a minute of zeros). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"

#define DEMAND_BINS 600u	       /* one minute */
#define DEMAND_TAKE_MAX (ABI_BINS - 4) /* bins that one sample can take out of the ring of BPF */
#define DEMAND_LAG 2u		       /* the newest bins are still being added to */

struct demand_clock {
	uint64_t end;	     /* number of the bin after the newest one; 0: nothing taken yet */
	uint64_t known_from; /* bins below it, though taken, are not to be trusted */
	uint64_t missed;     /* bins lost because a sample came too late */
	uint8_t unknown[DEMAND_BINS / 8]; /* bit: bin number % DEMAND_BINS */
};

struct demand {
	uint64_t end;		    /* bins from here on are 0 */
	uint32_t usec[DEMAND_BINS]; /* CPU time, by bin number % DEMAND_BINS */
};

/*
 * Which bins [from, to) a sample at `now_ns` has to take: false when there are none yet. After a
 * gap longer than DEMAND_TAKE_MAX bins the ring of BPF has wrapped: then the taken bins are
 * sums over two rounds, so they and the gap are counted as missed and marked unknown.
 */
bool demand_clock_advance(struct demand_clock *c, uint64_t now_ns, uint64_t *ret_from,
			  uint64_t *ret_to);

/* Adds (cgroups of one workload add to the same bins) what was taken of [from, to). */
void demand_add(struct demand *d, uint64_t from, uint64_t to, const uint32_t *usec);

/*
 * One bin; `first` is the first bin in which the workload was seen. False: unknown. d may be NULL.
 */
bool demand_get(const struct demand_clock *c, const struct demand *d, uint64_t first, uint64_t bin,
		uint32_t *ret_usec);

/* Mean and highest bin over the known ones of the newest n, in cores; NAN where none is known. */
double demand_mean_cores(const struct demand_clock *c, const struct demand *d, uint64_t first,
			 unsigned n);
double demand_peak_cores(const struct demand_clock *c, const struct demand *d, uint64_t first);
