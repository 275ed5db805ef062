/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define JSON_NUMBER_MAX 63 /* characters; cJSON silently cuts longer ones */

struct scan {
	const char *at;
	const char *end;
	const char *problem; /* the first thing wrong, a literal */
};

static int scan_value(struct scan *s, unsigned depth);

static int scan_fail(struct scan *s, const char *problem)
{
	s->problem = problem;
	return -EINVAL;
}

/* The next character, 0 at the end (a NUL in the text fits no rule either). */
static char scan_peek(const struct scan *s)
{
	return s->at < s->end ? *s->at : '\0';
}

static bool scan_take(struct scan *s, char c)
{
	if (s->at >= s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void scan_space(struct scan *s)
{
	while (s->at < s->end && memchr(" \t\r\n", *s->at, 4))
		s->at++;
}

static bool scan_digits(struct scan *s)
{
	const char *start = s->at;

	while (scan_peek(s) >= '0' && scan_peek(s) <= '9')
		s->at++;
	return s->at > start;
}

static int scan_number(struct scan *s)
{
	const char *start = s->at;

	scan_take(s, '-');
	if (!scan_take(s, '0') && !scan_digits(s))
		return scan_fail(s, "expected a value");
	if (scan_take(s, '.') && !scan_digits(s))
		return scan_fail(s, "expected a digit after '.'");
	if (scan_take(s, 'e') || scan_take(s, 'E')) {
		if (!scan_take(s, '+'))
			scan_take(s, '-');
		if (!scan_digits(s))
			return scan_fail(s, "expected a digit in the exponent");
	}
	if (s->at - start > JSON_NUMBER_MAX)
		return scan_fail(s, "number is too long");
	return 0;
}

/* The four digits of \uXXXX. */
static int scan_hex4(struct scan *s, unsigned *ret_code)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++) {
		char c = scan_peek(s), lower = c | 0x20;

		if (c >= '0' && c <= '9')
			code = code << 4 | (unsigned)(c - '0');
		else if (lower >= 'a' && lower <= 'f')
			code = code << 4 | (unsigned)(lower - 'a' + 10);
		else
			return scan_fail(s, "expected four hexadecimal digits after \\u");
		s->at++;
	}
	*ret_code = code;
	return 0;
}

static int scan_unicode_escape(struct scan *s)
{
	unsigned code, low;
	int r = scan_hex4(s, &code);

	if (r < 0 || code < 0xd800 || code > 0xdfff)
		return r;
	if (code >= 0xdc00 || !scan_take(s, '\\') || !scan_take(s, 'u'))
		return scan_fail(s, "half of a surrogate pair");
	r = scan_hex4(s, &low);
	if (r < 0)
		return r;
	if (low < 0xdc00 || low > 0xdfff)
		return scan_fail(s, "half of a surrogate pair");
	return 0;
}

static int scan_escape(struct scan *s)
{
	char c = scan_peek(s);

	if (!c || !strchr("\"\\/bfnrtu", c))
		return scan_fail(s, "unknown escape");
	s->at++;
	return c == 'u' ? scan_unicode_escape(s) : 0;
}

static int scan_string(struct scan *s)
{
	if (!scan_take(s, '"'))
		return scan_fail(s, "expected a string");
	while (!scan_take(s, '"')) {
		size_t n = utf8_sequence(s->at, (size_t)(s->end - s->at));
		int r;

		if (s->at == s->end)
			return scan_fail(s, "unfinished string");
		if (n == 0)
			return scan_fail(s, "not UTF-8");
		if ((unsigned char)*s->at < ' ')
			return scan_fail(s, "control character in a string");
		if (scan_take(s, '\\')) {
			r = scan_escape(s);
			if (r < 0)
				return r;
			continue;
		}
		s->at += n;
	}
	return 0;
}

static int scan_member(struct scan *s, unsigned depth)
{
	int r;

	scan_space(s);
	r = scan_string(s);
	if (r < 0)
		return r;
	scan_space(s);
	if (!scan_take(s, ':'))
		return scan_fail(s, "expected ':'");
	return scan_value(s, depth);
}

/* After the opening bracket, up to and with the closing one. */
static int scan_items(struct scan *s, unsigned depth, char close)
{
	if (depth > JSON_DEPTH_MAX)
		return scan_fail(s, "nested too deep");
	scan_space(s);
	if (scan_take(s, close))
		return 0;
	do {
		int r = close == '}' ? scan_member(s, depth) : scan_value(s, depth);

		if (r < 0)
			return r;
		scan_space(s);
	} while (scan_take(s, ','));
	if (!scan_take(s, close))
		return scan_fail(s, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
	return 0;
}

static int scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return scan_fail(s, "expected a value");
	s->at += len;
	return 0;
}

static int scan_value(struct scan *s, unsigned depth)
{
	scan_space(s);
	switch (scan_peek(s)) {
	case '{':
		s->at++;
		return scan_items(s, depth + 1, '}');
	case '[':
		s->at++;
		return scan_items(s, depth + 1, ']');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

static int scan_text(struct scan *s)
{
	int r = scan_value(s, 0);

	if (r < 0)
		return r;
	scan_space(s);
	return s->at == s->end ? 0 : scan_fail(s, "text after the end");
}

int json_scan(const char *text, size_t len, struct err *e)
{
	struct scan s = { .at = text, .end = text + len };
	unsigned line = 1, column = 1;
	int r = scan_text(&s);

	if (r == 0)
		return 0;
	for (const char *p = text; p < s.at; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	return err_set(e, r, "line %u, column %u: %s", line, column, s.problem);
}
