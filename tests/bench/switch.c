// SPDX-License-Identifier: Apache-2.0
/*
 * Nanoseconds per sched_switch and per wake-up, from the kernel's own BPF statistics, of our
 * programs and of the plain histogram in runqlat.bpf.c. The two take turns under the same load.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/runqlat.skel.h"
#include "tests/live/loads.h"

#define ROUNDS 5
#define ROUND_SECONDS 2
#define LOADS 4

struct cost {
	double switch_ns[ROUNDS], wakeup_ns[ROUNDS];
};

static double mean_between(uint64_t ns0, uint64_t runs0, const char *program)
{
	uint64_t ns, runs;

	bench_program_cost(program, &ns, &runs);
	return runs > runs0 ? (double)(ns - ns0) / (double)(runs - runs0) : 0;
}

static void measure(const char *switch_name, const char *wakeup_name, struct cost *c, int round)
{
	uint64_t sn, sr, wn, wr;

	usleep(200000);
	bench_program_cost(switch_name, &sn, &sr);
	bench_program_cost(wakeup_name, &wn, &wr);
	sleep(ROUND_SECONDS);
	c->switch_ns[round] = mean_between(sn, sr, switch_name);
	c->wakeup_ns[round] = mean_between(wn, wr, wakeup_name);
}

/* Loading waits for every CPU and task several times: under this load that takes minutes. */
static void signal_loads(const pid_t *pids, int signal)
{
	for (int i = 0; i < LOADS; i++)
		kill(pids[i], signal);
}

static int round_ours(const struct cgroupfs *fs, const pid_t *pids, struct cost *c, int round)
{
	struct sampler_options o = { .tier = TIER_BPF };
	_cleanup_(sampler_freep) struct sampler *s = NULL;
	struct err e = {};
	int r = sampler_new(&o, fs, &s, &e);
	uint32_t slot;
	uint64_t id;

	if (r) {
		fprintf(stderr, "bench switch: %s\n", err_msg(&e));
		return r;
	}
	for (int i = 0; i < LOADS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/evictd-live-%d/switch%d", getpid(), i);
		if (!cgroupfs_id(fs, fs->key, path, &id))
			sampler_add(s, id, &slot);
	}
	signal_loads(pids, SIGCONT);
	measure("on_switch", "on_wakeup", c, round);
	signal_loads(pids, SIGSTOP);
	return 0;
}

static int round_plain(const pid_t *pids, struct cost *c, int round)
{
	struct runqlat_bpf *plain = runqlat_bpf__open_and_load();

	if (!plain)
		return -errno;
	if (runqlat_bpf__attach(plain)) {
		runqlat_bpf__destroy(plain);
		return -errno;
	}
	signal_loads(pids, SIGCONT);
	measure("plain_switch", "plain_wakeup", c, round);
	signal_loads(pids, SIGSTOP);
	runqlat_bpf__destroy(plain);
	return 0;
}

static void print_costs(struct cost *ours, struct cost *plain)
{
	double s = bench_median(ours->switch_ns, ROUNDS), w = bench_median(ours->wakeup_ns, ROUNDS);
	double ps = bench_median(plain->switch_ns, ROUNDS);
	double pw = bench_median(plain->wakeup_ns, ROUNDS);

	printf("switch: BPF run time under 200 switching threads in 4 cgroups, median of %d\n",
	       ROUNDS);
	printf("  %-34s %8.0f ns  plain histogram %6.0f ns  %5.2f x\n", "sched_switch", s, ps,
	       s / ps);
	printf("  %-34s %8.0f ns  plain histogram %6.0f ns  %5.2f x\n", "sched_wakeup", w, pw,
	       w / pw);
	printf("  %-34s %8.0f ns  plain histogram %6.0f ns  %5.2f x\n", "a wake-up and its switch",
	       s + w, ps + pw, (s + w) / (ps + pw));
}

int bench_switch(const struct cgroupfs *fs)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct cost ours, plain;
	struct cg cgs[LOADS];
	pid_t pids[LOADS];
	int r = stats < 0 ? -errno : 0;

	for (int i = 0; i < LOADS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "switch%d", i);
		if (cg_create(&cgs[i], fs, name))
			return -EIO;
		pids[i] = load_switchers(&cgs[i], 200 / LOADS);
		kill(pids[i], SIGSTOP);
	}
	for (int i = 0; i < ROUNDS && !r; i++)
		r = round_plain(pids, &plain, i) ?: round_ours(fs, pids, &ours, i);
	for (int i = 0; i < LOADS; i++) {
		load_kill(pids[i]);
		cg_destroy(&cgs[i]);
	}
	cg_cleanup(fs);
	if (r)
		fprintf(stderr, "bench switch: %s\n", strerror(-r));
	else
		print_costs(&ours, &plain);
	close(stats);
	return r;
}
