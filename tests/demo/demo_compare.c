// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/measure/demand.h"

#define BIN_USEC ((double)(ABI_BIN_NS / NSEC_PER_USEC))

static const char *const cause_paths[ABI_CAUSES] = {
	[ABI_WAIT_QUOTA] = "wait.ns.quota",
	[ABI_WAIT_SELF] = "wait.ns.self",
	[ABI_WAIT_NEIGHBOUR] = "wait.ns.neighbour",
	[ABI_WAIT_SYSTEM] = "wait.ns.system",
};

/* CPU time of the log's own bin i, in cores. */
static double own_bin_cores(const struct demo_log *log, uint32_t i)
{
	return (double)(log->cpu_ns[i + 1] - log->cpu_ns[i]) / (double)ABI_BIN_NS;
}

/* CPU time of all bins that both know, in cores times bins. */
struct sums {
	double own, evictd;
};

static void add_bin(struct demo_view *v, double own, double evictd, struct sums *sum)
{
	double off_usec = fabs(own - evictd) * BIN_USEC;

	memmove(v->own_bins, v->own_bins + 1, sizeof(v->own_bins) - sizeof(v->own_bins[0]));
	memmove(v->evictd_bins, v->evictd_bins + 1,
		sizeof(v->evictd_bins) - sizeof(v->evictd_bins[0]));
	v->own_bins[DEMO_SPARK - 1] = (float)own;
	v->evictd_bins[DEMO_SPARK - 1] = (float)evictd;
	v->own_peak_cores = fmax(v->own_peak_cores, own);
	if (isnan(evictd))
		return;
	v->evictd_peak_cores = fmax(v->evictd_peak_cores, evictd);
	sum->own += own;
	sum->evictd += evictd;
	v->worst_usec = fmax(v->worst_usec, off_usec);
	v->close_bins += off_usec <= DEMO_CLOSE_USEC;
	v->bins++;
}

/* The bins of the log beside evictd's, where both have the same number. */
static void fill_bins(struct demo_view *v, const struct json *bins, const struct demo_log *log,
		      uint32_t edges)
{
	const struct json *list = json_get(bins, "usec");
	const struct json *b = json_first(list);
	/* where evictd's oldest bin lies in the log; negative, too, in the first minute of a boot */
	int64_t i = (int64_t)json_u64(json_get(bins, "endMonotonicBin"), 0) -
		    (int64_t)json_len(list) - (int64_t)log->first_edge;
	struct sums sum = { 0 };

	for (; b && i + 1 < (int64_t)edges; b = json_next(b), i++) {
		double usec = json_num(b, (double)NAN);

		if (i >= 0)
			add_bin(v, own_bin_cores(log, (uint32_t)i), usec / BIN_USEC, &sum);
	}
	if (!v->bins)
		return;
	v->own_cores = sum.own / v->bins;
	v->evictd_cores = sum.evictd / v->bins;
}

static void fill_waits(struct demo_view *v, const struct json *w, const struct demo_log *log,
		       uint32_t edges)
{
	/* evictd has read its counters that much later than its newest bin ended */
	double end = json_num(json_path(w, "bins.endMonotonicBin"), (double)NAN) + DEMAND_LAG;
	double ns = (end - (double)log->first_edge) * (double)ABI_BIN_NS;

	v->own_wait = (double)log->wait_ns[edges - 1] / ((double)(edges - 1) * (double)ABI_BIN_NS);
	if (log->ended)
		ns = (double)log->wall_ns;
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		v->wait[c] = json_num(json_path(w, cause_paths[c]), (double)NAN) / ns;
	snprintf(v->offender, sizeof(v->offender), "%s",
		 json_str(json_path(w, "wait.offender.cgroup"), ""));
}

static void fill_throttling(struct demo_view *v, const struct json *w, const struct cg *cg)
{
	const struct json *periods = json_path(w, "cpu.periods");

	v->kernel_cfs = cg_throttling(cg, &v->kernel_periods, &v->kernel_throttled);
	v->evictd_cfs = json_kind(periods) == JSON_NUMBER;
	v->evictd_periods = json_u64(periods, 0);
	v->evictd_throttled = json_u64(json_path(w, "cpu.throttledPeriods"), 0);
}

/* Without bins: the mean of 10 s while it works, afterwards that of its whole life. */
static void fill_means(struct demo_view *v, const struct json *w, const struct demo_log *log)
{
	if (!__atomic_load_n(&log->ended, __ATOMIC_ACQUIRE)) {
		v->evictd_cores = json_num(json_path(w, "cpu.cores10s"), (double)NAN);
		return;
	}
	v->own_cores = (double)log->total_cpu_ns / (double)log->wall_ns;
	v->evictd_cores = json_num(json_path(w, "cpu.usageNs"), (double)NAN) / (double)log->wall_ns;
}

void demo_view_fill(struct demo_view *v, const struct json *w, const struct demo_log *log,
		    const struct cg *cg)
{
	uint32_t edges = demo_log_edges(log);

	*v = (struct demo_view){ .own_cores = NAN,
				 .evictd_cores = NAN,
				 .own_peak_cores = NAN,
				 .evictd_peak_cores = NAN,
				 .own_wait = NAN };
	for (unsigned i = 0; i < DEMO_SPARK; i++)
		v->own_bins[i] = v->evictd_bins[i] = NAN;
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		v->wait[c] = NAN;
	fill_throttling(v, w, cg);
	if (edges < 2)
		return;
	v->seconds = (double)(edges - 1) * (double)ABI_BIN_NS / (double)NSEC_PER_SEC;
	v->own_cores = (double)log->cpu_ns[edges - 1] / (v->seconds * (double)NSEC_PER_SEC);
	fill_bins(v, json_get(w, "bins"), log, edges);
	fill_waits(v, w, log, edges);
	if (!v->bins)
		fill_means(v, w, log);
}

/* cpuacct.usage: what pure v1 has instead of cpu.stat's usage_usec. */
static uint64_t cpuacct_ns(const struct cg *cg)
{
	_cleanup_fclose_ FILE *f = NULL;
	unsigned long long ns = 0;
	char path[512];

	if (!cg->fs->root[CGROUPFS_CPUACCT])
		return 0;
	snprintf(path, sizeof(path), "%s%s/cpuacct.usage", cg->fs->root[CGROUPFS_CPUACCT],
		 cg->path);
	f = fopen(path, "re");
	return f && fscanf(f, "%llu", &ns) == 1 ? ns : 0;
}

void demo_totals_fill(struct demo_totals *t, const struct json *w, const struct demo_log *log,
		      const struct cg *cg)
{
	t->own_ns = __atomic_load_n(&log->ended, __ATOMIC_ACQUIRE) ? log->total_cpu_ns : 0;
	t->evictd_ns = json_u64(json_path(w, "cpu.usageNs"), 0);
	t->kernel_ns = cg_cpu_ns(cg) ?: cpuacct_ns(cg);
}

double demo_totals_off(const struct demo_totals *t)
{
	if (!t->own_ns || !t->evictd_ns)
		return (double)NAN;
	return ((double)t->evictd_ns - (double)t->own_ns) / (double)t->own_ns;
}

static double throttled_share(uint64_t throttled, uint64_t periods)
{
	return periods ? (double)throttled / (double)periods : 0;
}

/* True where a difference is known and too large. */
static bool gross(double off)
{
	return fabs(off) > DEMO_GROSS;
}

bool demo_agrees(const struct demo_view *v, const struct demo_totals *t, const char **ret_why)
{
	double throttled = throttled_share(v->evictd_throttled, v->evictd_periods) -
			   throttled_share(v->kernel_throttled, v->kernel_periods);
	const struct {
		bool wrong;
		const char *why;
	} checks[] = {
		{ !t->own_ns, "the workload did not end in order" },
		{ !t->evictd_ns, "evictd does not know it" },
		{ gross(demo_totals_off(t)), "CPU time" },
		{ !isnan(v->wait[0]) && !v->bins, "100 ms bins are unknown" },
		{ fabs(v->evictd_peak_cores - v->own_peak_cores) > DEMO_GROSS_PEAK_CORES,
		  "100 ms peak" },
		{ v->bins && v->close_bins < v->bins * 9 / 10, "100 ms bins" },
		{ v->kernel_periods && !v->evictd_cfs, "throttled periods are unknown" },
		{ v->evictd_cfs && gross(throttled), "throttled periods" },
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (!checks[i].wrong)
			continue;
		*ret_why = checks[i].why;
		return false;
	}
	return true;
}
