// SPDX-License-Identifier: Apache-2.0
/*
 * Every number that the README claims, as ratios measured in one run on real cgroups of this
 * machine.
 *
 *   bench [walk|switch|agent]     all three without an argument
 */
#include "tests/bench/bench.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tree_path(const struct cgroupfs *fs, unsigned h, int n, char *buf, size_t size)
{
	if (!fs->root[h])
		return -ENOENT;
	if (n < 0)
		snprintf(buf, size, "%s%s", fs->root[h], BENCH_ROOT);
	else
		snprintf(buf, size, "%s%s/c%d", fs->root[h], BENCH_ROOT, n);
	return 0;
}

static int make_dir(const struct cgroupfs *fs, unsigned h, int n)
{
	char path[512];

	if (tree_path(fs, h, n, path, sizeof(path)))
		return 0;
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

static void enable_controllers(const struct cgroupfs *fs)
{
	static const char *const words[] = { "+cpu", "+memory" };
	char path[512], file[600];

	if (tree_path(fs, CGROUPFS_UNIFIED, -1, path, sizeof(path)))
		return;
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", path);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		_cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);

		/* on a hybrid host the controllers are on v1: then this fails, as it should */
		if (fd >= 0 && write(fd, words[i], strlen(words[i])) < 0)
			continue;
	}
}

int bench_tree_grow(const struct cgroupfs *fs, unsigned from, unsigned to)
{
	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		int r = make_dir(fs, h, -1);

		if (!r && h == CGROUPFS_UNIFIED)
			enable_controllers(fs);
		for (unsigned n = from; n < to && !r; n++)
			r = make_dir(fs, h, (int)n);
		if (r)
			return r;
	}
	return 0;
}

void bench_tree_remove(const struct cgroupfs *fs, unsigned n)
{
	char path[512];

	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		for (int i = (int)n; i >= 0; i--) {
			if (!tree_path(fs, h, i - 1, path, sizeof(path)))
				rmdir(path);
		}
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

void bench_program_cost(const char *prefix, uint64_t *ret_ns, uint64_t *ret_runs)
{
	uint32_t id = 0;
	uint64_t ns = 0, runs = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);
		_cleanup_close_ int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		if (strncmp(info.name, prefix, strlen(prefix)) != 0)
			continue;
		ns += info.run_time_ns;
		runs += info.run_cnt;
	}
	*ret_ns = ns;
	*ret_runs = runs;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "all";
	bool all = strcmp(only, "all") == 0;
	struct cgroupfs fs = {};
	struct err e = {};
	int r = cgroupfs_init(&fs, "/proc/self/mountinfo", &e);

	if (r) {
		fprintf(stderr, "bench: %s\n", err_msg(&e));
		return 1;
	}
	if (all || strcmp(only, "walk") == 0)
		r |= bench_walk(&fs, 1000);
	if (all || strcmp(only, "switch") == 0)
		r |= bench_switch(&fs);
	if (all || strcmp(only, "agent") == 0)
		r |= bench_agent(&fs);
	cgroupfs_release(&fs);
	return r ? 1 : 0;
}
