/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/usage_columns.h"

#include <math.h>

#include "base/table.h"
#include "tools/format.h"
#include "tools/spark.h"
#include "tools/text.h"
#include "tools/top_model.h"

#define BATCH_POINTS 60 /* one a second */

/* Cells: one line each, so that the table below is all there is to read. */
#define TEXT_CELL(field)                                                                           \
	static void cell_##field(const void *item, struct buf *out)                                \
	{                                                                                          \
		buf_add_str(out, ((const struct usage_row *)item)->field);                         \
	}
#define NUMBER_CELL(name, format, expression)                                                      \
	static void cell_##name(const void *item, struct buf *out)                                 \
	{                                                                                          \
		const struct usage_row *row = item;                                                \
		char text[FORMAT_LEN];                                                             \
                                                                                                   \
		buf_add_str(out, format(expression, text));                                        \
	}
/* Straight from the API, for what only -o wide shows. */
#define JSON_CELL(name, path)                                                                      \
	static void cell_##name(const void *item, struct buf *out)                                 \
	{                                                                                          \
		const struct usage_row *row = item;                                                \
                                                                                                   \
		output_add_scalar(out, json_path(row->json, path));                                \
	}

TEXT_CELL(namespace_name)
TEXT_CELL(container)
TEXT_CELL(cgroup)
NUMBER_CELL(cores_1s, format_cores, row->cores_1s)
NUMBER_CELL(cores_10s, format_cores, row->cores_10s)
NUMBER_CELL(cores_60s, format_cores, row->cores_60s)
NUMBER_CELL(peak, format_cores, row->peak_cores)
NUMBER_CELL(request, format_cores, row->request_cores)
NUMBER_CELL(limit, format_cores, row->limit_cores)
NUMBER_CELL(throttled, format_share, row->throttled_share)
NUMBER_CELL(wait, format_duration, row->wait_total * 1e9)
NUMBER_CELL(wait_quota, format_duration, row->has_wait ? row->wait_share[USAGE_QUOTA] * 1e9 : NAN)
NUMBER_CELL(wait_self, format_duration, row->has_wait ? row->wait_share[USAGE_SELF] * 1e9 : NAN)
NUMBER_CELL(wait_neighbour, format_duration,
	    row->has_wait ? row->wait_share[USAGE_NEIGHBOUR] * 1e9 : NAN)
NUMBER_CELL(wait_system, format_duration, row->has_wait ? row->wait_share[USAGE_SYSTEM] * 1e9 : NAN)
NUMBER_CELL(memory, format_bytes, row->memory_bytes)
NUMBER_CELL(memory_peak, format_bytes, row->memory_peak_bytes)
NUMBER_CELL(memory_limit, format_bytes, row->memory_limit_bytes)
NUMBER_CELL(memory_request, format_bytes,
	    json_num(json_path(row->json, "memory.requestBytes"), NAN))
NUMBER_CELL(oom, format_count, row->oom_kills)
JSON_CELL(state, "state")
JSON_CELL(owner_kind, "owner.kind")
JSON_CELL(owner_name, "owner.name")
JSON_CELL(qos, "qos")
JSON_CELL(runtime, "runtime")

static void cell_pod(const void *item, struct buf *out)
{
	const struct usage_row *row = item;

	buf_add_str(out, *row->pod ? row->pod : *row->name ? row->name : row->cgroup);
}

static void cell_owner(const void *item, struct buf *out)
{
	const struct usage_row *row = item;

	if (json_kind(json_get(row->json, "owner")) != JSON_OBJECT)
		return;
	cell_owner_kind(item, out);
	buf_add_char(out, '/');
	cell_owner_name(item, out);
}

void usage_add_why(const struct usage_row *row, struct buf *out)
{
	enum usage_cause cause = usage_row_cause(row);
	char text[FORMAT_LEN];

	if (cause == USAGE_CAUSES)
		return;
	buf_add_str(out, usage_causes[cause].name);
	if (cause == USAGE_NEIGHBOUR && *row->offender)
		buf_printf(out, " %s", *row->offender_pod ? row->offender_pod : row->offender);
	else if (row->wait_share[cause] < row->wait_total)
		buf_printf(out, " %s",
			   format_share(row->wait_share[cause] / row->wait_total, text));
}

static void cell_why(const void *item, struct buf *out)
{
	usage_add_why(item, out);
}

/* Below its group, a line is indented: libsmartcols' own trees would reorder nothing but cost
 * every reader a parser for their branches. */
static void cell_label(const void *item, struct buf *out)
{
	const struct top_line *line = item;

	buf_printf(out, "%*s%s%s", 2 * (int)line->depth, "", line->label,
		   line->row.dead && !line->n_children ? " (ended)" : "");
}

static void cell_top_peak(const void *item, struct buf *out)
{
	char text[FORMAT_LEN];

	buf_add_str(out, format_cores(top_line_peak(item), text));
}

static void cell_spark(const void *item, struct buf *out)
{
	bool utf8 = text_locale_is_utf8();
	float bins[USAGE_BINS], points[BATCH_POINTS];

	if (!top_line_bins(item, bins))
		return;
	spark_reduce(bins, USAGE_BINS, points, BATCH_POINTS);
	spark_add(out, utf8 ? SPARK_BRAILLE : SPARK_ASCII, points, BATCH_POINTS,
		  top_spark_scale(points, BATCH_POINTS), 0, 1);
}

const struct output_column usage_columns[] = {
	{ "NAMESPACE", TABLE_CUT, false, cell_namespace_name },
	{ "POD/UNIT", TABLE_CUT, false, cell_pod },
	{ "CONTAINER", TABLE_CUT, false, cell_container },
	{ "STATE", 0, true, cell_state },
	{ "CPU1S", TABLE_RIGHT, true, cell_cores_1s },
	{ "CPU", TABLE_RIGHT, false, cell_cores_10s },
	{ "CPU60S", TABLE_RIGHT, true, cell_cores_60s },
	{ "PEAK", TABLE_RIGHT, false, cell_peak },
	{ "REQ", TABLE_RIGHT, false, cell_request },
	{ "LIMIT", TABLE_RIGHT, false, cell_limit },
	{ "THR", TABLE_RIGHT, false, cell_throttled },
	{ "WAIT/S", TABLE_RIGHT, false, cell_wait },
	{ "QUOTA", TABLE_RIGHT, true, cell_wait_quota },
	{ "SELF", TABLE_RIGHT, true, cell_wait_self },
	{ "NEIGHBOUR", TABLE_RIGHT, true, cell_wait_neighbour },
	{ "SYSTEM", TABLE_RIGHT, true, cell_wait_system },
	{ "WHY", TABLE_CUT, false, cell_why },
	{ "MEM", TABLE_RIGHT, false, cell_memory },
	{ "MPEAK", TABLE_RIGHT, false, cell_memory_peak },
	{ "MREQ", TABLE_RIGHT, true, cell_memory_request },
	{ "MLIMIT", TABLE_RIGHT, false, cell_memory_limit },
	{ "OOM", TABLE_RIGHT, false, cell_oom },
	{ "OWNER", TABLE_CUT, true, cell_owner },
	{ "QOS", 0, true, cell_qos },
	{ "RUNTIME", 0, true, cell_runtime },
	{ "CGROUP", TABLE_CUT, true, cell_cgroup },
	{ .title = NULL },
};

const struct output_column usage_top_columns[] = {
	{ "NAMESPACE", TABLE_CUT, false, cell_namespace_name },
	{ "WORKLOAD", TABLE_CUT, false, cell_label },
	{ "CPU", TABLE_RIGHT, false, cell_cores_10s },
	{ "PEAK", TABLE_RIGHT, false, cell_top_peak },
	{ "LAST MINUTE", 0, false, cell_spark },
	{ "LIMIT", TABLE_RIGHT, false, cell_limit },
	{ "THR", TABLE_RIGHT, false, cell_throttled },
	{ "WAIT/S", TABLE_RIGHT, false, cell_wait },
	{ "WHY", TABLE_CUT, false, cell_why },
	{ "MEM", TABLE_RIGHT, false, cell_memory },
	{ "OOM", TABLE_RIGHT, false, cell_oom },
	{ .title = NULL },
};

const struct output_field usage_fields[] = {
	{ "kind", "kind" },
	{ "name", "name" },
	{ "namespace", "namespace" },
	{ "pod", "pod" },
	{ "container", "container" },
	{ "pod_uid", "podUID" },
	{ "container_id", "containerID" },
	{ "owner_kind", "owner.kind" },
	{ "owner_name", "owner.name" },
	{ "qos", "qos" },
	{ "runtime", "runtime" },
	{ "unit", "unit" },
	{ "cgroup", "cgroup" },
	{ "system", "system" },
	{ "state", "state" },
	{ "started_at", "startedAt" },
	{ "start_seen", "startSeen" },
	{ "ended_at", "endedAt" },
	{ "cpu_usage_ns", "cpu.usageNs" },
	{ "cpu_user_ns", "cpu.userNs" },
	{ "cpu_system_ns", "cpu.systemNs" },
	{ "cpu_cores_1s", "cpu.cores1s" },
	{ "cpu_cores_10s", "cpu.cores10s" },
	{ "cpu_cores_60s", "cpu.cores60s" },
	{ "cpu_peak_100ms_cores", "cpu.peak100msCores" },
	{ "cpu_request_milli", "cpu.requestMilli" },
	{ "cpu_limit_milli", "cpu.limitMilli" },
	{ "cpu_quota_cores", "cpu.quotaCores" },
	{ "cpu_periods", "cpu.periods" },
	{ "cpu_throttled_periods", "cpu.throttledPeriods" },
	{ "cpu_throttled_ns", "cpu.throttledNs" },
	{ "cpu_throttled_share", "cpu.throttledShare" },
	{ "wait_count", "wait.count" },
	{ "wait_quota_ns", "wait.ns.quota" },
	{ "wait_self_ns", "wait.ns.self" },
	{ "wait_neighbour_ns", "wait.ns.neighbour" },
	{ "wait_system_ns", "wait.ns.system" },
	{ "wait_quota_share", "wait.share.quota" },
	{ "wait_self_share", "wait.share.self" },
	{ "wait_neighbour_share", "wait.share.neighbour" },
	{ "wait_system_share", "wait.share.system" },
	{ "wait_quota_p50_usec", "wait.p50Usec.quota" },
	{ "wait_self_p50_usec", "wait.p50Usec.self" },
	{ "wait_neighbour_p50_usec", "wait.p50Usec.neighbour" },
	{ "wait_system_p50_usec", "wait.p50Usec.system" },
	{ "wait_quota_p99_usec", "wait.p99Usec.quota" },
	{ "wait_self_p99_usec", "wait.p99Usec.self" },
	{ "wait_neighbour_p99_usec", "wait.p99Usec.neighbour" },
	{ "wait_system_p99_usec", "wait.p99Usec.system" },
	{ "wait_offender", "wait.offender.name" },
	{ "wait_offender_namespace", "wait.offender.namespace" },
	{ "wait_offender_pod", "wait.offender.pod" },
	{ "wait_offender_cgroup", "wait.offender.cgroup" },
	{ "wait_offender_ns", "wait.offender.ns" },
	{ "memory_current_bytes", "memory.currentBytes" },
	{ "memory_working_set_bytes", "memory.workingSetBytes" },
	{ "memory_peak_bytes", "memory.peakBytes" },
	{ "memory_limit_bytes", "memory.limitBytes" },
	{ "memory_request_bytes", "memory.requestBytes" },
	{ "memory_oom_kills", "memory.oomKills" },
	{ "memory_reclaim_ns", "memory.reclaimNs" },
	{ "memory_reclaims", "memory.reclaims" },
	{ "pressure_cpu_some_ns", "pressure.cpuSomeNs" },
	{ "pressure_cpu_full_ns", "pressure.cpuFullNs" },
	{ "pressure_memory_some_ns", "pressure.memSomeNs" },
	{ "pressure_memory_full_ns", "pressure.memFullNs" },
	{ "pressure_io_some_ns", "pressure.ioSomeNs" },
	{ "pressure_io_full_ns", "pressure.ioFullNs" },
	{ .title = NULL },
};
