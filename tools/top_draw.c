/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/top_draw.h"

#include <curses.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "tools/format.h"
#include "tools/status.h"
#include "tools/text.h"

#define MIN_WIDTH 40
#define MIN_HEIGHT 6
#define HEADER_HEIGHT 3
#define NODE_WIDTH 24
#define CLOCK_WIDTH 12
#define LEGEND_WIDTH 40
#define TABLE_MIN 4 /* lines of the table, its header included, that a pane leaves */

enum pair { PAIR_QUOTA = 1, PAIR_SELF, PAIR_NEIGHBOUR, PAIR_SYSTEM, PAIR_WARN, PAIR_GRAPH };

void top_draw_init(struct top_screen *s)
{
	static const short colours[] = {
		[PAIR_QUOTA] = COLOR_RED,	  [PAIR_SELF] = COLOR_YELLOW,
		[PAIR_NEIGHBOUR] = COLOR_MAGENTA, [PAIR_SYSTEM] = COLOR_BLUE,
		[PAIR_WARN] = COLOR_RED,	  [PAIR_GRAPH] = COLOR_CYAN,
	};

	s->colour = s->colour && has_colors();
	if (!s->colour)
		return;
	start_color();
	use_default_colors();
	for (int p = PAIR_QUOTA; p <= PAIR_GRAPH; p++)
		init_pair((short)p, colours[p], -1);
}

static unsigned pair_attr(const struct top_screen *s, enum pair p, unsigned without)
{
	return s->colour ? (unsigned)COLOR_PAIR(p) : without;
}

unsigned top_cause_attr(const struct top_screen *s, enum usage_cause cause)
{
	return pair_attr(s, (enum pair)(PAIR_QUOTA + cause), 0) | A_BOLD;
}

unsigned top_warn_attr(const struct top_screen *s)
{
	return pair_attr(s, PAIR_WARN, A_UNDERLINE) | A_BOLD;
}

unsigned top_dim_attr(const struct top_screen *s)
{
	return s->colour ? A_DIM : 0;
}

unsigned top_graph_attr(const struct top_screen *s)
{
	return pair_attr(s, PAIR_GRAPH, 0);
}

void top_put(const struct top_screen *s, int y, int x, int width, int pad, unsigned attr,
	     const char *text)
{
	_cleanup_(buf_release) struct buf safe = BUF_INIT(16384), fit = BUF_INIT(32768);

	if (width <= 0 || y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	if (x + width > COLS)
		width = COLS - x;
	text_add_safe(&safe, text, s->utf8);
	text_add_fit(&fit, buf_str(&safe), (size_t)width, pad, s->utf8);
	attrset(attr);
	mvaddstr(y, x, buf_str(&fit));
	attrset(A_NORMAL);
}

void top_printf(const struct top_screen *s, int y, int x, int width, unsigned attr, const char *fmt,
		...)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(4096);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	top_put(s, y, x, width, 0, attr, buf_str(&text));
}

void top_put_wait(const struct top_screen *s, int y, int x, int width, const struct usage_row *row)
{
	enum usage_cause causes[64];
	unsigned length = top_wait_length(row->wait_total, width > 64 ? 64 : (unsigned)width);

	top_wait_causes(row, length, causes);
	for (unsigned i = 0; i < length; i++)
		mvaddch(y, x + (int)i,
			(chtype)usage_causes[causes[i]].letter |
				(top_cause_attr(s, causes[i]) ^ (s->colour ? A_REVERSE : 0)));
}

static const char *status_text(const struct top_screen *s, const char *path)
{
	return json_str(json_path(s->answer.status, path), "?");
}

static double status_number(const struct top_screen *s, const char *path)
{
	return json_num(json_path(s->answer.status, path), NAN);
}

/* "22:10:05" out of RFC 3339. */
static void draw_clock(const struct top_screen *s)
{
	const char *time = strchr(status_text(s, "time"), 'T');

	if (time && strlen(time) >= 9)
		top_printf(s, 0, COLS - CLOCK_WIDTH, CLOCK_WIDTH, 0, "%.8s UTC", time + 1);
}

static void draw_node(const struct top_screen *s)
{
	bool worse = strcmp(status_text(s, "tier"), "bpf") != 0;
	int x = (int)strnlen(status_text(s, "node"), NODE_WIDTH) + 2;
	char up[FORMAT_LEN];

	top_put(s, 0, 0, NODE_WIDTH, 0, A_BOLD, status_text(s, "node"));
	top_printf(s, 0, x, COLS - CLOCK_WIDTH - 1 - x, 0, "tier %s%s, kernel %s, evictd %s up %s",
		   status_text(s, "tier"), worse ? " (see status)" : "", status_text(s, "kernel"),
		   status_text(s, "version"),
		   format_duration(status_number(s, "uptimeSeconds") * 1e9, up));
	draw_clock(s);
}

static double sum_of(double sum, double value)
{
	return isnan(value) ? sum : sum + value;
}

/* What is in the table, what it costs to know it, and what is not known. */
static void draw_totals(const struct top_screen *s)
{
	double cores = 0, wait = 0, memory = 0, lost = status_lost_total(s->answer.status);
	char a[FORMAT_LEN], b[FORMAT_LEN], c[FORMAT_LEN], d[FORMAT_LEN], f[FORMAT_LEN];
	double rss = status_number(s, "cost.rssBytes"), maps = status_number(s, "cost.mapBytes");

	for (size_t i = 0; i < s->lines.n; i++) {
		if (s->lines.lines[i].n_children)
			continue;
		cores = sum_of(cores, s->lines.lines[i].row.cores_10s);
		wait = sum_of(wait, s->lines.lines[i].row.wait_total);
		memory = sum_of(memory, s->lines.lines[i].row.memory_bytes);
	}
	top_printf(s, 1, 0, lost > 0 ? COLS - CLOCK_WIDTH - 1 : COLS, 0,
		   "%zu workloads: CPU %s, wait %s/s, memory %s; evictd: CPU %s, %s",
		   s->lines.n_workloads, format_cores(cores, a), format_duration(wait * 1e9, b),
		   format_bytes(memory, c), format_share(status_number(s, "cost.cpuShare"), d),
		   format_bytes(sum_of(isnan(rss) ? 0 : rss, maps), f));
	if (lost > 0)
		top_printf(s, 1, COLS - CLOCK_WIDTH, CLOCK_WIDTH, top_warn_attr(s), "! %s lost",
			   format_count(lost, a));
}

/* Q quota  S self ... in their colours. */
static void draw_legend(const struct top_screen *s, int y, int x)
{
	for (enum usage_cause c = USAGE_QUOTA; c < USAGE_CAUSES; c++) {
		top_printf(s, y, x, 1, top_cause_attr(s, c) | (s->colour ? A_REVERSE : 0), "%c",
			   usage_causes[c].letter);
		top_put(s, y, x + 2, 10, 0, 0, usage_causes[c].name);
		x += (int)strlen(usage_causes[c].name) + 4;
	}
}

/* "by wait, tree, filter web": what the keys have chosen. */
static void draw_view(const struct top_screen *s)
{
	int width = COLS >= LEGEND_WIDTH + 20 ? COLS - LEGEND_WIDTH : COLS;

	if (s->error) {
		top_printf(s, 2, 0, COLS, top_warn_attr(s), "! trying again: %s", s->error);
		return;
	}
	top_printf(s, 2, 0, width - 1, 0, "by %s%s%s%s%s%s%s", usage_sort_names[s->view.sort],
		   s->view.reverse ? " reversed" : "", s->view.tree ? ", tree" : "",
		   s->view.filter.dead ? ", ended too" : "",
		   s->view.filter.system ? ", system too" : "", *s->input ? ", filter " : "",
		   s->input);
	if (width < COLS)
		draw_legend(s, 2, width);
}

static void draw_header(const struct top_screen *s)
{
	if (s->has_answer) {
		draw_node(s);
		draw_totals(s);
	} else {
		top_put(s, 0, 0, COLS, 0, A_BOLD, "evictd");
	}
	draw_view(s);
}

static void draw_footer(const struct top_screen *s)
{
	int y = LINES - 1, x = 0;

	if (s->editing) {
		top_printf(s, y, 0, COLS, A_BOLD, "filter: %s_   (Enter keeps it, Esc clears it)",
			   s->input);
		return;
	}
	for (const struct top_key *k = s->keys; k->name; k++) {
		int width;

		if (!k->brief)
			continue;
		width = (int)(strlen(k->name) + 1 + strlen(k->brief));
		if (x + width > COLS)
			return;
		top_put(s, y, x, width, 0, A_BOLD, k->name);
		top_put(s, y, x + (int)strlen(k->name) + 1, width, 0, 0, k->brief);
		x += width + 2;
	}
}

static void draw_help(const struct top_screen *s)
{
	static const char *const texts[] = {
		"CPU is of 10 s, PEAK the highest 100 ms of the last minute, in cores.",
		"LAST MINUTE: 600 bins, the highest of each share; full height: PEAK, or 100m.",
		"THR: throttled periods. WAIT/S: waiting for a CPU per second, of all tasks.",
		"CAUSE: the bar's length is how much (0.1% to 100%, logarithmic), letters why:",
		"Q own CPU limit, S same pod, N another workload, Y kernel, system services.",
		"MEM: working set, red from 90% of the limit. OOM: kills.",
	};
	int y = 0;

	for (int i = 0; i < LINES; i++)
		mvhline(i, 0, ' ', COLS);
	top_put(s, y++, 0, COLS, -1, A_REVERSE, "evictctl top: keys (any key goes back)");
	for (const struct top_key *k = s->keys; k->name && y < LINES - 1; k++, y++) {
		top_put(s, y, 1, 12, 0, A_BOLD, k->name);
		top_put(s, y, 14, COLS - 14, 0, 0, k->help);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && y < LINES; i++, y++)
		top_put(s, y, 1, COLS - 1, 0, 0, texts[i]);
}

static void draw_all(struct top_screen *s)
{
	int table = LINES - HEADER_HEIGHT - 1, pane = 0;

	if (s->pane && s->lines.n) {
		pane = top_detail_height(s, COLS);
		if (pane > table - TABLE_MIN)
			pane = table - TABLE_MIN;
		if (pane < 3)
			pane = 0;
	}
	draw_header(s);
	top_table_draw(s, HEADER_HEIGHT, table - pane);
	if (pane)
		top_detail_draw(s, HEADER_HEIGHT + table - pane, pane, COLS);
	draw_footer(s);
}

void top_draw(struct top_screen *s)
{
	erase();
	if (LINES < MIN_HEIGHT || COLS < MIN_WIDTH)
		top_printf(s, 0, 0, COLS, 0, "too small: %dx%d, needs %dx%d", COLS, LINES,
			   MIN_WIDTH, MIN_HEIGHT);
	else if (s->help)
		draw_help(s);
	else
		draw_all(s);
	refresh();
}
