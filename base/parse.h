/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one strict family of number parsers: the whole string must be used, no leading space, no
 * sign where none makes sense, range checked. All return 0, -EINVAL (not of this form) or -ERANGE;
 * outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value);
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value);
/* Hexadecimal without prefix. */
int parse_hex_u64(const char *s, uint64_t *ret_value);
/* Finite decimal numbers only. */
int parse_double(const char *s, double min, double max, double *ret_value);
/* yes/no, true/false, on/off, 1/0 */
int parse_bool(const char *s, bool *ret_value);
/* "100ms", "5s", "2min", "1h", "7d", and sums such as "1h30min"; a bare number is refused. */
int parse_duration_usec(const char *s, uint64_t *ret_usec);
/* "4096", "64Ki", "10Mi", "1Gi", "5k", "5M", "1G" (binary and decimal suffixes as in Kubernetes). */
int parse_bytes(const char *s, uint64_t *ret_bytes);

/* The next line of "key value\n" text: cuts it in place, returns false at the end. */
bool parse_next_key_value(char **cursor, char **ret_key, char **ret_value);
