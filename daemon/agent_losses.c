/* SPDX-License-Identifier: Apache-2.0 */
/* Says in the log what cannot be measured and what helps; the numbers are in the status. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_private.h"

/* A node that is full stays full: one line per kind and ten minutes is enough. */
#define SAY_AGAIN_NS (600 * NSEC_PER_SEC)

/* True when `count` grew and the last line about it is old enough. */
static bool worth_saying(struct loss_log *l, uint64_t count, uint64_t now_ns)
{
	if (count <= l->said || (l->said_ns && now_ns - l->said_ns < SAY_AGAIN_NS))
		return false;
	l->said = count;
	l->said_ns = now_ns;
	return true;
}

/* Cgroups have no slot: a number that falls again, too. */
static void say_slots(struct agent *a, uint32_t slotless, uint64_t now_ns)
{
	struct loss_log *l = &a->losses[LOSS_SLOTS];

	if (slotless < l->said)
		l->said = slotless;
	if (worth_saying(l, slotless, now_ns))
		log_warning("no BPF slot is left: %" PRIu32 " cgroups are measured from files "
			    "alone, without waits and 100 ms bins; raise max_cgroups (now %" PRIu32
			    ") and restart evictd",
			    slotless, sampler_slots_max(a->sampler));
}

void agent_say_losses(struct agent *a, uint64_t now_ns)
{
	uint64_t tasks = sampler_lost(a->sampler, ABI_LOST_TASKS_FULL);
	uint64_t events = sampler_lost(a->sampler, ABI_LOST_EVENTS);
	struct registry_stats stats;

	registry_get_stats(a->registry, &stats);
	if (sampler_tier(a->sampler) != TIER_FILES)
		say_slots(a, stats.slotless, now_ns);
	if (worth_saying(&a->losses[LOSS_TASKS], tasks, now_ns))
		log_warning("the map of tasks is full: run-queue waits of some tasks are not seen; "
			    "raise max_tasks (now %" PRIu64 ") and restart evictd",
			    a->config.max_tasks);
	if (worth_saying(&a->losses[LOSS_EVENTS], events, now_ns))
		log_warning("%" PRIu64 " births, deaths or OOM kills of cgroups were not told: the "
			    "event ring was full; all cgroups are walked anew",
			    events);
	if (worth_saying(&a->losses[LOSS_CGROUPS], stats.refused, now_ns))
		log_warning("%" PRIu64
			    " cgroups are not measured at all: more than %u, or no memory",
			    stats.refused, REGISTRY_CGROUPS_MAX);
}
