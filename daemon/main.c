/* SPDX-License-Identifier: Apache-2.0 */
/* evictd: the node agent. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/agent.h"
#include "daemon/config.h"
#include "daemon/measure/sampler.h"
#include "daemon/status.h"

enum exit_code { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

static const char help[] =
	"evictd [OPTION...]\n"
	"Measures every cgroup of this node and answers on a unix socket; see evictctl.\n"
	"\n"
	"  --config FILE     instead of " CONFIG_PATH "\n"
	"  --check-config    check the configuration and exit\n"
	"  --print-config    print every key with its meaning and value in force, and exit\n"
	"  --tier TIER       auto, bpf, bpf+files or files\n"
	"  --socket PATH     the unix socket\n"
	"  --pods-file FILE  the node's pods, as kubectl get pods -o json prints them\n"
	"  --btf FILE        the kernel's type information, instead of " SAMPLER_BTF_PATH "\n"
	"  --no-setuid       stay root: do not become the user of key 'user'\n"
	"  --version         print the version and exit\n"
	"  --help            print this and exit\n"
	"\n"
	"Options win over the file. Signals: HUP reloads, TERM and INT stop.\n"
	"Exit status: 0 stopped, or the configuration is valid; 1 it is not, or evictd could not\n"
	"start or run; 2 wrong options.\n";

enum verb { VERB_RUN, VERB_CHECK, VERB_PRINT };

struct options {
	enum verb verb;
	struct agent_options agent;
};

/* Options that stand for a key of the configuration. */
static const struct {
	const char *key, *value; /* value NULL: the option's argument */
} overrides[] = {
	{ "tier", NULL },
	{ "socket", NULL },
	{ "pods_file", NULL },
	{ "user", "" },
};

enum {
	OPT_OVERRIDE = 256,
	OPT_CONFIG = OPT_OVERRIDE + ARRAY_LEN(overrides),
	OPT_BTF,
	OPT_CHECK,
	OPT_PRINT,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "tier", required_argument, NULL, OPT_OVERRIDE + 0 },
	{ "socket", required_argument, NULL, OPT_OVERRIDE + 1 },
	{ "pods-file", required_argument, NULL, OPT_OVERRIDE + 2 },
	{ "no-setuid", no_argument, NULL, OPT_OVERRIDE + 3 },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "btf", required_argument, NULL, OPT_BTF },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "print-config", no_argument, NULL, OPT_PRINT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static int add_override(struct options *o, unsigned i)
{
	struct agent_options *a = &o->agent;

	if (a->n_overrides == AGENT_OVERRIDES_MAX) {
		fprintf(stderr, "evictd: too many options\n");
		return EXIT_USAGE;
	}
	a->overrides[a->n_overrides++] = (struct agent_override){
		overrides[i].key,
		overrides[i].value ? overrides[i].value : optarg,
	};
	return -1;
}

/* -1 to go on, else the exit code. */
static int take_option(struct options *o, int opt)
{
	switch (opt) {
	case OPT_CONFIG:
		o->agent.config_path = optarg;
		o->agent.config_optional = false;
		return -1;
	case OPT_BTF:
		o->agent.btf_path = optarg;
		return -1;
	case OPT_CHECK:
		o->verb = VERB_CHECK;
		return -1;
	case OPT_PRINT:
		o->verb = VERB_PRINT;
		return -1;
	case OPT_VERSION:
		printf("evictd %s\n", EVICTD_VERSION);
		return EXIT_OK;
	case OPT_HELP:
		fputs(help, stdout);
		return EXIT_OK;
	case '?':
		fprintf(stderr, "Try 'evictd --help'.\n");
		return EXIT_USAGE;
	default:
		return add_override(o, (unsigned)(opt - OPT_OVERRIDE));
	}
}

static int show_config(const struct options *o)
{
	struct config c;
	struct err e;

	if (agent_load_config(&o->agent, &c, &e) < 0) {
		fprintf(stderr, "evictd: %s\n", err_msg(&e));
		return EXIT_FAILED;
	}
	if (o->verb == VERB_PRINT)
		config_print(&c, stdout);
	else
		printf("ok: %s\n", o->agent.config_path);
	config_release(&c);
	return EXIT_OK;
}

static int run(const struct options *o)
{
	_cleanup_(agent_freep) struct agent *agent = NULL;
	struct err e;
	int ret;

	log_init("evictd", LOG_LEVEL_INFO);
	if (agent_new(&o->agent, &agent, &e) < 0) {
		log_error("cannot start: %s", err_msg(&e));
		return EXIT_FAILED;
	}
	ret = agent_run(agent);
	if (ret < 0)
		log_error("event loop: %s", strerror(-ret));
	return ret < 0 ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options o = { .agent = { .config_path = CONFIG_PATH, .config_optional = true } };
	int opt, code = -1;

	while (code < 0 && (opt = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		code = take_option(&o, opt);
	if (code >= 0)
		return code;
	if (optind < argc) {
		fprintf(stderr, "evictd: unexpected argument '%s'\nTry 'evictd --help'.\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return o.verb == VERB_RUN ? run(&o) : show_config(&o);
}
