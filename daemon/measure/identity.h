/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose cgroup is this? From the path alone: pod UID, container id, QoS class, runtime, driver,
 * systemd unit. Names for them come from names.h. The rules hold for the real paths of 9 projects
 * in tests/data/cgroup_paths.tsv.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_UID_LEN 37	     /* 36 + NUL; static pods carry a 32-digit hash instead */
#define IDENTITY_CONTAINER_ID_LEN 65 /* 64 hexadecimal digits + NUL */
#define IDENTITY_UNIT_LEN 256

enum identity_kind {
	IDENTITY_OTHER,	    /* a plain cgroup */
	IDENTITY_UNIT,	    /* a systemd service, scope or socket's cgroup (not a slice) */
	IDENTITY_POD,	    /* a pod's own cgroup, between QoS class and containers */
	IDENTITY_CONTAINER, /* a container, with or without a pod */
	IDENTITY_INFRA,	    /* below a pod but no container: conmon, mount units */
};

struct identity {
	enum identity_kind kind;
	char pod_uid[IDENTITY_UID_LEN]; /* canonical: dashes, lower case; "" without a pod */
	char container_id[IDENTITY_CONTAINER_ID_LEN]; /* "" without */
	const char *qos;	      /* "guaranteed", "burstable", "besteffort" or "" (static) */
	const char *runtime;	      /* "containerd", "crio", "docker", "podman" or "" (static) */
	const char *driver;	      /* "systemd", "cgroupfs" or "" (static) */
	char unit[IDENTITY_UNIT_LEN]; /* unescaped unit name for IDENTITY_UNIT, else "" */
	unsigned depth; /* path components up to and including the thing that was named: a
			      * cgroup deeper than that is nested and rolls up into it */
};

/*
 * Parses a cgroup path, a /proc/PID/cgroup line ("0::/...") or a path below a cgroup mount. The
 * deepest match wins (kind and docker-in-docker nest). Never fails: what is not recognised is
 * IDENTITY_OTHER. ret_identity is filled completely.
 */
void identity_parse(const char *path, struct identity *ret_identity);

/*
 * The one form of a pod UID in which two of them compare: 36 characters with '-' or '_' (as in
 * slices), or the 32 digits of a static pod's hash. False for anything else, ret_uid untouched.
 */
bool identity_canonical_uid(const char *s, size_t len, char ret_uid[static IDENTITY_UID_LEN]);

/* Names of one container, as far as they are known; strings live as long as the names table. */
struct identity_names {
	const char *namespace_name;
	const char *pod;
	const char *container;
	const char *owner_kind; /* "ReplicaSet", ... or NULL */
	const char *owner_name;
	/* Resources from the pod's spec; UINT64_MAX where absent. */
	uint64_t cpu_request_milli, cpu_limit_milli, memory_request_bytes, memory_limit_bytes;
};
