/* SPDX-License-Identifier: Apache-2.0 */
/* Names from the links that kubelet makes in /var/log/containers. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/measure/names.h"
#include "daemon/measure/names_private.h"

/* "POD_NAMESPACE_CONTAINER-ID.log", taken apart; none of the three names may have a '_'. */
struct log_name {
	char text[NAME_MAX + 1];
	const char *pod, *namespace_name, *container;
	char id[IDENTITY_CONTAINER_ID_LEN];
};

static bool log_name_parse(struct log_name *l, const char *name)
{
	const size_t tail = 1 + sizeof(l->id) - 1 + strlen(".log");
	size_t len = strlen(name);
	char *rest = l->text;

	if (len <= tail || len >= sizeof(l->text) || name[len - tail] != '-' ||
	    strcmp(name + len - strlen(".log"), ".log") != 0 ||
	    !names_container_id(name + len - tail + 1, l->id))
		return false;
	memcpy(l->text, name, len - tail);
	l->text[len - tail] = '\0';
	l->pod = strsep(&rest, "_");
	l->namespace_name = strsep(&rest, "_");
	l->container = rest;
	return names_is_name(l->pod) && names_is_name(l->namespace_name) &&
	       names_is_name(l->container) && !strchr(l->container, '_');
}

/* Cuts the last component off a path and returns it, NULL when there is none. */
static char *cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* The UID in ".../NAMESPACE_POD_UID/CONTAINER/N.log", when it is of that pod. */
static bool target_uid(char *target, const struct log_name *l, char uid[static IDENTITY_UID_LEN])
{
	const char *namespace_name, *pod;
	char *dir;

	if (!cut_last(target)) /* N.log */
		return false;
	if (!cut_last(target)) /* CONTAINER */
		return false;
	dir = cut_last(target);
	if (!dir)
		return false;
	namespace_name = strsep(&dir, "_");
	pod = strsep(&dir, "_");
	return dir && strcmp(namespace_name, l->namespace_name) == 0 && strcmp(pod, l->pod) == 0 &&
	       identity_canonical_uid(dir, strlen(dir), uid);
}

static int add_log(struct names *n, int dir_fd, const char *file_name)
{
	struct identity_names names = NAMES_NONE;
	char target[PATH_MAX], uid[IDENTITY_UID_LEN];
	struct log_name l;
	ssize_t len;
	int r;

	if (!log_name_parse(&l, file_name))
		return 0;
	len = readlinkat(dir_fd, file_name, target, sizeof(target) - 1);
	if (len < 0) /* no link, or gone: not kubelet's */
		return 0;
	target[len] = '\0';
	names.namespace_name = l.namespace_name;
	names.pod = l.pod;
	if (target_uid(target, &l, uid)) {
		r = names_put(n, &n->pods, uid, &names, false);
		if (r < 0)
			return r;
	}
	names.container = l.container;
	return names_put(n, &n->containers, l.id, &names, false);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

int names_load_log_dir(struct names *n, const char *dir, struct err *e)
{
	_cleanup_(closedirp) DIR *d = opendir(dir);
	const struct dirent *entry;

	if (!d)
		return err_set(e, -errno, "log directory '%s': cannot read: %s", dir,
			       strerror(errno));
	while ((entry = readdir(d))) {
		int r = add_log(n, dirfd(d), entry->d_name);

		if (r == -E2BIG)
			return err_set(e, r, "log directory '%s': more than %u pods and containers",
				       dir, NAMES_MAX);
		if (r < 0)
			return err_set(e, r, "log directory '%s': %s", dir, strerror(-r));
	}
	return 0;
}
