/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include <ctype.h>

#include "tests/registry_world.h"

static struct node_status status_of(struct world *w)
{
	struct node_status s = { .node = "n1", .tier = TIER_BPF, .now_ns = w->now_ns };

	registry_get_stats(w->registry, &s.registry);
	return s;
}

static void write_all(struct world *w, struct buf *out)
{
	struct metrics_cursor c = { 0 };
	struct node_status s = status_of(w);

	while (metrics_write(w->registry, &s, &c, out))
		;
	ck_assert_int_eq(out->error, 0);
}

static const char *const want_lines[] = {
	"evictd_build_info{version=",
	"\nevictd_cpu_seconds_total{namespace=\"\",pod=\"\",container=\"\",unit=\"a.service\","
	"cgroup=\"/a.service\"} 0.25\n",
	"\nevictd_run_queue_wait_seconds_bucket{namespace=\"\",pod=\"\",container=\"\","
	"unit=\"a.service\",cgroup=\"/a.service\",cause=\"neighbour\",le=\"0.001024\"} 1\n",
	",cause=\"neighbour\",le=\"0.000256\"} 0\n",
	",cause=\"neighbour\",le=\"+Inf\"} 2\n",
	"\nevictd_run_queue_wait_seconds_sum{namespace=\"\",pod=\"\",container=\"\","
	"unit=\"a.service\",cgroup=\"/a.service\",cause=\"neighbour\"} 0.0039\n",
	"\nevictd_memory_bytes{namespace=\"\",pod=\"\",container=\"\",unit=\"a.service\","
	"cgroup=\"/a.service\"} 1000\n",
	"cgroup=\"/we\\\"ird\\\\x\"} ",
	"cgroup=\"/bad\xef\xbf\xbd\"} ",
	"\nevictd_oom_kills_total{namespace=\"\",pod=\"\",container=\"\",unit=\"a.service\","
	"cgroup=\"/a.service\"} 1\n",
	"\nevictd_self_lost_total{what=\"missed-bins\"} 0\n",
};

static void make(struct world *w, struct buf *out)
{
	world_run(w, "at 100000\nborn 2 1 /a.service\nborn 3 1 /we\"ird\\x\nborn 4 1 /bad\xff\n"
		     "born 5 1 /gone.service\nat 100500\nrun 2 250\nwait 2 neighbour 900 3\n"
		     "wait 2 neighbour 3000 3\noom 2 1 1 1\nfacts 2 0 1000 0\ncollect\nrun 5 9\n"
		     "died 5\nat 101000\nsample\nborn 6 1 /gone.service\n");
	write_all(w, out);
}

START_TEST(lines)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	struct world *w = world_new(32);

	make(w, &out);
	ck_assert_msg(strstr(out.data, want_lines[_i]), "no %s in\n%s", want_lines[_i], out.data);
	world_free(w);
}
END_TEST

/* No name and labels twice (a path that was taken over), HELP and TYPE once and first. */
START_TEST(form)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	_cleanup_free_ char **seen = NULL;
	struct world *w = world_new(32);
	char metric[128] = "";
	size_t n = 0;

	make(w, &out);
	seen = calloc(out.len, sizeof(*seen));
	ck_assert_int_eq(out.data[out.len - 1], '\n');
	for (char *rest = out.data, *line; (line = strsep(&rest, "\n")) && *line;) {
		char *value = strrchr(line, ' ');

		if (strncmp(line, "# TYPE ", 7) == 0)
			snprintf(metric, sizeof(metric), "%.*s", (int)strcspn(line + 7, " "),
				 line + 7);
		if (line[0] == '#')
			continue;
		ck_assert_msg(strncmp(line, metric, strlen(metric)) == 0, "'%s' below %s", line,
			      metric);
		ck_assert_msg(isdigit((unsigned char)value[1]), "%s", line);
		*value = '\0';
		for (size_t i = 0; i < n; i++)
			ck_assert_str_ne(seen[i], line);
		seen[n++] = line;
	}
	ck_assert_uint_gt(n, 40);
	world_free(w);
}
END_TEST

TEST_MAIN("metrics", {
	TEST_TABLE("lines", lines, ARRAY_LEN(want_lines));
	TEST_ONE("form", form);
})
