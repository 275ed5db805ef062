// SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only)
/*
 * One walk over a cgroup hierarchy: the facts of every cgroup that has a slot go into an array that
 * the daemon has mapped. Nothing is formatted, opened or parsed. The seq file of the iterator stays
 * empty: it holds 32 KiB and a cgroup iterator cannot resume (-EOPNOTSUPP, kernel/bpf/cgroup_iter.c).
 *
 * On a v2 tree one walk sees everything. On hybrid and v1 hosts the daemon walks each hierarchy; a
 * walk fills in what its cgroups have (memory from the memory hierarchy, quota from cpu).
 */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 page_shift = 12;
const volatile __u32 memory_subsys = 0;
const volatile __u32 cpu_subsys = 0;
const volatile bool has_memory = false;
const volatile bool has_cpu = false;
const volatile bool has_psi = false;
const volatile __u32 nr_nodes = 1; /* NUMA nodes, by number of the highest */

#define PAGE_UNLIMITED 0x7ffffffffffffULL
#define MAX_NODES 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct abi_snap);
} snaps SEC(".maps");

struct abi_walk walk = {};

/*
 * The slot of a cgroup that was walked before, by the serial number of its css: never reused, dense,
 * and in a cache line that the iterator has just read, where cgroup id and hash table are not. That
 * is a third of a walk's time. Direct mapped; a collision costs one look-up in cgroup_slots.
 */
struct walked {
	u64 serial;
	u32 slot;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192); /* a power of two */
	__type(key, u32);
	__type(value, struct walked);
} walked SEC(".maps");

const volatile __u32 walked_mask = 8191;

/* Renamed over time; exactly one exists (6.1; 6.16 a97915559f5c renamed it for css). */
extern void cgroup_rstat_flush(struct cgroup *cgrp) __ksym __weak;
extern void css_rstat_flush(struct cgroup_subsys_state *css) __ksym __weak;

const volatile __u32 flush = 0; /* 1: cgroup_rstat_flush, 2: css_rstat_flush */

/* cpu.stat's usage and, before its scaling to usage, user and system (kernel/cgroup/rstat.c). */
static __always_inline void snap_cpu(struct abi_snap *s, struct cgroup *cg)
{
	s->usage_ns = cg->bstat.cputime.sum_exec_runtime;
	s->user_ns = cg->bstat.cputime.utime;
	s->system_ns = cg->bstat.cputime.stime;
	s->have |= ABI_SNAP_CPU;
}

static __always_inline struct cgroup_subsys_state *css_of(struct cgroup *cg, u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;

	bpf_probe_read_kernel(&css, sizeof(css), &cg->subsys[subsys]);
	return css;
}

static __always_inline void snap_cfs(struct abi_snap *s, struct cgroup *cg)
{
	/* the first member of struct task_group is its css, as of struct mem_cgroup */
	struct task_group *tg = (struct task_group *)css_of(cg, cpu_subsys);

	if (!tg)
		return;
	s->quota_ns = BPF_CORE_READ(tg, cfs_bandwidth.quota); /* RUNTIME_INF is all ones */
	s->period_ns = BPF_CORE_READ(tg, cfs_bandwidth.period);
	s->nr_periods = BPF_CORE_READ(tg, cfs_bandwidth.nr_periods);
	s->nr_throttled = BPF_CORE_READ(tg, cfs_bandwidth.nr_throttled);
	s->throttled_ns = BPF_CORE_READ(tg, cfs_bandwidth.throttled_time);
	s->have |= ABI_SNAP_CFS;
}

#define LRU_SIZES 36 /* zones times lists: 25 in 5.15 to 6.18, 30 with ZONE_DEVICE and HIGHMEM */

/* Inactive file pages of this memcg's own lists, without a flush of statistics. */
static __always_inline void snap_lru(struct abi_snap *s, struct mem_cgroup *m)
{
	u32 lists = bpf_core_enum_value(enum lru_list, NR_LRU_LISTS);
	u32 zones = bpf_core_enum_value(enum zone_type, __MAX_NR_ZONES);
	u32 list = bpf_core_enum_value(enum lru_list, LRU_INACTIVE_FILE);
	u32 nodeinfo = bpf_core_field_offset(struct mem_cgroup, nodeinfo);
	u32 offset = bpf_core_field_offset(struct mem_cgroup_per_node, lru_zone_size);
	unsigned long sizes[LRU_SIZES] = {};
	u32 n = min(zones * lists, (u32)LRU_SIZES);
	u64 pages = 0;

	for (u32 node = 0; node < MAX_NODES && node < nr_nodes; node++) {
		struct mem_cgroup_per_node *pn = NULL;

		bpf_probe_read_kernel(&pn, sizeof(pn), (void *)m + nodeinfo + node * sizeof(pn));
		if (!pn || bpf_probe_read_kernel(sizes, n * sizeof(*sizes), (void *)pn + offset))
			continue;
		for (u32 i = list; i < n && i < LRU_SIZES; i += lists)
			pages += sizes[i];
	}
	s->inactive_file_bytes = pages << page_shift;
	s->have |= ABI_SNAP_LRU;
}

static __always_inline void snap_memory(struct abi_snap *s, struct cgroup *cg)
{
	struct mem_cgroup *m = (struct mem_cgroup *)css_of(cg, memory_subsys);
	u64 max_pages;

	if (!m)
		return;
	max_pages = BPF_CORE_READ(m, memory.max);
	s->memory_bytes = (u64)BPF_CORE_READ(m, memory.usage.counter) << page_shift;
	s->memory_peak_bytes = (u64)BPF_CORE_READ(m, memory.watermark) << page_shift;
	s->memory_max_bytes = max_pages >= PAGE_UNLIMITED ? ABI_UNLIMITED : max_pages << page_shift;
	/* low, high, max, oom, oom_kill, oom_group_kill open the kernel's array in this order */
	BPF_CORE_READ_INTO(&s->events, m, memory_events);
	s->have |= ABI_SNAP_MEMORY;
	snap_lru(s, m);
}

static __always_inline void snap_psi(struct abi_snap *s, struct cgroup *cg)
{
	struct cgroup___psi *c = (void *)cg;
	struct psi_group *psi;

	if (!bpf_core_field_exists(c->psi))
		return;
	psi = BPF_CORE_READ(c, psi);
	if (psi && !bpf_core_read(s->psi_ns, sizeof(s->psi_ns), &psi->total))
		s->have |= ABI_SNAP_PSI;
}

static __always_inline u32 slot_of_walked(struct cgroup *cg)
{
	u64 serial = cg->self.serial_nr;
	u32 index = serial & walked_mask;
	struct walked *w = bpf_map_lookup_elem(&walked, &index);
	u32 slot;

	if (w && w->serial == serial)
		return w->slot;
	slot = slot_of_cgid(cg->kn->id | (u64)walk.hierarchy_tag << 56);
	if (w && slot) {
		w->slot = slot;
		w->serial = serial;
	}
	return slot;
}

SEC("iter.s/cgroup")
int on_walk(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cg = ctx->cgroup;
	struct abi_snap *s;
	u32 slot;

	if (!cg)
		return 0;
	/* v1 hierarchies have no statistics that a flush would fold */
	if (!ctx->meta->seq_num && !walk.hierarchy_tag) {
		if (flush == 1)
			cgroup_rstat_flush(cg);
		else if (flush == 2)
			css_rstat_flush(&cg->self);
	}
	walk.seen++;
	slot = slot_of_walked(cg);
	/* the root's numbers are the node's: /proc has them */
	s = slot > ABI_SLOT_ROOT ? bpf_map_lookup_elem(&snaps, &slot) : NULL;
	if (!s)
		return 0;
	walk.matched++;
	if (s->walk != walk.walk) {
		s->walk = walk.walk;
		s->have = 0;
	}
	if (!walk.hierarchy_tag) {
		s->cgid = cg->kn->id;
		snap_cpu(s, cg);
		if (has_psi)
			snap_psi(s, cg);
	}
	if (has_cpu)
		snap_cfs(s, cg);
	if (has_memory)
		snap_memory(s, cg);
	return 0;
}
