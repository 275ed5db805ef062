// SPDX-License-Identifier: Apache-2.0
/* Events from the ring buffer, the walk over the hierarchies, and numbers about ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cpu.skel.h"
#include "daemon/measure/sampler_internal.h"
#include "mem.skel.h"
#include "snapshot.skel.h"

static const char *const lost_names[ABI_LOSTS] = {
	[ABI_LOST_NO_SLOT] = "no-slot",	      [ABI_LOST_SLOTS_FULL] = "slots-full",
	[ABI_LOST_TASKS_FULL] = "tasks-full", [ABI_LOST_EVENTS] = "events",
	[ABI_LOST_WALK_CUT] = "walk-cut",     [ABI_LOST_BINS] = "bins",
	[ABI_LOST_SWITCHES] = "switches",
};

const char *sampler_lost_name(enum abi_lost l)
{
	return l < ABI_LOSTS ? lost_names[l] : "unknown";
}

static int on_event(void *arg, void *data, size_t size)
{
	struct sampler *s = arg;
	const struct sampler_handlers *h = s->handlers;
	uint32_t kind = *(uint32_t *)data;

	if (!h)
		return 0;
	if (kind == ABI_EVENT_BIRTH && size >= sizeof(struct abi_event_cgroup) && h->birth)
		h->birth(s->handlers_arg, data);
	else if (kind == ABI_EVENT_DEATH && size >= sizeof(struct abi_event_cgroup) && h->death)
		h->death(s->handlers_arg, data);
	else if (kind == ABI_EVENT_OOM && size >= sizeof(struct abi_event_oom) && h->oom)
		h->oom(s->handlers_arg, data);
	return 0;
}

int sampler_ring_open(struct sampler *s, struct err *e)
{
	s->ring = ring_buffer__new(bpf_map__fd(s->cpu->maps.events), on_event, s, NULL);
	if (!s->ring)
		return err_set(e, -errno, "ring buffer: %s", strerror(errno));
	return 0;
}

int sampler_fd(const struct sampler *s)
{
	return s->ring ? ring_buffer__epoll_fd(s->ring) : -1;
}

int sampler_dispatch(struct sampler *s, const struct sampler_handlers *h, void *arg)
{
	int r;

	if (!s->ring)
		return 0;
	s->handlers = h;
	s->handlers_arg = arg;
	r = ring_buffer__consume(s->ring);
	s->handlers = NULL;
	return r;
}

bool sampler_is_key_event(const struct sampler *s, const struct abi_event_cgroup *ev)
{
	return s->cpu && (int)ev->hierarchy == s->cpu->rodata->key_hierarchy;
}

/* Reads an iterator to its end; it prints nothing. */
static int run_iterator(struct bpf_link *link)
{
	_cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(link));
	char scratch[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, scratch, sizeof(scratch));
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? -errno : 0;
}

int sampler_walk(struct sampler *s, struct err *e)
{
	uint64_t begin = clock_monotonic_ns();

	if (!s->snapshot)
		return err_set(e, -EOPNOTSUPP, "tier '%s' has no walk", tier_name(s->tier));
	s->snapshot->bss->walk.walk = s->walk + 1;
	s->snapshot->bss->walk.seen = 0;
	s->snapshot->bss->walk.matched = 0;
	for (unsigned i = 0; i < s->n_walks; i++) {
		enum cgroupfs_hierarchy h = s->walks[i].hierarchy;
		int r;

		s->snapshot->bss->walk.hierarchy_tag = h == s->fs->key ? 0 : h;
		r = run_iterator(s->walks[i].link);
		if (r)
			return err_set(e, r, "walk of cgroups below '%s': %s", s->fs->root[h],
				       strerror(-r));
	}
	s->walk++;
	s->walk_ns = clock_monotonic_ns() - begin;
	return 0;
}

/* cpu.stat scales user and system so that they add up to usage (cputime_adjust()). */
static void copy_cpu(struct facts *f, const struct abi_snap *p)
{
	uint64_t sum = p->user_ns + p->system_ns;

	f->usage_ns = p->usage_ns;
	f->user_ns = sum ? (uint64_t)((double)p->usage_ns * ((double)p->user_ns / (double)sum)) : 0;
	f->system_ns = p->usage_ns - f->user_ns;
	f->have |= FACTS_CPU;
}

static void copy_cfs(struct facts *f, const struct abi_snap *p)
{
	f->quota_ns = p->quota_ns;
	f->period_ns = p->period_ns;
	f->nr_periods = p->nr_periods;
	f->nr_throttled = p->nr_throttled;
	f->throttled_ns = p->throttled_ns;
	f->have |= FACTS_CFS;
}

static void copy_memory(struct facts *f, const struct abi_snap *p)
{
	f->memory_bytes = p->memory_bytes;
	f->memory_peak_bytes = p->memory_peak_bytes;
	f->memory_max_bytes = p->memory_max_bytes;
	memcpy(f->events, p->events, sizeof(f->events));
	f->have |= FACTS_MEMORY | FACTS_PEAK;
}

bool sampler_snapshot(const struct sampler *s, uint32_t slot, struct facts *ret_facts)
{
	const struct abi_snap *p;

	if (!s->snaps || slot >= s->max_slots)
		return false;
	p = &s->snaps[slot];
	if (!s->walk || p->walk != s->walk)
		return false;
	memset(ret_facts, 0, sizeof(*ret_facts));
	if (p->have & ABI_SNAP_CPU)
		copy_cpu(ret_facts, p);
	if (p->have & ABI_SNAP_CFS)
		copy_cfs(ret_facts, p);
	if (p->have & ABI_SNAP_MEMORY)
		copy_memory(ret_facts, p);
	if (p->have & ABI_SNAP_LRU) {
		ret_facts->inactive_file_bytes = p->inactive_file_bytes;
		ret_facts->have |= FACTS_INACTIVE_FILE;
	}
	if (p->have & ABI_SNAP_PSI) {
		memcpy(ret_facts->psi_ns, p->psi_ns, sizeof(ret_facts->psi_ns));
		ret_facts->have |= FACTS_PSI;
	}
	return true;
}

/* Memory of a map, as the kernel accounts it ("memlock:\t4096"). */
static uint64_t map_memlock(int fd)
{
	char path[64], text[1024];
	const char *line;
	unsigned long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, "memlock:");
	return line && sscanf(line, "memlock: %lu", &bytes) == 1 ? bytes : 0;
}

/* Maps of an object; those that it shares with the first object count there. */
static void add_maps(struct sampler_stats *st, struct bpf_object *o, const struct bpf_object *first)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, o)
	{
		if (o == first || bpf_map__is_internal(map) ||
		    !bpf_object__find_map_by_name(first, bpf_map__name(map)))
			st->map_bytes += map_memlock(bpf_map__fd(map));
	}
}

static void add_programs(struct sampler_stats *st, struct bpf_object *o)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, o)
	{
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);

		if (bpf_program__fd(prog) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			continue;
		st->bpf_run_ns += info.run_time_ns;
		st->bpf_runs += info.run_cnt;
	}
}

static uint32_t count_keys(int fd)
{
	uint64_t key = 0, next;
	uint32_t n = 0;
	bool first = true;

	while (!bpf_map_get_next_key(fd, first ? NULL : &key, &next)) {
		key = next;
		first = false;
		if (++n == UINT32_MAX)
			break;
	}
	return n;
}

static bool bpf_stats_enabled(void)
{
	char text[8];

	return file_read_small(AT_FDCWD, "/proc/sys/kernel/bpf_stats_enabled", text, sizeof(text)) >
		       0 &&
	       text[0] == '1';
}

uint64_t sampler_lost(const struct sampler *s, enum abi_lost l)
{
	uint64_t n = 0;

	for (unsigned cpu = 0; s->cpus && cpu < s->n_cpus; cpu++) {
		const struct abi_cpu *c = (void *)((char *)s->cpus + cpu * s->cpu_size);

		n += c->lost[l];
	}
	return n;
}

/* The two positions of a ring buffer are the first words of its first two pages. */
static uint64_t ring_position(int fd, off_t offset, size_t page)
{
	uint64_t *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, offset);
	uint64_t position;

	if (p == MAP_FAILED)
		return 0;
	position = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	munmap(p, page);
	return position;
}

static void add_ring(const struct sampler *s, struct sampler_stats *st)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = bpf_map__fd(s->cpu->maps.events);
	uint64_t consumed = ring_position(fd, 0, page);
	uint64_t produced = ring_position(fd, (off_t)page, page);

	st->ring_bytes = bpf_map__max_entries(s->cpu->maps.events);
	st->ring_used_bytes = produced > consumed ? produced - consumed : 0;
}

void sampler_get_stats(struct sampler *s, struct sampler_stats *ret_stats)
{
	struct sampler_stats st = { .walk_ns = s->walk_ns, .bpf_stats = bpf_stats_enabled() };

	if (s->cpu) {
		st.slots_max = sampler_slots_max(s);
		st.tasks_max = bpf_map__max_entries(s->cpu->maps.tasks);
		st.tasks_used = count_keys(bpf_map__fd(s->cpu->maps.tasks));
		for (uint32_t i = ABI_SLOT_FIRST; i < s->max_slots; i++)
			st.slots_used += s->slots[i].cgid != 0;
		for (unsigned l = 0; l < ABI_LOSTS; l++)
			st.lost[l] = sampler_lost(s, l);
		add_ring(s, &st);
		add_maps(&st, s->cpu->obj, s->cpu->obj);
		add_programs(&st, s->cpu->obj);
	}
	if (s->cpu && s->mem) {
		add_maps(&st, s->mem->obj, s->cpu->obj);
		add_programs(&st, s->mem->obj);
	}
	if (s->cpu && s->snapshot) {
		st.walk_cgroups = s->snapshot->bss->walk.seen;
		add_maps(&st, s->snapshot->obj, s->cpu->obj);
		add_programs(&st, s->snapshot->obj);
	}
	*ret_stats = st;
}
