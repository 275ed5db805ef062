/* SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only) */
/*
 * What differs between kernels 5.15 and 7.x, in one place: fields that came, went or were renamed,
 * each with the commit or version that did it. Flavours (struct x___y) are looked up by libbpf as
 * struct x; a missing field is dead code after relocation. Features are probed, never versions.
 */
#pragma once

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/abi.h"

#define NSEC_PER_TICK_MAX 10000000ULL /* the slowest scheduler tick: HZ=100 */
#define PF_EXITING 0x00000004	      /* include/linux/sched.h */
#define TASK_ON_RQ_MIGRATING 2	      /* kernel/sched/sched.h */
#define PRIO_FAIR_MIN 100	      /* include/linux/sched/prio.h MAX_RT_PRIO */

#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif

struct thread_info___cpu {
	u32 cpu;
} __attribute__((preserve_access_index));

/* task_struct.cpu moved into thread_info in 5.16 (bcf9033e5449). */
struct task_struct___old_cpu {
	unsigned int cpu;
} __attribute__((preserve_access_index));

struct task_struct___new_cpu {
	struct thread_info___cpu thread_info;
} __attribute__((preserve_access_index));

static __always_inline u32 compat_task_cpu(const struct task_struct *p)
{
	const struct task_struct___old_cpu *old = (const void *)p;
	const struct task_struct___new_cpu *new = (const void *)p;

	if (bpf_core_field_exists(old->cpu))
		return BPF_CORE_READ(old, cpu);
	return BPF_CORE_READ(new, thread_info.cpu);
}

/* EEVDF keeps some sleeping tasks on the run queue since 6.12 (152e11f6df29). */
struct sched_entity___delayed {
	unsigned char sched_delayed;
} __attribute__((preserve_access_index));

struct task_struct___delayed {
	struct sched_entity___delayed se;
} __attribute__((preserve_access_index));

/* True when a task that leaves its CPU still wants one. */
static __always_inline bool compat_task_queued(struct task_struct *p)
{
	struct task_struct___delayed *d = (void *)p;

	if (!p->on_rq)
		return false;
	if (bpf_core_field_exists(d->se.sched_delayed))
		return !d->se.sched_delayed;
	return true;
}

/*
 * How long a run queue of a task group has been throttled, by its own quota or that of a group
 * above it, in ns; runs on while it is throttled. Three generations:
 *  - throttled_clock_self_time: rq_clock, counts only while tasks are queued; since 6.6
 *    (677ea015f231). Since 6.18 single tasks are dequeued (e1fad12dcb66), the clock stayed.
 *  - throttled_clock_pelt_time: rq_clock_pelt, since 5.19 (64eaf50731ac).
 *  - throttled_clock_task_time: rq_clock_task, before.
 */
struct rq___clocks {
	u64 clock;
	u64 clock_task;
	u64 clock_pelt;
	unsigned long lost_idle_time;
} __attribute__((preserve_access_index));

struct cfs_rq___self {
	struct rq___clocks *rq;
	u64 throttled_clock_self;
	u64 throttled_clock_self_time;
} __attribute__((preserve_access_index));

struct cfs_rq___pelt {
	struct rq___clocks *rq;
	int throttle_count;
	u64 throttled_clock_pelt;
	u64 throttled_clock_pelt_time;
} __attribute__((preserve_access_index));

struct cfs_rq___task {
	struct rq___clocks *rq;
	int throttle_count;
	u64 throttled_clock_task;
	u64 throttled_clock_task_time;
} __attribute__((preserve_access_index));

static __always_inline u64 compat_throttled_ns(struct cfs_rq *cfs)
{
	struct cfs_rq___self *self = (void *)cfs;
	struct cfs_rq___pelt *pelt = (void *)cfs;
	struct cfs_rq___task *task = (void *)cfs;
	u64 ns;

	if (bpf_core_field_exists(self->throttled_clock_self_time)) {
		u64 since = self->throttled_clock_self;

		ns = self->throttled_clock_self_time;
		return since ? ns + self->rq->clock - since : ns;
	}
	if (bpf_core_field_exists(pelt->throttled_clock_pelt_time)) {
		ns = pelt->throttled_clock_pelt_time;
		if (pelt->throttle_count)
			ns += pelt->rq->clock_pelt - pelt->rq->lost_idle_time -
			      pelt->throttled_clock_pelt;
		return ns;
	}
	if (bpf_core_field_exists(task->throttled_clock_task_time)) {
		ns = task->throttled_clock_task_time;
		if (task->throttle_count)
			ns += task->rq->clock_task - task->throttled_clock_task;
		return ns;
	}
	return 0;
}

/*
 * The same for a run queue that was found by reading memory. Not for one that is throttled right
 * now: the running part is left out.
 */
static __always_inline u64 compat_throttled_past_ns(struct cfs_rq *cfs)
{
	struct cfs_rq___self *self = (void *)cfs;
	struct cfs_rq___pelt *pelt = (void *)cfs;
	struct cfs_rq___task *task = (void *)cfs;

	if (bpf_core_field_exists(self->throttled_clock_self_time))
		return BPF_CORE_READ(self, throttled_clock_self_time);
	if (bpf_core_field_exists(pelt->throttled_clock_pelt_time))
		return BPF_CORE_READ(pelt, throttled_clock_pelt_time);
	if (bpf_core_field_exists(task->throttled_clock_task_time))
		return BPF_CORE_READ(task, throttled_clock_task_time);
	return 0;
}

/* psi became a pointer of struct cgroup in 6.1 (5f69a6577bc3 allocates it on demand). */
struct cgroup___psi {
	struct psi_group *psi;
} __attribute__((preserve_access_index));
