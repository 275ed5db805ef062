/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts of one cgroup by file: one openat() for its directory in each hierarchy that is needed,
 * then open, one read and close per file. Which file feeds which facts is one table; v2 is asked
 * first and v1 for what is left, so that pure and hybrid hosts need no code of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/measure/cgroupfs.h"

/*
 * memory.stat, the longest, has about 1.6 KiB; the kernel formats it as one record, so that one
 * read() returns all of it.
 */
#define FILE_MAX 8192

struct fact_file {
	enum cgroupfs_hierarchy h;
	const char *name;
	unsigned feeds; /* enum facts_have; cleared when the file can't be read */
	int (*take)(char *text, struct facts *f);
	bool optional; /* may be absent: what it says keeps its default */
};

static int take_cpu_max(char *text, struct facts *f)
{
	return cgroupfs_parse_cpu_max(text, f);
}

static int take_cfs_quota(char *text, struct facts *f)
{
	return cgroupfs_parse_cfs_quota(text, f);
}

static int take_cfs_period(char *text, struct facts *f)
{
	uint64_t usec;

	if (cgroupfs_parse_number(text, &usec) < 0 ||
	    __builtin_mul_overflow(usec, NSEC_PER_USEC, &f->period_ns))
		return -EINVAL;
	return 0;
}

static int take_cpuacct_usage(char *text, struct facts *f)
{
	return cgroupfs_parse_number(text, &f->usage_ns);
}

static int take_memory(char *text, struct facts *f)
{
	return cgroupfs_parse_number(text, &f->memory_bytes);
}

static int take_memory_max(char *text, struct facts *f)
{
	return cgroupfs_parse_memory_max(text, &f->memory_max_bytes);
}

static int take_memory_peak(char *text, struct facts *f)
{
	return cgroupfs_parse_number(text, &f->memory_peak_bytes);
}

static int take_memory_stat(char *text, struct facts *f)
{
	return cgroupfs_parse_memory_stat(text, false, f);
}

static int take_memory_stat_v1(char *text, struct facts *f)
{
	return cgroupfs_parse_memory_stat(text, true, f);
}

static int take_cpu_pressure(char *text, struct facts *f)
{
	return cgroupfs_parse_pressure(text, &f->psi_ns[ABI_PSI_CPU_SOME],
				       &f->psi_ns[ABI_PSI_CPU_FULL]);
}

static int take_memory_pressure(char *text, struct facts *f)
{
	return cgroupfs_parse_pressure(text, &f->psi_ns[ABI_PSI_MEM_SOME],
				       &f->psi_ns[ABI_PSI_MEM_FULL]);
}

static int take_io_pressure(char *text, struct facts *f)
{
	return cgroupfs_parse_pressure(text, &f->psi_ns[ABI_PSI_IO_SOME],
				       &f->psi_ns[ABI_PSI_IO_FULL]);
}

/* v2. cpu.stat is always there, its CFS counters only beside cpu.max: absent there, absent both. */
static const struct fact_file v2_files[] = {
	{ CGROUPFS_UNIFIED, "cpu.max", FACTS_CFS, take_cpu_max, false },
	{ CGROUPFS_UNIFIED, "cpu.stat", FACTS_CPU | FACTS_CFS, cgroupfs_parse_cpu_stat, false },
	{ CGROUPFS_UNIFIED, "memory.current", FACTS_MEMORY, take_memory, false },
	{ CGROUPFS_UNIFIED, "memory.max", FACTS_MEMORY, take_memory_max, true },
	{ CGROUPFS_UNIFIED, "memory.events", FACTS_MEMORY, cgroupfs_parse_memory_events, true },
	{ CGROUPFS_UNIFIED, "memory.peak", FACTS_PEAK, take_memory_peak, false },
	{ CGROUPFS_UNIFIED, "memory.stat", FACTS_INACTIVE_FILE, take_memory_stat, false },
	{ CGROUPFS_UNIFIED, "cpu.pressure", FACTS_PSI, take_cpu_pressure, false },
	{ CGROUPFS_UNIFIED, "memory.pressure", FACTS_PSI, take_memory_pressure, false },
	{ CGROUPFS_UNIFIED, "io.pressure", FACTS_PSI, take_io_pressure, false },
};

static const struct fact_file v1_files[] = {
	{ CGROUPFS_CPUACCT, "cpuacct.usage", FACTS_CPU, take_cpuacct_usage, false },
	{ CGROUPFS_CPUACCT, "cpuacct.stat", FACTS_CPU, cgroupfs_parse_cpuacct_stat, true },
	{ CGROUPFS_CPU, "cpu.cfs_quota_us", FACTS_CFS, take_cfs_quota, false },
	{ CGROUPFS_CPU, "cpu.cfs_period_us", FACTS_CFS, take_cfs_period, false },
	{ CGROUPFS_CPU, "cpu.stat", FACTS_CFS, cgroupfs_parse_cpu_stat_v1, false },
	{ CGROUPFS_MEMORY, "memory.usage_in_bytes", FACTS_MEMORY, take_memory, false },
	{ CGROUPFS_MEMORY, "memory.limit_in_bytes", FACTS_MEMORY, take_memory_max, true },
	{ CGROUPFS_MEMORY, "memory.oom_control", FACTS_MEMORY, cgroupfs_parse_oom_control, true },
	{ CGROUPFS_MEMORY, "memory.max_usage_in_bytes", FACTS_PEAK, take_memory_peak, false },
	{ CGROUPFS_MEMORY, "memory.stat", FACTS_INACTIVE_FILE, take_memory_stat_v1, false },
};

/* The cgroup's directories, opened when first needed. */
struct dirs {
	const struct cgroupfs *fs;
	const char *path;
	int fd[CGROUPFS_HIERARCHIES]; /* -errno when it can't be opened */
	unsigned tried;		      /* bit 1 << hierarchy */
};

static void dirs_release(struct dirs *d)
{
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		if ((d->tried & 1u << h) && d->fd[h] >= 0)
			close(d->fd[h]);
	}
}

static int dirs_get(struct dirs *d, enum cgroupfs_hierarchy h)
{
	if (!(d->tried & 1u << h)) {
		d->fd[h] = cgroupfs_open(d->fs, h, d->path);
		d->tried |= 1u << h;
	}
	return d->fd[h];
}

/* -EINVAL when the content is not what we know, any other error when there is none. */
static int read_file(int dir_fd, const struct fact_file *file, struct facts *f)
{
	char text[FILE_MAX];
	_cleanup_close_ int fd = openat(dir_fd, file->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	if (n < 0) /* -ENODEV: removed since; -EOPNOTSUPP: PSI is off */
		return errno == EINVAL ? -EIO : -errno;
	if (n == sizeof(text) || memchr(text, '\0', (size_t)n))
		return -EINVAL;
	text[n] = '\0';
	return file->take(text, f);
}

/* Returns which of the wanted facts these files gave. */
static unsigned read_files(struct dirs *d, const struct fact_file *files, size_t n_files,
			   unsigned want, struct facts *f, unsigned *bad)
{
	unsigned given = 0, missing = 0;

	for (size_t i = 0; i < n_files; i++) {
		const struct fact_file *file = &files[i];
		int r;

		if (!(file->feeds & want & ~missing))
			continue;
		r = dirs_get(d, file->h);
		if (r >= 0)
			r = read_file(r, file, f);
		given |= file->feeds & want;
		*bad += r == -EINVAL;
		if (r < 0 && !(file->optional && r == -ENOENT))
			missing |= file->feeds;
	}
	return given & ~missing;
}

/* Whether any hierarchy has the cgroup. */
static bool is_there(const struct cgroupfs *fs, const char *path)
{
	uint64_t id;

	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++) {
		if (cgroupfs_id(fs, h, path, &id) == 0)
			return true;
	}
	return false;
}

int cgroupfs_read(const struct cgroupfs *fs, const char *path, unsigned want,
		  struct facts *ret_facts, unsigned *ret_bad)
{
	_cleanup_(dirs_release) struct dirs d = { .fs = fs, .path = path };
	struct facts f = { .quota_ns = FACTS_UNLIMITED, .memory_max_bytes = FACTS_UNLIMITED };
	unsigned bad = 0;

	f.have = read_files(&d, v2_files, ARRAY_LEN(v2_files), want, &f, &bad);
	f.have |= read_files(&d, v1_files, ARRAY_LEN(v1_files), want & ~f.have, &f, &bad);
	/* Something was read, or nothing because there is nothing: asked only then. */
	if (!f.have && !is_there(fs, path))
		return -ENOENT;
	*ret_facts = f;
	if (ret_bad)
		*ret_bad = bad;
	return 0;
}
