/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_types.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "daemon/config.h"

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC
#define MINUTE (60 * SEC)
#define DAY (86400 * SEC)

/* Texts. */

static int text_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	char **s = field, *copy;
	size_t len = strlen(text);

	if (len < k->min || len > k->max)
		return err_set(e, -EINVAL, "must have %llu to %llu bytes",
			       (unsigned long long)k->min, (unsigned long long)k->max);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(e, -EINVAL, "must not contain control characters");
	copy = strdup(text);
	if (!copy)
		return err_set(e, -ENOMEM, "out of memory");
	free(*s);
	*s = copy;
	return 0;
}

static int path_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	if (text[0] && text[0] != '/')
		return err_set(e, -EINVAL, "must be an absolute path, not '%.80s'", text);
	return text_set(k, field, text, e);
}

static int listen_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	struct config_listen listen;

	if (text[0] && config_parse_listen(text, &listen) < 0)
		return err_set(e, -EINVAL,
			       "must be ADDRESS:PORT such as 127.0.0.1:9464 or [::1]:9464, not "
			       "'%.80s'",
			       text);
	return text_set(k, field, text, e);
}

static bool text_equal(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

static void text_print(const void *field, FILE *out)
{
	fputs(" \"", out);
	for (const char *p = *(char *const *)field; *p; p++)
		fprintf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	fputs("\"\n", out);
}

static void text_release(void *field)
{
	char **s = field;

	free(TAKE_PTR(*s));
}

/* Lists of paths. */

static int list_add(const struct config_key *k, void *field, const char *text, struct err *e)
{
	struct config_list *list = field;
	char **grown;
	int ret;

	if (list->n >= CONFIG_LIST_MAX)
		return err_set(e, -E2BIG, "has more than %u elements", CONFIG_LIST_MAX);
	grown = reallocarray(list->items, list->n + 1, sizeof(*grown));
	if (!grown)
		return err_set(e, -ENOMEM, "out of memory");
	list->items = grown;
	grown[list->n] = NULL;
	ret = path_set(k, &grown[list->n], text, e);
	if (ret == 0)
		list->n++;
	return ret;
}

static bool list_equal(const void *a, const void *b)
{
	const struct config_list *x = a, *y = b;

	if (x->n != y->n)
		return false;
	for (unsigned i = 0; i < x->n; i++)
		if (strcmp(x->items[i], y->items[i]) != 0)
			return false;
	return true;
}

static void list_print(const void *field, FILE *out)
{
	const struct config_list *list = field;

	fputs(list->n ? "\n" : " []\n", out);
	for (unsigned i = 0; i < list->n; i++) {
		fputs("  -", out);
		text_print(&list->items[i], out);
	}
}

static void list_release(void *field)
{
	struct config_list *list = field;

	for (unsigned i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_list){ 0 };
}

/* Numbers. */

static int count_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	uint64_t value;

	if (parse_u64(text, 0, UINT64_MAX, &value) < 0 ||
	    ((value < k->min || value > k->max) && value != 0) ||
	    (value == 0 && k->fallback[0] != '0'))
		return err_set(e, -EINVAL, "must be %s%llu to %llu, not '%.40s'",
			       k->fallback[0] == '0' ? "0 or " : "", (unsigned long long)k->min,
			       (unsigned long long)k->max, text);
	*(uint64_t *)field = value;
	return 0;
}

static void duration_format(uint64_t usec, char buf[static 32])
{
	static const struct {
		uint64_t unit;
		const char *suffix;
	} units[] = {
		{ DAY, "d" }, { 60 * MINUTE, "h" }, { MINUTE, "min" }, { SEC, "s" }, { MSEC, "ms" }
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (usec == 0 || usec % units[i].unit)
			continue;
		snprintf(buf, 32, "%llu%s", (unsigned long long)(usec / units[i].unit),
			 units[i].suffix);
		return;
	}
	snprintf(buf, 32, usec ? "%lluus" : "%llus", (unsigned long long)usec);
}

static int duration_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	char min[32], max[32];
	uint64_t usec;

	if (parse_duration_usec(text, &usec) < 0 || usec < k->min || usec > k->max) {
		duration_format(k->min, min);
		duration_format(k->max, max);
		return err_set(e, -EINVAL, "must be a duration from %s to %s, not '%.40s'", min,
			       max, text);
	}
	*(uint64_t *)field = usec;
	return 0;
}

static bool u64_equal(const void *a, const void *b)
{
	return *(const uint64_t *)a == *(const uint64_t *)b;
}

static void count_print(const void *field, FILE *out)
{
	fprintf(out, " %llu\n", (unsigned long long)*(const uint64_t *)field);
}

static void duration_print(const void *field, FILE *out)
{
	char text[32];

	duration_format(*(const uint64_t *)field, text);
	fprintf(out, " %s\n", text);
}

/* Words. */

static int level_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	(void)k;
	if (log_level_parse(text, field) < 0)
		return err_set(e, -EINVAL, "must be error, warning, info or debug, not '%.40s'",
			       text);
	return 0;
}

static int tier_set(const struct config_key *k, void *field, const char *text, struct err *e)
{
	(void)k;
	if (tier_parse(text, field) < 0)
		return err_set(e, -EINVAL, "must be auto, bpf, bpf+files or files, not '%.40s'",
			       text);
	return 0;
}

static bool enum_equal(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

static void level_print(const void *field, FILE *out)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	fprintf(out, " %s\n", names[*(const enum log_level *)field]);
}

static void tier_print(const void *field, FILE *out)
{
	enum tier t = *(const enum tier *)field;

	fprintf(out, " %s\n", t == TIER_AUTO ? "auto" : tier_name(t));
}

static void nothing(void *field)
{
	(void)field;
}

const struct config_type config_text = { false, text_set, text_equal, text_print, text_release };
const struct config_type config_path = { false, path_set, text_equal, text_print, text_release };
const struct config_type config_address = { false, listen_set, text_equal, text_print,
					    text_release };
const struct config_type config_paths = { true, list_add, list_equal, list_print, list_release };
const struct config_type config_count = { false, count_set, u64_equal, count_print, nothing };
const struct config_type config_duration = { false, duration_set, u64_equal, duration_print,
					     nothing };
const struct config_type config_level = { false, level_set, enum_equal, level_print, nothing };
const struct config_type config_tier = { false, tier_set, enum_equal, tier_print, nothing };

int config_parse_listen(const char *text, struct config_listen *ret_listen)
{
	const char *colon = strrchr(text, ':');
	struct config_listen l = { 0 };
	unsigned char address[sizeof(struct in6_addr)];
	uint64_t port;
	size_t len;

	if (!colon || parse_u64(colon + 1, 1, 65535, &port) < 0)
		return -EINVAL;
	len = (size_t)(colon - text);
	l.v6 = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	if (l.v6) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(l.address))
		return -EINVAL;
	memcpy(l.address, text, len);
	l.port = (uint16_t)port;
	if (inet_pton(l.v6 ? AF_INET6 : AF_INET, l.address, address) != 1)
		return -EINVAL;
	*ret_listen = l;
	return 0;
}
