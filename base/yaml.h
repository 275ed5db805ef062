/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML (and so JSON) into a small tree that keeps line numbers, for files that people write.
 * Bounded: size, depth, number of nodes; aliases are refused (they allow tiny files to grow
 * without bound); duplicate keys are an error. libyaml's only owner.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	unsigned line;	    /* counted from 1 */
	char *key;	    /* this node's name in its map, else NULL */
	char *value;	    /* a scalar's text, "" for null; else NULL */
	int quoted;	    /* a scalar in quotes: always a string */
	struct yaml *child; /* first of a list or map */
	struct yaml *next;  /* sibling */
};

/*
 * Text of one document; an empty one is an empty map. -EINVAL names line and column, -E2BIG (more
 * than 1 MiB), -ENOMEM. Also refused: tags, keys that are no plain text, a NUL in a text.
 */
int yaml_parse(const char *text, size_t len, struct yaml **ret_root, struct err *e);
/* Hidden because libyaml exports a yaml_free() of its own, which ours would take the place of. */
void yaml_free(struct yaml *y) __attribute__((visibility("hidden")));
void yaml_freep(struct yaml **y);
/* Member of a map, NULL where absent. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/*
 * Writes `s` as a YAML scalar, quoted where it would not read back as the same text. "true" and
 * "5" stay plain: here every scalar is a text until its reader gives it a type.
 */
int yaml_add_scalar(struct buf *out, const char *s);
