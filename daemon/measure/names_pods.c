/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from pods as JSON. A list is not parsed as a whole: its text is checked once, then one item
 * at a time becomes a tree, for a tree takes eight times the memory of its text.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "daemon/measure/names.h"
#include "daemon/measure/names_private.h"
#include "kube/quantity.h"

/* Absent or not positive: UINT64_MAX. */
static uint64_t read_resource(const struct json *resources, const char *list, const char *name)
{
	const struct json *j = json_get(json_get(resources, list), name);
	bool cpu = strcmp(name, "cpu") == 0;
	struct quantity q;
	int64_t value;
	int r;

	if (json_kind(j) == JSON_NULL || quantity_from_json(j, &q) < 0 || q.negative)
		return UINT64_MAX;
	r = cpu ? quantity_milli(&q, &value) : quantity_units(&q, &value);
	return r < 0 ? UINT64_MAX : (uint64_t)value;
}

/* The container of that name in the pod's spec, among all three kinds; NULL. */
static const struct json *find_container(const struct json *spec, const char *name)
{
	static const char *const lists[] = { "containers", "initContainers",
					     "ephemeralContainers" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct json *c = json_first(json_get(spec, lists[i]));

		for (; c; c = json_next(c)) {
			if (strcmp(json_str(json_get(c, "name"), ""), name) == 0)
				return c;
		}
	}
	return NULL;
}

/* "containerd://<64 hex>"; a container that has not started has "" or nothing. */
static int add_container_id(struct names *n, const struct json *j,
			    const struct identity_names *names, bool replace)
{
	const char *id = strstr(json_str(j, ""), "://");
	char key[IDENTITY_CONTAINER_ID_LEN];

	if (!id || !names_container_id(id + 3, key) || id[3 + sizeof(key) - 1])
		return 0;
	return names_put(n, &n->containers, key, names, replace);
}

/* One containerStatus: the running container, and the one before it, whose cgroup may remain. */
static int add_status(struct names *n, const struct json *status, const struct json *spec,
		      const struct identity_names *pod)
{
	const char *name = json_str(json_get(status, "name"), NULL);
	struct identity_names names = *pod;
	const struct json *resources;
	int r;

	if (!names_is_name(name))
		return 0;
	names.container = name;
	resources = json_get(find_container(spec, name), "resources");
	names.cpu_request_milli = read_resource(resources, "requests", "cpu");
	names.cpu_limit_milli = read_resource(resources, "limits", "cpu");
	names.memory_request_bytes = read_resource(resources, "requests", "memory");
	names.memory_limit_bytes = read_resource(resources, "limits", "memory");
	r = add_container_id(n, json_get(status, "containerID"), &names, true);
	if (r < 0)
		return r;
	return add_container_id(n, json_path(status, "lastState.terminated.containerID"), &names,
				false);
}

static int add_statuses(struct names *n, const struct json *pod, const struct identity_names *names)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
					     "ephemeralContainerStatuses" };
	const struct json *spec = json_get(pod, "spec");

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct json *s = json_first(json_get(json_get(pod, "status"), lists[i]));

		for (; s; s = json_next(s)) {
			int r = add_status(n, s, spec, names);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The owner that manages the pod. */
static void read_owner(const struct json *metadata, struct identity_names *names)
{
	const struct json *owner = json_first(json_get(metadata, "ownerReferences"));

	for (; owner; owner = json_next(owner)) {
		const char *kind = json_str(json_get(owner, "kind"), NULL);
		const char *name = json_str(json_get(owner, "name"), NULL);

		if (!json_bool(json_get(owner, "controller"), false) || !names_is_name(kind) ||
		    !names_is_name(name))
			continue;
		names->owner_kind = kind;
		names->owner_name = name;
		return;
	}
}

/*
 * By its UID, and by the hash that a static pod's cgroup carries instead. Anybody may write the
 * annotation, so it never takes a place that a UID has.
 */
static int add_pod(struct names *n, const struct json *pod)
{
	const struct json *metadata = json_get(pod, "metadata");
	const char *uid = json_str(json_get(metadata, "uid"), "");
	const struct json *annotations = json_get(metadata, "annotations");
	const char *hash = json_str(json_get(annotations, "kubernetes.io/config.hash"), "");
	struct identity_names names = NAMES_NONE;
	char key[IDENTITY_UID_LEN];
	int r;

	names.namespace_name = json_str(json_get(metadata, "namespace"), NULL);
	names.pod = json_str(json_get(metadata, "name"), NULL);
	if (!names_is_name(names.namespace_name) || !names_is_name(names.pod) ||
	    !identity_canonical_uid(uid, strlen(uid), key))
		return 0;
	read_owner(metadata, &names);
	r = names_put(n, &n->pods, key, &names, true);
	if (r == 0 && identity_canonical_uid(hash, strlen(hash), key))
		r = names_put(n, &n->pods, key, &names, false);
	return r < 0 ? r : add_statuses(n, pod, &names);
}

/* A part of a text that is known to be JSON. */
struct slice {
	const char *at;
	size_t len;
};

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* Past the string that begins at s. */
static const char *skip_string(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		s += *s == '\\' && s[1];
	return *s ? s + 1 : s;
}

/* Past the value that begins at s. */
static const char *skip_value(const char *s)
{
	unsigned depth = 0;

	do {
		s += strcspn(s, depth ? "\"[]{}" : "\"[]{}, \t\r\n");
		if (*s == '"') {
			s = skip_string(s);
			continue;
		}
		if (*s == '[' || *s == '{')
			depth++;
		else if ((*s == ']' || *s == '}') && depth)
			depth--;
		else
			break;
		s++;
	} while (*s && depth);
	return s;
}

static bool slice_is(const struct slice *s, const char *text)
{
	return s->len == strlen(text) && memcmp(s->at, text, s->len) == 0;
}

/* The value of a member of the object that is the whole text; false: there is none. */
static bool find_member(const char *text, const char *quoted_key, struct slice *ret_value)
{
	const char *s = skip_space(text);

	if (*s != '{')
		return false;
	s = skip_space(s + 1);
	while (*s == '"') {
		struct slice key = { .at = s }, value;

		s = skip_string(s);
		key.len = (size_t)(s - key.at);
		s = skip_space(s);
		s += *s == ':';
		value.at = skip_space(s);
		s = skip_value(value.at);
		value.len = (size_t)(s - value.at);
		if (slice_is(&key, quoted_key)) {
			*ret_value = value;
			return true;
		}
		s = skip_space(s);
		s = skip_space(s + (*s == ','));
	}
	return false;
}

/* The error of a pod that can't be added, in words. */
static int explain(int r, struct err *e)
{
	if (r == -E2BIG)
		return err_set(e, r, "more than %u pods and containers", NAMES_MAX);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

static int add_item(struct names *n, const struct slice *item, struct err *e)
{
	_cleanup_(json_freep) struct json *pod = NULL;
	int r;

	r = json_parse(item->at, item->len, &pod, e);
	if (r < 0)
		return r;
	/* A List may hold anything; the items of a PodList carry no kind. */
	if (strcmp(json_str(json_get(pod, "kind"), "Pod"), "Pod") != 0)
		return 0;
	return explain(add_pod(n, pod), e);
}

static int add_items(struct names *n, const struct slice *items, struct err *e)
{
	const char *s = items->at;

	if (*s != '[')
		return *s == 'n' ? 0 : err_set(e, -EINVAL, "items: expected a list");
	s = skip_space(s + 1);
	while (*s && *s != ']') {
		struct slice item = { .at = s };
		int r;

		s = skip_value(s);
		item.len = (size_t)(s - item.at);
		r = add_item(n, &item, e);
		if (r < 0)
			return r;
		s = skip_space(s);
		s = skip_space(s + (*s == ','));
	}
	return 0;
}

static int load_checked(struct names *n, const char *text, size_t len, struct err *e)
{
	static const char remedy[] = "make the file with: kubectl get pods -A -o json";
	struct slice kind = { "", 0 }, items, whole = { text, len };
	bool has_kind = find_member(text, "\"kind\"", &kind);

	if (has_kind && slice_is(&kind, "\"Pod\""))
		return add_item(n, &whole, e);
	if (has_kind && !slice_is(&kind, "\"PodList\"") && !slice_is(&kind, "\"List\""))
		return err_set(e, -EINVAL, "kind %.*s holds no pods: %s",
			       kind.len > 64 ? 64 : (int)kind.len, kind.at, remedy);
	if (!find_member(text, "\"items\"", &items))
		return err_set(e, -EINVAL, "neither a list nor a pod: %s", remedy);
	return add_items(n, &items, e);
}

int names_load_pods(struct names *n, const char *text, size_t len, struct err *e)
{
	_cleanup_(buf_release) struct buf copy = BUF_INIT(NAMES_FILE_MAX);
	int r = json_scan(text, len, e);

	if (r < 0)
		return r;
	/* The splitter relies on a NUL at the end. */
	r = buf_add(&copy, text, len);
	if (r < 0)
		return err_set(e, r, "%s", strerror(-r));
	return load_checked(n, buf_str(&copy), copy.len, e);
}

int names_load_pods_file(struct names *n, const char *path, struct err *e)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT(NAMES_FILE_MAX);
	struct err why = { "" };
	int r;

	r = file_read_at(AT_FDCWD, path, &text);
	if (r == -E2BIG)
		return err_set(e, r,
			       "pods file '%s': larger than %u MiB: take this node's pods alone "
			       "(--field-selector spec.nodeName=NODE)",
			       path, NAMES_FILE_MAX >> 20);
	if (r < 0)
		return err_set(e, r, "pods file '%s': cannot read: %s", path, strerror(-r));
	r = json_scan(buf_str(&text), text.len, &why);
	if (r == 0)
		r = load_checked(n, buf_str(&text), text.len, &why);
	return r < 0 ? err_set(e, r, "pods file '%s': %s", path, err_msg(&why)) : 0;
}
