// SPDX-License-Identifier: Apache-2.0
/*
 * What the agent costs: CPU and memory with 100, 1,000 and 10,000 cgroups, of which 100 are busy.
 * Agent CPU is user and system time of the process, which contains the BPF walk (it runs inside
 * the agent's read()); the scheduler programs run in the workloads' time and are shown apart.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/bench.h"
#include "tests/live/agent.h"
#include "tests/live/loads.h"

#define BUSY 100
#define MEASURE_SECONDS 20

static const unsigned sizes[] = { 100, 1000, 10000 };

struct row {
	double cpu_share;   /* of one core */
	double walk_share;  /* part of it: BPF walk */
	double sched_share; /* of one core, in the workloads' time */
	double switches;    /* per second */
	double rss_bytes, map_bytes;
	double slots, tasks; /* sizes of the maps */
	double loop_ms;	     /* longest time that the event loop was busy in one go */
};

/* A task of each busy cgroup works 200 us every 10 ms. */
static pid_t start_busy(const struct cgroupfs *fs, unsigned n)
{
	struct cg cg = { .fs = fs };
	struct timespec pause = { .tv_nsec = 10000000 };
	pid_t pid;

	snprintf(cg.path, sizeof(cg.path), BENCH_ROOT "/c%u", n);
	pid = fork();
	if (pid)
		return pid;
	if (cg_enter(&cg))
		_exit(1);
	for (;;) {
		uint64_t end = clock_process_cpu_ns() + 200000;

		while (clock_process_cpu_ns() < end)
			;
		nanosleep(&pause, NULL);
	}
}

/* The CPU clock of the process: exact, where utime and stime are sampled. */
static double agent_cpu_seconds(pid_t pid)
{
	struct timespec t = {};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		fprintf(stderr, "bench agent: no CPU clock of process %d\n", pid);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double agent_rss_bytes(pid_t pid)
{
	char path[64];
	unsigned long resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*u %lu", &resident) != 1)
		fprintf(stderr, "bench agent: cannot read %s\n", path);
	if (f)
		fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Programs that run in the scheduler's paths. */
static void sched_cost(uint64_t *ret_ns, uint64_t *ret_runs)
{
	static const char *const names[] = { "on_wakeup", "on_migrate", "on_tick", "on_exit" };
	uint64_t ns, runs;

	bench_program_cost("on_switch", ret_ns, ret_runs);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bench_program_cost(names[i], &ns, &runs);
		*ret_ns += ns;
	}
}

static int measure(const struct agent_proc *a, struct row *row)
{
	_cleanup_(json_freep) struct json *status = NULL;
	uint64_t sched0, sched1, runs0, runs1, walk0, walk1, unused, begin;
	double cpu, seconds;
	struct err e = {};

	sleep(8); /* the first walks learn the tree */
	begin = clock_monotonic_ns();
	cpu = agent_cpu_seconds(a->pid);
	sched_cost(&sched0, &runs0);
	bench_program_cost("on_walk", &walk0, &unused);
	sleep(MEASURE_SECONDS);
	seconds = (double)(clock_monotonic_ns() - begin) / 1e9;
	row->cpu_share = (agent_cpu_seconds(a->pid) - cpu) / seconds;
	sched_cost(&sched1, &runs1);
	bench_program_cost("on_walk", &walk1, &unused);
	row->sched_share = (double)(sched1 - sched0) / 1e9 / seconds;
	row->walk_share = (double)(walk1 - walk0) / 1e9 / seconds;
	row->switches = (double)(runs1 - runs0) / seconds;
	row->rss_bytes = agent_rss_bytes(a->pid);
	if (agent_proc_get(a, "/v1/status", &status, &e)) {
		fprintf(stderr, "bench agent: %s\n", err_msg(&e));
		return -EIO;
	}
	row->map_bytes = json_num(json_path(status, "cost.mapBytes"), 0);
	row->slots = json_num(json_path(status, "slots.max"), 0);
	row->tasks = json_num(json_path(status, "tasks.max"), 0);
	row->loop_ms = json_num(json_path(status, "loop.longestUsec"), 0) / 1e3;
	return 0;
}

static int measure_size(const struct cgroupfs *fs, unsigned from, unsigned n, struct row *row)
{
	struct agent_proc a;
	struct err e = {};
	int r = bench_tree_grow(fs, from, n);

	if (!r)
		r = agent_proc_start(&a, NULL, &e);
	if (r) {
		fprintf(stderr, "bench agent: %u cgroups: %s\n", n, err_msg(&e));
		return r;
	}
	r = measure(&a, row);
	agent_proc_stop(&a);
	return r;
}

static void print_row(unsigned cgroups, const struct row *r)
{
	printf("  %7u %10.3f %% %10.3f %% %10.3f %% %9.0f %7.1f %7.1f %7.1f %8.1f\n", cgroups,
	       r->cpu_share * 100, r->walk_share * 100, r->sched_share * 100, r->switches,
	       r->rss_bytes / 1e6, r->map_bytes / 1e6, (r->rss_bytes + r->map_bytes) / 1e6,
	       r->loop_ms);
}

/* What is left of the maps after tasks is proportional to slots, but for ring and CPUs. */
static void print_formula(const struct row *few, const struct row *many)
{
	double per_slot = (many->map_bytes - few->map_bytes) / (many->slots - few->slots);

	printf("  memory of the maps = %.1f MB + %.0f bytes x slots (twice the cgroups at the start, "
	       "at least 2048); of the first, %.0f tasks x 152 bytes are max_tasks\n",
	       (few->map_bytes - per_slot * few->slots) / 1e6, per_slot, few->tasks);
}

static void print_rows(const struct row *rows)
{
	const struct row *few = &rows[0], *many = &rows[ARRAY_LEN(sizes) - 1];
	double cpu = many->cpu_share / few->cpu_share;
	double memory = (many->rss_bytes + many->map_bytes) / (few->rss_bytes + few->map_bytes);

	printf("agent: %d busy cgroups, defaults, %d s each; shares of one core\n", BUSY,
	       MEASURE_SECONDS);
	printf("  %7s %12s %12s %12s %9s %7s %7s %7s %8s\n", "cgroups", "agent CPU", "of it walk",
	       "scheduler", "runs/s", "RSS MB", "maps MB", "sum MB", "loop ms");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		print_row(sizes[i], &rows[i]);
	printf("  growth from 100 to 10,000 cgroups: CPU x%.1f, memory x%.1f (exponents %.2f, %.2f)\n",
	       cpu, memory, log10(cpu) / 2, log10(memory) / 2);
	print_formula(few, many);
}

int bench_agent(const struct cgroupfs *fs)
{
	struct row rows[ARRAY_LEN(sizes)] = {};
	pid_t busy[BUSY];
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	int r = stats < 0 ? -errno : bench_tree_grow(fs, 0, BUSY);

	for (unsigned i = 0; i < BUSY; i++)
		busy[i] = r ? -1 : start_busy(fs, i);
	for (size_t i = 0; i < ARRAY_LEN(sizes) && !r; i++)
		r = measure_size(fs, BUSY, sizes[i], &rows[i]);
	for (unsigned i = 0; i < BUSY; i++)
		load_kill(busy[i]);
	usleep(200000);
	bench_tree_remove(fs, sizes[ARRAY_LEN(sizes) - 1]);
	if (r)
		fprintf(stderr, "bench agent: %s\n", strerror(-r));
	else
		print_rows(rows);
	close(stats);
	return r;
}
