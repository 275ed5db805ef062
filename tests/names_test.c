/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/alloc_fail.h"
#include "tests/cgroup_tree.h"
#include "tests/check_main.h"

#define ID_A "09bc3d7ade839efec32b6bec4ec79d099027a668ddba043083ec21d3c3b8f1e6"
#define ID_B "34a2062fd26c805aa8cf814cdfe479322b791f80afb9ea4db02d50375df14b41"
#define ID_C "9bca8d63d5fa610783847915bcff0ecac1273e5b4bed3f6fa1b07350e0135961"
#define UID_A "a2830d0d-b0f0-4ff0-81b5-0ee4e299cf80"
#define UID_B "2c48913c-b29f-11e7-9350-020968147796"
#define HASH "9729a196c4723b60ab401eaff722982d"
#define NONE UINT64_MAX
#define MIB (1ULL << 20)

static const char *pods_path(const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/pods/%s", test_data_dir(), file);
	return path;
}

/* NULL and NULL are equal too. */
static void check_str(const char *got, const char *want)
{
	ck_assert_str_eq(got ? got : "(null)", want ? want : "(null)");
}

static void check_names(const struct identity_names *got, const struct identity_names *want)
{
	check_str(got->namespace_name, want->namespace_name);
	check_str(got->pod, want->pod);
	check_str(got->container, want->container);
	check_str(got->owner_kind, want->owner_kind);
	check_str(got->owner_name, want->owner_name);
	ck_assert_uint_eq(got->cpu_request_milli, want->cpu_request_milli);
	ck_assert_uint_eq(got->cpu_limit_milli, want->cpu_limit_milli);
	ck_assert_uint_eq(got->memory_request_bytes, want->memory_request_bytes);
	ck_assert_uint_eq(got->memory_limit_bytes, want->memory_limit_bytes);
}

static const struct real_case {
	const char *file, *pod_uid, *container_id;
	struct identity_names want; /* .pod NULL: unknown */
} real_cases[] = {
	/* kubelet's /pods: docker, kind, cri-o */
	{ "spire_kubelet_pods.json",
	  "d488cae9-b2a0-11e7-9350-020968147796",
	  "34a2062fd26c805aa8cf814cdfe479322b791f80afb9ea4db02d50375df14b41",
	  { "kube-system", "kube-flannel-ds-gp1g9", "install-cni", "DaemonSet", "kube-flannel-ds",
	    NONE, NONE, NONE, NONE } },
	{ "spire_kubelet_pods.json",
	  NULL,
	  "dcbcf657e66cdb24d6f5df28f781810326173844b2c63954172b2a358528a77f",
	  { "kube-system", "kube-registry-proxy-z41lj", "kube-registry-proxy", "DaemonSet",
	    "kube-registry-proxy", 10, 50, 50 * MIB, 50 * MIB } },
	{ "spire_kubelet_pods.json",
	  "",
	  "acc5d907ec963e5054b7e14526da265b4335b24548bf6e58379cfd3ba8baba3d",
	  { "default", "blog-24ck7", "ghostunnel", "ReplicationController", "blog", 10, 50,
	    100 * MIB, 100 * MIB } },
	/* the pause container has no status: its pod is known all the same */
	{ "spire_kubelet_pods.json",
	  "2c48913c_b29f_11e7_9350_020968147796",
	  "00000000e66cdb24d6f5df28f781810326173844b2c63954172b2a358528a77f",
	  { "default", "blog-24ck7", NULL, "ReplicationController", "blog", NONE, NONE, NONE,
	    NONE } },
	{ "spire_kubelet_pods.json", "2c48913c-b29f-11e7-9350-020968147797", NULL, { NULL } },
	{ "spire_kubelet_pods.json", NULL, NULL, { NULL } },
	{ "spire_kubelet_pods.json", "x", "y", { NULL } },
	{ "spire_kubelet_pods_kind.json",
	  UID_A,
	  ID_A,
	  { "default", "sample-workload-6658cb9566-5n4b4", "workload-api-client", "ReplicaSet",
	    "sample-workload-6658cb9566", NONE, NONE, NONE, NONE } },
	{ "spire_kubelet_pods_crio.json",
	  UID_A,
	  ID_A,
	  { "sfh-199", "sample-workload-6658cb9566-5n4b4", "workload-api-client", "ReplicaSet",
	    "sample-workload-6658cb9566", NONE, NONE, NONE, NONE } },
	/* kubectl get pods -o json */
	{ "troubleshoot_pods_message-oomkill-pod.json",
	  "c8d3f094-b80c-4ff8-aff7-f0e624f1bf3a",
	  "84d3d308bb9a5765e637884194e718d297046f156a377cf6145a9397d5e469b7",
	  { "message-oomkill-pod", "oom-kill-job3-gbb89", "memory-eater", "Job", "oom-kill-job3",
	    NONE, NONE, 100 * MIB, 100 * MIB } },
	{ "troubleshoot_pods_message-pending-pod-resources.json",
	  "e4d4c4cc-2c41-4ab7-b41c-9c8b28ded451",
	  NULL,
	  { "message-pending-pod-resources", "pending-pod-resources-5fddcf7688-djjfc", NULL,
	    "ReplicaSet", "pending-pod-resources-5fddcf7688", NONE, NONE, NONE, NONE } },
	/* a list without kind */
	{ "insights_authentication_pods.json",
	  NULL,
	  "0eadb57394c3e8c9528cbaf50c094a6145505e3f597c665d3b142d40c3291fb1",
	  { "openshift-authentication", "oauth-openshift-66cd8c89bd-j8thn", "oauth-openshift",
	    "ReplicaSet", "oauth-openshift-66cd8c89bd", 10, NONE, 50 * MIB, NONE } },
};

START_TEST(real_pods)
{
	const struct real_case *c = &real_cases[_i];
	_cleanup_(names_freep) struct names *n = NULL;
	struct identity_names got = { .pod = "untouched" };
	struct err e = { "" };
	int r;

	ck_assert_int_eq(names_new(&n), 0);
	r = names_load_pods_file(n, pods_path(c->file), &e);
	ck_assert_msg(r == 0, "%s", e.msg);
	ck_assert_int_eq(names_find(n, c->pod_uid, c->container_id, &got), c->want.pod != NULL);
	if (c->want.pod)
		check_names(&got, &c->want);
	else
		ck_assert_str_eq(got.pod, "untouched");
}
END_TEST

#define POD(metadata_, rest_)                                                                      \
	"{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"p\",\"uid\":\"" UID_A     \
	"\"" metadata_ "}" rest_ "}"
#define STATUS(rest_) ",\"status\":{" rest_ "}"
#define CONTAINER(name_, id_) "{\"name\":\"" name_ "\",\"containerID\":\"" id_ "\"}"
#define RESOURCES(requests_, limits_)                                                              \
	",\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":" requests_        \
	",\"limits\":" limits_                                                                     \
	"}}]}" STATUS("\"containerStatuses\":[" CONTAINER("c", "containerd://" ID_A) "]")

/* One text, one question. */
static const struct text_case {
	const char *text, *pod_uid, *container_id;
	struct identity_names want;
} text_cases[] = {
	{ POD("", ""), UID_A, NULL, { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	{ " \n{ \"items\" : [ " POD("", "") " , {} ] , \"kind\" : \"List\" }\n",
	  UID_A,
	  NULL,
	  { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	/* what stands in strings does not split anything */
	{ "{\"metadata\":{\"a\":\"]},\\\"items\\\":[\"},\"items\":[" POD(",\"l\":\"}],[{\\\\\"",
									 "") "]}",
	  UID_A,
	  NULL,
	  { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	/* other kinds in a List are passed over */
	{ "{\"kind\":\"List\",\"items\":[{\"kind\":\"Node\",\"metadata\":{\"namespace\":\"x\","
	  "\"name\":\"x\",\"uid\":\"" UID_A "\"}}]}",
	  UID_A,
	  NULL,
	  { NULL } },
	{ "{\"kind\":\"PodList\",\"items\":null}", UID_A, NULL, { NULL } },
	{ "{\"kind\":\"PodList\",\"items\":[]}", UID_A, NULL, { NULL } },
	/* static pods */
	{ POD(",\"annotations\":{\"kubernetes.io/config.hash\":\"" HASH "\"}", ""),
	  HASH,
	  NULL,
	  { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	{ "{\"items\":[" POD(",\"annotations\":{\"kubernetes.io/config.hash\":\"" UID_B "\"}",
			     "") ",{\"metadata\":{\"namespace\":\"true\",\"name\":\"owner\",\"uid\""
				 ":\"" UID_B "\"}}]}",
	  UID_B,
	  NULL,
	  { "true", "owner", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	/* owners */
	{ POD(",\"ownerReferences\":[{\"kind\":\"A\",\"name\":\"a\"},{\"kind\":\"B\",\"name\":"
	      "\"b\",\"controller\":true}]",
	      ""),
	  UID_A,
	  NULL,
	  { "ns", "p", NULL, "B", "b", NONE, NONE, NONE, NONE } },
	{ POD(",\"ownerReferences\":[{\"kind\":\"A\",\"name\":\"a\",\"controller\":false}]", ""),
	  UID_A,
	  NULL,
	  { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	/* all kinds of containers, and the one that ran before */
	{ POD("", STATUS("\"initContainerStatuses\":[" CONTAINER("i", "docker://" ID_B) "]")),
	  NULL,
	  ID_B,
	  { "ns", "p", "i", NULL, NULL, NONE, NONE, NONE, NONE } },
	{ POD("", STATUS("\"ephemeralContainerStatuses\":[" CONTAINER("e", "cri-o://" ID_B) "]")),
	  NULL,
	  ID_B,
	  { "ns", "p", "e", NULL, NULL, NONE, NONE, NONE, NONE } },
	{ POD("",
	      STATUS("\"containerStatuses\":[{\"name\":\"c\",\"containerID\":\"containerd://" ID_A
		     "\",\"lastState\":{\"terminated\":{\"containerID\":"
		     "\"containerd://" ID_B "\"}}}]")),
	  NULL,
	  ID_B,
	  { "ns", "p", "c", NULL, NULL, NONE, NONE, NONE, NONE } },
	{ POD("", STATUS("\"containerStatuses\":[" CONTAINER("c", "") "]")),
	  UID_A,
	  ID_A,
	  { "ns", "p", NULL, NULL, NULL, NONE, NONE, NONE, NONE } },
	{ POD("", STATUS("\"containerStatuses\":[" CONTAINER("c", ID_A) "]")),
	  NULL,
	  ID_A,
	  { NULL } },
	{ POD("", STATUS("\"containerStatuses\":[" CONTAINER("c", "x://" ID_A "0") "]")),
	  NULL,
	  ID_A,
	  { NULL } },
	/* resources: rounded up, absent when they are no amounts */
	{ POD("",
	      RESOURCES("{\"cpu\":\"100u\",\"memory\":\"1.5\"}", "{\"cpu\":2,\"memory\":\"1Gi\"}")),
	  NULL,
	  ID_A,
	  { "ns", "p", "c", NULL, NULL, 1, 2000, 2, 1024 * MIB } },
	{ POD("", RESOURCES("{\"cpu\":\"-1\",\"memory\":\"lots\"}",
			    "{\"cpu\":null,\"memory\":\"100E\"}")),
	  NULL,
	  ID_A,
	  { "ns", "p", "c", NULL, NULL, NONE, NONE, NONE, NONE } },
	{ POD("", RESOURCES("{\"cpu\":\"0\"}", "[]")),
	  NULL,
	  ID_A,
	  { "ns", "p", "c", NULL, NULL, 0, NONE, NONE, NONE } },
	/* pods that are none */
	{ "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\",\"uid\":\"" UID_A "\"}}",
	  UID_A,
	  NULL,
	  { NULL } },
	{ "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\\u001b[31m\",\"uid\":"
	  "\"" UID_A "\"}}",
	  UID_A,
	  NULL,
	  { NULL } },
	{ "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"p\",\"uid\":\"short\"}}",
	  "short",
	  NULL,
	  { NULL } },
	{ "{\"kind\":\"Pod\",\"metadata\":[],\"status\":7,\"spec\":\"\"}", UID_A, NULL, { NULL } },
	{ "{\"items\":[null,1,\"x\",[],true]}", UID_A, NULL, { NULL } },
};

START_TEST(pods_text)
{
	const struct text_case *c = &text_cases[_i];
	_cleanup_(names_freep) struct names *n = NULL;
	struct identity_names got;
	struct err e = { "" };
	int r;

	ck_assert_int_eq(names_new(&n), 0);
	r = names_load_pods(n, c->text, strlen(c->text), &e);
	ck_assert_msg(r == 0, "%s", e.msg);
	ck_assert_int_eq(names_find(n, c->pod_uid, c->container_id, &got), c->want.pod != NULL);
	if (c->want.pod)
		check_names(&got, &c->want);
}
END_TEST

static const struct error_case {
	const char *text; /* NULL: the file is not there */
	int ret;
	const char *message;
} error_cases[] = {
	{ NULL, -ENOENT, "cannot read" },
	{ "", -EINVAL, "line 1, column 1" },
	{ "{\"items\":[{}],\n \"kind\":\"PodList\",}", -EINVAL, "line 2" },
	{ "{\"kind\":\"NodeList\",\"items\":[]}", -EINVAL, "kind \"NodeList\" holds no pods" },
	{ "{\"kind\":7,\"items\":[]}", -EINVAL, "kind 7 holds no pods" },
	{ "{\"items\":{}}", -EINVAL, "items: expected a list" },
	{ "[]", -EINVAL, "kubectl get pods -A -o json" },
	{ "{}", -EINVAL, "neither a list nor a pod" },
	{ "\"kind\"", -EINVAL, "neither a list nor a pod" },
};

START_TEST(errors_name_file_and_place)
{
	const struct error_case *c = &error_cases[_i];
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(tmp_release) struct tmp t;
	struct err e = { "" };

	tmp_init(&t);
	if (c->text)
		tmp_write(&t, "pods.json", c->text);
	ck_assert_int_eq(names_new(&n), 0);
	ck_assert_int_eq(names_load_pods_file(n, tmp_path(&t, "pods.json"), &e), c->ret);
	ck_assert_msg(strstr(e.msg, tmp_path(&t, "pods.json")), "%s", e.msg);
	ck_assert_msg(strstr(e.msg, c->message), "%s", e.msg);
}
END_TEST

START_TEST(file_is_bounded)
{
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(tmp_release) struct tmp t;
	struct err e = { "" };

	tmp_init(&t);
	tmp_write(&t, "pods.json", "");
	ck_assert_int_eq(truncate(tmp_path(&t, "pods.json"), NAMES_FILE_MAX + 1), 0);
	ck_assert_int_eq(names_new(&n), 0);
	ck_assert_int_eq(names_load_pods_file(n, tmp_path(&t, "pods.json"), &e), -E2BIG);
	ck_assert_msg(strstr(e.msg, "spec.nodeName"), "%s", e.msg);
}
END_TEST

START_TEST(table_is_bounded)
{
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT(32u << 20);
	struct identity_names got;
	struct err e = { "" };

	buf_add_str(&b, "{\"items\":[");
	for (unsigned i = 0; i <= NAMES_MAX; i++)
		buf_printf(&b,
			   "%s{\"metadata\":{\"namespace\":\"n\",\"name\":\"p\",\"uid\":"
			   "\"%032x\"}}",
			   i ? "," : "", i);
	buf_add_str(&b, "]}");
	ck_assert_int_eq(b.error, 0);
	ck_assert_int_eq(names_new(&n), 0);
	ck_assert_int_eq(names_load_pods(n, b.data, b.len, &e), -E2BIG);
	ck_assert_msg(strstr(e.msg, "more than 65536"), "%s", e.msg);
	ck_assert(names_find(n, "0000000000000000000000000000ffff", NULL, &got));
	ck_assert(!names_find(n, "00000000000000000000000000010000", NULL, &got));
}
END_TEST

/* Entries of a log directory: name and target. */
static const struct {
	const char *name, *target;
} links[] = {
	{ "web-0_shop_nginx-" ID_A ".log", "/var/log/pods/shop_web-0_" UID_A "/nginx/0.log" },
	{ "etcd-m1_kube-system_etcd-" ID_B ".log",
	  "/var/log/pods/kube-system_etcd-m1_" HASH "/etcd/3.log" },
	{ "old_ns_c-" ID_C ".log", "/var/lib/docker/containers/x/x-json.log" },
	{ "evil_ns_c-0" ID_C ".log", "/var/log/pods/ns_evil_" UID_B "/c/0.log" },
	{ "evil_ns-" ID_C ".log", "/var/log/pods/ns_evil_" UID_B "/c/0.log" },
	{ "evil_ns_c_d-" ID_C ".log", "/var/log/pods/ns_evil_" UID_B "/c/0.log" },
	{ "other_ns_c-1111111111111111111111111111111111111111111111111111111111111111.log",
	  "/var/log/pods/ns_evil_" UID_B "/c/0.log" },
	{ "short_ns_c-2222222222222222222222222222222222222222222222222222222222222222.log", "x" },
	{ "README", "x" },
};

static const struct log_case {
	const char *pod_uid, *container_id, *namespace_name, *pod, *container;
} log_cases[] = {
	{ NULL, ID_A, "shop", "web-0", "nginx" },
	{ UID_A, NULL, "shop", "web-0", NULL },
	{ NULL, ID_B, "kube-system", "etcd-m1", "etcd" },
	{ HASH, "", "kube-system", "etcd-m1", NULL },
	{ NULL, ID_C, "ns", "old", "c" },
	{ UID_B, NULL, NULL, NULL, NULL },
	{ NULL, "1111111111111111111111111111111111111111111111111111111111111111", "ns", "other",
	  "c" },
	{ NULL, "2222222222222222222222222222222222222222222222222222222222222222", "ns", "short",
	  "c" },
};

static void make_links(const struct tmp *t)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		ck_assert_int_eq(symlink(links[i].target, tmp_path(t, links[i].name)), 0);
	tmp_write(t,
		  "file_ns_c-3333333333333333333333333333333333333333333333333333333333333333.log",
		  "no link");
}

START_TEST(log_dir)
{
	const struct log_case *c = &log_cases[_i];
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(tmp_release) struct tmp t;
	struct identity_names got, want = {
		c->namespace_name, c->pod, c->container, NULL, NULL, NONE, NONE, NONE, NONE
	};

	tmp_init(&t);
	make_links(&t);
	ck_assert_int_eq(names_new(&n), 0);
	ck_assert_int_eq(names_load_log_dir(n, t.dir, NULL), 0);
	ck_assert_int_eq(names_find(n, c->pod_uid, c->container_id, &got), c->pod != NULL);
	if (c->pod)
		check_names(&got, &want);
}
END_TEST

START_TEST(log_dir_does_not_replace_pods)
{
	static const char pod[] = POD("", RESOURCES("{\"cpu\":\"1\"}", "{}"));
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(tmp_release) struct tmp t;
	struct identity_names got;
	struct err e = { "" };

	tmp_init(&t);
	make_links(&t);
	ck_assert_int_eq(names_new(&n), 0);
	ck_assert_int_eq(names_load_pods(n, pod, strlen(pod), NULL), 0);
	ck_assert_int_eq(names_load_log_dir(n, t.dir, NULL), 0);
	ck_assert(names_find(n, UID_A, ID_A, &got));
	ck_assert_str_eq(got.container, "c");
	ck_assert_uint_eq(got.cpu_request_milli, 1000);
	ck_assert_int_eq(names_load_log_dir(n, tmp_path(&t, "gone"), &e), -ENOENT);
	ck_assert_msg(strstr(e.msg, "gone"), "%s", e.msg);
}
END_TEST

START_TEST(without_memory)
{
	static const char pod[] =
		POD(",\"annotations\":{\"kubernetes.io/config.hash\":\"" HASH "\"}",
		    RESOURCES("{\"cpu\":\"1\"}", "{}"));
	_cleanup_(tmp_release) struct tmp t;
	bool failed = true;

	tmp_init(&t);
	make_links(&t);
	for (unsigned i = 1; failed; i++) {
		struct names *n = NULL;
		int r;

		alloc_fail_at(i);
		r = names_new(&n);
		if (r == 0)
			r = names_load_pods(n, pod, strlen(pod), NULL);
		if (r == 0)
			r = names_load_log_dir(n, t.dir, NULL);
		failed = alloc_fail_stop();
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		names_free(n);
	}
}
END_TEST

TEST_MAIN("names", {
	TEST_TABLE("real", real_pods, ARRAY_LEN(real_cases));
	TEST_TABLE("text", pods_text, ARRAY_LEN(text_cases));
	TEST_TABLE("error", errors_name_file_and_place, ARRAY_LEN(error_cases));
	TEST_ONE("bound", file_is_bounded);
	TEST_ONE("bound", table_is_bounded);
	TEST_TABLE("logs", log_dir, ARRAY_LEN(log_cases));
	TEST_ONE("logs", log_dir_does_not_replace_pods);
	TEST_ONE("memory", without_memory);
})
