/* SPDX-License-Identifier: Apache-2.0 */
/* The pane of one workload: its whole minute in 100 ms bins, its waits by cause, its kills. */
#include <curses.h>
#include <math.h>
#include <string.h>

#include "tools/format.h"
#include "tools/spark.h"
#include "tools/text.h"
#include "tools/top_draw.h"
#include "tools/usage_columns.h"

#define BINS_PER_SECOND 10
#define LABEL_WIDTH 8	  /* "-60s 1.25" around the graph */
#define GRAPH_LINES_MAX 4 /* height of one line of the graph */
#define HIST_BUCKETS 26	  /* [2^(i-1), 2^i) us */

/* Where the next line goes. */
struct pane {
	const struct top_screen *s;
	const struct top_line *line;
	int y, end, width;
};

static enum spark_style graph_style(const struct top_screen *s)
{
	return s->utf8 ? SPARK_BRAILLE : SPARK_ASCII;
}

/* As many seconds as fit side by side, so that each bin is a point of its own. */
static int graph_seconds(const struct top_screen *s, int width)
{
	static const int choices[] = { 60, 30, 20, 10, 5 };
	int points = (int)spark_points(graph_style(s), 1);

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (choices[i] * BINS_PER_SECOND / points + 2 * LABEL_WIDTH <= width)
			return choices[i];
	}
	return 2;
}

static size_t count_kills(const struct top_line *line)
{
	return json_len(json_get(line->row.json, "kills"));
}

/* Title, CPU, memory, and what there is of graph, causes and kills. */
int top_detail_height(const struct top_screen *s, int width)
{
	const struct top_line *line = &s->lines.lines[s->selected];
	int graph = 60 / graph_seconds(s, width), wait = line->row.has_wait ? 2 + USAGE_CAUSES : 0;
	size_t kills = count_kills(line);

	if (LINES >= 40)
		graph *= graph <= 3 ? 3 : 2;
	return 3 + graph + wait + (int)(kills > 6 ? 6 : kills);
}

static void draw_title(struct pane *p)
{
	const struct usage_row *row = &p->line->row;

	attrset(A_REVERSE);
	mvhline(p->y, 0, ' ', p->width);
	attrset(A_NORMAL);
	if (p->line->n_children)
		top_printf(p->s, p->y++, 0, p->width, A_REVERSE, "%s  sum of %zu", p->line->label,
			   p->line->n_children);
	else if (*row->pod)
		top_printf(p->s, p->y++, 0, p->width, A_REVERSE, "%s/%s%s%s  %s",
			   row->namespace_name, row->pod, *row->container ? "/" : "",
			   row->container, row->cgroup);
	else
		top_printf(p->s, p->y++, 0, p->width, A_REVERSE, "%s  %s", row->name, row->cgroup);
}

static void draw_numbers(struct pane *p)
{
	const struct usage_row *row = &p->line->row;
	char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN], d[FORMAT_LEN], f[FORMAT_LEN],
		g[FORMAT_LEN], h[FORMAT_LEN];

	top_printf(p->s, p->y++, 0, p->width, 0,
		   "CPU 1s %s  10s %s  60s %s  peak %s  request %s  limit %s  throttled %s",
		   format_cores(row->cores_1s, a), format_cores(row->cores_10s, b),
		   format_cores(row->cores_60s, c), format_cores(top_line_peak(p->line), d),
		   format_cores(row->request_cores, f), format_cores(row->limit_cores, g),
		   format_share(row->throttled_share, h));
	top_printf(p->s, p->y++, 0, p->width, 0, "Memory %s  peak %s  limit %s  OOM kills %s",
		   format_bytes(row->memory_bytes, a), format_bytes(row->memory_peak_bytes, b),
		   format_bytes(row->memory_limit_bytes, c), format_count(row->oom_kills, d));
}

/* One stretch of time: `lines` lines high, labelled with its start and its highest bin. */
static void draw_stretch(struct pane *p, const float *bins, int ago, int seconds, unsigned lines,
			 float scale)
{
	size_t n = (size_t)seconds * BINS_PER_SECOND;
	const float *from = bins + USAGE_BINS - (size_t)ago * BINS_PER_SECOND;
	int width = (int)(n / spark_points(graph_style(p->s), 1));
	char text[FORMAT_LEN];

	top_printf(p->s, p->y + (int)lines - 1, 0, LABEL_WIDTH, 0, "%4ds |", -ago);
	for (unsigned i = 0; i < lines; i++) {
		_cleanup_(buf_release) struct buf graph = BUF_INIT(4096);

		spark_add(&graph, graph_style(p->s), from, n, scale, i, lines);
		top_put(p->s, p->y++, LABEL_WIDTH - 1, width, 0, top_graph_attr(p->s),
			buf_str(&graph));
	}
	top_printf(p->s, p->y - 1, LABEL_WIDTH - 1 + width, 12, 0, "| %s",
		   format_cores(spark_max(from, n), text));
}

/* The newest stretches that fit into `height` lines. */
static void draw_graph(struct pane *p, int height)
{
	int seconds = graph_seconds(p->s, p->width), stretches = 60 / seconds;
	float bins[USAGE_BINS], scale;
	int lines;

	if (height <= 0)
		return;
	if (!top_line_bins(p->line, bins)) {
		top_put(p->s, p->y++, 0, p->width, 0, 0,
			"No 100 ms bins (tier files, or too many workloads)");
		return;
	}
	scale = top_spark_scale(bins, USAGE_BINS);
	lines = height / stretches;
	lines = lines < 1 ? 1 : lines > GRAPH_LINES_MAX ? GRAPH_LINES_MAX : lines;
	if (stretches > height)
		stretches = height;
	for (int i = stretches; i > 0; i--)
		draw_stretch(p, bins, i * seconds, seconds, (unsigned)lines, scale);
}

/* The counts of a cause by length of the wait, 1 us to 33 s; "" where the agent sends none. */
static void add_histogram(struct buf *out, const struct top_screen *s, const struct json *hist)
{
	float counts[HIST_BUCKETS];
	size_t n = 0;

	for (const struct json *j = json_first(hist); j && n < HIST_BUCKETS; j = json_next(j))
		counts[n++] = (float)json_num(j, 0);
	for (size_t i = 0; i < n; i++)
		counts[i] =
			counts[i] > 0 ? log2f(1 + counts[i]) : 0; /* rare long waits must show */
	spark_add(out, s->utf8 ? SPARK_BLOCKS : SPARK_ASCII, counts, n, spark_max(counts, n), 0, 1);
}

static void draw_cause(struct pane *p, enum usage_cause cause)
{
	const struct usage_row *row = &p->line->row;
	_cleanup_(buf_release) struct buf hist = BUF_INIT(1024);
	char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN], d[FORMAT_LEN];
	unsigned attr = top_cause_attr(p->s, cause);

	add_histogram(&hist, p->s,
		      json_get(json_path(row->json, "wait.hist"), usage_causes[cause].name));
	top_printf(p->s, p->y, 0, 12, attr, "%c %s", usage_causes[cause].letter,
		   usage_causes[cause].name);
	top_printf(p->s, p->y, 12, p->width - 12, 0, "%8s %8s %8s %8s",
		   format_duration(row->wait_share[cause] * 1e9, a),
		   format_duration(row->wait_ns[cause], b),
		   format_duration(row->p50_usec[cause] * 1e3, c),
		   format_duration(row->p99_usec[cause] * 1e3, d));
	top_put(p->s, p->y++, 49, p->width - 49, 0, attr, buf_str(&hist));
}

static void draw_waits(struct pane *p)
{
	const struct usage_row *row = &p->line->row;
	bool hist = json_kind(json_path(row->json, "wait.hist")) == JSON_OBJECT;
	char a[FORMAT_LEN];

	top_printf(p->s, p->y++, 0, p->width, A_BOLD, "%-12s%8s %8s %8s %8s%s", "Waited for",
		   "per s", "in all", "p50", "p99", hist ? "  <1us      1ms       1s   33s" : "");
	for (enum usage_cause c = USAGE_QUOTA; c < USAGE_CAUSES; c++)
		draw_cause(p, c);
	if (*row->offender)
		top_printf(p->s, p->y++, 0, p->width, 0, "Heaviest neighbour: %s%s%s%s%s (%s)",
			   row->offender_namespace, *row->offender_namespace ? "/" : "",
			   row->offender_pod, *row->offender_pod ? "/" : "", row->offender,
			   format_duration(row->offender_ns, a));
	else
		top_put(p->s, p->y++, 0, p->width, 0, 0, "Heaviest neighbour: none");
}

static void draw_kills(struct pane *p)
{
	const struct json *kill = json_first(json_get(p->line->row.json, "kills"));

	for (; kill && p->y < p->end; kill = json_next(kill)) {
		double processes = json_num(json_get(kill, "processes"), 1);
		char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN];

		top_printf(
			p->s, p->y++, 0, p->width, top_warn_attr(p->s),
			"OOM kill %s: %s[%.0f] at %s of %s%s%s%s",
			json_str(json_get(kill, "time"), "?"),
			json_str(json_get(kill, "comm"), "?"), json_num(json_get(kill, "pid"), 0),
			format_bytes(json_num(json_get(kill, "usageBytes"), NAN), a),
			format_bytes(json_num(json_get(kill, "limitBytes"), NAN), b),
			processes > 1 ? ", " : "", processes > 1 ? format_count(processes, c) : "",
			processes > 1 ? " processes" : "");
	}
}

void top_detail_draw(const struct top_screen *s, int y, int height, int width)
{
	struct pane p = { s, &s->lines.lines[s->selected], y, y + height, width };
	int kills = count_kills(&p.line[0]) ? 1 : 0;
	int wait = p.line->row.has_wait ? 2 + USAGE_CAUSES : 0;

	draw_title(&p);
	if (p.y + 2 <= p.end)
		draw_numbers(&p);
	/* The waits come before the older part of the graph when lines are few. */
	if (p.end - p.y < wait + kills + 1)
		wait = 0;
	draw_graph(&p, p.end - p.y - wait - kills);
	if (wait)
		draw_waits(&p);
	draw_kills(&p);
}
