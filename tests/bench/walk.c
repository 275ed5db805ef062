// SPDX-License-Identifier: Apache-2.0
/*
 * One pass over N cgroups: the BPF walk and its copy to facts, against the files that hold the same
 * facts. "naive" opens, reads and closes each file; "kept open" has every file open and preads it
 * at offset 0. Neither parses what it read, which flatters the files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/bench.h"

#define PASSES 15

/* The files of one cgroup that hold what struct facts holds, per hierarchy. */
static const struct {
	enum cgroupfs_hierarchy hierarchy;
	const char *file;
	bool v1_only; /* on a host where the controller is on v1 */
} files[] = {
	{ CGROUPFS_UNIFIED, "cpu.stat", false },
	{ CGROUPFS_UNIFIED, "cpu.pressure", false },
	{ CGROUPFS_UNIFIED, "memory.pressure", false },
	{ CGROUPFS_UNIFIED, "io.pressure", false },
	{ CGROUPFS_UNIFIED, "cpu.max", false },
	{ CGROUPFS_UNIFIED, "memory.current", false },
	{ CGROUPFS_UNIFIED, "memory.peak", false },
	{ CGROUPFS_UNIFIED, "memory.max", false },
	{ CGROUPFS_UNIFIED, "memory.events", false },
	{ CGROUPFS_UNIFIED, "memory.stat", false },
	{ CGROUPFS_CPU, "cpu.stat", true },
	{ CGROUPFS_CPU, "cpu.cfs_quota_us", true },
	{ CGROUPFS_CPU, "cpu.cfs_period_us", true },
	{ CGROUPFS_MEMORY, "memory.usage_in_bytes", true },
	{ CGROUPFS_MEMORY, "memory.max_usage_in_bytes", true },
	{ CGROUPFS_MEMORY, "memory.limit_in_bytes", true },
	{ CGROUPFS_MEMORY, "memory.oom_control", true },
	{ CGROUPFS_MEMORY, "memory.stat", true },
};

struct tree {
	const struct cgroupfs *fs;
	unsigned n;
	char (*paths)[256];
	int *fds;
	unsigned n_files;
	uint32_t *slots;
};

static int add_files(struct tree *t, unsigned cgroup)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *root = t->fs->root[files[i].hierarchy];
		char *path = t->paths[t->n_files];

		if (!root)
			continue;
		snprintf(path, sizeof(t->paths[0]), "%s%s/c%u/%s", root, BENCH_ROOT, cgroup,
			 files[i].file);
		if (access(path, R_OK))
			continue;
		t->fds[t->n_files] = open(path, O_RDONLY | O_CLOEXEC);
		if (t->fds[t->n_files] < 0)
			return -errno;
		t->n_files++;
	}
	return 0;
}

static double pass_naive(const struct tree *t)
{
	uint64_t begin = clock_process_cpu_ns();
	char text[8192];

	for (unsigned i = 0; i < t->n_files; i++) {
		int fd = open(t->paths[i], O_RDONLY | O_CLOEXEC);

		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
	return (double)(clock_process_cpu_ns() - begin);
}

static double pass_open(const struct tree *t)
{
	uint64_t begin = clock_process_cpu_ns();
	char text[8192];

	for (unsigned i = 0; i < t->n_files; i++) {
		if (pread(t->fds[i], text, sizeof(text), 0) < 0)
			continue;
	}
	return (double)(clock_process_cpu_ns() - begin);
}

static double pass_bpf(const struct tree *t, struct sampler *s, unsigned *ret_seen)
{
	uint64_t begin = clock_process_cpu_ns();
	struct facts f;
	unsigned seen = 0;

	if (sampler_walk(s, NULL))
		return -1;
	for (unsigned i = 0; i < t->n; i++)
		seen += sampler_snapshot(s, t->slots[i], &f);
	*ret_seen = seen;
	return (double)(clock_process_cpu_ns() - begin);
}

static int bind_tree(struct tree *t, struct sampler *s)
{
	for (unsigned i = 0; i < t->n; i++) {
		char path[128];
		uint64_t id;
		int r;

		snprintf(path, sizeof(path), BENCH_ROOT "/c%u", i);
		r = cgroupfs_id(t->fs, t->fs->key, path, &id) ?: sampler_add(s, id, &t->slots[i]);
		if (r)
			return r;
		for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
			if (h != t->fs->key && t->fs->root[h] && !cgroupfs_id(t->fs, h, path, &id))
				sampler_bind(s, t->slots[i], h, id);
		}
	}
	return 0;
}

/* How the passes of the three ways follow each other. */
enum order { BACK_TO_BACK, INTERLEAVED };

struct passes {
	double naive[PASSES], kept[PASSES], bpf[PASSES];
	unsigned seen;
};

static void measure(const struct tree *t, struct sampler *s, enum order order, struct passes *p)
{
	double *const values[] = { p->naive, p->kept, p->bpf };

	for (unsigned n = 0; n < 3 * PASSES; n++) {
		unsigned way = order == INTERLEAVED ? n % 3 : n / PASSES;
		unsigned i = order == INTERLEAVED ? n / 3 : n % PASSES;

		values[way][i] = way == 0   ? pass_naive(t)
				 : way == 1 ? pass_open(t)
					    : pass_bpf(t, s, &p->seen);
	}
}

static void print(const struct tree *t, struct passes *p, const char *order)
{
	double a = bench_median(p->naive, PASSES), b = bench_median(p->kept, PASSES);
	double c = bench_median(p->bpf, PASSES);

	printf("walk: %u cgroups, %u files; CPU time of a pass, median of %d, %s\n", t->n,
	       t->n_files, PASSES, order);
	printf("  %-34s %10.3f ms  %8.0f ns/cgroup  (saw %u)\n", "BPF walk and copy", c / 1e6,
	       c / t->n, p->seen);
	printf("  %-34s %10.3f ms  %8.1f x\n", "files, open+read+close", a / 1e6, a / c);
	printf("  %-34s %10.3f ms  %8.1f x\n", "files kept open, pread", b / 1e6, b / c);
}

static void measure_all(const struct tree *t, struct sampler *s)
{
	struct passes p;

	pass_naive(t);
	measure(t, s, BACK_TO_BACK, &p);
	print(t, &p, "each way back to back");
	/* every way finds the caches full of the other two's data */
	measure(t, s, INTERLEAVED, &p);
	print(t, &p, "taking turns (cold caches)");
}

static int run(struct tree *t, struct sampler *s)
{
	struct rlimit many = { 65536, 65536 };
	int r = 0;

	getrlimit(RLIMIT_NOFILE, &many);
	many.rlim_cur = many.rlim_max;
	setrlimit(RLIMIT_NOFILE, &many);
	t->paths = calloc((size_t)t->n * ARRAY_LEN(files), sizeof(*t->paths));
	t->fds = calloc((size_t)t->n * ARRAY_LEN(files), sizeof(*t->fds));
	t->slots = calloc(t->n, sizeof(*t->slots));
	if (!t->paths || !t->fds || !t->slots)
		return -ENOMEM;
	for (unsigned i = 0; i < t->n && !r; i++)
		r = add_files(t, i);
	r = r ?: bind_tree(t, s);
	if (!r)
		measure_all(t, s);
	return r;
}

int bench_walk(const struct cgroupfs *fs, unsigned cgroups)
{
	struct sampler_options o = { .tier = TIER_BPF, .max_cgroups = cgroups * 2 };
	_cleanup_(sampler_freep) struct sampler *s = NULL;
	struct tree t = { .fs = fs, .n = cgroups };
	struct err e = {};
	int r = bench_tree_grow(fs, 0, cgroups);

	r = r ?: sampler_new(&o, fs, &s, &e);
	r = r ?: run(&t, s);
	if (r)
		fprintf(stderr, "bench walk: %s: %s\n", strerror(-r), err_msg(&e));
	for (unsigned i = 0; i < t.n_files; i++)
		close(t.fds[i]);
	free(t.paths);
	free(t.fds);
	free(t.slots);
	bench_tree_remove(fs, cgroups);
	return r;
}
