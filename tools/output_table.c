/* SPDX-License-Identifier: Apache-2.0 */
/* table and wide: columns for people. */
#include "tools/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/table.h"
#include "tools/text.h"

#define COLUMNS_MAX 40
#define CELL_MAX 4096 /* bytes; the longest cgroup path is 4095 */
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

static size_t pick_columns(const struct output_part *part, bool wide,
			   const struct output_column *picked[static COLUMNS_MAX])
{
	size_t n = 0;

	for (const struct output_column *c = part->columns; c->title && n < COLUMNS_MAX; c++) {
		if (!c->wide || wide)
			picked[n++] = c;
	}
	return n;
}

static int add_row(struct table *t, const struct output_column *const *columns, size_t n,
		   const struct output_row *row, bool utf8)
{
	struct buf safe[COLUMNS_MAX] = { 0 };
	const char *cells[COLUMNS_MAX];
	int r;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(buf_release) struct buf raw = BUF_INIT(CELL_MAX);

		buf_init(&safe[i], (size_t)8 * CELL_MAX);
		columns[i]->cell(row->item, &raw);
		text_add_safe(&safe[i], buf_str(&raw), utf8);
		cells[i] = buf_str(&safe[i]);
	}
	r = table_add_row(t, cells, -1);
	for (size_t i = 0; i < n; i++)
		buf_release(&safe[i]);
	return r < 0 ? r : 0;
}

/* The table's lines again, those of rows with a warning in red. */
static int print_painted(struct table *t, const struct output_part *part, FILE *out)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *memory = NULL;
	size_t size, i = 0;
	int r;

	memory = open_memstream(&text, &size);
	if (!memory)
		return -ENOMEM;
	r = table_print(t, memory, part->header);
	if (r < 0 || fflush(memory) != 0)
		return r < 0 ? r : -ENOMEM;
	for (char *line = text, *end; *line; line = end + (*end == '\n'), i++) {
		size_t row = i - part->header;
		bool warn = i >= part->header && row < part->n_rows && part->rows[row].warn;

		end = strchrnul(line, '\n');
		fprintf(out, "%s%.*s%s\n", warn ? RED : "", (int)(end - line), line,
			warn ? PLAIN : "");
	}
	return 0;
}

static bool wants_paint(const struct output_part *part, FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(fileno(out)) || (no_color && *no_color) || !term)
		return false;
	for (size_t i = 0; i < part->n_rows; i++) {
		if (part->rows[i].warn)
			return true;
	}
	return false;
}

static int print_part(const struct output_part *part, bool wide, FILE *out)
{
	const struct output_column *picked[COLUMNS_MAX];
	struct table_column columns[COLUMNS_MAX];
	_cleanup_(table_freep) struct table *t = NULL;
	size_t n = pick_columns(part, wide, picked);
	bool utf8 = text_locale_is_utf8();
	int r;

	for (size_t i = 0; i < n; i++)
		columns[i] = (struct table_column){ picked[i]->title, picked[i]->flags };
	r = table_new(columns, n, &t);
	if (r == 0)
		table_trust_cells(t); /* add_row() makes them so */
	for (size_t i = 0; r == 0 && i < part->n_rows; i++)
		r = add_row(t, picked, n, &part->rows[i], utf8);
	if (r < 0)
		return r;
	if (wants_paint(part, out))
		return print_painted(t, part, out);
	return table_print(t, out, part->header);
}

static int print_parts(const struct output_doc *doc, bool wide, FILE *out)
{
	for (size_t i = 0; i < doc->n_parts; i++) {
		const struct output_part *part = &doc->parts[i];
		int r;

		if (part->title)
			fprintf(out, "%s%s\n", i ? "\n" : "", part->title);
		if (part->n_rows == 0) {
			if (part->empty)
				fprintf(out, "%s\n", part->empty);
			continue;
		}
		r = print_part(part, wide, out);
		if (r < 0)
			return r;
	}
	return 0;
}

static int table_write(const struct output_doc *doc, FILE *out)
{
	return print_parts(doc, false, out);
}

static int wide_write(const struct output_doc *doc, FILE *out)
{
	return print_parts(doc, true, out);
}

const struct output_writer output_table = { "table", table_write };
const struct output_writer output_wide = { "wide", wide_write };
