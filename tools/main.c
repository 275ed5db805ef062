/* SPDX-License-Identifier: Apache-2.0 */
/* evictctl: the table of verbs. Also installed as kubectl-evictd, for `kubectl evictd VERB`. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/options.h"

static enum cli_exit run_help(const struct cli *cli, char **args);

static const struct verb_example help_examples[] = {
	{ "help usage", "the same as usage --help" },
	{ .command = NULL },
};

static const struct verb verb_help = {
	.name = "help",
	.args = "[VERB]",
	.summary = "explain a verb",
	.max_args = 1,
	.examples = help_examples,
	.run = run_help,
};

static const struct verb *const verbs[] = { &verb_top, &verb_usage, &verb_status, &verb_help };

static const struct option_spec global_options[] = {
	{ .name = "socket",
	  .metavar = "PATH",
	  .help = "the agent's socket; default: " CLI_SOCKET_DEFAULT,
	  .kind = OPTION_TEXT,
	  .offset = offsetof(struct cli, socket) },
	{ .letter = 'h',
	  .name = "help",
	  .help = "explain the program, or the verb",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(struct cli, help) },
	{ .letter = 'V',
	  .name = "version",
	  .help = "print the version",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(struct cli, version) },
	{ .name = NULL },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

static void print_tail(const struct cli *cli, const struct verb_example *examples)
{
	printf("\nGlobal options:\n");
	options_print(stdout, global_options);
	printf("\nExamples:\n");
	for (; examples->command; examples++)
		printf("  %s %s\n      %s\n", cli->program, examples->command, examples->text);
	printf("\nExit status:\n");
	for (int i = 0; i < CLI_EXITS; i++)
		printf("  %d  %s\n", i, cli_exit_text((enum cli_exit)i));
}

static void print_verb_help(const struct cli *cli, const struct verb *verb)
{
	printf("Usage: %s %s [OPTION...]%s%s\n\n%s %s: %s.\n", cli->program, verb->name,
	       verb->args ? " " : "", verb->args ? verb->args : "", cli->program, verb->name,
	       verb->summary);
	if (verb->text)
		printf("\n%s\n", verb->text);
	if (verb->options) {
		printf("\nOptions:\n");
		options_print(stdout, verb->options);
	}
	print_tail(cli, verb->examples);
}

static void print_help(const struct cli *cli)
{
	static const struct verb_example examples[] = {
		{ "top", "watch the node live" },
		{ "usage --sort wait", "who waits for a CPU, and on whom" },
		{ "status", "how evictd measures here, and what it costs" },
		{ .command = NULL },
	};

	printf("Usage: %s [OPTION...] VERB [OPTION...]\n\n"
	       "Shows what the containers and systemd units of this node really use.\n\nVerbs:\n",
	       cli->program);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	print_tail(cli, examples);
}

/* An error in how we were called: the message, and where to read more. */
static enum cli_exit refuse(const struct cli *cli, const struct verb *verb, const struct err *e)
{
	cli_fail(cli, -EINVAL, e);
	fprintf(stderr, "Try '%s%s%s --help'.\n", cli->program, verb ? " " : "",
		verb ? verb->name : "");
	return CLI_USAGE;
}

static enum cli_exit refuse_verb(const struct cli *cli, const char *name)
{
	struct err e;

	err_set(&e, -EINVAL, "unknown verb '%s'", name);
	return refuse(cli, NULL, &e);
}

static enum cli_exit run_help(const struct cli *cli, char **args)
{
	const struct verb *verb;

	if (!args[0]) {
		print_help(cli);
		return CLI_OK;
	}
	verb = find_verb(args[0]);
	if (!verb)
		return refuse_verb(cli, args[0]);
	print_verb_help(cli, verb);
	return CLI_OK;
}

static enum cli_exit print_version(void)
{
	printf("evictctl %s\n", EVICTD_VERSION);
	return CLI_OK;
}

/* argv[0] is the verb's name. */
static enum cli_exit run_verb(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	const struct option_group groups[] = { { global_options, cli },
					       { verb->options, verb->values } };
	struct err e = { 0 };
	int first, n;

	if (options_parse(groups, ARRAY_LEN(groups), argc, argv, false, &first, &e) < 0)
		return refuse(cli, verb, &e);
	if (cli->version)
		return print_version();
	if (cli->help) {
		print_verb_help(cli, verb);
		return CLI_OK;
	}
	n = argc - first;
	if (n > (int)verb->max_args) {
		err_set(&e, -EINVAL, "%s: '%s' is too much", verb->name,
			argv[first + (int)verb->max_args]);
		return refuse(cli, verb, &e);
	}
	return verb->run(cli, argv + first);
}

static enum cli_exit run(struct cli *cli, int argc, char **argv)
{
	const struct option_group groups[] = { { global_options, cli } };
	const struct verb *verb;
	struct err e = { 0 };
	int first;

	if (options_parse(groups, ARRAY_LEN(groups), argc, argv, true, &first, &e) < 0)
		return refuse(cli, NULL, &e);
	if (cli->version)
		return print_version();
	if (first == argc && cli->help) {
		print_help(cli);
		return CLI_OK;
	}
	if (first == argc) {
		err_set(&e, -EINVAL, "a verb is missing");
		return refuse(cli, NULL, &e);
	}
	verb = find_verb(argv[first]);
	if (!verb)
		return refuse_verb(cli, argv[first]);
	return run_verb(cli, verb, argc - first, argv + first);
}

static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *base = slash ? slash + 1 : argv0 ? argv0 : "";

	return strncmp(base, "kubectl-", 8) == 0 ? "kubectl evictd" : "evictctl";
}

int main(int argc, char **argv)
{
	struct cli cli = { .program = program_name(argv[0]), .socket = CLI_SOCKET_DEFAULT };
	enum cli_exit code;

	setlocale(LC_CTYPE, ""); /* numbers stay in C: they are for scripts too */
	code = run(&cli, argc, argv);
	if (fflush(stdout) != 0 && code == CLI_OK) {
		struct err e = { 0 };

		err_set(&e, -errno, "cannot write: %s", strerror(errno));
		return cli_fail(&cli, -EIO, &e);
	}
	return code;
}
