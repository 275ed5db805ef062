/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing over a power of two. A key's home is a pure function of the key: no random seed,
 * so that one input gives one order of iteration and thus one plan.
 */
#include "base/map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define MAP_ALLOC_MIN 16

/* Murmur3's finalizer: cgroup ids and pids are nearly consecutive. */
static uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	x ^= x >> 33;
	return x;
}

/* FNV-1a. */
static uint64_t hash_str(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}

static size_t map_home(const struct map *m, uint64_t key)
{
	return hash_u64(key) & (m->alloc - 1);
}

static bool entry_matches(const struct map_entry *e, uint64_t key, const char *str)
{
	if (e->key != key)
		return false;
	return str ? e->str && strcmp(e->str, str) == 0 : !e->str;
}

/* The key's entry, or the free place where it belongs; NULL only while there is no table. */
static struct map_entry *map_find(const struct map *m, uint64_t key, const char *str)
{
	if (!m->alloc)
		return NULL;
	for (size_t i = map_home(m, key);; i = (i + 1) & (m->alloc - 1)) {
		struct map_entry *e = &m->entries[i];

		if (!e->value || entry_matches(e, key, str))
			return e;
	}
}

static int map_grow(struct map *m)
{
	struct map grown = { .alloc = m->alloc ? m->alloc * 2 : MAP_ALLOC_MIN, .len = m->len };

	grown.entries = calloc(grown.alloc, sizeof(*grown.entries));
	if (!grown.entries)
		return -ENOMEM;
	for (size_t i = 0; i < m->alloc; i++) {
		const struct map_entry *e = &m->entries[i];

		if (e->value)
			*map_find(&grown, e->key, e->str) = *e;
	}
	free(m->entries);
	*m = grown;
	return 0;
}

static int map_insert(struct map *m, uint64_t key, const char *str, void *value)
{
	_cleanup_free_ char *copy = NULL;
	struct map_entry *e = map_find(m, key, str);
	int r;

	if (!value)
		return -EINVAL;
	if (e && e->value) {
		e->value = value;
		return 0;
	}
	if (str) {
		copy = strdup(str);
		if (!copy)
			return -ENOMEM;
	}
	if (!e || (m->len + 1) * 4 > m->alloc * 3) {
		r = map_grow(m);
		if (r < 0)
			return r;
		e = map_find(m, key, str);
	}
	*e = (struct map_entry){ .key = key, .value = value, .str = TAKE_PTR(copy) };
	m->len++;
	return 0;
}

/*
 * Closes the hole at `hole` by moving back every later entry of the cluster whose home does not
 * lie between the hole and itself, so that no tombstone is needed.
 */
static void map_close_hole(struct map *m, size_t hole)
{
	size_t mask = m->alloc - 1;

	for (size_t i = (hole + 1) & mask; m->entries[i].value; i = (i + 1) & mask) {
		size_t home = map_home(m, m->entries[i].key);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->entries[hole] = m->entries[i];
			hole = i;
		}
	}
	m->entries[hole] = (struct map_entry){ 0 };
}

static void *map_delete(struct map *m, uint64_t key, const char *str)
{
	struct map_entry *e = map_find(m, key, str);
	void *value;

	if (!e || !e->value)
		return NULL;
	value = e->value;
	free(e->str);
	m->len--;
	map_close_hole(m, (size_t)(e - m->entries));
	return value;
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->alloc; i++)
		free(m->entries[i].str);
	free(m->entries);
	*m = (struct map){ 0 };
}

void *map_get(const struct map *m, uint64_t key)
{
	const struct map_entry *e = map_find(m, key, NULL);

	return e ? e->value : NULL;
}

void *map_get_str(const struct map *m, const char *key)
{
	const struct map_entry *e = map_find(m, hash_str(key), key);

	return e ? e->value : NULL;
}

int map_put(struct map *m, uint64_t key, void *value)
{
	return map_insert(m, key, NULL, value);
}

int map_put_str(struct map *m, const char *key, void *value)
{
	return map_insert(m, hash_str(key), key, value);
}

void *map_remove(struct map *m, uint64_t key)
{
	return map_delete(m, key, NULL);
}

void *map_remove_str(struct map *m, const char *key)
{
	return map_delete(m, hash_str(key), key);
}

const struct map_entry *map_next(const struct map *m, size_t *iter)
{
	while (*iter < m->alloc) {
		const struct map_entry *e = &m->entries[(*iter)++];

		if (e->value)
			return e;
	}
	return NULL;
}
