/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"

#define NSEC 1e-9

/* Labels. */

/* Names of cgroups are bytes, the format is UTF-8. */
static void add_label(struct buf *out, const char *name, const char *value)
{
	size_t left = value ? strlen(value) : 0;

	buf_printf(out, "%s%s=\"", out->len && out->data[out->len - 1] == '{' ? "" : ",", name);
	while (left) {
		size_t n = utf8_sequence(value, left);

		if (n == 0)
			buf_add_str(out, UTF8_REPLACEMENT);
		else if (*value == '\n')
			buf_add_str(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_add(out, value, n);
		value += n ? n : 1;
		left -= n ? n : 1;
	}
	buf_add_char(out, '"');
}

/* Opens a sample of a workload; the caller adds labels of its own. */
static void add_sample(struct buf *out, const char *metric, const char *suffix,
		       const struct workload *w)
{
	char name[WORKLOAD_SHORT_ID_LEN];
	bool container = w->kind == WORKLOAD_CONTAINER;

	buf_printf(out, "%s%s{", metric, suffix);
	add_label(out, "namespace", w->names.namespace_name);
	add_label(out, "pod", w->names.pod);
	add_label(out, "container", container ? workload_name(w, name) : "");
	add_label(out, "unit", w->unit);
	add_label(out, "cgroup", w->path);
}

static void add_value(struct buf *out, double value)
{
	buf_printf(out, isnan(value) ? "NaN\n" : "%.15g\n", value);
}

static void add_plain(struct buf *out, const char *metric, const struct workload *w, double value)
{
	add_sample(out, metric, "", w);
	buf_add_str(out, "} ");
	add_value(out, value);
}

static void add_labelled(struct buf *out, const char *metric, const struct workload *w,
			 const char *label, const char *label_value, double value)
{
	add_sample(out, metric, "", w);
	add_label(out, label, label_value);
	buf_add_str(out, "} ");
	add_value(out, value);
}

/* Metrics of workloads. */

static const char *const causes[ABI_CAUSES] = {
	[ABI_WAIT_QUOTA] = "quota",
	[ABI_WAIT_SELF] = "self",
	[ABI_WAIT_NEIGHBOUR] = "neighbour",
	[ABI_WAIT_SYSTEM] = "system",
};

struct context {
	const char *name;
	const struct registry *registry;
	const struct node_status *status;
};

static void cpu_seconds(const struct context *m, const struct workload *w, struct buf *out)
{
	struct totals t;

	workload_totals(w, &t);
	add_plain(out, m->name, w, (double)t.run_ns * NSEC);
}

static void cpu_peak(const struct context *m, const struct workload *w, struct buf *out)
{
	struct rates rates;

	workload_rates(m->registry, w, clock_monotonic_ns(), &rates);
	if (!isnan(rates.peak_100ms_cores))
		add_plain(out, m->name, w, rates.peak_100ms_cores);
}

/*
 * Every other bucket of ours (a factor of 4 apart): the finer ones would make 4 times 27 lines per
 * workload. Bucket i holds waits below 2^i us.
 */
static void wait_histogram(const struct context *m, const struct workload *w, const char *cause,
			   const uint64_t hist[ABI_HIST], double sum_seconds, struct buf *out)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < ABI_HIST; i++) {
		count += hist[i];
		if (i % 2 || i < 4 || i > 24)
			continue;
		add_sample(out, m->name, "_bucket", w);
		add_label(out, "cause", cause);
		buf_printf(out, ",le=\"%.15g\"} %" PRIu64 "\n", (double)(1ULL << i) * 1e-6, count);
	}
	add_sample(out, m->name, "_bucket", w);
	add_label(out, "cause", cause);
	buf_printf(out, ",le=\"+Inf\"} %" PRIu64 "\n", count);
	add_sample(out, m->name, "_sum", w);
	add_label(out, "cause", cause);
	buf_printf(out, "} %.15g\n", sum_seconds);
	add_sample(out, m->name, "_count", w);
	add_label(out, "cause", cause);
	buf_printf(out, "} %" PRIu64 "\n", count);
}

/* Causes that never occurred are left out. */
static void wait_seconds(const struct context *m, const struct workload *w, struct buf *out)
{
	struct totals t;

	workload_totals(w, &t);
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		if (t.wait_ns[c])
			wait_histogram(m, w, causes[c], t.hist[c], (double)t.wait_ns[c] * NSEC,
				       out);
}

static void reclaim_seconds(const struct context *m, const struct workload *w, struct buf *out)
{
	struct totals t;

	workload_totals(w, &t);
	if (m->status->tier != TIER_FILES)
		add_plain(out, m->name, w, (double)t.reclaim_ns * NSEC);
}

static void oom_kills(const struct context *m, const struct workload *w, struct buf *out)
{
	add_plain(out, m->name, w, (double)workload_oom_kills(w));
}

static void memory_peak(const struct context *m, const struct workload *w, struct buf *out)
{
	if (w->peak_bytes != ABI_UNLIMITED)
		add_plain(out, m->name, w, (double)w->peak_bytes);
}

static void memory_now(const struct context *m, const struct workload *w, struct buf *out)
{
	if (w->facts.have & FACTS_MEMORY && !w->dead)
		add_plain(out, m->name, w, (double)w->facts.memory_bytes);
}

static void memory_working_set(const struct context *m, const struct workload *w, struct buf *out)
{
	if (w->facts.have & FACTS_MEMORY && w->facts.have & FACTS_INACTIVE_FILE && !w->dead)
		add_plain(out, m->name, w, (double)facts_working_set_bytes(&w->facts));
}

static void memory_limit(const struct context *m, const struct workload *w, struct buf *out)
{
	if (w->facts.have & FACTS_MEMORY && w->facts.memory_max_bytes != FACTS_UNLIMITED)
		add_plain(out, m->name, w, (double)w->facts.memory_max_bytes);
}

static bool has_quota(const struct workload *w)
{
	return w->facts.have & FACTS_CFS && w->facts.quota_ns != FACTS_UNLIMITED;
}

static void cfs_periods(const struct context *m, const struct workload *w, struct buf *out)
{
	if (has_quota(w))
		add_plain(out, m->name, w, (double)w->facts.nr_periods);
}

static void cfs_throttled_periods(const struct context *m, const struct workload *w,
				  struct buf *out)
{
	if (has_quota(w))
		add_plain(out, m->name, w, (double)w->facts.nr_throttled);
}

static void cfs_throttled_seconds(const struct context *m, const struct workload *w,
				  struct buf *out)
{
	if (has_quota(w))
		add_plain(out, m->name, w, (double)w->facts.throttled_ns * NSEC);
}

static void pressure(const struct context *m, const struct workload *w, struct buf *out)
{
	static const char *const resources[ABI_PSIS] = {
		[ABI_PSI_CPU_SOME] = "cpu-some",    [ABI_PSI_CPU_FULL] = "cpu-full",
		[ABI_PSI_MEM_SOME] = "memory-some", [ABI_PSI_MEM_FULL] = "memory-full",
		[ABI_PSI_IO_SOME] = "io-some",	    [ABI_PSI_IO_FULL] = "io-full",
	};

	for (unsigned i = 0; i < ABI_PSIS && w->facts.have & FACTS_PSI; i++)
		add_labelled(out, m->name, w, "kind", resources[i],
			     (double)w->facts.psi_ns[i] * NSEC);
}

/* Metrics of evictd itself. */

static void add_node(const struct context *m, const char *label, const char *label_value,
		     double value, struct buf *out)
{
	buf_add_str(out, m->name);
	if (label) {
		buf_add_char(out, '{');
		add_label(out, label, label_value);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ' ');
	add_value(out, value);
}

static void build_info(const struct context *m, struct buf *out)
{
	buf_printf(out, "%s{", m->name);
	add_label(out, "version", EVICTD_VERSION);
	add_label(out, "tier", tier_name(m->status->tier));
	add_label(out, "node", m->status->node);
	buf_add_str(out, "} 1\n");
}

static void self_cpu(const struct context *m, struct buf *out)
{
	add_node(m, NULL, NULL, (double)m->status->cpu_ns * NSEC, out);
}

static void self_bpf(const struct context *m, struct buf *out)
{
	if (m->status->sampler.bpf_stats)
		add_node(m, NULL, NULL, (double)m->status->sampler.bpf_run_ns * NSEC, out);
}

static void self_memory(const struct context *m, struct buf *out)
{
	add_node(m, "kind", "rss", (double)m->status->rss_bytes, out);
	add_node(m, "kind", "maps", (double)m->status->sampler.map_bytes, out);
}

static void self_lost(const struct context *m, struct buf *out)
{
	const struct registry_stats *r = &m->status->registry;

	for (unsigned i = 0; i < ABI_LOSTS; i++)
		add_node(m, "what", sampler_lost_name((enum abi_lost)i),
			 (double)m->status->sampler.lost[i], out);
	add_node(m, "what", "missed-bins", (double)r->missed_bins, out);
	add_node(m, "what", "refused-cgroups", (double)r->refused, out);
	add_node(m, "what", "forgotten-dead", (double)r->forgotten, out);
	add_node(m, "what", "unplaced-kills", (double)r->unplaced_kills, out);
	add_node(m, "what", "bad-values", (double)m->status->bad_values, out);
}

static void self_workloads(const struct context *m, struct buf *out)
{
	add_node(m, "state", "live", m->status->registry.live, out);
	add_node(m, "state", "dead", m->status->registry.dead, out);
}

static void self_slots(const struct context *m, struct buf *out)
{
	add_node(m, "state", "used", m->status->sampler.slots_used, out);
	add_node(m, "state", "max", m->status->sampler.slots_max, out);
}

static void self_loop(const struct context *m, struct buf *out)
{
	add_node(m, NULL, NULL, (double)m->status->longest_dispatch_usec * 1e-6, out);
}

/* The table: one of `each` (per workload) and `once` is set. */
static const struct {
	const char *name, *type, *help;
	void (*each)(const struct context *m, const struct workload *w, struct buf *out);
	void (*once)(const struct context *m, struct buf *out);
} metrics[] = {
	{ "evictd_build_info", "gauge", "Version and tier of evictd.", NULL, build_info },
	{ "evictd_cpu_seconds_total", "counter", "CPU time of a workload.", cpu_seconds, NULL },
	{ "evictd_cpu_peak_100ms_cores", "gauge", "Highest demand in 100 ms of the last minute.",
	  cpu_peak, NULL },
	{ "evictd_run_queue_wait_seconds", "histogram",
	  "Waits for a CPU, by why: quota, self, neighbour, system.", wait_seconds, NULL },
	{ "evictd_cfs_periods_total", "counter", "Active CFS quota periods.", cfs_periods, NULL },
	{ "evictd_cfs_throttled_periods_total", "counter", "Throttled CFS quota periods.",
	  cfs_throttled_periods, NULL },
	{ "evictd_cfs_throttled_seconds_total", "counter", "Time throttled by CFS quota.",
	  cfs_throttled_seconds, NULL },
	{ "evictd_memory_bytes", "gauge", "Memory in use.", memory_now, NULL },
	{ "evictd_memory_working_set_bytes", "gauge", "Memory less inactive file pages.",
	  memory_working_set, NULL },
	{ "evictd_memory_peak_bytes", "gauge", "Highest memory ever in use.", memory_peak, NULL },
	{ "evictd_memory_limit_bytes", "gauge", "Memory limit.", memory_limit, NULL },
	{ "evictd_memory_reclaim_seconds_total", "counter", "Stalled in reclaim.", reclaim_seconds,
	  NULL },
	{ "evictd_oom_kills_total", "counter", "Processes killed for memory.", oom_kills, NULL },
	{ "evictd_pressure_seconds_total", "counter", "Pressure stall time.", pressure, NULL },
	{ "evictd_self_cpu_seconds_total", "counter", "CPU time of evictd.", NULL, self_cpu },
	{ "evictd_self_bpf_seconds_total", "counter", "Run time of its BPF programs.", NULL,
	  self_bpf },
	{ "evictd_self_memory_bytes", "gauge", "Memory of evictd and its BPF maps.", NULL,
	  self_memory },
	{ "evictd_self_lost_total", "counter", "What could not be counted, by what.", NULL,
	  self_lost },
	{ "evictd_self_workloads", "gauge", "Workloads known.", NULL, self_workloads },
	{ "evictd_self_slots", "gauge", "BPF slots for cgroups.", NULL, self_slots },
	{ "evictd_self_longest_dispatch_seconds", "gauge", "Longest time the loop was busy.", NULL,
	  self_loop },
};

static void next_metric(struct metrics_cursor *c)
{
	*c = (struct metrics_cursor){ .metric = c->metric + 1 };
}

bool metrics_write(const struct registry *r, const struct node_status *s, struct metrics_cursor *c,
		   struct buf *out)
{
	const struct workload *w;
	struct context m;

	if (c->metric >= ARRAY_LEN(metrics))
		return false;
	m = (struct context){ .name = metrics[c->metric].name, .registry = r, .status = s };
	if (!c->headed) {
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m.name, metrics[c->metric].help,
			   m.name, metrics[c->metric].type);
		c->headed = true;
	}
	if (metrics[c->metric].once) {
		metrics[c->metric].once(&m, out);
		next_metric(c);
		return true;
	}
	w = registry_after(r, c->id);
	while (w && w->superseded)
		w = registry_next(r, w);
	if (!w) {
		next_metric(c);
		return true;
	}
	metrics[c->metric].each(&m, w, out);
	c->id = w->id;
	return true;
}
