/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line options as a table: one row feeds getopt_long, the range check, the value's place
 * in a plain struct, and --help. tests/docs_test.sh holds the man page against that help.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum option_kind {
	OPTION_FLAG,	/* bool */
	OPTION_TEXT,	/* const char *, borrowed from argv */
	OPTION_COUNT,	/* unsigned, within [min, max] */
	OPTION_SECONDS, /* double, within [min, max] */
	OPTION_WORD,	/* int: index into `words` */
};

struct option_spec {
	char letter;	  /* short form, 0: none */
	const char *name; /* long form; NULL ends the table */
	const char *metavar;
	const char *help;
	enum option_kind kind;
	size_t offset;		  /* of the value in the struct */
	const char *const *words; /* ends with NULL */
	double min, max;
};

/* A table and the struct its values go to. */
struct option_group {
	const struct option_spec *specs;
	void *values;
};

#define OPTION_GROUPS_MAX 2
#define OPTION_SPECS_MAX 32 /* of all groups together */

/*
 * Parses argv[1..]; *ret_first is the index of the first operand. Operands are moved behind the
 * options, or end them when stop_at_operand. Values of options that are not given stay as they
 * are. -EINVAL with a message that names the option.
 */
int options_parse(const struct option_group *groups, size_t n_groups, int argc, char **argv,
		  bool stop_at_operand, int *ret_first, struct err *e);

/* One entry per option: "  -o, --output FORMAT  what it does", wrapped to 80 columns. */
void options_print(FILE *out, const struct option_spec *specs);
