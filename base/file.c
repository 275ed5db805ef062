/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define FILE_CHUNK 16384 /* bytes per read(): holds most files of the kernel in one go */

/* read() again after a signal. */
static ssize_t file_read_once(int fd, void *data, size_t size)
{
	ssize_t n;

	do
		n = read(fd, data, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int file_read_at(int dirfd, const char *path, struct buf *b)
{
	char chunk[FILE_CHUNK];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	buf_clear(b);
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = file_read_once(fd, chunk, sizeof(chunk))) > 0) {
		n = buf_add(b, chunk, (size_t)n);
		if (n < 0)
			break;
	}
	if (n < 0)
		buf_clear(b);
	return (int)n;
}

ssize_t file_read_small(int dirfd, const char *path, char *data, size_t size)
{
	_cleanup_close_ int fd = -1;
	size_t len = 0;
	ssize_t n;
	char more;

	if (!size)
		return -EINVAL;
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		/* When full, one byte more tells a file that fits from one that does not. */
		bool full = len == size - 1;

		n = full ? file_read_once(fd, &more, 1)
			 : file_read_once(fd, data + len, size - 1 - len);
		if (n < 0)
			return n;
		if (n > 0 && full)
			return -E2BIG;
		len += (size_t)n;
	} while (n > 0);
	data[len] = '\0';
	return (ssize_t)len;
}

static int file_write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The rename itself must survive a crash too. */
static int file_sync_parent(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int file_fill(int fd, const void *data, size_t len, mode_t mode)
{
	int r = file_write_all(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	_cleanup_free_ char *tmp = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&tmp, "%s.XXXXXX", path) < 0) {
		tmp = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = file_fill(fd, data, len, mode);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		return r;
	}
	return file_sync_parent(path);
}
