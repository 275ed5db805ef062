/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All cgroups of the node and the workloads they belong to. A workload is
 *   - a container (with or without a pod),
 *   - a systemd unit,
 *   - or a plain cgroup that holds processes: a leaf, or an inner one that was seen running;
 * nested cgroups roll up into it. Pods, slices and the levels of kubepods only give structure: they
 * become plain workloads only if processes run in them directly, so that no CPU time is lost. (In
 * the files tier an inner cgroup's counters are its children's too: there it is never a workload.)
 *
 * The registry takes births, deaths, OOM kills, samples and facts, and keeps per workload: totals
 * (those of dead cgroups included), the last minute in 100 ms bins, and its kills. Dead workloads
 * stay visible for `keep_dead_ns`. It is pure: it takes `now`, reads no clock, does no I/O, never
 * logs; what it wants done to slots goes through `struct registry_ops`.
 *
 * Readers see const workloads, in ascending order of their id, and derive rates at that moment.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/measure/demand.h"
#include "daemon/measure/facts.h"
#include "daemon/measure/identity.h"

#define REGISTRY_KILLS 16u	    /* last OOM kills kept per workload */
#define REGISTRY_DEAD_MAX 1024u	    /* dead workloads kept, whatever keep_dead_ns says */
#define REGISTRY_CGROUPS_MAX 65536u /* default of max_cgroups */
/* A dying task may be switched out after its cgroup's rmdir event: its slot stays that long. */
#define REGISTRY_LINGER_NS 2000000000ULL

struct registry;

/* What the registry wants from the outside; every member may be NULL (files tier). */
struct registry_ops {
	/* Gives a cgroup a slot, or returns the one it has; -ENOSPC. */
	int (*add_slot)(void *arg, uint64_t cgid, uint32_t *ret_slot);
	void (*set_group)(void *arg, uint32_t slot, uint32_t group, unsigned flags);
	void (*remove_slot)(void *arg, uint32_t slot);
	/* Live counters of a slot; the pointer stays valid until remove_slot(). */
	const struct abi_slot *(*slot)(void *arg, uint32_t slot);
	void (*take_bins)(void *arg, uint32_t slot, uint64_t from, uint64_t to, uint32_t *ret_usec);
	/* As names_find(); what it returns is copied. */
	bool (*find_names)(void *arg, const char *pod_uid, const char *container_id,
			   struct identity_names *ret_names);
};

struct registry_options {
	/*
	 * Cgroups at and below these ("/system.slice"; "/kubelet" means kubelet.service and
	 * kubelet.slice, too) are the system's where there are pods. Borrowed: must stay valid
	 * until the next registry_configure().
	 */
	const char *const *system_slices;
	unsigned n_system_slices;
	uint64_t keep_dead_ns;
	uint32_t max_cgroups; /* records; more are counted as refused. 0: REGISTRY_CGROUPS_MAX */
};

/* `ops` and its `arg` must outlive the registry. */
int registry_new(const struct registry_ops *ops, void *arg, const struct registry_options *o,
		 struct registry **ret_registry);
void registry_free(struct registry *r);
void registry_freep(struct registry **r);
/* Takes new options (reload) and applies them to what is there. */
void registry_configure(struct registry *r, const struct registry_options *o);

/*
 * Events of the key hierarchy. A birth without a slot (ABI_SLOT_NONE) asks add_slot() for one. Both
 * may come late, twice, or in the wrong order. 0, -ENOMEM, or -E2BIG past max_cgroups.
 */
int registry_birth(struct registry *r, const struct abi_event_cgroup *ev);
void registry_death(struct registry *r, const struct abi_event_cgroup *ev);
/* Death in another hierarchy (v1 memory): pairs by path, before or after the key's own death. */
void registry_death_other(struct registry *r, const struct abi_event_cgroup *ev);
/* Slot of a living cgroup by its path: to tie other hierarchies to it. False: unknown. */
bool registry_find_slot(const struct registry *r, const char *path, uint32_t *ret_slot);
/* Whether a cgroup of this id, living or not long dead, is known. */
bool registry_knows(const struct registry *r, uint64_t cgid);
/* The workload, for a line in the log; NULL when the kill was merged into the one before. */
const struct workload *registry_oom(struct registry *r, const struct abi_event_oom *ev);

/*
 * A walk of the cgroup tree, for what events did not tell: begin, found() for every cgroup (parents
 * first), end. Unseen cgroups are added, those that are gone (and not younger than the begin) are
 * buried. A walk that failed half-way is not ended: then nothing is buried.
 */
void registry_resync_begin(struct registry *r, uint64_t now_ns);
int registry_resync_found(struct registry *r, const char *path, uint64_t cgid, uint64_t parent_cgid,
			  uint64_t now_ns);
void registry_resync_end(struct registry *r, uint64_t now_ns);

/*
 * Reads all slots that ran since the last call (others cost one load), takes their bins, keeps
 * history, gives back slots of the dead and forgets old workloads. At least every 6 s.
 */
void registry_sample(struct registry *r, uint64_t now_ns);

/* Looks every name up again; a workload that has none any more keeps the old one. */
void registry_refresh_names(struct registry *r);

/* OOM kills remembered for a workload. */
struct kill {
	uint64_t time_ns;		   /* CLOCK_MONOTONIC */
	uint64_t limit_cgid;		   /* memory cgroup that hit its limit; 0: the whole node */
	uint64_t usage_bytes, limit_bytes; /* of limit_cgid */
	uint32_t pid;
	uint32_t processes; /* > 1: memory.oom.group killed them together */
	char comm[ABI_COMM_LEN];
};

/* Counters of a workload that only grow; living and dead cgroups together. */
struct totals {
	uint64_t run_ns; /* time on CPU: BPF's, since evictd knows it; else facts.usage_ns */
	uint64_t waits, wait_ns[ABI_CAUSES];
	uint64_t hist[ABI_CAUSES][ABI_HIST];
	uint64_t reclaim_ns, reclaims;
};

enum workload_kind { WORKLOAD_CONTAINER, WORKLOAD_UNIT, WORKLOAD_CGROUP, WORKLOAD_KINDS };

struct workload {
	uint64_t id; /* ascending, never reused */
	enum workload_kind kind;
	bool system; /* not a workload of users: root, init, system slices beside pods */
	bool dead;
	bool sandbox;	  /* a pod's pause container, see workload_name() */
	bool superseded;  /* dead, and a newer workload has its path: the name's older series */
	const char *path; /* its own (topmost) cgroup */
	const char *pod_uid, *container_id, *unit; /* "" where it has none */
	const char *qos, *runtime;		   /* "" where unknown */
	struct identity_names names;		   /* NULL and UINT64_MAX where unknown */
	uint64_t cgid;				   /* of the topmost cgroup */
	uint64_t born_ns, died_ns;		   /* CLOCK_MONOTONIC; died_ns 0 while alive */
	bool born_seen;	      /* born_ns is its birth, not when evictd found it */
	struct facts facts;   /* newest of each kind (`have` tells which were ever read) */
	uint64_t peak_bytes;  /* highest memory ever seen, ABI_UNLIMITED: unknown */
	uint64_t kills_total; /* processes killed for memory */
	unsigned n_kills;
	struct kill *kills;	      /* newest first, n_kills of them */
	struct workload_state *state; /* the registry's own */
};

/* Readers. NULL at the end. `after` continues behind an id even if that workload is gone. */
const struct workload *registry_first(const struct registry *r);
const struct workload *registry_next(const struct registry *r, const struct workload *w);
const struct workload *registry_after(const struct registry *r, uint64_t id);

/*
 * What to call it: the container's name, a short container id, the unit, or the path. A container
 * that no source of names knows is a "pod sandbox" when its pod is known and another container of
 * that pod has a name: sources list the pod's containers, but never its pause container.
 * The result is valid while w is, or lies in buf.
 */
#define WORKLOAD_SHORT_ID_LEN 13
const char *workload_name(const struct workload *w, char buf[static WORKLOAD_SHORT_ID_LEN]);

/* False: BPF has no slot for it, so that files must tell all. */
bool workload_has_slot(const struct workload *w);

void workload_totals(const struct workload *w, struct totals *ret_totals);
/* OOM kills, from events or from memory.events, whichever knows more. */
uint64_t workload_oom_kills(const struct workload *w);

/* Bin `bin` of the registry's clock in microseconds of CPU time; false: unknown. */
bool workload_bin(const struct registry *r, const struct workload *w, uint64_t bin,
		  uint32_t *ret_usec);
uint64_t registry_bins_end(const struct registry *r);

/* Rates and shares as of now. Doubles are NAN and numbers UINT64_MAX where unknown. */
struct rates {
	double cores_1s, cores_10s, cores_60s; /* mean CPU */
	double peak_100ms_cores;	       /* highest bin of the last minute */
	double throttled_share;		       /* throttled / active periods, last 60 s */
	double wait_share[ABI_CAUSES];	       /* seconds of waiting per second, last 10 s */
	uint64_t p50_usec[ABI_CAUSES], p99_usec[ABI_CAUSES]; /* upper edges, last 30 to 60 s */
	const struct workload *offender; /* heaviest neighbour of that time; NULL: none */
	uint64_t offender_ns;
};
void workload_rates(const struct registry *r, const struct workload *w, uint64_t now_ns,
		    struct rates *ret_rates);

/* Facts read from files, for one workload; what they do not `have` stays as it was. */
void registry_put_facts(struct registry *r, const struct workload *w, const struct facts *f,
			uint64_t now_ns);
/*
 * Facts from a BPF walk for all cgroups: `read` answers for a slot. Memory comes from a workload's
 * topmost cgroup alone (usage is hierarchical), inactive file pages are summed over its subtree
 * (the kernel counts them per cgroup).
 */
typedef bool (*registry_read_fn)(void *arg, uint32_t slot, struct facts *ret_facts);
void registry_collect_facts(struct registry *r, registry_read_fn read, void *arg, uint64_t now_ns);

struct registry_stats {
	uint32_t cgroups;	      /* living */
	uint32_t slotless;	      /* living cgroups without a slot: all, in the files tier */
	uint32_t live, dead, unnamed; /* workloads; unnamed: containers without a name */
	uint64_t refused;	      /* cgroups past max_cgroups, or without memory */
	uint64_t missed_bins;	      /* a sample came too late */
	uint64_t forgotten;	      /* dead workloads dropped before keep_dead_ns */
	uint64_t unplaced_kills;      /* OOM kills in cgroups nobody knew */
};
void registry_get_stats(const struct registry *r, struct registry_stats *ret_stats);
