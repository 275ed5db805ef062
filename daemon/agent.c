/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_private.h"
#include "daemon/privileges.h"

#define UNIX_CONNECTIONS 64u
#define TCP_CONNECTIONS 16u
/* Timers may come this late, so that the kernel wakes us once for several of them. */
#define TIMER_ACCURACY_USEC 50000u

int agent_load_config(const struct agent_options *o, struct config *ret_config, struct err *e)
{
	struct config c;
	int ret = config_load(o->config_path, o->config_optional, &c, e);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < o->n_overrides && ret == 0; i++)
		ret = config_set(&c, o->overrides[i].key, o->overrides[i].value, e);
	if (ret < 0) {
		config_release(&c);
		return err_wrap(e, ret, "command line");
	}
	*ret_config = c;
	return 0;
}

static struct registry_options registry_options(const struct config *c)
{
	return (struct registry_options){
		.system_slices = (const char *const *)c->system_slices.items,
		.n_system_slices = c->system_slices.n,
		.keep_dead_ns = c->keep_dead_usec * NSEC_PER_USEC,
	};
}

/* The next time on the grid of `interval`; rounds that were missed are left out. */
static void timer_rearm(sd_event_source *timer, uint64_t scheduled_usec, uint64_t interval_usec)
{
	uint64_t now_usec = clock_monotonic_ns() / NSEC_PER_USEC;
	uint64_t next = scheduled_usec + interval_usec;

	sd_event_source_set_time(timer, next > now_usec ? next : now_usec + interval_usec);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int on_sample(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *a = arg;

	agent_dispatch_events(a);
	registry_sample(a->registry, clock_monotonic_ns());
	a->ready = true;
	timer_rearm(source, usec, a->config.sample_interval_usec);
	return 0;
}

static int on_snapshot(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *a = arg;
	uint64_t now_ns = clock_monotonic_ns();

	agent_refresh_names(a, false);
	agent_resync(a, now_ns);
	agent_snapshot(a, now_ns);
	agent_say_losses(a, now_ns);
	agent_mark_cost(a, now_ns);
	sd_event_source_set_enabled(a->batch, SD_EVENT_ON);
	timer_rearm(source, usec, a->config.snapshot_interval_usec);
	return 0;
}

static int on_memory_stat(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *a = arg;

	a->memory_stat_due = true; /* the next snapshot reads it along */
	timer_rearm(source, usec, a->config.memory_stat_interval_usec);
	return 0;
}

static int on_batch(sd_event_source *source, void *arg)
{
	if (!agent_read_batch(arg))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source;
	(void)fd;
	(void)revents;
	agent_dispatch_events(arg);
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *si, void *arg)
{
	(void)arg;
	log_info("stopping on %s", strsignal((int)si->ssi_signo));
	sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Takes over what can change while running. */
static void apply_config(struct agent *a, struct config *c)
{
	struct config_changes changes;
	struct registry_options o = registry_options(c);
	struct config old = a->config;

	if (config_restart_changes(&old, c, &changes)[0])
		log_warning("config: restart evictd to apply: %s", changes.keys);
	snprintf(a->reload_message, sizeof(a->reload_message), "%s%s",
		 changes.keys[0] ? "restart evictd to apply: " : "", changes.keys);
	c->tier = old.tier; /* status tells what is in force */
	a->config = *c;
	registry_configure(a->registry, &o);
	log_set_level(a->config.log_level);
	agent_refresh_names(a, true);
	config_release(&old);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *arg)
{
	struct agent *a = arg;
	struct config c;
	struct err e = { 0 };

	(void)source;
	(void)si;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)(clock_monotonic_ns() / NSEC_PER_USEC));
	a->reload_ok = agent_load_config(&a->options, &c, &e) == 0;
	if (a->reload_ok) {
		apply_config(a, &c);
		log_info("configuration reloaded");
	} else {
		snprintf(a->reload_message, sizeof(a->reload_message), "%s", err_msg(&e));
		log_error("reload refused, the old settings stay: %s", err_msg(&e));
	}
	a->reload_usec = clock_realtime_usec();
	sd_notify(0, "READY=1");
	return 0;
}

static int add_timer(struct agent *a, sd_event_source **ret_timer, uint64_t first_usec,
		     sd_event_time_handler_t handler)
{
	return sd_event_add_time_relative(a->event, ret_timer, CLOCK_MONOTONIC, first_usec,
					  TIMER_ACCURACY_USEC, handler, a);
}

static int add_sources(struct agent *a)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };
	const struct config *c = &a->config;
	int ret = 0;

	for (size_t i = 0; i < ARRAY_LEN(signals) && ret >= 0; i++)
		ret = sd_event_add_signal(a->event, NULL, signals[i].signal, signals[i].handler, a);
	if (ret >= 0)
		ret = add_timer(a, &a->sample_timer, c->sample_interval_usec, on_sample);
	if (ret >= 0)
		ret = add_timer(a, &a->snapshot_timer, c->snapshot_interval_usec, on_snapshot);
	if (ret >= 0)
		ret = add_timer(a, &a->memory_timer, c->memory_stat_interval_usec, on_memory_stat);
	if (ret >= 0)
		ret = sd_event_add_defer(a->event, &a->batch, on_batch, a);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(a->batch, SD_EVENT_OFF);
	if (ret >= 0 && sampler_fd(a->sampler) >= 0)
		ret = sd_event_add_io(a->event, NULL, sampler_fd(a->sampler), EPOLLIN, on_events,
				      a);
	if (ret >= 0)
		ret = sd_event_set_watchdog(a->event, true);
	return ret < 0 ? ret : 0;
}

static int start_measuring(struct agent *a, struct err *e)
{
	struct sampler_options so = { .tier = a->config.tier,
				      .max_cgroups = (uint32_t)a->config.max_cgroups,
				      .max_tasks = (uint32_t)a->config.max_tasks,
				      .btf_path = a->options.btf_path };
	struct registry_options ro = registry_options(&a->config);
	int ret;

	ret = cgroupfs_init(&a->fs, "/proc/self/mountinfo", e);
	if (ret < 0)
		return ret;
	ret = sampler_new(&so, &a->fs, &a->sampler, e);
	if (ret < 0)
		return ret;
	ret = registry_new(&agent_registry_ops, a, &ro, &a->registry);
	return ret < 0 ? err_set(e, ret, "out of memory") : 0;
}

/* Opens the sockets, then gives up every privilege. */
static int start_serving(struct agent *a, struct err *e)
{
	const struct config *c = &a->config;
	struct privileges p;
	int ret;

	privileges_lookup(c->user, &p);
	p.keep_bpf = sampler_needs_cap_bpf(a->sampler);
	if (p.uid == 0 && c->user[0])
		log_warning(
			"there is no user '%s': staying root, without capabilities; make it with "
			"systemd-sysusers, or set `user` in the configuration",
			c->user);
	ret = listen_unix(c->socket, c->socket_group, p.uid, p.gid, &a->unix_server.listener, e);
	if (ret == 0 && c->metrics_listen[0])
		ret = listen_tcp(c->metrics_listen, &a->tcp_server.listener, e);
	if (ret == 0)
		ret = privileges_drop(&p, e);
	if (ret < 0)
		return ret;
	ret = server_start(&a->unix_server, a->event,
			   &(struct api_options){ .listen_fd = a->unix_server.listener.fd,
						  .connections = UNIX_CONNECTIONS },
			   &a->view, e);
	if (ret < 0 || !c->metrics_listen[0])
		return ret;
	return server_start(&a->tcp_server, a->event,
			    &(struct api_options){ .listen_fd = a->tcp_server.listener.fd,
						   .metrics_only = true,
						   .connections = TCP_CONNECTIONS },
			    &a->view, e);
}

static void first_look(struct agent *a)
{
	uint64_t now_ns = clock_monotonic_ns();

	agent_refresh_names(a, true);
	agent_resync(a, now_ns);
	a->memory_stat_due = true;
	agent_snapshot(a, now_ns);
	agent_mark_cost(a, now_ns);
	sd_event_source_set_enabled(a->batch, SD_EVENT_ON);
}

static int start(struct agent *a, struct err *e)
{
	sigset_t mask;
	int ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	a->view = (struct api_view){ .status = agent_status, .arg = a };
	ret = agent_load_config(&a->options, &a->config, e);
	if (ret < 0)
		return ret;
	log_set_level(a->config.log_level);
	ret = sd_event_new(&a->event);
	if (ret < 0)
		return err_set(e, ret, "event loop: %s", strerror(-ret));
	ret = start_measuring(a, e);
	if (ret < 0)
		return ret;
	a->view.registry = a->registry;
	ret = start_serving(a, e);
	if (ret < 0)
		return ret;
	ret = add_sources(a);
	if (ret < 0)
		return err_set(e, ret, "event loop: %s", strerror(-ret));
	first_look(a);
	return 0;
}

int agent_new(const struct agent_options *o, struct agent **ret_agent, struct err *e)
{
	_cleanup_(agent_freep) struct agent *a = calloc(1, sizeof(*a));
	int ret;

	if (!a)
		return err_set(e, -ENOMEM, "out of memory");
	a->options = *o;
	a->start_ns = clock_monotonic_ns();
	a->unix_server.listener.fd = a->tcp_server.listener.fd = -1;
	for (int h = 0; h < CGROUPFS_HIERARCHIES; h++)
		a->fs.root_fd[h] = -1;
	ret = start(a, e);
	if (ret < 0)
		return ret;
	*ret_agent = TAKE_PTR(a);
	return 0;
}

/* One round, timed: the loop must never be busy for long. */
static int run_once(struct agent *a)
{
	uint64_t start_ns, usec;
	int ret = sd_event_prepare(a->event);

	if (ret == 0)
		ret = sd_event_wait(a->event, UINT64_MAX);
	if (ret <= 0)
		return ret;
	start_ns = clock_monotonic_ns();
	ret = sd_event_dispatch(a->event);
	usec = (clock_monotonic_ns() - start_ns) / NSEC_PER_USEC;
	if (usec > a->longest_dispatch_usec)
		a->longest_dispatch_usec = usec;
	return ret;
}

int agent_run(struct agent *a)
{
	const char *why = sampler_why(a->sampler);
	struct registry_stats stats;
	int ret = 0;

	registry_get_stats(a->registry, &stats);
	log_info("measuring %u cgroups, tier %s%s%s, socket %s", stats.cgroups,
		 tier_name(sampler_tier(a->sampler)), why[0] ? ": " : "", why, a->config.socket);
	sd_notifyf(0, "READY=1\nSTATUS=tier %s, %u cgroups", tier_name(sampler_tier(a->sampler)),
		   stats.cgroups);
	while (ret >= 0 && sd_event_get_state(a->event) != SD_EVENT_FINISHED)
		ret = run_once(a);
	return ret < 0 ? ret : 0;
}

void agent_free(struct agent *a)
{
	int ret;

	if (!a)
		return;
	server_stop(&a->tcp_server);
	ret = server_stop(&a->unix_server);
	if (ret < 0)
		log_warning("cannot remove the socket: %s", strerror(-ret));
	sd_event_source_unref(a->sample_timer);
	sd_event_source_unref(a->snapshot_timer);
	sd_event_source_unref(a->memory_timer);
	sd_event_source_unref(a->batch);
	sd_event_unref(a->event);
	registry_free(a->registry);
	names_free(a->names);
	sampler_free(a->sampler);
	cgroupfs_release(&a->fs);
	config_release(&a->config);
	free(a);
}

void agent_freep(struct agent **a)
{
	agent_free(*a);
}
