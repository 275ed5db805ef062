/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/measure/cgroupfs.h"
#include "tests/cgroup_tree.h"

#define DOCKER_V1 "/docker/b43d92bf1e5c6f78bb9b7bc6f40721280299855ba692092716e3a1b6c0b86f3f"
#define POD_V2                                                                                     \
	"/kubepods.slice/kubepods-besteffort.slice/"                                               \
	"kubepods-besteffort-pod8712f785_1a3e_41ec_a00b_e2dcc77431cb.slice"
#define CONTAINER_V2                                                                               \
	POD_V2 "/docker-73051af271105c07e1f493b34856a77e665e3b0b4fc72f76c807dfbffeb881bd.scope"

#define ALL_FACTS                                                                                  \
	(FACTS_CPU | FACTS_CFS | FACTS_MEMORY | FACTS_PEAK | FACTS_INACTIVE_FILE | FACTS_PSI)

static void add_mount(FILE *f, const char *root, const char *below, const char *type)
{
	fprintf(f, "1 0 0:1 / %s/%s rw - %s none rw,%s\n", root, below, type, below);
}

/* The real trees of coroot's: v1, v2, or both as on a hybrid host. */
static void coroot_cgroupfs(struct cgroupfs *fs, bool v1, bool v2)
{
	_cleanup_(tmp_release) struct tmp t;
	char root[PATH_MAX];
	FILE *f;

	tmp_init(&t);
	ck_assert_ptr_nonnull(realpath(data_path("coroot"), root));
	f = fopen(tmp_path(&t, "mountinfo"), "we");
	if (v2)
		add_mount(f, root, v1 ? "unified" : "", "cgroup2");
	if (v1) {
		add_mount(f, root, "cpu", "cgroup");
		add_mount(f, root, "cpuacct", "cgroup");
		add_mount(f, root, "memory", "cgroup");
	}
	fclose(f);
	ck_assert_int_eq(cgroupfs_init(fs, tmp_path(&t, "mountinfo"), NULL), 0);
}

#define MAX FACTS_UNLIMITED

/* Facts of real cgroups; `have` of v1 has no FACTS_MEMORY, for the fixtures lack its usage. */
static const struct read_case {
	bool v1, v2;
	const char *path;
	struct facts want;
} read_cases[] = {
	{ false,
	  true,
	  CONTAINER_V2,
	  { .have = FACTS_CPU | FACTS_CFS | FACTS_MEMORY | FACTS_INACTIVE_FILE | FACTS_PSI,
	    .usage_ns = 3795681254000,
	    .user_ns = 3160014031000,
	    .system_ns = 635667223000,
	    .quota_ns = 10000000,
	    .period_ns = 100000000,
	    .nr_periods = 809036,
	    .nr_throttled = 76,
	    .throttled_ns = 363166000,
	    .memory_bytes = 48648192,
	    .memory_max_bytes = MAX,
	    .inactive_file_bytes = 159744,
	    .psi_ns = { 17657662684000, 17636951020000, 6937313991000, 6934649214000, 465907442000,
			463529433000 } } },
	{ false,
	  true,
	  "/system.slice/"
	  "docker-ba7b10d15d16e10e3de7a2dcd408a3d971169ae303f46cfad4c5453c6326fee2.scope",
	  { .have = FACTS_CPU | FACTS_CFS | FACTS_MEMORY | FACTS_INACTIVE_FILE,
	    .usage_ns = 5531521992000,
	    .user_ns = 3642846968000,
	    .system_ns = 1888675024000,
	    .quota_ns = MAX,
	    .period_ns = 100000000,
	    .memory_bytes = 131047424,
	    .memory_max_bytes = 4294967296,
	    .inactive_file_bytes = 50204672 } },
	{ true,
	  false,
	  DOCKER_V1,
	  { .have = FACTS_CPU | FACTS_CFS | FACTS_INACTIVE_FILE,
	    .usage_ns = 107292866812141,
	    .quota_ns = 150000000,
	    .period_ns = 100000000,
	    .nr_periods = 380975143,
	    .nr_throttled = 5583849,
	    .throttled_ns = 254005032764376,
	    .memory_max_bytes = MAX,
	    .inactive_file_bytes = 1601998848 } },
	{ true,
	  true,
	  "/system.slice/docker.service",
	  { .have = FACTS_CPU | FACTS_CFS | FACTS_INACTIVE_FILE,
	    .usage_ns = 26778913419246,
	    .quota_ns = MAX,
	    .period_ns = 100000000,
	    .memory_max_bytes = MAX,
	    .inactive_file_bytes = 1601998848 } },
	/* hybrid: CPU of v2, memory of v1; cpu is not there */
	{ true,
	  true,
	  "/system.slice/ssh.service",
	  { .have = FACTS_CPU | FACTS_INACTIVE_FILE,
	    .usage_ns = 151439967000,
	    .user_ns = 99140470000,
	    .system_ns = 52299496000,
	    .quota_ns = MAX,
	    .memory_max_bytes = MAX,
	    .inactive_file_bytes = 3514368 } },
	{ true, true, "/system.slice", { .quota_ns = MAX, .memory_max_bytes = MAX } },
};

static void check_facts(const struct facts *got, const struct facts *want)
{
	ck_assert_uint_eq(got->have, want->have);
	ck_assert_uint_eq(got->usage_ns, want->usage_ns);
	ck_assert_uint_eq(got->user_ns, want->user_ns);
	ck_assert_uint_eq(got->system_ns, want->system_ns);
	ck_assert_uint_eq(got->quota_ns, want->quota_ns);
	ck_assert_uint_eq(got->period_ns, want->period_ns);
	ck_assert_uint_eq(got->nr_periods, want->nr_periods);
	ck_assert_uint_eq(got->nr_throttled, want->nr_throttled);
	ck_assert_uint_eq(got->throttled_ns, want->throttled_ns);
	ck_assert_uint_eq(got->memory_bytes, want->memory_bytes);
	ck_assert_uint_eq(got->memory_peak_bytes, want->memory_peak_bytes);
	ck_assert_uint_eq(got->memory_max_bytes, want->memory_max_bytes);
	ck_assert_uint_eq(got->inactive_file_bytes, want->inactive_file_bytes);
	for (int i = 0; i < ABI_MEM_EVENTS; i++)
		ck_assert_uint_eq(got->events[i], want->events[i]);
	for (int i = 0; i < ABI_PSIS; i++)
		ck_assert_uint_eq(got->psi_ns[i], want->psi_ns[i]);
}

START_TEST(read_real)
{
	const struct read_case *c = &read_cases[_i];
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	struct facts got = { .have = 0 };
	unsigned bad = 99;

	coroot_cgroupfs(&fs, c->v1, c->v2);
	ck_assert_int_eq(cgroupfs_read(&fs, c->path, ALL_FACTS, &got, &bad), 0);
	check_facts(&got, &c->want);
	ck_assert_uint_eq(bad, 0);
	/* Nothing is read that was not asked for. */
	ck_assert_int_eq(cgroupfs_read(&fs, c->path, FACTS_CPU, &got, &bad), 0);
	ck_assert_uint_eq(got.have, c->want.have & FACTS_CPU);
	ck_assert_uint_eq(got.inactive_file_bytes, 0);
}
END_TEST

/* v1's memory files, and how a file that is absent, foreign or removed clears only its bit. */
static const struct file_case {
	const char *file, *text; /* in a cgroup "a" that is all right otherwise */
	unsigned missing;
	unsigned bad;
} file_cases[] = {
	{ "cpu.max", "max 100000\n", 0, 0 },
	{ "cpu.max", "junk\n", FACTS_CFS, 1 },
	{ "cpu.max", NULL, FACTS_CFS, 0 },
	{ "cpu.stat", "usage_usec 1\n", FACTS_CPU | FACTS_CFS, 1 },
	{ "cpu.stat", "", FACTS_CPU | FACTS_CFS, 1 },
	{ "cpu.stat", NULL, FACTS_CPU | FACTS_CFS, 0 },
	{ "memory.current", "-1\n", FACTS_MEMORY, 1 },
	{ "memory.current", NULL, FACTS_MEMORY, 0 },
	{ "memory.max", "most\n", FACTS_MEMORY, 1 },
	{ "memory.max", NULL, 0, 0 },
	{ "memory.events", "low x\n", FACTS_MEMORY, 1 },
	{ "memory.events", NULL, 0, 0 },
	{ "memory.peak", NULL, FACTS_PEAK, 0 },
	{ "memory.peak", "18446744073709551616\n", FACTS_PEAK, 1 },
	{ "memory.stat", "file 3\n", FACTS_INACTIVE_FILE, 1 },
	{ "io.pressure", NULL, FACTS_PSI, 0 },
	{ "io.pressure", "some avg10=0.00\n", FACTS_PSI, 1 },
};

static void write_v2_cgroup(const struct tmp *t)
{
	static const char pressure[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
				       "full avg10=0.00 avg60=0.00 avg300=0.00 total=4\n";

	tmp_mkdir(t, "a");
	tmp_write(t, "a/cpu.max", "50000 100000\n");
	tmp_write(t, "a/cpu.stat", "usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 9\n");
	tmp_write(t, "a/memory.current", "4096\n");
	tmp_write(t, "a/memory.max", "8192\n");
	tmp_write(t, "a/memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n");
	tmp_write(t, "a/memory.peak", "8000\n");
	tmp_write(t, "a/memory.stat", "anon 1\ninactive_file 1024\n");
	tmp_write(t, "a/cpu.pressure", pressure);
	tmp_write(t, "a/memory.pressure", pressure);
	tmp_write(t, "a/io.pressure", pressure);
}

START_TEST(read_without_file)
{
	const struct file_case *c = &file_cases[_i];
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct facts got = { .have = 0 };
	char name[64];
	unsigned bad;

	tmp_init(&t);
	write_v2_cgroup(&t);
	snprintf(name, sizeof(name), "a/%s", c->file);
	if (c->text)
		tmp_write(&t, name, c->text);
	else
		unlink(tmp_path(&t, name));
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_read(&fs, "/a", ALL_FACTS, &got, &bad), 0);
	ck_assert_uint_eq(got.have, ALL_FACTS & ~c->missing);
	ck_assert_uint_eq(bad, c->bad);
}
END_TEST

START_TEST(read_v1_memory)
{
	static const struct facts want = {
		.have = FACTS_MEMORY | FACTS_PEAK | FACTS_INACTIVE_FILE | FACTS_CPU,
		.usage_ns = 12345,
		.user_ns = 3331 * (NSEC_PER_SEC / 100),
		.system_ns = 2296 * (NSEC_PER_SEC / 100),
		.quota_ns = MAX,
		.memory_bytes = 5000,
		.memory_peak_bytes = 6000,
		.memory_max_bytes = MAX,
		.inactive_file_bytes = 700,
		.events = { [ABI_MEM_OOM_KILL] = 2 },
	};
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct facts got = { .have = 0 };
	char line[256];

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	tmp_write(&t, "a/cpuacct.usage", "12345\n");
	tmp_write(&t, "a/cpuacct.stat", "user 3331\nsystem 2296\n");
	tmp_write(&t, "a/memory.usage_in_bytes", "5000\n");
	tmp_write(&t, "a/memory.max_usage_in_bytes", "6000\n");
	tmp_write(&t, "a/memory.limit_in_bytes", "9223372036854771712\n");
	tmp_write(&t, "a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	tmp_write(&t, "a/memory.stat", "inactive_file 7\ntotal_inactive_file 700\n");
	snprintf(line, sizeof(line), "1 0 0:1 / %s rw - cgroup none rw,cpu,cpuacct,memory\n",
		 t.dir);
	tmp_write(&t, "mountinfo", line);
	ck_assert_int_eq(cgroupfs_init(&fs, tmp_path(&t, "mountinfo"), NULL), 0);
	ck_assert_int_eq(cgroupfs_read(&fs, "/a", ALL_FACTS, &got, NULL), 0);
	check_facts(&got, &want);
	ck_assert_uint_eq(facts_working_set_bytes(&got), 4300);
}
END_TEST

START_TEST(read_of_nothing)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct facts got = { .have = 77 };
	unsigned bad = 99;

	tmp_init(&t);
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_read(&fs, "/gone", ALL_FACTS, &got, &bad), -ENOENT);
	ck_assert_int_eq(cgroupfs_read(&fs, "/../tmp", ALL_FACTS, &got, &bad), -ENOENT);
	ck_assert_uint_eq(got.have, 77);
	ck_assert_uint_eq(bad, 99);
}
END_TEST

/* A file larger than any of ours, and one that is a link out of the tree. */
START_TEST(read_of_foreign_files)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	static char large[10000];
	struct facts got = { .have = 0 };
	unsigned bad = 0;

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	memset(large, '\n', sizeof(large) - 1);
	tmp_write(&t, "a/memory.stat", large);
	tmp_write(&t, "secret", "1\n");
	ck_assert_int_eq(symlink("../secret", tmp_path(&t, "a/memory.current")), 0);
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_read(&fs, "/a", ALL_FACTS, &got, &bad), 0);
	ck_assert_uint_eq(got.have, 0);
	ck_assert_uint_eq(bad, 1);
}
END_TEST

/* Single texts; `fact` is the one that the case looks at. */
enum parser { CPU_MAX, CFS_QUOTA, MEMORY_MAX, NUMBER, PRESSURE, CPU_STAT, CPU_STAT_V1, EVENTS };

static const struct text_case {
	enum parser parser;
	const char *text;
	int ret;
	uint64_t fact;
} text_cases[] = {
	{ CPU_MAX, "max 100000\n", 0, MAX },
	{ CPU_MAX, "10000 100000\n", 0, 10000000 },
	{ CPU_MAX, "10000 100000", 0, 10000000 },
	{ CPU_MAX, "10000\n", -EINVAL, 0 },
	{ CPU_MAX, "10000 \n", -EINVAL, 0 },
	{ CPU_MAX, "10000 0\n", -EINVAL, 0 },
	{ CPU_MAX, "-1 100000\n", -EINVAL, 0 },
	{ CPU_MAX, "max max\n", -EINVAL, 0 },
	{ CPU_MAX, "10000 100000 1\n", -EINVAL, 0 },
	{ CPU_MAX, "18446744073709551615 100000\n", -EINVAL, 0 },
	{ CPU_MAX, "", -EINVAL, 0 },
	{ CFS_QUOTA, "-1\n", 0, MAX },
	{ CFS_QUOTA, "150000\n\n", 0, 150000000 },
	{ CFS_QUOTA, "-2\n", -EINVAL, 0 },
	{ MEMORY_MAX, "max\n", 0, MAX },
	{ MEMORY_MAX, "9223372036854771712\n", 0, MAX },
	{ MEMORY_MAX, "9223372036854710272\n", 0, MAX }, /* pages of 64 KiB */
	{ MEMORY_MAX, "21474836480\n", 0, 21474836480 },
	{ MEMORY_MAX, "0\n", 0, 0 },
	{ MEMORY_MAX, "maximum\n", -EINVAL, 0 },
	{ NUMBER, "18446744073709551615\n", 0, UINT64_MAX },
	{ NUMBER, "18446744073709551616\n", -EINVAL, 0 },
	{ NUMBER, "1 2\n", -EINVAL, 0 },
	{ NUMBER, " 1\n", -EINVAL, 0 },
	{ NUMBER, "0x1\n", -EINVAL, 0 },
	{ NUMBER, "000000000000000000000000000001\n", -EINVAL, 0 },
	{ PRESSURE, "some avg10=0.00 avg60=0.00 avg300=0.05 total=17\n", 0, 17000 },
	{ PRESSURE, "full avg10=0.00 total=17\n", -EINVAL, 0 },
	{ PRESSURE, "some total=17\n", -EINVAL, 0 },
	{ PRESSURE, "some avg10=0.00 total=\n", -EINVAL, 0 },
	{ PRESSURE, "some avg10=0.00 total=18446744073709551615\n", -EINVAL, 0 },
	{ CPU_STAT, "usage_usec 7\nuser_usec 1\nsystem_usec 2\nnice_usec 0\n", 0, 7000 },
	{ CPU_STAT, "system_usec 2\nuser_usec 1\nusage_usec 7\ncore_sched.force_idle_usec 0\n", 0,
	  7000 },
	{ CPU_STAT, "usage_usec\nuser_usec 1\nsystem_usec 2\n", -EINVAL, 0 },
	{ CPU_STAT, "usage_usec 18446744073709551\nuser_usec 1\nsystem_usec 2\n", 0,
	  18446744073709551000ULL },
	{ CPU_STAT, "usage_usec 18446744073709552\nuser_usec 1\nsystem_usec 2\n", -EINVAL, 0 },
	{ CPU_STAT_V1, "nr_periods 1\nnr_throttled 2\nthrottled_time 3\nnr_bursts 0\n", 0, 3 },
	{ CPU_STAT_V1, "nr_periods 1\nnr_throttled 2\n", -EINVAL, 0 },
	{ EVENTS, "low 0\nhigh 0\nmax 1\noom 1\noom_kill 4\noom_group_kill 1\n", 0, 4 },
	{ EVENTS, "low 0\nhigh 0\nmax 1\noom 1\n", -EINVAL, 0 },
};

static int parse_text(enum parser parser, char *text, uint64_t *fact)
{
	struct facts f = { .have = 0 };
	uint64_t full;
	int r;

	switch (parser) {
	case CPU_MAX:
		r = cgroupfs_parse_cpu_max(text, &f);
		*fact = f.quota_ns;
		return r;
	case CFS_QUOTA:
		r = cgroupfs_parse_cfs_quota(text, &f);
		*fact = f.quota_ns;
		return r;
	case MEMORY_MAX:
		return cgroupfs_parse_memory_max(text, fact);
	case NUMBER:
		return cgroupfs_parse_number(text, fact);
	case PRESSURE:
		return cgroupfs_parse_pressure(text, fact, &full);
	case CPU_STAT:
		r = cgroupfs_parse_cpu_stat(text, &f);
		*fact = f.usage_ns;
		return r;
	case CPU_STAT_V1:
		r = cgroupfs_parse_cpu_stat_v1(text, &f);
		*fact = f.throttled_ns;
		return r;
	default:
		r = cgroupfs_parse_memory_events(text, &f);
		*fact = f.events[ABI_MEM_OOM_KILL];
		return r;
	}
}

START_TEST(text)
{
	const struct text_case *c = &text_cases[_i];
	char copy[256];
	uint64_t fact = 0;

	snprintf(copy, sizeof(copy), "%s", c->text);
	ck_assert_int_eq(parse_text(c->parser, copy, &fact), c->ret);
	if (c->ret == 0)
		ck_assert_uint_eq(fact, c->fact);
}
END_TEST

START_TEST(runc_memory_stat)
{
	_cleanup_fclose_ FILE *f = fopen(data_path("runc/memory.stat"), "re");
	struct facts got = { .have = 0 };
	char content[8192];
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(content, 1, sizeof(content) - 1, f);
	content[n] = '\0';
	ck_assert_int_eq(cgroupfs_parse_memory_stat(content, false, &got), 0);
	ck_assert_uint_eq(got.inactive_file_bytes, 5307346944);
}
END_TEST

TEST_MAIN("cgroupfs facts", {
	TEST_TABLE("read", read_real, ARRAY_LEN(read_cases));
	TEST_TABLE("file", read_without_file, ARRAY_LEN(file_cases));
	TEST_ONE("read", read_v1_memory);
	TEST_ONE("read", read_of_nothing);
	TEST_ONE("read", read_of_foreign_files);
	TEST_TABLE("text", text, ARRAY_LEN(text_cases));
	TEST_ONE("text", runc_memory_stat);
})
