/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the benchmarks: trees of cgroups, medians, and the cost of BPF programs by name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/measure/cgroupfs.h"
#include "daemon/measure/sampler.h"

#define BENCH_ROOT "/evictd-bench"

/* Makes BENCH_ROOT/cN, N = from..to-1, in every hierarchy. */
int bench_tree_grow(const struct cgroupfs *fs, unsigned from, unsigned to);
void bench_tree_remove(const struct cgroupfs *fs, unsigned n);

/* Median of values; sorts them. */
double bench_median(double *values, size_t n);

/* Run time and runs of all loaded programs whose name starts so (kernel.bpf_stats_enabled). */
void bench_program_cost(const char *prefix, uint64_t *ret_ns, uint64_t *ret_runs);

/* Each prints its table; 0, or -errno with a message on stderr. */
int bench_walk(const struct cgroupfs *fs, unsigned cgroups);
int bench_switch(const struct cgroupfs *fs);
int bench_agent(const struct cgroupfs *fs);
