// SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only)
/*
 * Time on CPU and the wait for it, per cgroup.
 *
 * Time on CPU is the kernel's own: the growth of the task's sum_exec_runtime between switch-in and
 * switch-out, the very number that cpu.stat adds up, so both agree also where time is stolen or
 * spent in interrupts. It is spread evenly over the wall time of the run, into 100 ms bins. A 10 Hz
 * tick accounts tasks that never switch; between scheduler ticks sum_exec_runtime is stale, so the
 * tick credits up to now, at most one scheduler tick ahead of the kernel; switch-out settles it.
 *
 * A wait begins when a task is woken (or loses its CPU while runnable) and ends at switch-in. It is
 * split by cause:
 *   quota      growth of the throttled clock of its run queue during the wait; throttling comes
 *              first in time, so it takes the beginning of the wait
 *   the rest   what really ran on that CPU meanwhile, from a ring of the CPU's last runs:
 *              same pod -> self, another workload -> neighbour, else -> system. Time in which
 *              nothing ran (wake-up latency, interrupts, a stolen CPU) is system.
 * Migration: a task that the balancer takes from a CPU while it waits has that part of its wait
 * split by what ran on the CPU it leaves; the rest counts on the new one. One wait is one entry in
 * the histogram of each cause that had a part in it, with the length of that part.
 *
 * Nothing here takes a lock or allocates, but for the first sight of a task (a preallocated element).
 */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Enough for a pod that waits its turn behind many others; the rest is extrapolated and counted. */
#define WALK_MAX 24

static __always_inline u32 log2_usec(u64 ns)
{
	u64 usec = ns / 1000;
	u32 v = usec > 0xffffffffULL ? 0xffffffffU : usec;
	u32 r, shift;

	if (!v)
		return 0;
	r = (v > 0xFFFF) << 4;
	v >>= r;
	shift = (v > 0xFF) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xF) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= v >> 1;
	return min(r + 1, ABI_HIST - 1);
}

static __always_inline void bin_add(struct abi_slot *s, u64 bin, u64 ns)
{
	__sync_fetch_and_add(&s->bins[bin & (ABI_BINS - 1)], (u32)(ns >> ABI_BIN_SHIFT));
}

/* Spreads `ns` of CPU time evenly over the wall time [from, to). */
static __always_inline void spread(struct abi_slot *s, u64 from, u64 to, u64 ns)
{
	u64 bin = from / ABI_BIN_NS, last = to / ABI_BIN_NS, wall = to - from, left = ns;

	if (last - bin >= ABI_BINS) {
		count_lost(ABI_LOST_BINS);
		return;
	}
	for (u32 i = 0; i < ABI_BINS && bin < last; i++, bin++) {
		u64 edge = (bin + 1) * ABI_BIN_NS;
		u64 len = edge - from;
		/* beyond 2 s the product would overflow; such runs have no gaps to speak of */
		u64 part = wall < (1ULL << 31) ? ns * len / wall : min(left, len);

		part = min(part, left);
		bin_add(s, bin, part);
		left -= part;
		from = edge;
	}
	bin_add(s, last, left);
}

static __always_inline void seg_push(struct cpu_state *c, u64 end_ns)
{
	u64 len = end_ns - c->last_ns;
	struct run_seg *seg = &c->segs[c->head & (SEGS - 1)];

	seg->end_ns = end_ns;
	seg->len_ns = min(len, 0xffffffffULL);
	seg->slot = c->slot;
	seg->group = c->group;
	seg->flags = c->flags;
	c->head++;
}

/* Accounts the running task up to `now`, of which `total_ns` since it got the CPU. */
static __always_inline void credit(struct cpu_state *c, u64 now, u64 total_ns)
{
	struct abi_slot *s = slot_get(c->slot);

	if (s && total_ns > c->credited_ns) {
		u64 ns = total_ns - c->credited_ns;

		__sync_fetch_and_add(&s->run_ns, ns);
		spread(s, c->last_ns, now, ns);
		c->credited_ns = total_ns;
	}
	seg_push(c, now);
	c->last_ns = now;
}

/*
 * CPU time of the running task since switch-in, as of `now`: the kernel's number, and up to one
 * scheduler tick beyond. Where the number did not move since the last tick of ours, the CPU runs
 * without scheduler ticks (nohz_full), and wall time is the best there is.
 */
static __always_inline u64 running_ns(struct cpu_state *c, struct task_struct *p, u64 now)
{
	u64 exec = p->se.sum_exec_runtime;
	u64 ns = exec - c->exec_start_ns, wall = now - c->start_ns;
	bool stale = exec == c->last_exec_ns;

	c->last_exec_ns = exec;
	if (stale)
		return c->credited_ns + (now - c->last_ns);
	return min(wall, ns + NSEC_PER_TICK_MAX);
}

static __always_inline void cpu_set_slot(struct cpu_state *c, u32 slot)
{
	struct abi_slot *s = slot_get(slot);

	c->slot = slot;
	c->group = s ? s->group : 0;
	c->flags = s ? s->flags : 0;
}

/* Sums of one wait while it is split. */
struct split {
	u64 self_ns, neighbour_ns, system_ns;
	u64 top_ns; /* heaviest single neighbour */
	u32 top_slot;
	u32 group;
};

static __always_inline void split_add(struct split *w, u32 slot, u32 group, u32 flags, u64 ns)
{
	if (group == w->group && group) {
		w->self_ns += ns;
		return;
	}
	if (slot <= ABI_SLOT_ROOT || flags & ABI_SLOT_SYSTEM)
		w->system_ns += ns;
	else
		w->neighbour_ns += ns;
	if (slot > ABI_SLOT_ROOT) {
		if (slot == w->top_slot) {
			w->top_ns += ns;
		} else if (ns > w->top_ns) {
			w->top_slot = slot;
			w->top_ns = ns;
		}
	}
}

/* What ran on CPU `c` in [from, now): w is filled. */
static __always_inline void split_walk(struct cpu_state *c, u64 from, u64 now, struct split *w)
{
	u64 oldest = now, wall = now - from;
	u32 head = c->head;
	u32 i;

	if (c->slot) { /* the task in work: it has no segment yet */
		u64 start = max(c->last_ns, from);

		if (now > start)
			split_add(w, c->slot, c->group, c->flags, now - start);
		oldest = min(oldest, start);
	}
	for (i = 0; i < WALK_MAX; i++) {
		struct run_seg *seg = &c->segs[(head - 1 - i) & (SEGS - 1)];
		u64 end = min(seg->end_ns, now), start = seg->end_ns - seg->len_ns;

		if (end <= from)
			return;
		start = max(start, from);
		if (end > start)
			split_add(w, seg->slot, seg->group, seg->flags, end - start);
		oldest = min(oldest, start);
		if (oldest <= from)
			return;
	}
	/* more runs than we walk: what the latest show stands for all */
	if (oldest < now && oldest > from) {
		u64 seen = (now - oldest) / 1024 + 1, scale = wall / seen; /* in 1/1024 */

		w->self_ns = w->self_ns * scale / 1024;
		w->neighbour_ns = w->neighbour_ns * scale / 1024;
		w->system_ns = w->system_ns * scale / 1024;
		w->top_ns = w->top_ns * scale / 1024;
		count_lost(ABI_LOST_WALK_CUT);
	}
}

/* The offender sketch: a known one grows, else the lightest gives way and leaves its weight. */
static __always_inline void offender_add(struct abi_slot *s, u32 slot, u64 ns)
{
	u32 lightest = 0;
	u64 least = ~0ULL;

	for (u32 i = 0; i < ABI_OFFENDERS; i++) {
		struct abi_offender *o = &s->offenders[i];

		if (o->slot == slot) {
			__sync_fetch_and_add(&o->ns, ns);
			return;
		}
		if (o->ns < least) {
			least = o->ns;
			lightest = i;
		}
	}
	s->offenders[lightest & (ABI_OFFENDERS - 1)].slot = slot;
	s->offenders[lightest & (ABI_OFFENDERS - 1)].ns = least + ns;
}

/* Splits [t->enq_ns, now) on CPU c and adds it to t->moved_ns; s (may be NULL) learns offenders. */
static __always_inline void wait_split(struct cpu_state *c, struct task_struct *p,
				       struct task_state *t, struct abi_slot *s, u64 now)
{
	u64 from = t->enq_ns, wait = now - from, quota = 0, ran;
	struct split w = { .group = s ? s->group : 0 };

	if ((s64)wait <= 0)
		return;
	if (t->cfs && t->cfs == (u64)p->se.cfs_rq) {
		quota = compat_throttled_ns(p->se.cfs_rq) - t->throttled_ns;
		quota = (s64)quota < 0 ? 0 : min(quota, wait);
		from += quota;
	}
	if (from < now)
		split_walk(c, from, now, &w);
	ran = w.self_ns + w.neighbour_ns + w.system_ns;
	t->moved_ns[ABI_WAIT_QUOTA] += quota;
	t->moved_ns[ABI_WAIT_SELF] += w.self_ns;
	t->moved_ns[ABI_WAIT_NEIGHBOUR] += w.neighbour_ns;
	t->moved_ns[ABI_WAIT_SYSTEM] += w.system_ns + (now - from > ran ? now - from - ran : 0);
	if (s && w.top_ns)
		offender_add(s, w.top_slot, w.top_ns);
}

/* A wait is over: into the counters of the slot. */
static __always_inline void wait_end(struct abi_slot *s, struct task_state *t)
{
	for (u32 i = 0; i < ABI_CAUSES; i++) {
		u64 ns = t->moved_ns[i];

		if (!ns)
			continue;
		t->moved_ns[i] = 0;
		if (!s)
			continue;
		__sync_fetch_and_add(&s->wait_ns[i], ns);
		__sync_fetch_and_add(&s->hist[i][log2_usec(ns)], 1);
	}
	if (s)
		__sync_fetch_and_add(&s->waits, 1);
}

static __always_inline void wait_begin(struct task_struct *p, struct task_state *t, u64 now)
{
	struct cfs_rq *cfs = p->se.cfs_rq;

	t->enq_ns = now;
	t->cfs = 0;
	if (p->prio >= PRIO_FAIR_MIN) {
		t->cfs = (u64)cfs;
		t->throttled_ns = compat_throttled_ns(cfs);
	}
}

/* A task got the CPU at `now`: its wait is over, its run begins. */
static __always_inline void run_begin(struct cpu_state *c, struct task_struct *p, u64 now,
				      u64 exec_ns)
{
	struct task_state *t = task_find(p);
	u32 slot = slot_of_task(p, t);
	struct abi_slot *s = slot ? slot_get(slot) : NULL;

	if (!s)
		c->pub.lost[ABI_LOST_NO_SLOT]++;
	if (t && t->enq_ns) {
		wait_split(c, p, t, s, now);
		wait_end(s, t);
		t->enq_ns = 0;
	}
	c->slot = s ? slot : ABI_SLOT_NONE;
	c->group = s ? s->group : 0;
	c->flags = s ? s->flags : 0;
	c->pid = p->pid;
	c->last_ns = now;
	c->start_ns = now;
	c->exec_start_ns = exec_ns;
	c->credited_ns = 0;
	c->last_exec_ns = 0;
}

/*
 * A task that we did not see getting the CPU: while we attach, and where a kernel hides some tasks
 * from tracing (as in some sandboxes). CFS keeps sum_exec_runtime of the switch-in beside it
 * (kernel/sched/fair.c set_next_entity()), so the run can still be told; other classes start anew.
 */
static __always_inline void run_begin_unseen(struct cpu_state *c, struct task_struct *p, u64 now)
{
	u64 exec = p->se.sum_exec_runtime, ran = 0;

	if (p->prio >= PRIO_FAIR_MIN)
		ran = exec - p->se.prev_sum_exec_runtime;
	if (ran > ABI_BINS / 2 * ABI_BIN_NS)
		ran = 0;
	c->pub.lost[ABI_LOST_SWITCHES]++;
	c->slot = ABI_SLOT_NONE;
	run_begin(c, p, now - ran, exec - ran);
}

static __always_inline int handle_switch(struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns();
	struct cpu_state *c = cpu_this();

	if (!c)
		return 0;
	c->pub.switches++;
	if (prev->pid) {
		if (c->pid != prev->pid)
			run_begin_unseen(c, prev, now);
		if (c->slot)
			credit(c, now, prev->se.sum_exec_runtime - c->exec_start_ns);
		if (compat_task_queued(prev)) {
			struct task_state *t = task_find_or_add(prev);

			if (t)
				wait_begin(prev, t, now);
		}
	}
	c->slot = ABI_SLOT_NONE;
	c->pid = 0;
	if (next->pid)
		run_begin(c, next, now, next->se.sum_exec_runtime);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return handle_switch(prev, next);
}

/* 5.18 alone had prev_state as its second argument (fa2c3254d7cf, undone by 9c2136be0878). */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch_state_first, bool preempt, unsigned int prev_state, struct task_struct *prev,
	     struct task_struct *next)
{
	return handle_switch(prev, next);
}

static __always_inline int handle_wakeup(struct task_struct *p, bool is_new)
{
	struct cpu_state *c = cpu_this();
	struct task_state *t;

	if (c)
		c->pub.wakeups++;
	if (p->on_cpu) /* woken before it got off the CPU: it never waited */
		return 0;
	t = task_find_or_add(p);
	if (!t)
		return 0;
	if (is_new) {
		/* a process id that was used before */
		__builtin_memset(t, 0, sizeof(*t));
	} else if (t->enq_ns) {
		return 0; /* preempted on its way to sleep: it waits already */
	}
	wait_begin(p, t, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *p)
{
	return handle_wakeup(p, false);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *p)
{
	return handle_wakeup(p, true);
}

/* A waiting task is taken to another CPU: settle what it waited for on the old one. */
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *p, int dest_cpu)
{
	struct task_state *t;
	struct cpu_state *c;
	struct cfs_rq *dest;
	u64 now;

	if (p->on_rq != TASK_ON_RQ_MIGRATING || p->on_cpu)
		return 0;
	t = task_find(p);
	c = cpu_of(compat_task_cpu(p));
	if (!t || !t->enq_ns || !c)
		return 0;
	now = bpf_ktime_get_ns();
	wait_split(c, p, t, slot_get(slot_of_task(p, t)), now);
	t->enq_ns = now;
	if (!t->cfs)
		return 0;
	/* its next run queue; never a throttled one (kernel/sched/fair.c can_migrate_task()) */
	dest = NULL;
	bpf_probe_read_kernel(&dest, sizeof(dest),
			      BPF_CORE_READ(p, sched_task_group, cfs_rq) + dest_cpu);
	t->cfs = (u64)dest;
	t->throttled_ns = dest ? compat_throttled_past_ns(dest) : 0;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *p)
{
	u32 pid = p->pid;

	bpf_map_delete_elem(&tasks, &pid);
	return 0;
}

/* Accounts the running task up to now; without a slot the time passes unaccounted. */
static __always_inline void credit_running(struct cpu_state *c, struct task_struct *p, u64 now)
{
	u64 total_ns;

	if (c->pid != p->pid)
		run_begin_unseen(c, p, now);
	total_ns = running_ns(c, p, now);
	if (c->slot) {
		credit(c, now, total_ns);
		return;
	}
	c->credited_ns = total_ns;
	c->last_ns = now;
}

/* A task that moves itself: what it ran so far belongs to the cgroup it leaves. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_attach, struct cgroup *dst, const char *path, struct task_struct *p)
{
	struct task_struct *current_task = bpf_get_current_task_btf();
	struct cpu_state *c = cpu_this();

	if (!c || p != current_task || dst->root->hierarchy_id != key_hierarchy)
		return 0;
	c->busy = 1;
	barrier();
	credit_running(c, p, bpf_ktime_get_ns());
	cpu_set_slot(c, slot_of_cgid(dst->kn->id));
	barrier();
	c->busy = 0;
	return 0;
}

/* 10 Hz on every CPU. */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct cpu_state *c = cpu_this();
	u32 slot;

	if (!c || c->busy)
		return 0;
	c->pub.ticks++;
	if (!p->pid)
		return 0;
	credit_running(c, p, bpf_ktime_get_ns());
	slot = slot_of_task(p, task_find(p));
	if (slot != c->slot) /* it was moved by another, or its cgroup got a slot */
		cpu_set_slot(c, slot);
	return 0;
}
