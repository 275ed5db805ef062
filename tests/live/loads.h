/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads of known behaviour. Each load_*() forks a child that enters the cgroup, does its thing
 * until it is killed or done, and returns the child's pid (or -errno). `cpu` pins it, -1 does not.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "tests/live/cg.h"

/* One task that never sleeps. */
pid_t load_hog(const struct cg *cg, int cpu);
/* `threads` threads of one process that never sleep. */
pid_t load_threads(const struct cg *cg, int cpu, unsigned threads);
/* `threads` threads in pairs that hand a byte to and fro: thousands of switches a second. */
pid_t load_switchers(const struct cg *cg, unsigned threads);
/* Forks children without end, four at a time, each of which works about a millisecond. */
pid_t load_forks(const struct cg *cg);

/* The 30 ms on, 70 ms off load: shared log of its own CPU clock at the edges of 100 ms bins. */
#define BURST_EDGES 1024
struct burst_log {
	uint64_t first_edge; /* bin number (CLOCK_MONOTONIC / 100 ms) of cpu_ns[0] */
	uint32_t n;
	uint64_t cpu_ns[BURST_EDGES];  /* thread CPU clock at each edge */
	uint64_t late_ns[BURST_EDGES]; /* how long after the edge that was read */
};
/* Runs for `seconds`; `log` is shared memory. Each burst straddles an edge. */
pid_t load_bursts(const struct cg *cg, int cpu, unsigned seconds, struct burst_log *log);
struct burst_log *burst_log_new(void);

/*
 * A parent that waits, and a child that takes memory until it is killed. ret_child (shared memory
 * behind the scenes) tells the child's pid. The parent exits 0 when the child was killed.
 */
pid_t load_oom(const struct cg *cg, pid_t *ret_child);

/* Touches `bytes`, works `work_ns` of CPU, exits; ret via wait4()'s rusage. */
pid_t load_short(const struct cg *cg, uint64_t bytes, uint64_t work_ns);

void load_kill(pid_t pid);
