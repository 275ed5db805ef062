// SPDX-License-Identifier: Apache-2.0
#include "tests/live/loads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BIN_NS 100000000ULL

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Forks; the child is in the cgroup and dies with its parent. 0 in the child. */
static pid_t start(const struct cg *cg, int cpu)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cg_enter(cg)) {
		fprintf(stderr, "cannot enter %s\n", cg->path);
		_exit(1);
	}
	pin(cpu); /* after: before 6.2 entering a cpuset forgets it */
	return 0;
}

static void spin_forever(void)
{
	for (volatile unsigned long n = 0;; n++)
		;
}

static void *spin_thread(void *arg)
{
	(void)arg;
	spin_forever();
	return NULL;
}

pid_t load_hog(const struct cg *cg, int cpu)
{
	pid_t pid = start(cg, cpu);

	if (!pid)
		spin_forever();
	return pid;
}

pid_t load_threads(const struct cg *cg, int cpu, unsigned threads)
{
	pid_t pid = start(cg, cpu);

	if (pid)
		return pid;
	for (unsigned i = 1; i < threads; i++) {
		pthread_t t;

		pthread_create(&t, NULL, spin_thread, NULL);
	}
	spin_forever();
	return 0;
}

struct relay {
	int in, out;
};

static void *relay_thread(void *arg)
{
	struct relay *r = arg;
	char byte;

	for (;;) {
		if (read(r->in, &byte, 1) != 1 || write(r->out, &byte, 1) != 1)
			return NULL;
		for (volatile int i = 0; i < 200; i++)
			;
	}
}

static void make_pair(void)
{
	int a[2], b[2];
	struct relay *r = calloc(2, sizeof(*r));
	pthread_t t;

	if (!r || pipe(a) || pipe(b))
		_exit(1);
	r[0] = (struct relay){ a[0], b[1] };
	r[1] = (struct relay){ b[0], a[1] };
	pthread_create(&t, NULL, relay_thread, &r[0]);
	pthread_create(&t, NULL, relay_thread, &r[1]);
	if (write(a[1], "x", 1) != 1)
		_exit(1);
}

pid_t load_switchers(const struct cg *cg, unsigned threads)
{
	pid_t pid = start(cg, -1);

	if (pid)
		return pid;
	for (unsigned i = 0; i < threads / 2; i++)
		make_pair();
	for (;;)
		pause();
}

static void work_ns(uint64_t ns)
{
	uint64_t end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

pid_t load_forks(const struct cg *cg)
{
	pid_t pid = start(cg, -1);
	unsigned running = 0;

	if (pid)
		return pid;
	for (;;) {
		if (running == 4) {
			wait(NULL);
			running--;
		}
		pid = fork();
		if (pid == 0) {
			work_ns(1000000);
			_exit(0);
		}
		running += pid > 0;
	}
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct burst_log *burst_log_new(void)
{
	return share(sizeof(struct burst_log));
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000ULL),
			      .tv_nsec = (long)(ns % 1000000000ULL) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* On from 15 ms before each edge to 15 ms after it: so it is awake to read its clock there. */
static void burst(struct burst_log *log, uint64_t edge)
{
	uint64_t edge_ns = edge * BIN_NS;

	sleep_until(edge_ns - 15000000);
	while (now_ns(CLOCK_MONOTONIC) < edge_ns)
		;
	log->cpu_ns[log->n] = now_ns(CLOCK_THREAD_CPUTIME_ID);
	log->late_ns[log->n++] = now_ns(CLOCK_MONOTONIC) - edge_ns;
	while (now_ns(CLOCK_MONOTONIC) < edge_ns + 15000000)
		;
}

pid_t load_bursts(const struct cg *cg, int cpu, unsigned seconds, struct burst_log *log)
{
	pid_t pid = start(cg, cpu);
	uint64_t edge;

	if (pid)
		return pid;
	edge = now_ns(CLOCK_MONOTONIC) / BIN_NS + 3;
	log->first_edge = edge;
	for (unsigned i = 0; i < seconds * 10 && i < BURST_EDGES; i++)
		burst(log, edge + i);
	_exit(0);
}

static void eat(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "we");

	if (f) {
		fputs("1000", f);
		fclose(f);
	}
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			_exit(2);
		memset(p, 1, 1 << 20);
	}
}

pid_t load_oom(const struct cg *cg, pid_t *ret_child)
{
	pid_t *child = share(sizeof(*child));
	pid_t pid = child ? start(cg, -1) : -ENOMEM;
	int status;

	if (pid > 0) {
		for (int i = 0; i < 500 && !__atomic_load_n(child, __ATOMIC_ACQUIRE); i++)
			usleep(10000);
		*ret_child = *child;
	}
	if (pid)
		return pid;
	pid = fork();
	if (pid == 0)
		eat();
	__atomic_store_n(child, pid, __ATOMIC_RELEASE);
	waitpid(pid, &status, 0);
	_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1);
}

pid_t load_short(const struct cg *cg, uint64_t bytes, uint64_t cpu_ns)
{
	pid_t pid = start(cg, -1);
	char *p;

	if (pid)
		return pid;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, bytes);
	work_ns(cpu_ns);
	_exit(0);
}

void load_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
