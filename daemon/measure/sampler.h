/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of the BPF programs: probes what the kernel can do, loads and attaches, hands
 * out slots, reads counters from mapped memory and consumes events. libbpf's only owner (with the
 * other sampler*.c). It works in every tier: without BPF it has no slots and no events.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/abi.h"
#include "daemon/measure/cgroupfs.h"
#include "daemon/measure/facts.h"

#define SAMPLER_BTF_PATH "/sys/kernel/btf/vmlinux"

enum tier {
	TIER_FILES,	/* no BPF: cgroup files alone; no waits, no bins */
	TIER_BPF_FILES, /* scheduler, OOM, birth and death by BPF; the rest from files */
	TIER_BPF,	/* everything by BPF */
	TIERS,
	TIER_AUTO = -1,
};

/* "files", "bpf+files", "bpf". */
const char *tier_name(enum tier t);
int tier_parse(const char *s, enum tier *ret_tier); /* also "auto" */

/* One thing that a kernel may or may not offer, for `evictctl status`. */
enum sampler_feature {
	FEATURE_BTF,	       /* kernel type information */
	FEATURE_SCHED,	       /* scheduler tracepoints: time on CPU and run-queue wait */
	FEATURE_TICK,	       /* 10 Hz perf event: tasks that never switch */
	FEATURE_QUOTA_CLOCK,   /* throttled clock of the run queue: cause `quota` */
	FEATURE_MIGRATE,       /* waits of tasks that are moved while they wait */
	FEATURE_CGROUP_EVENTS, /* birth and death of cgroups */
	FEATURE_OOM,	       /* OOM kills */
	FEATURE_RECLAIM,       /* reclaim stalls */
	FEATURE_ITER,	       /* iter/cgroup */
	FEATURE_RSTAT_FLUSH,   /* kfunc that flushes the statistics once per walk */
	FEATURE_PSI,	       /* pressure is compiled in and enabled */
	FEATURES,
};

struct sampler_feature_state {
	const char *name; /* "sched", "tick", ... */
	bool on;
	char why[160]; /* why not, in words; "" when on */
};

struct sampler_options {
	enum tier tier;	      /* TIER_AUTO, or forced: then a lack is an error, not a fallback */
	uint32_t max_cgroups; /* slots; 0: twice what there is, at least 2048 */
	uint32_t max_tasks;   /* 0: 32768 */
	const char *btf_path; /* what the kernel offers is probed here; NULL: SAMPLER_BTF_PATH */
};

struct sampler;

/*
 * Loads and attaches as much as the options and the kernel allow. With TIER_AUTO it always
 * succeeds (at worst as TIER_FILES, sampler_why() tells the reason); with a forced tier it fails
 * with a message naming what is missing. `fs` must outlive the sampler.
 */
int sampler_new(const struct sampler_options *o, const struct cgroupfs *fs,
		struct sampler **ret_sampler, struct err *e);
void sampler_free(struct sampler *s);
void sampler_freep(struct sampler **s);

enum tier sampler_tier(const struct sampler *s);
/* Why the tier is not a better one, "" for TIER_BPF. */
const char *sampler_why(const struct sampler *s);
const struct sampler_feature_state *sampler_features(const struct sampler *s);

/*
 * Slots (tiers with BPF). sampler_add() gives a cgroup of the key hierarchy a slot, or returns the
 * one that BPF gave it at birth. -ENOSPC: all are taken (counted, shown). ABI_SLOT_ROOT is the
 * root's. sampler_bind() ties another hierarchy's cgroup (same path) to it, for the walk.
 * sampler_set_group() tells the pod: `group` is the slot of the pod's cgroup or the slot itself.
 * sampler_remove() gives the slot back; call it some seconds after the death, so that the last run
 * of a dying task still finds it.
 */
int sampler_add(struct sampler *s, uint64_t cgid, uint32_t *ret_slot);
int sampler_bind(struct sampler *s, uint32_t slot, enum cgroupfs_hierarchy h, uint64_t cgid);
void sampler_set_group(struct sampler *s, uint32_t slot, uint32_t group, unsigned flags);
void sampler_remove(struct sampler *s, uint32_t slot);

/*
 * Gives back the slots of cgroups that are not `known`: where both birth and death were lost in a
 * full ring, nobody else does. A slot goes only when it was unknown at the call before, too, so
 * that an event on its way can still be heard: dispatch events between the calls. Returns how many
 * went.
 */
unsigned sampler_sweep(struct sampler *s, bool (*known)(void *arg, uint64_t cgid), void *arg);
/* How many cgroups can have a slot; 0 without BPF. */
uint32_t sampler_slots_max(const struct sampler *s);

/* Live counters of a slot, read-only; NULL without BPF. Fields change while they are read. */
const struct abi_slot *sampler_slot(const struct sampler *s, uint32_t slot);

/*
 * Takes the 100 ms bins [from, to) of a slot out of the ring, in microseconds of CPU time; bin
 * number = CLOCK_MONOTONIC ns / ABI_BIN_NS. At most ABI_BINS - 4 at a time, `to` at least 2 below
 * the current bin (the tick adds late). One reader only.
 */
void sampler_take_bins(struct sampler *s, uint32_t slot, uint64_t from, uint64_t to,
		       uint32_t *ret_usec);

/*
 * Whether giving out slots will need CAP_BPF for good: before 5.19 (c8644cd0efe7) a kernel with
 * kernel.unprivileged_bpf_disabled refuses every bpf() call without it. Tried in a child process.
 */
bool sampler_needs_cap_bpf(const struct sampler *s);

/* One BPF walk over all hierarchies (TIER_BPF): then sampler_snapshot() answers. */
int sampler_walk(struct sampler *s, struct err *e);
/*
 * A cgroup's facts as of the last walk. inactive_file_bytes is of this cgroup alone here: the
 * caller sums its subtree. False: the last walk did not see it.
 */
bool sampler_snapshot(const struct sampler *s, uint32_t slot, struct facts *ret_facts);

/* Events. The fd becomes readable when there are some; -1 without BPF. */
struct sampler_handlers {
	void (*birth)(void *arg, const struct abi_event_cgroup *ev); /* of any hierarchy */
	void (*death)(void *arg, const struct abi_event_cgroup *ev); /* of any hierarchy */
	void (*oom)(void *arg, const struct abi_event_oom *ev);
};
int sampler_fd(const struct sampler *s);
/* Consumes what is there; returns the number of events or -errno. */
int sampler_dispatch(struct sampler *s, const struct sampler_handlers *h, void *arg);
/* True for events of the key hierarchy. */
bool sampler_is_key_event(const struct sampler *s, const struct abi_event_cgroup *ev);

/* For status and metrics. */
struct sampler_stats {
	uint32_t slots_used, slots_max;
	uint32_t tasks_used, tasks_max;
	uint64_t lost[ABI_LOSTS];
	uint64_t ring_bytes, ring_used_bytes;
	uint64_t walk_ns;	       /* duration of the last walk */
	uint64_t walk_cgroups;	       /* cgroups it saw */
	uint64_t map_bytes;	       /* memory of all BPF maps */
	uint64_t bpf_run_ns, bpf_runs; /* of all our programs; 0 unless kernel.bpf_stats_enabled */
	bool bpf_stats;		       /* whether the kernel counts run time */
};
void sampler_get_stats(struct sampler *s, struct sampler_stats *ret_stats);
/* One of the losses alone: a few loads, where the whole takes a system call for each task. */
uint64_t sampler_lost(const struct sampler *s, enum abi_lost l);
/* "no-slot", "slots-full", ... */
const char *sampler_lost_name(enum abi_lost l);
