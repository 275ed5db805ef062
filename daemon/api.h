/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: /v1/status, /v1/usage, /metrics, /healthz, /readyz on a listening socket that
 * the caller made. It has no thread: its epoll fd hangs on the caller's loop. libmicrohttpd's only
 * owner.
 *
 * No client can hold much: at most `connections` at once, 32 KiB for each plus the piece of the
 * answer in work, closed after 10 s without progress and in any case after 60 s of one answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "daemon/status.h"

#define API_URI_MAX 1024u

/* What the API shows; const views, valid while the api lives. */
struct api_view {
	const struct registry *registry;
	void (*status)(void *arg, struct node_status *ret_status);
	void *arg;
};

struct api_options {
	int listen_fd;	      /* taken over, closed by api_free(); -1: only api_add_connection() */
	bool metrics_only;    /* no /v1/: for TCP */
	unsigned connections; /* at once */
};

struct api;

/* `view` must outlive the api. On failure listen_fd stays the caller's. */
int api_new(const struct api_options *o, const struct api_view *view, struct api **ret_api,
	    struct err *e);
void api_free(struct api *a);
void api_freep(struct api **a);

/* Readable when api_run() has work. */
int api_fd(const struct api *a);
void api_run(struct api *a);
/* Microseconds until api_run() must be called at the latest; UINT64_MAX: no need. */
uint64_t api_timeout_usec(const struct api *a);
/* Serves an open socket as if it had been accepted; takes fd over. For fuzzing. */
int api_add_connection(struct api *a, int fd);

/* A request as far as it is ours to judge; pure. */
enum api_route { API_STATUS, API_USAGE, API_METRICS, API_HEALTHZ, API_READYZ, API_ROUTES };

struct api_query {
	const char *key, *value; /* value NULL: none given */
};

struct api_request {
	enum api_route route;
	bool bins, dead;
};

/*
 * 200 with ret_request filled, or the status to answer with and the message in e: 404, 405, 400
 * (unknown, repeated or bad query keys).
 */
unsigned api_parse_request(const char *method, const char *path, const struct api_query *queries,
			   size_t n_queries, bool metrics_only, struct api_request *ret_request,
			   struct err *e);
