/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns for people: aligned, cut to the terminal's width, right-aligned numbers, trees.
 * libsmartcols' only owner. Without a terminal nothing is cut.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct table;

enum table_column_flags {
	TABLE_RIGHT = 1 << 0, /* numbers */
	TABLE_CUT = 1 << 1,   /* may be shortened when the line is too long */
	TABLE_TREE = 1 << 2,  /* carries the branches */
};

struct table_column {
	const char *title;
	unsigned flags;
};

int table_new(const struct table_column *columns, size_t n_columns, struct table **ret_table);
void table_free(struct table *t);
void table_freep(struct table **t);
/*
 * Cells are safe for a terminal as they are. Else control characters in them are escaped, and so is
 * what looks like such an escape: systemd's "\x2d" in names of units would become "\x5cx2d".
 */
void table_trust_cells(struct table *t);
/* One text per column (copied; NULL is empty). `parent` is a row number or -1; the row or -errno. */
int table_add_row(struct table *t, const char *const *cells, int parent);
/* Prints nothing while there are no rows. 0 or -errno. */
int table_print(struct table *t, FILE *out, bool header);
