/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/top_model.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

/* Five workloads: two of one pod, one of another, a unit of the system, a dead one. */
static const char reply[] =
	"{\"workloads\":[7,null,"
	"{\"name\":\"app\",\"namespace\":\"shop\",\"pod\":\"web\",\"container\":\"app\","
	"\"cgroup\":\"/k/web/app\",\"state\":\"live\",\"cpu\":{\"cores10s\":0.5,"
	"\"throttledShare\":0.1,\"limitMilli\":800,\"peak100msCores\":0.9},"
	"\"wait\":{\"share\":{\"quota\":0.03,\"self\":0.01,\"neighbour\":0,\"system\":0}},"
	"\"memory\":{\"workingSetBytes\":100,\"oomKills\":1},"
	"\"bins\":{\"stepMs\":100,\"usec\":[null,50000,100000]}},"
	"{\"name\":\"proxy\",\"namespace\":\"shop\",\"pod\":\"web\",\"container\":\"proxy\","
	"\"cgroup\":\"/k/web/proxy\",\"state\":\"live\",\"cpu\":{\"cores10s\":0.2},"
	"\"memory\":{\"currentBytes\":900,\"oomKills\":0},"
	"\"bins\":{\"stepMs\":100,\"usec\":[20000,50000]}},"
	"{\"name\":\"etl\",\"namespace\":\"batch\",\"pod\":\"etl\",\"container\":\"etl\","
	"\"cgroup\":\"/k/etl/etl\",\"state\":\"live\",\"cpu\":{\"cores10s\":0.6},"
	"\"wait\":{\"share\":{\"quota\":0,\"self\":0,\"neighbour\":0.5,\"system\":0.1}},"
	"\"memory\":{\"workingSetBytes\":50}},"
	"{\"name\":\"ssh.service\",\"unit\":\"ssh.service\",\"cgroup\":\"/system.slice/ssh.service\","
	"\"system\":true,\"state\":\"live\"},"
	"{\"name\":\"old\",\"namespace\":\"shop\",\"pod\":\"job\",\"container\":\"old\","
	"\"cgroup\":\"/k/job/old\",\"state\":\"dead\",\"cpu\":{\"cores10s\":0}}]}";

static struct usage usage;

static void load(void)
{
	struct json *j = NULL;

	ck_assert_int_eq(json_parse(reply, strlen(reply), &j, NULL), 0);
	ck_assert_int_eq(usage_init(&usage, j), 0);
	ck_assert_uint_eq(usage.n, 5);
}

/* "label label ..." with ">" before children. */
static void describe(const struct top_lines *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++)
		buf_printf(out, "%s%s%s", i ? " " : "", t->lines[i].depth ? ">" : "",
			   t->lines[i].label);
}

static const struct {
	struct top_view view;
	const char *lines;
} view_cases[] = {
	{ { .sort = USAGE_SORT_CPU }, "etl/etl web/app web/proxy" },
	{ { .sort = USAGE_SORT_CPU, .reverse = true }, "web/proxy web/app etl/etl" },
	{ { .sort = USAGE_SORT_MEMORY }, "web/proxy web/app etl/etl" },
	{ { .sort = USAGE_SORT_WAIT }, "etl/etl web/app web/proxy" },
	{ { .sort = USAGE_SORT_THROTTLED }, "web/app etl/etl web/proxy" },
	{ { .sort = USAGE_SORT_NAME }, "etl/etl web/app web/proxy" },
	{ { .filter = { .system = true } }, "etl/etl web/app web/proxy ssh.service" },
	{ { .filter = { .dead = true } }, "etl/etl web/app web/proxy job/old" },
	{ { .filter = { .pattern = "WEB" } }, "web/app web/proxy" },
	{ { .filter = { .pattern = "shop/web/app" } }, "web/app" },
	{ { .filter = { .pattern = "e*" } }, "etl/etl" },
	{ { .filter = { .pattern = "nothing" } }, "" },
	{ { .filter = { .pattern = "[" } }, "" },
	{ { .filter = { .namespace_name = "shop" } }, "web/app web/proxy" },
	{ { .tree = true }, "shop/web >app >proxy batch/etl >etl" },
	{ { .tree = true, .reverse = true }, "batch/etl >etl shop/web >proxy >app" },
	{ { .tree = true, .filter = { .system = true, .pattern = "ssh" } },
	  "/system.slice >ssh.service" },
};

START_TEST(views)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1000);
	_cleanup_(top_lines_release) struct top_lines t = { 0 };

	load();
	ck_assert_int_eq(top_lines_init(&t, &usage, &view_cases[_i].view), 0);
	describe(&t, &out);
	ck_assert_str_eq(buf_str(&out), view_cases[_i].lines);
	usage_release(&usage);
}
END_TEST

START_TEST(counts_what_is_hidden)
{
	struct top_view view = { .filter = { .pattern = "etl" } };
	struct top_lines t;

	load();
	ck_assert_int_eq(top_lines_init(&t, &usage, &view), 0);
	ck_assert_uint_eq(t.n_workloads, 1);
	ck_assert_uint_eq(t.n_dead, 1);
	ck_assert_uint_eq(t.n_system, 1);
	top_lines_release(&t);
	usage_release(&usage);
}
END_TEST

START_TEST(sums_a_pod)
{
	struct top_view view = { .tree = true, .filter = { .namespace_name = "shop" } };
	float bins[USAGE_BINS];
	struct top_lines t;

	load();
	ck_assert_int_eq(top_lines_init(&t, &usage, &view), 0);
	ck_assert_uint_eq(t.n, 3);
	ck_assert_uint_eq(t.n_workloads, 2);
	ck_assert_uint_eq(t.lines[0].n_children, 2);
	ck_assert_double_eq_tol(t.lines[0].row.cores_10s, 0.7, 1e-9);
	ck_assert_double_eq(t.lines[0].row.memory_bytes, 1000);
	ck_assert_double_eq_tol(t.lines[0].row.wait_total, 0.04, 1e-9);
	ck_assert_double_eq(t.lines[0].row.throttled_share, 0.1);
	ck_assert_double_eq(t.lines[0].row.oom_kills, 1);
	ck_assert_double_nan(t.lines[0].row.limit_cores); /* limits do not add up */
	ck_assert(top_line_bins(&t.lines[0], bins));
	ck_assert_float_nan(bins[USAGE_BINS - 3]);
	ck_assert_float_eq_tol(bins[USAGE_BINS - 2], 0.7F, 1e-6F);
	ck_assert_float_eq_tol(bins[USAGE_BINS - 1], 1.5F, 1e-6F);
	ck_assert_double_eq_tol(top_line_peak(&t.lines[0]), 1.5, 1e-6);
	top_lines_release(&t);
	usage_release(&usage);
}
END_TEST

START_TEST(reads_rows)
{
	const struct usage_row *r;

	load();
	r = &usage.rows[0];
	ck_assert_double_eq(r->limit_cores, 0.8);
	ck_assert_double_eq(r->oom_kills, 1);
	ck_assert_int_eq(usage_row_cause(r), USAGE_QUOTA);
	ck_assert_int_eq(usage_row_cause(&usage.rows[1]), USAGE_CAUSES); /* has no waits */
	ck_assert_double_nan(usage.rows[1].wait_total);
	ck_assert_double_eq(usage.rows[1].memory_bytes, 900); /* no working set: what is charged */
	ck_assert_str_eq(usage.rows[1].offender, "");
	usage_release(&usage);
}
END_TEST

static const struct {
	const char *key;
	size_t fallback, found;
} find_cases[] = {
	{ "/k/web/proxy", 0, 2 }, { "/k/etl/etl", 2, 0 }, { "/gone", 1, 1 },
	{ "/gone", 9, 2 },	  { NULL, 0, 0 },	  { NULL, 5, 2 },
};

START_TEST(finds_the_selection)
{
	struct top_view view = { .sort = USAGE_SORT_CPU };
	struct top_lines t;

	load();
	ck_assert_int_eq(top_lines_init(&t, &usage, &view), 0);
	ck_assert_uint_eq(top_lines_find(&t, find_cases[_i].key, find_cases[_i].fallback),
			  find_cases[_i].found);
	top_lines_release(&t);
	ck_assert_uint_eq(top_lines_find(&t, "x", 3), 0);
	usage_release(&usage);
}
END_TEST

static const struct {
	double share;
	unsigned width, length;
} length_cases[] = {
	{ 0, 6, 0 },   { 0.0009, 6, 0 },      { 0.001, 6, 1 },	  { 0.0317, 6, 3 },
	{ 0.5, 6, 5 }, { 1, 6, 6 },	      { 100, 6, 6 },	  { 0.5, 0, 0 },
	{ 0.5, 1, 1 }, { (double)NAN, 6, 0 }, { INFINITY, 6, 6 }, { -1, 6, 0 },
};

START_TEST(wait_lengths)
{
	ck_assert_uint_eq(top_wait_length(length_cases[_i].share, length_cases[_i].width),
			  length_cases[_i].length);
}
END_TEST

static const struct {
	double share[USAGE_CAUSES];
	const char *letters;
} cause_cases[] = {
	{ { 1, 0, 0, 0 }, "QQQQ" },	     { { 0, 0, 0, 1 }, "YYYY" },
	{ { 1, 1, 1, 1 }, "QSNY" },	     { { 0.5, 0, 0.5, 0 }, "QQNN" },
	{ { 0.4, 0.3, 0.3, 0 }, "Q" },	     { { 0.1, 0.2, 0.3, 0.4 }, "Y" },
	{ { 0.3, 0.21, 0.28, 0.21 }, "QN" }, { { 0.01, 0, 0.99, 0 }, "NNNNNN" },
};

START_TEST(wait_causes)
{
	struct usage_row row = { .has_wait = true };
	size_t length = strlen(cause_cases[_i].letters);
	enum usage_cause causes[8];

	for (int c = 0; c < USAGE_CAUSES; c++) {
		row.wait_share[c] = cause_cases[_i].share[c];
		row.wait_total += cause_cases[_i].share[c];
	}
	top_wait_causes(&row, (unsigned)length, causes);
	for (size_t i = 0; i < length; i++)
		ck_assert_msg(usage_causes[causes[i]].letter == cause_cases[_i].letters[i],
			      "%zu: %c, not %c", i, usage_causes[causes[i]].letter,
			      cause_cases[_i].letters[i]);
}
END_TEST

static const struct {
	const char *bins; /* of a row */
	bool has;
	float last, before;
} bin_cases[] = {
	{ "{\"stepMs\":100,\"usec\":[100000]}", true, 1, NAN },
	{ "{\"stepMs\":100,\"usec\":[50000,null]}", true, NAN, 0.5F },
	{ "{\"stepMs\":10,\"usec\":[1,10000]}", true, 1, 0.0001F },
	{ "{\"stepMs\":0,\"usec\":[1]}", false, 0, 0 },
	{ "{\"stepMs\":100,\"usec\":[]}", false, 0, 0 },
	{ "{\"stepMs\":100,\"usec\":\"x\"}", false, 0, 0 },
	{ "{\"stepMs\":100,\"usec\":[\"x\",5]}", true, 0.00005F, NAN },
	{ "null", false, 0, 0 },
	{ "7", false, 0, 0 },
};

static void assert_same(float got, float want)
{
	if (isnan(want))
		ck_assert_float_nan(got);
	else
		ck_assert_float_eq_tol(got, want, 1e-7F);
}

START_TEST(bins)
{
	_cleanup_free_ char *text = NULL;
	float cores[USAGE_BINS];
	struct json *j = NULL;

	ck_assert_int_gt(asprintf(&text, "{\"workloads\":[{\"bins\":%s}]}", bin_cases[_i].bins), 0);
	ck_assert_int_eq(json_parse(text, strlen(text), &j, NULL), 0);
	ck_assert_int_eq(usage_init(&usage, j), 0);
	ck_assert_int_eq(usage_row_bins(&usage.rows[0], cores), bin_cases[_i].has);
	if (bin_cases[_i].has) {
		assert_same(cores[USAGE_BINS - 1], bin_cases[_i].last);
		assert_same(cores[USAGE_BINS - 2], bin_cases[_i].before);
	}
	usage_release(&usage);
}
END_TEST

/* More bins than a minute: the newest count. */
START_TEST(too_many_bins)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(100000);
	float cores[USAGE_BINS];
	struct json *j = NULL;

	buf_add_str(&text, "{\"workloads\":[{\"bins\":{\"stepMs\":100,\"usec\":[0");
	for (int i = 1; i < 1000; i++)
		buf_printf(&text, ",%d", i * 100000);
	buf_add_str(&text, "]}}]}");
	ck_assert_int_eq(json_parse(text.data, text.len, &j, NULL), 0);
	ck_assert_int_eq(usage_init(&usage, j), 0);
	ck_assert(usage_row_bins(&usage.rows[0], cores));
	ck_assert_float_eq(cores[0], 400);
	ck_assert_float_eq(cores[USAGE_BINS - 1], 999);
	usage_release(&usage);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	struct top_view view = { .tree = true, .filter = { .system = true, .dead = true } };
	struct top_lines t;

	load();
	for (unsigned n = 1;; n++) {
		int r;

		alloc_fail_at(n);
		r = top_lines_init(&t, &usage, &view);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(r, 0);
			break;
		}
		ck_assert_int_eq(r, -ENOMEM);
	}
	top_lines_release(&t);
	usage_release(&usage);
}
END_TEST

TEST_MAIN("top_model", {
	TEST_TABLE("views", views, ARRAY_LEN(view_cases));
	TEST_ONE("hidden", counts_what_is_hidden);
	TEST_ONE("sums", sums_a_pod);
	TEST_ONE("rows", reads_rows);
	TEST_TABLE("find", finds_the_selection, ARRAY_LEN(find_cases));
	TEST_TABLE("wait_length", wait_lengths, ARRAY_LEN(length_cases));
	TEST_TABLE("wait_causes", wait_causes, ARRAY_LEN(cause_cases));
	TEST_TABLE("bins", bins, ARRAY_LEN(bin_cases));
	TEST_ONE("bins", too_many_bins);
	TEST_ONE("alloc", survives_every_failed_allocation);
})
