/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry in a world without a kernel, driven by a small language: one statement per line.
 * Cgroups have numbers; paths are written out. Time is in milliseconds and moves by `at` alone.
 *
 *	at MS                      now
 *	born ID PARENT PATH        birth event; BPF gave a slot, as long as there are some
 *	died ID [PEAK]             death event with the memory high-water mark
 *	died.other PATH PEAK       death in v1's memory hierarchy
 *	walk [ID PARENT PATH]...   the whole tree as a walk finds it
 *	run ID MS                  time on CPU, in the bins that end now
 *	wait ID CAUSE USEC [BY]    one wait; cause quota, self, neighbour, system
 *	facts ID CPU_MS MEM INACT  what the next `collect` or `files` finds
 *	collect                    facts of a BPF walk
 *	files                      facts from files, for every living workload
 *	oom ID PID LIMIT USAGE [group]
 *	name UID CONTAINER NAME    names know it ("-" for CONTAINER: the pod alone)
 *	names                      look names up again
 *	sample                     at the current time
 *	samples FROM TO STEP       moves on and samples
 *	group ID = GROUP [FLAGS]   must hold: s system, i children inherit
 *	slots N                    must hold: slots in use
 *	slotless N                 must hold: living cgroups without one
 *	known ID, unknown ID       must hold: a cgroup of this id is there, or lately died
 *
 * world_dump() is one line per workload: what is not 0, none or live is told.
 */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/measure/registry.h"
#include "tests/alloc_fail.h"
#include "tests/check_main.h"

#define WORLD_SLOTS 64u
#define WORLD_IDS 4096u
#define WORLD_NAMES 8u
#define WORLD_MS 1000000ULL

struct world {
	struct registry *registry;
	uint64_t now_ns;
	unsigned max_slots; /* 0: files tier */
	struct abi_slot slots[WORLD_SLOTS];
	struct facts facts[WORLD_IDS];
	struct {
		char uid[64], container[80], name[64];
	} names[WORLD_NAMES];
	unsigned n_names;
	unsigned violations; /* of the contract between registry and slots */
	unsigned fail_at;    /* the nth allocation of each call into the registry fails; 0: none */
};

/* A call into the registry. */
#define WORLD_CALL(w_, ...)                                                                        \
	do {                                                                                       \
		if ((w_)->fail_at)                                                                 \
			alloc_fail_at((w_)->fail_at);                                              \
		__VA_ARGS__;                                                                       \
		alloc_fail_stop();                                                                 \
	} while (0)

/* Slots as BPF hands them out: the lowest free one. */
static uint32_t world_slot_of(const struct world *w, uint64_t cgid)
{
	for (uint32_t i = ABI_SLOT_FIRST; i < WORLD_SLOTS; i++)
		if (w->slots[i].cgid == cgid)
			return i;
	return ABI_SLOT_NONE;
}

static int world_add_slot(void *arg, uint64_t cgid, uint32_t *ret_slot)
{
	struct world *w = arg;
	uint32_t slot = world_slot_of(w, cgid);

	if (slot == ABI_SLOT_NONE)
		slot = world_slot_of(w, 0);
	if (slot == ABI_SLOT_NONE || slot >= ABI_SLOT_FIRST + w->max_slots)
		return -ENOSPC;
	w->slots[slot].cgid = cgid;
	*ret_slot = slot;
	return 0;
}

static void world_set_group(void *arg, uint32_t slot, uint32_t group, unsigned flags)
{
	struct world *w = arg;

	w->slots[slot].group = group;
	w->slots[slot].flags = flags;
}

static void world_remove_slot(void *arg, uint32_t slot)
{
	struct world *w = arg;

	w->violations += w->slots[slot].cgid == 0;
	w->slots[slot] = (struct abi_slot){ 0 };
}

static const struct abi_slot *world_slot(void *arg, uint32_t slot)
{
	struct world *w = arg;

	return &w->slots[slot];
}

static void world_take_bins(void *arg, uint32_t slot, uint64_t from, uint64_t to,
			    uint32_t *ret_usec)
{
	struct world *w = arg;

	w->violations += to - from > DEMAND_TAKE_MAX;
	w->violations += to + DEMAND_LAG > w->now_ns / ABI_BIN_NS;
	for (uint64_t bin = from; bin < to; bin++) {
		uint32_t *at = &w->slots[slot].bins[bin % ABI_BINS];

		ret_usec[bin - from] = *at;
		*at = 0;
	}
}

static bool world_find_names(void *arg, const char *pod_uid, const char *container_id,
			     struct identity_names *ret_names)
{
	struct world *w = arg;
	bool pod = false;

	for (unsigned i = 0; i < w->n_names; i++) {
		if (strcmp(w->names[i].uid, pod_uid) != 0)
			continue;
		pod = true;
		ret_names->namespace_name = "ns";
		ret_names->pod = "pod";
		ret_names->container = NULL;
		if (strcmp(w->names[i].container, container_id) != 0)
			continue;
		ret_names->container = w->names[i].name;
		return true;
	}
	return pod;
}

static const struct registry_ops world_ops = {
	.add_slot = world_add_slot,
	.set_group = world_set_group,
	.remove_slot = world_remove_slot,
	.slot = world_slot,
	.take_bins = world_take_bins,
	.find_names = world_find_names,
};

static const struct registry_ops world_ops_files = { .find_names = world_find_names };

static inline struct world *world_new(unsigned slots)
{
	static const char *const system[] = { "/system.slice", "/kubelet" };
	struct registry_options o = { .system_slices = system,
				      .n_system_slices = 2,
				      .keep_dead_ns = 60000 * WORLD_MS };
	struct world *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	w->max_slots = slots;
	ck_assert_int_eq(registry_new(slots ? &world_ops : &world_ops_files, w, &o, &w->registry),
			 0);
	return w;
}

static inline void world_free(struct world *w)
{
	registry_free(w->registry);
	free(w);
}

static void world_born(struct world *w, unsigned id, unsigned parent, const char *path)
{
	struct abi_event_cgroup ev = {
		.kind = ABI_EVENT_BIRTH, .time_ns = w->now_ns, .cgid = id, .parent_cgid = parent
	};
	uint32_t slot;

	snprintf(ev.path, sizeof(ev.path), "%s", path);
	if (w->max_slots && world_add_slot(w, id, &slot) == 0)
		ev.slot = slot;
	WORLD_CALL(w, registry_birth(w->registry, &ev));
}

static void world_died(struct world *w, unsigned id, const char *path, uint64_t peak)
{
	struct abi_event_cgroup ev = {
		.kind = ABI_EVENT_DEATH, .time_ns = w->now_ns, .cgid = id, .memory_peak_bytes = peak
	};

	if (!path) {
		WORLD_CALL(w, registry_death(w->registry, &ev));
		return;
	}
	snprintf(ev.path, sizeof(ev.path), "%s", path);
	WORLD_CALL(w, registry_death_other(w->registry, &ev));
}

/* Spread backwards over bins of one core. */
static void world_ran(struct world *w, unsigned id, unsigned ms)
{
	struct abi_slot *slot = &w->slots[world_slot_of(w, id)];
	uint64_t end_ns = w->now_ns, left_ns = ms * WORLD_MS;

	ck_assert_uint_eq(slot->cgid, id);
	slot->run_ns += left_ns;
	while (left_ns) {
		uint64_t bin = (end_ns - 1) / ABI_BIN_NS, in_bin = end_ns - bin * ABI_BIN_NS;

		in_bin = in_bin < left_ns ? in_bin : left_ns;
		slot->bins[bin % ABI_BINS] += (uint32_t)(in_bin / 1000);
		end_ns -= in_bin;
		left_ns -= in_bin;
	}
}

static void world_waited(struct world *w, unsigned id, const char *cause, unsigned usec,
			 unsigned by)
{
	static const char *const causes[] = { "quota", "self", "neighbour", "system" };
	struct abi_slot *slot = &w->slots[world_slot_of(w, id)];
	unsigned c = 0, bucket = 0;

	while (strcmp(causes[c], cause) != 0)
		c++;
	while (bucket < ABI_HIST - 1 && usec >> bucket)
		bucket++;
	slot->waits++;
	slot->wait_ns[c] += usec * 1000ULL;
	slot->hist[c][bucket]++;
	for (unsigned i = 0; by && i < ABI_OFFENDERS; i++) {
		struct abi_offender *o = &slot->offenders[i];

		if (o->slot != ABI_SLOT_NONE && o->slot != world_slot_of(w, by))
			continue;
		o->slot = world_slot_of(w, by);
		o->ns += usec * 1000ULL;
		break;
	}
}

static bool world_read(void *arg, uint32_t slot, struct facts *ret_facts)
{
	struct world *w = arg;

	*ret_facts = w->facts[w->slots[slot].cgid];
	return ret_facts->have;
}

static void world_files(struct world *w)
{
	for (const struct workload *l = registry_first(w->registry); l;
	     l = registry_next(w->registry, l))
		if (!l->dead && w->facts[l->cgid].have)
			WORLD_CALL(w, registry_put_facts(w->registry, l, &w->facts[l->cgid],
							 w->now_ns));
}

static void world_walk(struct world *w, const char *list)
{
	unsigned id, parent;
	char path[400];
	int n;

	registry_resync_begin(w->registry, w->now_ns);
	for (; sscanf(list, "%u %u %399s%n", &id, &parent, path, &n) == 3; list += n)
		WORLD_CALL(w, registry_resync_found(w->registry, path, id, parent, w->now_ns));
	registry_resync_end(w->registry, w->now_ns);
}

static void world_oom(struct world *w, const char *args)
{
	struct abi_event_oom ev = { .kind = ABI_EVENT_OOM, .time_ns = w->now_ns, .comm = "victim" };
	unsigned id, pid, limit, usage;
	char group[8] = "";

	ck_assert_int_ge(sscanf(args, "%u %u %u %u %7s", &id, &pid, &limit, &usage, group), 4);
	ev.cgid = id;
	ev.pid = pid;
	ev.limit_cgid = limit;
	ev.usage_bytes = usage;
	ev.limit_bytes = 1000;
	ev.oom_group = group[0] == 'g';
	WORLD_CALL(w, registry_oom(w->registry, &ev));
}

static void world_check_group(const struct world *w, const char *line, const char *args)
{
	unsigned id, group;
	char flags[8] = "";
	const struct abi_slot *slot;

	ck_assert_int_ge(sscanf(args, "%u = %u %7s", &id, &group, flags), 2);
	slot = &w->slots[world_slot_of(w, id)];
	ck_assert_msg(slot->group == world_slot_of(w, group), "'%s': is in the group of %u", line,
		      (unsigned)w->slots[slot->group].cgid);
	ck_assert_msg(!!(slot->flags & ABI_SLOT_SYSTEM) == !!strchr(flags, 's'), "'%s': flags %x",
		      line, slot->flags);
	ck_assert_msg(!!(slot->flags & ABI_SLOT_INHERIT) == !!strchr(flags, 'i'), "'%s': flags %x",
		      line, slot->flags);
}

static void world_check_slots(const struct world *w, const char *line, unsigned want)
{
	unsigned used = 0;

	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		used += w->slots[i].cgid != 0;
	ck_assert_msg(used == want, "'%s': there are %u", line, used);
}

static void world_check_slotless(const struct world *w, const char *line, unsigned want)
{
	struct registry_stats stats;

	registry_get_stats(w->registry, &stats);
	ck_assert_msg(stats.slotless == want, "'%s': there are %u", line, stats.slotless);
}

static void world_facts(struct world *w, const char *args)
{
	unsigned id, cpu_ms, bytes, inactive;

	ck_assert_int_eq(sscanf(args, "%u %u %u %u", &id, &cpu_ms, &bytes, &inactive), 4);
	w->facts[id] = (struct facts){ .have = FACTS_CPU | FACTS_MEMORY | FACTS_INACTIVE_FILE,
				       .usage_ns = cpu_ms * WORLD_MS,
				       .memory_bytes = bytes,
				       .memory_max_bytes = FACTS_UNLIMITED,
				       .inactive_file_bytes = inactive };
}

static void world_samples(struct world *w, unsigned from_ms, unsigned to_ms, unsigned step_ms)
{
	for (; from_ms <= to_ms; from_ms += step_ms) {
		w->now_ns = from_ms * WORLD_MS;
		WORLD_CALL(w, registry_sample(w->registry, w->now_ns));
	}
}

static void world_statement(struct world *w, const char *line)
{
	unsigned long long peak = ABI_UNLIMITED;
	unsigned a = 0, b = 0, c = 0;
	char verb[16] = "", text[400] = "";
	int args = 0;

	if (sscanf(line, "%15s %n", verb, &args) < 1)
		return;
#define IS(verb_, ...) (strcmp(verb, verb_) == 0 && sscanf(line + args, __VA_ARGS__))
	if (IS("at", "%u", &a))
		w->now_ns = a * WORLD_MS;
	else if (IS("born", "%u %u %399s", &a, &b, text) == 1)
		world_born(w, a, b, text);
	else if (IS("died", "%u %llu", &a, &peak))
		world_died(w, a, NULL, peak);
	else if (IS("died.other", "%399s %llu", text, &peak))
		world_died(w, 0, text, peak);
	else if (strcmp(verb, "walk") == 0)
		world_walk(w, line + args);
	else if (IS("run", "%u %u", &a, &b))
		world_ran(w, a, b);
	else if (IS("wait", "%u %399s %u %u", &a, text, &b, &c))
		world_waited(w, a, text, b, c);
	else if (strcmp(verb, "facts") == 0)
		world_facts(w, line + args);
	else if (strcmp(verb, "collect") == 0)
		WORLD_CALL(w, registry_collect_facts(w->registry, world_read, w, w->now_ns));
	else if (strcmp(verb, "files") == 0)
		world_files(w);
	else if (strcmp(verb, "oom") == 0)
		world_oom(w, line + args);
	else if (IS("name", "%63s %79s %63s", w->names[w->n_names].uid,
		    w->names[w->n_names].container, w->names[w->n_names].name))
		w->n_names++;
	else if (strcmp(verb, "names") == 0)
		WORLD_CALL(w, registry_refresh_names(w->registry));
	else if (strcmp(verb, "sample") == 0)
		WORLD_CALL(w, registry_sample(w->registry, w->now_ns));
	else if (IS("samples", "%u %u %u", &a, &b, &c))
		world_samples(w, a, b, c);
	else if (strcmp(verb, "group") == 0)
		world_check_group(w, line, line + args);
	else if (IS("slots", "%u", &a))
		world_check_slots(w, line, a);
	else if (IS("slotless", "%u", &a))
		world_check_slotless(w, line, a);
	else if (IS("known", "%u", &a))
		ck_assert_msg(registry_knows(w->registry, a), "'%s': it is not", line);
	else if (IS("unknown", "%u", &a))
		ck_assert_msg(!registry_knows(w->registry, a), "'%s': it is known", line);
	else
		ck_abort_msg("no such statement: '%s'", line);
#undef IS
	ck_assert_msg(!w->violations, "after '%s'", line);
}

static inline void world_run(struct world *w, const char *script)
{
	char *copy = strdup(script), *rest = copy, *line;

	ck_assert_ptr_nonnull(copy);
	while ((line = strsep(&rest, "\n")))
		world_statement(w, line);
	free(copy);
}

static void world_dump_rates(struct world *w, const struct workload *l, struct buf *out)
{
	static const char *const causes[] = { "quota", "self", "neighbour", "system" };
	char name[WORKLOAD_SHORT_ID_LEN];
	struct rates rates;
	struct totals t;

	workload_totals(l, &t);
	workload_rates(w->registry, l, w->now_ns, &rates);
	if (t.run_ns)
		buf_printf(out, " cpu=%" PRIu64 "ms", (uint64_t)(t.run_ns / WORLD_MS));
	if (rates.cores_10s > 0)
		buf_printf(out, " cores=%.2f", rates.cores_10s);
	if (rates.peak_100ms_cores > 0)
		buf_printf(out, " top=%.2f", rates.peak_100ms_cores);
	for (unsigned c = 0; c < ABI_CAUSES; c++)
		if (t.wait_ns[c])
			buf_printf(out, " %s=%" PRIu64 "us/p99=%" PRId64, causes[c],
				   t.wait_ns[c] / 1000, (int64_t)rates.p99_usec[c]);
	if (rates.offender)
		buf_printf(out, " by=%s:%" PRIu64 "us", workload_name(rates.offender, name),
			   rates.offender_ns / 1000);
}

static inline const char *world_dump(struct world *w, struct buf *out)
{
	static const char *const kinds[] = { "container", "unit", "cgroup" };

	buf_clear(out);
	for (const struct workload *l = registry_first(w->registry); l;
	     l = registry_next(w->registry, l)) {
		char name[WORKLOAD_SHORT_ID_LEN];

		buf_printf(out, "%s%s%s%s %s", l->superseded ? "old " : "", l->dead ? "dead " : "",
			   l->system ? "system " : "", kinds[l->kind], workload_name(l, name));
		world_dump_rates(w, l, out);
		if (l->facts.have & FACTS_MEMORY)
			buf_printf(out, " ws=%" PRIu64, facts_working_set_bytes(&l->facts));
		if (l->peak_bytes != ABI_UNLIMITED)
			buf_printf(out, " peak=%" PRIu64, l->peak_bytes);
		if (workload_oom_kills(l))
			buf_printf(out, " kills=%" PRIu64, workload_oom_kills(l));
		for (unsigned i = 0; i < l->n_kills; i++)
			buf_printf(out, " [pid=%u n=%u usage=%" PRIu64 "]", l->kills[i].pid,
				   l->kills[i].processes, l->kills[i].usage_bytes);
		buf_add_char(out, '\n');
	}
	return buf_str(out);
}
