/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sampler share; nobody else includes it. */
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "daemon/measure/sampler.h"

/* The key of a v1 hierarchy's cgroup in cgroup_slots carries its number here. */
#define SAMPLER_TAG_SHIFT 56

/* What the running kernel offers, read from its type information alone. */
struct sampler_probe {
	struct btf *btf;
	bool switch_state_first; /* sched_switch as in 5.18 */
	bool victim_task;	 /* mark_victim passes the task */
	bool migrate, attach, cgroup_events, oom, direct_reclaim, memcg_reclaim;
	bool quota_clock, iter, psi, memory, cpu;
	int flush; /* 0: none, 1: cgroup_rstat_flush, 2: css_rstat_flush */
	int memory_subsys, cpu_subsys;
	unsigned nr_nodes;
};

int sampler_probe_init(struct sampler_probe *p, const char *btf_path, struct err *e);
void sampler_probe_release(struct sampler_probe *p);

struct sampler_walk {
	enum cgroupfs_hierarchy hierarchy;
	struct bpf_link *link;
};

struct sampler {
	const struct cgroupfs *fs;
	struct sampler_options options;
	enum tier tier;
	char why[256];
	struct sampler_feature_state features[FEATURES];
	struct sampler_probe probe;

	struct cpu_bpf *cpu;
	struct mem_bpf *mem;
	struct snapshot_bpf *snapshot;
	struct bpf_link **ticks;
	unsigned n_ticks, n_cpus;
	struct ring_buffer *ring;

	struct abi_slot *slots; /* mapped */
	struct abi_snap *snaps;
	void *cpus;
	size_t cpu_size; /* bytes of one element of `cpus` */
	uint32_t max_slots;
	uint32_t slots_used;
	uint64_t *unknown; /* [slot]: cgroup id that was not known at the last sweep */
	uint64_t *bound;   /* [slot][hierarchy]: cgroup ids of other hierarchies; hybrid hosts */

	struct sampler_walk walks[CGROUPFS_HIERARCHIES];
	unsigned n_walks;
	uint64_t walk; /* number of the last one */
	uint64_t walk_ns;

	const struct sampler_handlers *handlers; /* during dispatch */
	void *handlers_arg;
};

/* sampler_load.c: opens, sizes, loads, attaches; fills features and lowers the tier on a lack. */
int sampler_load(struct sampler *s, struct err *e);
void sampler_unload(struct sampler *s);
void sampler_feature_off(struct sampler *s, enum sampler_feature f, const char *fmt, ...)
	_printf_(3, 4);

/* All features off, for the same reason. */
void sampler_features_none(struct sampler *s, const char *why);

/* sampler_ring.c */
int sampler_ring_open(struct sampler *s, struct err *e);
