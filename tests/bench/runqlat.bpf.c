// SPDX-License-Identifier: (Apache-2.0 OR GPL-2.0-only)
/*
 * The yardstick of `make bench`: the plainest run-queue latency histogram, one for the whole
 * machine, without cgroups, causes, bins or time on CPU. A hash from pid to the time it was queued,
 * as such tools do it; our programs may cost at most twice as much.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u64);
} queued SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 32);
	__type(key, u32);
	__type(value, u64);
} histogram SEC(".maps");

static __always_inline int enqueue(struct task_struct *p)
{
	u32 pid = p->pid;
	u64 now = bpf_ktime_get_ns();

	if (pid)
		bpf_map_update_elem(&queued, &pid, &now, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(plain_wakeup, struct task_struct *p)
{
	return enqueue(p);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(plain_wakeup_new, struct task_struct *p)
{
	return enqueue(p);
}

static __always_inline u32 bucket_of(u64 usec)
{
	u32 bucket = 0;

	for (int i = 0; i < 31 && usec; i++, usec >>= 1)
		bucket++;
	return bucket;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(plain_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u32 pid = next->pid, bucket;
	u64 *since, *count;

	if (prev->on_rq)
		enqueue(prev);
	since = bpf_map_lookup_elem(&queued, &pid);
	if (!since)
		return 0;
	bucket = bucket_of((bpf_ktime_get_ns() - *since) / 1000);
	count = bpf_map_lookup_elem(&histogram, &bucket);
	if (count)
		__sync_fetch_and_add(count, 1);
	bpf_map_delete_elem(&queued, &pid);
	return 0;
}
