/* SPDX-License-Identifier: Apache-2.0 */
/* Each parser of numbers: a failure leaves its output alone; what a number prints as, it reads. */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define BEFORE 0x5a5a5a5a5aULL

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(int r, int changed)
{
	if (r != 0 && ((r != -EINVAL && r != -ERANGE) || changed))
		abort();
}

static int parse_any_u64(const char *s, uint64_t *ret_value)
{
	return parse_u64(s, 0, UINT64_MAX, ret_value);
}

static void check_integers(const char *s)
{
	int (*const parsers[])(const char *, uint64_t *) = { parse_any_u64, parse_hex_u64,
							     parse_duration_usec, parse_bytes };
	uint64_t value, again = 0;
	char text[32];

	for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
		int r;

		value = BEFORE;
		r = parsers[i](s, &value);
		check(r, value != BEFORE);
		if (r < 0)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64, value);
		if (parse_any_u64(text, &again) < 0 || again != value)
			abort();
	}
}

static void check_others(const char *s)
{
	int64_t integer = (int64_t)BEFORE;
	double number = -0.25;
	bool word = true;
	int r;

	check(parse_i64(s, INT64_MIN, INT64_MAX, &integer), integer != (int64_t)BEFORE);
	check(parse_double(s, -DBL_MAX, DBL_MAX, &number), number != -0.25);
	r = parse_bool(s, &word);
	check(r, !word);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	char *cursor = text, *key, *value;

	check_integers(text);
	check_others(text);
	while (parse_next_key_value(&cursor, &key, &value)) {
		check_integers(value);
		if (strchr(key, ' ') || strchr(key, '\n') || strchr(value, '\n'))
			abort();
	}
	return 0;
}
