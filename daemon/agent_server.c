/* SPDX-License-Identifier: Apache-2.0 */
/* Hangs an HTTP server on the loop: its epoll descriptor and its next timeout. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/agent_private.h"

#define TIMER_ACCURACY_USEC 50000

static void rearm(struct server *s)
{
	uint64_t usec = api_timeout_usec(s->api);

	if (usec == UINT64_MAX) {
		sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(s->timer, usec);
	sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct server *s = arg;

	(void)source;
	(void)fd;
	(void)revents;
	api_run(s->api);
	rearm(s);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct server *s = arg;

	(void)source;
	(void)usec;
	api_run(s->api);
	rearm(s);
	return 0;
}

int server_start(struct server *s, sd_event *event, const struct api_options *o,
		 const struct api_view *view, struct err *e)
{
	int ret = api_new(o, view, &s->api, e);

	if (ret < 0)
		return ret;
	s->listener.fd = -1; /* the api's now */
	ret = sd_event_add_io(event, &s->io, api_fd(s->api), EPOLLIN, on_io, s);
	if (ret >= 0)
		ret = sd_event_add_time_relative(event, &s->timer, CLOCK_MONOTONIC, 0,
						 TIMER_ACCURACY_USEC, on_timer, s);
	if (ret < 0)
		return err_set(e, ret, "event loop: %s", strerror(-ret));
	/* The loop's own work comes first: a busy client must not delay the samples. */
	sd_event_source_set_priority(s->io, SD_EVENT_PRIORITY_IDLE);
	sd_event_source_set_priority(s->timer, SD_EVENT_PRIORITY_IDLE);
	return 0;
}

int server_stop(struct server *s)
{
	s->io = sd_event_source_disable_unref(s->io);
	s->timer = sd_event_source_disable_unref(s->timer);
	api_free(s->api);
	s->api = NULL;
	return listen_release(&s->listener);
}
