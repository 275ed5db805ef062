/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "tests/alloc_fail.h"
#include "tests/check_main.h"

static const struct {
	const char *text, *msg; /* part of the message; NULL: accepted */
} parse_cases[] = {
	{ "", NULL },
	{ "# nothing\n", NULL },
	{ "tier: files\n", NULL },
	{ "pods_file:\n", NULL }, /* null is none */
	{ "max_cgroups: 0\n", NULL },
	{ "max_cgroups: 64\n", NULL },
	{ "snapshot_interval: 1s\n", NULL },
	{ "keep_dead: 0s\n", NULL },
	{ "keep_dead: 1h30min\n", NULL },
	{ "metrics_listen: 127.0.0.1:9464\n", NULL },
	{ "metrics_listen: '[::1]:9464'\n", NULL },
	{ "system_slices: []\n", NULL },
	{ "system_slices: [/a, /b]\n", NULL },
	{ "- a\n", "config 'x': must be lines of 'key: value'" },
	{ "teir: files\n", "config 'x': line 1: unknown key 'teir'; did you mean 'tier'?" },
	{ "\n\nsocket_grp: a\n", "line 3: unknown key 'socket_grp'; did you mean 'socket_group'?" },
	{ "frobnicate_all: 1\n", "unknown key 'frobnicate_all'; evictd --print-config shows all" },
	{ "tier: bpf\ntier: files\n", "line 2" },
	{ "tier: fast\n", "line 1: tier: must be auto, bpf, bpf+files or files, not 'fast'" },
	{ "log_level: loud\n", "log_level: must be error, warning, info or debug, not 'loud'" },
	{ "socket: run/x\n", "socket: must be an absolute path, not 'run/x'" },
	{ "socket: ''\n", "socket: must have 2 to 107 bytes" },
	{ "socket: \"/a\\nb\"\n", "must not contain control characters" },
	{ "socket: [/a]\n", "socket: must be a single value" },
	{ "max_cgroups: 63\n", "max_cgroups: must be 0 or 64 to 65536, not '63'" },
	{ "max_cgroups: 65537\n", "max_cgroups: must be 0 or 64 to 65536" },
	{ "max_cgroups: -1\n", "not '-1'" },
	{ "max_cgroups: many\n", "not 'many'" },
	{ "max_tasks: 0\n", "max_tasks: must be 1024 to 1048576, not '0'" },
	{ "sample_interval: 1\n", "sample_interval: must be a duration from 200ms to 5s, not '1'" },
	{ "sample_interval: 199ms\n", "must be a duration from 200ms to 5s" },
	{ "sample_interval: 6s\nsnapshot_interval: 10s\n", "must be a duration from 200ms to 5s" },
	{ "sample_interval: 5s\nsnapshot_interval: 2s\n",
	  "snapshot_interval must not be shorter than sample_interval" },
	{ "memory_stat_interval: 1s\n", "must be a duration from 10s to 10min" },
	{ "keep_dead: 2d\n", "must be a duration from 0s to 1d" },
	{ "metrics_listen: 9464\n", "must be ADDRESS:PORT" },
	{ "metrics_listen: localhost:9464\n", "must be ADDRESS:PORT" },
	{ "metrics_listen: 127.0.0.1:0\n", "must be ADDRESS:PORT" },
	{ "metrics_listen: 127.0.0.1:65536\n", "must be ADDRESS:PORT" },
	{ "metrics_listen: ::1:9464\n", "must be ADDRESS:PORT" },
	{ "system_slices: /a\n", "system_slices: must be a list" },
	{ "system_slices: {a: b}\n", "system_slices: must be a list" },
	{ "system_slices: [a]\n", "must be an absolute path, not 'a'" },
	{ "system_slices: [[/a]]\n", "an element must be a text" },
	{ "tier: files\n  x: [\n", "config 'x': " },
};

START_TEST(parse)
{
	const char *text = parse_cases[_i].text, *want = parse_cases[_i].msg;
	struct config untouched, c;
	struct err e = { 0 };
	int ret;

	memset(&c, 0xa5, sizeof(c));
	untouched = c;
	ret = config_parse(text, strlen(text), "x", &c, &e);
	ck_assert_int_eq(ret, want ? -EINVAL : 0);
	if (!want) {
		config_release(&c);
		return;
	}
	ck_assert_msg(strstr(err_msg(&e), want), "'%s' lacks '%s'", err_msg(&e), want);
	ck_assert_mem_eq(&c, &untouched, sizeof(c));
}
END_TEST

START_TEST(values)
{
	const char *text = "tier: bpf+files\nsample_interval: 500ms\nkeep_dead: 1h\n"
			   "max_tasks: 2048\nsystem_slices:\n  - /x\nnode_name: n1\n";
	struct config c;

	ck_assert_int_eq(config_parse(text, strlen(text), "x", &c, NULL), 0);
	ck_assert_int_eq(c.tier, TIER_BPF_FILES);
	ck_assert_uint_eq(c.sample_interval_usec, 500000);
	ck_assert_uint_eq(c.snapshot_interval_usec, 5000000);
	ck_assert_uint_eq(c.keep_dead_usec, 3600000000);
	ck_assert_uint_eq(c.max_tasks, 2048);
	ck_assert_uint_eq(c.max_cgroups, 0);
	ck_assert_uint_eq(c.system_slices.n, 1);
	ck_assert_str_eq(c.system_slices.items[0], "/x");
	ck_assert_str_eq(c.node_name, "n1");
	ck_assert_str_eq(c.socket, "/run/evictd/evictd.sock");
	config_release(&c);
}
END_TEST

START_TEST(too_many_slices)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(65536);
	struct config c;
	struct err e;

	buf_add_str(&b, "system_slices:\n");
	for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
		buf_printf(&b, "  - /s%u\n", i);
	ck_assert_int_eq(config_parse(b.data, b.len, "x", &c, &e), -E2BIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "line 66: system_slices: has more than 64 elements"));
}
END_TEST

START_TEST(load_missing)
{
	struct config c;
	struct err e;

	ck_assert_int_eq(config_load("/nonexistent/evictd.yaml", false, &c, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/evictd.yaml': cannot be read"));
	ck_assert_int_eq(config_load("/nonexistent/evictd.yaml", true, &c, &e), 0);
	config_release(&c);
}
END_TEST

START_TEST(set_one)
{
	struct config c;
	struct err e;

	ck_assert_int_eq(config_init(&c), 0);
	ck_assert_int_eq(config_set(&c, "tier", "files", &e), 0);
	ck_assert_int_eq(c.tier, TIER_FILES);
	ck_assert_int_eq(config_set(&c, "tier", "slow", &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "tier: must be"));
	ck_assert_int_eq(config_set(&c, "system_slices", "/only", &e), 0);
	ck_assert_uint_eq(c.system_slices.n, 1);
	config_release(&c);
}
END_TEST

START_TEST(restart_changes)
{
	struct config a, b;
	struct config_changes changes;

	ck_assert_int_eq(config_init(&a), 0);
	ck_assert_int_eq(config_init(&b), 0);
	ck_assert_str_eq(config_restart_changes(&a, &b, &changes), "");
	ck_assert_int_eq(config_set(&b, "keep_dead", "1s", NULL), 0);
	ck_assert_str_eq(config_restart_changes(&a, &b, &changes), "");
	ck_assert_int_eq(config_set(&b, "socket", "/x/y", NULL), 0);
	ck_assert_int_eq(config_set(&b, "tier", "files", NULL), 0);
	ck_assert_str_eq(config_restart_changes(&a, &b, &changes), "socket, tier");
	config_release(&a);
	config_release(&b);
}
END_TEST

/* What is printed reads back as the same. */
START_TEST(print_round_trip)
{
	struct config a, b;
	_cleanup_free_ char *text = NULL, *again = NULL;
	size_t len;
	FILE *out;

	ck_assert_int_eq(config_init(&a), 0);
	ck_assert_int_eq(config_set(&a, "node_name", "a\"b\\c", NULL), 0);
	out = open_memstream(&text, &len);
	config_print(&a, out);
	fclose(out);
	ck_assert_int_eq(config_parse(text, len, "x", &b, NULL), 0);
	ck_assert_str_eq(b.node_name, "a\"b\\c");
	out = open_memstream(&again, &len);
	config_print(&b, out);
	fclose(out);
	ck_assert_str_eq(text, again);
	config_release(&a);
	config_release(&b);
}
END_TEST

/* The file we install: valid as it is and with every key set to the default it shows. */
START_TEST(installed_file)
{
	_cleanup_(buf_release) struct buf file = BUF_INIT(65536), set = BUF_INIT(65536);
	_cleanup_free_ char *want = NULL, *got = NULL;
	struct config a, b;
	struct err e = { 0 };
	size_t len;
	FILE *out;

	ck_assert_int_eq(file_read_at(AT_FDCWD, "systemd/evictd.yaml", &file), 0);
	for (char *line = file.data, *rest = file.data; (line = strsep(&rest, "\n"));) {
		bool key = line[0] == '#' && line[1] != ' ' && line[1];
		bool item = strncmp(line, "#  - ", 5) == 0;

		if (key || item)
			buf_printf(&set, "%s\n", line + 1);
	}
	ck_assert_int_eq(config_init(&a), 0);
	ck_assert_msg(config_parse(set.data, set.len, "evictd.yaml", &b, &e) == 0, "%s", e.msg);
	out = open_memstream(&want, &len);
	config_print(&a, out);
	fclose(out);
	out = open_memstream(&got, &len);
	config_print(&b, out);
	fclose(out);
	ck_assert_str_eq(want, got);
	for (char *line = want, *rest = want; (line = strsep(&rest, "\n"));)
		if (line[0] != '#' && line[0] != ' ' && strchr(line, ':')) {
			char key[80];

			snprintf(key, sizeof(key), "%.*s:", (int)strcspn(line, ":"), line);
			ck_assert_msg(strstr(set.data, key), "evictd.yaml lacks %s", key);
		}
	config_release(&a);
	config_release(&b);
}
END_TEST

START_TEST(torture)
{
	const char *text = "tier: files\nsystem_slices: [/a, /b]\nnode_name: n\n";
	struct config c;

	for (unsigned n = 1;; n++) {
		int ret;

		alloc_fail_at(n);
		ret = config_parse(text, strlen(text), "x", &c, NULL);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(ret, 0);
			break;
		}
		ck_assert_int_eq(ret, -ENOMEM);
	}
	config_release(&c);
}
END_TEST

TEST_MAIN("config", {
	TEST_TABLE("parse", parse, ARRAY_LEN(parse_cases));
	TEST_ONE("values", values);
	TEST_ONE("limits", too_many_slices);
	TEST_ONE("load", load_missing);
	TEST_ONE("set", set_one);
	TEST_ONE("changes", restart_changes);
	TEST_ONE("print", print_round_trip);
	TEST_ONE("installed", installed_file);
	TEST_ONE("torture", torture);
})
