/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the BPF programs and the daemon share: the layout of every map value and event. Fixed-width
 * types, no implicit padding, sizes asserted. It is the only header that both sides include.
 *
 * A "slot" is a small number that stands for one cgroup of the key hierarchy (v2 where it is
 * mounted). cgroup ids are 64 bits wide and sparse; a slot indexes arrays, so the hot paths touch
 * one array element instead of a hash table.
 */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

#define ABI_SLOT_NONE 0u /* never given to a cgroup: what is not accounted */
#define ABI_SLOT_ROOT 1u /* the root cgroup: kernel threads and whatever has no cgroup of its own */
#define ABI_SLOT_FIRST 2u

/*
 * Demand is kept in 100 ms bins, the CFS bandwidth period (kernel/sched/sched.h
 * default_cfs_period()), aligned to multiples of 100 ms of CLOCK_MONOTONIC. The ring of 64 covers
 * 6.4 s; the daemon empties it every second. A bin counts in units of 32 ns, so that 32 bits hold
 * 100 ms of 1,374 CPUs.
 */
#define ABI_BIN_NS 100000000ULL
#define ABI_BINS 64u
#define ABI_BIN_SHIFT 5

/* Bucket i of a wait histogram holds waits of [2^(i-1), 2^i) us; bucket 0 those below 1 us. */
#define ABI_HIST 26u

/* Why a runnable task had to wait for a CPU. */
enum abi_cause {
	ABI_WAIT_QUOTA,	    /* its own cgroup, or one above it, was throttled by CFS bandwidth */
	ABI_WAIT_SELF,	    /* other tasks of the same pod ran */
	ABI_WAIT_NEIGHBOUR, /* tasks of another workload ran: see offenders */
	ABI_WAIT_SYSTEM,    /* kernel threads, system services, interrupts, or nothing at all ran */
	ABI_CAUSES,
};

#define ABI_OFFENDERS 4u

/* One of the heaviest neighbours of a slot (space-saving sketch, Metwally et al. 2005). */
struct abi_offender {
	__u64 ns;   /* time that it ran while we waited; an upper estimate after a replacement */
	__u32 slot; /* ABI_SLOT_NONE: free */
	__u32 pad;
};

enum abi_slot_flags {
	ABI_SLOT_SYSTEM = 1u << 0,  /* not a workload: waiting behind it is cause `system` */
	ABI_SLOT_INHERIT = 1u << 1, /* children born below it belong to its group */
};

/* Everything counted for one cgroup since it got its slot. Counters only grow. */
struct abi_slot {
	__u64 cgid;   /* key hierarchy's cgroup id; 0: free */
	__u32 group;  /* slot of the pod (or of itself): tells `self` from `neighbour` */
	__u32 flags;  /* enum abi_slot_flags */
	__u64 run_ns; /* time on CPU */
	__u64 waits;  /* waits that ended */
	__u64 wait_ns[ABI_CAUSES];
	__u64 reclaim_ns; /* stalled in direct or memcg reclaim */
	__u64 reclaims;
	struct abi_offender offenders[ABI_OFFENDERS];
	__u32 hist[ABI_CAUSES][ABI_HIST]; /* waits by length, one histogram per cause */
	__u32 bins[ABI_BINS];		  /* on-CPU time by bin number modulo ABI_BINS */
};

#ifndef __bpf__
_Static_assert(sizeof(struct abi_offender) == 16, "abi_offender has padding");
_Static_assert(sizeof(struct abi_slot) == 32 + 32 + 16 + 64 + 4 * 4 * 26 + 256,
	       "abi_slot has padding");
#endif

/* Facts of one cgroup as of one walk of snapshot.bpf.c. */
enum abi_snap_have {
	ABI_SNAP_CPU = 1u << 0,	   /* usage, user, system */
	ABI_SNAP_CFS = 1u << 1,	   /* quota, periods, throttling */
	ABI_SNAP_MEMORY = 1u << 2, /* memory_* and events */
	ABI_SNAP_PSI = 1u << 3,
	ABI_SNAP_LRU = 1u << 4, /* inactive_file_bytes */
};

enum abi_psi {
	ABI_PSI_IO_SOME,
	ABI_PSI_IO_FULL,
	ABI_PSI_MEM_SOME,
	ABI_PSI_MEM_FULL,
	ABI_PSI_CPU_SOME,
	ABI_PSI_CPU_FULL,
	ABI_PSIS
};

enum abi_mem_event {
	ABI_MEM_LOW,
	ABI_MEM_HIGH,
	ABI_MEM_MAX,
	ABI_MEM_OOM,
	ABI_MEM_OOM_KILL,
	ABI_MEM_OOM_GROUP_KILL,
	ABI_MEM_EVENTS
};

#define ABI_UNLIMITED (~0ULL)

struct abi_snap {
	__u64 walk; /* number of the walk that wrote it; 0: never */
	__u64 cgid;
	__u64 usage_ns; /* cpu.stat usage_usec, in ns */
	__u64 user_ns;
	__u64 system_ns;
	__u64 quota_ns; /* CFS quota per period; ABI_UNLIMITED without one */
	__u64 period_ns;
	__u64 nr_periods;
	__u64 nr_throttled;
	__u64 throttled_ns;
	__u64 memory_bytes; /* memory.current */
	__u64 memory_peak_bytes;
	__u64 memory_max_bytes;	   /* ABI_UNLIMITED without a limit */
	__u64 inactive_file_bytes; /* of this memcg alone, not of its children */
	__u64 events[ABI_MEM_EVENTS];
	__u64 psi_ns[ABI_PSIS]; /* folded by the kernel about every 2 s (kernel/sched/psi.c) */
	__u32 have;		/* enum abi_snap_have */
	__u32 pad;
};

#ifndef __bpf__
_Static_assert(sizeof(struct abi_snap) == 14 * 8 + 6 * 8 + 6 * 8 + 8, "abi_snap has padding");
#endif

/* What the daemon tells a walk, and what the walk tells the daemon. */
struct abi_walk {
	__u64 walk;	     /* its number, from 1 */
	__u64 seen;	     /* out: cgroups walked */
	__u64 matched;	     /* out: of which have a slot */
	__u32 hierarchy_tag; /* top byte of its keys in cgroup_slots: 0 for the key hierarchy */
	__u32 pad;
};

/* Events, in the ring buffer. */
enum abi_event_kind { ABI_EVENT_BIRTH = 1, ABI_EVENT_DEATH, ABI_EVENT_OOM };

#define ABI_PATH_MAX 512u /* bytes with the NUL; a longer path is cut and `truncated` is set */
#define ABI_COMM_LEN 16u

struct abi_event_cgroup {
	__u32 kind;
	__u32 hierarchy; /* kernel's hierarchy id: 0 is v2 */
	__u64 time_ns;	 /* CLOCK_MONOTONIC */
	__u64 cgid;
	__u64 parent_cgid;
	__u32 slot; /* ABI_SLOT_NONE: no slot was free, or not of the key hierarchy */
	__u32 truncated;
	__u64 memory_peak_bytes; /* at death; ABI_UNLIMITED where it has no memory controller */
	__u64 memory_bytes;
	char path[ABI_PATH_MAX]; /* from the root of its hierarchy */
};

struct abi_event_oom {
	__u32 kind;
	__u32 pid; /* of the killed process, in the initial pid namespace */
	__u64 time_ns;
	__u64 cgid;		  /* victim's cgroup in the key hierarchy; 0: unknown */
	__u64 limit_cgid;	  /* memory cgroup that hit its limit; 0: the whole node ran out */
	__u64 usage_bytes;	  /* of limit_cgid at the kill */
	__u64 limit_bytes;	  /* of limit_cgid; ABI_UNLIMITED for the whole node */
	__u64 victim_usage_bytes; /* of the victim's own memory cgroup at the kill */
	__u32 slot;		  /* victim's */
	__u32 oom_group;	  /* memory.oom.group: more kills of the same event follow */
	char comm[ABI_COMM_LEN];
};

#ifndef __bpf__
_Static_assert(sizeof(struct abi_event_cgroup) == 56 + ABI_PATH_MAX,
	       "abi_event_cgroup has padding");
_Static_assert(sizeof(struct abi_event_oom) == 64 + ABI_COMM_LEN, "abi_event_oom has padding");
#endif

/* What went wrong in BPF, counted per CPU; all of it is shown by `evictctl status`. */
enum abi_lost {
	ABI_LOST_NO_SLOT,    /* runs and waits of cgroups that have no slot */
	ABI_LOST_SLOTS_FULL, /* cgroups born while no slot was free */
	ABI_LOST_TASKS_FULL, /* tasks whose waits are not seen: the task map is full */
	ABI_LOST_EVENTS,     /* events that the ring buffer had no room for */
	ABI_LOST_WALK_CUT,   /* waits with more runs than were walked: the rest is extrapolated */
	ABI_LOST_BINS,	     /* runs longer than the ring of bins */
	ABI_LOST_SWITCHES,   /* switches that the kernel did not show us; their runs are rebuilt */
	ABI_LOSTS,
};

/*
 * State of one CPU, one element of the map `cpus`. Only this head is shared: the daemon reads the
 * counters; the rest of the element is private to cpu.bpf.c.
 */
struct abi_cpu {
	__u64 lost[ABI_LOSTS];
	__u64 switches;
	__u64 wakeups;
	__u64 ticks;
};
