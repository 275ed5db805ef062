/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up what only the start needed. Loaded BPF programs, their maps, perf events and cgroup
 * directories stay usable through open descriptors; cgroup files are world-readable.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct privileges {
	uid_t uid;
	gid_t gid;
	bool change;   /* root now, and there is such a user */
	bool keep_bpf; /* CAP_BPF stays: this kernel wants it for every map access */
	const char *user;
};

/* Who evictd shall become; "" or an unknown user, or not being root: nobody else. */
void privileges_lookup(const char *user, struct privileges *ret_privileges);

/*
 * Becomes that user with its groups, drops every capability (but CAP_BPF with keep_bpf) from
 * every set and forbids new ones.
 * Irreversible. -EPERM and others with a message.
 */
int privileges_drop(const struct privileges *p, struct err *e);
