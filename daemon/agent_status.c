/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent says of itself. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "daemon/agent_private.h"

#define MARK_NS (60 * NSEC_PER_SEC)

static const char *const key_names[CGROUPFS_HIERARCHIES] = {
	[CGROUPFS_UNIFIED] = "unified",
	[CGROUPFS_CPU] = "cpu",
	[CGROUPFS_CPUACCT] = "cpuacct",
	[CGROUPFS_MEMORY] = "memory",
};

/* The second number of statm, in pages. */
static uint64_t rss_bytes(void)
{
	char text[128], *number;
	uint64_t pages;

	if (file_read_small(AT_FDCWD, "/proc/self/statm", text, sizeof(text)) < 0)
		return 0;
	number = strchr(text, ' ');
	if (!number)
		return 0;
	number++;
	number[strcspn(number, " ")] = '\0';
	if (parse_u64(number, 0, UINT64_MAX, &pages) < 0)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void agent_mark_cost(struct agent *a, uint64_t now_ns)
{
	struct sampler_stats stats;

	if (a->marks[1].time_ns && now_ns - a->marks[1].time_ns < MARK_NS)
		return;
	sampler_get_stats(a->sampler, &stats);
	a->marks[0] = a->marks[1];
	a->marks[1] = (struct cost_mark){ now_ns, clock_process_cpu_ns(), stats.bpf_run_ns };
	if (!a->marks[0].time_ns)
		a->marks[0] = a->marks[1];
}

static void status_cost(const struct agent *a, struct node_status *s)
{
	const struct cost_mark *since = &a->marks[0];
	double span_ns = (double)(s->now_ns - since->time_ns);

	s->cpu_ns = clock_process_cpu_ns();
	s->rss_bytes = rss_bytes();
	s->cpu_share = s->bpf_share = (double)NAN;
	if (!since->time_ns || span_ns <= 0)
		return;
	s->cpu_share = (double)(s->cpu_ns - since->cpu_ns) / span_ns;
	if (s->sampler.bpf_stats)
		s->bpf_share = (double)(s->sampler.bpf_run_ns - since->bpf_ns) / span_ns;
}

static void status_node(const struct agent *a, struct node_status *s)
{
	struct utsname uts = { 0 };

	uname(&uts);
	snprintf(s->node, sizeof(s->node), "%s",
		 a->config.node_name[0] ? a->config.node_name : uts.nodename);
	snprintf(s->kernel, sizeof(s->kernel), "%.64s", uts.release);
}

void agent_status(void *arg, struct node_status *ret_status)
{
	struct agent *a = arg;

	*ret_status = (struct node_status){
		.realtime_usec = clock_realtime_usec(),
		.now_ns = clock_monotonic_ns(),
		.start_ns = a->start_ns,
		.tier = sampler_tier(a->sampler),
		.tier_why = sampler_why(a->sampler),
		.tier_forced = a->config.tier != TIER_AUTO,
		.layout = cgroupfs_layout(&a->fs),
		.key = key_names[a->fs.key],
		.features = sampler_features(a->sampler),
		.n_features = FEATURES,
		.bad_values = a->bad_values,
		.longest_dispatch_usec = a->longest_dispatch_usec,
		.pods_source = a->pods.message,
		.logs_source = a->logs.message,
		.reload_usec = a->reload_usec,
		.reload_ok = a->reload_ok,
		.reload_message = a->reload_message,
		.ready = a->ready,
	};
	sampler_get_stats(a->sampler, &ret_status->sampler);
	registry_get_stats(a->registry, &ret_status->registry);
	status_node(a, ret_status);
	status_cost(a, ret_status);
}
