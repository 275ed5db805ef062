/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/status.h"

#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *counter;
	const char *text;
} lost_texts[] = {
	{ "no-slot", "runs and waits of cgroups that had no slot" },
	{ "slots-full", "cgroups without waits and bins: raise max_cgroups" },
	{ "tasks-full", "waits not seen: raise max_tasks" },
	{ "events", "births, deaths or OOM kills: the event ring was full" },
	{ "walk-cut", "waits whose cause is estimated: too many runs in one wait" },
	{ "bins", "runs longer than the 6.4 s that the bins cover" },
	{ "switches", "switches the kernel did not show: CPU time is rebuilt, waits are not" },
	{ "switches", "switches that the kernel did not show; their runs are rebuilt" },
	{ "missed-bins", "100 ms bins overwritten before they were read: evictd got no CPU" },
	{ "refused-cgroups", "cgroups not tracked: too many, or no memory" },
	{ "forgotten-dead", "ended workloads dropped before keep_dead was over" },
	{ "unplaced-kills", "OOM kills of cgroups that were never seen" },
	{ "bad-values", "values in cgroup files that do not parse" },
};

const struct json *status_lost(const struct json *status)
{
	const struct json *lost = json_get(status, "lost");

	return json_kind(lost) == JSON_OBJECT ? lost : NULL;
}

const char *status_lost_text(const char *counter)
{
	for (size_t i = 0; i < ARRAY_LEN(lost_texts); i++) {
		if (strcmp(lost_texts[i].counter, counter) == 0)
			return lost_texts[i].text;
	}
	return "a newer agent's counter";
}

double status_lost_total(const struct json *status)
{
	/* nothing is missing from these: the wait was split by a sample, the run was rebuilt */
	static const char *const estimated[] = { "walk-cut", "switches" };
	const struct json *lost = status_lost(status);
	double total = 0;

	for (const struct json *j = json_first(lost); j; j = json_next(j))
		total += json_num(j, 0);
	for (size_t i = 0; i < ARRAY_LEN(estimated); i++)
		total -= json_num(json_get(lost, estimated[i]), 0);
	return total;
}
