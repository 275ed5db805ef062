/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <errno.h>
#include <pty.h>
#include <string.h>
#include <termios.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

#define LONG_NAME "a-name-that-is-much-longer-than-what-fits-into-a-narrow-terminal"

static const struct table_column columns[] = {
	{ "POD", TABLE_CUT | TABLE_TREE },
	{ "CPU", TABLE_RIGHT },
	{ "WHY", 0 },
};

static struct table *sample(void)
{
	struct table *t = NULL;

	ck_assert_int_eq(table_new(columns, ARRAY_LEN(columns), &t), 0);
	ck_assert_int_eq(table_add_row(t, (const char *[]){ "web", "7", "x" }, -1), 0);
	ck_assert_int_eq(table_add_row(t, (const char *[]){ "nginx", "1000", NULL }, 0), 1);
	ck_assert_int_eq(table_add_row(t, (const char *[]){ LONG_NAME, "", "y" }, -1), 2);
	return t;
}

static const struct {
	bool header;
	const char *out;
} print_cases[] = {
	{ true, "POD                                                               CPU WHY\n"
		"web                                                                 7 x\n"
		"`-nginx                                                          1000 \n" LONG_NAME
		"      y\n" },
	{ false,
	  "web                                                                 7 x\n"
	  "`-nginx                                                          1000 \n" LONG_NAME
	  "      y\n" },
};

START_TEST(nothing_is_cut_in_a_file)
{
	_cleanup_(table_freep) struct table *t = sample();
	_cleanup_free_ char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_int_eq(table_print(t, f, print_cases[_i].header), 0);
	fclose(f);
	ck_assert_str_eq(out, print_cases[_i].out);
}
END_TEST

/* Prints the sample to a terminal of this width and returns what came out there. */
static void print_to_terminal(unsigned short width, char *out, size_t size)
{
	_cleanup_(table_freep) struct table *t = sample();
	struct winsize ws = { .ws_row = 24, .ws_col = width };
	struct termios raw;
	int master, slave;
	FILE *f;
	ssize_t n;

	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &ws), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	f = fdopen(slave, "w");
	ck_assert_int_eq(table_print(t, f, true), 0);
	fflush(f);
	n = read(master, out, size - 1);
	ck_assert_int_gt(n, 0);
	out[n] = '\0';
	fclose(f);
	close(master);
}

START_TEST(a_terminal_cuts)
{
	static const unsigned short widths[] = { 20, 40, 60, 200 };
	char out[4096];

	print_to_terminal(widths[_i], out, sizeof(out));
	ck_assert_int_eq(strstr(out, LONG_NAME) != NULL, widths[_i] == 200);
	for (char *save, *line = strtok_r(out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		ck_assert_msg(strlen(line) <= widths[_i], "'%s' in %u", line, widths[_i]);
}
END_TEST

START_TEST(control_characters_do_not_reach_the_terminal)
{
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_free_ char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_int_eq(table_new(columns, 1, &t), 0);
	ck_assert_int_eq(table_add_row(t, (const char *[]){ "a\x1b[2Jb\nc" }, -1), 0);
	ck_assert_int_eq(table_print(t, f, false), 0);
	fclose(f);
	ck_assert_str_eq(out, "a\\x1b[2Jb\\x0ac\n");
}
END_TEST

START_TEST(refuses_a_parent_that_is_not_there)
{
	_cleanup_(table_freep) struct table *t = sample();

	ck_assert_int_eq(table_add_row(t, (const char *[]){ "x", "", "" }, 3), -EINVAL);
	table_free(NULL);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	const char *cells[] = { "a", "b", "c" };

	for (unsigned n = 1;; n++) {
		_cleanup_(table_freep) struct table *t = NULL;
		int r;

		alloc_fail_at(n);
		r = table_new(columns, ARRAY_LEN(columns), &t);
		for (int i = 0; i < 100 && r >= 0; i++)
			r = table_add_row(t, cells, i - 1);
		if (!alloc_fail_stop()) {
			ck_assert_int_eq(r, 99);
			break;
		}
		ck_assert_int_eq(r, -ENOMEM);
	}
}
END_TEST

TEST_MAIN("table", {
	TEST_TABLE("print", nothing_is_cut_in_a_file, ARRAY_LEN(print_cases));
	TEST_TABLE("print", a_terminal_cuts, 4);
	TEST_ONE("print", control_characters_do_not_reach_the_terminal);
	TEST_ONE("row", refuses_a_parent_that_is_not_there);
	TEST_ONE("row", survives_every_failed_allocation);
})
