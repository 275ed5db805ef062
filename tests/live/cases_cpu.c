// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/live/live.h"

/* The agent samples every second; two more for a slow machine. */
#define SETTLE_USEC 3500000

/* Compares the agent's total with cpu.stat, within 1 %. */
static int check_total(struct live *l, const struct cg *cg, const char *what)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	const struct json *w = live_workload(l, "/v1/usage", cg, &usage);
	uint64_t want = cg_cpu_ns(cg), got;
	double off;
	char line[128];

	if (!w)
		return -1;
	got = json_u64(json_path(w, "cpu.usageNs"), 0);
	off = want ? ((double)got - (double)want) / (double)want : 1;
	if (fabs(off) > 0.01)
		return live_fail(l, "%s: evictd %.3f s, cpu.stat %.3f s: %+.2f %%", what,
				 (double)got / 1e9, (double)want / 1e9, off * 100);
	snprintf(line, sizeof(line), "%s %.3f s of %.3f s (%+.3f %%)  ", what, (double)got / 1e9,
		 (double)want / 1e9, off * 100);
	strncat(l->why, line, sizeof(l->why) - strlen(l->why) - 1);
	return 0;
}

/*
 * While a hog runs, its newest bins are there and none is near empty: that is the tick's work.
 * They need not be full: other tasks of this machine may want the CPU, too.
 */
static int check_newest_bins(struct live *l, const struct cg *cg)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	const struct json *w = live_workload(l, "/v1/usage?bins=1", cg, &usage);
	const struct json *bins = json_path(w, "bins.usec");
	size_t n = json_len(bins), i = 0, busy = 0, seen = 0;

	if (!w)
		return -1;
	for (const struct json *b = json_first(bins); b; b = json_next(b), i++) {
		if (i + 20 < n || json_kind(b) != JSON_NUMBER)
			continue;
		seen++;
		busy += json_num(b, 0) > 20000;
	}
	if (seen < 18 || busy < seen - 1)
		return live_fail(l, "%zu of the last %zu bins of a hog are busy", busy, seen);
	return 0;
}

int case_hogs(struct live *l)
{
	struct cg cgs[2];
	pid_t pids[2];
	int r = 0;

	for (int i = 0; i < 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "hog%d", i);
		if (cg_create(&cgs[i], &l->fs, name))
			return live_fail(l, "cannot make a cgroup");
		pids[i] = load_hog(&cgs[i], i);
	}
	sleep(l->seconds);
	for (int i = 0; i < 2 && !r && l->bpf; i++)
		r = check_newest_bins(l, &cgs[i]);
	for (int i = 0; i < 2; i++)
		load_kill(pids[i]);
	usleep(SETTLE_USEC);
	for (int i = 0; i < 2 && !r; i++)
		r = check_total(l, &cgs[i], "hog");
	for (int i = 0; i < 2; i++)
		cg_destroy(&cgs[i]);
	return r;
}

static int measure_load(struct live *l, const char *name, pid_t (*start)(const struct cg *cg))
{
	struct cg cg;
	pid_t pid;
	int r;

	if (cg_create(&cg, &l->fs, name))
		return live_fail(l, "cannot make a cgroup");
	pid = start(&cg);
	sleep(l->seconds);
	load_kill(pid);
	cg_kill(&cg);
	usleep(SETTLE_USEC);
	if (cg_cpu_ns(&cg) < l->seconds * NSEC_PER_SEC / 5)
		r = live_fail(l, "the load did not load: %.3f s", (double)cg_cpu_ns(&cg) / 1e9);
	else
		r = check_total(l, &cg, name);
	cg_destroy(&cg);
	return r;
}

static pid_t start_switchers(const struct cg *cg)
{
	return load_switchers(cg, 200);
}

int case_switchers(struct live *l)
{
	return measure_load(l, "switchers", start_switchers);
}

int case_forks(struct live *l)
{
	return measure_load(l, "forks", load_forks);
}

/* The load lost its CPU at this edge and read its clock too late to say what the bin held. */
static bool burst_log_late(const struct burst_log *log, uint64_t edge)
{
	return log->late_ns[edge - log->first_edge] > 1000000;
}

/* The bin that ends at edge e+1, from the load's own log, against the agent's. */
static int compare_bins(struct live *l, const struct burst_log *log, const struct json *bins)
{
	uint64_t end = json_u64(json_get(bins, "endMonotonicBin"), 0);
	const struct json *list = json_get(bins, "usec");
	uint64_t first = end - json_len(list), bin = first;
	unsigned n = 0, good = 0;
	double worst = 0;

	for (const struct json *b = json_first(list); b; b = json_next(b), bin++) {
		double want, off;

		if (bin < log->first_edge || bin + 1 >= log->first_edge + log->n)
			continue;
		if (burst_log_late(log, bin) || burst_log_late(log, bin + 1))
			continue;
		want = (double)(log->cpu_ns[bin + 1 - log->first_edge] -
				log->cpu_ns[bin - log->first_edge]);
		off = fabs(json_num(b, -1e9) - want / 1e3);
		worst = off > worst ? off : worst;
		good += off <= 2000;
		n++;
	}
	if (n < 50 || good < n * 0.95)
		return live_fail(l, "%u of %u bins within 2 ms of the load's log; worst %.1f ms",
				 good, n, worst / 1e3);
	live_fail(l, "%u of %u bins within 2 ms of the load's log; worst %.2f ms", good, n,
		  worst / 1e3);
	return 0;
}

int case_bins(struct live *l)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	struct burst_log *log = burst_log_new();
	const struct json *w;
	struct cg cg;
	pid_t pid;
	int r;

	if (!log || cg_create(&cg, &l->fs, "bursts"))
		return live_fail(l, "cannot make a cgroup");
	pid = load_bursts(&cg, 1, 20, log);
	waitpid(pid, NULL, 0);
	usleep(SETTLE_USEC);
	w = live_workload(l, "/v1/usage?bins=1", &cg, &usage);
	r = w ? compare_bins(l, log, json_get(w, "bins")) : -1;
	cg_destroy(&cg);
	return r;
}

int case_throttled(struct live *l)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	uint64_t periods, throttled, got_periods, got_throttled;
	const struct json *w;
	struct cg cg;
	pid_t pid;
	int r = 0;

	if (cg_create(&cg, &l->fs, "throttled") || cg_set_quota(&cg, 30000))
		return live_fail(l, "cannot set a quota");
	pid = load_hog(&cg, 1);
	sleep(4);
	load_kill(pid);
	usleep(SETTLE_USEC);
	w = live_workload(l, "/v1/usage", &cg, &usage);
	if (!w)
		return -1;
	got_periods = json_u64(json_path(w, "cpu.periods"), 0);
	got_throttled = json_u64(json_path(w, "cpu.throttledPeriods"), 0);
	if (!cg_throttling(&cg, &periods, &throttled))
		r = live_fail(l, "the kernel tells no nr_periods");
	else if (throttled < 20 || got_periods != periods || got_throttled != throttled)
		r = live_fail(l, "evictd %llu of %llu periods throttled, kernel %llu of %llu",
			      (unsigned long long)got_throttled, (unsigned long long)got_periods,
			      (unsigned long long)throttled, (unsigned long long)periods);
	else if (fabs(json_num(json_path(w, "cpu.quotaCores"), 0) - 0.3) > 1e-6)
		r = live_fail(l, "quota is shown as %f cores",
			      json_num(json_path(w, "cpu.quotaCores"), 0));
	cg_destroy(&cg);
	return r;
}
