// SPDX-License-Identifier: Apache-2.0
/*
 * Opens, sizes, loads and attaches the three BPF objects. The first owns the shared maps; the others
 * get its file descriptors. What a kernel lacks is left out by name (autoload), never by version:
 * a feature is switched off with a reason that `evictctl status` shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "cpu.skel.h"
#include "daemon/measure/sampler_internal.h"
#include "mem.skel.h"
#include "snapshot.skel.h"

#define TICK_HZ 10

static const char *const feature_names[FEATURES] = {
	[FEATURE_BTF] = "btf",	       [FEATURE_SCHED] = "sched",
	[FEATURE_TICK] = "tick",       [FEATURE_QUOTA_CLOCK] = "quota-clock",
	[FEATURE_MIGRATE] = "migrate", [FEATURE_CGROUP_EVENTS] = "cgroup-events",
	[FEATURE_OOM] = "oom",	       [FEATURE_RECLAIM] = "reclaim",
	[FEATURE_ITER] = "iter",       [FEATURE_RSTAT_FLUSH] = "rstat-flush",
	[FEATURE_PSI] = "psi",
};

void sampler_feature_off(struct sampler *s, enum sampler_feature f, const char *fmt, ...)
{
	struct sampler_feature_state *state = &s->features[f];
	va_list ap;

	state->on = false;
	va_start(ap, fmt);
	vsnprintf(state->why, sizeof(state->why), fmt, ap);
	va_end(ap);
}

void sampler_features_none(struct sampler *s, const char *why)
{
	for (unsigned f = 0; f < FEATURES; f++) {
		s->features[f].name = feature_names[f];
		sampler_feature_off(s, f, "%.150s", why);
	}
}

/* A reason that a person can act on. */
static const char *load_error_text(int r)
{
	switch (-r) {
	case EPERM:
	case EACCES:
		return "not permitted: run as root or with CAP_BPF and CAP_PERFMON";
	case ENOMEM:
		return "no memory: lower max_cgroups or max_tasks";
	default:
		return strerror(-r);
	}
}

/* A feature that was probed as present stays on; all others say why not. */
static void features_init(struct sampler *s)
{
	const struct sampler_probe *p = &s->probe;
	const struct {
		enum sampler_feature feature;
		bool on;
		const char *why;
	} probed[] = {
		{ FEATURE_BTF, p->btf, "no kernel type information" },
		{ FEATURE_SCHED, p->btf, "needs BTF" },
		{ FEATURE_TICK, p->btf, "needs BTF" },
		{ FEATURE_QUOTA_CLOCK, p->quota_clock, "kernel without CFS bandwidth control" },
		{ FEATURE_MIGRATE, p->migrate, "no tracepoint sched_migrate_task" },
		{ FEATURE_CGROUP_EVENTS, p->cgroup_events,
		  "no tracepoints cgroup_mkdir, cgroup_rmdir" },
		{ FEATURE_OOM, p->oom, "no tracepoint mark_victim" },
		{ FEATURE_RECLAIM, p->direct_reclaim || p->memcg_reclaim,
		  "no tracepoints of vmscan" },
		{ FEATURE_ITER, p->iter, "no iter/cgroup (Linux 6.1): facts are read from files" },
		{ FEATURE_RSTAT_FLUSH, p->flush, "no kfunc: CPU statistics may lag by 2 s" },
		{ FEATURE_PSI, p->psi, "pressure is not compiled in, or off (boot with psi=1)" },
	};

	for (size_t i = 0; i < ARRAY_LEN(probed); i++) {
		struct sampler_feature_state *f = &s->features[probed[i].feature];

		f->name = feature_names[probed[i].feature];
		f->on = probed[i].on;
		if (!f->on)
			sampler_feature_off(s, probed[i].feature, "%s", probed[i].why);
	}
}

/* The kernel's number of a v1 hierarchy, from /proc/self/cgroup ("4:memory:/..."); 0 is v2. */
static int hierarchy_id(const char *controller)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/cgroup", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char names[256];
		int id;

		if (sscanf(line, "%d:%255[^:]:", &id, names) != 2)
			continue;
		for (char *save = NULL, *n = strtok_r(names, ",", &save); n;
		     n = strtok_r(NULL, ",", &save)) {
			if (strcmp(n, controller) == 0)
				return id;
		}
	}
	return 0;
}

/* Read-only data that cpu and mem (and, for types, snapshot) share by name. */
#define SET_KEY(skel, s)                                                                           \
	do {                                                                                       \
		(skel)->rodata->key_v1 = (s)->fs->key != CGROUPFS_UNIFIED;                         \
		(skel)->rodata->key_subsys = (s)->fs->key == CGROUPFS_MEMORY                       \
						     ? (s)->probe.memory_subsys                    \
						     : (s)->probe.cpu_subsys;                      \
		(skel)->rodata->key_hierarchy = key_hierarchy(s);                                  \
	} while (0)

static int key_hierarchy(const struct sampler *s)
{
	switch (s->fs->key) {
	case CGROUPFS_CPU:
		return hierarchy_id("cpu");
	case CGROUPFS_CPUACCT:
		return hierarchy_id("cpuacct");
	case CGROUPFS_MEMORY:
		return hierarchy_id("memory");
	default:
		return 0;
	}
}

static int share_map(struct bpf_map *mine, const struct bpf_map *shared)
{
	return bpf_map__reuse_fd(mine, bpf_map__fd(shared));
}

#define SHARE_MAPS(skel, from)                                                                     \
	(share_map((skel)->maps.slots, (from)->maps.slots) ?:                                      \
	 share_map((skel)->maps.cgroup_slots, (from)->maps.cgroup_slots) ?:                        \
	 share_map((skel)->maps.free_slots, (from)->maps.free_slots) ?:                            \
	 share_map((skel)->maps.tasks, (from)->maps.tasks) ?:                                      \
	 share_map((skel)->maps.cpus, (from)->maps.cpus) ?:                                        \
	 share_map((skel)->maps.events, (from)->maps.events))

static int set_sizes(struct sampler *s, struct cpu_bpf *k)
{
	unsigned hierarchies = 0;

	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++)
		hierarchies += s->fs->root[h] != NULL;
	return bpf_map__set_max_entries(k->maps.slots, s->max_slots) ?:
	       bpf_map__set_max_entries(k->maps.free_slots, s->max_slots) ?:
	       bpf_map__set_max_entries(k->maps.cgroup_slots, s->max_slots * hierarchies) ?:
	       bpf_map__set_max_entries(k->maps.tasks, s->options.max_tasks) ?:
	       bpf_map__set_max_entries(k->maps.cpus, s->n_cpus);
}

static int open_ticks(struct sampler *s)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = NSEC_PER_SEC / TICK_HZ,
	};
	int r = -ENODEV;

	s->ticks = calloc(s->n_cpus, sizeof(*s->ticks));
	if (!s->ticks)
		return -ENOMEM;
	for (unsigned cpu = 0; cpu < s->n_cpus; cpu++) {
		_cleanup_close_ int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1,
						      PERF_FLAG_FD_CLOEXEC);
		struct bpf_link *link;

		if (fd < 0) {
			if (errno == ENODEV) /* offline */
				continue;
			return -errno;
		}
		link = bpf_program__attach_perf_event(s->cpu->progs.on_tick, fd);
		if (!link)
			return -errno;
		TAKE_FD(fd); /* the link owns it */
		s->ticks[s->n_ticks++] = link;
		r = 0;
	}
	return r;
}

static int load_cpu(struct sampler *s, struct err *e)
{
	struct cpu_bpf *k = s->cpu = cpu_bpf__open();
	int r;

	if (!k)
		return err_set(e, -errno, "scheduler programs: open: %s", strerror(errno));
	SET_KEY(k, s);
	r = set_sizes(s, k);
	bpf_program__set_autoload(k->progs.on_switch, !s->probe.switch_state_first);
	bpf_program__set_autoload(k->progs.on_switch_state_first, s->probe.switch_state_first);
	bpf_program__set_autoload(k->progs.on_migrate, s->probe.migrate);
	bpf_program__set_autoload(k->progs.on_attach, s->probe.attach);
	r = r ?: cpu_bpf__load(k);
	if (r)
		return err_set(e, r, "scheduler programs: load: %s", load_error_text(r));
	return 0;
}

static int load_mem(struct sampler *s, struct err *e)
{
	const struct sampler_probe *p = &s->probe;
	struct mem_bpf *k = s->mem = mem_bpf__open();
	int r;

	if (!k)
		return err_set(e, -errno, "memory programs: open: %s", strerror(errno));
	SET_KEY(k, s);
	k->rodata->page_shift = (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	k->rodata->memory_subsys = (uint32_t)p->memory_subsys;
	k->rodata->has_memory = p->memory;
	k->rodata->cpu_subsys = (uint32_t)p->cpu_subsys;
	k->rodata->has_cpu = p->cpu;
	bpf_program__set_autoload(k->progs.on_mkdir, p->cgroup_events);
	bpf_program__set_autoload(k->progs.on_rmdir, p->cgroup_events);
	bpf_program__set_autoload(k->progs.on_victim, p->oom && p->victim_task);
	bpf_program__set_autoload(k->progs.on_victim_pid, p->oom && !p->victim_task);
	bpf_program__set_autoload(k->progs.on_direct_reclaim_begin, p->direct_reclaim);
	bpf_program__set_autoload(k->progs.on_direct_reclaim_end, p->direct_reclaim);
	bpf_program__set_autoload(k->progs.on_memcg_reclaim_begin, p->memcg_reclaim);
	bpf_program__set_autoload(k->progs.on_memcg_reclaim_end, p->memcg_reclaim);
	r = SHARE_MAPS(k, s->cpu) ?: mem_bpf__load(k);
	if (r)
		return err_set(e, r, "memory programs: load: %s", load_error_text(r));
	return 0;
}

static int attach_walk(struct sampler *s, enum cgroupfs_hierarchy h)
{
	_cleanup_close_ int fd = open(s->fs->root[h], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union bpf_iter_link_info info = {
		.cgroup = { .order = BPF_CGROUP_ITER_DESCENDANTS_PRE, .cgroup_fd = (uint32_t)fd },
	};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link;

	if (fd < 0)
		return -errno;
	link = bpf_program__attach_iter(s->snapshot->progs.on_walk, &opts);
	if (!link)
		return -errno;
	s->walks[s->n_walks++] = (struct sampler_walk){ .hierarchy = h, .link = link };
	return 0;
}

/* Hierarchies whose facts a walk can see; cpuacct has none that the key lacks. */
static int attach_walks(struct sampler *s)
{
	static const enum cgroupfs_hierarchy walked[] = { CGROUPFS_UNIFIED, CGROUPFS_CPU,
							  CGROUPFS_MEMORY };

	for (size_t i = 0; i < ARRAY_LEN(walked); i++) {
		int r = s->fs->root[walked[i]] ? attach_walk(s, walked[i]) : 0;

		if (r)
			return r;
	}
	return s->n_walks ? 0 : -ENOENT;
}

/* Every css has a serial number, those of controllers too: some four for each cgroup. */
static uint32_t walked_entries(const struct sampler *s)
{
	uint32_t n = 1024;

	while (n < s->max_slots * 4)
		n *= 2;
	return n;
}

static int load_snapshot(struct sampler *s, struct err *e)
{
	const struct sampler_probe *p = &s->probe;
	struct snapshot_bpf *k;
	int r;

	if (!p->iter)
		return err_set(e, -ENOSYS, "the kernel has no iter/cgroup (Linux 6.1)");
	k = s->snapshot = snapshot_bpf__open();
	if (!k)
		return err_set(e, -errno, "snapshot program: open: %s", strerror(errno));
	k->rodata->page_shift = (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	k->rodata->memory_subsys = (uint32_t)p->memory_subsys;
	k->rodata->cpu_subsys = (uint32_t)p->cpu_subsys;
	k->rodata->has_memory = p->memory;
	k->rodata->has_cpu = p->cpu;
	k->rodata->has_psi = p->psi;
	k->rodata->nr_nodes = p->nr_nodes;
	k->rodata->flush = (uint32_t)p->flush;
	k->rodata->walked_mask = walked_entries(s) - 1;
	r = bpf_map__set_max_entries(k->maps.snaps, s->max_slots) ?:
	    bpf_map__set_max_entries(k->maps.walked, walked_entries(s)) ?:
	    share_map(k->maps.cgroup_slots, s->cpu->maps.cgroup_slots) ?:
	    share_map(k->maps.cpus, s->cpu->maps.cpus) ?:
	    snapshot_bpf__load(k);
	if (r)
		return err_set(e, r, "snapshot program: load: %s", load_error_text(r));
	r = attach_walks(s);
	if (r)
		return err_set(e, r, "snapshot program: attach: %s", load_error_text(r));
	return 0;
}

/* Births first, so that no cgroup falls between the daemon's walk of the tree and the events. */
static int attach_all(struct sampler *s, struct err *e)
{
	int r = s->mem ? mem_bpf__attach(s->mem) : 0;

	if (r)
		return err_set(e, r, "memory programs: attach: %s", load_error_text(r));
	/* the tick needs a perf event for each CPU */
	bpf_program__set_autoattach(s->cpu->progs.on_tick, false);
	r = cpu_bpf__attach(s->cpu);
	if (r)
		return err_set(e, r, "scheduler programs: attach: %s", load_error_text(r));
	r = open_ticks(s);
	if (r)
		sampler_feature_off(s, FEATURE_TICK,
				    "perf event: %s; a task is accounted when it leaves its CPU",
				    strerror(-r));
	return 0;
}

/* Without its memory programs the rest is of use: say so and go on. */
static int load_mem_or_not(struct sampler *s)
{
	struct err why = {};
	int r = load_mem(s, &why);

	if (!r)
		return 0;
	mem_bpf__destroy(s->mem);
	s->mem = NULL;
	sampler_feature_off(s, FEATURE_CGROUP_EVENTS, "%.150s", err_msg(&why));
	sampler_feature_off(s, FEATURE_OOM, "%.150s", err_msg(&why));
	sampler_feature_off(s, FEATURE_RECLAIM, "%.150s", err_msg(&why));
	return r;
}

/* The sampler's own choice of tier: the best that loads. `want` is TIER_AUTO or a forced one. */
static int load_tiers(struct sampler *s, struct err *e)
{
	enum tier want = s->options.tier;
	struct err why = {};
	int r = load_cpu(s, e);

	if (r)
		return r;
	load_mem_or_not(s);
	if (want == TIER_BPF_FILES) {
		sampler_feature_off(s, FEATURE_ITER, "tier bpf+files is forced");
	} else {
		r = load_snapshot(s, &why);
		if (r && want == TIER_BPF)
			return err_set(e, r, "%s", err_msg(&why));
		if (r) {
			sampler_feature_off(s, FEATURE_ITER, "%.150s", err_msg(&why));
			snprintf(s->why, sizeof(s->why), "%.250s", err_msg(&why));
			snapshot_bpf__destroy(s->snapshot);
			s->snapshot = NULL;
		}
	}
	s->tier = s->snapshot ? TIER_BPF : TIER_BPF_FILES;
	return attach_all(s, e);
}

int sampler_load(struct sampler *s, struct err *e)
{
	int r = sampler_probe_init(&s->probe, s->options.btf_path, e);

	if (r)
		return r;
	features_init(s);
	r = load_tiers(s, e);
	sampler_probe_release(&s->probe);
	return r;
}

void sampler_unload(struct sampler *s)
{
	for (unsigned i = 0; i < s->n_walks; i++)
		bpf_link__destroy(s->walks[i].link);
	for (unsigned i = 0; i < s->n_ticks; i++)
		bpf_link__destroy(s->ticks[i]);
	free(s->ticks);
	s->ticks = NULL;
	s->n_walks = s->n_ticks = 0;
	snapshot_bpf__destroy(s->snapshot);
	mem_bpf__destroy(s->mem);
	cpu_bpf__destroy(s->cpu);
	s->snapshot = NULL;
	s->mem = NULL;
	s->cpu = NULL;
}
