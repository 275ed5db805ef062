/* SPDX-License-Identifier: Apache-2.0 */
/* A real evictd under test, asked over its socket. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/json.h"

struct agent_proc {
	pid_t pid;
	char socket[64];
	char config[64];
};

/*
 * Starts $EVICTD_BUILD/evictd (or evictd in PATH) and waits until it answers: in a forced tier with
 * a snapshot each second, or (tier NULL) with its defaults.
 */
int agent_proc_start(struct agent_proc *a, const char *tier, struct err *e);
/* SIGTERM; returns the exit status, or -1 when it had to be killed. */
int agent_proc_stop(struct agent_proc *a);

/* GET; the tree is the caller's. */
int agent_proc_get(const struct agent_proc *a, const char *path, struct json **ret_json,
		   struct err *e);
/* The workload of a cgroup in a Usage; NULL where there is none. */
const struct json *usage_find(const struct json *usage, const char *cgroup);
