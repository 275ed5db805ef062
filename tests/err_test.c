/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/check_main.h"

START_TEST(set_replaces)
{
	struct err e = { "old" };

	ck_assert_int_eq(err_set(&e, -EINVAL, "line %d: %s", 7, "bad"), -EINVAL);
	ck_assert_str_eq(e.msg, "line 7: bad");
}
END_TEST

START_TEST(set_may_use_its_own_text)
{
	struct err e = { "inner" };

	err_set(&e, -EINVAL, "<%s>", err_msg(&e));
	ck_assert_str_eq(e.msg, "<inner>");
}
END_TEST

START_TEST(wrap_adds_words_before)
{
	struct err e = { "" };

	ck_assert_int_eq(err_wrap(&e, -ENOENT, "config '%s'", "a.yaml"), -ENOENT);
	ck_assert_str_eq(e.msg, "config 'a.yaml': No such file or directory");
	err_wrap(&e, -ENOENT, "evictd");
	ck_assert_str_eq(e.msg, "evictd: config 'a.yaml': No such file or directory");
}
END_TEST

START_TEST(null_is_allowed)
{
	struct err e = { "" };

	ck_assert_int_eq(err_set(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(err_wrap(NULL, -EIO, "x"), -EIO);
	ck_assert_str_eq(err_msg(NULL), "no details");
	ck_assert_str_eq(err_msg(&e), "no details");
}
END_TEST

/* Characters in the text. */
static const size_t long_cases[] = { ERR_MSG_MAX - 1, ERR_MSG_MAX, 5000 };

START_TEST(long_texts_end_in_dots)
{
	size_t n = long_cases[_i];
	char text[5001] = "";
	struct err e = { "" };

	memset(text, 'x', n);
	err_set(&e, -EIO, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), ERR_MSG_MAX - 1);
	ck_assert_str_eq(e.msg + ERR_MSG_MAX - 4, n < ERR_MSG_MAX ? "xxx" : "...");
	err_wrap(&e, -EIO, "%s", "before");
	ck_assert_uint_eq(strlen(e.msg), ERR_MSG_MAX - 1);
	ck_assert_int_eq(strncmp(e.msg, "before: xxx", 11), 0);
	ck_assert_str_eq(e.msg + ERR_MSG_MAX - 4, "...");
}
END_TEST

TEST_MAIN("err", {
	TEST_ONE("set", set_replaces);
	TEST_ONE("set", set_may_use_its_own_text);
	TEST_ONE("wrap", wrap_adds_words_before);
	TEST_ONE("null", null_is_allowed);
	TEST_TABLE("long", long_texts_end_in_dots, ARRAY_LEN(long_cases));
})
