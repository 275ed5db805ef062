/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of the API. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

struct listener {
	int fd;	    /* -1: none */
	char *path; /* of a unix socket */
	dev_t dev;  /* which file is ours: another may have taken its place */
	ino_t ino;
};

/*
 * A unix socket at `path`, mode 0660, group `group` if there is one, owner `uid`. Its folder is
 * made (for uid) where only the last part is missing. A stale socket is replaced; -EADDRINUSE with
 * the owner's pid when somebody answers there, -EEXIST when the path is something else.
 */
int listen_unix(const char *path, const char *group, uid_t uid, gid_t gid,
		struct listener *ret_listener, struct err *e);
/* TCP on "ADDRESS:PORT". */
int listen_tcp(const char *address, struct listener *ret_listener, struct err *e);
/*
 * Removes the socket if it is still ours, frees the path; the descriptor is closed if it was not
 * taken (-1). 0, or -errno when the file could not be removed.
 */
int listen_release(struct listener *l);
