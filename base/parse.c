/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *s, which moves past them. Our own loop, as strtoull() takes " -1" for a number. */
static int parse_digits(const char **s, uint64_t *ret_value)
{
	const char *p = *s;
	uint64_t value = 0;
	bool too_large = false;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		too_large |= __builtin_mul_overflow(value, 10, &value);
		too_large |= __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value);
	}
	*s = p;
	if (too_large)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* A whole string of digits: garbage at the end outranks a value out of range. */
static int parse_all_digits(const char *s, uint64_t *ret_value)
{
	int r = parse_digits(&s, ret_value);

	if (r != -EINVAL && *s)
		return -EINVAL;
	return r;
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	int r = parse_all_digits(s, &value);

	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *s == '-';
	uint64_t magnitude;
	int64_t value;
	int r;

	r = parse_all_digits(s + negative, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	/* Negated as unsigned: INT64_MIN has no positive counterpart. */
	value = (int64_t)(negative ? -magnitude : magnitude);
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_hex_u64(const char *s, uint64_t *ret_value)
{
	bool too_large = false;
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int digit = hex_digit(*s);

		if (digit < 0)
			return -EINVAL;
		too_large |= value >> 60 != 0;
		value = value << 4 | (uint64_t)digit;
	}
	if (too_large)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static const char *skip_digits(const char *s)
{
	while (is_digit(*s))
		s++;
	return s;
}

/* -?digits[.digits][e[+-]digits], which keeps strtod()'s "inf", "nan" and "0x1p3" out. */
static bool is_decimal(const char *s)
{
	s += *s == '-';
	if (!is_digit(*s))
		return false;
	s = skip_digits(s);
	if (*s == '.') {
		if (!is_digit(*++s))
			return false;
		s = skip_digits(s);
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!is_digit(*s))
			return false;
		s = skip_digits(s);
	}
	return !*s;
}

int parse_double(const char *s, double min, double max, double *ret_value)
{
	double value;
	char *end;

	if (!is_decimal(s))
		return -EINVAL;
	value = strtod(s, &end);
	if (*end) /* a locale with another decimal point */
		return -EINVAL;
	if (!isfinite(value) || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_bool(const char *s, bool *ret_value)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" }
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (int value = 0; value < 2; value++) {
			if (strcmp(s, words[i][value]) == 0) {
				*ret_value = value;
				return 0;
			}
		}
	}
	return -EINVAL;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The unit named by exactly the `len` bytes at s. */
static const struct unit *unit_find(const struct unit *units, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0)
			return &units[i];
	}
	return NULL;
}

int parse_duration_usec(const char *s, uint64_t *ret_usec)
{
	static const struct unit units[] = {
		{ "us", 1 },
		{ "ms", USEC_PER_MSEC },
		{ "s", USEC_PER_SEC },
		{ "min", 60 * USEC_PER_SEC },
		{ "h", 3600 * USEC_PER_SEC },
		{ "d", 24ULL * 3600 * USEC_PER_SEC },
	};
	const struct unit *unit, *last = units + ARRAY_LEN(units);
	bool too_large = false;
	uint64_t total = 0;

	do {
		uint64_t value = 0;
		const char *name;
		int r;

		r = parse_digits(&s, &value);
		if (r == -EINVAL)
			return r;
		too_large |= r < 0;
		name = s;
		while (*s >= 'a' && *s <= 'z')
			s++;
		unit = unit_find(units, ARRAY_LEN(units), name, (size_t)(s - name));
		/* From large to small, each once: "5m5m" and "1s1h" are typing mistakes. */
		if (!unit || unit >= last)
			return -EINVAL;
		last = unit;
		too_large |= __builtin_mul_overflow(value, unit->factor, &value);
		too_large |= __builtin_add_overflow(total, value, &total);
	} while (*s);
	if (too_large)
		return -ERANGE;
	*ret_usec = total;
	return 0;
}

int parse_bytes(const char *s, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "k", 1000ULL },
		{ "M", 1000000ULL },
		{ "G", 1000000000ULL },
		{ "T", 1000000000000ULL },
		{ "P", 1000000000000000ULL },
		{ "E", 1000000000000000000ULL },
		{ "Ki", 1ULL << 10 },
		{ "Mi", 1ULL << 20 },
		{ "Gi", 1ULL << 30 },
		{ "Ti", 1ULL << 40 },
		{ "Pi", 1ULL << 50 },
		{ "Ei", 1ULL << 60 },
	};
	const struct unit *unit;
	uint64_t value = 0;
	int r;

	r = parse_digits(&s, &value);
	if (r == -EINVAL)
		return r;
	unit = unit_find(units, ARRAY_LEN(units), s, strlen(s));
	if (!unit)
		return -EINVAL;
	if (r < 0 || __builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;
	*ret_bytes = value;
	return 0;
}

bool parse_next_key_value(char **cursor, char **ret_key, char **ret_value)
{
	char *line = *cursor + strspn(*cursor, "\n");
	char *end, *space;

	if (!*line)
		return false;
	end = line + strcspn(line, "\n");
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	space = strchr(line, ' ');
	if (space)
		*space = '\0';
	*ret_key = line;
	*ret_value = space ? space + 1 : end;
	return true;
}
