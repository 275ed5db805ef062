/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent of this node says, over its unix socket. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

#define LOCAL_API_VERSION "evictd.io/v1alpha1"

/*
 * GET `path`; the answer must be a JSON object of this kind and API version. Besides http_get_unix's
 * errors: -EPERM (the agent says 401 or 403), -EREMOTEIO (another error of the agent's, in its
 * words), -EBADMSG (not what evictd says: another version, or another program).
 */
int local_get(const char *socket_path, const char *path, const char *kind, uint64_t timeout_usec,
	      struct json **ret_reply, struct err *e);
