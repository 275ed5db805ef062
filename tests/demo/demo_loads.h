/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three workloads of `make demo`. Each knows by its own clocks what it does, and keeps a log of
 * it in shared memory: how much CPU time it had got, and how long it had been kept waiting, at each
 * edge of the 100 ms bins that evictd counts in (CLOCK_MONOTONIC / 100 ms).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "tests/live/cg.h"

#define DEMO_LOADS 3u
#define DEMO_EDGES 1024u /* 102 s */

struct demo_log {
	bool stop;	     /* set by the demo: the workload ends and fills in its totals */
	bool ended;	     /* set by the workload: the totals are there */
	uint64_t first_edge; /* bin number that starts at edge 0 */
	uint32_t n;	     /* edges written */
	uint64_t cpu_ns[DEMO_EDGES]; /* CPU time since it entered its cgroup */
	int64_t wait_ns[DEMO_EDGES]; /* time in which it wanted a CPU and had none */
	uint64_t total_cpu_ns;
	int64_t total_wait_ns;
	uint64_t wall_ns; /* from its start to its end */
};

struct demo_load {
	const char *name;
	const char *what;    /* its behaviour, at most 18 characters */
	uint64_t quota_usec; /* CFS quota per 100 ms, 0: none */
	bool paired;	     /* shares a CPU with the others of this kind */
	void (*run)(struct demo_log *log);
};

extern const struct demo_load demo_loads[DEMO_LOADS];

/* Shared memory, NULL when there is none. */
struct demo_log *demo_log_new(void);

/* Forks the workload into the cgroup; cpu -1 does not pin it. Its pid or -errno. */
pid_t demo_load_start(const struct demo_load *load, const struct cg *cg, int cpu,
		      struct demo_log *log);
/* Edges that can be read. */
uint32_t demo_log_edges(const struct demo_log *log);
