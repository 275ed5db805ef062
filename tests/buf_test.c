/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

START_TEST(starts_empty)
{
	struct buf b = BUF_INIT(10);

	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_ptr_null(buf_take(&b));
	buf_release(&b);
	buf_release(&b);
}
END_TEST

START_TEST(adds_in_order)
{
	struct buf b = BUF_INIT(1000);

	buf_add_str(&b, "pod ");
	buf_add_char(&b, '\'');
	buf_add(&b, "web-7xyz", 5);
	buf_printf(&b, "' %d%%", 42);
	ck_assert_int_eq(b.error, 0);
	ck_assert_str_eq(buf_str(&b), "pod 'web-7' 42%");
	ck_assert_uint_eq(b.len, strlen(buf_str(&b)));
	buf_clear(&b);
	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_uint_eq(b.len, 0);
	buf_release(&b);
}
END_TEST

START_TEST(holds_nul_bytes)
{
	struct buf b = BUF_INIT(10);

	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_mem_eq(b.data, "a\0b", 4);
	buf_release(&b);
}
END_TEST

static const struct {
	size_t max, first, second;
	int ret;
} limit_cases[] = {
	{ 0, 0, 0, 0 },	      { 0, 0, 1, -E2BIG },	  { 1, 0, 1, 0 },
	{ 1, 1, 1, -E2BIG },  { 63, 0, 63, 0 },		  { 64, 0, 64, 0 },
	{ 65, 64, 1, 0 },     { 65, 64, 2, -E2BIG },	  { 127, 64, 63, 0 },
	{ 4096, 4096, 0, 0 }, { 4096, 4000, 97, -E2BIG },
};

/* The last byte that fits is taken; the first that does not changes nothing and sticks. */
START_TEST(keeps_its_maximum)
{
	char data[4096];
	struct buf b;

	memset(data, 'x', sizeof(data));
	buf_init(&b, limit_cases[_i].max);
	ck_assert_int_eq(buf_add(&b, data, limit_cases[_i].first), 0);
	ck_assert_int_eq(buf_add(&b, data, limit_cases[_i].second), limit_cases[_i].ret);
	ck_assert_int_eq(b.error, limit_cases[_i].ret);
	if (b.error) {
		ck_assert_uint_eq(b.len, limit_cases[_i].first);
		ck_assert_int_eq(buf_add_str(&b, ""), -E2BIG);
		ck_assert_int_eq(buf_printf(&b, "%s", ""), -E2BIG);
		ck_assert_ptr_null(buf_take(&b));
		ck_assert_int_eq(b.error, -E2BIG);
		ck_assert_uint_eq(b.len, 0);
	}
	ck_assert_uint_le(b.alloc, limit_cases[_i].max + 1);
	buf_clear(&b);
	ck_assert_int_eq(b.error, 0);
	buf_release(&b);
}
END_TEST

START_TEST(printf_past_the_maximum_changes_nothing)
{
	struct buf b = BUF_INIT(5);

	buf_add_str(&b, "abc");
	ck_assert_int_eq(buf_printf(&b, "%d", 123), -E2BIG);
	ck_assert_str_eq(buf_str(&b), "abc");
	buf_release(&b);
}
END_TEST

START_TEST(take_hands_over)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = BUF_INIT(100);

	buf_add_str(&b, "mine");
	text = buf_take(&b);
	ck_assert_str_eq(text, "mine");
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.max, 100);
	ck_assert_int_eq(buf_add_str(&b, "next"), 0);
	ck_assert_str_eq(buf_str(&b), "next");
	buf_release(&b);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	for (unsigned n = 1;; n++) {
		struct buf b = BUF_INIT(100000);

		alloc_fail_at(n);
		for (int i = 0; i < 1000; i++)
			buf_printf(&b, "%d,", i);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(b.error, 0);
			buf_release(&b);
			ck_assert_uint_gt(n, 3);
			break;
		}
		ck_assert_int_eq(b.error, -ENOMEM);
		ck_assert_uint_eq(strlen(buf_str(&b)), b.len);
		buf_release(&b);
	}
}
END_TEST

TEST_MAIN("buf", {
	TEST_ONE("add", starts_empty);
	TEST_ONE("add", adds_in_order);
	TEST_ONE("add", holds_nul_bytes);
	TEST_TABLE("limit", keeps_its_maximum, ARRAY_LEN(limit_cases));
	TEST_ONE("limit", printf_past_the_maximum_changes_nothing);
	TEST_ONE("take", take_hands_over);
	TEST_ONE("torture", survives_every_failed_allocation);
})
