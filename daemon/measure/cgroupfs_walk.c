/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "daemon/measure/cgroupfs.h"

struct walk {
	cgroupfs_found_fn found;
	void *arg;
	dev_t dev; /* what is mounted inside the tree is not part of it */
	unsigned depth;
	unsigned skipped;
	size_t len; /* of path; 0 at the root */
	char path[CGROUPFS_PATH_MAX];
};

static int walk_children(struct walk *w, int fd, uint64_t id);

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* What a person can cure (descriptors, memory) ends the walk; a cgroup in our way is left out. */
static bool is_fatal(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Below w->path, which is there. Opens it and makes sure that it is the one that was found. */
static int walk_into(struct walk *w, int parent_fd, const char *name, uint64_t id)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		w->skipped += errno == EACCES;
		return is_fatal(errno) ? -errno : 0;
	}
	if (fstat(fd, &st) < 0 || st.st_ino != id)
		return 0;
	return walk_children(w, TAKE_FD(fd), id);
}

static int walk_child(struct walk *w, int parent_fd, const char *name, uint64_t parent_id)
{
	size_t name_len = strlen(name), old_len = w->len;
	struct stat st;
	int r;

	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return is_fatal(errno) ? -errno : 0;
	if (!S_ISDIR(st.st_mode) || st.st_dev != w->dev)
		return 0;
	if (w->depth == CGROUPFS_DEPTH_MAX || old_len + 1 + name_len >= sizeof(w->path)) {
		w->skipped++;
		return 0;
	}
	w->path[w->len++] = '/';
	memcpy(w->path + w->len, name, name_len + 1);
	w->len += name_len;
	w->depth++;
	r = w->found(w->arg, w->path, st.st_ino, parent_id);
	/* Two links mean no subdirectory (kernfs counts them): spares reading some 60 file names. */
	if (r == 0 && st.st_nlink != 2)
		r = walk_into(w, parent_fd, name, st.st_ino);
	w->depth--;
	w->len = old_len;
	w->path[old_len] = '\0';
	return r;
}

/* Takes fd. */
static int walk_children(struct walk *w, int fd, uint64_t id)
{
	_cleanup_(closedirp) DIR *dir = fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		int r = -errno;

		close(fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		int r;

		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = walk_child(w, fd, entry->d_name, id);
		if (r != 0)
			return r;
	}
	return 0;
}

int cgroupfs_walk(const struct cgroupfs *fs, enum cgroupfs_hierarchy h, cgroupfs_found_fn found,
		  void *arg, unsigned *ret_skipped)
{
	struct walk w = { .found = found, .arg = arg };
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	if (!fs->root[h])
		return -ENOENT;
	fd = openat(fs->root_fd[h], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	w.dev = st.st_dev;
	r = found(arg, "/", st.st_ino, 0);
	if (r == 0)
		r = walk_children(&w, TAKE_FD(fd), st.st_ino);
	if (r >= 0 && ret_skipped)
		*ret_skipped = w.skipped;
	return r;
}
