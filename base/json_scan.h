/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of RFC 8259, checked before cJSON sees the text: cJSON takes leading zeros, control
 * characters and broken UTF-8, nests 1000 deep, and can't say where a text is wrong.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* 0 when `text` is one whole JSON text; -EINVAL with line, column and reason. */
int json_scan(const char *text, size_t len, struct err *e);
