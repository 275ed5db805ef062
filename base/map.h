/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two hash tables over pointers the caller owns: by 64-bit key and by string. Open addressing,
 * grows at 3/4, deletes without tombstones. Iteration order is unspecified; a table must not be
 * changed while it is iterated.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	uint64_t key; /* the key itself, or the hash of the string */
	void *value;  /* NULL: free place */
	char *str;    /* owned copy of a string key, else NULL */
};

struct map {
	struct map_entry *entries;
	size_t alloc; /* power of two, or 0 */
	size_t len;
};

/* A zeroed struct is an empty table. Values are not freed: they are the caller's. */
void map_release(struct map *m);

/* The value or NULL. */
void *map_get(const struct map *m, uint64_t key);
void *map_get_str(const struct map *m, const char *key);

/* Puts or replaces; value must not be NULL. 0 or -ENOMEM (table unchanged). */
int map_put(struct map *m, uint64_t key, void *value);
int map_put_str(struct map *m, const char *key, void *value);

/* Takes the entry out and returns its value, NULL where there was none. */
void *map_remove(struct map *m, uint64_t key);
void *map_remove_str(struct map *m, const char *key);

/* for (size_t i = 0; (e = map_next(m, &i));) ... */
const struct map_entry *map_next(const struct map *m, size_t *iter);
