/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

static char dir[64];
static char path[128];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/evictd-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/data", dir);
}

static void remove_dir(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0); /* fails when a test left something behind */
}

static void fill(size_t size)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	for (size_t i = 0; i < size; i++)
		fputc('a' + (int)(i % 26), f);
}

static const struct {
	size_t size, max;
	int ret;
} read_cases[] = {
	{ 0, 0, 0 },	     { 0, 10, 0 },	  { 10, 10, 0 },	 { 11, 10, -E2BIG },
	{ 16384, 16384, 0 }, { 16385, 20000, 0 }, { 100000, 100000, 0 }, { 100001, 100000, -E2BIG },
};

START_TEST(reads_whole_files)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(read_cases[_i].max);

	make_dir();
	fill(read_cases[_i].size);
	buf_add_str(&b, ""); /* replaced */
	ck_assert_int_eq(file_read_at(AT_FDCWD, path, &b), read_cases[_i].ret);
	ck_assert_uint_eq(b.len, read_cases[_i].ret ? 0 : read_cases[_i].size);
	ck_assert_int_eq(b.error, 0);
	for (size_t i = 0; i < b.len; i++)
		ck_assert_int_eq(b.data[i], 'a' + (int)(i % 26));
	remove_dir();
}
END_TEST

START_TEST(reads_below_a_folder)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(100);
	_cleanup_close_ int fd = -1;

	make_dir();
	fill(3);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(file_read_at(fd, "data", &b), 0);
	ck_assert_str_eq(buf_str(&b), "abc");
	ck_assert_int_eq(file_read_at(fd, "none", &b), -ENOENT);
	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_int_eq(file_read_at(fd, ".", &b), -EISDIR);
	remove_dir();
}
END_TEST

static const struct {
	size_t file, size;
	ssize_t ret;
} small_cases[] = {
	{ 0, 1, 0 },	  { 0, 10, 0 },		{ 9, 10, 9 },	   { 10, 10, -E2BIG },
	{ 1, 1, -E2BIG }, { 5000, 5001, 5000 }, { 0, 0, -EINVAL },
};

START_TEST(reads_small_files)
{
	char data[5001];

	make_dir();
	fill(small_cases[_i].file);
	ck_assert_int_eq(file_read_small(AT_FDCWD, path, data, small_cases[_i].size),
			 small_cases[_i].ret);
	if (small_cases[_i].ret >= 0)
		ck_assert_uint_eq(strlen(data), small_cases[_i].ret);
	ck_assert_int_eq(file_read_small(AT_FDCWD, "/nonexistent", data, sizeof(data)), -ENOENT);
	remove_dir();
}
END_TEST

START_TEST(reads_files_of_the_kernel)
{
	char data[4096];

	ck_assert_int_gt(file_read_small(AT_FDCWD, "/proc/self/stat", data, sizeof(data)), 10);
}
END_TEST

static void check_content(const char *content, mode_t mode)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(100);
	struct stat st;

	ck_assert_int_eq(file_read_at(AT_FDCWD, path, &b), 0);
	ck_assert_str_eq(buf_str(&b), content);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, mode);
}

START_TEST(writes_and_replaces)
{
	make_dir();
	umask(077); /* the mode is what was asked for, whatever the umask */
	ck_assert_int_eq(file_write_atomic(path, "one", 3, 0644), 0);
	check_content("one", 0644);
	ck_assert_int_eq(file_write_atomic(path, "", 0, 0600), 0);
	check_content("", 0600);
	remove_dir();
}
END_TEST

START_TEST(a_failed_write_leaves_nothing)
{
	make_dir();
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(file_write_atomic(path, "x", 1, 0644), -EISDIR);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(file_write_atomic("/nonexistent/file", "x", 1, 0644), -ENOENT);
	remove_dir();
}
END_TEST

/* Whichever step has no memory, the file holds the old or the new text. */
START_TEST(survives_every_failed_allocation)
{
	make_dir();
	ck_assert_int_eq(file_write_atomic(path, "old", 3, 0644), 0);
	for (unsigned n = 1;; n++) {
		int r;

		alloc_fail_at(n);
		r = file_write_atomic(path, "new", 3, 0644);
		if (!alloc_fail_stop())
			break;
		ck_assert_int_eq(r, -ENOMEM);
	}
	check_content("new", 0644);
	remove_dir();
}
END_TEST

TEST_MAIN("file", {
	TEST_TABLE("read", reads_whole_files, ARRAY_LEN(read_cases));
	TEST_ONE("read", reads_below_a_folder);
	TEST_TABLE("read_small", reads_small_files, ARRAY_LEN(small_cases));
	TEST_ONE("read_small", reads_files_of_the_kernel);
	TEST_ONE("write", writes_and_replaces);
	TEST_ONE("write", a_failed_write_leaves_nothing);
	TEST_ONE("write", survives_every_failed_allocation);
})
