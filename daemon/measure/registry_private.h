/* SPDX-License-Identifier: Apache-2.0 */
/* Insides of the registry, for registry*.c alone. */
#pragma once

#include <sys/queue.h>

#include "base/map.h"
#include "daemon/measure/registry.h"

#define HISTORY_POINTS 13u /* 12 steps: one minute */
#define HISTORY_STEP_NS 5000000000ULL
#define WINDOW_STEPS 6u	       /* wait histograms: two windows of 30 s */
#define IDLE_NS 65000000000ULL /* after that all of the last minute is zero */
/* As TAILQ_FOREACH(), but understood by checkers that do not see <sys/queue.h>. */
#define FOREACH(item, head, field)                                                                 \
	for ((item) = TAILQ_FIRST(head); (item); (item) = TAILQ_NEXT(item, field))

#define TOMBSTONES 256u
#define PATH_LEN_MAX 4096u /* of a cgroup, with the NUL */

/* One cgroup of the key hierarchy, alive or dead for less than REGISTRY_LINGER_NS. */
struct cgroup {
	uint64_t cgid, parent_cgid;
	struct cgroup *parent;	     /* NULL: the root, or not known (yet) */
	struct workload *workload;   /* NULL: structure only */
	const struct abi_slot *live; /* its counters; NULL without a slot */
	const char *path;
	uint64_t born_ns, died_ns;    /* died_ns 0: alive */
	uint64_t seen_run_ns;	      /* run_ns at the last sample */
	uint64_t inactive_file_bytes; /* of itself, at the last walk */
	uint32_t slot, group, flags;  /* as told to BPF */
	uint32_t children;	      /* living */
	uint32_t generation;	      /* resync that saw it last */
	uint16_t components, depth;   /* path components; those of the thing it belongs to */
	uint8_t kind;		      /* enum identity_kind */
	bool level;		      /* slice, level of kubepods, pod: structure by nature */
	bool in_kubepods;
	bool born_seen; /* born_ns is from its birth event */
	bool drained;	/* all its bins were taken since it last ran */
	TAILQ_ENTRY(cgroup) all;
	TAILQ_ENTRY(cgroup) same; /* of one workload */
};
TAILQ_HEAD(cgroup_list, cgroup);

/* Cumulative counters at one moment of the shared history. */
struct point {
	uint64_t wait_ns[ABI_CAUSES], nr_periods, nr_throttled;
};

/* Cumulative wait counters at the start of a window. */
struct wait_base {
	uint32_t hist[ABI_CAUSES][ABI_HIST]; /* differences are right modulo 2^32 */
	struct abi_offender offenders[ABI_OFFENDERS];
};

/* CPU time read from files, for workloads without a slot. */
struct reading {
	uint64_t time_ns, usage_ns;
};

/* What only an active workload needs. */
struct window {
	struct point points[HISTORY_POINTS];	 /* by number of the step % HISTORY_POINTS */
	struct wait_base base[2];		 /* older, newer */
	struct reading readings[HISTORY_POINTS]; /* oldest first; 5 s apart, but for the newest */
	unsigned n_readings;
};

struct workload_state {
	struct cgroup_list cgroups; /* living and lingering */
	uint32_t living;
	bool had_slot; /* totals come from BPF */
	bool had_window;
	bool read_twice;       /* CPU time from files: one reading gives no rate */
	uint64_t read_ns;      /* when it was last read */
	uint64_t first_bin;    /* bins before it are unknown; UINT64_MAX: all */
	uint64_t active_ns;    /* last time it was seen running */
	uint64_t inactive_sum; /* of the walk in progress */
	struct totals *folded; /* of cgroups whose slots were given back; NULL: nothing */
	struct demand *demand; /* NULL: idle for a minute */
	struct window *window; /* NULL: idle for a minute */
	char *names_text;      /* what names point into */
};

/* A workload and its insides in one allocation, followed by its strings. */
struct workload_node {
	struct workload w;
	struct workload_state s;
	TAILQ_ENTRY(workload_node) all;
	char text[];
};
TAILQ_HEAD(workload_list, workload_node);

struct tombstone {
	uint64_t cgid, time_ns, peak_bytes;
};

struct registry {
	const struct registry_ops *ops;
	void *arg;
	struct registry_options options;
	struct map by_cgid, by_path; /* struct cgroup */
	struct cgroup_list cgroups;
	struct workload_list workloads; /* ascending id */
	struct workload_node **sorted;	/* the same, to find a place by id */
	uint32_t n_sorted, sorted_alloc;
	struct workload **owners; /* by slot: whose it is, or was last */
	uint32_t n_owners;
	struct demand_clock clock;
	uint64_t step_ns[HISTORY_POINTS]; /* when each step of history was taken */
	uint64_t steps;
	uint64_t next_id;
	uint32_t generation;
	uint64_t resync_ns;
	uint32_t orphans;  /* living cgroups whose parent is not known, less the root */
	uint32_t kubepods; /* living cgroups in kubepods */
	uint32_t headless; /* workloads whose own cgroup was not seen yet */
	uint32_t n_dead;   /* dead workloads */
	bool names_dirty;  /* containers were born since the sandboxes were told apart */
	struct registry_stats stats;
	struct tombstone tombstones[TOMBSTONES]; /* deaths that came before their births */
	unsigned n_tombstones;
};

static inline struct workload_node *workload_node(const struct workload *w)
{
	return (struct workload_node *)w; /* its first member */
}

/* registry.c */
void registry_reap(struct registry *r, uint64_t now_ns);

/* registry_tree.c: classes, groups */
unsigned path_components(const char *path);
bool path_in_kubepods(const char *path);
void cgroup_classify(struct registry *r, struct cgroup *cg);
void cgroup_regroup(struct registry *r, struct cgroup *cg);
void registry_regroup_all(struct registry *r);
/* A cgroup without workload turned out to hold processes. */
int cgroup_promote(struct registry *r, struct cgroup *cg, uint64_t now_ns);

/* registry_workload.c */
/* Place in r->sorted of the first workload whose id is at least `id`. */
uint32_t registry_sorted_at(const struct registry *r, uint64_t id);
struct workload *workload_new(struct registry *r, const struct cgroup *cg, const char *path,
			      const struct identity *id, uint64_t now_ns);
void workload_free(struct registry *r, struct workload *w);
void workload_adopt(struct registry *r, struct workload *w, struct cgroup *cg);
void workload_disown(struct workload *w, struct cgroup *cg);
void workload_find_names(struct registry *r, struct workload *w);
void workload_note_peak(struct workload *w, uint64_t bytes);
void workload_bury(struct registry *r, struct workload *w, uint64_t now_ns);
void registry_find_sandboxes(struct registry *r);
void registry_forget_dead(struct registry *r, uint64_t now_ns);

/* registry_sample.c */
void cgroup_fold(struct cgroup *cg);
struct window *workload_window(struct workload *w);
/* The neighbours of all its cgroups, summed; free places have ABI_SLOT_NONE. */
void workload_offenders(const struct workload *w, struct abi_offender ret[ABI_OFFENDERS]);
