// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_loads.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Steady: so much CPU time at the beginning of each slot. */
#define STEADY_CPU_NS (3 * NSEC_PER_MSEC)
#define STEADY_SLOT_NS (10 * NSEC_PER_MSEC)
/* Bursty: begins 30 ms after an edge, so that 70 ms fall into one bin and 80 ms into the next. */
#define BURST_BEGIN_NS (30 * NSEC_PER_MSEC)
#define BURST_ON_NS (150 * NSEC_PER_MSEC)
#define BURST_PERIOD_NS (600 * NSEC_PER_MSEC)

/* A workload's view of its own time. */
struct meter {
	struct demo_log *log;
	uint64_t now_ns, cpu_ns; /* at the last mark */
	uint64_t begin_ns, cpu_begin_ns;
	int64_t wait_ns;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

/*
 * What the clocks said at an edge between the last mark and now. It got no CPU time before
 * runnable_ns; from there on, what it got is spread evenly: next to nothing where it was kept from
 * its CPU, all of it where the CPU itself stood still (a virtual machine whose host is busy).
 */
static void log_edge(struct meter *m, uint64_t edge_ns, uint64_t runnable_ns, uint64_t now_ns,
		     uint64_t cpu_ns)
{
	struct demo_log *log = m->log;
	uint64_t got_ns = 0, wanted_ns = edge_ns > runnable_ns ? edge_ns - runnable_ns : 0;
	uint32_t n = log->n;

	if (wanted_ns)
		got_ns = (uint64_t)((double)(cpu_ns - m->cpu_ns) * (double)wanted_ns /
				    (double)(now_ns - runnable_ns));
	log->cpu_ns[n] = m->cpu_ns + got_ns - m->cpu_begin_ns;
	log->wait_ns[n] = m->wait_ns + (int64_t)wanted_ns - (int64_t)got_ns;
	__atomic_store_n(&log->n, n + 1, __ATOMIC_RELEASE);
}

/*
 * Called every few microseconds while working, and after each sleep. Since runnable_ns (the last
 * mark, or the time it wanted to be woken at) it wanted a CPU: what is not CPU time was waiting.
 */
static void meter_mark(struct meter *m, uint64_t runnable_ns)
{
	uint64_t now_ns = clock_monotonic_ns(), cpu_ns = thread_cpu_ns();

	while (m->log->n < DEMO_EDGES) {
		uint64_t edge_ns = (m->log->first_edge + m->log->n) * ABI_BIN_NS;

		if (edge_ns > now_ns)
			break;
		log_edge(m, edge_ns, runnable_ns, now_ns, cpu_ns);
	}
	m->wait_ns += (int64_t)(now_ns - runnable_ns) - (int64_t)(cpu_ns - m->cpu_ns);
	m->now_ns = now_ns;
	m->cpu_ns = cpu_ns;
}

static void meter_begin(struct meter *m, struct demo_log *log)
{
	*m = (struct meter){ .log = log,
			     .now_ns = clock_monotonic_ns(),
			     .cpu_ns = thread_cpu_ns() };
	m->begin_ns = m->now_ns;
	m->cpu_begin_ns = m->cpu_ns;
	log->first_edge = m->now_ns / ABI_BIN_NS + 1;
}

static void meter_end(struct meter *m)
{
	struct demo_log *log = m->log;

	log->total_cpu_ns = thread_cpu_ns() - m->cpu_begin_ns;
	log->total_wait_ns = m->wait_ns;
	log->wall_ns = clock_monotonic_ns() - m->begin_ns;
	__atomic_store_n(&log->ended, true, __ATOMIC_RELEASE);
}

static bool stopped(const struct meter *m)
{
	return __atomic_load_n(&m->log->stop, __ATOMIC_ACQUIRE);
}

/* Works about 5 us, then looks at the clocks. */
static void work(struct meter *m)
{
	for (volatile int i = 0; i < 5000; i++)
		;
	meter_mark(m, m->now_ns);
}

static void sleep_until(struct meter *m, uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			      .tv_nsec = (long)(ns % NSEC_PER_SEC) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	meter_mark(m, ns);
}

static void run_steady(struct demo_log *log)
{
	struct meter m;

	meter_begin(&m, log);
	while (!stopped(&m)) {
		uint64_t enough;

		sleep_until(&m, (m.now_ns / STEADY_SLOT_NS + 1) * STEADY_SLOT_NS);
		enough = m.cpu_ns + STEADY_CPU_NS;
		while (m.cpu_ns < enough)
			work(&m);
	}
	meter_end(&m);
}

static void run_bursty(struct demo_log *log)
{
	struct meter m;

	meter_begin(&m, log);
	while (!stopped(&m)) {
		uint64_t begin =
			(m.now_ns / BURST_PERIOD_NS + 1) * BURST_PERIOD_NS + BURST_BEGIN_NS;

		sleep_until(&m, begin);
		while (m.now_ns < begin + BURST_ON_NS)
			work(&m);
	}
	meter_end(&m);
}

static void run_limited(struct demo_log *log)
{
	struct meter m;

	meter_begin(&m, log);
	while (!stopped(&m))
		work(&m);
	meter_end(&m);
}

const struct demo_load demo_loads[DEMO_LOADS] = {
	{ "steady", "3 ms in every 10", 0, true, run_steady },
	{ "bursty", "150 ms in 600", 0, false, run_bursty },
	{ "limited", "all of 20 % quota", 20000, true, run_limited },
};

struct demo_log *demo_log_new(void)
{
	void *p = mmap(NULL, sizeof(struct demo_log), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

pid_t demo_load_start(const struct demo_load *load, const struct cg *cg, int cpu,
		      struct demo_log *log)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	/* Ctrl-C reaches the whole terminal: who ends us is the demo, or its death. */
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	pin(cpu);
	if (cg_enter(cg)) {
		fprintf(stderr, "demo: cannot enter the cgroup %s\n", cg->path);
		_exit(1);
	}
	load->run(log);
	_exit(0);
}

uint32_t demo_log_edges(const struct demo_log *log)
{
	return __atomic_load_n(&log->n, __ATOMIC_ACQUIRE);
}
