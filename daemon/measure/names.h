/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of pods and containers for what a cgroup's path tells (identity.h): from a file of pods, or
 * from the links in /var/log/containers. The table is filled once and then only read; when the pods
 * change, the caller builds a new one and frees the old one after the last use of its strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "daemon/measure/identity.h"

#define NAMES_FILE_MAX                                                                             \
	(64u << 20)	 /* bytes of a pods file; the 110 pods of a node take about 1 MiB */
#define NAMES_MAX 65536u /* pods and containers together; kubelet allows 110 pods */

struct names;

int names_new(struct names **ret_names);
void names_free(struct names *n);
void names_freep(struct names **n);

/*
 * Adds pods from a file of `kubectl get pods -o json` or kubelet's /pods (a PodList or List; also
 * a single Pod). Static pods are found by annotation kubernetes.io/config.hash too. Bounded to
 * NAMES_FILE_MAX. Errors name the file and the place; what was read before stays. A pod without
 * proper name, namespace or UID is left out; a resource that is no quantity counts as absent.
 */
int names_load_pods_file(struct names *n, const char *path, struct err *e);
/* The same from memory. */
int names_load_pods(struct names *n, const char *text, size_t len, struct err *e);

/*
 * Adds what the links in `dir` (/var/log/containers) tell: POD_NAMESPACE_CONTAINER-ID.log, and
 * from the link's target (/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log) the pod's UID. What is
 * known already is kept. Entries of other forms are left out.
 */
int names_load_log_dir(struct names *n, const char *dir, struct err *e);

/* By container id (64 hex), else by pod UID alone (then container is NULL). False: unknown. */
bool names_find(const struct names *n, const char *pod_uid, const char *container_id,
		struct identity_names *ret_names);
