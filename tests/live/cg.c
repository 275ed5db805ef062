// SPDX-License-Identifier: Apache-2.0
#include "tests/live/cg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *parent_path(void)
{
	static char path[64];

	if (!path[0])
		snprintf(path, sizeof(path), "/evictd-live-%d", getpid());
	return path;
}

static int cg_file(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path,
		   const char *file, char *buf, size_t size)
{
	if (!fs->root[h])
		return -ENOENT;
	snprintf(buf, size, "%s%s%s%s", fs->root[h], path, *file ? "/" : "", file);
	return 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int cg_write(const struct cg *cg, enum cgroupfs_hierarchy h, const char *file,
		    const char *text)
{
	char path[512];
	int r = cg_file(cg->fs, h, cg->path, file, path, sizeof(path));

	return r ?: write_file(path, text);
}

static int make_dir(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, const char *path)
{
	char dir[512];

	if (cg_file(fs, h, path, "", dir, sizeof(dir)))
		return 0;
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

/* On v2 the children get controllers only when their parent says so. */
static void enable_controllers(const struct cgroupfs *fs)
{
	static const char *const controllers[] = { "+cpu", "+memory" };
	char file[512];

	if (cg_file(fs, CGROUPFS_UNIFIED, parent_path(), "cgroup.subtree_control", file,
		    sizeof(file)))
		return;
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		write_file(file, controllers[i]);
}

int cg_create(struct cg *cg, const struct cgroupfs *fs, const char *name)
{
	cg->fs = fs;
	snprintf(cg->path, sizeof(cg->path), "%s/%s", parent_path(), name);
	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		int r = make_dir(fs, h, parent_path());

		if (r)
			return r;
		if (h == CGROUPFS_UNIFIED)
			enable_controllers(fs);
		r = make_dir(fs, h, cg->path);
		if (r)
			return r;
	}
	return 0;
}

void cg_kill(const struct cg *cg)
{
	char path[512];
	FILE *f;
	int pid;

	if (cg_file(cg->fs, cg->fs->key, cg->path, "cgroup.procs", path, sizeof(path)))
		return;
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
}

void cg_destroy(struct cg *cg)
{
	char dir[512];

	for (int tries = 0; tries < 200; tries++) {
		bool gone = true;

		cg_kill(cg);
		for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
			if (cg_file(cg->fs, h, cg->path, "", dir, sizeof(dir)))
				continue;
			if (rmdir(dir) && errno != ENOENT)
				gone = false;
		}
		if (gone)
			return;
		usleep(10000);
	}
	fprintf(stderr, "cannot remove the cgroup %s\n", cg->path);
}

void cg_cleanup(const struct cgroupfs *fs)
{
	char dir[512];

	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		if (!cg_file(fs, h, parent_path(), "", dir, sizeof(dir)))
			rmdir(dir);
	}
}

int cg_enter(const struct cg *cg)
{
	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		int r = cg_write(cg, h, "cgroup.procs", "0");

		if (r && r != -ENOENT)
			return r;
	}
	return 0;
}

int cg_set_quota(const struct cg *cg, uint64_t quota_usec)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu 100000", (unsigned long long)quota_usec);
	if (!cg_write(cg, CGROUPFS_UNIFIED, "cpu.max", text))
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)quota_usec);
	return cg_write(cg, CGROUPFS_CPU, "cpu.cfs_quota_us", text);
}

int cg_set_memory_max(const struct cg *cg, uint64_t bytes)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	if (!cg_write(cg, CGROUPFS_UNIFIED, "memory.max", text))
		return 0;
	return cg_write(cg, CGROUPFS_MEMORY, "memory.limit_in_bytes", text);
}

bool cg_has_memory(const struct cgroupfs *fs)
{
	char path[512], text[256] = "";
	FILE *f;

	if (fs->root[CGROUPFS_MEMORY])
		return true;
	if (cg_file(fs, CGROUPFS_UNIFIED, "", "cgroup.controllers", path, sizeof(path)))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return strstr(text, "memory") != NULL;
}

/* Value of a key in a "key value" file of one hierarchy. */
static bool cg_value(const struct cg *cg, enum cgroupfs_hierarchy h, const char *file,
		     const char *key, uint64_t *ret_value)
{
	char path[512], name[64];
	unsigned long long value;
	bool found = false;
	FILE *f;

	if (cg_file(cg->fs, h, cg->path, file, path, sizeof(path)))
		return false;
	f = fopen(path, "re");
	while (f && !found && fscanf(f, "%63s %llu", name, &value) == 2)
		found = strcmp(name, key) == 0;
	if (f)
		fclose(f);
	if (found)
		*ret_value = value;
	return found;
}

/* v1: cpuacct.usage, in ns. */
static uint64_t cg_cpuacct_ns(const struct cg *cg)
{
	unsigned long long ns = 0;
	char path[512];
	FILE *f;

	if (cg_file(cg->fs, CGROUPFS_CPUACCT, cg->path, "cpuacct.usage", path, sizeof(path)))
		return 0;
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

uint64_t cg_cpu_ns(const struct cg *cg)
{
	uint64_t usec = 0;

	if (!cg_value(cg, CGROUPFS_UNIFIED, "cpu.stat", "usage_usec", &usec))
		return cg_cpuacct_ns(cg);
	return usec * 1000;
}

bool cg_throttling(const struct cg *cg, uint64_t *ret_periods, uint64_t *ret_throttled)
{
	static const enum cgroupfs_hierarchy where[] = { CGROUPFS_CPU, CGROUPFS_UNIFIED };

	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		if (cg_value(cg, where[i], "cpu.stat", "nr_periods", ret_periods) &&
		    cg_value(cg, where[i], "cpu.stat", "nr_throttled", ret_throttled))
			return true;
	}
	return false;
}
