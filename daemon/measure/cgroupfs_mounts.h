/* SPDX-License-Identifier: Apache-2.0 */
/* One line of mountinfo (proc_pid_mountinfo(5)), read for its cgroup hierarchies; for cgroupfs.c. */
#pragma once

#include <stdbool.h>

#include "daemon/measure/cgroupfs.h"

struct cgroupfs_mount {
	const char *point;    /* where it is mounted, unescaped; points into the line */
	const char *root;     /* the cgroup that shows there, unescaped; points into the line */
	unsigned hierarchies; /* bit 1 << enum cgroupfs_hierarchy; v1 mounts may carry several */
};

/* False: the line is no mount of a hierarchy that we read, or it is malformed. Cuts the line. */
bool cgroupfs_mount_parse(char *line, struct cgroupfs_mount *ret_mount);

/*
 * How much of the tree a mount shows: 2 all of it ("/"), 1 all of it as seen from inside a cgroup
 * namespace ("/..", "/../.."), 0 a part (a bind mount, or a container's own cgroup).
 */
int cgroupfs_mount_rank(const char *root);
