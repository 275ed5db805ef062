/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches the agent's answers in a thread, so that an agent that hangs never stops the keys.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "tools/usage.h"

/* One round: both answers, or why there are none. */
struct top_answer {
	struct json *status;
	struct usage usage;
	int error; /* 0 or -errno */
	struct err err;
};

void top_answer_release(struct top_answer *a);

/* One round, blocking. Above BINS_MAX_WORKLOADS workloads the next round is asked without bins. */
void top_answer_get(struct top_answer *a, const char *socket_path, bool bins, bool dead);

#define TOP_BINS_MAX_WORKLOADS 2000 /* 600 numbers each: 10 MB of JSON a round */

struct top_fetch;

/* Starts the thread: a round every `seconds`. `socket_path` must outlive it. */
int top_fetch_new(const char *socket_path, double seconds, bool dead, struct top_fetch **ret_fetch,
		  struct err *e);
void top_fetch_free(struct top_fetch *f);
void top_fetch_freep(struct top_fetch **f);
/* Readable when there is an answer. */
int top_fetch_fd(const struct top_fetch *f);
/* Takes the newest answer; false: none since the last one. */
bool top_fetch_take(struct top_fetch *f, struct top_answer *ret_answer);
/* Whether to ask for workloads that ended; a change starts a round at once. */
void top_fetch_set_dead(struct top_fetch *f, bool dead);
