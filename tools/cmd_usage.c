/* SPDX-License-Identifier: Apache-2.0 */
/* evictctl usage: what every workload of this node uses and waits for, once. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tools/cli.h"
#include "tools/local.h"
#include "tools/output.h"
#include "tools/usage.h"
#include "tools/usage_columns.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)

static const char *const formats[] = { "table", "wide", "json", "yaml", "csv", NULL };
static const struct output_writer *const writers[] = { &output_table, &output_wide, &output_json,
						       &output_yaml, &output_csv };

static struct {
	struct usage_filter filter;
	int sort;
	int format;
} arg;

static const struct option_spec options[] = {
	{ .letter = 'o',
	  .name = "output",
	  .metavar = "FORMAT",
	  .help = "table, wide (more columns), or with raw numbers json, yaml or csv; default: table",
	  .kind = OPTION_WORD,
	  .offset = offsetof(__typeof__(arg), format),
	  .words = formats },
	{ .letter = 'n',
	  .name = "namespace",
	  .metavar = "NAME",
	  .help = "only this namespace",
	  .kind = OPTION_TEXT,
	  .offset = offsetof(__typeof__(arg), filter.namespace_name) },
	{ .name = "sort",
	  .metavar = "KEY",
	  .help = "cpu, memory, wait, throttled or name; default: cpu",
	  .kind = OPTION_WORD,
	  .offset = offsetof(__typeof__(arg), sort),
	  .words = usage_sort_names },
	{ .letter = 'd',
	  .name = "dead",
	  .help = "also workloads that ended (as long as keep_dead says)",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), filter.dead) },
	{ .letter = 'a',
	  .name = "all",
	  .help = "also the system's own: services beside pods, the root cgroup",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), filter.system) },
	{ .name = NULL },
};

static const struct verb_example examples[] = {
	{ "usage", "all workloads, the heaviest users of CPU first" },
	{ "usage --sort throttled -n shop", "who is throttled in namespace shop" },
	{ "usage 'web-*'", "pods, containers and units by a pattern" },
	{ "usage --dead -o json", "with those that ended, for jq" },
	{ "usage -o csv > usage.csv", "for a spreadsheet" },
	{ .command = NULL },
};

static int fetch(const struct cli *cli, struct usage *ret_usage, struct err *e)
{
	struct json *reply;
	int r = local_get(cli->socket, arg.filter.dead ? "/v1/usage?dead=1" : "/v1/usage?dead=0",
			  "Usage", TIMEOUT_USEC, &reply, e);

	if (r < 0)
		return r;
	r = usage_init(ret_usage, reply);
	return r < 0 ? err_set(e, r, "out of memory") : 0;
}

static int show(const struct usage *u, struct err *e)
{
	_cleanup_free_ const struct usage_row **selected = NULL;
	_cleanup_free_ struct output_row *rows = NULL;
	size_t n;
	int r = usage_select(u, &arg.filter, (enum usage_sort)arg.sort, &selected, &n);

	if (r < 0)
		return err_set(e, r, "out of memory");
	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		return err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct output_row){ .json = selected[i]->json,
					       .item = selected[i],
					       .warn = selected[i]->oom_kills > 0 };
	return output_write(
		writers[arg.format],
		&(struct output_doc){
			.root = u->reply,
			.list = "workloads",
			.rows = rows,
			.n_rows = n,
			.fields = usage_fields,
			.n_parts = 1,
			.parts =
				&(struct output_part){
					.columns = usage_columns,
					.rows = rows,
					.n_rows = n,
					.header = true,
					.empty = u->n ? "No workload matches (--all shows the "
							"system's own, --dead those that ended)."
						      : "The agent sees no workloads yet.",
				},
		},
		stdout, e);
}

static enum cli_exit run(const struct cli *cli, char **args)
{
	_cleanup_(usage_release) struct usage u = { 0 };
	struct err e = { 0 };
	int r;

	arg.filter.pattern = args[0];
	r = fetch(cli, &u, &e);
	if (r == 0)
		r = show(&u, &e);
	return r < 0 ? cli_fail(cli, r, &e) : CLI_OK;
}

const struct verb verb_usage = {
	.name = "usage",
	.args = "[PATTERN]",
	.summary = "what each container or unit uses, and what it waits for",
	.text = "CPU is the mean of the last 10 s in cores and PEAK the highest 100 ms of the last\n"
		"minute. THR is the share of throttled periods. WAIT/S is the time that tasks waited\n"
		"for a CPU per second, summed over tasks; WHY is its largest cause:\n"
		"  quota      its own CPU limit throttled it\n"
		"  self       other tasks of the same pod ran\n"
		"  neighbour  another workload ran (the heaviest is named)\n"
		"  system     the kernel or system services ran\n"
		"MEM is the working set. Without PATTERN all workloads are shown; PATTERN is a part of\n"
		"\"namespace/pod/container\", of a unit or of a cgroup, or with *, ? or [ all of it.",
	.options = options,
	.values = &arg,
	.examples = examples,
	.max_args = 1,
	.run = run,
};
