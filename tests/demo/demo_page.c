// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/demo_page.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/spark.h"
#include "tools/text.h"

#define LABEL_WIDTH 25
#define COLUMN_WIDTH 18
#define BLOCK_LINES 32 /* at most; a terminal that is not higher gets blocks below each other */

enum style { PLAIN, BOLD, DIM, GOOD, BAD };

static const char *const style_codes[] = {
	[PLAIN] = "",	     [BOLD] = "\033[1m",   [DIM] = "\033[2m",
	[GOOD] = "\033[32m", [BAD] = "\033[1;31m",
};

void demo_page_init(struct demo_page *p)
{
	const char *term = getenv("TERM");
	struct winsize size = { 0 };

	setlocale(LC_CTYPE, "");
	*p = (struct demo_page){ .text = BUF_INIT(64 << 10) };
	p->utf8 = text_locale_is_utf8();
	if (!isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
		return;
	p->color = !getenv("NO_COLOR");
	p->tty = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row > BLOCK_LINES &&
		 size.ws_col >= LABEL_WIDTH + DEMO_LOADS * COLUMN_WIDTH;
}

void demo_page_release(struct demo_page *p)
{
	buf_release(&p->text);
}

static void add(struct demo_page *p, enum style style, const char *fmt, ...) _printf_(3, 4);

static void add(struct demo_page *p, enum style style, const char *fmt, ...)
{
	bool styled = p->color && style != PLAIN;
	va_list ap;

	if (styled)
		buf_add_str(&p->text, style_codes[style]);
	va_start(ap, fmt);
	buf_vprintf(&p->text, fmt, ap);
	va_end(ap);
	if (styled)
		buf_add_str(&p->text, "\033[m");
}

/* A block's lines are cleared to their end: what they overwrite may be longer. */
static void end_line(struct demo_page *p)
{
	buf_add_str(&p->text, p->tty ? "\033[K\n" : "\n");
	p->lines++;
}

static void flush(struct demo_page *p)
{
	fputs(buf_str(&p->text), stdout);
	fflush(stdout);
	buf_clear(&p->text);
}

/* One row of the table: what to print for each workload. */
typedef void (*cell_fn)(const struct demo_view *v, char *cell, size_t size);

static void cell_cores(double cores, char *cell, size_t size)
{
	if (isnan(cores))
		snprintf(cell, size, "-");
	else
		snprintf(cell, size, "%.3f cores", cores);
}

static void cell_share(double share, char *cell, size_t size)
{
	if (isnan(share))
		snprintf(cell, size, "-");
	else
		snprintf(cell, size, "%.1f %%", share * 100);
}

static void cell_own_cores(const struct demo_view *v, char *cell, size_t size)
{
	cell_cores(v->own_cores, cell, size);
}

static void cell_evictd_cores(const struct demo_view *v, char *cell, size_t size)
{
	cell_cores(v->evictd_cores, cell, size);
}

static void cell_off(const struct demo_view *v, char *cell, size_t size)
{
	if (isnan(v->evictd_cores) || !(v->own_cores > 0))
		snprintf(cell, size, "-");
	else
		snprintf(cell, size, "%+.2f %%", (v->evictd_cores / v->own_cores - 1) * 100);
}

static void cell_own_peak(const struct demo_view *v, char *cell, size_t size)
{
	cell_cores(v->own_peak_cores, cell, size);
}

static void cell_evictd_peak(const struct demo_view *v, char *cell, size_t size)
{
	cell_cores(v->evictd_peak_cores, cell, size);
}

static void cell_bins(const struct demo_view *v, char *cell, size_t size)
{
	if (v->bins)
		snprintf(cell, size, "%u of %u", v->close_bins, v->bins);
	else
		snprintf(cell, size, "-");
}

static void cell_throttled(bool known, uint64_t throttled, uint64_t periods, char *cell,
			   size_t size)
{
	if (known && periods)
		snprintf(cell, size, "%llu of %llu", (unsigned long long)throttled,
			 (unsigned long long)periods);
	else
		snprintf(cell, size, known ? "no limit" : "-");
}

static void cell_kernel_throttled(const struct demo_view *v, char *cell, size_t size)
{
	cell_throttled(v->kernel_cfs, v->kernel_throttled, v->kernel_periods, cell, size);
}

static void cell_evictd_throttled(const struct demo_view *v, char *cell, size_t size)
{
	cell_throttled(v->evictd_cfs, v->evictd_throttled, v->evictd_periods, cell, size);
}

static void cell_own_wait(const struct demo_view *v, char *cell, size_t size)
{
	cell_share(v->own_wait, cell, size);
}

static void cell_evictd_wait(const struct demo_view *v, char *cell, size_t size)
{
	double sum = 0;

	for (unsigned c = 0; c < ABI_CAUSES; c++)
		sum += v->wait[c];
	cell_share(sum, cell, size);
}

static void cell_quota(const struct demo_view *v, char *cell, size_t size)
{
	cell_share(v->wait[ABI_WAIT_QUOTA], cell, size);
}

static void cell_self(const struct demo_view *v, char *cell, size_t size)
{
	cell_share(v->wait[ABI_WAIT_SELF], cell, size);
}

static void cell_neighbour(const struct demo_view *v, char *cell, size_t size)
{
	cell_share(v->wait[ABI_WAIT_NEIGHBOUR], cell, size);
}

static void cell_offender(const struct demo_view *v, char *cell, size_t size)
{
	const char *slash = strrchr(v->offender, '/');

	snprintf(cell, size, "%s",
		 v->offender[0] ? (slash && slash[1] ? slash + 1 : v->offender) : "-");
}

static void cell_system(const struct demo_view *v, char *cell, size_t size)
{
	cell_share(v->wait[ABI_WAIT_SYSTEM], cell, size);
}

static const struct {
	const char *label;
	cell_fn cell; /* NULL: a heading */
	bool bpf;     /* only where the tier has BPF */
} rows[] = {
	{ "CPU time, mean so far", NULL, false },
	{ "  by its own clock", cell_own_cores, false },
	{ "  by evictd", cell_evictd_cores, false },
	{ "  difference", cell_off, false },
	{ "Highest 100 ms", NULL, true },
	{ "  by its own clock", cell_own_peak, true },
	{ "  by evictd", cell_evictd_peak, true },
	{ "  bins within 2 ms", cell_bins, true },
	{ "Periods throttled", NULL, false },
	{ "  by the kernel's count", cell_kernel_throttled, false },
	{ "  by evictd", cell_evictd_throttled, false },
	{ "Waited for a CPU", NULL, true },
	{ "  by its own clock", cell_own_wait, true },
	{ "  by evictd", cell_evictd_wait, true },
	{ "    for its own quota", cell_quota, true },
	{ "    for its own threads", cell_self, true },
	{ "    for a neighbour", cell_neighbour, true },
	{ "      namely", cell_offender, true },
	{ "    for the system", cell_system, true },
};

static enum style off_style(const struct demo_view *v)
{
	double off = v->evictd_cores / v->own_cores - 1;

	return isnan(off) ? PLAIN : fabs(off) <= DEMO_GROSS ? GOOD : BAD;
}

static void add_row(struct demo_page *p, size_t row, const struct demo_view *views)
{
	add(p, rows[row].cell ? PLAIN : BOLD, "%-*s", LABEL_WIDTH, rows[row].label);
	for (unsigned i = 0; rows[row].cell && i < p->loads; i++) {
		enum style style = rows[row].cell == cell_off ? off_style(&views[i]) : PLAIN;
		char cell[COLUMN_WIDTH];

		rows[row].cell(&views[i], cell, sizeof(cell));
		add(p, style, "%*s", COLUMN_WIDTH, cell);
	}
	end_line(p);
}

static void add_spark(struct demo_page *p, const char *label, const char *who, const float *bins,
		      enum style style)
{
	enum spark_style spark = p->utf8 ? SPARK_BLOCKS : SPARK_ASCII;

	add(p, BOLD, "  %-8s", label);
	add(p, style, " %-7s ", who);
	spark_add(&p->text, spark, bins, DEMO_SPARK, 1, 0, 1);
	end_line(p);
}

static void add_sparks(struct demo_page *p, const struct demo_view *views)
{
	add(p, BOLD, "The last 6 s");
	add(p, PLAIN, ", one mark for 100 ms; a full mark is one core");
	end_line(p);
	for (unsigned i = 0; i < p->loads; i++) {
		add_spark(p, demo_loads[i].name, "itself", views[i].own_bins, DIM);
		if (p->bpf)
			add_spark(p, "", "evictd", views[i].evictd_bins, PLAIN);
	}
}

static void add_titles(struct demo_page *p, unsigned seconds_left)
{
	char left[LABEL_WIDTH + 1];

	snprintf(left, sizeof(left), seconds_left ? "%u s to go" : "at the end", seconds_left);
	add(p, DIM, "%-*s", LABEL_WIDTH, left);
	for (unsigned i = 0; i < p->loads; i++)
		add(p, BOLD, "%*s", COLUMN_WIDTH, demo_loads[i].name);
	end_line(p);
	add(p, PLAIN, "%-*s", LABEL_WIDTH, "");
	for (unsigned i = 0; i < p->loads; i++)
		add(p, DIM, "%*s", COLUMN_WIDTH, demo_loads[i].what);
	end_line(p);
}

void demo_page_block(struct demo_page *p, const struct demo_view *views, unsigned seconds_left)
{
	if (p->tty && p->lines)
		buf_printf(&p->text, "\033[%uA\r", p->lines);
	p->lines = 0;
	add_titles(p, seconds_left);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (p->bpf || !rows[i].bpf)
			add_row(p, i, views);
	}
	add_sparks(p, views);
	end_line(p);
	flush(p);
}

static void add_tier(struct demo_page *p, const struct json *status)
{
	const char *why = json_str(json_get(status, "tierWhy"), "");

	if (p->bpf) {
		add(p, PLAIN, "Tier %s%s%s: every switch of a task is seen, in 100 ms bins.\n",
		    json_str(json_get(status, "tier"), "?"), *why ? ", because " : "", why);
		return;
	}
	add(p, BOLD, "BPF is not used: %s.\n", *why ? why : "evictd does not say why");
	add(p, PLAIN,
	    "Tier files reads cgroup files alone: CPU time and throttling, as below, but no\n"
	    "100 ms bins, no waits and no causes. For those, run the demo as root on a host\n"
	    "or in a virtual machine, not in a container.\n");
}

void demo_page_header(struct demo_page *p, const struct json *status, const char *where)
{
	p->bpf = strcmp(json_str(json_get(status, "tier"), ""), "files") != 0;
	add(p, BOLD, "evictd %s", json_str(json_get(status, "version"), "?"));
	add(p, PLAIN, " on kernel %s, cgroup %s, %ld CPUs\n",
	    json_str(json_get(status, "kernel"), "?"), json_str(json_get(status, "cgroup"), "?"),
	    sysconf(_SC_NPROCESSORS_ONLN));
	add_tier(p, status);
	add(p, PLAIN,
	    "\nThree workloads run in cgroups of their own, below\n  %s\n"
	    "steady and limited share a CPU. Each keeps a log of its own CPU clock, of which\n"
	    "evictd knows nothing.\n\n",
	    where);
	flush(p);
}

static void add_total(struct demo_page *p, const struct demo_totals *t)
{
	add(p, PLAIN, "CPU %.3f s by its own clock, %.3f s by evictd", (double)t->own_ns / 1e9,
	    (double)t->evictd_ns / 1e9);
	if (t->kernel_ns)
		add(p, PLAIN, ", %.3f s by cpu.stat", (double)t->kernel_ns / 1e9);
	add(p, PLAIN, "\n");
}

static void add_details(struct demo_page *p, const struct demo_view *v)
{
	if (v->bins)
		add(p, PLAIN, "%10s%u of %u bins of 100 ms within 2 ms, the worst off by %.1f ms\n",
		    "", v->close_bins, v->bins, v->worst_usec / 1e3);
	if (v->kernel_cfs && v->kernel_periods && v->evictd_cfs)
		add(p, PLAIN, "%10sthrottled in %llu of %llu periods, by the kernel %llu of %llu\n",
		    "", (unsigned long long)v->evictd_throttled,
		    (unsigned long long)v->evictd_periods, (unsigned long long)v->kernel_throttled,
		    (unsigned long long)v->kernel_periods);
}

bool demo_page_verdict(struct demo_page *p, const struct demo_view *views,
		       const struct demo_totals *totals)
{
	bool all = true;

	add(p, BOLD, "Verdict\n");
	for (unsigned i = 0; i < p->loads; i++) {
		const char *why = "";
		bool agrees = demo_agrees(&views[i], &totals[i], &why);

		add(p, BOLD, "  %-8s", demo_loads[i].name);
		if (agrees)
			add(p, GOOD,
			    "agree within %.2f %%: ", fabs(demo_totals_off(&totals[i])) * 100);
		else
			add(p, BAD, "DISAGREE (%s): ", why);
		add_total(p, &totals[i]);
		add_details(p, &views[i]);
		all &= agrees;
	}
	flush(p);
	return all;
}

void demo_page_next_steps(struct demo_page *p)
{
	add(p, BOLD, "\nTry next\n");
	add(p, PLAIN,
	    "  sudo make install                  then, as a service:\n"
	    "  sudo systemd-sysusers && sudo systemd-tmpfiles --create\n"
	    "  sudo systemctl daemon-reload && sudo systemctl enable --now evictd\n"
	    "  sudo evictctl top                  every container or unit, live; ? for help\n"
	    "  sudo evictctl usage --sort wait    who waits for a CPU, and on whom\n"
	    "  sudo evictctl status               how evictd measures here, and what it costs\n");
	flush(p);
}
