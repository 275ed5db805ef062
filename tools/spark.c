/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/spark.h"

#include <math.h>

static const struct {
	unsigned points; /* per character */
	unsigned levels; /* per line */
} styles[] = {
	[SPARK_BRAILLE] = { 2, 4 },
	[SPARK_BLOCKS] = { 1, 8 },
	[SPARK_ASCII] = { 1, 7 },
};

size_t spark_points(enum spark_style style, size_t width)
{
	return width * styles[style].points;
}

void spark_reduce(const float *in, size_t n_in, float *out, size_t n_out)
{
	for (size_t i = 0; i < n_out; i++) {
		size_t from = i * n_in / n_out, to = (i + 1) * n_in / n_out;

		out[i] = from < n_in ? spark_max(in + from, to > from ? to - from : 1) : NAN;
	}
}

float spark_max(const float *in, size_t n)
{
	float max = NAN;

	for (size_t i = 0; i < n; i++) {
		if (!isnan(in[i]) && !(in[i] <= max))
			max = in[i];
	}
	return max;
}

/* Height of a point in levels: 0, or 1 to `levels`. */
static unsigned level(float value, float scale, unsigned levels)
{
	float height;

	if (!(value > 0) || !(scale > 0))
		return 0;
	height = ceilf(value / scale * (float)levels - 0.001f);
	if (!(height < (float)levels))
		return levels;
	return height < 1 ? 1 : (unsigned)height;
}

/* The part of a point's height that falls into a line, 0 to `per_line`. */
static unsigned part(unsigned height, unsigned line, unsigned lines, unsigned per_line)
{
	unsigned below = (lines - 1 - line) * per_line;

	if (height <= below)
		return 0;
	return height - below < per_line ? height - below : per_line;
}

/* U+2800 and one bit per dot; a column is filled from the bottom. */
static void add_braille(struct buf *out, unsigned left, unsigned right)
{
	static const unsigned char left_dots[] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const unsigned char right_dots[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };
	unsigned dots = left_dots[left] | right_dots[right];

	if (dots)
		buf_printf(out, "\xe2%c%c", 0xa0 | dots >> 6, 0x80 | (dots & 0x3f));
	else
		buf_add_char(out, ' '); /* fonts show U+2800 as rings */
}

static void add_single(struct buf *out, enum spark_style style, unsigned height)
{
	if (style == SPARK_ASCII)
		buf_add_char(out, " .:-=+*#"[height]);
	else if (height)
		buf_printf(out, "\xe2\x96%c", 0x80 + height);
	else
		buf_add_char(out, ' ');
}

int spark_add(struct buf *out, enum spark_style style, const float *points, size_t n, float scale,
	      unsigned line, unsigned lines)
{
	unsigned per_line = styles[style].levels, step = styles[style].points;

	for (size_t i = 0; i < n; i += step) {
		unsigned a = part(level(points[i], scale, lines * per_line), line, lines, per_line);
		unsigned b = 0;

		if (step == 2 && i + 1 < n)
			b = part(level(points[i + 1], scale, lines * per_line), line, lines,
				 per_line);
		if (style == SPARK_BRAILLE)
			add_braille(out, a, b);
		else
			add_single(out, style, a);
	}
	return out->error;
}
