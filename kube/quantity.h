/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts of resources as Kubernetes writes them: "100m", "1.5", "256Mi", "1e3". A quantity is
 * exact: what Kubernetes' own parser makes of a text (apimachinery pkg/api/resource, ParseQuantity)
 * comes out here to the last digit, rounded away from zero to 1n, and with Ki..Ei at most 2^63-1.
 * The one difference: magnitudes above QUANTITY_UNITS_MAX are refused, for nothing is that large.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

/* The family of suffixes that a quantity was written with and is printed with. */
enum quantity_format {
	QUANTITY_DECIMAL_SI,	   /* n u m "" k M G T P E */
	QUANTITY_DECIMAL_EXPONENT, /* e3, E3 */
	QUANTITY_BINARY_SI,	   /* Ki Mi Gi Ti Pi Ei */
};

__extension__ typedef unsigned __int128 quantity_nano;

#define QUANTITY_NANO 1000000000ULL
#define QUANTITY_UNITS_MAX (~(quantity_nano)0 / QUANTITY_NANO) /* 3.4e29 */

/* Zero-initialised it is 0. */
struct quantity {
	quantity_nano nano; /* magnitude in 1e-9 */
	bool negative;	    /* never for zero */
	enum quantity_format format;
};

/* -EINVAL: not a quantity; -ERANGE: too large. ret_quantity is untouched on failure. */
int quantity_parse(const char *s, struct quantity *ret_quantity);
/*
 * As Kubernetes reads JSON: a string, space around it trimmed, or a bare number (of at most 15
 * digits: more are lost in our JSON numbers, -EINVAL), or null (0).
 */
int quantity_from_json(const struct json *j, struct quantity *ret_quantity);

/* <0, 0, >0: by value; "1Ki" and "1024" are equal. */
int quantity_cmp(const struct quantity *a, const struct quantity *b);

/* Whole units, whole thousandths; rounded away from zero. -ERANGE where int64_t is too small. */
int quantity_units(const struct quantity *q, int64_t *ret_units);
int quantity_milli(const struct quantity *q, int64_t *ret_milli);

#define QUANTITY_TEXT_LEN 48 /* sign, 39 digits, "e-9" or a suffix, NUL */
/* Kubernetes' canonical form: no fraction, the largest suffix that needs none. Returns text. */
const char *quantity_format(const struct quantity *q, char text[static QUANTITY_TEXT_LEN]);
