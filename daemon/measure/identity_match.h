/* SPDX-License-Identifier: Apache-2.0 */
/* What one component of a cgroup path can be; only for identity.c, which puts them together. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/measure/identity.h"

#define IDENTITY_CONTAINER_DIGITS (IDENTITY_CONTAINER_ID_LEN - 1)
#define IDENTITY_COMPONENT_MAX 256 /* NAME_MAX and a NUL */

/* One component and what stood before it. */
struct identity_component {
	char text[IDENTITY_COMPONENT_MAX]; /* unescaped */
	size_t len;
	unsigned depth;			     /* counted from 1 */
	char parent[IDENTITY_COMPONENT_MAX]; /* "" at the top */
};

/* What a pod's component says. */
struct identity_pod {
	char uid[IDENTITY_UID_LEN];
	const char *qos;
};

/* What a container's component says. */
struct identity_container {
	char id[IDENTITY_CONTAINER_ID_LEN];
	const char *runtime;
	bool scope;
};

/* The component without systemd's escapes, ready to be matched; its old text becomes `parent`. */
void identity_component_next(struct identity_component *c, const char *s, size_t len);

/* "pod<uid>": the cgroupfs driver's. */
bool identity_match_pod_dir(const struct identity_component *c, struct identity_pod *ret_pod);
/* "[...-]pod<uid>.slice", where the UID has '_', '-' or a mix; `len` bytes of it are the slice. */
bool identity_match_pod_slice(const struct identity_component *c, size_t len,
			      struct identity_pod *ret_pod);
/* "[runtime-]<64 hex>[.scope]" below a pod. */
bool identity_match_container(const struct identity_component *c,
			      struct identity_container *ret_container);
/* The same without a pod, where names are freer and so less is believed. */
bool identity_match_podless(const struct identity_component *c,
			    struct identity_container *ret_container);
/* The id and runtime of "<runtime>:<64 hex>". */
bool identity_match_colon(const char *s, struct identity_container *ret_container);
/* A service, scope, socket, mount or swap: what systemd runs or watches, but not a slice. */
bool identity_match_unit(const struct identity_component *c);
