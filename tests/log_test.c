/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"

static const struct {
	const char *word;
	int ret;
	enum log_level level;
} level_cases[] = {
	{ "error", 0, LOG_LEVEL_ERROR },      { "warning", 0, LOG_LEVEL_WARNING },
	{ "info", 0, LOG_LEVEL_INFO },	      { "debug", 0, LOG_LEVEL_DEBUG },
	{ "", -EINVAL, LOG_LEVEL_DEBUG },     { "Info", -EINVAL, LOG_LEVEL_DEBUG },
	{ "warn", -EINVAL, LOG_LEVEL_DEBUG },
};

START_TEST(levels)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	ck_assert_int_eq(log_level_parse(level_cases[_i].word, &level), level_cases[_i].ret);
	ck_assert_int_eq(level, level_cases[_i].level);
}
END_TEST

/* Sends stderr into a pipe. Each test is a process of its own. */
static FILE *catch_stderr(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	return fdopen(fds[0], "r");
}

static void check_line(FILE *f, const char *expected)
{
	char line[4096] = "";

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_str_eq(line, expected);
}

START_TEST(lines_on_stderr)
{
	const struct log_field fields[] = { { "EVICTD_REASON", "oom-kill" }, { "POD", "web\n2" } };
	FILE *f = catch_stderr();

	log_init("evictd", LOG_LEVEL_INFO);
	log_debug("dropped");
	errno = ENOSPC;
	log_error("cannot save '%s': %m", "a\nevictd: info: forged");
	ck_assert_int_eq(errno, ENOSPC);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("shown");
	log_full(LOG_LEVEL_WARNING, fields, 2, "killed");
	check_line(f, "evictd: error: cannot save 'a evictd: info: forged': "
		      "No space left on device\n");
	check_line(f, "evictd: debug: shown\n");
	check_line(f, "evictd: warning: killed EVICTD_REASON=oom-kill POD=web 2\n");
	fclose(f);
}
END_TEST

/* With JOURNAL_STREAM of another file (a shell has redirected us) lines go to stderr. */
START_TEST(a_redirected_stderr_is_not_the_journal)
{
	FILE *f = catch_stderr();

	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("evictctl", LOG_LEVEL_INFO);
	log_info("here");
	check_line(f, "evictctl: info: here\n");
	fclose(f);
}
END_TEST

START_TEST(long_messages_are_cut)
{
	char text[5000] = "", line[8192] = "";
	FILE *f = catch_stderr();

	memset(text, 'x', sizeof(text) - 1);
	log_init("evictd", LOG_LEVEL_INFO);
	log_info("%s", text);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_uint_gt(strlen(line), 2000);
	ck_assert_uint_lt(strlen(line), 2100);
	ck_assert_ptr_nonnull(strchr(line, '\n'));
	fclose(f);
}
END_TEST

TEST_MAIN("log", {
	TEST_TABLE("level", levels, ARRAY_LEN(level_cases));
	TEST_ONE("stderr", lines_on_stderr);
	TEST_ONE("stderr", a_redirected_stderr_is_not_the_journal);
	TEST_ONE("stderr", long_messages_are_cut);
})
