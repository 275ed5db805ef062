/* SPDX-License-Identifier: Apache-2.0 */
/* Birth, death and re-synchronisation of cgroups; readers. */
#include "daemon/measure/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/registry_private.h"

int registry_new(const struct registry_ops *ops, void *arg, const struct registry_options *o,
		 struct registry **ret_registry)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->ops = ops;
	r->arg = arg;
	r->options = *o;
	TAILQ_INIT(&r->cgroups);
	TAILQ_INIT(&r->workloads);
	*ret_registry = r;
	return 0;
}

static void cgroup_free(struct registry *r, struct cgroup *cg)
{
	if (map_get(&r->by_cgid, cg->cgid) == cg)
		map_remove(&r->by_cgid, cg->cgid);
	if (map_get_str(&r->by_path, cg->path) == cg)
		map_remove_str(&r->by_path, cg->path);
	TAILQ_REMOVE(&r->cgroups, cg, all);
	free(cg);
}

void registry_free(struct registry *r)
{
	struct workload_node *n;
	struct cgroup *cg;

	if (!r)
		return;
	while ((cg = TAILQ_FIRST(&r->cgroups))) {
		if (cg->workload)
			workload_disown(cg->workload, cg);
		cgroup_free(r, cg);
	}
	while ((n = TAILQ_FIRST(&r->workloads)))
		workload_free(r, &n->w);
	map_release(&r->by_cgid);
	map_release(&r->by_path);
	free(r->owners);
	free(r->sorted);
	free(r);
}

void registry_freep(struct registry **r)
{
	registry_free(*r);
}

void registry_configure(struct registry *r, const struct registry_options *o)
{
	r->options = *o;
	registry_regroup_all(r);
}

/* Grows the table of owners so that `slot` has a place. */
static int owners_reserve(struct registry *r, uint32_t slot)
{
	uint32_t n = r->n_owners ? r->n_owners : 256;
	struct workload **grown;

	if (slot < r->n_owners)
		return 0;
	while (n <= slot)
		n *= 2;
	grown = reallocarray(r->owners, n, sizeof(void *));
	if (!grown)
		return -ENOMEM;
	memset(grown + r->n_owners, 0, (n - r->n_owners) * sizeof(void *));
	r->owners = grown;
	r->n_owners = n;
	return 0;
}

/* A cgroup without a slot is still measured from files; being out of slots is BPF's to count. */
static void cgroup_take_slot(struct registry *r, struct cgroup *cg, uint32_t slot)
{
	if (cg->slot != ABI_SLOT_NONE || !r->ops->slot)
		return;
	if (slot == ABI_SLOT_NONE &&
	    (!r->ops->add_slot || r->ops->add_slot(r->arg, cg->cgid, &slot) < 0))
		return;
	if (owners_reserve(r, slot) < 0) {
		r->stats.refused++;
		return;
	}
	cg->slot = slot;
	cg->live = r->ops->slot(r->arg, slot);
	r->owners[slot] = NULL;
}

/* Children that became known before their parent. */
static bool adopt_orphans(struct registry *r, struct cgroup *parent)
{
	uint32_t before = r->orphans;
	struct cgroup *cg;

	FOREACH(cg, &r->cgroups, all)
	{
		if (cg->parent || cg->died_ns || cg == parent || cg->parent_cgid != parent->cgid)
			continue;
		cg->parent = parent;
		parent->children++;
		r->orphans--;
	}
	return r->orphans < before;
}

/* True when there were children that have to be told their group again. */
static bool cgroup_link(struct registry *r, struct cgroup *cg)
{
	struct cgroup *parent = map_get(&r->by_cgid, cg->parent_cgid);

	bool adopted = r->orphans && adopt_orphans(r, cg);

	if (parent && !parent->died_ns && parent != cg) {
		cg->parent = parent;
		parent->children++;
	} else if (cg->components) {
		r->orphans++;
	}
	return adopted;
}

static int cgroup_new(struct registry *r, const char *path, uint64_t cgid,
		      struct cgroup **ret_cgroup)
{
	uint32_t max = r->options.max_cgroups ? r->options.max_cgroups : REGISTRY_CGROUPS_MAX;
	size_t len = strnlen(path, PATH_LEN_MAX);
	_cleanup_free_ struct cgroup *cg = NULL;
	int ret;

	if (path[0] != '/' || len == PATH_LEN_MAX)
		return -EINVAL;
	if (r->by_cgid.len >= max) {
		r->stats.refused++;
		return -E2BIG;
	}
	cg = calloc(1, sizeof(*cg) + len + 1);
	if (!cg)
		return -ENOMEM;
	cg->cgid = cgid;
	cg->path = memcpy(cg + 1, path, len + 1);
	cg->components = (uint16_t)path_components(path);
	ret = map_put(&r->by_cgid, cgid, cg);
	if (ret < 0)
		return ret;
	ret = map_put_str(&r->by_path, path, cg);
	if (ret < 0) {
		map_remove(&r->by_cgid, cgid);
		return ret;
	}
	TAILQ_INSERT_TAIL(&r->cgroups, cg, all);
	*ret_cgroup = TAKE_PTR(cg);
	return 0;
}

/* What birth and walk tell of one cgroup. */
struct found {
	const char *path;
	uint64_t cgid, parent_cgid, time_ns;
	uint32_t slot;
	bool born; /* by an event: time_ns is its birth */
};

static int cgroup_add(struct registry *r, const struct found *f)
{
	struct cgroup *cg = map_get(&r->by_cgid, f->cgid);
	bool adopted;
	int ret;

	if (cg) { /* known from a walk, or the event came twice */
		if (!cg->died_ns)
			cgroup_take_slot(r, cg, f->slot);
		cg->generation = r->generation;
		return 0;
	}
	ret = cgroup_new(r, f->path, f->cgid, &cg);
	if (ret < 0) {
		if (ret == -ENOMEM)
			r->stats.refused++;
		return ret;
	}
	cg->parent_cgid = f->parent_cgid;
	cg->born_ns = f->time_ns;
	cg->born_seen = f->born;
	cg->generation = r->generation;
	r->stats.cgroups++;
	cgroup_take_slot(r, cg, f->slot);
	adopted = cgroup_link(r, cg);
	cgroup_classify(r, cg);
	if (adopted)
		registry_regroup_all(r);
	return 0;
}

static void cgroup_bury(struct registry *r, struct cgroup *cg, uint64_t time_ns)
{
	struct workload *w = cg->workload;

	cg->died_ns = time_ns ? time_ns : 1;
	r->stats.cgroups--;
	if (cg->in_kubepods && --r->kubepods == 0)
		registry_regroup_all(r);
	if (cg->parent)
		cg->parent->children--;
	else if (cg->components)
		r->orphans--;
	cg->parent = NULL;
	if (w && --w->state->living == 0)
		workload_bury(r, w, cg->died_ns);
}

/* A death that comes before its birth is kept for it, the oldest is overwritten. */
static void tombstone_put(struct registry *r, const struct abi_event_cgroup *ev)
{
	struct tombstone *t = &r->tombstones[r->n_tombstones++ % TOMBSTONES];

	*t = (struct tombstone){ ev->cgid, ev->time_ns, ev->memory_peak_bytes };
}

static struct tombstone *tombstone_find(struct registry *r, uint64_t cgid)
{
	for (unsigned i = 0; i < TOMBSTONES; i++)
		if (r->tombstones[i].cgid == cgid)
			return &r->tombstones[i];
	return NULL;
}

static void note_peak(struct cgroup *cg, uint64_t peak_bytes)
{
	if (cg->workload && strcmp(cg->workload->path, cg->path) == 0)
		workload_note_peak(cg->workload, peak_bytes);
}

int registry_birth(struct registry *r, const struct abi_event_cgroup *ev)
{
	struct tombstone *t = tombstone_find(r, ev->cgid);
	struct cgroup *known = map_get(&r->by_cgid, ev->cgid);
	int ret;

	if (ev->cgid == 0)
		return -EINVAL;
	if (ev->truncated) /* a walk will find it by its whole path */
		return -ENAMETOOLONG;
	if (known && !known->born_seen) {
		known->born_seen = true;
		known->born_ns = ev->time_ns;
		if (known->workload && known->workload->cgid == ev->cgid) {
			known->workload->born_ns = ev->time_ns;
			known->workload->born_seen = true;
		}
	}
	ret = cgroup_add(r, &(struct found){ ev->path, ev->cgid, ev->parent_cgid, ev->time_ns,
					     ev->slot, true });
	if (ret < 0 || !t)
		return ret;
	known = map_get(&r->by_cgid, ev->cgid);
	note_peak(known, t->peak_bytes);
	if (!known->died_ns)
		cgroup_bury(r, known, t->time_ns);
	*t = (struct tombstone){ 0 };
	return 0;
}

void registry_death(struct registry *r, const struct abi_event_cgroup *ev)
{
	struct cgroup *cg = map_get(&r->by_cgid, ev->cgid);

	if (!cg) {
		tombstone_put(r, ev);
		return;
	}
	note_peak(cg, ev->memory_peak_bytes);
	if (!cg->died_ns)
		cgroup_bury(r, cg, ev->time_ns);
}

void registry_death_other(struct registry *r, const struct abi_event_cgroup *ev)
{
	struct cgroup *cg = ev->truncated ? NULL : map_get_str(&r->by_path, ev->path);
	struct workload_node *n;

	if (cg && (!cg->born_seen || cg->born_ns <= ev->time_ns)) {
		note_peak(cg, ev->memory_peak_bytes);
		return;
	}
	/* The path was taken over since: the newest of those that were born before. */
	for (n = TAILQ_LAST(&r->workloads, workload_list); n;
	     n = TAILQ_PREV(n, workload_list, all)) {
		if (n->w.born_ns > ev->time_ns || strcmp(n->w.path, ev->path) != 0)
			continue;
		workload_note_peak(&n->w, ev->memory_peak_bytes);
		return;
	}
}

bool registry_find_slot(const struct registry *r, const char *path, uint32_t *ret_slot)
{
	const struct cgroup *cg = map_get_str(&r->by_path, path);

	if (!cg || cg->died_ns || cg->slot == ABI_SLOT_NONE)
		return false;
	*ret_slot = cg->slot;
	return true;
}

bool registry_knows(const struct registry *r, uint64_t cgid)
{
	return map_get(&r->by_cgid, cgid);
}

void registry_resync_begin(struct registry *r, uint64_t now_ns)
{
	r->generation++;
	r->resync_ns = now_ns;
}

int registry_resync_found(struct registry *r, const char *path, uint64_t cgid, uint64_t parent_cgid,
			  uint64_t now_ns)
{
	struct cgroup *cg = map_get(&r->by_cgid, cgid);

	/* Its death was told while the walk was on its way. */
	if (!cg && tombstone_find(r, cgid))
		return 0;
	if (cg && !cg->died_ns && !cg->workload)
		cgroup_classify(r, cg); /* perhaps a leaf again */
	return cgroup_add(r,
			  &(struct found){ path, cgid, parent_cgid, now_ns, ABI_SLOT_NONE, false });
}

void registry_resync_end(struct registry *r, uint64_t now_ns)
{
	struct cgroup *cg;

	FOREACH(cg, &r->cgroups, all)
	if (!cg->died_ns && cg->generation != r->generation && cg->born_ns < r->resync_ns)
		cgroup_bury(r, cg, now_ns);
}

/* Children of a parent whose death was told before theirs. */
static void leave_orphans(struct registry *r, const struct cgroup *parent)
{
	struct cgroup *cg;

	FOREACH(cg, &r->cgroups, all)
	{
		if (cg->parent != parent)
			continue;
		cg->parent = NULL;
		r->orphans++;
	}
}

void registry_reap(struct registry *r, uint64_t now_ns)
{
	struct cgroup *cg, *next;

	for (cg = TAILQ_FIRST(&r->cgroups); cg; cg = next) {
		next = TAILQ_NEXT(cg, all);
		if (!cg->died_ns || now_ns < cg->died_ns + REGISTRY_LINGER_NS)
			continue;
		if (cg->children)
			leave_orphans(r, cg);
		cgroup_fold(cg);
		if (cg->slot != ABI_SLOT_NONE && r->ops->remove_slot)
			r->ops->remove_slot(r->arg, cg->slot);
		if (cg->workload)
			workload_disown(cg->workload, cg);
		cgroup_free(r, cg);
	}
	registry_forget_dead(r, now_ns);
}

const struct workload *registry_first(const struct registry *r)
{
	const struct workload_node *n = TAILQ_FIRST(&r->workloads);

	return n ? &n->w : NULL;
}

const struct workload *registry_next(const struct registry *r, const struct workload *w)
{
	const struct workload_node *n = TAILQ_NEXT(workload_node(w), all);

	(void)r;
	return n ? &n->w : NULL;
}

const struct workload *registry_after(const struct registry *r, uint64_t id)
{
	uint32_t at = registry_sorted_at(r, id + 1);

	return at < r->n_sorted ? &r->sorted[at]->w : NULL;
}

void registry_get_stats(const struct registry *r, struct registry_stats *ret_stats)
{
	const struct workload_node *n;
	const struct cgroup *cg;

	*ret_stats = r->stats;
	ret_stats->missed_bins = r->clock.missed;
	ret_stats->live = ret_stats->dead = ret_stats->unnamed = 0;
	ret_stats->slotless = 0;
	FOREACH(cg, &r->cgroups, all)
	ret_stats->slotless += !cg->died_ns && cg->slot == ABI_SLOT_NONE;
	FOREACH(n, &r->workloads, all)
	{
		if (n->w.dead)
			ret_stats->dead++;
		else
			ret_stats->live++;
		if (!n->w.dead && n->w.kind == WORKLOAD_CONTAINER && !n->w.names.container &&
		    !n->w.sandbox)
			ret_stats->unnamed++;
	}
}
