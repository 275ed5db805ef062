/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent's counters of lost things mean, for `evictctl status` and `top`. Pure. */
#pragma once

#include "base/json.h"

/* The counters, NULL where they are not an object. */
const struct json *status_lost(const struct json *status);

/* Words for one counter of /v1/status "lost", with the remedy; never NULL. */
const char *status_lost_text(const char *counter);

/* Sum of all of them. */
double status_lost_total(const struct json *status);
