/* SPDX-License-Identifier: Apache-2.0 */
/* One workload: birth, names, kills, death. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/measure/registry_private.h"

#define KILL_MERGE_NS 100000000ULL /* memory.oom.group kills within some ms; 100 ms is ample */

/* Copies one string into the block behind the workload. */
static const char *put_text(char **at, const char *s)
{
	char *start = *at;
	size_t size = strlen(s) + 1;

	memcpy(start, s, size);
	*at += size;
	return start;
}

static enum workload_kind kind_of(const struct identity *id)
{
	static const enum workload_kind kinds[] = {
		[IDENTITY_OTHER] = WORKLOAD_CGROUP,	   [IDENTITY_UNIT] = WORKLOAD_UNIT,
		[IDENTITY_POD] = WORKLOAD_CGROUP,	   [IDENTITY_INFRA] = WORKLOAD_CGROUP,
		[IDENTITY_CONTAINER] = WORKLOAD_CONTAINER,
	};

	return kinds[id->kind];
}

static const struct identity_names no_names = { .cpu_request_milli = UINT64_MAX,
						.cpu_limit_milli = UINT64_MAX,
						.memory_request_bytes = UINT64_MAX,
						.memory_limit_bytes = UINT64_MAX };

static void supersede(struct registry *r, const char *path)
{
	struct workload_node *n;

	FOREACH(n, &r->workloads, all)
	if (n->w.dead && strcmp(n->w.path, path) == 0)
		n->w.superseded = true;
}

uint32_t registry_sorted_at(const struct registry *r, uint64_t id)
{
	uint32_t low = 0, high = r->n_sorted;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->sorted[middle]->w.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for one more: the newest has the highest id and goes last. */
static int sorted_reserve(struct registry *r)
{
	uint32_t n = r->sorted_alloc ? r->sorted_alloc * 2 : 64;
	struct workload_node **grown;

	if (r->n_sorted < r->sorted_alloc)
		return 0;
	grown = reallocarray(r->sorted, n, sizeof(void *));
	if (!grown)
		return -ENOMEM;
	r->sorted = grown;
	r->sorted_alloc = n;
	return 0;
}

static void sorted_remove(struct registry *r, const struct workload *w)
{
	uint32_t at = registry_sorted_at(r, w->id);

	r->n_sorted--;
	memmove(r->sorted + at, r->sorted + at + 1, (r->n_sorted - at) * sizeof(void *));
}

/* `top` is NULL while the workload's own cgroup has not been seen. */
struct workload *workload_new(struct registry *r, const struct cgroup *top, const char *path,
			      const struct identity *id, uint64_t now_ns)
{
	size_t size = strlen(path) + strlen(id->pod_uid) + strlen(id->container_id) +
		      strlen(id->unit) + 4;
	struct workload_node *n;
	char *text;

	if (sorted_reserve(r) < 0)
		return NULL;
	n = calloc(1, sizeof(*n) + size);
	if (!n)
		return NULL;
	text = n->text;
	n->w = (struct workload){
		.id = ++r->next_id,
		.kind = kind_of(id),
		.path = put_text(&text, path),
		.pod_uid = put_text(&text, id->pod_uid),
		.container_id = put_text(&text, id->container_id),
		.unit = put_text(&text, id->kind == IDENTITY_UNIT ? id->unit : ""),
		.qos = id->qos ? id->qos : "",
		.runtime = id->runtime ? id->runtime : "",
		.names = no_names,
		.cgid = top ? top->cgid : 0,
		.born_ns = top ? top->born_ns : now_ns,
		.born_seen = top && top->born_seen,
		.peak_bytes = ABI_UNLIMITED,
		.state = &n->s,
	};
	n->s.first_bin = UINT64_MAX;
	TAILQ_INIT(&n->s.cgroups);
	if (r->n_dead)
		supersede(r, path);
	if (!top)
		r->headless++;
	TAILQ_INSERT_TAIL(&r->workloads, n, all);
	r->sorted[r->n_sorted++] = n;
	workload_find_names(r, &n->w);
	return &n->w;
}

void workload_free(struct registry *r, struct workload *w)
{
	struct workload_node *n = workload_node(w);
	struct cgroup *cg;

	FOREACH(cg, &n->s.cgroups, same)
	cg->workload = NULL;
	for (uint32_t i = 0; i < r->n_owners; i++)
		if (r->owners[i] == w)
			r->owners[i] = NULL;
	if (w->dead)
		r->n_dead--;
	if (w->cgid == 0)
		r->headless--;
	TAILQ_REMOVE(&r->workloads, n, all);
	sorted_remove(r, w);
	free(n->s.folded);
	free(n->s.demand);
	free(n->s.window);
	free(n->s.names_text);
	free(w->kills);
	free(n);
}

void workload_adopt(struct registry *r, struct workload *w, struct cgroup *cg)
{
	struct workload_state *s = w->state;

	cg->workload = w;
	TAILQ_INSERT_TAIL(&s->cgroups, cg, same);
	s->living++;
	if (w->dead) { /* a nested cgroup whose birth was told after the death of the top */
		w->dead = false;
		w->died_ns = 0;
		r->n_dead--;
	}
	if (cg->slot == ABI_SLOT_NONE)
		return;
	r->owners[cg->slot] = w;
	s->had_slot = true;
	/* Found late: only whole bins from now on are its own. */
	if (s->first_bin == UINT64_MAX)
		s->first_bin = cg->born_ns / ABI_BIN_NS + (cg->born_seen ? 0 : 1);
}

void workload_disown(struct workload *w, struct cgroup *cg)
{
	TAILQ_REMOVE(&w->state->cgroups, cg, same);
	if (!cg->died_ns)
		w->state->living--;
	cg->workload = NULL;
}

void workload_note_peak(struct workload *w, uint64_t bytes)
{
	if (bytes == ABI_UNLIMITED)
		return;
	if (w->peak_bytes == ABI_UNLIMITED || w->peak_bytes < bytes)
		w->peak_bytes = bytes;
}

void workload_bury(struct registry *r, struct workload *w, uint64_t now_ns)
{
	r->n_dead++;
	w->dead = true;
	w->died_ns = now_ns;
}

/* Whether a dead workload has anything to tell. */
static bool worth_keeping(const struct workload *w)
{
	struct totals t;

	if (w->kind != WORKLOAD_CGROUP || w->kills_total)
		return true;
	workload_totals(w, &t);
	return t.run_ns || t.waits;
}

static struct workload *oldest_dead(struct registry *r)
{
	struct workload *oldest = NULL;
	struct workload_node *n;

	FOREACH(n, &r->workloads, all)
	{
		if (!n->w.dead || !TAILQ_EMPTY(&n->s.cgroups))
			continue;
		if (!oldest || n->w.died_ns < oldest->died_ns)
			oldest = &n->w;
	}
	return oldest;
}

void registry_forget_dead(struct registry *r, uint64_t now_ns)
{
	struct workload_node *n, *next;

	for (n = TAILQ_FIRST(&r->workloads); n; n = next) {
		next = TAILQ_NEXT(n, all);
		if (!n->w.dead || !TAILQ_EMPTY(&n->s.cgroups))
			continue;
		if (now_ns - n->w.died_ns > r->options.keep_dead_ns || !worth_keeping(&n->w))
			workload_free(r, &n->w);
	}
	while (r->n_dead > REGISTRY_DEAD_MAX) {
		struct workload *w = oldest_dead(r);

		if (!w) /* all of them still have slots */
			return;
		workload_free(r, w);
		r->stats.forgotten++;
	}
}

/* Names. */

#define NAMES_TEXTS 5u

static const char **names_texts(struct identity_names *n, unsigned i)
{
	const char **texts[NAMES_TEXTS] = { &n->namespace_name, &n->pod, &n->container,
					    &n->owner_kind, &n->owner_name };

	return texts[i];
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Own copies: the table of names is rebuilt as a whole. Without memory the old names stay. */
static void workload_set_names(struct workload *w, struct identity_names names)
{
	bool same = true;
	size_t size = 0;
	char *text, *at;

	for (unsigned i = 0; i < NAMES_TEXTS; i++) {
		const char *s = *names_texts(&names, i);

		same = same && same_text(s, *names_texts(&w->names, i));
		size += s ? strlen(s) + 1 : 0;
	}
	if (!same) {
		text = at = malloc(size + 1);
		if (!text)
			return;
		for (unsigned i = 0; i < NAMES_TEXTS; i++)
			if (*names_texts(&names, i))
				*names_texts(&names, i) = put_text(&at, *names_texts(&names, i));
		free(w->state->names_text);
		w->state->names_text = text;
	} else {
		for (unsigned i = 0; i < NAMES_TEXTS; i++)
			*names_texts(&names, i) = *names_texts(&w->names, i);
	}
	w->names = names;
}

/* A pod's named container makes its unnamed siblings pause containers. */
void registry_find_sandboxes(struct registry *r)
{
	struct map named = { 0 };
	struct workload_node *n;

	r->names_dirty = false;
	FOREACH(n, &r->workloads, all)
	if (n->w.names.container && n->w.pod_uid[0] && map_put_str(&named, n->w.pod_uid, n) < 0)
		r->names_dirty = true; /* without memory: again at the next sample */
	FOREACH(n, &r->workloads, all)
	n->w.sandbox = n->w.kind == WORKLOAD_CONTAINER && n->w.names.pod && !n->w.names.container &&
		       map_get_str(&named, n->w.pod_uid);
	map_release(&named);
}

static void lookup_names(struct registry *r, struct workload *w)
{
	struct identity_names names = no_names;

	if (!r->ops->find_names || (!w->pod_uid[0] && !w->container_id[0]))
		return;
	if (!r->ops->find_names(r->arg, w->pod_uid, w->container_id, &names))
		return;
	/* What was known of a container that is gone from the source is still true. */
	if (names.container || !w->names.container)
		workload_set_names(w, names);
}

void workload_find_names(struct registry *r, struct workload *w)
{
	lookup_names(r, w);
	if (w->pod_uid[0] && w->kind == WORKLOAD_CONTAINER)
		r->names_dirty = true;
}

void registry_refresh_names(struct registry *r)
{
	struct workload_node *n;

	FOREACH(n, &r->workloads, all)
	lookup_names(r, &n->w);
	registry_find_sandboxes(r);
}

const char *workload_name(const struct workload *w, char buf[static WORKLOAD_SHORT_ID_LEN])
{
	if (w->kind == WORKLOAD_UNIT)
		return w->unit;
	if (w->kind == WORKLOAD_CGROUP)
		return w->path;
	if (w->names.container)
		return w->names.container;
	if (w->sandbox)
		return "pod sandbox";
	snprintf(buf, WORKLOAD_SHORT_ID_LEN, "%.*s", WORKLOAD_SHORT_ID_LEN - 1, w->container_id);
	return buf;
}

/* OOM kills. */

static struct workload *oom_workload(struct registry *r, const struct abi_event_oom *ev)
{
	const struct cgroup *cg = ev->cgid ? map_get(&r->by_cgid, ev->cgid) : NULL;

	if (cg && cg->workload)
		return cg->workload;
	return ev->slot && ev->slot < r->n_owners ? r->owners[ev->slot] : NULL;
}

/*
 * True when the event adds to the newest kill: the same process told again, or another process
 * that memory.oom.group killed with it.
 */
static bool kill_merge(struct workload *w, const struct abi_event_oom *ev)
{
	struct kill *last = w->n_kills ? &w->kills[0] : NULL;

	if (!last || last->limit_cgid != ev->limit_cgid ||
	    ev->time_ns > last->time_ns + KILL_MERGE_NS)
		return false;
	if (last->pid == ev->pid)
		return true;
	if (!ev->oom_group)
		return false;
	last->processes++;
	w->kills_total++;
	if (ev->usage_bytes > last->usage_bytes) /* the first to come may be the last to be told */
		last->usage_bytes = ev->usage_bytes;
	return true;
}

const struct workload *registry_oom(struct registry *r, const struct abi_event_oom *ev)
{
	struct workload *w = oom_workload(r, ev);

	if (!w) {
		r->stats.unplaced_kills++;
		return NULL;
	}
	if (kill_merge(w, ev))
		return NULL;
	w->kills_total++;
	if (!w->kills)
		w->kills = calloc(REGISTRY_KILLS, sizeof(*w->kills));
	if (!w->kills) {
		r->stats.refused++;
		return NULL;
	}
	if (w->n_kills < REGISTRY_KILLS)
		w->n_kills++;
	memmove(w->kills + 1, w->kills, (w->n_kills - 1) * sizeof(*w->kills));
	w->kills[0] = (struct kill){ .time_ns = ev->time_ns,
				     .limit_cgid = ev->limit_cgid,
				     .usage_bytes = ev->usage_bytes,
				     .limit_bytes = ev->limit_bytes,
				     .pid = ev->pid,
				     .processes = 1 };
	memcpy(w->kills[0].comm, ev->comm, sizeof(ev->comm));
	w->kills[0].comm[sizeof(ev->comm) - 1] = '\0';
	return w;
}

uint64_t workload_oom_kills(const struct workload *w)
{
	uint64_t in_file = w->facts.have & FACTS_MEMORY ? w->facts.events[ABI_MEM_OOM_KILL] : 0;

	return in_file > w->kills_total ? in_file : w->kills_total;
}
