/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's answer to /v1/usage as rows: what `evictctl usage` and `evictctl top` both show.
 * Pure. Numbers that are absent, null or of another type are NAN; texts are "" and never NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

#define USAGE_BINS 600u /* one minute of 100 ms */

/* Why a runnable task had to wait; the order of the API and of all displays. */
enum usage_cause { USAGE_QUOTA, USAGE_SELF, USAGE_NEIGHBOUR, USAGE_SYSTEM, USAGE_CAUSES };

struct usage_cause_info {
	const char *name; /* in the API and on screen */
	char letter;	  /* for those who see no colours */
};
extern const struct usage_cause_info usage_causes[USAGE_CAUSES];

struct usage_row {
	const struct json *json; /* the whole object; NULL for sums */
	const char *kind;	 /* "container", "unit" or "cgroup" */
	const char *name;
	const char *namespace_name, *pod, *container, *unit, *cgroup;
	bool system, dead;
	double cores_1s, cores_10s, cores_60s, peak_cores;
	double request_cores, limit_cores; /* limit: from the spec, else the quota in force */
	double throttled_share;
	bool has_wait;
	double waits;
	double wait_total;		 /* seconds of waiting per second, all causes */
	double wait_share[USAGE_CAUSES]; /* of it, by cause */
	double wait_ns[USAGE_CAUSES];	 /* since the start */
	double p50_usec[USAGE_CAUSES], p99_usec[USAGE_CAUSES];
	/* heaviest neighbour: a container, unit or cgroup, and its pod; "" where there is none */
	const char *offender, *offender_pod, *offender_namespace;
	double offender_ns;
	double memory_bytes; /* working set, else what is charged */
	double memory_peak_bytes, memory_limit_bytes;
	double oom_kills;
};

/* Owns the reply its rows point into. */
struct usage {
	struct json *reply;
	struct usage_row *rows;
	size_t n;
};

/* Takes `reply` in any case. Workloads that are no objects are left out. 0 or -ENOMEM. */
int usage_init(struct usage *u, struct json *reply);
void usage_release(struct usage *u);

/* The last minute in cores, oldest first; NAN where unknown. False: the reply has no bins. */
bool usage_row_bins(const struct usage_row *row, float ret_cores[static USAGE_BINS]);

/* The cause with the largest share, USAGE_CAUSES while nothing waits (below 0.1 %). */
enum usage_cause usage_row_cause(const struct usage_row *row);

struct usage_filter {
	const char *namespace_name; /* NULL: all */
	/* Anywhere in "namespace/pod/container", the unit or the cgroup, in any case; with *, ? or
	 * [ a pattern for the whole of one of them. NULL or "": all. */
	const char *pattern;
	bool dead;   /* also those that ended */
	bool system; /* also the system's own */
};
bool usage_row_matches(const struct usage_row *row, const struct usage_filter *f);

enum usage_sort {
	USAGE_SORT_CPU,
	USAGE_SORT_MEMORY,
	USAGE_SORT_WAIT,
	USAGE_SORT_THROTTLED,
	USAGE_SORT_NAME,
	USAGE_SORTS,
};
extern const char *const usage_sort_names[USAGE_SORTS + 1]; /* ends with NULL */

/* Largest first (names: a to z); equal ones by name, then cgroup: the order is total. */
int usage_row_compare(const struct usage_row *a, const struct usage_row *b, enum usage_sort sort);

/* Filters and sorts into *ret_rows (free()), *ret_n of them. 0 or -ENOMEM. */
int usage_select(const struct usage *u, const struct usage_filter *f, enum usage_sort sort,
		 const struct usage_row ***ret_rows, size_t *ret_n);
