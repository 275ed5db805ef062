/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups for tests: one path made in every hierarchy of this machine (v2, v1 or hybrid), so that
 * the same test runs everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/measure/cgroupfs.h"

struct cg {
	const struct cgroupfs *fs;
	char path[128]; /* from the root of each hierarchy */
};

/* Makes it; 0 or -errno. The name is put below "/evictd-live-PID". */
int cg_create(struct cg *cg, const struct cgroupfs *fs, const char *name);
/* Kills what is in it. */
void cg_kill(const struct cg *cg);
/* The same, and removes it everywhere. */
void cg_destroy(struct cg *cg);
/* Removes the parent of all, when nothing is left in it. */
void cg_cleanup(const struct cgroupfs *fs);

/* Moves the calling process into it, in every hierarchy. */
int cg_enter(const struct cg *cg);

/* CFS quota per 100 ms, in microseconds (cpu.max or cpu.cfs_quota_us). */
int cg_set_quota(const struct cg *cg, uint64_t quota_usec);
/* memory.max or memory.limit_in_bytes. */
int cg_set_memory_max(const struct cg *cg, uint64_t bytes);
/* True where the machine has this controller for test cgroups. */
bool cg_has_memory(const struct cgroupfs *fs);

/* The kernel's own CPU time, cpu.stat's or cpuacct.usage, in ns; 0 when it cannot be read. */
uint64_t cg_cpu_ns(const struct cg *cg);
/* nr_periods and nr_throttled; false when they cannot be read. */
bool cg_throttling(const struct cg *cg, uint64_t *ret_periods, uint64_t *ret_throttled);
