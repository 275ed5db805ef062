/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup file systems of this node: where each controller is mounted (v2, v1 or hybrid), the
 * tree of the key hierarchy, and one cgroup's facts read from files. Paths of cgroups are from the
 * root of their hierarchy and start with '/'; the root itself is "/". The same path names a
 * workload in every hierarchy (systemd, runc and crun create it so).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "daemon/measure/facts.h"

#define CGROUPFS_DEPTH_MAX 32u
#define CGROUPFS_PATH_MAX 4096u /* bytes with the NUL */

enum cgroupfs_hierarchy {
	CGROUPFS_UNIFIED, /* cgroup2 */
	CGROUPFS_CPU,	  /* v1 */
	CGROUPFS_CPUACCT, /* v1; often the same mount as cpu */
	CGROUPFS_MEMORY,  /* v1 */
	CGROUPFS_HIERARCHIES,
};

struct cgroupfs {
	char *root[CGROUPFS_HIERARCHIES];  /* mount points, NULL where not mounted */
	int root_fd[CGROUPFS_HIERARCHIES]; /* O_PATH|O_DIRECTORY, -1 where not mounted */
	enum cgroupfs_hierarchy key;	   /* the hierarchy whose cgroups are measured */
};

/*
 * Reads mount points from `mountinfo` ("/proc/self/mountinfo"); the first mount of each kind whose
 * root is "/" wins, else the first that shows the whole tree to a cgroup namespace ("/.."). Mounts
 * that can't be opened are passed over. The key is v2 where it is mounted, else v1 cpu, else v1
 * memory. -ENOENT when there is no mount of a whole tree. Zero-initialised or failed structs may be
 * released.
 */
int cgroupfs_init(struct cgroupfs *fs, const char *mountinfo, struct err *e);
void cgroupfs_release(struct cgroupfs *fs);
/* "v2", "v1" or "hybrid". */
const char *cgroupfs_layout(const struct cgroupfs *fs);

/*
 * Calls `found` for every cgroup of a hierarchy, parents first, the root ("/", parent 0) included.
 * `id` is the cgroup id (the inode number of its directory). A cgroup that vanishes on the way is
 * left out. A non-zero return of `found` ends the walk and is returned. Depth and path length are
 * bounded; deeper ones are counted in ret_skipped (may be NULL), with all below them as one, and so
 * are those whose children can't be read. -ENOENT: not mounted.
 */
typedef int (*cgroupfs_found_fn)(void *arg, const char *path, uint64_t id, uint64_t parent_id);
int cgroupfs_walk(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, cgroupfs_found_fn found,
		  void *arg, unsigned *ret_skipped);

/* An O_PATH descriptor of a cgroup's directory; -ENOENT. Refuses paths with ".." (-EINVAL). */
int cgroupfs_open(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path);
/* Id of one cgroup; -ENOENT. Refuses paths with ".." (-EINVAL). */
int cgroupfs_id(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path,
		uint64_t *ret_id);

/*
 * Facts of one cgroup from its files, in every hierarchy that has it; v2 wins over v1 fact by fact.
 * `want` (enum facts_have) limits what is read. A file that is absent (controller not enabled, the
 * root) clears its bit; one that vanishes on the way, too. -ENOENT when no hierarchy has the cgroup
 * any more. Values that do not parse are left out and counted in ret_bad (may be NULL). Of v1's
 * memory.events only oom_kill is known.
 */
int cgroupfs_read(const struct cgroupfs *fs, const char *path, unsigned want,
		  struct facts *ret_facts, unsigned *ret_bad);

/*
 * Parsers of single files, exposed for tests and fuzzing; `text` is cut in place. They fill fields
 * and leave `have` alone, which is up to the caller. 0, or -EINVAL with fields half filled.
 */
int cgroupfs_parse_cpu_stat(char *text, struct facts *f);      /* v2; CFS counters may be absent */
int cgroupfs_parse_cpu_max(const char *text, struct facts *f); /* v2 cpu.max */
int cgroupfs_parse_cpu_stat_v1(char *text, struct facts *f);   /* v1 cpu.stat */
int cgroupfs_parse_cpuacct_stat(char *text, struct facts *f);  /* v1: user and system ticks */
int cgroupfs_parse_cfs_quota(const char *text, struct facts *f); /* v1: -1 is unlimited */
int cgroupfs_parse_oom_control(char *text, struct facts *f);	 /* v1: oom_kill */
int cgroupfs_parse_memory_events(char *text, struct facts *f);
int cgroupfs_parse_memory_stat(char *text, bool v1, struct facts *f); /* (total_)inactive_file */
int cgroupfs_parse_memory_max(const char *text, uint64_t *ret_bytes); /* "max", v1's huge number */
int cgroupfs_parse_number(const char *text, uint64_t *ret_value);     /* one number on a line */
int cgroupfs_parse_pressure(char *text, uint64_t *ret_some_ns, uint64_t *ret_full_ns);
