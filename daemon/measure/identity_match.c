/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/identity_match.h"

#include <string.h>

#include "base/cleanup.h"

#define UID_LEN (IDENTITY_UID_LEN - 1)
#define STATIC_UID_LEN 32 /* md5 of the manifest; the mirror pod carries it as an annotation */

static bool equals(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Copies n hexadecimal digits in lower case; false (and nothing promised) when one is none. */
static bool copy_hex(const char *s, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		int digit = hex_digit(s[i]);

		if (digit < 0)
			return false;
		to[i] = "0123456789abcdef"[digit];
	}
	return true;
}

bool identity_canonical_uid(const char *s, size_t len, char ret_uid[static IDENTITY_UID_LEN])
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	char uid[IDENTITY_UID_LEN] = { 0 };
	size_t at = 0;

	if (len == STATIC_UID_LEN) {
		if (!copy_hex(s, len, uid))
			return false;
		memcpy(ret_uid, uid, sizeof(uid));
		return true;
	}
	if (len != UID_LEN)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (i > 0) {
			/* The systemd driver writes '_', as '-' would nest slices. */
			if (s[at] != '-' && s[at] != '_')
				return false;
			uid[at++] = '-';
		}
		if (!copy_hex(s + at, groups[i], uid + at))
			return false;
		at += groups[i];
	}
	memcpy(ret_uid, uid, sizeof(uid));
	return true;
}

/* The QoS class that a directory stands for: "burstable", "kubepods-besteffort.slice", ... */
static const char *qos_of_parent(const char *name)
{
	size_t len = strlen(name);

	if (equals(name, "burstable") || ends_with(name, len, "-burstable.slice"))
		return "burstable";
	if (equals(name, "besteffort") || ends_with(name, len, "-besteffort.slice"))
		return "besteffort";
	return "";
}

/* Guaranteed pods sit directly below the kubepods root. */
bool identity_match_pod_dir(const struct identity_component *c, struct identity_pod *ret_pod)
{
	if (!starts_with(c->text, "pod") ||
	    !identity_canonical_uid(c->text + 3, c->len - 3, ret_pod->uid))
		return false;
	ret_pod->qos = qos_of_parent(c->parent);
	if (!*ret_pod->qos && equals(c->parent, "kubepods"))
		ret_pod->qos = "guaranteed";
	return true;
}

/* What stands before "pod<uid>.slice": "", "kubepods-", "kubelet-kubepods-burstable-", ... */
static const char *qos_of_prefix(const char *prefix, size_t len, const char *parent)
{
	const char *qos;

	if (ends_with(prefix, len, "kubepods-burstable-"))
		return "burstable";
	if (ends_with(prefix, len, "kubepods-besteffort-"))
		return "besteffort";
	qos = qos_of_parent(parent);
	return !*qos && ends_with(prefix, len, "kubepods-") ? "guaranteed" : qos;
}

bool identity_match_pod_slice(const struct identity_component *c, size_t len,
			      struct identity_pod *ret_pod)
{
	static const size_t uid_lens[] = { UID_LEN, STATIC_UID_LEN };
	const char *s = c->text;

	if (!ends_with(s, len, ".slice"))
		return false;
	len -= strlen(".slice");
	for (size_t i = 0; i < ARRAY_LEN(uid_lens); i++) {
		size_t prefix;

		if (len < 3 + uid_lens[i])
			continue;
		prefix = len - 3 - uid_lens[i];
		if (memcmp(s + prefix, "pod", 3) != 0 || (prefix && s[prefix - 1] != '-'))
			continue;
		if (!identity_canonical_uid(s + prefix + 3, uid_lens[i], ret_pod->uid))
			continue;
		ret_pod->qos = qos_of_prefix(s, prefix, c->parent);
		return true;
	}
	return false;
}

/* What runtimes write before the container id, and between the colons of the colon form. */
static const struct runtime_name {
	const char *prefix;
	const char *runtime;
} runtime_names[] = {
	{ "cri-containerd", "containerd" },
	{ "containerd", "containerd" },
	{ "nerdctl", "containerd" },
	{ "crio", "crio" },
	{ "docker", "docker" },
	{ "libpod", "podman" },
	{ "libpod-payload", "podman" },
};

/* "" for an unknown name. */
static const char *runtime_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(runtime_names); i++) {
		if (strlen(runtime_names[i].prefix) == len &&
		    memcmp(runtime_names[i].prefix, name, len) == 0)
			return runtime_names[i].runtime;
	}
	return "";
}

/* A container's monitor (crio-conmon-, libpod-conmon-) carries the id too. */
bool identity_match_container(const struct identity_component *c,
			      struct identity_container *ret_container)
{
	size_t len = c->len, prefix;

	ret_container->scope = ends_with(c->text, len, ".scope");
	if (ret_container->scope)
		len -= strlen(".scope");
	if (len < IDENTITY_CONTAINER_DIGITS)
		return false;
	prefix = len - IDENTITY_CONTAINER_DIGITS;
	if (prefix && (prefix == 1 || c->text[prefix - 1] != '-'))
		return false;
	if (ends_with(c->text, prefix, "conmon-") ||
	    !copy_hex(c->text + prefix, IDENTITY_CONTAINER_DIGITS, ret_container->id))
		return false;
	ret_container->id[IDENTITY_CONTAINER_DIGITS] = '\0';
	ret_container->runtime = prefix ? runtime_of(c->text, prefix - 1) : "";
	return true;
}

/*
 * A bare id without a pod is a container only where its parent can hold one: not at the top, not
 * as a stray directory of kubelet's, and below libpod_parent it is a podman pod. Docker's cgroup
 * parent can have any name (--cgroup-parent); containerd's is its namespace.
 */
static bool match_bare_container(const struct identity_component *c, struct identity_container *m)
{
	static const struct {
		const char *parent;
		const char *runtime; /* NULL: holds no containers */
	} parents[] = {
		{ "", NULL },
		{ "kubepods", NULL },
		{ "burstable", NULL },
		{ "besteffort", NULL },
		{ "libpod_parent", NULL },
		{ "..", "" },
		{ "containerd", "containerd" },
		{ "default", "containerd" },
		{ "k8s.io", "containerd" },
	};
	size_t parent_len = strlen(c->parent);

	m->runtime = "docker";
	if (ends_with(c->parent, parent_len, ".slice") ||
	    ends_with(c->parent, parent_len, ".service"))
		m->runtime = "";
	for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
		if (equals(c->parent, parents[i].parent))
			m->runtime = parents[i].runtime;
	}
	return m->runtime;
}

/* An unknown prefix counts only with .scope. */
bool identity_match_podless(const struct identity_component *c,
			    struct identity_container *ret_container)
{
	if (!identity_match_container(c, ret_container))
		return false;
	if (c->len == IDENTITY_CONTAINER_DIGITS)
		return match_bare_container(c, ret_container);
	return *ret_container->runtime || ret_container->scope;
}

bool identity_match_unit(const struct identity_component *c)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (c->len > strlen(suffixes[i]) && ends_with(c->text, c->len, suffixes[i]))
			return true;
	}
	return false;
}

bool identity_match_colon(const char *s, struct identity_container *ret_container)
{
	struct identity_container m = { .scope = false };
	const char *colon = strchr(s, ':');

	if (!colon || strlen(colon + 1) != IDENTITY_CONTAINER_DIGITS ||
	    !copy_hex(colon + 1, IDENTITY_CONTAINER_DIGITS, m.id))
		return false;
	m.runtime = runtime_of(s, (size_t)(colon - s));
	*ret_container = m;
	return true;
}

/*
 * Copies a component without systemd's \xNN escapes (of printable characters: the others would
 * harm terminals), control characters as '?'.
 */
void identity_component_next(struct identity_component *c, const char *s, size_t len)
{
	memcpy(c->parent, c->text, c->len + 1);
	c->depth++;
	c->len = 0;
	for (size_t i = 0; i < len && c->len < sizeof(c->text) - 1; i++) {
		unsigned char out = (unsigned char)s[i];

		if (out == '\\' && len - i >= 4 && s[i + 1] == 'x') {
			int high = hex_digit(s[i + 2]), low = hex_digit(s[i + 3]);
			int byte = high < 0 || low < 0 ? -1 : high << 4 | low;

			if (byte >= ' ' && byte < 0x7f) {
				out = (unsigned char)byte;
				i += 3;
			}
		}
		c->text[c->len++] = (char)(out < ' ' || out == 0x7f ? '?' : out);
	}
	c->text[c->len] = '\0';
}
