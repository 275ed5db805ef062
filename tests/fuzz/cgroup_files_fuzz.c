/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as any file of a cgroup, and as a line of mountinfo. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/cgroupfs.h"
#include "daemon/measure/cgroupfs_mounts.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_ret(int r)
{
	check(r == 0 || r == -EINVAL);
}

/* The parsers cut their text, so each gets a copy of its own. */
static void check_keyed(const char *text)
{
	int (*const parsers[])(char *, struct facts *) = {
		cgroupfs_parse_cpu_stat,     cgroupfs_parse_cpu_stat_v1,
		cgroupfs_parse_cpuacct_stat, cgroupfs_parse_memory_events,
		cgroupfs_parse_oom_control,
	};
	struct facts f = { .have = 0 };

	for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
		_cleanup_free_ char *copy = strdup(text);

		check_ret(parsers[i](copy, &f));
	}
	for (int v1 = 0; v1 < 2; v1++) {
		_cleanup_free_ char *copy = strdup(text);

		check_ret(cgroupfs_parse_memory_stat(copy, v1, &f));
	}
	check(f.have == 0);
}

static void check_values(const char *text)
{
	struct facts f = { .have = 0 };
	uint64_t value = 7;
	int r;

	r = cgroupfs_parse_cpu_max(text, &f);
	check_ret(r);
	check(r < 0 || f.period_ns > 0);
	check_ret(cgroupfs_parse_cfs_quota(text, &f));
	r = cgroupfs_parse_number(text, &value);
	check_ret(r);
	check(r == 0 || value == 7);
	value = 7;
	r = cgroupfs_parse_memory_max(text, &value);
	check_ret(r);
	check(r == 0 || value == 7);
}

static void check_pressure(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	uint64_t some = 7, full = 7;
	int r = cgroupfs_parse_pressure(copy, &some, &full);

	check_ret(r);
	check(r == 0 || (some == 7 && full == 7));
}

static void check_mount(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	struct cgroupfs_mount m;
	int rank;

	if (!cgroupfs_mount_parse(copy, &m))
		return;
	check(m.hierarchies && m.hierarchies < 1u << CGROUPFS_HIERARCHIES);
	check(*m.point == '/' && *m.root == '/');
	rank = cgroupfs_mount_rank(m.root);
	check(rank >= 0 && rank <= 2);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);

	check_keyed(text);
	check_values(text);
	check_pressure(text);
	check_mount(text);
	return 0;
}
