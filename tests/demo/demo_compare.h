/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One workload as three witnesses tell it: its own log, evictd, the kernel's cpu.stat. Doubles are
 * NAN where a witness says nothing (the files tier knows no bins and no waits).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "tests/demo/demo_loads.h"

#define DEMO_SPARK 60u	       /* newest bins kept for the page: 6 s */
#define DEMO_CLOSE_USEC 2000.0 /* a bin this near to the log's is right */
#define DEMO_GROSS 0.03	       /* a difference that fails the demo */
/* Of the peak, which is a single bin: a virtual CPU that stalls moves some ms across an edge. */
#define DEMO_GROSS_PEAK_CORES 0.05

struct demo_view {
	double seconds; /* from its start to the newest bin that both know */
	double own_cores, evictd_cores;
	double own_peak_cores, evictd_peak_cores; /* highest bin */
	unsigned bins, close_bins; /* bins that both know; of which differ by at most 2 ms */
	double worst_usec;	   /* largest difference of a bin */
	double own_wait, wait[ABI_CAUSES]; /* shares of the time */
	char offender[64];		   /* heaviest neighbour, "" without */
	bool kernel_cfs, evictd_cfs;	   /* whether the following are known */
	uint64_t kernel_periods, kernel_throttled, evictd_periods, evictd_throttled;
	float own_bins[DEMO_SPARK], evictd_bins[DEMO_SPARK]; /* in cores, oldest first */
};

/*
 * `workload` is one of Usage with bins, NULL where evictd does not know it; newest bin of the log
 * and of evictd are brought together.
 */
void demo_view_fill(struct demo_view *v, const struct json *workload, const struct demo_log *log,
		    const struct cg *cg);

/* CPU time from the workload's start to its end; 0 where unknown. */
struct demo_totals {
	uint64_t own_ns, evictd_ns, kernel_ns;
};

/* After the workload has ended and evictd has taken its last sample. */
void demo_totals_fill(struct demo_totals *t, const struct json *workload,
		      const struct demo_log *log, const struct cg *cg);

/* evictd's CPU time against the workload's own: +0.01 is 1 % too much; NAN: unknown. */
double demo_totals_off(const struct demo_totals *t);

/*
 * Whether evictd told the workload's CPU time and throttled share within DEMO_GROSS, nine of ten bins
 * within DEMO_CLOSE_USEC, and the peak; what it does not tell in this tier is not judged. Else
 * ret_why says what differs.
 */
bool demo_agrees(const struct demo_view *v, const struct demo_totals *t, const char **ret_why);
