// SPDX-License-Identifier: Apache-2.0
/*
 * `make demo`: what evictd sees beside what three workloads of known behaviour truly do.
 *
 * The process that makes things (evictd, cgroups, workloads) only waits and takes them away again,
 * the page is drawn by a child: so however the page ends (its time is up, Ctrl-C, a crash), the
 * same few lines clean up behind it.
 *
 *   EVICTD_BUILD         where evictd is (build)
 *   EVICTD_DEMO_SECONDS  how long to measure (20), 4 to 45
 *   EVICTD_DEMO_TIER     auto, bpf, bpf+files or files
 * Exit status: 0 evictd told the truth; 1 it did not; 2 the demo could not run; 128+N on signal N.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "tests/demo/demo_agent.h"
#include "tests/demo/demo_compare.h"
#include "tests/demo/demo_loads.h"
#include "tests/demo/demo_page.h"
#include "tests/live/loads.h"

#define REFRESH_SECONDS 2 /* on a terminal */
#define BLOCK_SECONDS 10  /* elsewhere */
/* After the workloads: evictd samples each second, reads cgroup files each second. */
#define SETTLE_USEC 2500000

enum { DEMO_OK, DEMO_DISAGREES, DEMO_CANNOT };

struct demo {
	struct cgroupfs fs;
	struct demo_agent agent;
	unsigned loads; /* that run: the first of demo_loads */
	struct cg cg[DEMO_LOADS];
	pid_t pid[DEMO_LOADS];
	struct demo_log *log[DEMO_LOADS];
	bool cpu_enabled; /* we gave the root's children the cpu controller */
	unsigned seconds;
};

static volatile int stop_signal;
static volatile pid_t page_pid;

static void on_signal(int sig)
{
	stop_signal = sig;
	if (page_pid > 0)
		kill(page_pid, SIGKILL);
}

static int cannot(const char *what, const struct err *e)
{
	fprintf(stderr, "demo: %s: %s\n", what, err_msg(e));
	return DEMO_CANNOT;
}

/* --- the page --- */

static const struct json *find_load(const struct json *usage, const struct cg *cg)
{
	const struct json *list = json_get(usage, "workloads");

	/* In a container evictd may name it by the host's path: the end of it is the same. */
	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		const char *path = json_str(json_get(w, "cgroup"), "");
		size_t len = strlen(path), want = strlen(cg->path);

		if (len >= want && strcmp(path + len - want, cg->path) == 0)
			return w;
	}
	return NULL;
}

/* Asks evictd and compares; totals may be NULL. */
static int look(const struct demo *d, struct demo_view *views, struct demo_totals *totals)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	struct err e = { 0 };

	if (agent_proc_get(&d->agent.proc, "/v1/usage?bins=1", &usage, &e)) {
		cannot("evictd does not answer any more", &e);
		return -EIO;
	}
	for (unsigned i = 0; i < d->loads; i++) {
		const struct json *w = find_load(usage, &d->cg[i]);

		demo_view_fill(&views[i], w, d->log[i], &d->cg[i]);
		if (totals)
			demo_totals_fill(&totals[i], w, d->log[i], &d->cg[i]);
	}
	return 0;
}

static int show_header(const struct demo *d, struct demo_page *p)
{
	_cleanup_(json_freep) struct json *status = NULL;
	const struct cgroupfs *fs = &d->fs;
	struct err e = { 0 };
	char where[512];

	if (agent_proc_get(&d->agent.proc, "/v1/status", &status, &e))
		return cannot("evictd does not answer", &e);
	snprintf(where, sizeof(where), "%s%s", fs->root[fs->key], d->cg[0].path);
	*strrchr(where, '/') = 0;
	demo_page_header(p, status, where);
	return 0;
}

static void end_loads(const struct demo *d)
{
	for (unsigned i = 0; i < d->loads; i++)
		__atomic_store_n(&d->log[i]->stop, true, __ATOMIC_RELEASE);
	usleep(SETTLE_USEC);
}

/* The child's life: blocks until the time is up, the verdict, its exit status. */
static int run_page(const struct demo *d)
{
	_cleanup_(demo_page_release) struct demo_page p;
	struct demo_view views[DEMO_LOADS];
	struct demo_totals totals[DEMO_LOADS];
	unsigned step;

	demo_page_init(&p);
	p.loads = d->loads;
	if (show_header(d, &p))
		return DEMO_CANNOT;
	step = p.tty ? REFRESH_SECONDS : BLOCK_SECONDS;
	for (unsigned left = d->seconds; left > step; left -= step) {
		sleep(step);
		if (look(d, views, NULL))
			return DEMO_CANNOT;
		demo_page_block(&p, views, left - step);
	}
	sleep(d->seconds % step ?: step);
	end_loads(d);
	if (look(d, views, totals))
		return DEMO_CANNOT;
	demo_page_block(&p, views, 0);
	return demo_page_verdict(&p, views, totals) ? DEMO_OK : DEMO_DISAGREES;
}

/* --- what the page needs --- */

/* Of the CPUs that we may use, the last: interrupts prefer the first. */
static int last_cpu(void)
{
	cpu_set_t set;
	int last = -1;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET((unsigned)i, &set))
			last = i;
	}
	return last;
}

/* On v2, groups can only have quotas where the root gives its children the cpu controller. */
static int switch_root_cpu(const struct cgroupfs *fs, const char *word)
{
	_cleanup_close_ int fd = openat(fs->root_fd[CGROUPFS_UNIFIED], "cgroup.subtree_control",
					O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, word, strlen(word)) < 0 ? -errno : 0;
}

static bool root_has_cpu(const struct cgroupfs *fs)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(4096);

	return file_read_at(fs->root_fd[CGROUPFS_UNIFIED], "cgroup.subtree_control", &text) == 0 &&
	       (strncmp(buf_str(&text), "cpu ", 4) == 0 || strstr(buf_str(&text), " cpu ") ||
		strcmp(buf_str(&text), "cpu\n") == 0 || strstr(buf_str(&text), " cpu\n"));
}

static void enable_cpu(struct demo *d)
{
	if (d->fs.root[CGROUPFS_CPU] || d->fs.root_fd[CGROUPFS_UNIFIED] < 0 || root_has_cpu(&d->fs))
		return;
	d->cpu_enabled = switch_root_cpu(&d->fs, "+cpu") == 0;
}

static int make_cgroup(struct demo *d, unsigned i, struct err *e)
{
	int r = cg_create(&d->cg[i], &d->fs, demo_loads[i].name);

	if (r)
		return err_set(
			e, r,
			"%s: run this as root on a host or in a virtual machine; a container "
			"needs a writable /sys/fs/cgroup",
			strerror(-r));
	if (!demo_loads[i].quota_usec)
		return 0;
	r = cg_set_quota(&d->cg[i], demo_loads[i].quota_usec);
	return r ? err_set(e, r, "no CPU quota here (%s)", strerror(-r)) : 0;
}

/* Cgroups first, so that evictd sees the workloads from their first moment. */
static int make_cgroups(struct demo *d, struct err *e)
{
	for (; d->loads < DEMO_LOADS; d->loads++) {
		bool quota = demo_loads[d->loads].quota_usec;
		int r = make_cgroup(d, d->loads, e);

		if (!r)
			continue;
		if (!quota)
			return r;
		fprintf(stderr, "demo: goes without '%s': %s\n", demo_loads[d->loads].name,
			err_msg(e));
		return 0;
	}
	return 0;
}

static int start_loads(struct demo *d, struct err *e)
{
	int cpu = last_cpu();

	for (unsigned i = 0; i < d->loads; i++) {
		d->log[i] = demo_log_new();
		if (!d->log[i])
			return err_set(e, -ENOMEM, "no memory");
		d->pid[i] = demo_load_start(&demo_loads[i], &d->cg[i],
					    demo_loads[i].paired ? cpu : -1, d->log[i]);
		if (d->pid[i] < 0)
			return err_set(e, d->pid[i], "cannot fork");
	}
	return 0;
}

/* Draws the page in a child and returns its exit status. */
static int show(const struct demo *d)
{
	int status;

	page_pid = fork();
	if (page_pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(run_page(d));
	}
	if (page_pid < 0)
		return DEMO_CANNOT;
	if (stop_signal) /* came between the last look at it and the fork */
		kill(page_pid, SIGKILL);
	while (waitpid(page_pid, &status, 0) < 0 && errno == EINTR)
		;
	page_pid = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!stop_signal)
		fprintf(stderr, "demo: the page died of signal %d\n", WTERMSIG(status));
	return DEMO_CANNOT;
}

static int run(struct demo *d)
{
	const char *tier = getenv("EVICTD_DEMO_TIER");
	struct err e = { 0 };

	if (cgroupfs_init(&d->fs, "/proc/self/mountinfo", &e))
		return cannot("no cgroup file system", &e);
	printf("Starting evictd ...\n");
	fflush(stdout);
	if (demo_agent_start(&d->agent, tier ?: "auto", &stop_signal, &e))
		return stop_signal ? DEMO_CANNOT : cannot("cannot start evictd", &e);
	enable_cpu(d);
	if (make_cgroups(d, &e))
		return cannot("cannot make a cgroup", &e);
	if (start_loads(d, &e))
		return cannot("cannot start a workload", &e);
	return stop_signal ? DEMO_CANNOT : show(d);
}

/* Whether the parent of our cgroups is gone from every hierarchy. */
static bool cgroups_gone(const struct demo *d)
{
	char parent[sizeof(d->cg[0].path)];
	uint64_t id;

	if (!d->cg[0].fs)
		return true;
	snprintf(parent, sizeof(parent), "%s", d->cg[0].path);
	*strrchr(parent, '/') = 0;
	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		if (cgroupfs_id(&d->fs, h, parent, &id) == 0)
			return false;
	}
	return true;
}

/* Takes everything away; false when something stays. */
static bool clean_up(struct demo *d)
{
	bool clean = true;
	int r;

	for (unsigned i = 0; i < DEMO_LOADS; i++)
		load_kill(d->pid[i]);
	r = demo_agent_stop(&d->agent);
	if (r) {
		fprintf(stderr, "demo: evictd did not end cleanly: %s\n", strerror(-r));
		clean = false;
	}
	for (unsigned i = 0; i < DEMO_LOADS; i++) {
		if (d->cg[i].fs)
			cg_destroy(&d->cg[i]);
	}
	if (d->cg[0].fs)
		cg_cleanup(&d->fs);
	if (d->cpu_enabled)
		switch_root_cpu(&d->fs, "-cpu");
	clean &= cgroups_gone(d);
	cgroupfs_release(&d->fs);
	return clean;
}

int main(void)
{
	const char *seconds = getenv("EVICTD_DEMO_SECONDS");
	struct sigaction sa = { .sa_handler = on_signal };
	struct demo d = { .seconds = 20 };
	uint64_t n;
	int code;
	bool clean;

	if (seconds && !parse_u64(seconds, 4, 45, &n))
		d.seconds = (unsigned)n;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	code = run(&d);
	clean = clean_up(&d);
	printf("\nevictd, workloads and cgroups are %s.\n",
	       clean ? "gone again; nothing is left behind" : "NOT all gone: see above");
	if (code == DEMO_OK && clean) {
		struct demo_page p;

		demo_page_init(&p);
		demo_page_next_steps(&p);
		demo_page_release(&p);
	}
	if (stop_signal)
		return 128 + stop_signal;
	return code == DEMO_OK && !clean ? DEMO_CANNOT : code;
}
