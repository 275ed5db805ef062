/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fails the Nth allocation of our own code (not of libraries): every test program is linked with
 * --wrap for malloc, calloc, realloc, reallocarray and strdup.
 *
 *	for (unsigned n = 1;; n++) {
 *		alloc_fail_at(n);
 *		r = thing_new(&t);
 *		if (!alloc_fail_stop())
 *			break;   // fewer than n allocations: every one has failed once
 *		ck_assert_int_eq(r, -ENOMEM);
 *	}
 */
#pragma once

#include <stdbool.h>

/* From now on the nth allocation fails, once. */
void alloc_fail_at(unsigned n);
/* No more failures; tells whether there was one. */
bool alloc_fail_stop(void);
