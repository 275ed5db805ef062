/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/yaml.h"
#include "daemon/config_types.h"

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC
#define MINUTE (60 * SEC)
#define DAY (86400 * SEC)
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

#define FIELD(name_) .name = #name_, .offset = offsetof(struct config, name_)

static const struct config_key keys[] = {
	{ FIELD(socket), .type = &config_path, .fallback = "/run/evictd/evictd.sock",
	  .restart = true, .min = 2, .max = SOCKET_PATH_MAX,
	  .doc = "The unix socket of the API (HTTP and JSON); its directory must be writable." },
	{ FIELD(socket_group), .type = &config_text, .fallback = "evictd", .restart = true,
	  .min = 0, .max = 64, .doc = "The group that may connect; the socket is mode 0660." },
	{ FIELD(user), .type = &config_text, .fallback = "evictd", .restart = true, .min = 0,
	  .max = 64,
	  .doc = "Started as root, evictd becomes this user if there is one; \"\": stay." },
	{ FIELD(log_level), .type = &config_level, .fallback = "info",
	  .doc = "error, warning, info or debug." },
	{ FIELD(tier), .type = &config_tier, .fallback = "auto", .restart = true,
	  .doc = "How to measure: auto (the best there is), bpf, bpf+files or files." },
	{ FIELD(max_cgroups), .type = &config_count, .fallback = "0", .restart = true, .min = 64,
	  .max = 65536,
	  .doc = "Cgroups tracked at once by BPF; 0: twice those at start, at least 2048." },
	{ FIELD(max_tasks), .type = &config_count, .fallback = "32768", .restart = true,
	  .min = 1024, .max = 1048576, .doc = "Tasks that may wait for a CPU or run at once." },
	{ .name = "sample_interval",
	  .offset = offsetof(struct config, sample_interval_usec),
	  .type = &config_duration,
	  .fallback = "1s",
	  .min = 200 * MSEC,
	  .max = 5 * SEC,
	  .doc = "How often the BPF counters are read." },
	{ .name = "snapshot_interval",
	  .offset = offsetof(struct config, snapshot_interval_usec),
	  .type = &config_duration,
	  .fallback = "5s",
	  .min = 1 * SEC,
	  .max = 60 * SEC,
	  .doc = "How often memory, quota, throttling and pressure are read." },
	{ .name = "memory_stat_interval",
	  .offset = offsetof(struct config, memory_stat_interval_usec),
	  .type = &config_duration,
	  .fallback = "60s",
	  .min = 10 * SEC,
	  .max = 10 * MINUTE,
	  .doc = "How often memory.stat is read where BPF does not give the working set." },
	{ .name = "keep_dead",
	  .offset = offsetof(struct config, keep_dead_usec),
	  .type = &config_duration,
	  .fallback = "10min",
	  .min = 0,
	  .max = DAY,
	  .doc = "How long a workload that ended stays visible." },
	{ FIELD(pods_file), .type = &config_path, .fallback = "", .max = 4095,
	  .doc = "The node's pods as `kubectl get pods -o json` prints them; \"\": none." },
	{ FIELD(pods_log_dir), .type = &config_path, .fallback = "/var/log/containers", .max = 4095,
	  .doc = "Links to container logs, whose names tell pods; \"\": do not look." },
	{ FIELD(metrics_listen), .type = &config_address, .fallback = "", .restart = true,
	  .max = 63, .doc = "ADDRESS:PORT for Prometheus; \"\": no port." },
	{ FIELD(node_name), .type = &config_text, .fallback = "", .max = 253,
	  .doc = "The node's name; \"\": the host's." },
	{ FIELD(system_slices), .type = &config_paths, .min = 2, .max = 4095,
	  .fallback = "/init.scope /system.slice /user.slice /podruntime /runtime.slice /kubelet",
	  .doc = "Beside pods, cgroups at and below these are the system's." },
};

static void *key_field(const struct config_key *k, struct config *c)
{
	return (char *)c + k->offset;
}

static const void *key_value(const struct config_key *k, const struct config *c)
{
	return (const char *)c + k->offset;
}

static int key_set_default(const struct config_key *k, struct config *c)
{
	_cleanup_free_ char *copy = NULL;
	char *rest, *item;
	int ret = 0;

	if (!k->type->is_list)
		return k->type->set(k, key_field(k, c), k->fallback, NULL);
	copy = strdup(k->fallback);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (ret == 0 && (item = strsep(&rest, " ")))
		ret = k->type->set(k, key_field(k, c), item, NULL);
	return ret;
}

void config_release(struct config *c)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		keys[i].type->release(key_field(&keys[i], c));
}

int config_init(struct config *c)
{
	int ret = 0;

	*c = (struct config){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(keys) && ret == 0; i++)
		ret = key_set_default(&keys[i], c);
	if (ret < 0)
		config_release(c);
	return ret;
}

/* Levenshtein distance with one row; names are short. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[33];
	size_t n = strnlen(b, 32);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] && i <= 64; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

static const struct config_key *key_find(const char *name, struct err *e)
{
	const struct config_key *nearest = &keys[0];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
		if (distance(name, keys[i].name) < distance(name, nearest->name))
			nearest = &keys[i];
	}
	if (distance(name, nearest->name) <= 4)
		err_set(e, -EINVAL, "unknown key '%.64s'; did you mean '%s'?", name, nearest->name);
	else
		err_set(e, -EINVAL, "unknown key '%.64s'; evictd --print-config shows all keys",
			name);
	return NULL;
}

int config_set(struct config *c, const char *name, const char *value, struct err *e)
{
	const struct config_key *k = key_find(name, e);
	int ret;

	if (!k)
		return -EINVAL;
	if (k->type->is_list)
		k->type->release(key_field(k, c));
	ret = k->type->set(k, key_field(k, c), value, e);
	return ret < 0 ? err_wrap(e, ret, "%s", name) : 0;
}

static int apply_list(struct config *c, const struct config_key *k, const struct yaml *y,
		      struct err *e)
{
	int ret;

	if (y->kind == YAML_SCALAR && y->value[0])
		return err_set(e, -EINVAL, "line %u: %s: must be a list: lines of '- /path'",
			       y->line, k->name);
	k->type->release(key_field(k, c));
	for (const struct yaml *item = y->child; item; item = item->next) {
		if (item->kind != YAML_SCALAR || !item->value[0])
			return err_set(e, -EINVAL, "line %u: %s: an element must be a text",
				       item->line, k->name);
		ret = k->type->set(k, key_field(k, c), item->value, e);
		if (ret < 0)
			return err_wrap(e, ret, "line %u: %s", item->line, k->name);
	}
	return 0;
}

static int apply_key(struct config *c, const struct yaml *y, struct err *e)
{
	const struct config_key *k = key_find(y->key, e);
	int ret;

	if (!k)
		return err_wrap(e, -EINVAL, "line %u", y->line);
	if (k->type->is_list && y->kind != YAML_MAP)
		return apply_list(c, k, y, e);
	if (y->kind != YAML_SCALAR || k->type->is_list)
		return err_set(e, -EINVAL, "line %u: %s: must be a %s", y->line, k->name,
			       k->type->is_list ? "list" : "single value");
	ret = k->type->set(k, key_field(k, c), y->value, e);
	return ret < 0 ? err_wrap(e, ret, "line %u: %s", y->line, k->name) : 0;
}

/* What no single key can tell. */
static int check_together(const struct config *c, struct err *e)
{
	if (c->snapshot_interval_usec < c->sample_interval_usec)
		return err_set(e, -EINVAL,
			       "snapshot_interval must not be shorter than "
			       "sample_interval; raise one or lower the other");
	return 0;
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct err *e)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	struct config c;
	int ret;

	ret = yaml_parse(text, len, &root, e);
	if (ret < 0)
		return err_wrap(e, ret, "config '%s'", name);
	if (root->kind != YAML_MAP)
		return err_set(e, -EINVAL, "config '%s': must be lines of 'key: value'", name);
	ret = config_init(&c);
	if (ret < 0)
		return err_set(e, ret, "config '%s': out of memory", name);
	for (const struct yaml *y = root->child; y && ret == 0; y = y->next)
		ret = apply_key(&c, y, e);
	if (ret == 0)
		ret = check_together(&c, e);
	if (ret < 0) {
		config_release(&c);
		return err_wrap(e, ret, "config '%s'", name);
	}
	*ret_config = c;
	return 0;
}

int config_load(const char *path, bool optional, struct config *ret_config, struct err *e)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(CONFIG_SIZE_MAX);
	int ret = file_read_at(AT_FDCWD, path, &text);

	if (ret == -E2BIG)
		return err_set(e, ret, "config '%s': is larger than %u bytes", path,
			       CONFIG_SIZE_MAX);
	if (ret < 0 && !(ret == -ENOENT && optional))
		return err_set(e, ret, "config '%s': cannot be read: %s", path, strerror(-ret));
	return config_parse(buf_str(&text), text.len, path, ret_config, e);
}

const char *config_restart_changes(const struct config *a, const struct config *b,
				   struct config_changes *ret_changes)
{
	size_t len = 0;

	ret_changes->keys[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct config_key *k = &keys[i];

		if (!k->restart || k->type->equal(key_value(k, a), key_value(k, b)))
			continue;
		len += (size_t)snprintf(ret_changes->keys + len, sizeof(ret_changes->keys) - len,
					"%s%s", len ? ", " : "", k->name);
	}
	return ret_changes->keys;
}

void config_print(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		fprintf(out, "%s# %s%s\n%s:", i ? "\n" : "", keys[i].doc,
			keys[i].restart ? " [restart]" : "", keys[i].name);
		keys[i].type->print(key_value(&keys[i], c), out);
	}
}
