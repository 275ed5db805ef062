/* SPDX-License-Identifier: Apache-2.0 */
/* The table of names; only for names*.c. */
#pragma once

#include "base/map.h"
#include "daemon/measure/names.h"

/* Owns the strings of its names, which stand in `text`. */
struct names_entry {
	struct names_entry *next;
	struct identity_names names;
	char text[];
};

struct names {
	struct map pods;       /* canonical UID -> struct names_entry, container is NULL */
	struct map containers; /* id -> struct names_entry */
	struct names_entry *entries;
	unsigned n_entries;
};

/* Names without a container and without resources. */
#define NAMES_NONE                                                                                 \
	((struct identity_names){ .cpu_request_milli = UINT64_MAX,                                 \
				  .cpu_limit_milli = UINT64_MAX,                                   \
				  .memory_request_bytes = UINT64_MAX,                              \
				  .memory_limit_bytes = UINT64_MAX })

/*
 * Puts a copy of `names` under the key into one of the two tables. What stands there already is
 * replaced or kept. -ENOMEM, or -E2BIG past NAMES_MAX.
 */
int names_put(struct names *n, struct map *table, const char *key,
	      const struct identity_names *names, bool replace);

/* Printable without spaces and not longer than any name in Kubernetes: fit for terminals. */
bool names_is_name(const char *s);
/* The first 64 characters of s as a container id in lower case; false when they are none. */
bool names_container_id(const char *s, char ret_id[static IDENTITY_CONTAINER_ID_LEN]);
