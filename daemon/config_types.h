/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the keys of the configuration: how a text becomes a checked value and back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* A key: how to read its text into the field at `offset`. */
struct config_key {
	const char *name;
	const struct config_type *type;
	size_t offset;
	const char *fallback; /* default; elements of a list are separated by blanks */
	bool restart;
	uint64_t min, max; /* of the value, or the length of a text */
	const char *doc;
};

struct config_type {
	bool is_list;
	/* Takes one scalar; -errno with the reason (what was expected) in e. */
	int (*set)(const struct config_key *k, void *field, const char *text, struct err *e);
	bool (*equal)(const void *a, const void *b);
	void (*print)(const void *field, FILE *out);
	void (*release)(void *field);
};

extern const struct config_type config_text, config_path, config_address, config_paths,
	config_count, config_duration, config_level, config_tier;
