/* SPDX-License-Identifier: Apache-2.0 */
/* What the demo shows: a header, a table that is refreshed, a verdict. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "tests/demo/demo_compare.h"

struct demo_page {
	bool tty; /* blocks overwrite each other; else they follow each other */
	bool color, utf8;
	unsigned lines;	 /* of the block on the screen */
	unsigned loads;	 /* workloads shown: the first of demo_loads */
	bool bpf;	 /* the tier has bins and waits */
	struct buf text; /* block in work */
};

/* Looks at stdout, $TERM, $NO_COLOR and the locale. */
void demo_page_init(struct demo_page *p);
void demo_page_release(struct demo_page *p);

/* Kernel, tier and what that tier can show, from evictd's Status. */
void demo_page_header(struct demo_page *p, const struct json *status, const char *where);
/* One block: witnesses below each other, workloads beside each other. */
void demo_page_block(struct demo_page *p, const struct demo_view *views, unsigned seconds_left);
/* Within how much they agreed; false when evictd was grossly wrong about one of them. */
bool demo_page_verdict(struct demo_page *p, const struct demo_view *views,
		       const struct demo_totals *totals);
void demo_page_next_steps(struct demo_page *p);
