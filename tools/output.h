/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One answer in several formats. A verb describes what it has (struct output_doc); the writer
 * behind -o decides how it looks, so that no verb asks for the format. Tables are for people:
 * rounded, cut to the terminal; json, yaml and csv carry the raw numbers of the API.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

struct output_row {
	const struct json *json; /* of the list, for json, yaml and csv */
	const void *item;	 /* for the cells of the table */
	bool warn;		 /* red on a terminal with colours */
};

struct output_column {
	const char *title;
	unsigned flags; /* enum table_column_flags */
	bool wide;	/* only with -o wide */
	/* Adds the cell's text; control characters are escaped by the writer. */
	void (*cell)(const void *item, struct buf *out);
};

/* A table with a headline (NULL: none). */
struct output_part {
	const char *title;
	const struct output_column *columns; /* ends with an entry without a title */
	const struct output_row *rows;
	size_t n_rows;
	bool header;
	const char *empty; /* said instead of a table without rows; NULL: nothing */
};

/* A field of the csv; the title carries the unit. */
struct output_field {
	const char *title;
	const char *path; /* in the row's JSON, dotted */
};

struct output_doc {
	const struct json *root; /* the agent's answer */
	/* json, yaml and csv: root's member `list` is replaced by these rows. NULL: root as it is. */
	const char *list;
	const struct output_row *rows;
	size_t n_rows;
	const struct output_field *fields; /* csv; NULL: one line per value, "path,value" */
	const struct output_part *parts;   /* table */
	size_t n_parts;
};

struct output_writer {
	const char *name; /* of -o */
	int (*write)(const struct output_doc *doc, FILE *out);
};

extern const struct output_writer output_table, output_wide, output_json, output_yaml, output_csv;

/* Adds a number so that it reads back equal: integers without exponent. */
void output_add_number(struct buf *out, double value);
/* "true", "1.5", text as it is; "" for null and for lists. */
void output_add_scalar(struct buf *out, const struct json *j);

/* Writes and flushes. 0, or -errno with a message ("cannot write: No space left on device"). */
int output_write(const struct output_writer *w, const struct output_doc *doc, FILE *out,
		 struct err *e);
