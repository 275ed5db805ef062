/* SPDX-License-Identifier: Apache-2.0 */
/* How evictd itself is doing: plain values, filled by the agent for one answer of API or metrics. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/measure/registry.h"
#include "daemon/measure/sampler.h"

#ifndef EVICTD_VERSION
#define EVICTD_VERSION "unknown"
#endif

/* Texts are borrowed from the agent and valid for one answer's first piece, arrays are copies. */
struct node_status {
	char node[256];
	uint64_t realtime_usec, now_ns; /* the same moment by CLOCK_REALTIME and _MONOTONIC */
	uint64_t start_ns;
	enum tier tier;
	const char *tier_why;
	bool tier_forced;
	char kernel[65];
	const char *layout, *key; /* "hybrid", "unified" */
	const struct sampler_feature_state *features;
	unsigned n_features;
	struct sampler_stats sampler;
	struct registry_stats registry;
	uint64_t bad_values;	     /* in cgroup files that did not parse */
	double cpu_share, bpf_share; /* of one core, last minute or so; NAN: unknown */
	uint64_t cpu_ns, rss_bytes;
	uint64_t longest_dispatch_usec;
	const char *pods_source, *logs_source; /* "ok", "" (none), or what went wrong */
	uint64_t reload_usec;		       /* CLOCK_REALTIME; 0: never */
	bool reload_ok;
	const char *reload_message;
	bool ready; /* the first sample was taken */
};

/* CLOCK_MONOTONIC to CLOCK_REALTIME, as of the status. */
static inline uint64_t status_realtime_usec(const struct node_status *s, uint64_t monotonic_ns)
{
	if (monotonic_ns >= s->now_ns)
		return s->realtime_usec + (monotonic_ns - s->now_ns) / 1000;
	return s->realtime_usec - (s->now_ns - monotonic_ns) / 1000;
}
