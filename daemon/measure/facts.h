/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of one cgroup, whatever way they were read (BPF walk, cgroup v2 files, v1 files).
 * Counters are cumulative over the cgroup's life; absent is told from zero by `have`.
 */
#pragma once

#include <stdint.h>

#include "bpf/abi.h"

enum facts_have {
	FACTS_CPU = 1 << 0,	      /* usage_ns, user_ns, system_ns */
	FACTS_CFS = 1 << 1,	      /* quota_ns .. throttled_ns */
	FACTS_MEMORY = 1 << 2,	      /* memory_bytes, memory_max_bytes, events */
	FACTS_PEAK = 1 << 3,	      /* memory_peak_bytes (memory.peak is there since 5.19) */
	FACTS_INACTIVE_FILE = 1 << 4, /* inactive_file_bytes of the whole subtree */
	FACTS_PSI = 1 << 5,
};

#define FACTS_UNLIMITED ABI_UNLIMITED

struct facts {
	unsigned have;	   /* enum facts_have */
	uint64_t usage_ns; /* CPU time */
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t quota_ns; /* per period; FACTS_UNLIMITED without one */
	uint64_t period_ns;
	uint64_t nr_periods;
	uint64_t nr_throttled;
	uint64_t throttled_ns;
	uint64_t memory_bytes;
	uint64_t memory_peak_bytes;
	uint64_t memory_max_bytes; /* FACTS_UNLIMITED without a limit */
	uint64_t inactive_file_bytes;
	uint64_t events[ABI_MEM_EVENTS];
	uint64_t psi_ns[ABI_PSIS];
};

/* memory.current less inactive file pages, never below 0: kubelet's and cAdvisor's working set. */
static inline uint64_t facts_working_set_bytes(const struct facts *f)
{
	uint64_t inactive = f->have & FACTS_INACTIVE_FILE ? f->inactive_file_bytes : 0;

	return f->memory_bytes > inactive ? f->memory_bytes - inactive : 0;
}
