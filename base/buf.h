/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer that is born with its maximum, so that no input can make it grow without
 * bound. Always NUL-terminated once something was added. The first failure (-ENOMEM, or -E2BIG past
 * the maximum) sticks in `error`: a chain of adds is checked once at its end.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

struct buf {
	char *data;   /* NULL while nothing was added */
	size_t len;   /* bytes without the NUL */
	size_t alloc; /* bytes allocated */
	size_t max;   /* len never passes it */
	int error;    /* 0 or the first -errno */
};

#define BUF_INIT(max_) ((struct buf){ .max = (max_) })

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Keeps the memory, drops content and error. */
void buf_clear(struct buf *b);

int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_str(struct buf *b, const char *s);
int buf_add_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) _printf_(2, 0);

/* The text, "" while empty; valid until the next add. */
const char *buf_str(const struct buf *b);
/*
 * Hands the memory to the caller (free()), NULL on error or when empty. The buffer is empty after;
 * its error stays to be read.
 */
char *buf_take(struct buf *b);
