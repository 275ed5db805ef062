/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal digits are taken one by one into units of 1e-9, so that any number of them is exact; what
 * is below is only remembered as "there was more" and rounds up. Only unsigned 128-bit arithmetic
 * is used: its overflow checks need no library.
 */
#include "kube/quantity.h"

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define NANO_DIGITS 9
#define EXPONENT_MAX 1000000 /* "1e1000001" is too large, "1e-1000001" is 1n: the rest is moot */
#define BINARY_MAX ((quantity_nano)INT64_MAX * QUANTITY_NANO)

struct suffix {
	char text[3];
	signed char exponent; /* of 10 or 2 */
	enum quantity_format format;
};

static const struct suffix suffixes[] = {
	{ "n", -9, QUANTITY_DECIMAL_SI }, { "u", -6, QUANTITY_DECIMAL_SI },
	{ "m", -3, QUANTITY_DECIMAL_SI }, { "", 0, QUANTITY_DECIMAL_SI },
	{ "k", 3, QUANTITY_DECIMAL_SI },  { "M", 6, QUANTITY_DECIMAL_SI },
	{ "G", 9, QUANTITY_DECIMAL_SI },  { "T", 12, QUANTITY_DECIMAL_SI },
	{ "P", 15, QUANTITY_DECIMAL_SI }, { "E", 18, QUANTITY_DECIMAL_SI },
	{ "Ki", 10, QUANTITY_BINARY_SI }, { "Mi", 20, QUANTITY_BINARY_SI },
	{ "Gi", 30, QUANTITY_BINARY_SI }, { "Ti", 40, QUANTITY_BINARY_SI },
	{ "Pi", 50, QUANTITY_BINARY_SI }, { "Ei", 60, QUANTITY_BINARY_SI },
};

/* A text taken apart: [sign] whole [. fraction] suffix. Digits are not terminated. */
struct parts {
	bool negative;
	const char *whole, *fraction;
	size_t n_whole, n_fraction;
	int exponent; /* of 10, or of 2 when the format is binary */
	enum quantity_format format;
};

static size_t count_digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* "e3", "E-6": -EINVAL when it is no exponent. */
static int parse_exponent(const char *s, int *ret_exponent)
{
	bool negative = s[1] == '-';
	uint64_t magnitude;
	int r;

	if (*s != 'e' && *s != 'E')
		return -EINVAL;
	s += 1 + (negative || s[1] == '+');
	r = parse_u64(s, 0, INT64_MAX, &magnitude);
	if (r < 0) /* Kubernetes, too, refuses what is no int64 */
		return -EINVAL;
	if (magnitude > EXPONENT_MAX)
		magnitude = EXPONENT_MAX;
	*ret_exponent = negative ? -(int)magnitude : (int)magnitude;
	return 0;
}

static int parse_suffix(const char *s, struct parts *p)
{
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (strcmp(s, suffixes[i].text) == 0) {
			p->exponent = suffixes[i].exponent;
			p->format = suffixes[i].format;
			return 0;
		}
	}
	p->format = QUANTITY_DECIMAL_EXPONENT;
	return parse_exponent(s, &p->exponent);
}

/* Digits may be missing on either side of the point, and on both: "." is 0 for Kubernetes. */
static int take_apart(const char *s, struct parts *p)
{
	if (!*s)
		return -EINVAL;
	p->negative = *s == '-';
	s += *s == '-' || *s == '+';
	s += strspn(s, "0");
	p->whole = s;
	p->n_whole = count_digits(s);
	s += p->n_whole;
	p->fraction = s;
	p->n_fraction = 0;
	if (*s == '.') {
		p->fraction = ++s;
		p->n_fraction = count_digits(s);
		s += p->n_fraction;
	}
	return parse_suffix(s, p);
}

/* *nano * 10 + digit; false when that is too large. */
static bool push_digit(quantity_nano *nano, unsigned digit)
{
	return !__builtin_mul_overflow(*nano, (quantity_nano)10, nano) &&
	       !__builtin_add_overflow(*nano, (quantity_nano)digit, nano);
}

/* Digits whose first one counts 10^(place - 1) nano; below that they only set *more. */
static bool push_digits(quantity_nano *nano, const char *digits, size_t n, long *place, bool *more)
{
	for (size_t i = 0; i < n; i++, --*place) {
		unsigned digit = (unsigned)(digits[i] - '0');

		if (*place <= 0)
			*more |= digit != 0;
		else if (!push_digit(nano, digit))
			return false;
	}
	return true;
}

static int decimal_nano(const struct parts *p, quantity_nano *ret_nano)
{
	long place = (long)p->n_whole + p->exponent + NANO_DIGITS;
	quantity_nano nano = 0;
	bool more = false;

	if (!push_digits(&nano, p->whole, p->n_whole, &place, &more) ||
	    !push_digits(&nano, p->fraction, p->n_fraction, &place, &more))
		return -ERANGE;
	for (; nano && place > 0; place--) {
		if (!push_digit(&nano, 0))
			return -ERANGE;
	}
	if (more && __builtin_add_overflow(nano, (quantity_nano)1, &nano))
		return -ERANGE;
	*ret_nano = nano;
	return 0;
}

/*
 * 0.<digits> * unit, from the last digit to the first: (rest + digit * unit) / 10. A remainder means
 * that the exact value is above, and stays above through later divisions.
 */
static quantity_nano binary_fraction(const char *digits, size_t n, quantity_nano unit, bool *more)
{
	quantity_nano nano = 0;

	while (n-- > 0) {
		nano += (unsigned)(digits[n] - '0') * unit;
		*more |= nano % 10 != 0;
		nano /= 10;
	}
	return nano;
}

static quantity_nano binary_nano(const struct parts *p)
{
	quantity_nano unit = (quantity_nano)QUANTITY_NANO << p->exponent; /* below 2^90 */
	quantity_nano nano = 0, fraction;
	bool more = false;

	for (size_t i = 0; i < p->n_whole; i++) {
		if (!push_digit(&nano, (unsigned)(p->whole[i] - '0')) || nano > INT64_MAX)
			return BINARY_MAX;
	}
	if (__builtin_mul_overflow(nano, unit, &nano) || nano > BINARY_MAX)
		return BINARY_MAX;
	fraction = binary_fraction(p->fraction, p->n_fraction, unit, &more);
	nano += fraction + more;
	return nano > BINARY_MAX ? BINARY_MAX : nano;
}

int quantity_parse(const char *s, struct quantity *ret_quantity)
{
	struct quantity q = { .nano = 0 };
	struct parts p;
	int r;

	r = take_apart(s, &p);
	if (r < 0)
		return r;
	q.format = p.format;
	if (p.format == QUANTITY_BINARY_SI) {
		q.nano = binary_nano(&p);
		/* As Kubernetes has it: below 1 a binary suffix would only confuse. */
		if (q.nano && q.nano < QUANTITY_NANO)
			q.format = QUANTITY_DECIMAL_SI;
	} else {
		r = decimal_nano(&p, &q.nano);
		if (r < 0)
			return r;
	}
	q.negative = p.negative && q.nano;
	*ret_quantity = q;
	return 0;
}

#define JSON_TEXT_MAX 256 /* a quantity with more characters is refused */

static int parse_trimmed(const char *s, struct quantity *ret_quantity)
{
	char text[JSON_TEXT_MAX];
	size_t len;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r\n", s[len - 1]))
		len--;
	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	return quantity_parse(text, ret_quantity);
}

/* A double tells the text that it came from when that had at most 15 digits. */
static int parse_number(double number, struct quantity *ret_quantity)
{
	char text[JSON_TEXT_MAX];
	double again;

	snprintf(text, sizeof(text), "%.15g", number);
	if (parse_double(text, -DBL_MAX, DBL_MAX, &again) < 0 || again != number)
		return -EINVAL;
	return quantity_parse(text, ret_quantity);
}

int quantity_from_json(const struct json *j, struct quantity *ret_quantity)
{
	switch (json_kind(j)) {
	case JSON_NULL:
		*ret_quantity = (struct quantity){ .nano = 0 };
		return 0;
	case JSON_STRING:
		return parse_trimmed(json_str(j, ""), ret_quantity);
	case JSON_NUMBER:
		return parse_number(json_num(j, DBL_MAX), ret_quantity);
	default:
		return -EINVAL;
	}
}

int quantity_cmp(const struct quantity *a, const struct quantity *b)
{
	int larger = a->nano > b->nano, smaller = a->nano < b->nano;

	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? smaller - larger : larger - smaller;
}

static int round_away(const struct quantity *q, quantity_nano unit, int64_t *ret_value)
{
	quantity_nano value = q->nano / unit + (q->nano % unit != 0);

	if (value > (quantity_nano)INT64_MAX + q->negative)
		return -ERANGE;
	/* Negated as unsigned: INT64_MIN has no positive counterpart. */
	*ret_value = (int64_t)(q->negative ? -(uint64_t)value : (uint64_t)value);
	return 0;
}

int quantity_units(const struct quantity *q, int64_t *ret_units)
{
	return round_away(q, QUANTITY_NANO, ret_units);
}

int quantity_milli(const struct quantity *q, int64_t *ret_milli)
{
	return round_away(q, QUANTITY_NANO / 1000, ret_milli);
}

static const char *suffix_of(int exponent, enum quantity_format format)
{
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (suffixes[i].format == format && suffixes[i].exponent == exponent)
			return suffixes[i].text;
	}
	return NULL;
}

/* printf() knows no 128 bits. Writes backwards from `end`, returns where the digits begin. */
static char *write_digits(char *end, quantity_nano value)
{
	do {
		*--end = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value);
	return end;
}

static const char *write_text(const struct quantity *q, quantity_nano mantissa, const char *suffix,
			      char text[static QUANTITY_TEXT_LEN])
{
	char digits[40], *end = digits + sizeof(digits);
	char *start = write_digits(end, mantissa);

	snprintf(text, QUANTITY_TEXT_LEN, "%s%.*s%s", q->negative ? "-" : "", (int)(end - start),
		 start, suffix);
	return text;
}

/* Whole units of at least 1024 in a binary format: the largest power of 1024 that divides them. */
static const char *format_binary(const struct quantity *q, char text[static QUANTITY_TEXT_LEN])
{
	quantity_nano mantissa = q->nano / QUANTITY_NANO;
	int exponent = 0;

	while (mantissa % 1024 == 0 && exponent < 60) {
		mantissa /= 1024;
		exponent += 10;
	}
	return write_text(q, mantissa, exponent ? suffix_of(exponent, QUANTITY_BINARY_SI) : "",
			  text);
}

static const char *format_decimal(const struct quantity *q, enum quantity_format format,
				  char text[static QUANTITY_TEXT_LEN])
{
	quantity_nano mantissa = q->nano;
	char exponent_text[16] = "";
	int exponent = -NANO_DIGITS;

	/* Suffixes end at E, exponents do not; both go in steps of 1000. */
	while (mantissa % 1000 == 0 && (format == QUANTITY_DECIMAL_EXPONENT || exponent < 18)) {
		mantissa /= 1000;
		exponent += 3;
	}
	if (format == QUANTITY_DECIMAL_SI)
		return write_text(q, mantissa, suffix_of(exponent, format), text);
	if (exponent)
		snprintf(exponent_text, sizeof(exponent_text), "e%d", exponent);
	return write_text(q, mantissa, exponent_text, text);
}

const char *quantity_format(const struct quantity *q, char text[static QUANTITY_TEXT_LEN])
{
	if (!q->nano)
		return write_text(q, 0, "", text);
	if (q->format != QUANTITY_BINARY_SI)
		return format_decimal(q, q->format, text);
	if (q->nano < 1024 * (quantity_nano)QUANTITY_NANO || q->nano % QUANTITY_NANO)
		return format_decimal(q, QUANTITY_DECIMAL_SI, text);
	return format_binary(q, text);
}
