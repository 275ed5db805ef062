/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, bounded. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * Reads a whole file below `dirfd` (AT_FDCWD allowed) into b, replacing its content.
 * 0, or -errno and an empty b; -E2BIG when it is larger than b->max.
 */
int file_read_at(int dirfd, const char *path, struct buf *b);

/*
 * Reads at most size-1 bytes into `data` and adds a NUL; for files of the kernel that are read
 * in one go. Returns the length, or -errno and `data` is undefined; -E2BIG when there was more.
 */
ssize_t file_read_small(int dirfd, const char *path, char *data, size_t size);

/* Writes beside the target, syncs, renames: the old or the new content survives a crash. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);
