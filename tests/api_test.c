/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers, through a real server on a socket pair, with a registry without a kernel. */
#include "daemon/api.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/json.h"
#include "daemon/api_status.h"
#include "daemon/api_usage.h"
#include "tests/registry_world.h"

#define UID "12345678-1234-1234-1234-123456789abc"
#define CID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CTR "/kubepods/burstable/pod" UID "/" CID

static const struct {
	const char *method, *path;
	struct api_query queries[3];
	bool metrics_only;
	unsigned status;
	struct api_request want;
	const char *msg;
} request_cases[] = {
	{ "GET", "/v1/status", { { 0 } }, false, 200, { API_STATUS, false, true }, NULL },
	{ "HEAD", "/v1/status", { { 0 } }, false, 200, { API_STATUS, false, true }, NULL },
	{ "GET", "/v1/usage", { { 0 } }, false, 200, { API_USAGE, false, true }, NULL },
	{ "GET", "/v1/usage", { { "bins", "1" } }, false, 200, { API_USAGE, true, true }, NULL },
	{ "GET",
	  "/v1/usage",
	  { { "dead", "0" }, { "bins", "0" } },
	  false,
	  200,
	  { API_USAGE, false, false },
	  NULL },
	{ "GET", "/metrics", { { 0 } }, true, 200, { API_METRICS, false, true }, NULL },
	{ "GET", "/healthz", { { 0 } }, true, 200, { API_HEALTHZ, false, true }, NULL },
	{ "GET", "/readyz", { { 0 } }, false, 200, { API_READYZ, false, true }, NULL },
	{ "GET", "/v1/usage", { { 0 } }, true, 404, { 0 }, "no such path '/v1/usage'" },
	{ "GET", "/", { { 0 } }, false, 404, { 0 }, "no such path '/'" },
	{ "GET", "/v1/status/", { { 0 } }, false, 404, { 0 }, "no such path" },
	{ "POST", "/v1/status", { { 0 } }, false, 405, { 0 }, "only GET and HEAD" },
	{ "get", "/v1/status", { { 0 } }, false, 405, { 0 }, "only GET and HEAD" },
	{ "GET",
	  "/v1/status",
	  { { "bins", "1" } },
	  false,
	  400,
	  { 0 },
	  "unknown query key 'bins' for /v1/status" },
	{ "GET", "/v1/usage", { { "x", "1" } }, false, 400, { 0 }, "unknown query key 'x'" },
	{ "GET", "/v1/usage", { { "bins", "2" } }, false, 400, { 0 }, "'bins' must be 0 or 1" },
	{ "GET", "/v1/usage", { { "bins", "" } }, false, 400, { 0 }, "'bins' must be 0 or 1" },
	{ "GET", "/v1/usage", { { "bins", NULL } }, false, 400, { 0 }, "'bins' must be 0 or 1" },
	{ "GET",
	  "/v1/usage",
	  { { "bins", "1" }, { "bins", "1" } },
	  false,
	  400,
	  { 0 },
	  "'bins' is given twice" },
};

START_TEST(request)
{
	struct api_request got, untouched;
	struct err e = { 0 };
	size_t n = 0;
	unsigned status;

	memset(&got, 0xa5, sizeof(got));
	untouched = got;
	while (n < 3 && request_cases[_i].queries[n].key)
		n++;
	status = api_parse_request(request_cases[_i].method, request_cases[_i].path,
				   request_cases[_i].queries, n, request_cases[_i].metrics_only,
				   &got, &e);
	ck_assert_uint_eq(status, request_cases[_i].status);
	if (status != 200) {
		ck_assert_msg(strstr(e.msg, request_cases[_i].msg), "%s", e.msg);
		ck_assert_mem_eq(&got, &untouched, sizeof(got));
		return;
	}
	ck_assert_int_eq(got.route, request_cases[_i].want.route);
	ck_assert_int_eq(got.bins, request_cases[_i].want.bins);
	ck_assert_int_eq(got.dead, request_cases[_i].want.dead);
}
END_TEST

static bool ready = true;

static void fill_status(void *arg, struct node_status *ret)
{
	struct world *w = arg;

	*ret = (struct node_status){ .node = "n\"1",
				     .kernel = "6.1",
				     .realtime_usec = 1000000000000000 + w->now_ns / 1000,
				     .now_ns = w->now_ns,
				     .tier = TIER_BPF,
				     .tier_why = "",
				     .layout = "v2",
				     .key = "unified",
				     .cpu_share = 0.5,
				     .bpf_share = (double)NAN,
				     .pods_source = "ok",
				     .logs_source = "",
				     .reload_message = "",
				     .ready = ready };
	registry_get_stats(w->registry, &ret->registry);
}

static struct world *make_world(void)
{
	struct world *w = world_new(32);

	world_run(w, "name " UID " " CID " we\"b\n"
		     "at 100000\nborn 13 12 " CTR "\nborn 2 1 /a.service\nborn 3 1 /old\n"
		     "at 100500\nrun 13 200\nrun 3 1\nwait 13 neighbour 900 2\noom 13 7 9 900\n"
		     "facts 13 5 1000 100\ncollect\ndied 3 55\nat 101000\nsample\n");
	return w;
}

/* Sends a request and returns the whole answer. */
static const char *ask(struct world *w, bool metrics_only, const char *text, struct buf *out)
{
	struct api_view view = { .registry = w->registry, .status = fill_status, .arg = w };
	struct api *api;
	int fd[2];
	ssize_t n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	ck_assert_int_eq(api_new(&(struct api_options){ .listen_fd = -1,
							.metrics_only = metrics_only,
							.connections = 4 },
				 &view, &api, NULL),
			 0);
	ck_assert_int_eq(api_add_connection(api, fd[1]), 0);
	ck_assert_int_eq(write(fd[0], text, strlen(text)), (ssize_t)strlen(text));
	buf_clear(out);
	for (unsigned i = 0; i < 5000; i++) {
		char piece[4096];
		struct pollfd p = { .fd = fd[0], .events = POLLIN };

		api_run(api);
		poll(&p, 1, 1);
		n = read(fd[0], piece, sizeof(piece));
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		else if (n == 0)
			break;
	}
	close(fd[0]);
	api_free(api);
	return buf_str(out);
}

/* The body of an answer that was not sent in chunks: HTTP/1.0 ends with the connection. */
static const char *body_of(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");

	ck_assert_ptr_nonnull(body);
	return body + 4;
}

static const struct {
	const char *path;
	bool metrics_only, not_ready;
	const char *status, *in_body;
} answer_cases[] = {
	{ "GET /healthz", false, false, " 200 ", "ok" },
	{ "GET /readyz", false, false, " 200 ", "ok" },
	{ "GET /readyz", false, true, " 503 ", "not ready" },
	{ "GET /v1/status", false, false, " 200 ", "\"kind\":\"Status\"" },
	{ "GET /v1/status", false, false, " 200 ", "\"node\":\"n\\\"1\"" },
	{ "GET /v1/status", true, false, " 404 ", "\"kind\":\"Error\"" },
	{ "GET /nope", false, false, " 404 ", "no such path '/nope'" },
	{ "DELETE /v1/status", false, false, " 405 ", "only GET and HEAD" },
	{ "GET /v1/usage?bins=9", false, false, " 400 ", "must be 0 or 1" },
	{ "GET /v1/usage?a&b&c&d&e&f&g&h&i&j", false, false, " 400 ", "too many query keys" },
	{ "GET /metrics", true, false, " 200 ", "evictd_build_info" },
};

START_TEST(answers)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	struct world *w = make_world();
	const char *answer;
	char text[400];

	ready = !answer_cases[_i].not_ready;
	snprintf(text, sizeof(text), "%s HTTP/1.0\r\n\r\n", answer_cases[_i].path);
	answer = ask(w, answer_cases[_i].metrics_only, text, &out);
	ck_assert_msg(strstr(answer, answer_cases[_i].status), "%s", answer);
	ck_assert_msg(strstr(body_of(answer), answer_cases[_i].in_body), "%s", answer);
	world_free(w);
}
END_TEST

START_TEST(long_uri)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20), text = BUF_INIT(1 << 20);
	struct world *w = make_world();

	buf_add_str(&text, "GET /v1/status?");
	for (unsigned i = 0; i < API_URI_MAX; i++)
		buf_add_char(&text, 'a');
	buf_add_str(&text, " HTTP/1.0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(ask(w, false, text.data, &out), " 414 "));
	world_free(w);
}
END_TEST

START_TEST(head)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	struct world *w = make_world();
	const char *answer = ask(w, false, "HEAD /v1/usage HTTP/1.0\r\n\r\n", &out);

	ck_assert_ptr_nonnull(strstr(answer, " 200 "));
	ck_assert_str_eq(body_of(answer), "");
	world_free(w);
}
END_TEST

static const struct {
	const char *path, *value; /* within the first workload; NULL: null */
} usage_cases[] = {
	{ "kind", "container" },
	{ "name", "we\"b" },
	{ "namespace", "ns" },
	{ "podUID", UID },
	{ "containerID", CID },
	{ "cgroup", CTR },
	{ "state", "live" },
	{ "unit", NULL },
	{ "endedAt", NULL },
	{ "startedAt", "2001-09-09T01:48:20.000000Z" },
	{ "cpu.usageNs", "200000000" },
	{ "cpu.quotaCores", NULL },
	{ "cpu.requestMilli", NULL },
	{ "wait.count", "1" },
	{ "wait.ns.neighbour", "900000" },
	{ "wait.p99Usec.neighbour", "1024" },
	{ "wait.p99Usec.self", NULL },
	{ "wait.offender.name", "a.service" },
	{ "wait.offender.ns", "900000" },
	{ "memory.currentBytes", "1000" },
	{ "memory.workingSetBytes", "900" },
	{ "memory.peakBytes", "1000" },
	{ "memory.limitBytes", NULL },
	{ "memory.oomKills", "1" },
	{ "pressure", NULL },
};

static struct json *usage(struct world *w, const char *query, struct buf *out)
{
	struct json *root;
	struct err e;
	char text[200];

	snprintf(text, sizeof(text), "GET /v1/usage%s HTTP/1.0\r\n\r\n", query);
	out->max = 1 << 24;
	ask(w, false, text, out);
	ck_assert_msg(json_parse(body_of(out->data), strlen(body_of(out->data)), &root, &e) == 0,
		      "%s in %s", e.msg, out->data);
	return root;
}

START_TEST(usage_values)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	struct world *w = make_world();
	struct json *root = usage(w, "", &out);
	const struct json *first = json_first(json_get(root, "workloads"));
	const struct json *got = json_path(first, usage_cases[_i].path);
	const char *want = usage_cases[_i].value;
	char number[32];

	ck_assert_uint_eq(json_len(json_get(root, "workloads")), 3);
	snprintf(number, sizeof(number), "%" PRIu64, json_u64(got, 0));
	if (!want)
		ck_assert_int_eq(json_kind(got), JSON_NULL);
	else if (json_kind(got) == JSON_NUMBER)
		ck_assert_str_eq(number, want);
	else
		ck_assert_str_eq(json_str(got, "(null)"), want);
	json_free(root);
	world_free(w);
}
END_TEST

START_TEST(usage_bins)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 20);
	struct world *w = make_world();
	struct json *root = usage(w, "?bins=1&dead=0", &out);
	const struct json *list = json_get(root, "workloads");
	const struct json *bins = json_path(json_first(list), "bins.usec");
	unsigned known = 0, sum = 0;

	ck_assert_uint_eq(json_len(list), 2);
	ck_assert_uint_eq(json_len(bins), DEMAND_BINS);
	for (const struct json *b = json_first(bins); b; b = json_next(b)) {
		known += json_kind(b) == JSON_NUMBER;
		sum += (unsigned)json_u64(b, 0);
	}
	ck_assert_uint_eq(known, 8);
	ck_assert_uint_eq(sum, 200000);
	json_free(root);
	world_free(w);
}
END_TEST

/* Many workloads come whole through the small pieces, chunked, too. */
START_TEST(usage_large)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1 << 24);
	struct world *w = world_new(0);
	struct json *root;
	char line[100];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(line, sizeof(line), "at 1000\nborn %u 1 /unit-%u.service\n", i + 10, i);
		world_run(w, line);
	}
	root = usage(w, "?bins=1", &out);
	ck_assert_uint_eq(json_len(json_get(root, "workloads")), 500);
	json_free(root);
	ask(w, false, "GET /v1/usage HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "Transfer-Encoding: chunked"));
	ck_assert_ptr_nonnull(strstr(out.data, "/unit-499.service"));
	ck_assert_str_eq(out.data + out.len - 5, "0\r\n\r\n");
	world_free(w);
}
END_TEST

TEST_MAIN("api", {
	TEST_TABLE("request", request, ARRAY_LEN(request_cases));
	TEST_TABLE("answers", answers, ARRAY_LEN(answer_cases));
	TEST_ONE("long-uri", long_uri);
	TEST_ONE("head", head);
	TEST_TABLE("usage", usage_values, ARRAY_LEN(usage_cases));
	TEST_ONE("bins", usage_bins);
	TEST_ONE("large", usage_large);
})
