/* SPDX-License-Identifier: Apache-2.0 */
/* The columns in which workloads are shown. Items are struct usage_row. */
#pragma once

#include "tools/output.h"
#include "tools/usage.h"

extern const struct output_column usage_columns[]; /* of `evictctl usage` */
extern const struct output_column
	usage_top_columns[];			 /* of `evictctl top --batch`; struct top_line */
extern const struct output_field usage_fields[]; /* csv: everything */

/* "quota 80%", "neighbour etl-0" or "": the largest cause, and whom to blame. */
void usage_add_why(const struct usage_row *row, struct buf *out);
