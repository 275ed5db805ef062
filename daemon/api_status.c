/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api_status.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"

static void put_features(struct json_writer *w, const struct node_status *s)
{
	json_open_array(w, "features");
	for (unsigned i = 0; i < s->n_features; i++) {
		json_open_object(w, NULL);
		json_put_str(w, "name", s->features[i].name);
		json_put_bool(w, "on", s->features[i].on);
		json_put_str(w, "why", s->features[i].why);
		json_close_object(w);
	}
	json_close_array(w);
}

static void put_fill(struct json_writer *w, const char *key, uint64_t used, uint64_t max)
{
	json_open_object(w, key);
	json_put_u64(w, "used", used);
	json_put_u64(w, "max", max);
	json_close_object(w);
}

static void put_lost(struct json_writer *w, const struct node_status *s)
{
	json_open_object(w, "lost");
	for (unsigned i = 0; i < ABI_LOSTS; i++)
		json_put_u64(w, sampler_lost_name((enum abi_lost)i), s->sampler.lost[i]);
	json_put_u64(w, "missed-bins", s->registry.missed_bins);
	json_put_u64(w, "refused-cgroups", s->registry.refused);
	json_put_u64(w, "forgotten-dead", s->registry.forgotten);
	json_put_u64(w, "unplaced-kills", s->registry.unplaced_kills);
	json_put_u64(w, "bad-values", s->bad_values);
	json_close_object(w);
}

static void put_counts(struct json_writer *w, const struct node_status *s)
{
	json_open_object(w, "slots");
	json_put_u64(w, "used", s->sampler.slots_used);
	json_put_u64(w, "max", s->sampler.slots_max);
	json_put_u64(w, "without", s->sampler.slots_max ? s->registry.slotless : 0);
	json_close_object(w);
	put_fill(w, "tasks", s->sampler.tasks_used, s->sampler.tasks_max);
	json_put_u64(w, "ringBytes", s->sampler.ring_bytes);
	json_put_u64(w, "ringUsedBytes", s->sampler.ring_used_bytes);
	put_lost(w, s);
	json_open_object(w, "workloads");
	json_put_u64(w, "live", s->registry.live);
	json_put_u64(w, "dead", s->registry.dead);
	json_put_u64(w, "unnamed", s->registry.unnamed);
	json_close_object(w);
	json_put_u64(w, "cgroups", s->registry.cgroups);
	json_open_object(w, "walk");
	json_put_u64(w, "ns", s->sampler.walk_ns);
	json_put_u64(w, "cgroups", s->sampler.walk_cgroups);
	json_close_object(w);
}

static void put_cost(struct json_writer *w, const struct node_status *s)
{
	json_open_object(w, "cost");
	json_put_double(w, "cpuShare", s->cpu_share);
	json_put_double(w, "bpfShare", s->bpf_share);
	json_put_u64(w, "cpuNs", s->cpu_ns);
	json_put_u64(w, "rssBytes", s->rss_bytes);
	json_put_u64(w, "mapBytes", s->sampler.map_bytes);
	json_close_object(w);
}

static void put_health(struct json_writer *w, const struct node_status *s)
{
	char time[CLOCK_RFC3339_LEN];

	json_open_object(w, "loop");
	json_put_u64(w, "longestUsec", s->longest_dispatch_usec);
	json_close_object(w);
	json_open_object(w, "sources");
	json_put_str(w, "pods", s->pods_source);
	json_put_str(w, "logs", s->logs_source);
	json_close_object(w);
	if (!s->reload_usec) {
		json_put_null(w, "lastReload");
		return;
	}
	json_open_object(w, "lastReload");
	json_put_str(w, "time", clock_format_rfc3339(s->reload_usec, time));
	json_put_bool(w, "ok", s->reload_ok);
	json_put_str(w, "message", s->reload_message);
	json_close_object(w);
}

void api_write_status(const struct node_status *s, struct buf *out)
{
	char time[CLOCK_RFC3339_LEN];
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_str(&w, "kind", "Status");
	json_put_str(&w, "apiVersion", API_VERSION);
	json_put_str(&w, "version", EVICTD_VERSION);
	json_put_str(&w, "node", s->node);
	json_put_str(&w, "time", clock_format_rfc3339(s->realtime_usec, time));
	json_put_u64(&w, "uptimeSeconds", (s->now_ns - s->start_ns) / NSEC_PER_SEC);
	json_put_str(&w, "tier", tier_name(s->tier));
	json_put_str(&w, "tierWhy", s->tier_why);
	json_put_bool(&w, "tierForced", s->tier_forced);
	json_put_str(&w, "kernel", s->kernel);
	json_put_str(&w, "cgroup", s->layout);
	json_put_str(&w, "cgroupKey", s->key);
	put_features(&w, s);
	put_counts(&w, s);
	put_cost(&w, s);
	put_health(&w, s);
	json_close_object(&w);
	buf_add_char(out, '\n');
}
