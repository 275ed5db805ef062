/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

struct table {
	struct libscols_table *scols;
	size_t n_columns;
	struct libscols_line **rows; /* borrowed: libsmartcols finds a row by number in O(n) */
	size_t n_rows;
	size_t alloc;
};

static int table_add_column(struct table *t, const struct table_column *c)
{
	int flags = 0;

	if (c->flags & TABLE_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (c->flags & TABLE_CUT)
		flags |= SCOLS_FL_TRUNC;
	if (c->flags & TABLE_TREE)
		flags |= SCOLS_FL_TREE;
	return scols_table_new_column(t->scols, c->title, 0, flags) ? 0 : -ENOMEM;
}

int table_new(const struct table_column *columns, size_t n_columns, struct table **ret_table)
{
	_cleanup_(table_freep) struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->scols = scols_new_table();
	if (!t->scols)
		return -ENOMEM;
	for (size_t i = 0; i < n_columns; i++) {
		int r = table_add_column(t, &columns[i]);

		if (r < 0)
			return r;
	}
	t->n_columns = n_columns;
	*ret_table = TAKE_PTR(t);
	return 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->scols);
	free(t->rows);
	free(t);
}

void table_freep(struct table **t)
{
	table_free(*t);
}

void table_trust_cells(struct table *t)
{
	scols_table_enable_noencoding(t->scols, 1);
}

static int table_reserve_row(struct table *t)
{
	size_t alloc = t->alloc ? t->alloc * 2 : 16;
	struct libscols_line **rows;

	if (t->n_rows < t->alloc)
		return 0;
	if (t->n_rows >= INT_MAX / 2) /* a row's number is an int */
		return -E2BIG;
	rows = reallocarray(t->rows, alloc, sizeof(struct libscols_line *));
	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	t->alloc = alloc;
	return 0;
}

int table_add_row(struct table *t, const char *const *cells, int parent)
{
	struct libscols_line *line;
	int r;

	if (parent >= 0 && (size_t)parent >= t->n_rows)
		return -EINVAL;
	r = table_reserve_row(t);
	if (r < 0)
		return r;
	line = scols_table_new_line(t->scols, parent >= 0 ? t->rows[parent] : NULL);
	if (!line)
		return -ENOMEM;
	t->rows[t->n_rows++] = line;
	for (size_t i = 0; i < t->n_columns; i++) {
		r = scols_line_set_data(line, i, cells[i]);
		if (r < 0)
			return r;
	}
	return (int)t->n_rows - 1;
}

/* libsmartcols looks at stdout only; we print where we are told. */
static void table_fit(struct table *t, FILE *out)
{
	struct winsize size;
	int fd = fileno(out);

	if (fd < 0 || !isatty(fd)) {
		scols_table_set_termforce(t->scols, SCOLS_TERMFORCE_NEVER);
		return;
	}
	scols_table_set_termforce(t->scols, SCOLS_TERMFORCE_ALWAYS);
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		scols_table_set_termwidth(t->scols, size.ws_col);
}

int table_print(struct table *t, FILE *out, bool header)
{
	int r;

	table_fit(t, out);
	r = scols_table_enable_noheadings(t->scols, !header);
	if (r == 0)
		r = scols_table_set_stream(t->scols, out);
	if (r == 0)
		r = scols_print_table(t->scols);
	return r;
}
