/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for bytes that are no text */

/* Length (1 to 4) and code point of the valid sequence at the start of s; 0 where there is none. */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret_code);
/* Its length alone. */
size_t utf8_sequence(const char *s, size_t len);
