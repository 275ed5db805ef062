/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something failed, in words for a person. Functions that can fail return 0 or -errno; where a
 * person must read the reason they also take a `struct err *` (NULL is allowed everywhere). It is
 * untouched on success. Each layer adds its words with err_wrap(), so that the final line names the
 * place and the remedy: "config '/etc/evictd/evictd.yaml': line 7: sample_interval: ...".
 */
#pragma once

#include "base/cleanup.h"

#define ERR_MSG_MAX 1024 /* bytes with the NUL; longer texts end in "..." */

struct err {
	char msg[ERR_MSG_MAX];
};

/* Replaces the text and returns `ret` (a negative errno), so that `return err_set(...)` works. */
int err_set(struct err *e, int ret, const char *fmt, ...) _printf_(3, 4);

/* Puts "text: " before what stands there; with an empty err, the text and strerror(-ret). */
int err_wrap(struct err *e, int ret, const char *fmt, ...) _printf_(3, 4);

/* The text, never NULL: "no details" where nothing was set. */
const char *err_msg(const struct err *e);
