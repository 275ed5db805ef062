/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen of `evictctl top`: ncurses' only user besides the keys in cmd_top.c. It draws what
 * struct top_screen says and decides nothing, except how much fits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/top_fetch.h"
#include "tools/top_model.h"

#define TOP_INPUT_MAX 128

/* A key, for the handler, the help and the last line. */
struct top_key {
	int key;
	const char *name;  /* "Enter" */
	const char *brief; /* on the last line; NULL: only in the help */
	const char *help;
};

struct top_screen {
	/* what to show */
	struct top_answer answer; /* the last good one */
	bool has_answer;
	struct top_lines lines;
	struct top_view view;
	size_t selected;
	const struct top_key *keys; /* ends with an entry without a name */
	bool pane;
	bool help;
	bool editing;		   /* the filter, in `input` */
	char input[TOP_INPUT_MAX]; /* the filter; view.filter.pattern points here */
	const char *error;	   /* why the answer is old; NULL: it is not */
	/* how */
	bool utf8, colour;
	/* set by drawing */
	size_t first;	  /* line at the top of the table */
	size_t page_rows; /* lines that fit */
};

/* Colours; after initscr(). */
void top_draw_init(struct top_screen *s);
void top_draw(struct top_screen *s);

/* For top_detail.c: safe text in `width` columns; pad as in text_add_fit(). */
void top_put(const struct top_screen *s, int y, int x, int width, int pad, unsigned attr,
	     const char *text);
void top_printf(const struct top_screen *s, int y, int x, int width, unsigned attr, const char *fmt,
		...) _printf_(6, 7);
/* The attribute of a cause: its colour, where there are colours. */
unsigned top_cause_attr(const struct top_screen *s, enum usage_cause cause);
/* A bar of letters, coloured by cause. */
void top_put_wait(const struct top_screen *s, int y, int x, int width, const struct usage_row *row);
unsigned top_warn_attr(const struct top_screen *s);
unsigned top_dim_attr(const struct top_screen *s);
unsigned top_graph_attr(const struct top_screen *s);

/* The table in lines [y, y + height); scrolls to the selected line. */
void top_table_draw(struct top_screen *s, int y, int height);

/* The pane below the table for the selected line: lines [y, y + height). */
void top_detail_draw(const struct top_screen *s, int y, int height, int width);
/* Lines the pane would like to have. */
int top_detail_height(const struct top_screen *s, int width);
