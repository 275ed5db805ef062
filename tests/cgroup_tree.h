/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that stand in for cgroup file systems, for tests of cgroupfs. */
#pragma once

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/measure/cgroupfs.h"
#include "tests/check_main.h"

/* A folder of the test's own, removed at its end. */
struct tmp {
	char dir[64];
};

static inline void tmp_init(struct tmp *t)
{
	snprintf(t->dir, sizeof(t->dir), "/tmp/evictd-cgroupfs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(t->dir));
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tmp_release(struct tmp *t)
{
	nftw(t->dir, remove_entry, 64, FTW_DEPTH | FTW_PHYS);
}

static inline const char *tmp_path(const struct tmp *t, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

static inline void tmp_mkdir(const struct tmp *t, const char *name)
{
	ck_assert_int_eq(mkdir(tmp_path(t, name), 0755), 0);
}

static inline void tmp_write(const struct tmp *t, const char *name, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(tmp_path(t, name), "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
}

/* A cgroupfs whose v2 root is the folder; also writes a "mountinfo" into it. */
static inline void tmp_cgroupfs(const struct tmp *t, struct cgroupfs *fs)
{
	char line[256];

	snprintf(line, sizeof(line), "1 0 0:1 / %s rw - cgroup2 none rw\n", t->dir);
	tmp_write(t, "mountinfo", line);
	ck_assert_int_eq(cgroupfs_init(fs, tmp_path(t, "mountinfo"), NULL), 0);
}

static inline const char *data_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%s", test_data_dir(), name);
	return path;
}
