/* SPDX-License-Identifier: Apache-2.0 */
/* `evictctl top --batch`: plain text tables, one after the other, for scripts. */
#pragma once

#include <stdio.h>

#include "tools/top_fetch.h"
#include "tools/top_model.h"

/* One round: a headline and the table. 0 or -errno. */
int top_batch_print(FILE *out, const struct top_answer *answer, const struct top_view *view,
		    struct err *e);
