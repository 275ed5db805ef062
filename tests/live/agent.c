// SPDX-License-Identifier: Apache-2.0
#include "tests/live/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http.h"

static void exec_agent(const struct agent_proc *a, const char *tier)
{
	const char *build = getenv("EVICTD_BUILD");
	char path[256];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(path, sizeof(path), "%s%sevictd", build ?: "", build ? "/" : "");
	execlp(path, "evictd", "--config", a->config, "--tier", tier ?: "auto", NULL);
	fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
	_exit(127);
}

static int write_config(const struct agent_proc *a, bool defaults)
{
	FILE *f = fopen(a->config, "we");

	if (!f)
		return -errno;
	fprintf(f, "socket: %s\nlog_level: warning\n", a->socket);
	if (!defaults)
		fprintf(f, "snapshot_interval: 1s\n");
	return fclose(f) ? -errno : 0;
}

int agent_proc_get(const struct agent_proc *a, const char *path, struct json **ret_json,
		   struct err *e)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT(64 << 20);
	int status, r;

	r = http_get_unix(a->socket, path, 20 * USEC_PER_SEC, &body, &status, e);
	if (r)
		return r;
	if (status != 200)
		return err_set(e, -EIO, "GET %s: status %d: %.200s", path, status, buf_str(&body));
	return json_parse(buf_str(&body), body.len, ret_json, e);
}

int agent_proc_start(struct agent_proc *a, const char *tier, struct err *e)
{
	int r;

	snprintf(a->socket, sizeof(a->socket), "/tmp/evictd-live-%d.sock", getpid());
	snprintf(a->config, sizeof(a->config), "/tmp/evictd-live-%d.yaml", getpid());
	r = write_config(a, !tier);
	if (r)
		return err_set(e, r, "cannot write %s", a->config);
	a->pid = fork();
	if (a->pid < 0)
		return err_set(e, -errno, "fork");
	if (!a->pid)
		exec_agent(a, tier);
	for (int i = 0; i < 300; i++) {
		_cleanup_(json_freep) struct json *j = NULL;

		if (waitpid(a->pid, NULL, WNOHANG) == a->pid)
			return err_set(e, -ECHILD, "evictd --tier %s ended at its start",
				       tier ?: "auto");
		if (!agent_proc_get(a, "/v1/status", &j, e))
			return 0;
		usleep(100000);
	}
	agent_proc_stop(a);
	return err_wrap(e, -ETIMEDOUT, "evictd --tier %s does not answer", tier ?: "auto");
}

int agent_proc_stop(struct agent_proc *a)
{
	int status;

	kill(a->pid, SIGTERM);
	for (int i = 0; i < 100; i++) {
		if (waitpid(a->pid, &status, WNOHANG) == a->pid) {
			unlink(a->config);
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(50000);
	}
	kill(a->pid, SIGKILL);
	waitpid(a->pid, &status, 0);
	unlink(a->config);
	unlink(a->socket);
	return -1;
}

const struct json *usage_find(const struct json *usage, const char *cgroup)
{
	const struct json *list = json_get(usage, "workloads");

	for (const struct json *w = json_first(list); w; w = json_next(w)) {
		if (strcmp(json_str(json_get(w, "cgroup"), ""), cgroup) == 0)
			return w;
	}
	return NULL;
}
