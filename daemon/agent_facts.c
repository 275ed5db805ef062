/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory, quota, throttling and pressure: by one BPF walk where that works; what the walk does not
 * give (or gives nobody) comes from files, a slice of at most 20 ms at a time.
 */
#include <errno.h>

#include "base/clock.h"
#include "daemon/agent_private.h"

#define BATCH_NS (20 * NSEC_PER_MSEC)
#define FACTS_ALL                                                                                  \
	(FACTS_CPU | FACTS_CFS | FACTS_MEMORY | FACTS_PEAK | FACTS_INACTIVE_FILE | FACTS_PSI)

static bool read_snapshot(void *arg, uint32_t slot, struct facts *ret_facts)
{
	struct agent *a = arg;

	if (!sampler_snapshot(a->sampler, slot, ret_facts))
		return false;
	a->walk_have |= ret_facts->have;
	return true;
}

/* False: everything has to come from files this time. */
static bool walk(struct agent *a, uint64_t now_ns)
{
	struct err e = { 0 };

	a->walk_have = 0;
	if (sampler_tier(a->sampler) != TIER_BPF)
		return false;
	if (sampler_walk(a->sampler, &e) < 0) {
		if (!a->walk_failed)
			log_warning("BPF walk failed, reading files instead: %s", err_msg(&e));
		a->walk_failed = true;
		return false;
	}
	if (a->walk_failed)
		log_info("BPF walk works again");
	a->walk_failed = false;
	registry_collect_facts(a->registry, read_snapshot, a, now_ns);
	return true;
}

/*
 * Files that the node does not have (PSI off, no memory.peak) are tried once per
 * memory_stat_interval; memory.stat itself is read no more often than that.
 */
void agent_snapshot(struct agent *a, uint64_t now_ns)
{
	unsigned missing;

	if (!walk(a, now_ns))
		a->walk_have = 0;
	missing = FACTS_ALL & ~a->walk_have;
	a->batch_missing = missing;
	a->batch_want = missing;
	if (!a->memory_stat_due)
		a->batch_want &= a->files_have & ~(unsigned)FACTS_INACTIVE_FILE;
	a->memory_stat_due = false;
	a->batch_id = 0;
}

/*
 * A workload that the walk cannot see needs all its files; a new one is asked for everything that
 * the walk does not give: it may have controllers that no other has had so far.
 */
static unsigned wanted(const struct agent *a, const struct workload *w)
{
	bool slotless = sampler_tier(a->sampler) == TIER_BPF && !workload_has_slot(w);
	unsigned want = a->batch_want;

	if (!w->facts.have)
		return want | (slotless ? FACTS_ALL : a->batch_missing);
	if (slotless)
		want |= FACTS_ALL & ~(unsigned)FACTS_INACTIVE_FILE;
	if (!(a->walk_have & w->facts.have & FACTS_INACTIVE_FILE))
		want |= a->files_have & FACTS_INACTIVE_FILE & ~w->facts.have;
	return want;
}

static void read_workload(struct agent *a, const struct workload *w)
{
	unsigned want = wanted(a, w);
	struct facts f = { 0 };
	unsigned bad = 0;

	if (w->dead || !want)
		return;
	if (cgroupfs_read(&a->fs, w->path, want, &f, &bad) < 0)
		return; /* it is dying: its end is told by event or walk */
	a->bad_values += bad;
	a->files_have |= f.have;
	registry_put_facts(a->registry, w, &f, clock_monotonic_ns());
}

bool agent_read_batch(struct agent *a)
{
	uint64_t start_ns = clock_monotonic_ns();
	const struct workload *w;

	for (w = registry_after(a->registry, a->batch_id); w; w = registry_next(a->registry, w)) {
		read_workload(a, w);
		a->batch_id = w->id;
		if (clock_monotonic_ns() - start_ns > BATCH_NS)
			return true;
	}
	return false;
}
