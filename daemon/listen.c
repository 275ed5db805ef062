/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/config.h"

#define BACKLOG 64

/* The folder in /run is gone after a boot; systemd makes it, a start by hand does not. */
static void make_folder(const char *path, uid_t uid, gid_t gid)
{
	_cleanup_free_ char *copy = strdup(path);
	const char *dir = copy ? dirname(copy) : NULL;

	if (dir && mkdir(dir, 0755) == 0 && chown(dir, uid, gid) < 0)
		rmdir(dir); /* bind() then says what is missing */
}

/* Whether somebody answers: 0 nobody (any more), else -errno. */
static int probe(const struct sockaddr_un *addr, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	struct stat st;

	if (fd < 0)
		return err_set(e, -errno, "socket(): %s", strerror(errno));
	if (lstat(addr->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, -EEXIST,
			       "exists and is not a socket; remove it or set another path (key "
			       "'socket')");
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 && errno != EAGAIN) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return 0;
		return err_set(e, -errno, "is there, but cannot be probed: %s", strerror(errno));
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return err_set(e, -EADDRINUSE,
		       "is in use by a running process (pid %d); stop it or set another path (key "
		       "'socket')",
		       (int)peer.pid);
}

static int bind_unix(int fd, const struct sockaddr_un *addr, struct err *e)
{
	mode_t mask;
	int ret = probe(addr, e);

	if (ret < 0)
		return ret;
	unlink(addr->sun_path);
	mask = umask(0117);
	ret = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;
	umask(mask);
	if (ret < 0)
		return err_set(e, ret, "bind(): %s%s", strerror(-ret),
			       ret == -ENOENT ? "; its directory does not exist" : "");
	return 0;
}

static int open_unix(const char *path, const char *group, uid_t uid, gid_t gid,
		     struct listener *ret_listener, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct group *gr = group[0] ? getgrnam(group) : NULL;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct listener l = { 0 };
	struct stat st;
	int ret;

	if (fd < 0)
		return err_set(e, -errno, "socket(): %s", strerror(errno));
	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(e, -ENAMETOOLONG, "the path is too long");
	memcpy(addr.sun_path, path, strlen(path) + 1);
	make_folder(path, uid, gid);
	ret = bind_unix(fd, &addr, e);
	if (ret < 0)
		return ret;
	/* Root may, others own it already; a group that we are not in stays as it is. */
	if (chown(path, geteuid() == 0 ? uid : (uid_t)-1, gr ? gr->gr_gid : gid) < 0 &&
	    errno != EPERM)
		return err_set(e, -errno, "chown(): %s", strerror(errno));
	if (listen(fd, BACKLOG) < 0 || lstat(path, &st) < 0)
		return err_set(e, -errno, "listen(): %s", strerror(errno));
	l = (struct listener){ .path = strdup(path), .dev = st.st_dev, .ino = st.st_ino };
	if (!l.path)
		return err_set(e, -ENOMEM, "out of memory");
	l.fd = TAKE_FD(fd);
	*ret_listener = l;
	return 0;
}

int listen_unix(const char *path, const char *group, uid_t uid, gid_t gid,
		struct listener *ret_listener, struct err *e)
{
	int ret = open_unix(path, group, uid, gid, ret_listener, e);

	return ret < 0 ? err_wrap(e, ret, "socket '%s'", path) : 0;
}

int listen_tcp(const char *address, struct listener *ret_listener, struct err *e)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct config_listen l;
	_cleanup_close_ int fd = -1;
	int ret, one = 1;

	if (config_parse_listen(address, &l) < 0)
		return err_set(e, -EINVAL, "metrics_listen '%s': not ADDRESS:PORT", address);
	in.sin_port = in6.sin6_port = htons(l.port);
	inet_pton(l.v6 ? AF_INET6 : AF_INET, l.address,
		  l.v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr);
	fd = socket(l.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "metrics_listen '%s': %s", address, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ret = l.v6 ? bind(fd, (struct sockaddr *)&in6, sizeof(in6))
		   : bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (ret < 0 || listen(fd, BACKLOG) < 0)
		return err_set(e, -errno,
			       "metrics_listen '%s': %s; free the port or set another one", address,
			       strerror(errno));
	*ret_listener = (struct listener){ .fd = TAKE_FD(fd) };
	return 0;
}

int listen_release(struct listener *l)
{
	struct stat st;
	int ret = 0;

	if (l->path && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino &&
	    unlink(l->path) < 0)
		ret = -errno;
	free(TAKE_PTR(l->path));
	if (l->fd >= 0)
		close(TAKE_FD(l->fd));
	return ret;
}
