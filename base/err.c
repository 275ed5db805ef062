/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <string.h>

/* snprintf()'s result says how long the text would have been: mark what was cut. */
static void err_mark_cut(char msg[static ERR_MSG_MAX], int would_be)
{
	if (would_be >= ERR_MSG_MAX)
		memcpy(msg + ERR_MSG_MAX - 4, "...", 4);
}

/* The text is made aside because an argument may point into e->msg itself. */
int err_set(struct err *e, int ret, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;
	int n;

	if (!e)
		return ret;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_mark_cut(text, n);
	memcpy(e->msg, text, sizeof(text));
	return ret;
}

int err_wrap(struct err *e, int ret, const char *fmt, ...)
{
	char text[ERR_MSG_MAX], whole[ERR_MSG_MAX];
	va_list ap;
	int n;

	if (!e)
		return ret;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_mark_cut(text, n);
	n = snprintf(whole, sizeof(whole), "%s: %s", text, e->msg[0] ? e->msg : strerror(-ret));
	err_mark_cut(whole, n);
	memcpy(e->msg, whole, sizeof(whole));
	return ret;
}

const char *err_msg(const struct err *e)
{
	return e && e->msg[0] ? e->msg : "no details";
}
