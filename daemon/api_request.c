/* SPDX-License-Identifier: Apache-2.0 */
/* Which answer a request asks for: the table of routes and their query keys. */
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "daemon/api.h"

struct query_key {
	const char *name;
	size_t offset; /* of a bool in struct api_request */
};

static const struct query_key usage_keys[] = {
	{ "bins", offsetof(struct api_request, bins) },
	{ "dead", offsetof(struct api_request, dead) },
};

static const struct {
	const char *path;
	const struct query_key *keys;
	unsigned n_keys;
	bool on_tcp;
} routes[API_ROUTES] = {
	[API_STATUS] = { "/v1/status", NULL, 0, false },
	[API_USAGE] = { "/v1/usage", usage_keys, ARRAY_LEN(usage_keys), false },
	[API_METRICS] = { "/metrics", NULL, 0, true },
	[API_HEALTHZ] = { "/healthz", NULL, 0, true },
	[API_READYZ] = { "/readyz", NULL, 0, true },
};

static const struct query_key *find_key(enum api_route route, const char *name)
{
	for (unsigned i = 0; i < routes[route].n_keys; i++)
		if (strcmp(routes[route].keys[i].name, name) == 0)
			return &routes[route].keys[i];
	return NULL;
}

static unsigned parse_query(const struct api_query *q, const struct api_query *before,
			    struct api_request *request, struct err *e)
{
	const struct query_key *key = find_key(request->route, q->key);

	if (!key) {
		err_set(e, -1, "unknown query key '%.64s' for %s", q->key,
			routes[request->route].path);
		return 400;
	}
	for (; before < q; before++) {
		if (strcmp(before->key, q->key) != 0)
			continue;
		err_set(e, -1, "query key '%s' is given twice", key->name);
		return 400;
	}
	if (!q->value || strlen(q->value) != 1 || !strchr("01", q->value[0])) {
		err_set(e, -1, "query key '%s' must be 0 or 1", key->name);
		return 400;
	}
	*(bool *)((char *)request + key->offset) = q->value[0] == '1';
	return 200;
}

unsigned api_parse_request(const char *method, const char *path, const struct api_query *queries,
			   size_t n_queries, bool metrics_only, struct api_request *ret_request,
			   struct err *e)
{
	struct api_request request = { .route = API_STATUS, .dead = true };
	unsigned status = 200;

	while (request.route < API_ROUTES && (strcmp(routes[request.route].path, path) != 0 ||
					      (metrics_only && !routes[request.route].on_tcp)))
		request.route++;
	if (request.route == API_ROUTES) {
		err_set(e, -1,
			"no such path '%.200s'; there are /v1/status, /v1/usage (on the "
			"unix socket), /metrics, /healthz and /readyz",
			path);
		return 404;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		err_set(e, -1, "only GET and HEAD are allowed, not %.32s", method);
		return 405;
	}
	for (size_t i = 0; i < n_queries && status == 200; i++)
		status = parse_query(&queries[i], queries, &request, e);
	if (status == 200)
		*ret_request = request;
	return status;
}
