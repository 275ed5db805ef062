/* SPDX-License-Identifier: Apache-2.0 */
/* evictctl top: the node live. top_live.c is the screen's loop, top_batch.c plain text. */
#include <stdio.h>
#include <time.h>

#include "tools/cli.h"
#include "tools/top_batch.h"
#include "tools/top_live.h"

static struct {
	struct top_view view;
	int sort;
	double seconds;
	unsigned count; /* 0: for ever */
	bool batch;
} arg = { .seconds = 1 };

static const struct option_spec options[] = {
	{ .letter = 'd',
	  .name = "delay",
	  .metavar = "SECONDS",
	  .help = "between two refreshes, 0.2 to 3600; default: 1",
	  .kind = OPTION_SECONDS,
	  .offset = offsetof(__typeof__(arg), seconds),
	  .min = 0.2,
	  .max = 3600 },
	{ .letter = 'n',
	  .name = "count",
	  .metavar = "COUNT",
	  .help = "end after so many refreshes",
	  .kind = OPTION_COUNT,
	  .offset = offsetof(__typeof__(arg), count),
	  .min = 1,
	  .max = 1000000 },
	{ .letter = 'b',
	  .name = "batch",
	  .help = "print plain text tables, for scripts and terminals that cannot move the cursor",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), batch) },
	{ .name = "sort",
	  .metavar = "KEY",
	  .help = "cpu, memory, wait, throttled or name; default: cpu",
	  .kind = OPTION_WORD,
	  .offset = offsetof(__typeof__(arg), sort),
	  .words = usage_sort_names },
	{ .letter = 'r',
	  .name = "reverse",
	  .help = "smallest first",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), view.reverse) },
	{ .letter = 'T',
	  .name = "tree",
	  .help = "containers below their pods, units below their slices",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), view.tree) },
	{ .name = "namespace",
	  .metavar = "NAME",
	  .help = "only this namespace",
	  .kind = OPTION_TEXT,
	  .offset = offsetof(__typeof__(arg), view.filter.namespace_name) },
	{ .name = "dead",
	  .help = "also workloads that ended",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), view.filter.dead) },
	{ .letter = 'a',
	  .name = "all",
	  .help = "also the system's own",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(__typeof__(arg), view.filter.system) },
	{ .name = NULL },
};

static const struct verb_example examples[] = {
	{ "top", "watch; ? shows the keys" },
	{ "top --tree --sort wait shop", "pods of shop, those that wait longest first" },
	{ "top -n 1 --batch", "one table, for scripts" },
	{ .command = NULL },
};

static void sleep_seconds(double seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds };

	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

static enum cli_exit run_batch(const struct cli *cli)
{
	bool bins = true;

	for (unsigned i = 0; !arg.count || i < arg.count; i++) {
		_cleanup_(top_answer_release) struct top_answer a = { 0 };
		struct err e = { 0 };
		int r;

		if (i > 0)
			sleep_seconds(arg.seconds);
		top_answer_get(&a, cli->socket, bins, arg.view.filter.dead);
		if (a.error != 0)
			return cli_fail(cli, a.error, &a.err);
		bins = a.usage.n <= TOP_BINS_MAX_WORKLOADS;
		if (i > 0)
			putchar('\n');
		r = top_batch_print(stdout, &a, &arg.view, &e);
		if (r < 0)
			return cli_fail(cli, r, &e);
	}
	return CLI_OK;
}

static enum cli_exit run(const struct cli *cli, char **args)
{
	arg.view.filter.pattern = args[0];
	arg.view.sort = (enum usage_sort)arg.sort;
	if (arg.batch)
		return run_batch(cli);
	return top_live_run(cli, &arg.view, arg.seconds, arg.count);
}

const struct verb verb_top = {
	.name = "top",
	.args = "[PATTERN]",
	.summary = "live view of all workloads",
	.text = "Each line carries the last minute in 100 ms resolution (every point is the highest\n"
		"bin of its share; full height is PEAK) and a bar of waiting for a CPU: its length is\n"
		"the amount (0.1% to 100%, logarithmic), its letters and colours the causes:\n"
		"Q quota (red), S self (yellow), N neighbour (magenta), Y system (blue).\n"
		"NO_COLOR=1 turns colours off. Without a UTF-8 locale everything is ASCII.",
	.options = options,
	.values = &arg,
	.examples = examples,
	.max_args = 1,
	.run = run,
};
