/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/cgroupfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "daemon/measure/cgroupfs_mounts.h"
#include "tests/alloc_fail.h"
#include "tests/cgroup_tree.h"

#define U (1u << CGROUPFS_UNIFIED)
#define C (1u << CGROUPFS_CPU)
#define A (1u << CGROUPFS_CPUACCT)
#define M (1u << CGROUPFS_MEMORY)

static const struct mount_case {
	const char *line;
	unsigned hierarchies; /* 0: not ours */
	const char *point;
	int rank;
} mount_cases[] = {
	{ "38 31 0:35 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n", U,
	  "/sys/fs/cgroup", 2 },
	{ "38 31 0:35 / /sys/fs/cgroup rw shared:4 master:1 - cgroup2 cgroup2 rw", U,
	  "/sys/fs/cgroup", 2 },
	{ "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n", C | A,
	  "/sys/fs/cgroup/cpu,cpuacct", 2 },
	{ "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", M,
	  "/sys/fs/cgroup/memory", 2 },
	{ "35 31 0:32 / /all rw - cgroup none rw,cpuset,cpu,cpuacct,memory\n", C | A | M, "/all",
	  2 },
	{ "35 31 0:32 /../.. /host rw - cgroup2 none rw\n", U, "/host", 1 },
	{ "35 31 0:32 /../../a /host rw - cgroup2 none rw\n", U, "/host", 0 },
	{ "35 31 0:32 /..a /host rw - cgroup2 none rw\n", U, "/host", 0 },
	{ "35 31 0:32 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", U, "/sys/fs/cgroup",
	  0 },
	{ "35 31 0:32 / /a\\040b\\134c\\012d rw - cgroup2 none rw\n", U, "/a b\\c\nd", 2 },
	{ "35 31 0:32 / /a\\04 rw - cgroup2 none rw\n", U, "/a\\04", 2 },
	{ "35 31 0:32 / /a\\000b rw - cgroup2 none rw\n", U, "/a\\000b", 2 },
	{ "35 31 0:32 / /a rw - cgroup2  rw\n", U, "/a", 2 }, /* no source */
	{ "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n", 0, NULL,
	  0 },
	{ "40 31 0:37 / /sys/fs/cgroup/x rw - cgroup cgroup rw,name=cpu\n", 0, NULL, 0 },
	{ "40 31 0:37 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n", 0, NULL, 0 },
	{ "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n", 0, NULL, 0 },
	{ "31 23 0:28 / /cgroup2 rw - ext4 cgroup2 rw\n", 0, NULL, 0 },
	{ "31 23 0:28 / relative rw - cgroup2 none rw\n", 0, NULL, 0 },
	{ "31 23 0:28 relative / rw - cgroup2 none rw\n", 0, NULL, 0 },
	{ "31 23 0:28 / / rw - cgroup2 none\n", 0, NULL, 0 },
	{ "31 23 0:28 / / rw - cgroup2\n", 0, NULL, 0 },
	{ "31 23 0:28 / / rw -\n", 0, NULL, 0 },
	{ "31 23 0:28 / / rw cgroup2 none rw\n", 0, NULL, 0 },
	{ "31 23 0:28 / /\n", 0, NULL, 0 },
	{ "\n", 0, NULL, 0 },
	{ "", 0, NULL, 0 },
};

START_TEST(mount_line)
{
	const struct mount_case *c = &mount_cases[_i];
	struct cgroupfs_mount m = { .hierarchies = 0 };
	char line[256];

	snprintf(line, sizeof(line), "%s", c->line);
	ck_assert_int_eq(cgroupfs_mount_parse(line, &m), c->hierarchies != 0);
	ck_assert_uint_eq(m.hierarchies, c->hierarchies);
	if (c->hierarchies) {
		ck_assert_str_eq(m.point, c->point);
		ck_assert_int_eq(cgroupfs_mount_rank(m.root), c->rank);
	}
}
END_TEST

/* Real files: which hierarchies they mount whole, and which in part. */
static const struct mountinfo_case {
	const char *file;
	unsigned whole;
	unsigned part;
} mountinfo_cases[] = {
	{ "spire/k8s-v1.mountinfo", 0, C | A | M },
	{ "spire/k8s-v2.mountinfo", 0, U },
	{ "spire/docker-v1.mountinfo", 0, C | A | M },
	{ "spire/docker-v2.mountinfo", 0, U },
	{ "spire/docker-cgroup-mount-at-slash-v1.mountinfo", U | C | A | M, C | A | M },
	{ "spire/docker-cgroup-mount-at-slash-v2.mountinfo", U, U },
	{ "spire/docker-no-cgroup-mount.mountinfo", 0, 0 },
	{ "spire/docker-tmpfs-empty-source.mountinfo", 0, U },
	{ "coroot/pod.mountinfo", 0, C | A | M },
};

START_TEST(mountinfo_file)
{
	const struct mountinfo_case *c = &mountinfo_cases[_i];
	_cleanup_fclose_ FILE *f = fopen(data_path(c->file), "re");
	unsigned whole = 0, part = 0;
	char line[4096];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		struct cgroupfs_mount m;

		if (!cgroupfs_mount_parse(line, &m))
			continue;
		*(cgroupfs_mount_rank(m.root) ? &whole : &part) |= m.hierarchies;
	}
	ck_assert_uint_eq(whole, c->whole);
	ck_assert_uint_eq(part, c->part);
}
END_TEST

/* "%s" stands for a folder with the subfolders a, b, c. */
static const struct init_case {
	const char *mountinfo;
	int ret;
	const char *layout;
	enum cgroupfs_hierarchy key;
	const char *root; /* of the key, below the folder; or a part of the message */
} init_cases[] = {
	{ "1 0 0:1 / %s/a rw - cgroup2 none rw\n", 0, "v2", CGROUPFS_UNIFIED, "/a" },
	{ "1 0 0:1 / %s/a rw - cgroup2 none rw\n1 0 0:1 / %s/b rw - cgroup2 none rw\n", 0, "v2",
	  CGROUPFS_UNIFIED, "/a" },
	{ "1 0 0:1 /.. %s/a rw - cgroup2 none rw\n1 0 0:1 / %s/b rw - cgroup2 none rw\n", 0, "v2",
	  CGROUPFS_UNIFIED, "/b" },
	{ "1 0 0:1 /x %s/a rw - cgroup2 none rw\n1 0 0:1 /.. %s/b rw - cgroup2 none rw\n", 0, "v2",
	  CGROUPFS_UNIFIED, "/b" },
	{ "1 0 0:1 / %s/gone rw - cgroup2 none rw\n1 0 0:1 / %s/b rw - cgroup2 none rw\n", 0, "v2",
	  CGROUPFS_UNIFIED, "/b" },
	{ "1 0 0:1 / %s/a rw - cgroup none rw,cpu,cpuacct\n1 0 0:1 / %s/b rw - cgroup none "
	  "rw,memory\n",
	  0, "v1", CGROUPFS_CPU, "/a" },
	{ "1 0 0:1 / %s/b rw - cgroup none rw,memory\n", 0, "v1", CGROUPFS_MEMORY, "/b" },
	{ "1 0 0:1 / %s/b rw - cgroup none rw,memory\n1 0 0:1 / %s/c rw - cgroup2 none rw\n", 0,
	  "hybrid", CGROUPFS_UNIFIED, "/c" },
	{ "1 0 0:1 / %s/a rw - cgroup2 none rw\n1 0 0:1 / %s/b rw - cgroup s rw,name=systemd\n", 0,
	  "v2", CGROUPFS_UNIFIED, "/a" },
	{ "1 0 0:1 /x %s/a rw - cgroup2 none rw\n", -ENOENT, .root = "only a part of the tree" },
	{ "1 0 0:1 / %s/a rw - tmpfs none rw\n", -ENOENT, .root = "no cgroup file system" },
	{ "1 0 0:1 / %s/gone rw - cgroup2 none rw\n", -ENOENT, .root = "cannot open" },
	{ "", -ENOENT, .root = "mount -t cgroup2" },
};

START_TEST(init)
{
	const struct init_case *c = &init_cases[_i];
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct err e = { "" };
	char text[1024];

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	tmp_mkdir(&t, "b");
	tmp_mkdir(&t, "c");
	snprintf(text, sizeof(text), c->mountinfo, t.dir, t.dir);
	tmp_write(&t, "mountinfo", text);
	ck_assert_int_eq(cgroupfs_init(&fs, tmp_path(&t, "mountinfo"), &e), c->ret);
	if (c->ret < 0) {
		ck_assert_msg(strstr(e.msg, c->root), "%s", e.msg);
		ck_assert_ptr_null(fs.root[CGROUPFS_UNIFIED]);
		return;
	}
	ck_assert_str_eq(cgroupfs_layout(&fs), c->layout);
	ck_assert_int_eq(fs.key, c->key);
	ck_assert_str_eq(fs.root[fs.key] + strlen(t.dir), c->root);
}
END_TEST

START_TEST(init_without_mountinfo)
{
	struct cgroupfs fs;
	struct err e = { "" };

	ck_assert_int_eq(cgroupfs_init(&fs, "/nonexistent/mountinfo", &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/mountinfo"));
	cgroupfs_release(&fs);
}
END_TEST

START_TEST(init_without_memory)
{
	_cleanup_(tmp_release) struct tmp t;
	bool failed = true;
	char text[256];

	tmp_init(&t);
	snprintf(text, sizeof(text),
		 "1 0 0:1 /.. / rw - cgroup2 none rw\n1 0 0:1 / %s rw - cgroup2 none rw\n", t.dir);
	tmp_write(&t, "mountinfo", text);
	for (unsigned i = 1; failed; i++) {
		struct cgroupfs fs;
		struct err e = { "" };
		int r;

		alloc_fail_at(i);
		r = cgroupfs_init(&fs, tmp_path(&t, "mountinfo"), &e);
		failed = alloc_fail_stop();
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		ck_assert_int_eq(failed, strstr(e.msg, "mountinfo") != NULL);
		cgroupfs_release(&fs);
	}
}
END_TEST

/* What a walk found, one path per line, sorted. */
struct found {
	char text[8192];
	unsigned n;
	int stop_after;			/* 0: never */
	const char *remove_at, *remove; /* while at the first, the second goes */
};

static int note_found(void *arg, const char *path, uint64_t id, uint64_t parent_id)
{
	struct found *f = arg;
	size_t len = strlen(f->text);

	ck_assert_uint_ne(id, 0);
	ck_assert_int_eq(parent_id == 0, strcmp(path, "/") == 0);
	snprintf(f->text + len, sizeof(f->text) - len, "%s\n", path);
	if (f->remove_at && strcmp(path, f->remove_at) == 0)
		ck_assert_int_eq(rmdir(f->remove), 0);
	return (int)++f->n == f->stop_after ? 7 : 0;
}

START_TEST(walk_is_parents_first)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct found f = { .n = 0 };
	unsigned skipped = 99;

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	tmp_mkdir(&t, "a/b");
	tmp_mkdir(&t, "a/b/c");
	ck_assert_int_eq(symlink("a", tmp_path(&t, "link")), 0);
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, &skipped), 0);
	ck_assert_str_eq(f.text, "/\n/a\n/a/b\n/a/b/c\n");
	ck_assert_uint_eq(skipped, 0);
	f = (struct found){ .stop_after = 3 };
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, NULL), 7);
	ck_assert_str_eq(f.text, "/\n/a\n/a/b\n");
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_MEMORY, note_found, &f, NULL), -ENOENT);
}
END_TEST

START_TEST(walk_survives_vanishing)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	char inner[128];
	struct found f = { .remove_at = "/a/b", .remove = inner };

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	tmp_mkdir(&t, "a/b");
	tmp_mkdir(&t, "a/b/c");
	snprintf(inner, sizeof(inner), "%s/a/b/c", t.dir);
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, NULL), 0);
	ck_assert_str_eq(f.text, "/\n/a\n/a/b\n");
	/* The cgroup goes between being found and being opened. */
	f = (struct found){ .remove_at = "/a", .remove = inner };
	tmp_mkdir(&t, "a/b/c");
	snprintf(inner, sizeof(inner), "%s/a/b/c", t.dir);
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, NULL), 0);
	ck_assert_str_eq(f.text, "/\n/a\n/a/b\n");
}
END_TEST

/* 40 levels: 32 are walked, the first one below them is counted with all that it holds. */
START_TEST(walk_is_bounded_in_depth)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	struct found f = { .n = 0 };
	unsigned skipped = 0;
	char path[256] = "";

	tmp_init(&t);
	for (int i = 0; i < 40; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "%sd", i ? "/" : "");
		tmp_mkdir(&t, path);
	}
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, &skipped), 0);
	ck_assert_uint_eq(f.n, 1 + CGROUPFS_DEPTH_MAX);
	ck_assert_uint_eq(skipped, 1);
}
END_TEST

/* Names of 255 bytes: 16 of them make 4096 with their slashes, one byte too many with the NUL. */
START_TEST(walk_is_bounded_in_length)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	char name[256];
	struct found f = { .n = 0 };
	unsigned skipped = 0;
	int fd, next;

	tmp_init(&t);
	tmp_cgroupfs(&t, &fs);
	memset(name, 'n', 255);
	name[255] = '\0';
	fd = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 17; i++) {
		ck_assert_int_eq(mkdirat(fd, name, 0755), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	close(fd);
	ck_assert_int_eq(cgroupfs_walk(&fs, CGROUPFS_UNIFIED, note_found, &f, &skipped), 0);
	ck_assert_uint_eq(f.n, 1 + 15);
	ck_assert_uint_eq(skipped, 1);
}
END_TEST

START_TEST(id_of_path)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	_cleanup_(tmp_release) struct tmp t;
	uint64_t got = 42;
	struct stat st;

	tmp_init(&t);
	tmp_mkdir(&t, "a");
	tmp_mkdir(&t, "..b");
	ck_assert_int_eq(symlink("a", tmp_path(&t, "link")), 0);
	tmp_cgroupfs(&t, &fs);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/gone", &got), -ENOENT);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/mountinfo", &got), -ENOENT);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/link", &got), -ENOENT);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_MEMORY, "/a", &got), -ENOENT);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/a/..", &got), -EINVAL);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/../a", &got), -EINVAL);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "a", &got), -EINVAL);
	ck_assert_uint_eq(got, 42);
	ck_assert_int_eq(stat(tmp_path(&t, "a"), &st), 0);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/a", &got), 0);
	ck_assert_uint_eq(got, st.st_ino);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/", &got), 0);
	ck_assert_int_eq(cgroupfs_id(&fs, CGROUPFS_UNIFIED, "/..b", &got), 0);
}
END_TEST

/* The machine that runs the test: whatever its layout, the root has CPU time and is found first. */
static int check_live(void *arg, const char *path, uint64_t id, uint64_t parent_id)
{
	struct found *f = arg;
	const struct cgroupfs *fs = (const void *)f->remove;
	uint64_t again;

	(void)parent_id;
	ck_assert_int_eq(f->n++ == 0, strcmp(path, "/") == 0);
	/* Gone since, or born again under its name: nothing to compare. */
	if (f->n < 2000 && cgroupfs_id(fs, fs->key, path, &again) == 0 && again != id)
		f->stop_after++;
	return 0;
}

START_TEST(live)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	struct found f = { .remove = (const void *)&fs };
	struct facts facts;
	unsigned bad = 0;

	ck_assert_int_eq(cgroupfs_init(&fs, "/proc/self/mountinfo", NULL), 0);
	ck_assert_int_eq(cgroupfs_walk(&fs, fs.key, check_live, &f, NULL), 0);
	ck_assert_uint_ge(f.n, 1);
	ck_assert_int_le(f.stop_after, (int)f.n / 10);
	ck_assert_int_eq(cgroupfs_read(&fs, "/", FACTS_CPU, &facts, &bad), 0);
	ck_assert(facts.have & FACTS_CPU);
	ck_assert_uint_gt(facts.usage_ns, 0);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/*
 * A real cgroup whose directory is open while it goes: the kernel answers -ENODEV then, which a
 * folder of a test can't do. Without the right to make cgroups there is nothing to test.
 */
START_TEST(live_vanishes_mid_read)
{
	_cleanup_(cgroupfs_release) struct cgroupfs fs = { .key = CGROUPFS_UNIFIED };
	char dir[PATH_MAX], path[64];
	_cleanup_close_ int dir_fd = -1, file_fd = -1;
	struct facts facts;
	char byte;

	ck_assert_int_eq(cgroupfs_init(&fs, "/proc/self/mountinfo", NULL), 0);
	snprintf(path, sizeof(path), "/evictd-cgroupfs-test-%d", (int)getpid());
	snprintf(dir, sizeof(dir), "%s%s", fs.root[fs.key], path);
	if (mkdir(dir, 0755) < 0)
		return;
	dir_fd = cgroupfs_open(&fs, fs.key, path);
	ck_assert_int_ge(dir_fd, 0);
	file_fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(cgroupfs_read(&fs, path, FACTS_CPU, &facts, NULL), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(openat(dir_fd, "cpu.stat", O_RDONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq((int)read(file_fd, &byte, 1), -1);
	ck_assert_int_eq(errno, ENODEV);
	ck_assert_int_eq(cgroupfs_read(&fs, path, FACTS_CPU, &facts, NULL), -ENOENT);
}
END_TEST

TEST_MAIN("cgroupfs", {
	TEST_TABLE("mount line", mount_line, ARRAY_LEN(mount_cases));
	TEST_TABLE("mountinfo", mountinfo_file, ARRAY_LEN(mountinfo_cases));
	TEST_TABLE("init", init, ARRAY_LEN(init_cases));
	TEST_ONE("init", init_without_mountinfo);
	TEST_ONE("init", init_without_memory);
	TEST_ONE("walk", walk_is_parents_first);
	TEST_ONE("walk", walk_survives_vanishing);
	TEST_ONE("walk", walk_is_bounded_in_depth);
	TEST_ONE("walk", walk_is_bounded_in_length);
	TEST_ONE("id", id_of_path);
	TEST_ONE("live", live);
	TEST_ONE("live", live_vanishes_mid_read);
})
