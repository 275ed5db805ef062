/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minute of CPU time in a few characters. 600 bins do not fit in a line: each point is the
 * highest bin of its share, so that a burst of 100 ms is never averaged away. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"

enum spark_style {
	SPARK_BRAILLE, /* two points a character, 4 levels a line */
	SPARK_BLOCKS,  /* one point, 8 levels */
	SPARK_ASCII,   /* one point, " .:-=+*#" */
};

/* Points that fit in `width` characters. */
size_t spark_points(enum spark_style style, size_t width);

/*
 * The highest value of each of n_out equal shares of `in`; NAN where a share holds nothing but NAN.
 * With n_out > n_in values are repeated.
 */
void spark_reduce(const float *in, size_t n_in, float *out, size_t n_out);

/* The highest value, NAN when there is none. */
float spark_max(const float *in, size_t n);

/*
 * Adds line `line` (0 is the top) of a graph `lines` high of the points, whose full height is
 * `scale`. Unknown points (NAN) and zero are blank; anything above zero shows at least a dot.
 */
int spark_add(struct buf *out, enum spark_style style, const float *points, size_t n, float scale,
	      unsigned line, unsigned lines);
