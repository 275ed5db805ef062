/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb of evictctl is, and what all verbs share: global options and exit codes. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "tools/options.h"

#define CLI_SOCKET_DEFAULT "/run/evictd/evictd.sock"

/* Scripts tell these apart; they are in every --help and in evictctl(1). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3,
	CLI_DENIED = 4,
	CLI_EXITS,
};

/* Global options; they may stand before or after the verb. */
struct cli {
	const char *program; /* as it was called: "evictctl" or "kubectl evictd" */
	const char *socket;
	bool help;
	bool version;
};

struct verb_example {
	const char *command; /* without the program's name */
	const char *text;
};

struct verb {
	const char *name;
	const char *args;		     /* of the synopsis, e.g. "[PATTERN]"; NULL: none */
	const char *summary;		     /* one line, for the list of verbs */
	const char *text;		     /* paragraphs of the help; NULL: none */
	const struct option_spec *options;   /* ends with an entry without a name; NULL: none */
	void *values;			     /* what the options are stored in */
	const struct verb_example *examples; /* ends with an entry without a command */
	unsigned max_args;
	/* Prints its own errors through cli_fail(). `args` ends with NULL. */
	enum cli_exit (*run)(const struct cli *cli, char **args);
};

extern const struct verb verb_top, verb_status, verb_usage;

/* "unreachable: ..." for the help. */
const char *cli_exit_text(enum cli_exit code);

/*
 * Prints "evictctl: why" to stderr, with control characters escaped (the agent's words may be in
 * it), and returns the exit code that belongs to the negative errno.
 */
enum cli_exit cli_fail(const struct cli *cli, int r, const struct err *e);
