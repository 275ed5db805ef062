/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_usage.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "daemon/api_status.h"

static const char *const cause_names[ABI_CAUSES] = {
	[ABI_WAIT_QUOTA] = "quota",
	[ABI_WAIT_SELF] = "self",
	[ABI_WAIT_NEIGHBOUR] = "neighbour",
	[ABI_WAIT_SYSTEM] = "system",
};

static const char *const kind_names[WORKLOAD_KINDS] = {
	[WORKLOAD_CONTAINER] = "container",
	[WORKLOAD_UNIT] = "unit",
	[WORKLOAD_CGROUP] = "cgroup",
};

/* One workload on its way into the answer. */
struct item {
	struct json_writer *w;
	const struct registry *registry;
	const struct node_status *status;
	const struct workload *workload;
	struct totals totals;
	struct rates rates;
};

static void put_text(const struct item *it, const char *key, const char *value)
{
	json_put_str(it->w, key, value && value[0] ? value : NULL);
}

/* UINT64_MAX, which is ABI_UNLIMITED, too: null. */
static void put_known(const struct item *it, const char *key, uint64_t value, bool known)
{
	if (known && value != UINT64_MAX)
		json_put_u64(it->w, key, value);
	else
		json_put_null(it->w, key);
}

static void put_time(const struct item *it, const char *key, uint64_t monotonic_ns)
{
	char time[CLOCK_RFC3339_LEN];

	json_put_str(it->w, key,
		     clock_format_rfc3339(status_realtime_usec(it->status, monotonic_ns), time));
}

static void put_identity(const struct item *it)
{
	const struct workload *w = it->workload;
	char name[WORKLOAD_SHORT_ID_LEN];

	json_put_str(it->w, "kind", kind_names[w->kind]);
	json_put_str(it->w, "name", workload_name(w, name));
	put_text(it, "namespace", w->names.namespace_name);
	put_text(it, "pod", w->names.pod);
	put_text(it, "container", w->names.container);
	put_text(it, "podUID", w->pod_uid);
	put_text(it, "containerID", w->container_id);
	if (w->names.owner_kind) {
		json_open_object(it->w, "owner");
		json_put_str(it->w, "kind", w->names.owner_kind);
		put_text(it, "name", w->names.owner_name);
		json_close_object(it->w);
	} else {
		json_put_null(it->w, "owner");
	}
	put_text(it, "qos", w->qos);
	put_text(it, "runtime", w->runtime);
	put_text(it, "unit", w->unit);
	json_put_str(it->w, "cgroup", w->path);
	json_put_bool(it->w, "system", w->system);
	json_put_str(it->w, "state", w->dead ? "dead" : "live");
	put_time(it, "startedAt", w->born_ns);
	json_put_bool(it->w, "startSeen", w->born_seen);
	if (w->dead)
		put_time(it, "endedAt", w->died_ns);
	else
		json_put_null(it->w, "endedAt");
}

static double quota_cores(const struct facts *f)
{
	if (!(f->have & FACTS_CFS) || f->quota_ns == FACTS_UNLIMITED || !f->period_ns)
		return (double)NAN;
	return (double)f->quota_ns / (double)f->period_ns;
}

static void put_cpu(const struct item *it)
{
	const struct workload *w = it->workload;
	const struct facts *f = &w->facts;
	bool cfs = f->have & FACTS_CFS, cpu = f->have & FACTS_CPU;

	json_open_object(it->w, "cpu");
	json_put_u64(it->w, "usageNs", it->totals.run_ns);
	json_put_double(it->w, "cores1s", it->rates.cores_1s);
	json_put_double(it->w, "cores10s", it->rates.cores_10s);
	json_put_double(it->w, "cores60s", it->rates.cores_60s);
	json_put_double(it->w, "peak100msCores", it->rates.peak_100ms_cores);
	put_known(it, "requestMilli", w->names.cpu_request_milli, true);
	put_known(it, "limitMilli", w->names.cpu_limit_milli, true);
	json_put_double(it->w, "quotaCores", quota_cores(f));
	put_known(it, "periods", f->nr_periods, cfs);
	put_known(it, "throttledPeriods", f->nr_throttled, cfs);
	put_known(it, "throttledNs", f->throttled_ns, cfs);
	json_put_double(it->w, "throttledShare", it->rates.throttled_share);
	put_known(it, "userNs", f->user_ns, cpu);
	put_known(it, "systemNs", f->system_ns, cpu);
	json_close_object(it->w);
}

static void put_causes_u64(const struct item *it, const char *key, const uint64_t v[ABI_CAUSES])
{
	json_open_object(it->w, key);
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		put_known(it, cause_names[c], v[c], true);
	json_close_object(it->w);
}

static void put_offender(const struct item *it)
{
	const struct workload *o = it->rates.offender;
	char name[WORKLOAD_SHORT_ID_LEN];

	if (!o) {
		json_put_null(it->w, "offender");
		return;
	}
	json_open_object(it->w, "offender");
	json_put_str(it->w, "name", workload_name(o, name));
	put_text(it, "namespace", o->names.namespace_name);
	put_text(it, "pod", o->names.pod);
	json_put_str(it->w, "cgroup", o->path);
	json_put_u64(it->w, "ns", it->rates.offender_ns);
	json_close_object(it->w);
}

/* Counts by length of the wait: element i holds [2^(i-1), 2^i) us. */
static void put_histograms(const struct item *it)
{
	json_open_object(it->w, "hist");
	for (unsigned c = 0; c < ABI_CAUSES; c++) {
		json_open_array(it->w, cause_names[c]);
		for (unsigned i = 0; i < ABI_HIST; i++)
			json_put_u64(it->w, NULL, it->totals.hist[c][i]);
		json_close_array(it->w);
	}
	json_close_object(it->w);
}

static void put_wait(const struct item *it)
{
	if (it->status->tier == TIER_FILES) {
		json_put_null(it->w, "wait");
		return;
	}
	json_open_object(it->w, "wait");
	json_put_u64(it->w, "count", it->totals.waits);
	put_causes_u64(it, "ns", it->totals.wait_ns);
	json_open_object(it->w, "share");
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		json_put_double(it->w, cause_names[c], it->rates.wait_share[c]);
	json_close_object(it->w);
	put_causes_u64(it, "p50Usec", it->rates.p50_usec);
	put_causes_u64(it, "p99Usec", it->rates.p99_usec);
	put_histograms(it);
	put_offender(it);
	json_close_object(it->w);
}

static void put_memory(const struct item *it)
{
	const struct workload *w = it->workload;
	const struct facts *f = &w->facts;
	bool memory = f->have & FACTS_MEMORY, bpf = it->status->tier != TIER_FILES;
	bool working_set = memory && f->have & FACTS_INACTIVE_FILE;

	json_open_object(it->w, "memory");
	put_known(it, "currentBytes", f->memory_bytes, memory && !w->dead);
	put_known(it, "workingSetBytes", facts_working_set_bytes(f), working_set && !w->dead);
	put_known(it, "peakBytes", w->peak_bytes, true);
	put_known(it, "limitBytes", f->memory_max_bytes, memory);
	put_known(it, "requestBytes", w->names.memory_request_bytes, true);
	json_put_u64(it->w, "oomKills", workload_oom_kills(w));
	put_known(it, "reclaimNs", it->totals.reclaim_ns, bpf);
	put_known(it, "reclaims", it->totals.reclaims, bpf);
	json_close_object(it->w);
}

static void put_pressure(const struct item *it)
{
	static const struct {
		const char *name;
		enum abi_psi psi;
	} names[] = {
		{ "cpuSomeNs", ABI_PSI_CPU_SOME }, { "cpuFullNs", ABI_PSI_CPU_FULL },
		{ "memSomeNs", ABI_PSI_MEM_SOME }, { "memFullNs", ABI_PSI_MEM_FULL },
		{ "ioSomeNs", ABI_PSI_IO_SOME },   { "ioFullNs", ABI_PSI_IO_FULL },
	};
	const struct facts *f = &it->workload->facts;

	if (!(f->have & FACTS_PSI)) {
		json_put_null(it->w, "pressure");
		return;
	}
	json_open_object(it->w, "pressure");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_put_u64(it->w, names[i].name, f->psi_ns[names[i].psi]);
	json_close_object(it->w);
}

static void put_kills(const struct item *it)
{
	json_open_array(it->w, "kills");
	for (unsigned i = 0; i < it->workload->n_kills; i++) {
		const struct kill *k = &it->workload->kills[i];

		json_open_object(it->w, NULL);
		put_time(it, "time", k->time_ns);
		json_put_u64(it->w, "pid", k->pid);
		json_put_str(it->w, "comm", k->comm);
		json_put_u64(it->w, "usageBytes", k->usage_bytes);
		put_known(it, "limitBytes", k->limit_bytes, true);
		json_put_u64(it->w, "processes", k->processes);
		json_close_object(it->w);
	}
	json_close_array(it->w);
}

static void put_bins(const struct item *it)
{
	uint64_t end = registry_bins_end(it->registry);
	uint32_t usec;

	json_open_object(it->w, "bins");
	put_time(it, "endTime", end * ABI_BIN_NS);
	json_put_u64(it->w, "endMonotonicBin", end);
	json_put_u64(it->w, "stepMs", ABI_BIN_NS / NSEC_PER_MSEC);
	json_open_array(it->w, "usec");
	for (uint64_t i = DEMAND_BINS; i > 0; i--) {
		if (end >= i && workload_bin(it->registry, it->workload, end - i, &usec))
			json_put_u64(it->w, NULL, usec);
		else
			json_put_null(it->w, NULL);
	}
	json_close_array(it->w);
	json_close_object(it->w);
}

static void put_workload(struct buf *out, const struct registry *r, const struct node_status *s,
			 const struct workload *w, bool bins)
{
	struct json_writer writer;
	struct item it = { .w = &writer, .registry = r, .status = s, .workload = w };

	json_writer_init(&writer, out);
	workload_totals(w, &it.totals);
	workload_rates(r, w, clock_monotonic_ns(), &it.rates);
	json_open_object(&writer, NULL);
	put_identity(&it);
	put_cpu(&it);
	put_wait(&it);
	put_memory(&it);
	put_pressure(&it);
	put_kills(&it);
	if (bins)
		put_bins(&it);
	json_close_object(&writer);
}

/* The opening of the answer up to the array of workloads. */
static void put_head(const struct node_status *s, struct buf *out)
{
	char time[CLOCK_RFC3339_LEN];
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_str(&w, "kind", "Usage");
	json_put_str(&w, "apiVersion", API_VERSION);
	json_put_str(&w, "node", s->node);
	json_put_str(&w, "time", clock_format_rfc3339(s->realtime_usec, time));
	json_put_str(&w, "tier", tier_name(s->tier));
	json_open_array(&w, "workloads");
}

bool api_write_usage(const struct registry *r, const struct node_status *s, struct usage_cursor *c,
		     struct buf *out)
{
	const struct workload *w;

	if (c->ended)
		return false;
	if (!c->started) {
		put_head(s, out);
		c->started = true;
		return true;
	}
	w = registry_after(r, c->id);
	while (w && w->dead && !c->dead)
		w = registry_next(r, w);
	if (!w) {
		buf_add_str(out, "]}\n");
		c->ended = true;
		return true;
	}
	if (c->comma)
		buf_add_char(out, ',');
	put_workload(out, r, s, w, c->bins);
	c->comma = true;
	c->id = w->id;
	return true;
}
