/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: Prometheus text format 0.0.4, written piece by piece like api_usage.h. The format
 * wants all samples of one metric together, so it walks the workloads once per metric. A dead
 * workload is told as long as it is kept and nothing else has its name.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/status.h"

struct metrics_cursor {
	unsigned metric; /* the one in progress */
	bool headed;	 /* its HELP and TYPE were written */
	uint64_t id;	 /* last workload written */
};

/* Adds the next piece (at most about 16 KiB) to out; false when there is no more. */
bool metrics_write(const struct registry *r, const struct node_status *s, struct metrics_cursor *c,
		   struct buf *out);
