/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the registry's tree of cgroups like the kernel's: by events, and by walks for the rest. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/agent_private.h"

#define RESYNC_NS (60 * NSEC_PER_SEC)

static int ops_add_slot(void *arg, uint64_t cgid, uint32_t *ret_slot)
{
	struct agent *a = arg;

	return sampler_add(a->sampler, cgid, ret_slot);
}

static void ops_set_group(void *arg, uint32_t slot, uint32_t group, unsigned flags)
{
	struct agent *a = arg;

	sampler_set_group(a->sampler, slot, group, flags);
}

static void ops_remove_slot(void *arg, uint32_t slot)
{
	struct agent *a = arg;

	sampler_remove(a->sampler, slot);
}

static const struct abi_slot *ops_slot(void *arg, uint32_t slot)
{
	struct agent *a = arg;

	return sampler_slot(a->sampler, slot);
}

static void ops_take_bins(void *arg, uint32_t slot, uint64_t from, uint64_t to, uint32_t *ret_usec)
{
	struct agent *a = arg;

	sampler_take_bins(a->sampler, slot, from, to, ret_usec);
}

const struct registry_ops agent_registry_ops = {
	.add_slot = ops_add_slot,
	.set_group = ops_set_group,
	.remove_slot = ops_remove_slot,
	.slot = ops_slot,
	.take_bins = ops_take_bins,
	.find_names = agent_find_names,
};

/* Ties the same path in the other hierarchies (hybrid hosts) to the slot, for the walk. */
static void bind_others(struct agent *a, const char *path)
{
	uint64_t cgid;
	uint32_t slot;

	if (sampler_tier(a->sampler) != TIER_BPF || !registry_find_slot(a->registry, path, &slot))
		return;
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++)
		if (h != (int)a->fs.key && a->fs.root[h] &&
		    cgroupfs_id(&a->fs, (enum cgroupfs_hierarchy)h, path, &cgid) == 0)
			sampler_bind(a->sampler, slot, (enum cgroupfs_hierarchy)h, cgid);
}

static void on_birth(void *arg, const struct abi_event_cgroup *ev)
{
	struct agent *a = arg;

	log_debug("cgroup %s: born, id %" PRIu64 ", slot %u", ev->path, (uint64_t)ev->cgid,
		  ev->slot);
	if (sampler_is_key_event(a->sampler, ev) && registry_birth(a->registry, ev) < 0)
		a->resync_due = true;
	bind_others(a, ev->path);
}

static void on_death(void *arg, const struct abi_event_cgroup *ev)
{
	struct agent *a = arg;

	log_debug("cgroup %s: died, id %" PRIu64, ev->path, (uint64_t)ev->cgid);
	if (sampler_is_key_event(a->sampler, ev))
		registry_death(a->registry, ev);
	else
		registry_death_other(a->registry, ev);
}

static void on_oom(void *arg, const struct abi_event_oom *ev)
{
	static const struct log_field fields[] = { { "EVICTD_REASON", "oom-kill" } };
	struct agent *a = arg;
	const struct workload *w = registry_oom(a->registry, ev);
	char name[WORKLOAD_SHORT_ID_LEN];

	if (w)
		log_full(LOG_LEVEL_INFO, fields, ARRAY_LEN(fields),
			 "%s (%s): process %u (%.16s) was killed at %" PRIu64 " of %" PRIu64
			 " MiB of memory",
			 workload_name(w, name), w->path, ev->pid, w->kills[0].comm,
			 (uint64_t)ev->usage_bytes >> 20, (uint64_t)ev->limit_bytes >> 20);
}

void agent_dispatch_events(struct agent *a)
{
	static const struct sampler_handlers handlers = {
		.birth = on_birth,
		.death = on_death,
		.oom = on_oom,
	};
	int ret;

	if (sampler_fd(a->sampler) < 0)
		return;
	ret = sampler_dispatch(a->sampler, &handlers, a);
	if (ret < 0) {
		log_warning("cannot read events of BPF, walking all cgroups instead: %s",
			    strerror(-ret));
		a->resync_due = true;
	}
}

static int on_found(void *arg, const char *path, uint64_t id, uint64_t parent_id)
{
	struct agent *a = arg;

	registry_resync_found(a->registry, path, id, parent_id, clock_monotonic_ns());
	return 0; /* what was refused is counted */
}

struct bind_walk {
	struct agent *agent;
	enum cgroupfs_hierarchy hierarchy;
};

static int on_found_other(void *arg, const char *path, uint64_t id, uint64_t parent_id)
{
	struct bind_walk *walk = arg;
	uint32_t slot;

	(void)parent_id;
	if (registry_find_slot(walk->agent->registry, path, &slot))
		sampler_bind(walk->agent->sampler, slot, walk->hierarchy, id);
	return 0;
}

static void bind_all(struct agent *a)
{
	if (sampler_tier(a->sampler) != TIER_BPF)
		return;
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		struct bind_walk walk = { a, (enum cgroupfs_hierarchy)h };

		if (h != (int)a->fs.key && a->fs.root[h])
			cgroupfs_walk(&a->fs, walk.hierarchy, on_found_other, &walk, NULL);
	}
}

static void resync(struct agent *a, uint64_t now_ns, uint64_t lost_events)
{
	unsigned skipped = 0;
	int ret;

	agent_dispatch_events(a); /* what is known by event needs no guess */
	registry_resync_begin(a->registry, clock_monotonic_ns());
	ret = cgroupfs_walk(&a->fs, a->fs.key, on_found, a, &skipped);
	if (ret < 0) {
		log_warning("cannot walk the cgroups, trying again: %s", strerror(-ret));
		return;
	}
	registry_resync_end(a->registry, clock_monotonic_ns());
	if (skipped)
		log_debug("%u cgroups are nested too deeply to be measured", skipped);
	bind_all(a);
	a->lost_events = lost_events;
	a->resynced_ns = now_ns;
	a->resync_due = false;
}

static bool is_known(void *arg, uint64_t cgid)
{
	struct agent *a = arg;

	return registry_knows(a->registry, cgid);
}

/*
 * Cgroups that came and went while events were lost, or that the registry had no room for, have left
 * their slots behind.
 */
static void sweep(struct agent *a)
{
	unsigned n;

	if (!a->sweeps_due)
		return;
	a->sweeps_due--;
	agent_dispatch_events(a);
	n = sampler_sweep(a->sampler, is_known, a);
	if (n)
		log_info("%u BPF slots of cgroups that lived and died unseen are free again", n);
}

/* Without birth events (files tier, or a kernel that has none) every time, else once in a while. */
void agent_resync(struct agent *a, uint64_t now_ns)
{
	uint64_t lost = sampler_lost(a->sampler, ABI_LOST_EVENTS);
	bool events = sampler_tier(a->sampler) != TIER_FILES &&
		      sampler_features(a->sampler)[FEATURE_CGROUP_EVENTS].on;

	if (events && !a->resync_due && lost == a->lost_events && a->resynced_ns &&
	    now_ns - a->resynced_ns < RESYNC_NS) {
		sweep(a);
		return;
	}
	resync(a, now_ns, lost);
	a->sweeps_due = 2; /* one to suspect, one to act */
}
