/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's evictd: its socket, configuration and log lie in a directory of its own. */
#pragma once

#include <stdbool.h>

#include "tests/live/agent.h"

struct demo_agent {
	char dir[40]; /* "" while there is none */
	char log[64];
	struct agent_proc proc; /* pid 0: not running */
};

/*
 * Starts $EVICTD_BUILD/evictd and waits until it has taken its first sample. Ends early with -EINTR
 * once *stop is set. A failure says what evictd said; demo_agent_stop() is due in any case.
 */
int demo_agent_start(struct demo_agent *a, const char *tier, const volatile int *stop,
		     struct err *e);
/* Stops it and removes the directory; -EIO when evictd did not end cleanly. */
int demo_agent_stop(struct demo_agent *a);
