/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: `struct json` is a cJSON under another name, so that cJSON stays behind this file. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json_scan.h"

static const cJSON *node(const struct json *j)
{
	return (const cJSON *)j;
}

static const struct json *view(const cJSON *c)
{
	return (const struct json *)c;
}

int json_parse(const char *text, size_t len, struct json **ret_json, struct err *e)
{
	int r = json_scan(text, len, e);
	cJSON *root;

	if (r < 0)
		return r;
	root = cJSON_ParseWithLength(text, len);
	if (!root) /* the grammar is checked: only memory is left */
		return err_set(e, -ENOMEM, "out of memory");
	*ret_json = (struct json *)root;
	return 0;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)root);
}

void json_freep(struct json **root)
{
	json_free(*root);
}

enum json_kind json_kind(const struct json *j)
{
	switch (j ? node(j)->type & 0xff : cJSON_NULL) {
	case cJSON_True:
	case cJSON_False:
		return JSON_BOOL;
	case cJSON_Number:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

/* The member named by the first `len` bytes of key. */
static const struct json *member(const struct json *j, const char *key, size_t len)
{
	if (json_kind(j) != JSON_OBJECT)
		return NULL;
	for (const cJSON *c = node(j)->child; c; c = c->next) {
		if (strncmp(c->string, key, len) == 0 && c->string[len] == '\0')
			return view(c);
	}
	return NULL;
}

const struct json *json_get(const struct json *j, const char *key)
{
	return member(j, key, strlen(key));
}

const struct json *json_path(const struct json *j, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, ".");

		j = member(j, path, len);
		if (!j || !path[len])
			return j;
		path += len + 1;
	}
}

const char *json_str(const struct json *j, const char *fallback)
{
	return json_kind(j) == JSON_STRING ? node(j)->valuestring : fallback;
}

double json_num(const struct json *j, double fallback)
{
	if (json_kind(j) != JSON_NUMBER || !isfinite(node(j)->valuedouble))
		return fallback;
	return node(j)->valuedouble;
}

uint64_t json_u64(const struct json *j, uint64_t fallback)
{
	double d = json_num(j, -1);

	if (d < 0 || d > 0x1p64 || d != floor(d))
		return fallback;
	/* UINT64_MAX, our "no limit", becomes 2^64 in a double. */
	return d == 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

bool json_bool(const struct json *j, bool fallback)
{
	return json_kind(j) == JSON_BOOL ? (node(j)->type & 0xff) == cJSON_True : fallback;
}

const struct json *json_first(const struct json *j)
{
	enum json_kind kind = json_kind(j);

	return kind == JSON_ARRAY || kind == JSON_OBJECT ? view(node(j)->child) : NULL;
}

const struct json *json_next(const struct json *child)
{
	return child ? view(node(child)->next) : NULL;
}

size_t json_len(const struct json *j)
{
	size_t n = 0;

	for (j = json_first(j); j; j = json_next(j))
		n++;
	return n;
}

const char *json_key(const struct json *child)
{
	return child ? node(child)->string : NULL;
}
