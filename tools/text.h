/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from outside (pods, cgroups, commands) on a terminal. A cgroup may be called "\e[2J", so
 * nothing that a terminal could obey ever passes: C0 and C1 controls, DEL, bytes that are no UTF-8,
 * line separators, and the marks that turn the direction of text are written as \x1b or \u{202e}.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Escaped; with utf8 false, everything beyond ASCII is escaped too. */
int text_add_safe(struct buf *out, const char *s, bool utf8);

/* Columns on the terminal; `s` is safe text. */
size_t text_width(const char *s);

/*
 * Safe text cut to at most `width` columns; the cut is marked by an ellipsis ("~" without utf8).
 * Padded with spaces to `width` when pad: < 0 left-aligned, > 0 right-aligned, 0 not at all.
 */
int text_add_fit(struct buf *out, const char *s, size_t width, int pad, bool utf8);

/*
 * JSON text as it may be shown: indented by two spaces, one member a line, with the characters
 * above written as \u escapes (inside JSON, they can only stand in strings, so it stays equal).
 */
int text_add_pretty_json(struct buf *out, const char *json, size_t len);

/* Whether the locale (LC_CTYPE) writes UTF-8. */
bool text_locale_is_utf8(void);
