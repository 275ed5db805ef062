// SPDX-License-Identifier: Apache-2.0
/* Causes of waiting: everything happens on CPU 1, so that there is one cause at a time. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/live/live.h"

#define CPU 1
#define RUN_SECONDS 6
#define SETTLE_USEC 2500000

static const char *const causes[] = { "quota", "self", "neighbour", "system" };

/* At least 95 % of the wait, and a wait worth speaking of, is of one cause. */
static int check_cause(struct live *l, const struct cg *cg, const char *cause,
		       const struct cg *offender)
{
	_cleanup_(json_freep) struct json *usage = NULL;
	const struct json *w = live_workload(l, "/v1/usage", cg, &usage);
	const char *name;
	double sum = 0, part = 0, share;

	if (!w)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		char path[64];
		double ns;

		snprintf(path, sizeof(path), "wait.ns.%s", causes[i]);
		ns = json_num(json_path(w, path), 0);
		sum += ns;
		if (strcmp(causes[i], cause) == 0)
			part = ns;
	}
	share = sum > 0 ? part / sum : 0;
	live_fail(
		l,
		"%.2f %% of %.2f s waited are '%s' (quota %.3f self %.3f neighbour %.3f system %.3f)",
		share * 100, sum / 1e9, cause, json_num(json_path(w, "wait.ns.quota"), 0) / 1e9,
		json_num(json_path(w, "wait.ns.self"), 0) / 1e9,
		json_num(json_path(w, "wait.ns.neighbour"), 0) / 1e9,
		json_num(json_path(w, "wait.ns.system"), 0) / 1e9);
	if (share < 0.95 || sum < 1e9)
		return -1;
	if (!offender)
		return 0;
	name = json_str(json_path(w, "wait.offender.cgroup"), "");
	if (strcmp(name, offender->path) != 0)
		return live_fail(l, "offender is '%s', not '%s'", name, offender->path);
	return 0;
}

int case_neighbour(struct live *l)
{
	struct cg a, b;
	pid_t pids[2];
	int r;

	if (cg_create(&a, &l->fs, "victim") || cg_create(&b, &l->fs, "noisy"))
		return live_fail(l, "cannot make a cgroup");
	usleep(300000);
	pids[0] = load_hog(&a, CPU);
	pids[1] = load_hog(&b, CPU);
	sleep(RUN_SECONDS);
	r = check_cause(l, &a, "neighbour", &b);
	load_kill(pids[0]);
	load_kill(pids[1]);
	cg_destroy(&a);
	cg_destroy(&b);
	return r;
}

int case_quota(struct live *l)
{
	struct cg cg;
	pid_t pid;
	int r;

	if (cg_create(&cg, &l->fs, "quota") || cg_set_quota(&cg, 20000))
		return live_fail(l, "cannot set a quota");
	pid = load_hog(&cg, CPU);
	sleep(RUN_SECONDS);
	load_kill(pid);
	usleep(SETTLE_USEC);
	r = check_cause(l, &cg, "quota", NULL);
	cg_destroy(&cg);
	return r;
}

int case_self(struct live *l)
{
	struct cg cg;
	pid_t pid;
	int r;

	if (cg_create(&cg, &l->fs, "self"))
		return live_fail(l, "cannot make a cgroup");
	pid = load_threads(&cg, CPU, 8);
	sleep(RUN_SECONDS);
	load_kill(pid);
	usleep(SETTLE_USEC);
	r = check_cause(l, &cg, "self", NULL);
	cg_destroy(&cg);
	return r;
}
