/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "daemon/api_status.h"
#include "daemon/api_usage.h"
#include "daemon/metrics.h"

#define CONNECTION_MEMORY 32768u
#define CONNECTION_TIMEOUT_SEC 10u
#define ANSWER_MAX_NS (60 * NSEC_PER_SEC)
#define PIECE_MAX (256u << 10) /* the largest single workload with bins is some 12 KiB */
#define BODY_MAX (256u << 10)
#define QUERIES_MAX 8u

struct api {
	struct MHD_Daemon *mhd;
	const struct api_view *view;
	bool metrics_only;
};

/* An answer that is written as the client reads it. */
struct stream {
	const struct api *api;
	struct node_status status;
	uint64_t deadline_ns;
	enum api_route route;
	struct usage_cursor usage;
	struct metrics_cursor metrics;
	struct buf piece; /* what was written but not yet sent, from `sent` on */
	size_t sent;
};

static bool stream_next(struct stream *s)
{
	const struct registry *r = s->api->view->registry;

	buf_clear(&s->piece);
	s->sent = 0;
	if (s->route == API_USAGE)
		return api_write_usage(r, &s->status, &s->usage, &s->piece);
	return metrics_write(r, &s->status, &s->metrics, &s->piece);
}

static ssize_t stream_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct stream *s = arg;
	size_t done = 0;

	(void)pos;
	if (clock_monotonic_ns() > s->deadline_ns)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	while (done < max) {
		size_t n = s->piece.len - s->sent;

		if (n == 0) {
			if (!stream_next(s))
				break;
			if (s->piece.error)
				return MHD_CONTENT_READER_END_WITH_ERROR;
			continue;
		}
		if (n > max - done)
			n = max - done;
		memcpy(out + done, s->piece.data + s->sent, n);
		s->sent += n;
		done += n;
	}
	return done ? (ssize_t)done : MHD_CONTENT_READER_END_OF_STREAM;
}

static void stream_free(void *arg)
{
	struct stream *s = arg;

	buf_release(&s->piece);
	free(s);
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, const char *type,
			     struct MHD_Response *response)
{
	enum MHD_Result ret;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == 405)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	ret = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *type,
				   const char *text)
{
	return queue(
		c, status, type,
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result answer_error(struct MHD_Connection *c, unsigned status, const char *message)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(BODY_MAX);
	struct json_writer w;

	json_writer_init(&w, &b);
	json_open_object(&w, NULL);
	json_put_str(&w, "kind", "Error");
	json_put_str(&w, "message", message);
	json_close_object(&w);
	buf_add_char(&b, '\n');
	return answer_text(c, status, "application/json", buf_str(&b));
}

static enum MHD_Result answer_stream(struct api *a, struct MHD_Connection *c,
				     const struct api_request *request)
{
	bool metrics = request->route == API_METRICS;
	struct MHD_Response *response;
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return MHD_NO;
	*s = (struct stream){ .api = a,
			      .route = request->route,
			      .deadline_ns = clock_monotonic_ns() + ANSWER_MAX_NS,
			      .usage = { .bins = request->bins, .dead = request->dead },
			      .piece = BUF_INIT(PIECE_MAX) };
	a->view->status(a->view->arg, &s->status);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CONNECTION_MEMORY,
						     stream_read, s, stream_free);
	if (!response)
		stream_free(s);
	return queue(c, 200,
		     metrics ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
		     response);
}

static enum MHD_Result answer_status(struct api *a, struct MHD_Connection *c)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(BODY_MAX);
	struct node_status status;

	a->view->status(a->view->arg, &status);
	api_write_status(&status, &b);
	if (b.error)
		return answer_error(c, 500, "the status does not fit into its buffer");
	return answer_text(c, 200, "application/json", b.data);
}

static enum MHD_Result answer_readyz(struct api *a, struct MHD_Connection *c)
{
	struct node_status status;

	a->view->status(a->view->arg, &status);
	if (!status.ready)
		return answer_text(c, 503, "text/plain", "not ready: no sample was taken yet\n");
	return answer_text(c, 200, "text/plain", "ok\n");
}

static enum MHD_Result answer(struct api *a, struct MHD_Connection *c,
			      const struct api_request *request)
{
	switch (request->route) {
	case API_STATUS:
		return answer_status(a, c);
	case API_READYZ:
		return answer_readyz(a, c);
	case API_USAGE:
	case API_METRICS:
		return answer_stream(a, c, request);
	default:
		return answer_text(c, 200, "text/plain", "ok\n");
	}
}

struct queries {
	struct api_query item[QUERIES_MAX];
	size_t n;
	bool too_many;
};

static enum MHD_Result take_query(void *arg, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	struct queries *q = arg;

	(void)kind;
	if (q->n == QUERIES_MAX) {
		q->too_many = true;
		return MHD_NO;
	}
	q->item[q->n++] = (struct api_query){ key, value };
	return MHD_YES;
}

/*
 * Called with every request's raw URI, before it is parsed; what it returns is *request_ctx of
 * handle(): non-NULL for one that is too long.
 */
static void *check_uri(void *arg, const char *uri, struct MHD_Connection *c)
{
	(void)c;
	return strlen(uri) > API_URI_MAX ? arg : NULL;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request_ctx)
{
	struct api_request request;
	struct queries q = { .n = 0 };
	struct api *a = arg;
	unsigned status;
	struct err e;

	(void)version;
	(void)upload;
	*upload_size = 0; /* no request of ours has a body */
	if (*request_ctx)
		return answer_error(c, 414, "the request's path is longer than 1024 bytes");
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_query, &q);
	if (q.too_many)
		return answer_error(c, 400, "too many query keys");
	status = api_parse_request(method, url, q.item, q.n, a->metrics_only, &request, &e);
	if (status != 200)
		return answer_error(c, status, err_msg(&e));
	return answer(a, c, &request);
}

int api_new(const struct api_options *o, const struct api_view *view, struct api **ret_api,
	    struct err *e)
{
	unsigned flags = MHD_USE_EPOLL | (o->listen_fd < 0 ? MHD_USE_NO_LISTEN_SOCKET : 0);
	struct api *a = calloc(1, sizeof(*a));

	if (!a)
		return err_set(e, -ENOMEM, "out of memory");
	a->view = view;
	a->metrics_only = o->metrics_only;
	/* A listening socket goes last: without one, the option itself is refused. */
	a->mhd = MHD_start_daemon(flags, 0, NULL, NULL, handle, a, MHD_OPTION_CONNECTION_LIMIT,
				  o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
				  CONNECTION_TIMEOUT_SEC, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, check_uri,
				  a, o->listen_fd < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET,
				  o->listen_fd, MHD_OPTION_END);
	if (!a->mhd) {
		free(a);
		return err_set(e, -EIO, "the HTTP server did not start: %s", strerror(errno));
	}
	*ret_api = a;
	return 0;
}

void api_free(struct api *a)
{
	if (!a)
		return;
	MHD_stop_daemon(a->mhd);
	free(a);
}

void api_freep(struct api **a)
{
	api_free(*a);
}

int api_fd(const struct api *a)
{
	return MHD_get_daemon_info(a->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void api_run(struct api *a)
{
	MHD_run(a->mhd);
}

uint64_t api_timeout_usec(const struct api *a)
{
	MHD_UNSIGNED_LONG_LONG msec;

	if (MHD_get_timeout(a->mhd, &msec) != MHD_YES)
		return UINT64_MAX;
	return msec * USEC_PER_MSEC;
}

int api_add_connection(struct api *a, int fd)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNIX };

	if (MHD_add_connection(a->mhd, fd, (struct sockaddr *)&addr, sizeof(sa_family_t)) !=
	    MHD_YES)
		return -errno;
	return 0;
}
