/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the live tests: real cgroups, a real evictd, known loads. */
#pragma once

#include "tests/live/agent.h"
#include "tests/live/cg.h"
#include "tests/live/loads.h"

struct live {
	struct cgroupfs fs;
	struct agent_proc agent;
	const char *tier;
	bool bpf;	  /* the tier has BPF */
	unsigned seconds; /* of long measurements */
	char why[1024];	  /* why the running case failed */
};

/* Records the reason and returns -1: `return live_fail(l, "...")`. */
int live_fail(struct live *l, const char *fmt, ...) _printf_(2, 3);

/* The agent's word on a cgroup; the tree behind *ret_usage is the caller's. NULL fails the case. */
const struct json *live_workload(struct live *l, const char *query, const struct cg *cg,
				 struct json **ret_usage);

/* Cases: 0 passed, -1 failed (why is set), 1 skipped (why is set). */
int case_hogs(struct live *l);
int case_switchers(struct live *l);
int case_forks(struct live *l);
int case_bins(struct live *l);
int case_oom(struct live *l);
int case_short_lived(struct live *l);
int case_neighbour(struct live *l);
int case_quota(struct live *l);
int case_self(struct live *l);
int case_memory(struct live *l);
int case_throttled(struct live *l);
