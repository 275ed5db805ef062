/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `evictctl top`: which columns fit, and how each is drawn. */
#include <curses.h>
#include <math.h>
#include <string.h>

#include "tools/format.h"
#include "tools/spark.h"
#include "tools/top_draw.h"
#include "tools/usage_columns.h"

#define SPARK_MIN 10
#define SPARK_MAX 60
#define NAME_MIN 14
#define MEMORY_TIGHT 0.9 /* of the limit: red */

/* A line of the table on its way to the screen. */
struct cell {
	const struct top_screen *s;
	const struct top_line *line;
	int y, x, width;
	unsigned attr; /* of the whole line */
};

static void put_number(const struct cell *c, const char *text, bool warn)
{
	top_put(c->s, c->y, c->x, c->width, 1, warn ? c->attr | top_warn_attr(c->s) : c->attr,
		text);
}

static void draw_cpu(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_cores(c->line->row.cores_10s, text), false);
}

static void draw_peak(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_cores(top_line_peak(c->line), text), false);
}

static void draw_request(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_cores(c->line->row.request_cores, text), false);
}

static void draw_limit(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_cores(c->line->row.limit_cores, text), false);
}

static void draw_throttled(const struct cell *c)
{
	char text[FORMAT_LEN];

	/* 1 % is where latency begins to show; it is what recommendations aim at, too. */
	put_number(c, format_share(c->line->row.throttled_share, text),
		   c->line->row.throttled_share > 0.01);
}

static void draw_wait(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_duration(c->line->row.wait_total * 1e9, text), false);
}

static void draw_wait_bar(const struct cell *c)
{
	top_put(c->s, c->y, c->x, c->width, -1, c->attr, "");
	top_put_wait(c->s, c->y, c->x, c->width, &c->line->row);
}

static void draw_why(const struct cell *c)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(4096);

	usage_add_why(&c->line->row, &text);
	top_put(c->s, c->y, c->x, c->width, -1, c->attr, buf_str(&text));
}

static void draw_memory(const struct cell *c)
{
	const struct usage_row *row = &c->line->row;
	char text[FORMAT_LEN];

	put_number(c, format_bytes(row->memory_bytes, text),
		   row->memory_bytes > MEMORY_TIGHT * row->memory_limit_bytes);
}

static void draw_memory_limit(const struct cell *c)
{
	char text[FORMAT_LEN];

	put_number(c, format_bytes(c->line->row.memory_limit_bytes, text), false);
}

static void draw_oom(const struct cell *c)
{
	double kills = c->line->row.oom_kills;
	char text[FORMAT_LEN];

	put_number(c, kills > 0 ? format_count(kills, text) : "", true);
}

static void draw_spark(const struct cell *c)
{
	enum spark_style style = c->s->utf8 ? SPARK_BRAILLE : SPARK_ASCII;
	_cleanup_(buf_release) struct buf text = BUF_INIT(1024);
	float bins[USAGE_BINS], points[2 * SPARK_MAX];
	size_t n = spark_points(style, (size_t)c->width);

	if (!top_line_bins(c->line, bins)) {
		top_put(c->s, c->y, c->x, c->width, -1, c->attr, "");
		return;
	}
	spark_reduce(bins, USAGE_BINS, points, n);
	spark_add(&text, style, points, n, top_spark_scale(points, n), 0, 1);
	top_put(c->s, c->y, c->x, c->width, -1, c->attr | top_graph_attr(c->s), buf_str(&text));
}

static void draw_name(const struct cell *c)
{
	int indent = 2 * (int)c->line->depth;

	top_printf(c->s, c->y, c->x, c->width, c->attr, "%*s%s", indent, "", c->line->label);
}

static void draw_namespace(const struct cell *c)
{
	top_put(c->s, c->y, c->x, c->width, -1, c->attr, c->line->row.namespace_name);
}

/* Left to right. Width 0 shares what is left: the name and the sparkline. */
static const struct column {
	const char *title;
	int width;
	int from; /* shown on terminals at least this wide */
	bool left;
	int sort; /* enum usage_sort that it shows; -1: none */
	void (*draw)(const struct cell *c);
} columns[] = {
	{ "NAMESPACE", 14, 120, true, -1, draw_namespace },
	{ "WORKLOAD", 0, 0, true, USAGE_SORT_NAME, draw_name },
	{ "CPU", 5, 0, false, USAGE_SORT_CPU, draw_cpu },
	{ "PEAK", 5, 56, false, -1, draw_peak },
	{ "LAST MINUTE", 0, 64, true, -1, draw_spark },
	{ "REQ", 5, 130, false, -1, draw_request },
	{ "LIMIT", 5, 100, false, -1, draw_limit },
	{ "THR", 5, 64, false, USAGE_SORT_THROTTLED, draw_throttled },
	{ "WAIT/S", 6, 48, false, USAGE_SORT_WAIT, draw_wait },
	{ "CAUSE", 6, 72, true, -1, draw_wait_bar },
	{ "WHY", 20, 150, true, -1, draw_why },
	{ "MEM", 6, 0, false, USAGE_SORT_MEMORY, draw_memory },
	{ "MLIMIT", 6, 110, false, -1, draw_memory_limit },
	{ "OOM", 3, 80, false, -1, draw_oom },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* 0 for columns that do not fit. */
static void layout(int width, int widths[static N_COLUMNS])
{
	int left = width, spark;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		widths[i] = width >= columns[i].from ? columns[i].width : 0;
		left -= widths[i] ? widths[i] + 1 : 0;
	}
	spark = left * 55 / 100;
	if (spark > SPARK_MAX)
		spark = SPARK_MAX;
	if (spark < SPARK_MIN || left - spark < NAME_MIN)
		spark = 0;
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (columns[i].draw == draw_spark && width >= columns[i].from)
			widths[i] = spark;
		if (columns[i].draw == draw_name)
			widths[i] = left - (spark ? spark + 1 : 0);
	}
}

static void draw_line(const struct top_screen *s, int y, const struct top_line *line,
		      const int widths[static N_COLUMNS], unsigned attr)
{
	struct cell c = { .s = s, .line = line, .y = y, .attr = attr };

	if (line->row.dead)
		c.attr |= top_dim_attr(s);
	if (line->n_children)
		c.attr |= A_BOLD;
	attrset(attr);
	mvhline(y, 0, ' ', COLS);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		c.width = widths[i];
		if (!c.width)
			continue;
		columns[i].draw(&c);
		c.x += c.width + 1;
	}
	attrset(A_NORMAL);
}

static void draw_titles(const struct top_screen *s, int y, const int widths[static N_COLUMNS])
{
	int x = 0;

	attrset(A_REVERSE);
	mvhline(y, 0, ' ', COLS);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!widths[i])
			continue;
		top_put(s, y, x, widths[i], columns[i].left ? -1 : 1,
			columns[i].sort == (int)s->view.sort ? A_BOLD | A_UNDERLINE : A_REVERSE,
			columns[i].title);
		x += widths[i] + 1;
	}
	attrset(A_NORMAL);
}

/* Scrolls as little as keeps the selected line in view. */
static void scroll_to_selected(struct top_screen *s)
{
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->page_rows && s->selected >= s->first + s->page_rows)
		s->first = s->selected - s->page_rows + 1;
	if (s->lines.n <= s->page_rows)
		s->first = 0;
	else if (s->first > s->lines.n - s->page_rows)
		s->first = s->lines.n - s->page_rows;
}

static const char *empty_text(const struct top_screen *s)
{
	if (!s->has_answer)
		return "Waiting for the agent's first answer...";
	if (s->answer.usage.n == 0)
		return "The agent sees no workloads yet.";
	if (s->view.filter.pattern && *s->view.filter.pattern)
		return "No workload matches the filter: / changes it, Esc clears it.";
	return "Only the system's own or ended workloads: press a or d to see them.";
}

void top_table_draw(struct top_screen *s, int y, int height)
{
	int widths[N_COLUMNS];

	layout(COLS, widths);
	draw_titles(s, y++, widths);
	s->page_rows = height > 1 ? (size_t)height - 1 : 0;
	scroll_to_selected(s);
	if (s->lines.n == 0)
		top_put(s, y, 0, COLS, 0, 0, empty_text(s));
	for (size_t i = s->first; i < s->lines.n && i < s->first + s->page_rows; i++)
		draw_line(s, y++, &s->lines.lines[i], widths, i == s->selected ? A_REVERSE : 0);
}
