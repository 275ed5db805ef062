// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/live/live.h"

#define MIB (1024.0 * 1024.0)
#define SETTLE_USEC 2500000

/* The kill's usage within 2 MiB of the limit, and the child named, not the parent. */
static int check_kill(struct live *l, const struct json *w, double limit, pid_t child)
{
	const struct json *kill = json_first(json_get(w, "kills"));
	double usage = json_num(json_get(kill, "usageBytes"), 0);
	double told = json_num(json_get(kill, "limitBytes"), 0);

	if (json_u64(json_path(w, "memory.oomKills"), 0) != 1)
		return live_fail(l, "%llu kills are counted, not 1",
				 (unsigned long long)json_u64(json_path(w, "memory.oomKills"), 0));
	if (!l->bpf)
		return 0;
	if (!kill || told != limit || usage < limit - 2 * MIB || usage > limit + 2 * MIB)
		return live_fail(l, "kill at %.2f MiB, limit %.2f MiB told as %.2f MiB",
				 usage / MIB, limit / MIB, told / MIB);
	if (json_u64(json_get(kill, "pid"), 0) != (uint64_t)child)
		return live_fail(l, "killed pid is told as %llu, was %d",
				 (unsigned long long)json_u64(json_get(kill, "pid"), 0), child);
	live_fail(l, "killed at %.3f MiB of %.0f MiB", usage / MIB, limit / MIB);
	return 0;
}

int case_oom(struct live *l)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	const struct json *w;
	struct cg cg;
	pid_t pid, child = 0;
	int status = 0, r;

	if (cg_create(&cg, &l->fs, "oom") || cg_set_memory_max(&cg, 64 << 20))
		return live_fail(l, "cannot set a memory limit");
	sleep(1);
	pid = load_oom(&cg, &child);
	waitpid(pid, &status, 0);
	usleep(SETTLE_USEC);
	w = live_workload(l, "/v1/usage", &cg, &usage);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		r = live_fail(l, "the child was not killed (status %#x)", (unsigned)status);
	else
		r = w ? check_kill(l, w, 64 * MIB, child) : -1;
	cg_destroy(&cg);
	return r;
}

/* CPU and memory of a cgroup that is gone before anybody could read its files. */
static int check_short(struct live *l, const struct json *w, double cpu_ns, double lived_ms)
{
	double got = json_num(json_path(w, "cpu.usageNs"), 0);
	double peak = json_num(json_path(w, "memory.peakBytes"), 0);

	if (got < cpu_ns * 0.95 - 2e6 || got > cpu_ns * 1.05 + 2e6)
		return live_fail(l, "it used %.2f ms of CPU, evictd says %.2f ms", cpu_ns / 1e6,
				 got / 1e6);
	if (cg_has_memory(&l->fs) && (peak < 16 * MIB || peak > 20 * MIB))
		return live_fail(l, "it took 16 MiB, evictd says %.2f MiB", peak / MIB);
	live_fail(l, "lived %.0f ms, CPU %.2f ms of %.2f ms, peak %.2f MiB", lived_ms, got / 1e6,
		  cpu_ns / 1e6, peak / MIB);
	return 0;
}

int case_short_lived(struct live *l)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	const struct json *w;
	struct rusage ru = {};
	uint64_t begin, end;
	double cpu_ns;
	struct cg cg;
	pid_t pid;

	begin = clock_monotonic_ns();
	if (cg_create(&cg, &l->fs, "short"))
		return live_fail(l, "cannot make a cgroup");
	pid = load_short(&cg, 16 << 20, 35000000);
	wait4(pid, NULL, 0, &ru);
	cg_destroy(&cg);
	end = clock_monotonic_ns();
	usleep(SETTLE_USEC);
	cpu_ns = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e9 +
		 (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e3;
	w = live_workload(l, "/v1/usage?dead=1", &cg, &usage);
	return w ? check_short(l, w, cpu_ns, (double)(end - begin) / 1e6) : -1;
}

int case_memory(struct live *l)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	double current, peak, limit;
	const struct json *w;
	struct cg cg;
	pid_t pid;

	if (cg_create(&cg, &l->fs, "memory") || cg_set_memory_max(&cg, 256 << 20))
		return live_fail(l, "cannot set a memory limit");
	pid = load_short(&cg, 48 << 20, 4000000000ULL);
	usleep(SETTLE_USEC);
	w = live_workload(l, "/v1/usage", &cg, &usage);
	load_kill(pid);
	cg_destroy(&cg);
	if (!w)
		return -1;
	current = json_num(json_path(w, "memory.workingSetBytes"), 0);
	peak = json_num(json_path(w, "memory.peakBytes"), 0);
	limit = json_num(json_path(w, "memory.limitBytes"), 0);
	if (current < 48 * MIB || current > 52 * MIB || peak < current || limit != 256 * MIB)
		return live_fail(l, "48 MiB of 256: working set %.2f, peak %.2f, limit %.2f MiB",
				 current / MIB, peak / MIB, limit / MIB);
	return 0;
}
