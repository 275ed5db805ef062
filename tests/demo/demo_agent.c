// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define START_TRIES 300 /* of 100 ms: loading BPF takes seconds on an emulated machine */
#define LOG_MAX 4096

static void exec_agent(const struct demo_agent *a, const char *tier)
{
	const char *build = getenv("EVICTD_BUILD");
	char path[4096];
	int fd = open(a->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	dup2(fd, STDERR_FILENO);
	/* Ctrl-C goes to the whole terminal, but evictd must outlive the measuring. */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(path, sizeof(path), "%s/evictd", build ?: "build");
	execl(path, "evictd", "--config", a->proc.config, "--tier", tier, NULL);
	fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
	_exit(127);
}

static int make_dir(struct demo_agent *a, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	n = snprintf(a->dir, sizeof(a->dir), "%s/evictd-demo.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (n >= (int)sizeof(a->dir))
		return a->dir[0] = 0, err_set(e, -ENAMETOOLONG, "TMPDIR '%s' is too long", tmp);
	if (!mkdtemp(a->dir)) {
		int r = err_set(e, -errno, "cannot make %s: %s", a->dir, strerror(errno));

		a->dir[0] = 0;
		return r;
	}
	snprintf(a->log, sizeof(a->log), "%s/log", a->dir);
	snprintf(a->proc.socket, sizeof(a->proc.socket), "%s/socket", a->dir);
	snprintf(a->proc.config, sizeof(a->proc.config), "%s/evictd.yaml", a->dir);
	return 0;
}

static int write_config(const struct demo_agent *a, struct err *e)
{
	FILE *f = fopen(a->proc.config, "we");

	if (f)
		fprintf(f, "socket: %s\nsnapshot_interval: 1s\n", a->proc.socket);
	if (!f || fclose(f))
		return err_set(e, -EIO, "cannot write %s", a->proc.config);
	return 0;
}

/* What evictd had to say when it did not start. */
static int agent_ended(struct demo_agent *a, struct err *e)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(LOG_MAX);

	a->proc.pid = 0;
	file_read_at(AT_FDCWD, a->log, &text);
	return err_set(e, -ECHILD, "evictd ended at its start. It said:\n%s", buf_str(&text));
}

static bool answers(const struct demo_agent *a, struct err *e)
{
	_cleanup_(json_freep) struct json *status = NULL;

	return agent_proc_get(&a->proc, "/v1/status", &status, e) == 0;
}

int demo_agent_start(struct demo_agent *a, const char *tier, const volatile int *stop,
		     struct err *e)
{
	int r = make_dir(a, e) ?: write_config(a, e);

	if (r)
		return r;
	a->proc.pid = fork();
	if (a->proc.pid < 0) {
		a->proc.pid = 0;
		return err_set(e, -EAGAIN, "cannot fork");
	}
	if (!a->proc.pid)
		exec_agent(a, tier);
	for (int i = 0; i < START_TRIES; i++) {
		if (*stop)
			return err_set(e, -EINTR, "interrupted");
		if (waitpid(a->proc.pid, NULL, WNOHANG) == a->proc.pid)
			return agent_ended(a, e);
		if (access(a->proc.socket, F_OK) == 0 && answers(a, e))
			return 0;
		usleep(100000);
	}
	return err_wrap(e, -ETIMEDOUT, "evictd does not answer");
}

int demo_agent_stop(struct demo_agent *a)
{
	int status = 0;

	if (a->proc.pid)
		status = agent_proc_stop(&a->proc);
	a->proc.pid = 0;
	if (!a->dir[0])
		return 0;
	unlink(a->proc.config);
	unlink(a->proc.socket);
	unlink(a->log);
	if (rmdir(a->dir))
		return -errno;
	return status ? -EIO : 0;
}
