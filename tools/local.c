/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/local.h"

#include <errno.h>
#include <string.h>

#include "base/http.h"

/* 10,000 workloads with their bins are some 45 MB. */
#define BODY_MAX ((size_t)96 << 20)

/* The agent's own words ({"kind":"Error","message":...}), where it has some. */
static int refuse_status(int status, const struct buf *body, const char *path, struct err *e)
{
	_cleanup_(json_freep) struct json *reply = NULL;
	const char *message = NULL;

	if (json_parse(buf_str(body), body->len, &reply, NULL) == 0)
		message = json_str(json_get(reply, "message"), NULL);
	return err_set(e, status == 401 || status == 403 ? -EPERM : -EREMOTEIO,
		       "the agent answered %s with HTTP %d%s%s", path, status, message ? ": " : "",
		       message ? message : "");
}

static int check_kind(const struct json *reply, const char *kind, struct err *e)
{
	const char *got = json_str(json_get(reply, "kind"), "");
	const char *version = json_str(json_get(reply, "apiVersion"), "");

	if (strcmp(got, kind) != 0)
		return err_set(e, -EBADMSG, "the answer is no %s but '%.64s': is this evictd?",
			       kind, got);
	if (strcmp(version, LOCAL_API_VERSION) != 0)
		return err_set(e, -EBADMSG,
			       "the agent speaks '%.64s', this program " LOCAL_API_VERSION
			       ": install evictctl and evictd of one version",
			       version);
	return 0;
}

int local_get(const char *socket_path, const char *path, const char *kind, uint64_t timeout_usec,
	      struct json **ret_reply, struct err *e)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT(BODY_MAX);
	_cleanup_(json_freep) struct json *reply = NULL;
	int status = 0, r;

	r = http_get_unix(socket_path, path, timeout_usec, &body, &status, e);
	if (r < 0)
		return r;
	if (status != 200)
		return refuse_status(status, &body, path, e);
	r = json_parse(buf_str(&body), body.len, &reply, e);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		err_wrap(e, -EBADMSG, "the agent's answer to %s is no JSON", path);
		return -EBADMSG;
	}
	r = check_kind(reply, kind, e);
	if (r < 0)
		return r;
	*ret_reply = TAKE_PTR(reply);
	return 0;
}
