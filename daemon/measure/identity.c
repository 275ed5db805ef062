/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is read component by component, from the root down; each component that says something
 * replaces or completes what was known. Rules, in the order in which they win:
 *
 *   1. A pod ("pod<uid>", "...-pod<uid>.slice") starts anew: the deepest pod wins, because a kind
 *      or minikube node is itself a container.
 *   2. Below a pod, only its direct child can be the container. All that is deeper belongs to it,
 *      systemd units and docker-in-docker too: Kubernetes limits and restarts the pod's container.
 *   3. Without a pod, the deepest container or unit wins: a unit inside a docker container that is
 *      a kind node is that unit.
 *
 * What the path does not tell stays "".
 */
#include "daemon/measure/identity.h"

#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/identity_match.h"

#define DRIVER_SYSTEMD "systemd"
#define DRIVER_CGROUPFS "cgroupfs"

/* What is known so far. */
struct parse {
	struct identity id;
	const char *root_driver; /* whose tree it is, as far as names of the top tell */
	bool nested;		 /* a container was seen further up */
};

static void set_container(struct identity *id, const struct identity_component *c,
			  const struct identity_container *m)
{
	id->kind = IDENTITY_CONTAINER;
	memcpy(id->container_id, m->id, sizeof(m->id));
	id->runtime = m->runtime;
	id->depth = c->depth;
}

static void set_pod(struct identity *id, const struct identity_component *c,
		    const struct identity_pod *m, const char *driver)
{
	*id = (struct identity){ .kind = IDENTITY_POD, .runtime = "", .depth = c->depth };
	id->qos = m->qos;
	id->driver = driver;
	memcpy(id->pod_uid, m->uid, sizeof(m->uid));
}

/*
 * "<slice>:<runtime>:<id>": a runtime with the cgroupfs driver under a kubelet with systemd's takes
 * kubelet's systemd path for a name. The slice was never made by systemd.
 */
static bool take_colon_form(struct identity *id, const struct identity_component *c)
{
	const char *colon = strchr(c->text, ':');
	struct identity_container container;
	struct identity_pod pod;

	if (!colon || !identity_match_colon(colon + 1, &container))
		return false;
	if (identity_match_pod_slice(c, (size_t)(colon - c->text), &pod))
		set_pod(id, c, &pod, DRIVER_CGROUPFS);
	else if (!*id->pod_uid)
		*id = (struct identity){ .qos = "", .driver = DRIVER_CGROUPFS };
	else
		return false;
	set_container(id, c, &container);
	return true;
}

static bool take_pod(struct identity *id, const struct identity_component *c)
{
	struct identity_pod pod;

	if (identity_match_pod_dir(c, &pod))
		set_pod(id, c, &pod, DRIVER_CGROUPFS);
	else if (identity_match_pod_slice(c, c->len, &pod))
		set_pod(id, c, &pod, DRIVER_SYSTEMD);
	else
		return false;
	return true;
}

/* A pod's direct child: its container, or what surrounds containers (conmon, mounts). */
static void take_pod_child(struct parse *p, const struct identity_component *c)
{
	struct identity_container m;

	if (identity_match_unit(c))
		p->id.driver = DRIVER_SYSTEMD;
	if (!identity_match_container(c, &m)) {
		p->id.kind = IDENTITY_INFRA;
		p->id.depth = c->depth;
		return;
	}
	/* Nodes that are containers themselves (kind, minikube) run containerd, which writes bare
	 * ids; elsewhere a bare id may be docker's as well. */
	if (p->nested && c->len == IDENTITY_CONTAINER_DIGITS)
		m.runtime = "containerd";
	set_container(&p->id, c, &m);
}

/*
 * Who made the cgroups of a tree without pods: systemd below its own slices, a container tool
 * below its root. Other names tell nothing, for kubelet's reserved slices can be made by both.
 */
static void take_root(struct parse *p, const struct identity_component *c)
{
	static const struct {
		const char *name;
		const char *driver;
	} roots[] = {
		{ "system.slice", DRIVER_SYSTEMD },  { "user.slice", DRIVER_SYSTEMD },
		{ "machine.slice", DRIVER_SYSTEMD }, { "kubepods.slice", DRIVER_SYSTEMD },
		{ "kubepods", DRIVER_CGROUPFS },     { "libpod_parent", DRIVER_CGROUPFS },
	};

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		if (strcmp(c->text, roots[i].name) == 0)
			p->root_driver = roots[i].driver;
	}
	if (p->id.kind == IDENTITY_OTHER)
		p->id.driver = p->root_driver;
}

static bool is_scope(const struct identity_component *c)
{
	const char *dot = strrchr(c->text, '.');

	return dot && strcmp(dot, ".scope") == 0;
}

/* Outside of pods. */
static void take_host_child(struct parse *p, const struct identity_component *c)
{
	struct identity_container m;

	if (identity_match_podless(c, &m)) {
		p->id = (struct identity){ .qos = "" };
		p->id.driver = m.scope ? DRIVER_SYSTEMD : DRIVER_CGROUPFS;
		set_container(&p->id, c, &m);
	} else if (identity_match_unit(c)) {
		p->id = (struct identity){ .kind = IDENTITY_UNIT, .qos = "", .runtime = "" };
		p->id.driver = is_scope(c) ? DRIVER_SYSTEMD : p->root_driver;
		memcpy(p->id.unit, c->text, c->len + 1);
		p->id.depth = c->depth;
	}
}

static void take_component(struct parse *p, const struct identity_component *c)
{
	bool in_pod = *p->id.pod_uid;

	p->nested |= p->id.kind == IDENTITY_CONTAINER;
	if (take_colon_form(&p->id, c) || take_pod(&p->id, c))
		return;
	if (in_pod) {
		if (p->id.kind == IDENTITY_POD)
			take_pod_child(p, c);
	} else {
		take_root(p, c);
		take_host_child(p, c);
	}
}

/* "4:cpu,cpuacct:/a/b", "0::/a/b": returns "/a/b". Anything else is returned as it is. */
static const char *skip_proc_line(const char *path)
{
	const char *s = path + strspn(path, "0123456789");

	if (s == path || *s != ':')
		return path;
	s += 1 + strcspn(s + 1, ":/");
	if (*s == ':') /* "1:name=systemd:/..." */
		return s + 1;
	return path;
}

/* Whether a directory of /sys/fs/cgroup is a v1 hierarchy (or hybrid's v2), not a cgroup. */
static bool is_hierarchy(const char *s, size_t len)
{
	static const char *const names[] = {
		"blkio",      "cpu",	 "cpuacct", "cpuset",  "devices", "elogind",
		"freezer",    "hugetlb", "memory",  "misc",    "net_cls", "net_prio",
		"perf_event", "pids",	 "rdma",    "systemd", "unified",
	};

	while (len > 0) {
		const char *comma = memchr(s, ',', len);
		size_t n = comma ? (size_t)(comma - s) : len;
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			known |= strlen(names[i]) == n && memcmp(names[i], s, n) == 0;
		if (!known)
			return false;
		n += comma ? 1 : 0;
		s += n;
		len -= n;
	}
	return true;
}

/* "/sys/fs/cgroup/cpu,cpuacct/a/b", "/sys/fs/cgroup/a/b": returns "/a/b". */
static const char *skip_mount(const char *path)
{
	static const char mount[] = "/sys/fs/cgroup/";
	size_t len;

	if (strncmp(path, mount, strlen(mount)) != 0)
		return path;
	path += strlen(mount);
	len = strcspn(path, "/\n");
	return is_hierarchy(path, len) ? path + len : path;
}

void identity_parse(const char *path, struct identity *ret_identity)
{
	struct parse p = { .id = { .qos = "", .runtime = "", .driver = "" }, .root_driver = "" };
	struct identity_component c = { .depth = 0 };

	path = skip_mount(skip_proc_line(path));
	for (;;) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/\n");
		if (!len)
			break;
		identity_component_next(&c, path, len);
		take_component(&p, &c);
		path += len;
	}
	*ret_identity = p.id;
}
