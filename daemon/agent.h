/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node agent: one event loop that ties sampler, registry, names, API and systemd together.
 * Everything here may log; what it calls returns errors.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define AGENT_OVERRIDES_MAX 8u

/* Settings of the command line, which win over the file, at reloads, too. Borrowed. */
struct agent_override {
	const char *key, *value;
};

struct agent_options {
	const char *config_path;
	bool config_optional; /* the default path: may be missing */
	struct agent_override overrides[AGENT_OVERRIDES_MAX];
	unsigned n_overrides;
	const char *btf_path; /* as in sampler_options; borrowed */
};

struct agent;
struct config;

/* The configuration that these options give. */
int agent_load_config(const struct agent_options *o, struct config *ret_config, struct err *e);

/* Loads, attaches, listens, drops privileges, and takes the first look at all cgroups. */
int agent_new(const struct agent_options *o, struct agent **ret_agent, struct err *e);
/* Until SIGTERM or SIGINT: 0; or -errno when the loop itself fails. */
int agent_run(struct agent *a);
void agent_free(struct agent *a);
void agent_freep(struct agent **a);
