/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/spark.h"

#include <math.h>

#include "tests/check_main.h"

#define N NAN
#define IN_MAX 12

static const struct {
	float in[IN_MAX];
	size_t n_in, n_out;
	float out[IN_MAX];
} reduce_cases[] = {
	{ { 1, 2, 3, 4 }, 4, 2, { 2, 4 } },
	{ { 1, 9, 3, 4, 5 }, 5, 2, { 9, 5 } }, /* shares of two and three */
	{ { 1, 2 }, 2, 4, { 1, 1, 2, 2 } },
	{ { N, 2, N, N }, 4, 2, { 2, N } },
	{ { 0, 0, 0, 7, 0, 0 }, 6, 1, { 7 } }, /* a burst is never averaged away */
	{ { 3 }, 1, 3, { 3, 3, 3 } },
	{ { 0 }, 0, 2, { N, N } },
};

START_TEST(reduces)
{
	float out[IN_MAX];

	spark_reduce(reduce_cases[_i].in, reduce_cases[_i].n_in, out, reduce_cases[_i].n_out);
	for (size_t i = 0; i < reduce_cases[_i].n_out; i++) {
		if (isnan(reduce_cases[_i].out[i]))
			ck_assert_float_nan(out[i]);
		else
			ck_assert_float_eq(out[i], reduce_cases[_i].out[i]);
	}
}
END_TEST

/* 600 bins on any width: the highest bin is always in it. */
START_TEST(keeps_the_peak)
{
	float in[600] = { 0 }, out[200];

	in[_i] = 1;
	for (size_t width = 1; width <= 200; width++) {
		spark_reduce(in, 600, out, width);
		ck_assert_float_eq(spark_max(out, width), 1);
	}
}
END_TEST

static const struct {
	enum spark_style style;
	float points[8];
	size_t n;
	float scale;
	unsigned line, lines;
	const char *out;
} draw_cases[] = {
	{ SPARK_BRAILLE, { 0, 0 }, 2, 1, 0, 1, " " },
	{ SPARK_BRAILLE, { N, N }, 2, 1, 0, 1, " " },
	{ SPARK_BRAILLE, { 1, 1 }, 2, 1, 0, 1, "\u28ff" },
	{ SPARK_BRAILLE, { 0.001F, 0 }, 2, 1, 0, 1, "\u2840" },
	{ SPARK_BRAILLE, { 0.25F, 0.5F, 0.75F, 1 }, 4, 1, 0, 1, "\u28e0\u28fe" },
	{ SPARK_BRAILLE, { 1 }, 1, 1, 0, 1, "\u2847" },
	{ SPARK_BRAILLE, { 5, 5 }, 2, 1, 0, 1, "\u28ff" }, /* above the scale: full */
	{ SPARK_BRAILLE, { 1, 1 }, 2, 0, 0, 1, " " },
	{ SPARK_BRAILLE, { 0.5F, 1 }, 2, 1, 0, 2, "\u28b8" },
	{ SPARK_BRAILLE, { 0.5F, 1 }, 2, 1, 1, 2, "\u28ff" },
	{ SPARK_BLOCKS, { 0, 0.125F, 0.5F, 1 }, 4, 1, 0, 1, " \u2581\u2584\u2588" },
	{ SPARK_ASCII, { 0, 0.01F, 0.5F, 1 }, 4, 1, 0, 1, " .=#" },
	{ SPARK_ASCII, { 1, 1 }, 2, INFINITY, 0, 1, ".." },
	{ SPARK_ASCII, { INFINITY, -1 }, 2, 1, 0, 1, "# " },
};

START_TEST(draws)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(100);

	ck_assert_int_eq(spark_add(&out, draw_cases[_i].style, draw_cases[_i].points,
				   draw_cases[_i].n, draw_cases[_i].scale, draw_cases[_i].line,
				   draw_cases[_i].lines),
			 0);
	ck_assert_str_eq(buf_str(&out), draw_cases[_i].out);
}
END_TEST

TEST_MAIN("spark", {
	TEST_TABLE("reduce", reduces, ARRAY_LEN(reduce_cases));
	TEST_TABLE("peak", keeps_the_peak, 600);
	TEST_TABLE("draw", draws, ARRAY_LEN(draw_cases));
})
