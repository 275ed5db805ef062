/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/status. */
#pragma once

#include "base/buf.h"
#include "daemon/status.h"

#define API_VERSION "evictd.io/v1alpha1"

void api_write_status(const struct node_status *s, struct buf *out);
