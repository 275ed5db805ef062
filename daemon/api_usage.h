/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /v1/usage, written piece by piece: an answer about 10,000 workloads with their bins is 40 MB
 * and takes longer to write than the loop may be blocked, so it never exists as a whole. Workloads
 * that come or go between two pieces are told or not; none is told twice.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/status.h"

struct usage_cursor {
	bool bins; /* with the last minute in 100 ms bins */
	bool dead; /* with workloads that ended */
	bool started, ended;
	bool comma;
	uint64_t id; /* last workload written */
};

/* Adds the next piece (at most about 12 KiB) to out; false when there is no more. */
bool api_write_usage(const struct registry *r, const struct node_status *s, struct usage_cursor *c,
		     struct buf *out);
