/* SPDX-License-Identifier: Apache-2.0 */
/* One blocking HTTP request over a unix socket, bounded in time and size. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * GET http://localhost{path} over the socket. The body replaces `body` (bounded by its max).
 * 0 with ret_status set, or -errno, an empty body and a message that names the socket and the
 * remedy: -ENOENT no socket, -EACCES not in the group, -ECONNREFUSED no daemon behind it,
 * -ETIMEDOUT, -E2BIG larger than body->max, -EIO no HTTP.
 */
int http_get_unix(const char *socket_path, const char *path, uint64_t timeout_usec,
		  struct buf *body, int *ret_status, struct err *e);
