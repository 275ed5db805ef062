/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/text.h"

#include <locale.h>
#include <string.h>

#include "tests/check_main.h"

static const struct {
	const char *in;
	bool utf8;
	const char *out;
} safe_cases[] = {
	{ "", true, "" },
	{ "web-7f/app", true, "web-7f/app" },
	{ "caf\u00e9 \u6f22", true, "caf\u00e9 \u6f22" },
	{ "caf\u00e9", false, "caf\\u{e9}" },
	{ "\x1b[2J", true, "\\x1b[2J" },
	{ "a\r\n\tb\x7f", true, "a\\x0d\\x0a\\x09b\\x7f" },
	{ "\xc2\x9b"
	  "31m",
	  true, "\\u{9b}31m" },			    /* C1: CSI in one character */
	{ "\x9b", true, "\\x9b" },		    /* and as a bare byte */
	{ "\xc0\x9b", true, "\\xc0\\x9b" },	    /* overlong */
	{ "\xe2\x80\xae", true, "\\u{202e}" },	    /* right-to-left override */
	{ "\xe2\x80\xa8", true, "\\u{2028}" },	    /* line separator */
	{ "\xf3\xa0\x81\x81", true, "\\u{e0041}" }, /* invisible tag */
	{ "\xf0\x9f\x98\x80", true, "\xf0\x9f\x98\x80" },
	{ "\xed\xa0\x80", true, "\\xed\\xa0\\x80" }, /* surrogate */
	{ "foo\\x2dbar", true, "foo\\x2dbar" },
};

START_TEST(safe)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1000);

	ck_assert_int_eq(text_add_safe(&out, safe_cases[_i].in, safe_cases[_i].utf8), 0);
	ck_assert_str_eq(buf_str(&out), safe_cases[_i].out);
}
END_TEST

/* No byte below 0x20 or equal 0x7f, and no C1, ever comes out: all pairs of bytes. */
START_TEST(safe_exhaustive)
{
	for (unsigned second = 1; second < 256; second++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT(100);
		char in[] = { (char)_i, (char)second, '\0' };

		text_add_safe(&out, in, true);
		for (const unsigned char *p = (const unsigned char *)buf_str(&out); *p; p++) {
			ck_assert_msg(*p >= 0x20 && *p != 0x7f, "%02x %02x", _i, second);
			ck_assert_msg(!(p[0] == 0xc2 && p[1] < 0xa0), "%02x %02x", _i, second);
		}
	}
}
END_TEST

static const struct {
	const char *in;
	size_t width;
	int pad;
	bool utf8;
	const char *out;
} fit_cases[] = {
	{ "abc", 5, -1, true, "abc  " },
	{ "abc", 5, 1, true, "  abc" },
	{ "abc", 5, 0, true, "abc" },
	{ "abc", 3, -1, true, "abc" },
	{ "abcd", 3, -1, true, "ab\u2026" },
	{ "abcd", 3, -1, false, "ab~" },
	{ "abcd", 1, 1, true, "\u2026" },
	{ "abcd", 0, 1, true, "" },
	{ "", 2, 1, true, "  " },
	{ "\u6f22\u5b57", 4, -1, true, "\u6f22\u5b57" }, /* two columns each */
	{ "\u6f22\u5b57", 3, -1, true, "\u6f22\u2026" },
	{ "\u6f22\u5b57", 2, -1, true, "\u2026 " },	     /* half of a character is none of it */
	{ "e\u0301e\u0301", 2, -1, true, "e\u0301e\u0301" }, /* combining: no column */
};

START_TEST(fit)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1000);

	setlocale(LC_CTYPE, "C.UTF-8");
	text_add_fit(&out, fit_cases[_i].in, fit_cases[_i].width, fit_cases[_i].pad,
		     fit_cases[_i].utf8);
	ck_assert_str_eq(buf_str(&out), fit_cases[_i].out);
}
END_TEST

static const struct {
	const char *in, *out;
} pretty_cases[] = {
	{ "{}", "{}" },
	{ "[]", "[]" },
	{ "{\"a\":1}", "{\n  \"a\": 1\n}" },
	{ "{\"a\":[],\"b\":{}}", "{\n  \"a\": [],\n  \"b\": {}\n}" },
	{ "[1,{\"x\":\"a,b:{\"}]", "[\n  1,\n  {\n    \"x\": \"a,b:{\"\n  }\n]" },
	{ "\"\\\"]\"", "\"\\\"]\"" },
	{ "\"\xc2\x9b\x7f\"", "\"\\u009b\\u007f\"" },
	{ "\"\xf3\xa0\x81\x81\"", "\"\\udb40\\udc41\"" },
	{ "\"caf\u00e9\"", "\"caf\u00e9\"" },
};

START_TEST(pretty)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(1000);

	text_add_pretty_json(&out, pretty_cases[_i].in, strlen(pretty_cases[_i].in));
	ck_assert_str_eq(buf_str(&out), pretty_cases[_i].out);
}
END_TEST

START_TEST(locale)
{
	ck_assert(!text_locale_is_utf8());
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	ck_assert(text_locale_is_utf8());
}
END_TEST

TEST_MAIN("text", {
	TEST_TABLE("safe", safe, ARRAY_LEN(safe_cases));
	TEST_TABLE("exhaustive", safe_exhaustive, 256);
	TEST_TABLE("fit", fit, ARRAY_LEN(fit_cases));
	TEST_TABLE("pretty", pretty, ARRAY_LEN(pretty_cases));
	TEST_ONE("locale", locale);
})
