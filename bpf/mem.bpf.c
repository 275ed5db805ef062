// SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only)
/*
 * Memory stalls and kills, and the birth and death of cgroups.
 *
 * A cgroup gets its slot here, in the kernel, before its first task runs: one that lives 50 ms is
 * measured like any other. At its death the event carries the high-water mark of its memory, which
 * nobody could read from a file any more. The daemon gives the slot back after the last task died.
 */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PAGE_UNLIMITED 0x7ffffffffffffULL /* PAGE_COUNTER_MAX >> 12: LONG_MAX in pages of 4 KiB */

const volatile __u32 page_shift = 12;
const volatile __u32 memory_subsys = 0; /* index into cgroup.subsys[] */
const volatile __u32 cpu_subsys = 0;
const volatile bool has_memory = false;
const volatile bool has_cpu = false;

static __always_inline struct cgroup_subsys_state *css_of(struct cgroup *cg, u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;

	bpf_probe_read_kernel(&css, sizeof(css), &cg->subsys[subsys]);
	return css;
}

/* The first member of struct mem_cgroup is its css. */
static __always_inline struct mem_cgroup *memcg_of(struct cgroup *cg)
{
	return has_memory ? (struct mem_cgroup *)css_of(cg, memory_subsys) : NULL;
}

static __always_inline u64 pages_to_bytes(u64 pages)
{
	return pages >= PAGE_UNLIMITED ? ABI_UNLIMITED : pages << page_shift;
}

static __always_inline u64 memcg_usage_bytes(struct mem_cgroup *m)
{
	return (u64)BPF_CORE_READ(m, memory.usage.counter) << page_shift;
}

static __always_inline u64 memcg_limit_bytes(struct mem_cgroup *m)
{
	return pages_to_bytes(BPF_CORE_READ(m, memory.max));
}

static __always_inline u64 cgroup_parent_id(struct cgroup *cg)
{
	return BPF_CORE_READ(cg, self.parent, cgroup, kn, id);
}

static __always_inline u32 slot_take(u64 cgid, u64 parent_cgid)
{
	u32 slot = ABI_SLOT_NONE, parent;
	struct abi_slot *s, *up;

	if (bpf_map_pop_elem(&free_slots, &slot)) {
		count_lost(ABI_LOST_SLOTS_FULL);
		return ABI_SLOT_NONE;
	}
	s = slot_get(slot);
	if (!s)
		return ABI_SLOT_NONE;
	parent = slot_of_cgid(parent_cgid);
	up = parent ? slot_get(parent) : NULL;
	s->cgid = cgid;
	s->group = slot;
	s->flags = 0;
	if (up) {
		s->flags = up->flags & ABI_SLOT_SYSTEM;
		if (up->flags & ABI_SLOT_INHERIT) {
			s->group = up->group;
			s->flags |= ABI_SLOT_INHERIT;
		}
	}
	if (bpf_map_update_elem(&cgroup_slots, &cgid, &slot, BPF_NOEXIST)) {
		s->cgid = 0;
		bpf_map_push_elem(&free_slots, &slot, 0);
		count_lost(ABI_LOST_SLOTS_FULL);
		return ABI_SLOT_NONE;
	}
	return slot;
}

static __always_inline void cgroup_event(u32 kind, struct cgroup *cg, const char *path, u32 slot)
{
	struct abi_event_cgroup *ev = bpf_ringbuf_reserve(&events, sizeof(*ev), 0);
	struct mem_cgroup *m;
	long len;

	if (!ev) {
		count_lost(ABI_LOST_EVENTS);
		return;
	}
	ev->kind = kind;
	ev->hierarchy = cg->root->hierarchy_id;
	ev->time_ns = bpf_ktime_get_ns();
	ev->cgid = cg->kn->id;
	ev->parent_cgid = cgroup_parent_id(cg);
	ev->slot = slot;
	ev->memory_peak_bytes = ABI_UNLIMITED;
	ev->memory_bytes = 0;
	m = kind == ABI_EVENT_DEATH ? memcg_of(cg) : NULL;
	if (m) {
		ev->memory_peak_bytes = (u64)BPF_CORE_READ(m, memory.watermark) << page_shift;
		ev->memory_bytes = memcg_usage_bytes(m);
	}
	len = bpf_probe_read_kernel_str(ev->path, sizeof(ev->path), path);
	ev->truncated = len < 0 || len >= (long)sizeof(ev->path);
	if (len < 0)
		ev->path[0] = 0;
	bpf_ringbuf_submit(ev, 0);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup *cg, const char *path)
{
	u32 slot = ABI_SLOT_NONE;

	if (cg->root->hierarchy_id == key_hierarchy)
		slot = slot_take(cg->kn->id, cgroup_parent_id(cg));
	else if (!memcg_of(cg) && !(has_cpu && css_of(cg, cpu_subsys)))
		return 0; /* of v1 hierarchies, those of memory and cpu are paired by path */
	cgroup_event(ABI_EVENT_BIRTH, cg, path, slot);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_rmdir, struct cgroup *cg, const char *path)
{
	u32 slot = ABI_SLOT_NONE;

	if (cg->root->hierarchy_id == key_hierarchy)
		slot = slot_of_cgid(cg->kn->id);
	else if (!memcg_of(cg)) /* of other hierarchies only the memory peak matters */
		return 0;
	cgroup_event(ABI_EVENT_DEATH, cg, path, slot);
	return 0;
}

static __always_inline int reclaim_begin(void)
{
	struct task_state *t = task_find_or_add(bpf_get_current_task_btf());

	if (t)
		t->reclaim_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int reclaim_end(void)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct task_state *t = task_find(p);
	struct abi_slot *s;

	if (!t || !t->reclaim_ns)
		return 0;
	s = slot_get(slot_of_task(p, t));
	if (s) {
		__sync_fetch_and_add(&s->reclaim_ns, bpf_ktime_get_ns() - t->reclaim_ns);
		__sync_fetch_and_add(&s->reclaims, 1);
	}
	t->reclaim_ns = 0;
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(on_direct_reclaim_begin)
{
	return reclaim_begin();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(on_direct_reclaim_end)
{
	return reclaim_end();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(on_memcg_reclaim_begin)
{
	return reclaim_begin();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(on_memcg_reclaim_end)
{
	return reclaim_end();
}

/* Memory cgroups nest; a limit can stand at any level above the task. */
#define MEMCG_DEPTH 16

static __always_inline struct mem_cgroup *memcg_of_task(struct task_struct *p)
{
	struct css_set *set = BPF_CORE_READ(p, cgroups);
	struct cgroup_subsys_state *css = NULL;

	if (!has_memory)
		return NULL;
	bpf_probe_read_kernel(&css, sizeof(css), &set->subsys[memory_subsys]);
	return (struct mem_cgroup *)css;
}

/*
 * The memory cgroup that ran out: from the task that asked for memory upwards, the first that has
 * less than 1/64 of its limit (or 2 MiB) left. Charges of other CPUs come and go while the killer
 * works, so "full" cannot mean equal.
 */
static __always_inline void oom_fill_limit(struct abi_event_oom *ev, struct mem_cgroup *m)
{
	for (int i = 0; i < MEMCG_DEPTH && m; i++) {
		u64 usage = memcg_usage_bytes(m), limit = memcg_limit_bytes(m);
		u64 slack = max(limit >> 6, 2ULL << 20);

		if (limit != ABI_UNLIMITED && usage + slack >= limit) {
			ev->usage_bytes = usage;
			ev->limit_bytes = limit;
			ev->limit_cgid = BPF_CORE_READ(m, css.cgroup, kn, id);
			ev->oom_group |= BPF_CORE_READ(m, oom_group);
			return;
		}
		m = (struct mem_cgroup *)BPF_CORE_READ(m, css.parent);
	}
}

static __always_inline struct abi_event_oom *oom_event(u32 pid)
{
	struct abi_event_oom *ev = bpf_ringbuf_reserve(&events, sizeof(*ev), 0);

	if (!ev) {
		count_lost(ABI_LOST_EVENTS);
		return NULL;
	}
	__builtin_memset(ev, 0, sizeof(*ev));
	ev->kind = ABI_EVENT_OOM;
	ev->pid = pid;
	ev->time_ns = bpf_ktime_get_ns();
	ev->limit_bytes = ABI_UNLIMITED;
	return ev;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(on_victim, struct task_struct *victim)
{
	struct abi_event_oom *ev = oom_event(BPF_CORE_READ(victim, pid));
	struct mem_cgroup *m;

	if (!ev)
		return 0;
	m = memcg_of_task(victim);
	if (m) {
		ev->victim_usage_bytes = memcg_usage_bytes(m);
		ev->oom_group = BPF_CORE_READ(m, oom_group);
		oom_fill_limit(ev, m);
	}
	ev->cgid = task_cgid(victim);
	ev->slot = slot_of_cgid(ev->cgid);
	bpf_probe_read_kernel_str(ev->comm, sizeof(ev->comm), victim->comm);
	bpf_ringbuf_submit(ev, 0);
	return 0;
}

/*
 * Before 6.8 (72ba14deb40a) only the pid is told. Its cgroup is in the task map, where the task has
 * ever run; the limit is found from the task that asked for memory, which is below the same limit.
 */
SEC("tp_btf/mark_victim")
int BPF_PROG(on_victim_pid, int pid)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct abi_event_oom *ev = oom_event(pid);
	struct task_state *t;
	struct mem_cgroup *m;
	u32 key = pid;

	if (!ev) /* 6.1's verifier loses track of it past a call */
		return 0;
	t = bpf_map_lookup_elem(&tasks, &key);
	m = memcg_of_task(p);
	if (m)
		oom_fill_limit(ev, m);
	if (t && t->cgid) {
		ev->cgid = t->cgid;
	} else if (ev->limit_cgid) {
		ev->cgid = task_cgid(p);
	}
	ev->victim_usage_bytes = ev->usage_bytes;
	ev->slot = slot_of_cgid(ev->cgid);
	if (p->pid == pid)
		bpf_probe_read_kernel_str(ev->comm, sizeof(ev->comm), p->comm);
	bpf_ringbuf_submit(ev, 0);
	return 0;
}
