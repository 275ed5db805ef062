/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"

#define HELP_COLUMN 28
#define HELP_WIDTH 80

/* getopt_long's view of the tables. */
struct scan {
	struct option longs[OPTION_SPECS_MAX + 1];
	const struct option_spec *specs[OPTION_SPECS_MAX];
	void *values[OPTION_SPECS_MAX];
	char shorts[2 + 2 * OPTION_SPECS_MAX + 1];
	size_t n;
};

/* long-only results start here, so that they never meet a letter */
#define LONG_BASE 256

static void scan_add(struct scan *s, const struct option_spec *spec, void *values)
{
	size_t len = strlen(s->shorts);

	s->longs[s->n] = (struct option){
		.name = spec->name,
		.has_arg = spec->kind == OPTION_FLAG ? no_argument : required_argument,
		.val = LONG_BASE + (int)s->n,
	};
	s->specs[s->n] = spec;
	s->values[s->n++] = values;
	if (!spec->letter)
		return;
	s->shorts[len++] = spec->letter;
	if (spec->kind != OPTION_FLAG)
		s->shorts[len++] = ':';
}

static int scan_find(const struct scan *s, int result)
{
	if (result >= LONG_BASE)
		return result - LONG_BASE;
	for (size_t i = 0; i < s->n; i++) {
		if (s->specs[i]->letter == result)
			return (int)i;
	}
	return -1;
}

static int set_word(const struct option_spec *spec, const char *text, void *value, struct err *e)
{
	_cleanup_(buf_release) struct buf list = BUF_INIT(512);

	for (int i = 0; spec->words[i]; i++) {
		if (strcmp(spec->words[i], text) == 0) {
			*(int *)value = i;
			return 0;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", spec->words[i]);
	}
	return err_set(e, -EINVAL, "--%s: '%s' is none of %s", spec->name, text, buf_str(&list));
}

static int set_count(const struct option_spec *spec, const char *text, void *value, struct err *e)
{
	uint64_t n;

	if (parse_u64(text, (uint64_t)spec->min, (uint64_t)spec->max, &n) < 0)
		return err_set(e, -EINVAL, "--%s: '%s' is no number from %.0f to %.0f", spec->name,
			       text, spec->min, spec->max);
	*(unsigned *)value = (unsigned)n;
	return 0;
}

static int set_seconds(const struct option_spec *spec, const char *text, void *value, struct err *e)
{
	if (parse_double(text, spec->min, spec->max, value) < 0)
		return err_set(e, -EINVAL, "--%s: '%s' is no number of seconds from %g to %g",
			       spec->name, text, spec->min, spec->max);
	return 0;
}

static int set_value(const struct option_spec *spec, char *text, void *values, struct err *e)
{
	void *value = (char *)values + spec->offset;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)value = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)value = text;
		return 0;
	case OPTION_COUNT:
		return set_count(spec, text, value, e);
	case OPTION_SECONDS:
		return set_seconds(spec, text, value, e);
	case OPTION_WORD:
		return set_word(spec, text, value, e);
	}
	return -EINVAL;
}

/* What getopt did not like; it leaves the word behind in argv, the letter in optopt. */
static int refuse(const struct scan *s, int result, char **argv, struct err *e)
{
	int i = scan_find(s, optopt);

	if (result == ':' && i >= 0)
		return err_set(e, -EINVAL, "--%s needs a value: %s", s->specs[i]->name,
			       s->specs[i]->metavar);
	if (optopt >= LONG_BASE && i >= 0)
		return err_set(e, -EINVAL, "--%s takes no value", s->specs[i]->name);
	if (optopt)
		return err_set(e, -EINVAL, "unknown option '-%c'", optopt);
	return err_set(e, -EINVAL, "unknown option '%s'", argv[optind - 1]);
}

int options_parse(const struct option_group *groups, size_t n_groups, int argc, char **argv,
		  bool stop_at_operand, int *ret_first, struct err *e)
{
	struct scan s = { 0 };
	int result;

	/* '+' ends at the first operand; ':' tells a missing value from an unknown option */
	s.shorts[0] = stop_at_operand ? '+' : ':';
	s.shorts[1] = stop_at_operand ? ':' : '\0';
	for (size_t g = 0; g < n_groups; g++) {
		for (const struct option_spec *spec = groups[g].specs; spec && spec->name; spec++) {
			if (s.n == OPTION_SPECS_MAX)
				return err_set(e, -E2BIG, "too many options");
			scan_add(&s, spec, groups[g].values);
		}
	}
	opterr = 0;
	optind = 0; /* makes GNU getopt forget the last run */
	while ((result = getopt_long(argc, argv, s.shorts, s.longs, NULL)) != -1) {
		int i = scan_find(&s, result), r;

		if (i < 0)
			return refuse(&s, result, argv, e);
		r = set_value(s.specs[i], optarg, s.values[i], e);
		if (r < 0)
			return r;
	}
	*ret_first = optind;
	return 0;
}

/* Prints words from column `at` on, wrapped, each new line indented to HELP_COLUMN. */
static void print_wrapped(FILE *out, const char *text, size_t at)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > HELP_COLUMN && at + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			at = HELP_COLUMN;
		}
		at += (size_t)fprintf(out, "%s%.*s", at > HELP_COLUMN ? " " : "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void options_print(FILE *out, const struct option_spec *specs)
{
	for (const struct option_spec *spec = specs; spec && spec->name; spec++) {
		int at;

		if (spec->letter)
			at = fprintf(out, "  -%c, --%s", spec->letter, spec->name);
		else
			at = fprintf(out, "      --%s", spec->name);
		if (spec->metavar)
			at += fprintf(out, " %s", spec->metavar);
		if (at >= HELP_COLUMN)
			fprintf(out, "\n%*s", HELP_COLUMN, "");
		else
			fprintf(out, "%*s", HELP_COLUMN - at, "");
		print_wrapped(out, spec->help, HELP_COLUMN);
	}
}
