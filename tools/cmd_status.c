/* SPDX-License-Identifier: Apache-2.0 */
/* evictctl status: how the agent measures here, what it could not see, and what it costs. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "tools/cli.h"
#include "tools/format.h"
#include "tools/local.h"
#include "tools/output.h"
#include "tools/status.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)
#define LINES_MAX 64
#define CELLS 3

static const char *const formats[] = { "table", "json", "yaml", "csv", NULL };
static const struct output_writer *const writers[] = { &output_table, &output_json, &output_yaml,
						       &output_csv };

static struct {
	int format;
} arg;

static const struct option_spec options[] = {
	{ 'o', "output", "FORMAT", "table, or with raw numbers json, yaml or csv; default: table",
	  OPTION_WORD, offsetof(__typeof__(arg), format), .words = formats },
	{ .name = NULL },
};

static const struct verb_example examples[] = {
	{ "status", "tier, kernel features, fill of the maps, what was lost, own cost" },
	{ "status -o json | jq .lost", "the counters of what could not be seen" },
	{ .command = NULL },
};

/* A section of the table. */
struct section {
	struct output_row rows[LINES_MAX];
	struct buf cells[LINES_MAX][CELLS];
	size_t n;
};

static void section_release(struct section *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t c = 0; c < CELLS; c++)
			buf_release(&s->cells[i][c]);
	}
}

/* The next line, NULL when there are too many. Its cells are filled with buf_printf(). */
static struct buf *section_add(struct section *s, const char *name, bool warn)
{
	struct buf *cells;

	if (s->n == LINES_MAX)
		return NULL;
	cells = s->cells[s->n];
	for (size_t c = 0; c < CELLS; c++)
		buf_init(&cells[c], 1024);
	buf_add_str(&cells[0], name);
	s->rows[s->n++] = (struct output_row){ .item = cells, .warn = warn };
	return cells;
}

static void section_print(struct section *s, const char *name, const char *fmt, ...) _printf_(3, 4);

static void section_print(struct section *s, const char *name, const char *fmt, ...)
{
	struct buf *cells = section_add(s, name, false);
	va_list ap;

	if (!cells)
		return;
	va_start(ap, fmt);
	buf_vprintf(&cells[1], fmt, ap);
	va_end(ap);
}

#define CELL(n)                                                                                    \
	static void cell_##n(const void *item, struct buf *out)                                    \
	{                                                                                          \
		buf_add_str(out, buf_str(&((const struct buf *)item)[n]));                         \
	}
CELL(0)
CELL(1)
CELL(2)

static const char *text(const struct json *root, const char *path)
{
	return json_str(json_path(root, path), "");
}

static double number(const struct json *root, const char *path)
{
	return json_num(json_path(root, path), NAN);
}

static void add_summary(struct section *s, const struct json *root)
{
	const char *why = text(root, "tierWhy"), *reload = text(root, "lastReload.message");
	bool forced = json_bool(json_get(root, "tierForced"), false);
	char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN];

	section_print(s, "Node", "%s", text(root, "node"));
	section_print(s, "Agent", "evictd %s, up %s", text(root, "version"),
		      format_duration(number(root, "uptimeSeconds") * 1e9, a));
	section_print(s, "Tier", "%s%s%s%s", text(root, "tier"), forced ? " (forced)" : "",
		      *why ? ": " : "", why);
	section_print(s, "Kernel", "%s, cgroup %s", text(root, "kernel"), text(root, "cgroup"));
	section_print(s, "Workloads", "%s live, %s ended, %s without a name; %.0f cgroups",
		      format_count(number(root, "workloads.live"), a),
		      format_count(number(root, "workloads.dead"), b),
		      format_count(number(root, "workloads.unnamed"), c), number(root, "cgroups"));
	for (const struct json *j = json_first(json_get(root, "sources")); j; j = json_next(j))
		section_print(s, "Names", "%s: %s", json_key(j) ? json_key(j) : "?",
			      *json_str(j, "") ? json_str(j, "") : "none");
	if (json_kind(json_get(root, "lastReload")) == JSON_OBJECT)
		section_print(s, "Reload", "%s %s%s%s", text(root, "lastReload.time"),
			      json_bool(json_path(root, "lastReload.ok"), false) ? "worked"
										 : "was refused",
			      *reload ? ": " : "", reload);
}

static void add_features(struct section *s, const struct json *root)
{
	for (const struct json *j = json_first(json_get(root, "features")); j; j = json_next(j)) {
		bool on = json_bool(json_get(j, "on"), false);
		struct buf *cells = section_add(s, text(j, "name"), false);

		if (!cells)
			return;
		buf_add_str(&cells[1], on ? "on" : "off");
		buf_add_str(&cells[2], text(j, "why"));
	}
}

static void add_fill(struct section *s, const char *name, double used, double max, bool bytes)
{
	char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN];
	double fill = max > 0 ? used / max : NAN;
	struct buf *cells = section_add(s, name, fill >= 0.9);

	if (!cells)
		return;
	if (bytes)
		buf_printf(&cells[1], "%s of %s", format_bytes(used, a), format_bytes(max, b));
	else
		buf_printf(&cells[1], "%.0f of %.0f", used, max);
	buf_printf(&cells[2], "%s%s", format_share(fill, c), fill >= 0.9 ? "  nearly full" : "");
}

static void add_maps(struct section *s, const struct json *root)
{
	if (!(number(root, "slots.max") > 0))
		return;
	add_fill(s, "cgroup slots", number(root, "slots.used"), number(root, "slots.max"), false);
	add_fill(s, "tasks", number(root, "tasks.used"), number(root, "tasks.max"), false);
	add_fill(s, "event ring", number(root, "ringUsedBytes"), number(root, "ringBytes"), true);
}

static void add_lost(struct section *s, const struct json *root)
{
	for (const struct json *j = json_first(status_lost(root)); j; j = json_next(j)) {
		double n = json_num(j, 0);
		struct buf *cells = section_add(s, json_key(j), n != 0);

		if (!cells)
			return;
		output_add_number(&cells[1], n);
		if (n != 0)
			buf_printf(&cells[2], "! %s", status_lost_text(json_key(j)));
	}
}

static void add_cost(struct section *s, const struct json *root)
{
	char a[FORMAT_LEN], b[FORMAT_LEN];
	double bpf = number(root, "cost.bpfShare"), walk = number(root, "walk.ns");

	section_print(s, "CPU", "%s of one core (%s since the start)",
		      format_share(number(root, "cost.cpuShare"), a),
		      format_duration(number(root, "cost.cpuNs"), b));
	section_print(s, "BPF programs", "%s%s", isnan(bpf) ? "" : format_share(bpf, a),
		      isnan(bpf) ? "not counted (sysctl kernel.bpf_stats_enabled=1 counts it)"
				 : " of one core");
	section_print(s, "Memory", "%s resident, %s in BPF maps",
		      format_bytes(number(root, "cost.rssBytes"), a),
		      format_bytes(number(root, "cost.mapBytes"), b));
	if (walk > 0)
		section_print(s, "Last walk", "%s for %s cgroups", format_duration(walk, a),
			      format_count(number(root, "walk.cgroups"), b));
}

static const struct output_column pair_columns[] = {
	{ "WHAT", 0, false, cell_0 },
	{ "VALUE", 0, false, cell_1 },
	{ .title = NULL },
};
static const struct output_column feature_columns[] = {
	{ "FEATURE", 0, false, cell_0 },
	{ "STATE", 0, false, cell_1 },
	{ "WHY", 0, false, cell_2 },
	{ .title = NULL },
};
static const struct output_column map_columns[] = {
	{ "MAP", 0, false, cell_0 },
	{ "USED", TABLE_RIGHT, false, cell_1 },
	{ "FILL", 0, false, cell_2 },
	{ .title = NULL },
};
static const struct output_column lost_columns[] = {
	{ "COUNTER", 0, false, cell_0 },
	{ "COUNT", TABLE_RIGHT, false, cell_1 },
	{ "MEANING", 0, false, cell_2 },
	{ .title = NULL },
};

static const struct {
	const char *title;
	const struct output_column *columns;
	void (*add)(struct section *s, const struct json *root);
	bool header;
	const char *empty;
} layout[] = {
	{ NULL, pair_columns, add_summary, false, NULL },
	{ "Kernel features", feature_columns, add_features, true, "  none reported" },
	{ "BPF maps", map_columns, add_maps, true, "  none: this tier works without BPF" },
	{ "Lost, since the start", lost_columns, add_lost, true, "  nothing" },
	{ "Own cost", pair_columns, add_cost, false, NULL },
};

static int show(const struct json *root, struct err *e)
{
	struct section sections[ARRAY_LEN(layout)] = { 0 };
	struct output_part parts[ARRAY_LEN(layout)];
	struct output_doc doc = { .root = root, .parts = parts, .n_parts = ARRAY_LEN(parts) };
	int r;

	for (size_t i = 0; i < ARRAY_LEN(layout); i++) {
		layout[i].add(&sections[i], root);
		parts[i] = (struct output_part){
			.title = layout[i].title,
			.columns = layout[i].columns,
			.rows = sections[i].rows,
			.n_rows = sections[i].n,
			.header = layout[i].header,
			.empty = layout[i].empty,
		};
	}
	r = output_write(writers[arg.format], &doc, stdout, e);
	for (size_t i = 0; i < ARRAY_LEN(layout); i++)
		section_release(&sections[i]);
	return r;
}

static enum cli_exit run(const struct cli *cli, char **args)
{
	_cleanup_(json_freep) struct json *root = NULL;
	struct err e = { 0 };
	int r;

	(void)args;
	r = local_get(cli->socket, "/v1/status", "Status", TIMEOUT_USEC, &root, &e);
	if (r == 0)
		r = show(root, &e);
	return r < 0 ? cli_fail(cli, r, &e) : CLI_OK;
}

const struct verb verb_status = {
	.name = "status",
	.summary = "tier, kernel features, what was lost, and evictd's own cost",
	.text = "Tiers: bpf (everything by BPF), bpf+files (waits, CPU and OOM kills by BPF, the rest\n"
		"from cgroup files), files (no waits, no 100 ms bins). A counter of lost things that\n"
		"is not zero is marked with ! and, on a terminal, red.",
	.options = options,
	.values = &arg,
	.examples = examples,
	.run = run,
};
