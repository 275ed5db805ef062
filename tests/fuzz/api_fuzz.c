/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes from a client, through the real HTTP server on a socket pair. The first byte chooses
 * how the rest is cut into two writes, so that requests that come in pieces are tried, too.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill_status(void *arg, struct node_status *ret)
{
	(void)arg;
	*ret = (struct node_status){ .node = "fuzz",
				     .tier = TIER_FILES,
				     .tier_why = "",
				     .layout = "v2",
				     .key = "unified",
				     .pods_source = "",
				     .logs_source = "",
				     .reload_message = "" };
}

static struct registry *make_registry(void)
{
	static const struct registry_ops ops;
	struct registry_options o = { .keep_dead_ns = 0 };
	struct registry *r;

	if (registry_new(&ops, NULL, &o, &r) < 0)
		abort();
	registry_resync_begin(r, 1);
	registry_resync_found(r, "/", 1, 0, 1);
	registry_resync_found(r, "/a.service", 2, 1, 1);
	registry_resync_end(r, 1);
	return r;
}

static void run(struct api *api, int fd)
{
	char sink[65536];

	for (unsigned i = 0; i < 4; i++) {
		api_run(api);
		while (read(fd, sink, sizeof(sink)) > 0)
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct registry *registry;
	struct api_view view = { .status = fill_status };
	struct api *api;
	size_t cut;
	int fd[2];

	if (size < 2 || size > 60000)
		return 0;
	if (!registry) {
		signal(SIGPIPE, SIG_IGN); /* the server may hang up before all is written */
		registry = make_registry();
	}
	view.registry = registry;
	cut = 1 + data[0] * (size - 1) / 256;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) < 0)
		return 0;
	if (api_new(&(struct api_options){ .listen_fd = -1, .connections = 4 }, &view, &api, NULL) <
	    0)
		abort();
	if (api_add_connection(api, fd[1]) < 0)
		abort();
	if (cut > 1 && write(fd[0], data + 1, cut - 1) > 0)
		run(api, fd[0]);
	if (cut < size && write(fd[0], data + cut, size - cut) > 0)
		run(api, fd[0]);
	shutdown(fd[0], SHUT_WR);
	run(api, fd[0]);
	close(fd[0]);
	api_free(api);
	return 0;
}
