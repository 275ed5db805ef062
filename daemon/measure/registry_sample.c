/* SPDX-License-Identifier: Apache-2.0 */
/* From live slots and facts to bins, history and totals. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/registry_private.h"

static void totals_add_slot(struct totals *t, const struct abi_slot *slot)
{
	t->run_ns += __atomic_load_n(&slot->run_ns, __ATOMIC_RELAXED);
	t->waits += __atomic_load_n(&slot->waits, __ATOMIC_RELAXED);
	t->reclaim_ns += __atomic_load_n(&slot->reclaim_ns, __ATOMIC_RELAXED);
	t->reclaims += __atomic_load_n(&slot->reclaims, __ATOMIC_RELAXED);
	for (unsigned c = 0; c < ABI_CAUSES; c++) {
		t->wait_ns[c] += __atomic_load_n(&slot->wait_ns[c], __ATOMIC_RELAXED);
		for (unsigned i = 0; i < ABI_HIST; i++)
			t->hist[c][i] += __atomic_load_n(&slot->hist[c][i], __ATOMIC_RELAXED);
	}
}

bool workload_has_slot(const struct workload *w)
{
	return w->state->had_slot;
}

void workload_totals(const struct workload *w, struct totals *ret_totals)
{
	const struct workload_state *s = w->state;
	const struct cgroup *cg;

	if (s->folded)
		*ret_totals = *s->folded;
	else
		*ret_totals = (struct totals){ 0 };
	FOREACH(cg, &s->cgroups, same)
	if (cg->live)
		totals_add_slot(ret_totals, cg->live);
	if (!s->had_slot && w->facts.have & FACTS_CPU)
		ret_totals->run_ns = w->facts.usage_ns;
}

/* The slot goes back: what it counted moves into the workload. */
void cgroup_fold(struct cgroup *cg)
{
	struct workload_state *s = cg->workload ? cg->workload->state : NULL;
	const struct abi_slot *live = TAKE_PTR(cg->live);

	if (!s || !live)
		return;
	if (!s->folded)
		s->folded = calloc(1, sizeof(*s->folded));
	if (s->folded) /* without memory these counts are lost, nothing else */
		totals_add_slot(s->folded, live);
}

/* History. */

static void point_take(const struct workload *w, const struct totals *t, struct point *p)
{
	memcpy(p->wait_ns, t->wait_ns, sizeof(p->wait_ns));
	p->nr_periods = w->facts.nr_periods;
	p->nr_throttled = w->facts.nr_throttled;
}

/* Sums the sketches of all cgroups of a workload, the heaviest first. */
void workload_offenders(const struct workload *w, struct abi_offender ret[ABI_OFFENDERS])
{
	const struct cgroup *cg;

	memset(ret, 0, ABI_OFFENDERS * sizeof(*ret));
	FOREACH(cg, &w->state->cgroups, same)
	{
		for (unsigned i = 0; cg->live && i < ABI_OFFENDERS; i++) {
			struct abi_offender o = cg->live->offenders[i];
			unsigned at = 0;

			if (o.slot == ABI_SLOT_NONE)
				continue;
			for (; at < ABI_OFFENDERS - 1; at++)
				if (ret[at].slot == o.slot || ret[at].slot == ABI_SLOT_NONE)
					break;
			if (ret[at].slot == o.slot)
				ret[at].ns += o.ns;
			else if (ret[at].ns < o.ns)
				ret[at] = o;
		}
	}
}

static void base_take(const struct workload *w, const struct totals *t, struct wait_base *b)
{
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		for (unsigned i = 0; i < ABI_HIST; i++)
			b->hist[c][i] = (uint32_t)t->hist[c][i];
	workload_offenders(w, b->offenders);
}

/*
 * A workload's history begins when it is first seen running. Counters of slots begin at 0 with us,
 * those of files and of a workload that comes back from idleness do not.
 */
struct window *workload_window(struct workload *w)
{
	struct workload_state *s = w->state;
	struct totals t;

	if (s->window)
		return s->window;
	s->window = calloc(1, sizeof(*s->window));
	if (!s->window)
		return NULL;
	if (s->had_window || !s->had_slot) {
		workload_totals(w, &t);
		for (unsigned i = 0; i < HISTORY_POINTS; i++)
			point_take(w, &t, &s->window->points[i]);
		base_take(w, &t, &s->window->base[0]);
		s->window->base[1] = s->window->base[0];
	}
	s->had_window = true;
	return s->window;
}

static void workload_idle(struct workload_state *s)
{
	free(TAKE_PTR(s->demand));
	free(TAKE_PTR(s->window));
}

static void history_step(struct registry *r, uint64_t now_ns)
{
	unsigned at = r->steps % HISTORY_POINTS;
	bool rotate = r->steps % WINDOW_STEPS == 0;
	struct workload_node *n;
	struct totals t;

	if (r->steps && now_ns - r->step_ns[(r->steps - 1) % HISTORY_POINTS] < HISTORY_STEP_NS)
		return;
	r->step_ns[at] = now_ns;
	r->steps++;
	FOREACH(n, &r->workloads, all)
	{
		struct window *win = n->s.window;

		if (!win && !n->s.demand)
			continue;
		if (now_ns - n->s.active_ns > IDLE_NS) {
			workload_idle(&n->s);
			continue;
		}
		if (!win)
			continue;
		workload_totals(&n->w, &t);
		point_take(&n->w, &t, &win->points[at]);
		if (!rotate)
			continue;
		win->base[0] = win->base[1];
		base_take(&n->w, &t, &win->base[1]);
	}
}

/* Samples. */

static void take_bins(struct registry *r, struct cgroup *cg, uint64_t from, uint64_t to)
{
	struct workload_state *s = cg->workload->state;
	uint32_t usec[DEMAND_TAKE_MAX];
	uint32_t any = 0;

	r->ops->take_bins(r->arg, cg->slot, from, to, usec);
	for (uint64_t i = 0; i < to - from; i++)
		any |= usec[i];
	if (!any)
		return;
	if (!s->demand)
		s->demand = calloc(1, sizeof(*s->demand));
	if (s->demand)
		demand_add(s->demand, from, to, usec);
}

/*
 * One cgroup. The ring of bins is newer than what may be taken (DEMAND_LAG): after the last run
 * one more round takes the rest.
 */
static void cgroup_sample(struct registry *r, struct cgroup *cg, uint64_t from, uint64_t to,
			  uint64_t now_ns)
{
	uint64_t run_ns = __atomic_load_n(&cg->live->run_ns, __ATOMIC_RELAXED);
	bool ran = run_ns != cg->seen_run_ns;

	if (!ran && cg->drained)
		return;
	cg->seen_run_ns = run_ns;
	cg->drained = !ran;
	if (!cg->workload && !cg->died_ns && ran && cgroup_promote(r, cg, now_ns) < 0)
		r->stats.refused++;
	if (!cg->workload)
		return;
	if (ran) {
		cg->workload->state->active_ns = now_ns;
		workload_window(cg->workload);
	}
	if (from < to && r->ops->take_bins)
		take_bins(r, cg, from, to);
}

void registry_sample(struct registry *r, uint64_t now_ns)
{
	uint64_t from = 0, to = 0;
	struct cgroup *cg;

	demand_clock_advance(&r->clock, now_ns, &from, &to);
	FOREACH(cg, &r->cgroups, all)
	if (cg->live)
		cgroup_sample(r, cg, from, to, now_ns);
	registry_reap(r, now_ns);
	if (r->names_dirty)
		registry_find_sandboxes(r);
	history_step(r, now_ns);
}

/* Facts. */

#define COPY(field) to->field = from->field

static void facts_merge(struct facts *to, const struct facts *from)
{
	to->have |= from->have;
	if (from->have & FACTS_CPU) {
		COPY(usage_ns);
		COPY(user_ns);
		COPY(system_ns);
	}
	if (from->have & FACTS_CFS) {
		COPY(quota_ns);
		COPY(period_ns);
		COPY(nr_periods);
		COPY(nr_throttled);
		COPY(throttled_ns);
	}
	if (from->have & FACTS_MEMORY) {
		COPY(memory_bytes);
		COPY(memory_max_bytes);
		memcpy(to->events, from->events, sizeof(to->events));
	}
	if (from->have & FACTS_PEAK)
		COPY(memory_peak_bytes);
	if (from->have & FACTS_INACTIVE_FILE)
		COPY(inactive_file_bytes);
	if (from->have & FACTS_PSI)
		memcpy(to->psi_ns, from->psi_ns, sizeof(to->psi_ns));
}

static void reading_push(struct window *win, uint64_t time_ns, uint64_t usage_ns)
{
	unsigned n = win->n_readings;

	/* The newest moves on until it is a step away from the one before. */
	if (n >= 2 && time_ns - win->readings[n - 2].time_ns < HISTORY_STEP_NS) {
		n--;
	} else if (n == HISTORY_POINTS) {
		n--;
		memmove(win->readings, win->readings + 1, n * sizeof(win->readings[0]));
	}
	win->readings[n] = (struct reading){ time_ns, usage_ns };
	win->n_readings = n + 1;
}

/* Without a slot it is the facts that tell who is active. */
static void note_usage(struct workload *w, uint64_t before_ns, uint64_t now_ns)
{
	struct workload_state *s = w->state;
	uint64_t usage_ns = w->facts.usage_ns;
	struct window *win;

	if (s->read_ns && now_ns > s->read_ns) {
		s->read_twice = true;
		if (usage_ns != before_ns)
			s->active_ns = now_ns;
		win = s->window || usage_ns != before_ns ? workload_window(w) : NULL;
		if (win && !win->n_readings)
			reading_push(win, s->read_ns, before_ns);
		if (win)
			reading_push(win, now_ns, usage_ns);
	}
	s->read_ns = now_ns;
}

static void put_facts(struct workload *w, const struct facts *f, uint64_t now_ns)
{
	uint64_t before_ns = w->facts.usage_ns;

	facts_merge(&w->facts, f);
	if (f->have & FACTS_MEMORY)
		workload_note_peak(w, f->memory_bytes);
	if (f->have & FACTS_PEAK)
		workload_note_peak(w, f->memory_peak_bytes);
	if (f->have & FACTS_CPU && !w->state->had_slot)
		note_usage(w, before_ns, now_ns);
}

void registry_put_facts(struct registry *r, const struct workload *w, const struct facts *f,
			uint64_t now_ns)
{
	(void)r;
	put_facts(&workload_node(w)->w, f, now_ns);
}

void registry_collect_facts(struct registry *r, registry_read_fn read, void *arg, uint64_t now_ns)
{
	struct workload_node *n;
	struct cgroup *cg;
	struct facts f;

	FOREACH(n, &r->workloads, all)
	n->s.inactive_sum = 0;
	FOREACH(cg, &r->cgroups, all)
	{
		if (cg->died_ns || cg->slot == ABI_SLOT_NONE || !read(arg, cg->slot, &f) ||
		    !(f.have & FACTS_INACTIVE_FILE))
			continue;
		for (const struct cgroup *p = cg; p; p = p->parent)
			if (p->workload && p->workload->cgid == p->cgid)
				p->workload->state->inactive_sum += f.inactive_file_bytes;
	}
	FOREACH(cg, &r->cgroups, all)
	{
		struct workload *w = cg->workload;

		if (cg->died_ns || !w || w->cgid != cg->cgid || cg->slot == ABI_SLOT_NONE ||
		    !read(arg, cg->slot, &f))
			continue;
		f.inactive_file_bytes = w->state->inactive_sum;
		put_facts(w, &f, now_ns);
	}
}
