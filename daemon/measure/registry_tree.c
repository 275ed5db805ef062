/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup is, which workload it belongs to, and which group BPF shall count it in. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/registry_private.h"

unsigned path_components(const char *path)
{
	unsigned n = 0;

	for (const char *p = path; *p; p++)
		if (*p == '/' && p[1] != '/' && p[1] != '\0')
			n++;
	return n;
}

/* Bytes of the path's first n components. */
static size_t path_prefix_len(const char *path, unsigned n)
{
	const char *p = path;

	for (; *p; p++)
		if (*p == '/' && p[1] != '/' && p[1] != '\0' && n-- == 0)
			break;
	return (size_t)(p - path);
}

static bool has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && strcmp(s + len - n, suffix) == 0;
}

bool path_in_kubepods(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/kubepods")); p++)
		if (strchr("./-", p[9])) /* the end of the string, too */
			return true;
	return false;
}

/* Levels that exist for their limits alone. */
static bool is_level(const struct cgroup *cg)
{
	static const char *const kubepods[] = { "/kubepods", "/burstable", "/besteffort",
						"/guaranteed" };

	if (cg->kind == IDENTITY_POD || has_suffix(cg->path, ".slice"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kubepods); i++)
		if (cg->in_kubepods && has_suffix(cg->path, kubepods[i]))
			return true;
	return false;
}

/* "/a/b" at or below "/a"; a name without suffix stands for systemd's forms, too. */
static bool path_matches(const char *path, const char *prefix)
{
	static const char *const ends[] = { ".slice", ".service", ".scope" };
	size_t len = strlen(prefix);

	while (len > 1 && prefix[len - 1] == '/')
		len--;
	if (strncmp(path, prefix, len) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (strncmp(path + len, ends[i], n) == 0 && strchr("/", path[len + n]))
			return true;
	}
	return strchr("/", path[len]);
}

/* The node's own services, wherever they live. */
static bool is_runtime_unit(const char *unit)
{
	static const char *const units[] = { "kubelet.service", "containerd.service",
					     "crio.service",	"docker.service",
					     "k3s.service",	"k3s-agent.service",
					     "podruntime.slice" };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(unit, units[i]) == 0)
			return true;
	return false;
}

static bool cgroup_is_system(const struct registry *r, const struct cgroup *cg)
{
	const struct registry_options *o = &r->options;

	if (cg->components == 0 || path_matches(cg->path, "/init.scope"))
		return true;
	if (!r->kubepods || cg->in_kubepods || cg->kind == IDENTITY_CONTAINER)
		return false;
	for (unsigned i = 0; i < o->n_system_slices; i++)
		if (path_matches(cg->path, o->system_slices[i]))
			return true;
	return cg->workload && is_runtime_unit(cg->workload->unit);
}

/* The living cgroup whose path is the first n components of this one's. */
static struct cgroup *cgroup_prefix(const struct registry *r, const struct cgroup *cg, unsigned n,
				    char buf[static PATH_LEN_MAX])
{
	size_t len = path_prefix_len(cg->path, n);
	struct cgroup *top;

	memcpy(buf, cg->path, len);
	buf[len] = '\0';
	top = map_get_str(&r->by_path, buf);
	return top && !top->died_ns ? top : NULL;
}

/*
 * Everything in a pod waits for its own kind: the group is the pod. Outside of pods it is the
 * workload. A child born later inherits it, until its birth has been handled here.
 */
void cgroup_regroup(struct registry *r, struct cgroup *cg)
{
	char path[PATH_LEN_MAX];
	const struct cgroup *top = NULL;
	uint32_t group = cg->slot, flags = 0;

	for (const struct cgroup *p = cg; p && !top; p = p->parent)
		if (p->kind == IDENTITY_POD && p->components == p->depth && p->slot)
			top = p;
	if (!top && cg->kind != IDENTITY_OTHER)
		top = cgroup_prefix(r, cg, cg->depth, path);
	if (top && top->slot != ABI_SLOT_NONE)
		group = top->slot;
	if (cg->kind != IDENTITY_OTHER)
		flags |= ABI_SLOT_INHERIT;
	if (cgroup_is_system(r, cg))
		flags |= ABI_SLOT_SYSTEM;
	if (cg->workload && cg->workload->cgid == cg->cgid)
		cg->workload->system = flags & ABI_SLOT_SYSTEM;
	if (cg->slot == ABI_SLOT_NONE || (cg->group == group && cg->flags == flags))
		return;
	cg->group = group;
	cg->flags = flags;
	if (r->ops->set_group)
		r->ops->set_group(r->arg, cg->slot, group, flags);
}

void registry_regroup_all(struct registry *r)
{
	struct cgroup *cg;

	FOREACH(cg, &r->cgroups, all)
	if (!cg->died_ns)
		cgroup_regroup(r, cg);
}

/* An inner plain cgroup that never ran was only taken for a leaf: its children had not been seen. */
static void parent_is_no_leaf(struct registry *r, struct cgroup *parent)
{
	struct workload *w = parent ? parent->workload : NULL;

	if (!w || parent->kind != IDENTITY_OTHER || w->cgid != parent->cgid)
		return;
	if (parent->live && __atomic_load_n(&parent->live->run_ns, __ATOMIC_RELAXED) != 0)
		return;
	workload_disown(w, parent);
	workload_free(r, w);
}

/* A workload made for a nested cgroup whose top had not been seen yet. */
static struct workload *find_headless(struct registry *r, const char *path)
{
	struct workload_node *n;

	if (!r->headless)
		return NULL;
	FOREACH(n, &r->workloads, all)
	if (n->w.cgid == 0 && !n->w.dead && strcmp(n->w.path, path) == 0)
		return &n->w;
	return NULL;
}

/* The workload of a cgroup that is one or is nested in one; NULL without memory. */
static struct workload *workload_for(struct registry *r, struct cgroup *cg,
				     const struct identity *id)
{
	char path[PATH_LEN_MAX];
	struct cgroup *top = cgroup_prefix(r, cg, cg->depth, path);
	struct workload *w = top ? top->workload : NULL;

	if (!w)
		w = find_headless(r, path);
	if (!w)
		w = workload_new(r, top, path, id, cg->born_ns);
	if (w && top && w->cgid == 0) {
		w->cgid = top->cgid;
		r->headless--;
	}
	if (w && top && top != cg && !top->workload)
		workload_adopt(r, w, top);
	return w;
}

static bool is_structure(const struct cgroup *cg)
{
	return cg->level || (cg->kind == IDENTITY_OTHER && cg->children);
}

void cgroup_classify(struct registry *r, struct cgroup *cg)
{
	struct identity id;
	struct workload *w;

	identity_parse(cg->path, &id);
	cg->kind = (uint8_t)id.kind;
	cg->depth = cg->components;
	if (id.kind != IDENTITY_OTHER && id.kind != IDENTITY_POD && id.depth < cg->components)
		cg->depth = (uint16_t)id.depth;
	if (!cg->in_kubepods && path_in_kubepods(cg->path)) {
		cg->in_kubepods = true;
		if (r->kubepods++ == 0)
			registry_regroup_all(r);
	}
	/* A slice nested in a container rolls up as all else. */
	cg->level = cg->depth == cg->components && is_level(cg);
	parent_is_no_leaf(r, cg->parent);
	if (!is_structure(cg)) {
		w = workload_for(r, cg, &id);
		if (w)
			workload_adopt(r, w, cg);
		else
			r->stats.refused++;
	}
	cgroup_regroup(r, cg);
}

int cgroup_promote(struct registry *r, struct cgroup *cg, uint64_t now_ns)
{
	struct workload *w;
	struct identity id;

	identity_parse(cg->path, &id);
	w = workload_new(r, cg, cg->path, &id, now_ns);
	if (!w)
		return -ENOMEM;
	workload_adopt(r, w, cg);
	cgroup_regroup(r, cg);
	return 0;
}
