/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of evictd. One table (config.c) names every key with type, range, default and meaning;
 * it drives the parser, --check-config, --print-config and the list of keys that need a restart.
 * What is refused is refused whole, with file, line, key and remedy.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/measure/sampler.h"

#define CONFIG_PATH "/etc/evictd/evictd.yaml"
#define CONFIG_SIZE_MAX 65536u
#define CONFIG_LIST_MAX 64u

struct config_list {
	char **items;
	unsigned n;
};

/* Texts are never NULL after config_init(); "" stands for none. */
struct config {
	char *socket, *socket_group, *user;
	enum log_level log_level;
	enum tier tier;
	uint64_t max_cgroups, max_tasks;
	uint64_t sample_interval_usec, snapshot_interval_usec, memory_stat_interval_usec;
	uint64_t keep_dead_usec;
	char *pods_file, *pods_log_dir;
	char *metrics_listen;
	char *node_name;
	struct config_list system_slices;
};

/* Defaults. -ENOMEM. */
int config_init(struct config *c);
void config_release(struct config *c);

/*
 * Defaults overlaid with a text; `name` is for messages. Like config_load() it fills ret_config
 * (to be released) only on success.
 */
int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct err *e);
/* As config_parse() from a file. A missing file is an error unless `optional`. */
int config_load(const char *path, bool optional, struct config *ret_config, struct err *e);

/* Sets one key from the command line: "tier" = "files". */
int config_set(struct config *c, const char *key, const char *value, struct err *e);

/* Names of the keys that differ and are read only at the start, "" when there are none. */
struct config_changes {
	char keys[256];
};
const char *config_restart_changes(const struct config *a, const struct config *b,
				   struct config_changes *ret_changes);

/* All keys with their meaning as YAML comments, and the values in c. */
void config_print(const struct config *c, FILE *out);

/* "127.0.0.1:9464", "[::1]:9464": splits and checks; the port is 1 to 65535. */
struct config_listen {
	char address[64];
	uint16_t port;
	bool v6;
};
int config_parse_listen(const char *text, struct config_listen *ret_listen);
