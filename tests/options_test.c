/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"

static const char *const words[] = { "table", "json", NULL };

struct values {
	bool flag;
	const char *text;
	unsigned count;
	double seconds;
	int word;
};

static const struct option_spec specs[] = {
	{ .letter = 'f',
	  .name = "flag",
	  .help = "a flag",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(struct values, flag) },
	{ .name = "text",
	  .metavar = "TEXT",
	  .help = "a text that has so long a help that it does not fit into one line of eighty",
	  .kind = OPTION_TEXT,
	  .offset = offsetof(struct values, text) },
	{ .letter = 'n',
	  .name = "count",
	  .metavar = "COUNT",
	  .help = "a count",
	  .kind = OPTION_COUNT,
	  .offset = offsetof(struct values, count),
	  .min = 1,
	  .max = 100 },
	{ .letter = 'd',
	  .name = "delay",
	  .metavar = "SECONDS",
	  .help = "seconds",
	  .kind = OPTION_SECONDS,
	  .offset = offsetof(struct values, seconds),
	  .min = 0.2,
	  .max = 60 },
	{ .letter = 'o',
	  .name = "output",
	  .metavar = "FORMAT",
	  .help = "a word",
	  .kind = OPTION_WORD,
	  .offset = offsetof(struct values, word),
	  .words = words },
	{ .name = NULL },
};

static int parse(const char *line, bool stop, struct values *v, int *first, char **argv, int *argc,
		 struct err *e)
{
	static char copy[256];
	const struct option_group groups[] = { { specs, v } };
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	*argc = 0;
	while ((word = strsep(&rest, " ")) && *argc < 15) {
		if (*word)
			argv[(*argc)++] = word;
	}
	argv[*argc] = NULL;
	return options_parse(groups, 1, *argc, argv, stop, first, e);
}

static const struct {
	const char *line;
	struct values v;
	const char *operand; /* the first, NULL: none */
	bool stop;
} good[] = {
	{ "x", { .word = 0 }, NULL, false },
	{ "x -f", { .flag = true }, NULL, false },
	{ "x --flag a", { .flag = true }, "a", false },
	{ "x a -f", { .flag = true }, "a", false },
	{ "x a -f", { .flag = false }, "a", true },
	{ "x --text=-f", { .text = "-f" }, NULL, false },
	{ "x --text -- b", { .text = "--" }, "b", false },
	{ "x -- -f", { .flag = false }, "-f", false },
	{ "x -n5", { .count = 5 }, NULL, false },
	{ "x -n 100 -fo json", { .count = 100, .flag = true, .word = 1 }, NULL, false },
	{ "x -d 0.5 --output table", { .seconds = 0.5, .word = 0 }, NULL, false },
	{ "x --out json", { .word = 1 }, NULL, false },
};

START_TEST(accepts)
{
	struct values v = { 0 };
	struct err e = { .msg = "untouched" };
	char *argv[16];
	int first = -1, argc;

	ck_assert_msg(parse(good[_i].line, good[_i].stop, &v, &first, argv, &argc, &e) == 0, "%s",
		      e.msg);
	ck_assert_str_eq(e.msg, "untouched");
	ck_assert_int_eq(v.flag, good[_i].v.flag);
	ck_assert_uint_eq(v.count, good[_i].v.count);
	ck_assert_double_eq(v.seconds, good[_i].v.seconds);
	ck_assert_int_eq(v.word, good[_i].v.word);
	ck_assert_pstr_eq(v.text, good[_i].v.text);
	ck_assert_pstr_eq(argv[first], good[_i].operand);
}
END_TEST

static const struct {
	const char *line, *message;
} bad[] = {
	{ "x -q", "unknown option '-q'" },
	{ "x --nope", "unknown option '--nope'" },
	{ "x --nope=3", "unknown option '--nope=3'" },
	{ "x -n", "--count needs a value: COUNT" },
	{ "x --text", "--text needs a value: TEXT" },
	{ "x --flag=1", "--flag takes no value" },
	{ "x -n 0", "--count: '0' is no number from 1 to 100" },
	{ "x -n 101", "--count: '101' is no number from 1 to 100" },
	{ "x -n 1x", "--count: '1x' is no number from 1 to 100" },
	{ "x -n -1", "--count: '-1' is no number from 1 to 100" },
	{ "x -d 0.1", "--delay: '0.1' is no number of seconds from 0.2 to 60" },
	{ "x -d nan", "--delay: 'nan' is no number of seconds from 0.2 to 60" },
	{ "x -o xml", "--output: 'xml' is none of table, json" },
	{ "x -o jso", "--output: 'jso' is none of table, json" },
};

START_TEST(refuses)
{
	struct values v = { 0 };
	struct err e = { 0 };
	char *argv[16];
	int first = -1, argc;

	ck_assert_int_eq(parse(bad[_i].line, false, &v, &first, argv, &argc, &e), -EINVAL);
	ck_assert_str_eq(e.msg, bad[_i].message);
	ck_assert_int_eq(first, -1);
}
END_TEST

START_TEST(prints_help)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	options_print(f, specs);
	fclose(f);
	for (const struct option_spec *s = specs; s->name; s++)
		ck_assert_msg(strstr(text, s->name) != NULL, "%s", s->name);
	ck_assert_ptr_nonnull(strstr(text, "  -f, --flag                a flag\n"));
	ck_assert_ptr_nonnull(strstr(text, "      --text TEXT           a text that"));
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		ck_assert_msg(end - line <= 80, "%.*s", (int)(end - line), line);
		if (!*end)
			break;
	}
}
END_TEST

TEST_MAIN("options", {
	TEST_TABLE("accepts", accepts, ARRAY_LEN(good));
	TEST_TABLE("refuses", refuses, ARRAY_LEN(bad));
	TEST_ONE("help", prints_help);
})
