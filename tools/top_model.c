/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/top_model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "tools/spark.h"

#define SCALE_MIN_CORES 0.1F

/* A pod or slice while the tree is built. */
struct group {
	struct usage_row sum;
	char *label;
	const struct usage_row **children;
	size_t n, alloc;
};

struct groups {
	struct group *items;
	size_t n;
	struct map by_label; /* label -> index + 1 */
};

static void groups_release(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->items[i].label);
		free(g->items[i].children);
	}
	free(g->items);
	map_release(&g->by_label);
}

/* The pod, or the slice (the directory of the cgroup). */
static char *group_label(const struct usage_row *row)
{
	const char *slash = strrchr(row->cgroup, '/');
	char *label = NULL;
	int r;

	if (*row->pod)
		r = asprintf(&label, "%s%s%s", row->namespace_name, *row->namespace_name ? "/" : "",
			     row->pod);
	else if (!slash || slash == row->cgroup)
		r = asprintf(&label, "/");
	else
		r = asprintf(&label, "%.*s", (int)(slash - row->cgroup), row->cgroup);
	return r < 0 ? NULL : label;
}

/* NAN counts as nothing, but a sum of nothing stays unknown. */
static double add_known(double sum, double value)
{
	return isnan(value) ? sum : isnan(sum) ? value : sum + value;
}

static double max_known(double a, double b)
{
	return isnan(b) || a > b ? a : b;
}

static const struct usage_row empty_sum = {
	.kind = "group",
	.namespace_name = "",
	.pod = "",
	.container = "",
	.unit = "",
	.offender = "",
	.offender_pod = "",
	.offender_namespace = "",
	.cores_1s = NAN,
	.cores_10s = NAN,
	.cores_60s = NAN,
	.peak_cores = NAN,
	.request_cores = NAN,
	.limit_cores = NAN,
	.throttled_share = NAN,
	.waits = NAN,
	.wait_total = NAN,
	.offender_ns = NAN,
	.memory_bytes = NAN,
	.memory_peak_bytes = NAN,
	.memory_limit_bytes = NAN,
	.oom_kills = NAN,
	.dead = true,
};

/* Adds a row to its group's sum. Peaks and limits do not add up: they stay unknown. */
static void sum_add(struct usage_row *sum, const struct usage_row *row)
{
	sum->cores_1s = add_known(sum->cores_1s, row->cores_1s);
	sum->cores_10s = add_known(sum->cores_10s, row->cores_10s);
	sum->cores_60s = add_known(sum->cores_60s, row->cores_60s);
	sum->throttled_share = max_known(sum->throttled_share, row->throttled_share);
	sum->memory_bytes = add_known(sum->memory_bytes, row->memory_bytes);
	sum->oom_kills = add_known(sum->oom_kills, row->oom_kills);
	sum->dead = sum->dead && row->dead;
	if (!row->has_wait)
		return;
	sum->has_wait = true;
	sum->waits = add_known(sum->waits, row->waits);
	sum->wait_total = add_known(sum->wait_total, row->wait_total);
	for (int c = 0; c < USAGE_CAUSES; c++) {
		sum->wait_share[c] += row->wait_share[c];
		sum->wait_ns[c] = add_known(sum->wait_ns[c], row->wait_ns[c]);
		sum->p50_usec[c] = max_known(sum->p50_usec[c], row->p50_usec[c]);
		sum->p99_usec[c] = max_known(sum->p99_usec[c], row->p99_usec[c]);
	}
}

/* The group with this label, made where there is none. Takes the label. */
static struct group *groups_get(struct groups *g, char *label)
{
	size_t index = (uintptr_t)map_get_str(&g->by_label, label);
	struct group *group;

	if (index) {
		free(label);
		return &g->items[index - 1];
	}
	if (map_put_str(&g->by_label, label, (void *)(uintptr_t)(g->n + 1)) < 0) {
		free(label);
		return NULL;
	}
	group = &g->items[g->n++];
	*group = (struct group){ .sum = empty_sum, .label = label };
	group->sum.name = group->sum.cgroup = label;
	for (int c = 0; c < USAGE_CAUSES; c++)
		group->sum.wait_ns[c] = group->sum.p50_usec[c] = group->sum.p99_usec[c] = NAN;
	return group;
}

static int group_add(struct group *group, const struct usage_row *row)
{
	if (group->n == group->alloc) {
		size_t alloc = group->alloc ? group->alloc * 2 : 4;
		const struct usage_row **children =
			reallocarray(group->children, alloc, sizeof(struct usage_row *));

		if (!children)
			return -ENOMEM;
		group->children = children;
		group->alloc = alloc;
	}
	group->children[group->n++] = row;
	sum_add(&group->sum, row);
	return 0;
}

static int groups_fill(struct groups *g, const struct usage_row *const *rows, size_t n)
{
	g->items = calloc(n + 1, sizeof(*g->items)); /* at most one per row */
	if (!g->items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		char *label = group_label(rows[i]);
		struct group *group = label ? groups_get(g, label) : NULL;

		if (!group || group_add(group, rows[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* In a tree the pod's name stands above: the container's is enough. */
static char *row_label(const struct usage_row *row, bool tree)
{
	char *label = NULL;

	if (!*row->pod)
		return strdup(*row->name ? row->name : row->cgroup);
	if (tree)
		return strdup(*row->container ? row->container : row->name);
	if (asprintf(&label, "%s%s%s", row->pod, *row->container ? "/" : "", row->container) < 0)
		return NULL;
	return label;
}

static int lines_add(struct top_lines *t, const struct usage_row *row, char *label, unsigned depth,
		     size_t n_children)
{
	if (!label)
		return -ENOMEM;
	t->lines[t->n++] = (struct top_line){
		.row = *row,
		.key = row->cgroup,
		.label = label,
		.depth = depth,
		.n_children = n_children,
	};
	t->n_workloads += n_children == 0;
	return 0;
}

static int compare_groups(const void *a, const void *b, void *sort)
{
	return usage_row_compare(&((const struct group *)a)->sum, &((const struct group *)b)->sum,
				 *(enum usage_sort *)sort);
}

static int lines_add_group(struct top_lines *t, const struct group *g, bool reverse)
{
	char *label = strdup(g->label);
	struct top_line *line = &t->lines[t->n];
	int r = lines_add(t, &g->sum, label, 0, g->n);

	if (r < 0)
		return r;
	line->key = line->row.name = line->row.cgroup = line->label;
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		const struct usage_row *row = g->children[reverse ? g->n - 1 - i : i];

		r = lines_add(t, row, row_label(row, true), 1, 0);
	}
	return r;
}

static int lines_from_tree(struct top_lines *t, const struct usage_row *const *rows, size_t n,
			   const struct top_view *view)
{
	_cleanup_(groups_release) struct groups g = { 0 };
	enum usage_sort sort = view->sort;
	int r;

	r = groups_fill(&g, rows, n);
	if (r < 0)
		return r;
	qsort_r(g.items, g.n, sizeof(*g.items), compare_groups, &sort);
	for (size_t i = 0; r == 0 && i < g.n; i++)
		r = lines_add_group(t, &g.items[view->reverse ? g.n - 1 - i : i], view->reverse);
	return r;
}

static int lines_from_rows(struct top_lines *t, const struct usage_row *const *rows, size_t n,
			   const struct top_view *view)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct usage_row *row = rows[view->reverse ? n - 1 - i : i];

		r = lines_add(t, row, row_label(row, false), 0, 0);
	}
	return r;
}

static void count_hidden(struct top_lines *t, const struct usage *u, const struct usage_filter *f)
{
	for (size_t i = 0; i < u->n; i++) {
		t->n_dead += u->rows[i].dead && !f->dead;
		t->n_system += u->rows[i].system && !f->system && !(u->rows[i].dead && !f->dead);
	}
}

int top_lines_init(struct top_lines *t, const struct usage *u, const struct top_view *view)
{
	_cleanup_free_ const struct usage_row **rows = NULL;
	size_t n;
	int r;

	*t = (struct top_lines){ 0 };
	r = usage_select(u, &view->filter, view->sort, &rows, &n);
	if (r < 0)
		return r;
	count_hidden(t, u, &view->filter);
	t->lines = calloc(2 * n + 1, sizeof(*t->lines)); /* each row may have a group of its own */
	if (!t->lines)
		return -ENOMEM;
	r = view->tree ? lines_from_tree(t, rows, n, view) : lines_from_rows(t, rows, n, view);
	if (r < 0)
		top_lines_release(t);
	return r;
}

void top_lines_release(struct top_lines *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->lines[i].label);
	free(t->lines);
	*t = (struct top_lines){ 0 };
}

size_t top_lines_find(const struct top_lines *t, const char *key, size_t fallback)
{
	for (size_t i = 0; key && i < t->n; i++) {
		if (strcmp(t->lines[i].key, key) == 0)
			return i;
	}
	if (t->n == 0)
		return 0;
	return fallback < t->n ? fallback : t->n - 1;
}

bool top_line_bins(const struct top_line *line, float ret_cores[static USAGE_BINS])
{
	bool any = false;

	if (line->n_children == 0)
		return usage_row_bins(&line->row, ret_cores);
	for (size_t i = 0; i < USAGE_BINS; i++)
		ret_cores[i] = NAN;
	for (size_t c = 1; c <= line->n_children; c++) {
		float cores[USAGE_BINS];

		if (!usage_row_bins(&line[c].row, cores))
			continue;
		any = true;
		for (size_t i = 0; i < USAGE_BINS; i++)
			ret_cores[i] = (float)add_known(ret_cores[i], cores[i]);
	}
	return any;
}

double top_line_peak(const struct top_line *line)
{
	float bins[USAGE_BINS];

	if (line->n_children == 0)
		return line->row.peak_cores;
	return top_line_bins(line, bins) ? spark_max(bins, USAGE_BINS) : NAN;
}

float top_spark_scale(const float *points, size_t n)
{
	float max = spark_max(points, n);

	return max >= SCALE_MIN_CORES ? max : SCALE_MIN_CORES;
}

unsigned top_wait_length(double share, unsigned width)
{
	double length;

	if (!(share >= 0.001) || width == 0)
		return 0;
	length = 1 + (width - 1) * (log10(share) + 3) / 3;
	return length >= width ? width : (unsigned)length;
}

void top_wait_causes(const struct usage_row *row, unsigned length, enum usage_cause *ret_causes)
{
	enum usage_cause largest = usage_row_cause(row);
	bool has_largest = largest == USAGE_CAUSES;
	double end = 0, largest_from = 0;
	unsigned at = 0;

	for (enum usage_cause c = USAGE_QUOTA; c < USAGE_CAUSES; c++) {
		if (c == largest)
			largest_from = end;
		end += row->wait_share[c];
		for (; at < length && (at + 0.5) * row->wait_total < end * length; at++) {
			ret_causes[at] = c;
			has_largest = has_largest || c == largest;
		}
	}
	while (at < length)
		ret_causes[at++] = largest;
	if (!has_largest && length > 0)
		ret_causes[(unsigned)(largest_from * length / row->wait_total)] = largest;
}
