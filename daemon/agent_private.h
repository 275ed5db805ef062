/* SPDX-License-Identifier: Apache-2.0 */
/* Insides of the agent, for agent*.c alone. */
#pragma once

#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "daemon/agent.h"
#include "daemon/api.h"
#include "daemon/config.h"
#include "daemon/listen.h"
#include "daemon/measure/cgroupfs.h"
#include "daemon/measure/names.h"
#include "daemon/measure/registry.h"
#include "daemon/measure/sampler.h"
#include "daemon/status.h"

/* A source of names: read again when the file it comes from changes. */
struct names_source {
	struct timespec mtime; /* of what was read */
	ino_t inode;
	off_t size;
	char message[ERR_MSG_MAX]; /* "ok", "" (none), or what went wrong */
};

/* CPU time of ourselves at one moment. */
struct cost_mark {
	uint64_t time_ns, cpu_ns, bpf_ns;
};

/* What cannot be measured, and what of it was said in the log. */
enum loss { LOSS_SLOTS, LOSS_TASKS, LOSS_EVENTS, LOSS_CGROUPS, LOSSES };
struct loss_log {
	uint64_t said, said_ns; /* the count that was said, and when; 0: never */
};

/* An HTTP server on the loop. */
struct server {
	struct listener listener;
	struct api *api;
	sd_event_source *io, *timer;
};

struct agent {
	struct agent_options options;
	struct config config;
	sd_event *event;
	struct cgroupfs fs;
	struct sampler *sampler;
	struct registry *registry;
	struct names *names;
	struct names_source pods, logs;
	struct api_view view;
	struct server unix_server, tcp_server;
	sd_event_source *sample_timer, *snapshot_timer, *memory_timer, *batch;

	uint64_t start_ns;
	uint64_t lost_events; /* ABI_LOST_EVENTS when the tree was last walked */
	uint64_t resynced_ns;
	bool resync_due;
	unsigned sweeps_due; /* looks for slots that lost events have left behind */
	struct loss_log losses[LOSSES];
	bool ready;

	/* Reading facts from files, some workloads at a time. */
	uint64_t batch_id;	/* last workload that was read */
	unsigned batch_want;	/* enum facts_have */
	unsigned batch_missing; /* what the walk did not give at all */
	unsigned walk_have;	/* what the BPF walk gives */
	unsigned files_have;	/* what files of this node give */
	bool memory_stat_due;
	bool walk_failed; /* said so in the log */
	uint64_t bad_values;

	uint64_t longest_dispatch_usec;
	struct cost_mark marks[2]; /* older, newer: a minute apart */
	uint64_t reload_usec;
	bool reload_ok;
	char reload_message[ERR_MSG_MAX];
};

/* agent_tree.c: the tree of cgroups */
extern const struct registry_ops agent_registry_ops;
void agent_dispatch_events(struct agent *a);
void agent_resync(struct agent *a, uint64_t now_ns);

/* agent_facts.c: memory, quota, pressure */
void agent_snapshot(struct agent *a, uint64_t now_ns);
/* Reads some more workloads; false when all are done. */
bool agent_read_batch(struct agent *a);

/* agent_losses.c */
void agent_say_losses(struct agent *a, uint64_t now_ns);

/* agent_names.c */
void agent_refresh_names(struct agent *a, bool force);
bool agent_find_names(void *arg, const char *pod_uid, const char *container_id,
		      struct identity_names *ret_names);

/* agent_status.c */
void agent_status(void *arg, struct node_status *ret_status);
void agent_mark_cost(struct agent *a, uint64_t now_ns);

/* agent_server.c */
int server_start(struct server *s, sd_event *event, const struct api_options *o,
		 const struct api_view *view, struct err *e);
int server_stop(struct server *s);
