/* SPDX-License-Identifier: Apache-2.0 */
/* Names of pods: the table is rebuilt when a file it came from has changed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/agent_private.h"

typedef int (*load_fn)(struct names *n, const char *path, struct err *e);

bool agent_find_names(void *arg, const char *pod_uid, const char *container_id,
		      struct identity_names *ret_names)
{
	struct agent *a = arg;

	return a->names && names_find(a->names, pod_uid, container_id, ret_names);
}

/* Remembers what the file looks like now; true when it differs from the last time. */
static bool source_changed(struct names_source *s, const char *path)
{
	struct stat st = { 0 };
	bool same;

	if (path[0] && stat(path, &st) < 0)
		st = (struct stat){ 0 };
	same = s->mtime.tv_sec == st.st_mtim.tv_sec && s->mtime.tv_nsec == st.st_mtim.tv_nsec &&
	       s->inode == st.st_ino && s->size == st.st_size;
	s->mtime = st.st_mtim;
	s->inode = st.st_ino;
	s->size = st.st_size;
	return !same;
}

static void source_load(struct names_source *s, struct names *n, const char *path, load_fn load)
{
	struct err e = { 0 };
	char before[ERR_MSG_MAX];

	memcpy(before, s->message, sizeof(before));
	if (!path[0])
		s->message[0] = '\0';
	else if (load(n, path, &e) == 0)
		snprintf(s->message, sizeof(s->message), "ok");
	else
		snprintf(s->message, sizeof(s->message), "%s", err_msg(&e));
	if (path[0] && e.msg[0] && strcmp(before, s->message) != 0)
		log_info("names: %s", s->message);
}

void agent_refresh_names(struct agent *a, bool force)
{
	bool pods = source_changed(&a->pods, a->config.pods_file);
	bool logs = source_changed(&a->logs, a->config.pods_log_dir);
	struct names *fresh;

	if (!pods && !logs && !force)
		return;
	if (names_new(&fresh) < 0)
		return; /* the old names do for now; the next change tries again */
	source_load(&a->pods, fresh, a->config.pods_file, names_load_pods_file);
	source_load(&a->logs, fresh, a->config.pods_log_dir, names_load_log_dir);
	names_free(a->names);
	a->names = fresh;
	registry_refresh_names(a->registry);
}
