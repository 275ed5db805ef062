// SPDX-License-Identifier: Apache-2.0
/* Life cycle, slots and counters; loading is in sampler_load.c, events in sampler_ring.c. */
#include "daemon/measure/sampler.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cpu.skel.h"
#include "daemon/measure/sampler_internal.h"
#include "snapshot.skel.h"

#define MIN_SLOTS 2048u
#define MAX_SLOTS (1u << 20)
#define DEFAULT_TASKS 32768u

static const char *const tier_names[TIERS] = {
	[TIER_FILES] = "files",
	[TIER_BPF_FILES] = "bpf+files",
	[TIER_BPF] = "bpf",
};

const char *tier_name(enum tier t)
{
	return t >= 0 && t < TIERS ? tier_names[t] : "auto";
}

int tier_parse(const char *s, enum tier *ret_tier)
{
	for (int t = TIER_AUTO; t < TIERS; t++) {
		if (strcmp(s, tier_name(t)) == 0) {
			*ret_tier = t;
			return 0;
		}
	}
	return -EINVAL;
}

static int count_cgroup(void *arg, const char *path, uint64_t id, uint64_t parent_id)
{
	uint32_t *n = arg;

	(void)path;
	(void)id;
	(void)parent_id;
	if (*n < MAX_SLOTS)
		(*n)++;
	return 0;
}

/* Twice what there is, so that the node may double before a restart is needed. */
static uint32_t choose_slots(const struct sampler *s)
{
	uint32_t n = 0;

	if (s->options.max_cgroups)
		return s->options.max_cgroups + ABI_SLOT_FIRST;
	cgroupfs_walk(s->fs, s->fs->key, count_cgroup, &n, NULL);
	return n * 2 > MIN_SLOTS ? n * 2 : MIN_SLOTS;
}

static size_t map_size(const struct bpf_map *map)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)((bpf_map__value_size(map) + 7) & ~7U) * bpf_map__max_entries(map);

	return (bytes + page - 1) & ~(page - 1);
}

static void *map_memory(const struct bpf_map *map, int prot)
{
	void *p = mmap(NULL, map_size(map), prot, MAP_SHARED, bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

static int map_all(struct sampler *s, struct err *e)
{
	s->slots = map_memory(s->cpu->maps.slots, PROT_READ | PROT_WRITE);
	s->cpus = map_memory(s->cpu->maps.cpus, PROT_READ);
	s->cpu_size = (bpf_map__value_size(s->cpu->maps.cpus) + 7) & ~(size_t)7;
	if (s->snapshot)
		s->snaps = map_memory(s->snapshot->maps.snaps, PROT_READ | PROT_WRITE);
	if (!s->slots || !s->cpus || (s->snapshot && !s->snaps))
		return err_set(e, -errno, "cannot map the counters: %s", strerror(errno));
	return 0;
}

/* Every slot but none and root is free at first. */
static int fill_free_slots(struct sampler *s)
{
	int fd = bpf_map__fd(s->cpu->maps.free_slots);

	for (uint32_t slot = ABI_SLOT_FIRST; slot < s->max_slots; slot++) {
		if (bpf_map_update_elem(fd, NULL, &slot, 0))
			return -errno;
	}
	return 0;
}

static int put_root(struct sampler *s)
{
	int fd = bpf_map__fd(s->cpu->maps.cgroup_slots);
	uint32_t slot = ABI_SLOT_ROOT;
	uint64_t cgid;
	int r = cgroupfs_id(s->fs, s->fs->key, "/", &cgid);

	if (r)
		return r;
	s->slots[slot].cgid = cgid;
	s->slots[slot].group = slot;
	s->slots[slot].flags = ABI_SLOT_SYSTEM;
	s->slots_used = 1;
	return bpf_map_update_elem(fd, &cgid, &slot, BPF_ANY) ? -errno : 0;
}

static void sampler_stop(struct sampler *s)
{
	ring_buffer__free(s->ring);
	s->ring = NULL;
	if (s->slots)
		munmap(s->slots, map_size(s->cpu->maps.slots));
	if (s->cpus)
		munmap(s->cpus, map_size(s->cpu->maps.cpus));
	if (s->snaps)
		munmap(s->snaps, map_size(s->snapshot->maps.snaps));
	s->slots = NULL;
	s->cpus = NULL;
	s->snaps = NULL;
	sampler_unload(s);
	s->tier = TIER_FILES;
}

static int sampler_start(struct sampler *s, struct err *e)
{
	int r = sampler_load(s, e);

	if (r)
		return r;
	r = map_all(s, e);
	if (r)
		return r;
	if (!s->bound)
		s->bound = calloc((size_t)s->max_slots * CGROUPFS_HIERARCHIES, sizeof(*s->bound));
	if (!s->unknown)
		s->unknown = calloc(s->max_slots, sizeof(*s->unknown));
	if (!s->bound || !s->unknown)
		return err_set(e, -ENOMEM, "no memory for %u slots", s->max_slots);
	r = put_root(s) ?: fill_free_slots(s);
	if (r)
		return err_set(e, r, "cannot fill the maps: %s", strerror(-r));
	r = sampler_ring_open(s, e);
	malloc_trim(0); /* loading needed some 30 MB for types and relocation */
	return r;
}

/* libbpf's words are kept out of the log: our own messages name cause and remedy. */
static int libbpf_quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (getenv("EVICTD_DEBUG_LIBBPF"))
		return vfprintf(stderr, fmt, ap);
	(void)level;
	return 0;
}

int sampler_new(const struct sampler_options *o, const struct cgroupfs *fs,
		struct sampler **ret_sampler, struct err *e)
{
	_cleanup_(sampler_freep) struct sampler *s = calloc(1, sizeof(*s));
	struct err why = {};
	int r = 0;

	if (!s)
		return err_set(e, -ENOMEM, "no memory for the sampler");
	libbpf_set_print(libbpf_quiet);
	s->fs = fs;
	s->options = *o;
	s->options.max_tasks = o->max_tasks ?: DEFAULT_TASKS;
	s->n_cpus = (unsigned)libbpf_num_possible_cpus();
	s->max_slots = choose_slots(s);
	s->tier = TIER_FILES;
	if (o->tier == TIER_FILES) {
		err_set(&why, 0, "tier files is forced");
	} else {
		r = sampler_start(s, &why);
		if (r)
			sampler_stop(s);
	}
	if (r && o->tier != TIER_AUTO)
		return err_set(e, r, "tier '%s' is not possible here: %s", tier_name(o->tier),
			       err_msg(&why));
	if (s->tier == TIER_FILES) {
		snprintf(s->why, sizeof(s->why), "%.250s", err_msg(&why));
		sampler_features_none(s, s->why);
	}
	*ret_sampler = TAKE_PTR(s);
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	sampler_stop(s);
	sampler_probe_release(&s->probe);
	free(s->bound);
	free(s->unknown);
	free(s);
}

void sampler_freep(struct sampler **s)
{
	sampler_free(*s);
}

enum tier sampler_tier(const struct sampler *s)
{
	return s->tier;
}

const char *sampler_why(const struct sampler *s)
{
	return s->why;
}

const struct sampler_feature_state *sampler_features(const struct sampler *s)
{
	return s->features;
}

static int slots_fd(const struct sampler *s)
{
	return bpf_map__fd(s->cpu->maps.cgroup_slots);
}

int sampler_add(struct sampler *s, uint64_t cgid, uint32_t *ret_slot)
{
	uint32_t slot = 0; /* valgrind does not know that bpf() writes it */
	int free_fd;

	if (!s->cpu)
		return -EOPNOTSUPP;
	if (!bpf_map_lookup_elem(slots_fd(s), &cgid, &slot)) {
		*ret_slot = slot;
		return 0;
	}
	free_fd = bpf_map__fd(s->cpu->maps.free_slots);
	if (bpf_map_lookup_and_delete_elem(free_fd, NULL, &slot))
		return -ENOSPC;
	s->slots[slot].cgid = cgid;
	s->slots[slot].group = slot;
	s->slots[slot].flags = 0;
	if (bpf_map_update_elem(slots_fd(s), &cgid, &slot, BPF_NOEXIST)) {
		int r = -errno;

		s->slots[slot].cgid = 0;
		bpf_map_update_elem(free_fd, NULL, &slot, 0);
		/* born between the look-up and now: BPF was first */
		if (r != -EEXIST || bpf_map_lookup_elem(slots_fd(s), &cgid, &slot))
			return r == -E2BIG ? -ENOSPC : r;
	}
	*ret_slot = slot;
	return 0;
}

/* In the child: 0 when a look-up works without any capability. */
static int look_up_unprivileged(int fd)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
	uint64_t key = 0;
	uint32_t value = 0;

	if (syscall(SYS_capset, &header, none))
		return 1;
	return bpf_map_lookup_elem(fd, &key, &value) && errno == EPERM;
}

bool sampler_needs_cap_bpf(const struct sampler *s)
{
	int status = 0;
	pid_t pid;

	if (!s->cpu)
		return false;
	pid = fork();
	if (pid == 0)
		_exit(look_up_unprivileged(slots_fd(s)));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return true; /* unknown: keep it */
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static uint64_t bound_key(enum cgroupfs_hierarchy h, uint64_t cgid)
{
	return cgid | (uint64_t)h << SAMPLER_TAG_SHIFT;
}

int sampler_bind(struct sampler *s, uint32_t slot, enum cgroupfs_hierarchy h, uint64_t cgid)
{
	uint64_t key = bound_key(h, cgid);

	if (!s->cpu || slot >= s->max_slots || h == s->fs->key)
		return -EINVAL;
	if (bpf_map_update_elem(slots_fd(s), &key, &slot, BPF_ANY))
		return errno == E2BIG ? -ENOSPC : -errno;
	s->bound[(size_t)slot * CGROUPFS_HIERARCHIES + h] = key;
	return 0;
}

void sampler_set_group(struct sampler *s, uint32_t slot, uint32_t group, unsigned flags)
{
	if (!s->slots || slot >= s->max_slots)
		return;
	__atomic_store_n(&s->slots[slot].group, group, __ATOMIC_RELAXED);
	__atomic_store_n(&s->slots[slot].flags, flags, __ATOMIC_RELAXED);
}

void sampler_remove(struct sampler *s, uint32_t slot)
{
	uint64_t *bound;
	uint64_t cgid;

	if (!s->cpu || slot < ABI_SLOT_FIRST || slot >= s->max_slots || !s->slots[slot].cgid)
		return;
	cgid = s->slots[slot].cgid;
	bpf_map_delete_elem(slots_fd(s), &cgid);
	bound = s->bound + (size_t)slot * CGROUPFS_HIERARCHIES;
	for (unsigned h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		if (bound[h])
			bpf_map_delete_elem(slots_fd(s), &bound[h]);
		bound[h] = 0;
	}
	memset(&s->slots[slot], 0, sizeof(s->slots[slot]));
	if (s->snaps)
		memset(&s->snaps[slot], 0, sizeof(s->snaps[slot]));
	bpf_map_update_elem(bpf_map__fd(s->cpu->maps.free_slots), NULL, &slot, 0);
}

unsigned sampler_sweep(struct sampler *s, bool (*known)(void *arg, uint64_t cgid), void *arg)
{
	unsigned n = 0;

	for (uint32_t slot = ABI_SLOT_FIRST; s->cpu && slot < s->max_slots; slot++) {
		uint64_t cgid = __atomic_load_n(&s->slots[slot].cgid, __ATOMIC_RELAXED);

		if (!cgid || known(arg, cgid)) {
			s->unknown[slot] = 0;
		} else if (s->unknown[slot] != cgid) {
			s->unknown[slot] = cgid;
		} else {
			sampler_remove(s, slot);
			s->unknown[slot] = 0;
			n++;
		}
	}
	return n;
}

uint32_t sampler_slots_max(const struct sampler *s)
{
	return s->cpu ? s->max_slots - ABI_SLOT_FIRST : 0;
}

const struct abi_slot *sampler_slot(const struct sampler *s, uint32_t slot)
{
	if (!s->slots || slot == ABI_SLOT_NONE || slot >= s->max_slots)
		return NULL;
	return &s->slots[slot];
}

/*
 * Bins ahead of now must be empty before they come round again: a tick that was late left its time
 * in a bin that had been taken already.
 */
static void clear_bins_ahead(struct abi_slot *slot, uint64_t to)
{
	for (unsigned i = 8; i < ABI_BINS / 2; i++) {
		uint32_t *bin = &slot->bins[(to + i) % ABI_BINS];

		if (*bin)
			__atomic_store_n(bin, 0, __ATOMIC_RELAXED);
	}
}

void sampler_take_bins(struct sampler *s, uint32_t slot, uint64_t from, uint64_t to,
		       uint32_t *ret_usec)
{
	struct abi_slot *p;

	if (!s->slots || slot >= s->max_slots || to <= from || to - from > ABI_BINS - 4)
		return;
	p = &s->slots[slot];
	for (uint64_t bin = from; bin < to; bin++) {
		uint32_t *v = &p->bins[bin % ABI_BINS];
		uint64_t units = *v ? __atomic_exchange_n(v, 0, __ATOMIC_RELAXED) : 0;

		ret_usec[bin - from] = (uint32_t)((units << ABI_BIN_SHIFT) / NSEC_PER_USEC);
	}
	clear_bins_ahead(p, to);
}
