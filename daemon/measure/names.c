/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/names_private.h"

#define NAME_LEN_MAX 253 /* a DNS subdomain; namespaces and containers are shorter */

int names_new(struct names **ret_names)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	*ret_names = n;
	return 0;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	map_release(&n->pods);
	map_release(&n->containers);
	while (n->entries) {
		struct names_entry *next = n->entries->next;

		free(n->entries);
		n->entries = next;
	}
	free(n);
}

void names_freep(struct names **n)
{
	names_free(*n);
}

/* The strings of names, as a list to go through. */
#define N_STRINGS 5

static void list_strings(struct identity_names *names, const char **strings[N_STRINGS])
{
	strings[0] = &names->namespace_name;
	strings[1] = &names->pod;
	strings[2] = &names->container;
	strings[3] = &names->owner_kind;
	strings[4] = &names->owner_name;
}

static struct names_entry *entry_new(const struct identity_names *names)
{
	struct identity_names copy = *names;
	const char **strings[N_STRINGS];
	struct names_entry *entry;
	size_t size = 0;
	char *to;

	list_strings(&copy, strings);
	for (int i = 0; i < N_STRINGS; i++)
		size += *strings[i] ? strlen(*strings[i]) + 1 : 0;
	entry = calloc(1, sizeof(*entry) + size);
	if (!entry)
		return NULL;
	to = entry->text;
	for (int i = 0; i < N_STRINGS; i++) {
		if (!*strings[i])
			continue;
		size = strlen(*strings[i]) + 1;
		memcpy(to, *strings[i], size);
		*strings[i] = to;
		to += size;
	}
	entry->names = copy;
	return entry;
}

int names_put(struct names *n, struct map *table, const char *key,
	      const struct identity_names *names, bool replace)
{
	struct names_entry *entry;
	int r;

	if (!replace && map_get_str(table, key))
		return 0;
	if (n->n_entries == NAMES_MAX)
		return -E2BIG;
	entry = entry_new(names);
	if (!entry)
		return -ENOMEM;
	r = map_put_str(table, key, entry);
	if (r < 0) {
		free(entry);
		return r;
	}
	entry->next = n->entries;
	n->entries = entry;
	n->n_entries++;
	return 0;
}

bool names_is_name(const char *s)
{
	size_t len = 0;

	if (!s)
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s > '~' || ++len > NAME_LEN_MAX)
			return false;
	}
	return len > 0;
}

bool names_container_id(const char *s, char ret_id[static IDENTITY_CONTAINER_ID_LEN])
{
	char id[IDENTITY_CONTAINER_ID_LEN];

	for (size_t i = 0; i < sizeof(id) - 1; i++) {
		char lower = s[i] | 0x20;

		if (s[i] >= '0' && s[i] <= '9')
			id[i] = s[i];
		else if (lower >= 'a' && lower <= 'f')
			id[i] = lower;
		else
			return false;
	}
	id[sizeof(id) - 1] = '\0';
	memcpy(ret_id, id, sizeof(id));
	return true;
}

bool names_find(const struct names *n, const char *pod_uid, const char *container_id,
		struct identity_names *ret_names)
{
	char uid[IDENTITY_UID_LEN], id[IDENTITY_CONTAINER_ID_LEN];
	const struct names_entry *entry = NULL;

	if (container_id && names_container_id(container_id, id) && !container_id[sizeof(id) - 1])
		entry = map_get_str(&n->containers, id);
	if (!entry && pod_uid && identity_canonical_uid(pod_uid, strlen(pod_uid), uid))
		entry = map_get_str(&n->pods, uid);
	if (!entry)
		return false;
	*ret_names = entry->names;
	return true;
}
