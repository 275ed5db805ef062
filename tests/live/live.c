// SPDX-License-Identifier: Apache-2.0
/*
 * Measures loads of known behaviour with a real evictd and compares. Prints one line per case,
 * "ok NAME", "not ok NAME: why" or "skip NAME: why"; exit status 1 when one failed.
 *
 *   live LABEL TIER [SECONDS [CASE]]     LABEL names kernel and place in the results
 */
#include "tests/live/live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/parse.h"

enum { NEEDS_BPF = 1 << 0, NEEDS_MEMORY = 1 << 1 };

static const struct {
	const char *name;
	int (*run)(struct live *l);
	unsigned needs;
} cases[] = {
	{ "cpu-hogs-that-never-switch", case_hogs, 0 },
	{ "cpu-200-switching-threads", case_switchers, 0 },
	{ "cpu-fork-storm", case_forks, 0 },
	{ "bins-of-100ms", case_bins, NEEDS_BPF },
	{ "oom-kill-of-a-child", case_oom, NEEDS_MEMORY },
	{ "cgroup-that-lives-50ms", case_short_lived, NEEDS_BPF },
	{ "wait-cause-neighbour", case_neighbour, NEEDS_BPF },
	{ "wait-cause-quota", case_quota, NEEDS_BPF },
	{ "wait-cause-self", case_self, NEEDS_BPF },
	{ "memory-use-peak-and-limit", case_memory, NEEDS_MEMORY },
	{ "throttled-periods", case_throttled, 0 },
};

int live_fail(struct live *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	return -1;
}

const struct json *live_workload(struct live *l, const char *query, const struct cg *cg,
				 struct json **ret_usage)
{
	const struct json *w;
	struct err e = {};

	*ret_usage = NULL;
	if (agent_proc_get(&l->agent, query, ret_usage, &e)) {
		live_fail(l, "%s", err_msg(&e));
		return NULL;
	}
	w = usage_find(*ret_usage, cg->path);
	if (!w)
		live_fail(l, "the agent does not know %s", cg->path);
	return w;
}

static void report(const char *label, const struct live *l, const char *name, int r)
{
	static const char *const words[] = { "not ok", "ok", "skip" };
	const char *file = getenv("EVICTD_RESULTS");
	FILE *out[] = { stdout, file ? fopen(file, "ae") : NULL };

	for (size_t i = 0; i < ARRAY_LEN(out); i++) {
		if (!out[i])
			continue;
		fprintf(out[i], "%s live/%s/%s/%s%s%s\n", words[r + 1], label, l->tier, name,
			r ? ": " : "", r ? l->why : "");
		fflush(out[i]);
	}
	if (r == 0 && l->why[0])
		printf("#   %s\n", l->why);
	if (out[1])
		fclose(out[1]);
}

static int run_case(struct live *l, size_t i)
{
	l->why[0] = 0;
	if (cases[i].needs & NEEDS_BPF && !l->bpf) {
		live_fail(l, "tier %s does not promise it", l->tier);
		return 1;
	}
	if (cases[i].needs & NEEDS_MEMORY && !cg_has_memory(&l->fs)) {
		live_fail(l, "no memory controller here");
		return 1;
	}
	return cases[i].run(l);
}

static int run_all(struct live *l, const char *label, const char *only)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r;

		if (only && strcmp(only, cases[i].name) != 0)
			continue;
		r = run_case(l, i);
		report(label, l, cases[i].name, r);
		failed |= r < 0;
	}
	return failed;
}

int main(int argc, char **argv)
{
	struct live l = { .seconds = 30 };
	struct err e = {};
	uint64_t seconds;
	int failed;

	if (argc < 3) {
		fprintf(stderr, "usage: live LABEL TIER [SECONDS [CASE]]\n");
		return 2;
	}
	l.tier = argv[2];
	l.bpf = strcmp(l.tier, "files") != 0;
	if (argc > 3 && !parse_u64(argv[3], 2, 3600, &seconds))
		l.seconds = (unsigned)seconds;
	if (cgroupfs_init(&l.fs, "/proc/self/mountinfo", &e) ||
	    agent_proc_start(&l.agent, l.tier, &e)) {
		live_fail(&l, "%s", err_msg(&e));
		report(argv[1], &l, "start", -1);
		return 1;
	}
	failed = run_all(&l, argv[1], argc > 4 ? argv[4] : NULL);
	if (agent_proc_stop(&l.agent)) {
		live_fail(&l, "evictd did not end cleanly");
		report(argv[1], &l, "stop", -1);
		failed = 1;
	}
	cg_cleanup(&l.fs);
	cgroupfs_release(&l.fs);
	return failed;
}
