/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `evictctl top` shows, without a terminal: from an answer of the agent and the view that the
 * keys have chosen to the lines of the table. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/usage.h"

/* What the keys have chosen. */
struct top_view {
	struct usage_filter filter;
	enum usage_sort sort;
	bool reverse;
	bool tree; /* containers below their pods, units below their slices */
};

/* One line of the table: a workload, or the sum of those below it. */
struct top_line {
	struct usage_row row; /* first, so that what shows a row also shows a line */
	const char *key;      /* the same from answer to answer */
	char *label;
	unsigned depth;
	size_t n_children; /* lines below it that follow; 0 for a workload */
};

struct top_lines {
	struct top_line *lines;
	size_t n;
	size_t n_workloads;	 /* lines without the sums */
	size_t n_dead, n_system; /* hidden by the view, whatever their name */
};

/* The lines point into `u`. 0 or -ENOMEM. */
int top_lines_init(struct top_lines *t, const struct usage *u, const struct top_view *view);
void top_lines_release(struct top_lines *t);

/* Number of the line with this key, or `fallback` cut to the last line. */
size_t top_lines_find(const struct top_lines *t, const char *key, size_t fallback);

/* As usage_row_bins(); for a sum, the sums of its children's bins. */
bool top_line_bins(const struct top_line *line, float ret_cores[static USAGE_BINS]);

/* Highest 100 ms of the last minute; for a sum, of the summed bins. NAN where unknown. */
double top_line_peak(const struct top_line *line);

/*
 * What the full height of a line's sparkline stands for: its highest point, but at least 100m, so
 * that what idles looks idle.
 */
float top_spark_scale(const float *points, size_t n);

/*
 * Length of the bar for a share of waiting, 0 to `width`: its logarithm, because waits matter from
 * 0.1 % (one character) to 100 % and more (all).
 */
unsigned top_wait_length(double share, unsigned width);

/* Which cause each character of a bar of `length` stands for; at least one for the largest. */
void top_wait_causes(const struct usage_row *row, unsigned length, enum usage_cause *ret_causes);
