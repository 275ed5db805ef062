// SPDX-License-Identifier: Apache-2.0
/* Feature probing: everything is read from BTF and /proc, nothing from the kernel's version. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "daemon/measure/sampler_internal.h"

static bool has_tracepoint(const struct btf *btf, const char *name)
{
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

/* Whether argument `n` of a tracepoint (0 is the first after the context) is a pointer. */
static bool tracepoint_arg_is_pointer(const struct btf *btf, const char *name, unsigned n)
{
	const struct btf_type *t;
	char type[64];
	int id;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	if (id <= 0)
		return false;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type); /* typedef -> pointer */
	if (!t || !btf_is_ptr(t))
		return false;
	t = btf__type_by_id(btf, t->type);
	if (!t || !btf_is_func_proto(t) || n + 1 >= btf_vlen(t))
		return false;
	t = btf__type_by_id(btf, btf_params(t)[n + 1].type);
	return t && btf_is_ptr(t);
}

static bool has_field(const struct btf *btf, const char *type, const char *field)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);

		if (name && strcmp(name, field) == 0)
			return true;
	}
	return false;
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Value of an enumerator, or -1. */
static int enum_value(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const char *s = btf__name_by_offset(btf, btf_enum(t)[i].name_off);

		if (s && strcmp(s, name) == 0)
			return btf_enum(t)[i].val;
	}
	return -1;
}

/* The highest NUMA node plus one: "0", "0-1", "0,2-3". */
static unsigned count_nodes(void)
{
	char text[256];
	unsigned last = 0, n = 0;

	if (file_read_small(AT_FDCWD, "/sys/devices/system/node/online", text, sizeof(text)) < 0)
		return 1;
	for (const char *p = text; *p; p++) {
		if (*p >= '0' && *p <= '9') {
			n = n * 10 + (unsigned)(*p - '0');
			last = n;
		} else {
			n = 0;
		}
	}
	return last < 63 ? last + 1 : 64;
}

static void probe_types(struct sampler_probe *p)
{
	const struct btf *btf = p->btf;

	p->switch_state_first = !tracepoint_arg_is_pointer(btf, "sched_switch", 1);
	p->victim_task = tracepoint_arg_is_pointer(btf, "mark_victim", 0);
	p->migrate = has_tracepoint(btf, "sched_migrate_task");
	p->attach = has_tracepoint(btf, "cgroup_attach_task");
	p->cgroup_events =
		has_tracepoint(btf, "cgroup_mkdir") && has_tracepoint(btf, "cgroup_rmdir");
	p->oom = has_tracepoint(btf, "mark_victim");
	p->direct_reclaim = has_tracepoint(btf, "mm_vmscan_direct_reclaim_begin");
	p->memcg_reclaim = has_tracepoint(btf, "mm_vmscan_memcg_reclaim_begin");
	p->quota_clock = has_field(btf, "cfs_rq", "throttled_clock_self_time") ||
			 has_field(btf, "cfs_rq", "throttled_clock_pelt_time") ||
			 has_field(btf, "cfs_rq", "throttled_clock_task_time");
	p->iter = btf__find_by_name_kind(btf, "bpf_iter__cgroup", BTF_KIND_STRUCT) > 0;
	if (has_function(btf, "css_rstat_flush"))
		p->flush = 2;
	else if (has_function(btf, "cgroup_rstat_flush"))
		p->flush = 1;
	p->memory_subsys = enum_value(btf, "cgroup_subsys_id", "memory_cgrp_id");
	p->cpu_subsys = enum_value(btf, "cgroup_subsys_id", "cpu_cgrp_id");
	p->memory = p->memory_subsys >= 0;
	p->cpu = p->cpu_subsys >= 0;
}

/* Compiled in and not switched off (psi=0, or CONFIG_PSI_DEFAULT_DISABLED). */
static bool psi_enabled(void)
{
	char text[256];

	return file_read_small(AT_FDCWD, "/proc/pressure/cpu", text, sizeof(text)) > 0;
}

/* What is wrong with type information, and what helps. */
static const char *btf_error_text(int r)
{
	switch (-r) {
	case ENOENT:
		return "there is none; boot a kernel with CONFIG_DEBUG_INFO_BTF=y or use tier "
		       "files";
	case EACCES:
	case EPERM:
		return "it may not be read; run as root or use tier files";
	case ENOMEM:
		return "no memory";
	default:
		return "it is cut off, damaged or no BTF; give a whole one or use tier files";
	}
}

int sampler_probe_init(struct sampler_probe *p, const char *btf_path, struct err *e)
{
	const char *path = btf_path ?: SAMPLER_BTF_PATH;
	struct btf *btf = btf__parse(path, NULL);
	int r = libbpf_get_error(btf);

	memset(p, 0, sizeof(*p));
	if (r)
		return err_set(e, r, "kernel type information '%s' cannot be used: %s", path,
			       btf_error_text(r));
	p->btf = btf;
	if (!has_tracepoint(btf, "sched_switch") || !has_tracepoint(btf, "sched_wakeup")) {
		sampler_probe_release(p);
		return err_set(
			e, -ENODATA,
			"kernel type information '%s' has no scheduler tracepoints: it is not "
			"that of a whole kernel",
			path);
	}
	probe_types(p);
	p->psi = has_field(btf, "psi_group", "total") && psi_enabled();
	p->nr_nodes = count_nodes();
	return 0;
}

void sampler_probe_release(struct sampler_probe *p)
{
	btf__free(p->btf);
	p->btf = NULL;
}
