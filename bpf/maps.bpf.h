/* SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only) */
/*
 * The maps that all three programs share (the loader gives the second and third object the first
 * one's file descriptors) and the helpers around them. Sizes are set before loading.
 */
#pragma once

#include "bpf/compat.bpf.h"

/* Which hierarchy's cgroups have slots: v2, or a v1 controller where v2 is not mounted. */
const volatile bool key_v1 = false;
const volatile __u32 key_subsys = 0;	/* index into css_set.subsys[], for key_v1 */
const volatile __s32 key_hierarchy = 0; /* cgroup_root.hierarchy_id; 0 is v2 */

/* One stretch of time for which a task was on a CPU. */
struct run_seg {
	u64 end_ns;
	u32 len_ns; /* a run is cut by the 10 Hz tick, so 32 bits suffice */
	u32 slot;
	u32 group;
	u32 flags; /* enum abi_slot_flags of the slot */
};

#define SEGS 128u

struct cpu_state {
	struct abi_cpu pub; /* first: the daemon reads it */
	u32 busy; /* set while a program that can be interrupted by the tick changes this */
	u32 slot; /* running task's; ABI_SLOT_NONE while idle */
	u32 group;
	u32 flags;
	u64 last_ns;	   /* up to when the running task is accounted */
	u64 start_ns;	   /* when it got the CPU */
	u64 exec_start_ns; /* its sum_exec_runtime then */
	u64 credited_ns;   /* accounted since */
	u64 last_exec_ns;  /* sum_exec_runtime at the last tick */
	u32 head;	   /* number of runs recorded so far */
	u32 pid;	   /* running task, to notice a switch that we were not shown */
	struct run_seg segs[SEGS];
};

struct task_state {
	u64 enq_ns;		  /* since when it waits for a CPU; 0 while it runs or sleeps */
	u64 throttled_ns;	  /* throttled clock of its run queue at enq_ns */
	u64 cfs;		  /* that run queue, to notice a change of cgroup; 0: not CFS */
	u64 cgid;		  /* cgroup for which `slot` was looked up */
	u64 moved_ns[ABI_CAUSES]; /* parts of this wait on CPUs it was taken from */
	u64 reclaim_ns;		  /* start of a reclaim stall, or 0 */
	u32 slot;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct abi_slot);
} slots SEC(".maps");

/* cgroup id (hierarchy number in the top byte for v1) -> slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u32);
} cgroup_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__uint(key_size, 0);
	__type(value, u32);
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, struct task_state);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_state);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 * 1024);
} events SEC(".maps");

static __always_inline struct cpu_state *cpu_of(u32 cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline struct cpu_state *cpu_this(void)
{
	return cpu_of(bpf_get_smp_processor_id());
}

static __always_inline void count_lost(enum abi_lost what)
{
	struct cpu_state *c = cpu_this();

	if (c)
		__sync_fetch_and_add(&c->pub.lost[what], 1);
}

static __always_inline struct abi_slot *slot_get(u32 slot)
{
	return bpf_map_lookup_elem(&slots, &slot);
}

static __always_inline u32 slot_of_cgid(u64 cgid)
{
	u32 *slot = bpf_map_lookup_elem(&cgroup_slots, &cgid);

	return slot ? *slot : ABI_SLOT_NONE;
}

/* The key hierarchy's cgroup id of a task. */
static __always_inline u64 task_cgid(struct task_struct *p)
{
	struct css_set *set = p->cgroups;
	struct cgroup_subsys_state *css = NULL;

	if (!key_v1)
		return set->dfl_cgrp->kn->id;
	bpf_probe_read_kernel(&css, sizeof(css), &set->subsys[key_subsys]);
	return BPF_CORE_READ(css, cgroup, kn, id);
}

/* The slot of a task; remembered in its state, which spares the hash lookup at every switch. */
static __always_inline u32 slot_of_task(struct task_struct *p, struct task_state *t)
{
	u64 cgid = task_cgid(p);
	u32 slot;

	if (t && t->cgid == cgid && t->slot)
		return t->slot;
	slot = slot_of_cgid(cgid);
	if (t) {
		t->cgid = cgid;
		t->slot = slot;
	}
	return slot;
}

static __always_inline struct task_state *task_find(struct task_struct *p)
{
	u32 pid = p->pid;

	return bpf_map_lookup_elem(&tasks, &pid);
}

/* The one place that puts into the task map: once in a task's life, not at every switch. */
static __always_inline struct task_state *task_find_or_add(struct task_struct *p)
{
	static const struct task_state zero;
	u32 pid = p->pid;
	struct task_state *t = bpf_map_lookup_elem(&tasks, &pid);

	if (t || p->flags & PF_EXITING)
		return t;
	if (bpf_map_update_elem(&tasks, &pid, &zero, BPF_NOEXIST))
		count_lost(ABI_LOST_TASKS_FULL);
	return bpf_map_lookup_elem(&tasks, &pid);
}
