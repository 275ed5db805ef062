/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/usage.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

const struct usage_cause_info usage_causes[USAGE_CAUSES] = {
	[USAGE_QUOTA] = { "quota", 'Q' },
	[USAGE_SELF] = { "self", 'S' },
	[USAGE_NEIGHBOUR] = { "neighbour", 'N' },
	[USAGE_SYSTEM] = { "system", 'Y' },
};

const char *const usage_sort_names[USAGE_SORTS + 1] = {
	[USAGE_SORT_CPU] = "cpu",   [USAGE_SORT_MEMORY] = "memory",
	[USAGE_SORT_WAIT] = "wait", [USAGE_SORT_THROTTLED] = "throttled",
	[USAGE_SORT_NAME] = "name",
};

/* Waiting below this share is the noise of a healthy scheduler. */
#define WAIT_NOISE 0.001

static double number(const struct json *j, const char *path)
{
	return json_num(json_path(j, path), NAN);
}

static const char *text(const struct json *j, const char *key)
{
	return json_str(json_get(j, key), "");
}

static double first_known(double a, double b)
{
	return isnan(a) ? b : a;
}

static void read_cpu(struct usage_row *row, const struct json *cpu)
{
	row->cores_1s = number(cpu, "cores1s");
	row->cores_10s = number(cpu, "cores10s");
	row->cores_60s = number(cpu, "cores60s");
	row->peak_cores = number(cpu, "peak100msCores");
	row->request_cores = number(cpu, "requestMilli") / 1000;
	row->limit_cores = first_known(number(cpu, "limitMilli") / 1000, number(cpu, "quotaCores"));
	row->throttled_share = number(cpu, "throttledShare");
}

static void read_wait(struct usage_row *row, const struct json *wait)
{
	const struct json *offender = json_get(wait, "offender");

	row->has_wait = json_kind(wait) == JSON_OBJECT;
	row->waits = number(wait, "count");
	row->wait_total = row->has_wait ? 0 : NAN;
	for (int c = 0; c < USAGE_CAUSES; c++) {
		const char *name = usage_causes[c].name;
		double share = number(json_get(wait, "share"), name);

		row->wait_share[c] = share > 0 ? share : 0;
		row->wait_total += row->wait_share[c];
		row->wait_ns[c] = number(json_get(wait, "ns"), name);
		row->p50_usec[c] = number(json_get(wait, "p50Usec"), name);
		row->p99_usec[c] = number(json_get(wait, "p99Usec"), name);
	}
	row->offender = text(offender, "name");
	row->offender_pod = text(offender, "pod");
	row->offender_namespace = text(offender, "namespace");
	row->offender_ns = number(offender, "ns");
}

static void read_memory(struct usage_row *row, const struct json *memory)
{
	row->memory_bytes =
		first_known(number(memory, "workingSetBytes"), number(memory, "currentBytes"));
	row->memory_peak_bytes = number(memory, "peakBytes");
	row->memory_limit_bytes = number(memory, "limitBytes");
	row->oom_kills = number(memory, "oomKills");
}

static void read_row(struct usage_row *row, const struct json *j)
{
	*row = (struct usage_row){
		.json = j,
		.kind = text(j, "kind"),
		.name = text(j, "name"),
		.namespace_name = text(j, "namespace"),
		.pod = text(j, "pod"),
		.container = text(j, "container"),
		.unit = text(j, "unit"),
		.cgroup = text(j, "cgroup"),
		.system = json_bool(json_get(j, "system"), false),
		.dead = strcmp(text(j, "state"), "dead") == 0,
	};
	read_cpu(row, json_get(j, "cpu"));
	read_wait(row, json_get(j, "wait"));
	read_memory(row, json_get(j, "memory"));
}

int usage_init(struct usage *u, struct json *reply)
{
	const struct json *list = json_get(reply, "workloads");
	size_t n = json_len(list);

	*u = (struct usage){ .reply = reply, .rows = calloc(n + 1, sizeof(*u->rows)) };
	if (!u->rows) {
		usage_release(u);
		return -ENOMEM;
	}
	for (const struct json *j = json_first(list); j; j = json_next(j)) {
		if (json_kind(j) == JSON_OBJECT)
			read_row(&u->rows[u->n++], j);
	}
	return 0;
}

void usage_release(struct usage *u)
{
	free(u->rows);
	json_free(u->reply);
	*u = (struct usage){ 0 };
}

bool usage_row_bins(const struct usage_row *row, float ret_cores[static USAGE_BINS])
{
	const struct json *bins = json_get(row->json, "bins"), *list = json_get(bins, "usec");
	double step_ms = number(bins, "stepMs");
	size_t n = json_len(list), i = 0;

	if (n == 0 || !(step_ms > 0))
		return false;
	for (size_t k = 0; k < USAGE_BINS; k++)
		ret_cores[k] = NAN;
	/* The newest is last: it goes to the right end, however many there are. */
	for (const struct json *j = json_first(list); j; j = json_next(j), i++) {
		double usec = json_num(j, NAN);

		if (i + USAGE_BINS >= n)
			ret_cores[i + USAGE_BINS - n] = (float)(usec / (step_ms * 1000));
	}
	return true;
}

enum usage_cause usage_row_cause(const struct usage_row *row)
{
	enum usage_cause largest = USAGE_QUOTA;

	if (!row->has_wait || !(row->wait_total >= WAIT_NOISE))
		return USAGE_CAUSES;
	for (enum usage_cause c = USAGE_QUOTA; c < USAGE_CAUSES; c++) {
		if (row->wait_share[c] > row->wait_share[largest])
			largest = c;
	}
	return largest;
}

static bool pattern_matches(const char *pattern, const char *s)
{
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, s, FNM_CASEFOLD) == 0;
	return strcasestr(s, pattern) != NULL;
}

static bool row_matches_pattern(const struct usage_row *row, const char *pattern)
{
	_cleanup_free_ char *full = NULL;
	const char *const texts[] = { row->name,      row->namespace_name, row->pod,
				      row->container, row->unit,	   row->cgroup };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (*texts[i] && pattern_matches(pattern, texts[i]))
			return true;
	}
	if (asprintf(&full, "%s/%s/%s", row->namespace_name, row->pod, row->container) < 0) {
		full = NULL; /* undefined after a failure */
		return false;
	}
	return pattern_matches(pattern, full);
}

bool usage_row_matches(const struct usage_row *row, const struct usage_filter *f)
{
	if (row->dead && !f->dead)
		return false;
	if (row->system && !f->system)
		return false;
	if (f->namespace_name && strcmp(row->namespace_name, f->namespace_name) != 0)
		return false;
	return !f->pattern || !*f->pattern || row_matches_pattern(row, f->pattern);
}

static double sort_value(const struct usage_row *row, enum usage_sort sort)
{
	double value = 0;

	switch (sort) {
	case USAGE_SORT_CPU:
		value = row->cores_10s;
		break;
	case USAGE_SORT_MEMORY:
		value = row->memory_bytes;
		break;
	case USAGE_SORT_WAIT:
		value = row->wait_total;
		break;
	case USAGE_SORT_THROTTLED:
		value = row->throttled_share;
		break;
	default:
		break;
	}
	return isnan(value) ? -1 : value; /* unknown goes behind zero */
}

int usage_row_compare(const struct usage_row *a, const struct usage_row *b, enum usage_sort sort)
{
	double va = sort_value(a, sort), vb = sort_value(b, sort);
	int r;

	if (va != vb)
		return va > vb ? -1 : 1;
	r = strcmp(a->namespace_name, b->namespace_name);
	if (r == 0)
		r = strcmp(a->pod, b->pod);
	if (r == 0)
		r = strcmp(a->name, b->name);
	return r ? r : strcmp(a->cgroup, b->cgroup);
}

static int compare_pointers(const void *a, const void *b, void *sort)
{
	return usage_row_compare(*(const struct usage_row *const *)a,
				 *(const struct usage_row *const *)b, *(enum usage_sort *)sort);
}

int usage_select(const struct usage *u, const struct usage_filter *f, enum usage_sort sort,
		 const struct usage_row ***ret_rows, size_t *ret_n)
{
	const struct usage_row **rows = calloc(u->n + 1, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < u->n; i++) {
		if (usage_row_matches(&u->rows[i], f))
			rows[n++] = &u->rows[i];
	}
	qsort_r(rows, n, sizeof(*rows), compare_pointers, &sort);
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}
