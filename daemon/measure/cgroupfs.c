/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/cgroupfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "daemon/measure/cgroupfs_mounts.h"

/* What init knows beside the result. */
struct mount_scan {
	int rank[CGROUPFS_HIERARCHIES];
	bool partial;	/* a mount that shows only a part of its tree was seen */
	int open_error; /* of the last mount point that could not be opened, 0: none */
};

static int take_root(struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *point)
{
	_cleanup_close_ int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *copy;

	if (fd < 0)
		return -errno;
	copy = strdup(point);
	if (!copy)
		return -ENOMEM;
	if (fs->root[h]) {
		free(fs->root[h]);
		close(fs->root_fd[h]);
	}
	fs->root[h] = copy;
	fs->root_fd[h] = TAKE_FD(fd);
	return 0;
}

/* A mount point that can't be opened (hidden below a later mount, say) leaves room for the next. */
static int take_mount(struct cgroupfs *fs, struct mount_scan *s, const struct cgroupfs_mount *m)
{
	int rank = cgroupfs_mount_rank(m->root);

	if (rank == 0) {
		s->partial = true;
		return 0;
	}
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		int r;

		if (!(m->hierarchies & 1u << h) || rank <= s->rank[h])
			continue;
		r = take_root(fs, h, m->point);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			s->open_error = r;
		else
			s->rank[h] = rank;
	}
	return 0;
}

static int scan_mounts(struct cgroupfs *fs, struct mount_scan *s, FILE *f)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) >= 0) {
		struct cgroupfs_mount m;
		int r;

		if (!cgroupfs_mount_parse(line, &m))
			continue;
		r = take_mount(fs, s, &m);
		if (r < 0)
			return r;
	}
	return ferror(f) ? -EIO : 0;
}

static int choose_key(struct cgroupfs *fs, const struct mount_scan *s, const char *mountinfo,
		      struct err *e)
{
	static const enum cgroupfs_hierarchy order[] = { CGROUPFS_UNIFIED, CGROUPFS_CPU,
							 CGROUPFS_MEMORY, CGROUPFS_CPUACCT };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (fs->root[order[i]]) {
			fs->key = order[i];
			return 0;
		}
	}
	if (s->open_error)
		return err_set(e, s->open_error, "%s: cannot open any cgroup mount: %s", mountinfo,
			       strerror(-s->open_error));
	if (s->partial)
		return err_set(e, -ENOENT,
			       "%s: every cgroup mount shows only a part of the tree: run in the "
			       "host's cgroup namespace, with the host's /sys/fs/cgroup",
			       mountinfo);
	return err_set(e, -ENOENT,
		       "%s: no cgroup file system: mount one (mount -t cgroup2 none "
		       "/sys/fs/cgroup)",
		       mountinfo);
}

int cgroupfs_init(struct cgroupfs *fs, const char *mountinfo, struct err *e)
{
	_cleanup_fclose_ FILE *f = NULL;
	struct mount_scan s = { .partial = false };
	int r;

	*fs = (struct cgroupfs){ .key = CGROUPFS_UNIFIED };
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++)
		fs->root_fd[h] = -1;
	f = fopen(mountinfo, "re");
	if (!f)
		return err_set(e, -errno, "%s: cannot read: %s", mountinfo, strerror(errno));
	r = scan_mounts(fs, &s, f);
	if (r < 0)
		err_set(e, r, "%s: cannot read: %s", mountinfo, strerror(-r));
	else
		r = choose_key(fs, &s, mountinfo, e);
	if (r < 0)
		cgroupfs_release(fs);
	return r;
}

void cgroupfs_release(struct cgroupfs *fs)
{
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		/* By the name, as in a zeroed struct the descriptor 0 is not ours. */
		if (fs->root[h])
			close(fs->root_fd[h]);
		free(fs->root[h]);
		fs->root[h] = NULL;
		fs->root_fd[h] = -1;
	}
}

const char *cgroupfs_layout(const struct cgroupfs *fs)
{
	bool v1 = fs->root[CGROUPFS_CPU] || fs->root[CGROUPFS_CPUACCT] || fs->root[CGROUPFS_MEMORY];

	if (!fs->root[CGROUPFS_UNIFIED])
		return "v1";
	return v1 ? "hybrid" : "v2";
}

/* The path as the *at() calls want it, NULL for one that is not absolute or leaves the tree. */
static const char *relative_path(const char *path)
{
	const char *s = path;

	if (*s != '/' || strlen(path) >= CGROUPFS_PATH_MAX)
		return NULL;
	while ((s = strstr(s, "/.."))) {
		s += 3;
		if (*s == '/' || !*s)
			return NULL;
	}
	path += strspn(path, "/");
	return *path ? path : ".";
}

int cgroupfs_open(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path)
{
	int fd;

	path = relative_path(path);
	if (!path)
		return -EINVAL;
	if (!fs->root[h])
		return -ENOENT;
	fd = openat(fs->root_fd[h], path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) /* a file where a cgroup was asked for, or a link, is no cgroup */
		return errno == ENOTDIR || errno == ELOOP ? -ENOENT : -errno;
	return fd;
}

int cgroupfs_id(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path,
		uint64_t *ret_id)
{
	_cleanup_close_ int fd = cgroupfs_open(fs, h, path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_id = st.st_ino;
	return 0;
}
