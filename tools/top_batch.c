/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/top_batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "tools/format.h"
#include "tools/output.h"
#include "tools/status.h"
#include "tools/text.h"
#include "tools/usage_columns.h"

static const char *text(const struct json *status, const char *key)
{
	return json_str(json_get(status, key), "?");
}

static void add_headline(struct buf *out, const struct json *status, const struct top_lines *lines)
{
	_cleanup_(buf_release) struct buf raw = BUF_INIT(4096);
	double lost = status_lost_total(status);
	char cost[FORMAT_LEN], count[FORMAT_LEN];

	buf_printf(&raw, "%s  node %s  tier %s  kernel %s  %zu workloads  evictd itself %s CPU",
		   text(status, "time"), text(status, "node"), text(status, "tier"),
		   text(status, "kernel"), lines->n_workloads,
		   format_share(json_num(json_path(status, "cost.cpuShare"), NAN), cost));
	if (lost > 0)
		buf_printf(&raw, "  lost %s!", format_count(lost, count));
	text_add_safe(out, buf_str(&raw), text_locale_is_utf8());
}

static int print_lines(FILE *out, const struct top_answer *answer, const struct top_lines *lines,
		       struct err *e)
{
	_cleanup_(buf_release) struct buf title = BUF_INIT(32768);
	_cleanup_free_ struct output_row *rows = calloc(lines->n + 1, sizeof(*rows));

	if (!rows)
		return err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < lines->n; i++)
		rows[i].item = &lines->lines[i];
	add_headline(&title, answer->status, lines);
	return output_write(&output_table,
			    &(struct output_doc){
				    .n_parts = 1,
				    .parts =
					    &(struct output_part){
						    .title = buf_str(&title),
						    .columns = usage_top_columns,
						    .rows = rows,
						    .n_rows = lines->n,
						    .header = true,
						    .empty = "no workloads",
					    },
			    },
			    out, e);
}

int top_batch_print(FILE *out, const struct top_answer *answer, const struct top_view *view,
		    struct err *e)
{
	_cleanup_(top_lines_release) struct top_lines lines = { 0 };

	if (top_lines_init(&lines, &answer->usage, view) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	return print_lines(out, answer, &lines, e);
}
