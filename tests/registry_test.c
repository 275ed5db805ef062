/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/registry.h"

#include "tests/alloc_fail.h"
#include "tests/registry_world.h"

#define UID "12345678-1234-1234-1234-123456789abc"
#define CID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "/kubepods/burstable/pod" UID
#define TREE                                                                                       \
	"at 100000\n"                                                                              \
	"walk 1 0 / 10 1 /kubepods 11 10 /kubepods/burstable 12 11 " POD "\n"

/* Each: a script, and what is there in the end. */
static const struct {
	unsigned slots;
	const char *script, *want;
} cases[] = {
	/* Kinds. Levels, pods and inner cgroups are structure. */
	{ 32, TREE "born 13 12 " POD "/" CID "\nsample\n", "container 0123456789ab\n" },
	{ 32, "at 1000\nwalk 1 0 / 2 1 /a.slice 3 2 /a.slice/b.service 4 1 /x 5 4 /x/y\n",
	  "unit b.service\ncgroup /x/y\n" },
	{ 32,
	  TREE "born 13 12 " POD "/" CID "\nborn 14 13 " POD "/" CID "/nested\n"
	       "at 100900\nrun 14 50\nat 101000\nsample\nat 101500\nsample\n",
	  "container 0123456789ab cpu=50ms cores=0.04 top=0.50\n" },
	/* An inner cgroup that runs is a workload, too; even a pod's own. */
	{ 32, "at 100000\nwalk 1 0 / 2 1 /x 3 2 /x/y\nrun 2 30\nat 101000\nsample\n",
	  "cgroup /x/y\ncgroup /x cpu=30ms\n" },
	{ 32, TREE "born 13 12 " POD "/" CID "\nrun 12 7\nat 101000\nsample\n",
	  "container 0123456789ab\ncgroup " POD " cpu=7ms\n" },
	/* A leaf that ran stays a workload when it gets children; one that did not, does not. */
	{ 32, "at 100000\nborn 2 1 /x\nat 100100\nrun 2 5\nborn 3 2 /x/y\nat 101000\nsample\n",
	  "cgroup /x cpu=5ms cores=0.01 top=0.05\ncgroup /x/y\n" },
	{ 32, "at 100000\nborn 2 1 /x\nborn 3 2 /x/y\n", "cgroup /x/y\n" },
	/* ... and is one again when it is a leaf again. */
	{ 32,
	  "at 100000\nwalk 1 0 / 2 1 /x 3 2 /x/y\ndied 3\nat 110000\nsample\nwalk 1 0 / 2 1 /x\n",
	  "cgroup /x\n" },

	/* Births and deaths out of order, twice, or both at once. */
	{ 32, "at 100000\ndied 2 77\nborn 2 1 /a.service\n", "dead unit a.service peak=77\n" },
	{ 32, "at 100000\nborn 3 2 /a.service/x\nborn 2 1 /a.service\nrun 2 10\nrun 3 10\n",
	  "unit a.service cpu=20ms\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\nborn 2 1 /a.service\nslots 1\n",
	  "unit a.service\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\ndied 2 5\nborn 2 1 /a.service\n",
	  "dead unit a.service peak=5\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nborn 3 2 /a.service/x\ndied 2\ndied 3\n"
	  "at 103000\nsample\nslots 0\n",
	  "dead unit a.service\n" },

	/* A container of 50 ms keeps CPU and memory peak, also what was counted after its death. */
	{ 32,
	  TREE "sample\nat 100300\nborn 13 12 " POD "/" CID "\nat 100350\nrun 13 40\n"
	       "died 13 4096\nrun 13 3\nat 101000\nsample\nslots 5\nat 103000\nsample\nslots 4\n",
	  "dead container 0123456789ab cpu=43ms cores=0.02 top=0.43 peak=4096\n" },
	{ 32,
	  TREE "born 13 12 " POD "/" CID "\nrun 13 40\nwait 13 self 100\ndied 13\n"
	       "at 102000\nsample\nslots 4\n",
	  "dead container 0123456789ab cpu=40ms self=100us/p99=128\n" },

	/* v1's memory hierarchy tells the peak before or after the death. */
	{ 32, "at 100000\nborn 2 1 /a.service\ndied.other /a.service 9000\ndied 2\n",
	  "dead unit a.service peak=9000\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\ndied.other /a.service 9000\n",
	  "dead unit a.service peak=9000\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\ndied 2\nat 105000\nsample\n"
	  "died.other /a.service 9000\n",
	  "dead unit a.service peak=9000\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nborn 3 2 /a.service/x\n"
	  "died.other /a.service/x 9000\n",
	  "unit a.service\n" },
	/* The path was taken over: the peak belongs to the one that died. */
	{ 32,
	  "at 100000\nborn 2 1 /a.service\ndied 2\nat 100500\nborn 4 1 /a.service\nat 100400\n"
	  "died.other /a.service 9000\n",
	  "old dead unit a.service peak=9000\nunit a.service\n" },

	/* Walks. */
	{ 32,
	  "at 100000\nwalk 1 0 / 2 1 /a.service 3 1 /b.service\nat 101000\n"
	  "walk 1 0 / 3 1 /b.service 4 1 /c.service\n",
	  "dead unit a.service\nunit b.service\nunit c.service\n" },
	{ 32, "at 100000\nwalk 1 0 / 2 1 /a.service\nborn 2 1 /a.service\nslots 2\n",
	  "unit a.service\n" },
	/* What died while the walk was on its way stays dead. */
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\nwalk 1 0 / 2 1 /a.service 9 1 /z.slice\n",
	  "dead unit a.service\n" },
	{ 32, "at 100000\nborn 5 1 /z.service\ndied 2\nwalk 1 0 / 2 1 /a.service 5 1 /z.service\n",
	  "unit z.service\n" },

	/* Dead workloads are forgotten after a minute, plain ones that never ran at once. */
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\nat 160000\nsample\n",
	  "dead unit a.service\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\nat 160001\nsample\n", "" },
	{ 32, "at 100000\nborn 2 1 /x\ndied 2\nat 102000\nsample\nslots 0\n", "" },
	{ 32, "at 100000\nborn 2 1 /x\nrun 2 1\ndied 2\nat 102000\nsample\nslots 0\n",
	  "dead cgroup /x cpu=1ms\n" },

	/* OOM kills. */
	{ 32, "at 100000\nborn 2 1 /a.service\noom 2 7 50 900\nat 101000\noom 2 8 50 800\n",
	  "unit a.service kills=2 [pid=8 n=1 usage=800] [pid=7 n=1 usage=900]\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\noom 2 7 50 900 group\nat 100050\n"
	  "oom 2 8 50 800 group\noom 2 9 50 800 group\n",
	  "unit a.service kills=3 [pid=7 n=3 usage=900]\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\noom 2 7 50 900 group\nat 100101\n"
	  "oom 2 8 50 800 group\n",
	  "unit a.service kills=2 [pid=8 n=1 usage=800] [pid=7 n=1 usage=900]\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\noom 2 7 50 900 group\noom 2 8 51 800 group\n",
	  "unit a.service kills=2 [pid=8 n=1 usage=800] [pid=7 n=1 usage=900]\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\noom 2 7 50 900\noom 2 7 50 900\n",
	  "unit a.service kills=1 [pid=7 n=1 usage=900]\n" },
	{ 32, "at 100000\nborn 2 1 /a.service\ndied 2\noom 2 7 50 900\n",
	  "dead unit a.service kills=1 [pid=7 n=1 usage=900]\n" },

	/* A cgroup without a slot is counted while it lives; it gets one when there is one. */
	{ 1,
	  "at 100000\nborn 2 1 /a.service\nborn 3 1 /b.service\nborn 4 1 /c.service\n"
	  "slotless 2\ndied 2\ndied 4\nslotless 1\nat 103000\nsample\nslots 0\n"
	  "walk 3 1 /b.service\nslots 1\nslotless 0\n",
	  "dead unit a.service\nunit b.service\ndead unit c.service\n" },
	/* What died lately is known for as long as it holds a slot. */
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nknown 2\nunknown 3\ndied 2\nknown 2\nat 103000\n"
	  "sample\nunknown 2\nslots 0\n",
	  "dead unit a.service\n" },

	/* Out of slots: known all the same, measured by files. */
	{ 1,
	  "at 100000\nborn 2 1 /a.service\nborn 3 1 /b.service\nfacts 3 500 10 0\nfiles\n"
	  "at 105000\nfacts 3 3000 20 0\nfiles\nslots 1\n",
	  "unit a.service\nunit b.service cpu=3000ms cores=0.50 ws=20 peak=20\n" },

	/* Files tier. */
	{ 0,
	  "at 100000\nwalk 1 0 / 2 1 /x 3 2 /x/y\nfacts 3 0 100 30\nfiles\nsample\nat 105000\n"
	  "facts 3 10000 80 30\nfiles\nsample\n",
	  "cgroup /x/y cpu=10000ms cores=2.00 ws=50 peak=100\n" },
	{ 0, "at 100000\nborn 2 1 /a.service\nfacts 2 700 100 0\nfiles\n",
	  "unit a.service cpu=700ms ws=100 peak=100\n" },
	{ 0,
	  "at 100000\nwalk 1 0 / 2 1 /a.service\nfacts 2 700 100 0\nfiles\nat 105000\nwalk 1 0 /\n",
	  "dead unit a.service cpu=700ms ws=100 peak=100\n" },

	/* Facts of a BPF walk: memory of the top, inactive pages of the whole subtree. */
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nborn 3 2 /a.service/x\nborn 4 3 /a.service/x/b.service\n"
	  "facts 2 9 1000 100\nfacts 3 9 500 10\nfacts 4 9 400 1\ncollect\n",
	  "unit a.service ws=889 peak=1000\nunit b.service ws=399 peak=400\n" },

	/* Waits and offenders, of a window that moves. */
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nborn 3 1 /b.service\nsample\nat 100500\nrun 2 1\n"
	  "wait 2 neighbour 900 3\nat 101000\nsample\n",
	  "unit a.service cpu=1ms cores=0.00 top=0.01 neighbour=900us/p99=1024 by=b.service:900us\n"
	  "unit b.service\n" },
	{ 32,
	  "at 100000\nborn 2 1 /a.service\nborn 3 1 /b.service\nsample\nat 100500\nrun 2 1\n"
	  "wait 2 neighbour 900 3\nat 101000\nsamples 105000 130000 5000\n"
	  "run 2 1\nsamples 135000 165000 5000\n",
	  "unit a.service cpu=2ms top=0.01 neighbour=900us/p99=-1\nunit b.service\n" },

	/* Names, and the pause container. */
	{ 32,
	  TREE "name " UID " " CID " web\nborn 13 12 " POD "/" CID "\nborn 14 12 " POD "/" CID2
	       "\nsample\n",
	  "container web\ncontainer pod sandbox\n" },
	{ 32,
	  TREE "name " UID " - -\nborn 13 12 " POD "/" CID "\nborn 14 12 " POD "/" CID2
	       "\nsample\n",
	  "container 0123456789ab\ncontainer fedcba987654\n" },
	{ 32, TREE "born 13 12 " POD "/" CID "\nname " UID " " CID " web\nnames\n",
	  "container web\n" },
};

START_TEST(script)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT(65536);
	struct world *w = world_new(cases[_i].slots);

	world_run(w, cases[_i].script);
	ck_assert_str_eq(world_dump(w, &out), cases[_i].want);
	world_free(w);
}
END_TEST

/* Groups as BPF sees them: `group` statements are the checks. */
static const char *const group_cases[] = {
	TREE "born 13 12 " POD "/" CID "\nborn 14 13 " POD "/" CID "/x\n"
	     "group 12 = 12 i\ngroup 13 = 12 i\ngroup 14 = 12 i\ngroup 11 = 11\n",
	"at 1\nwalk 1 0 / 2 1 /a.slice 3 2 /a.slice/b.service 4 3 /a.slice/b.service/x\n"
	"group 3 = 3 i\ngroup 4 = 3 i\ngroup 2 = 2\ngroup 1 = 1 s\n",
	"at 1\nwalk 1 0 / 2 1 /x 3 2 /x/y\ngroup 3 = 3\ngroup 2 = 2\n",
	/* System slices are the system's only beside pods. */
	"at 1\nwalk 1 0 / 2 1 /system.slice 3 2 /system.slice/b.service 4 1 /init.scope\n"
	"group 3 = 3 i\ngroup 4 = 4 is\n"
	"born 10 1 /kubepods\ngroup 3 = 3 is\ngroup 10 = 10\ndied 10\ngroup 3 = 3 i\n",
	"at 1\nwalk 1 0 / 2 1 /kubelet 3 1 /kubelet.service 4 1 /kubelets 10 1 /kubepods.slice\n"
	"group 2 = 2 s\ngroup 3 = 3 is\ngroup 4 = 4\n",
	/* A docker container in system.slice is nobody's system. */
	"at 1\nwalk 1 0 / 2 1 /system.slice 3 2 /system.slice/docker-" CID ".scope 10 1 /kubepods\n"
	"group 2 = 2 s\ngroup 3 = 3 i\n",
	/* Top and pod told after their children. */
	"at 1\nborn 3 2 /a.service/x\nborn 2 1 /a.service\ngroup 3 = 2 i\ngroup 2 = 2 i\n",
	"at 1\nborn 13 12 " POD "/" CID "\nborn 12 11 " POD "\ngroup 13 = 12 i\n",
};

START_TEST(groups)
{
	struct world *w = world_new(32);

	world_run(w, group_cases[_i]);
	world_free(w);
}
END_TEST

/* Bins reach the ring whole, though the newest are taken a round later. */
START_TEST(bins)
{
	struct world *w = world_new(32);
	const struct workload *l;
	uint64_t sum = 0;
	uint32_t usec;

	world_run(w, "at 100000\nborn 2 1 /a.service\nsample\nat 101000\nrun 2 950\nsample\n"
		     "at 102000\nsample\nat 103000\nsample\n");
	l = registry_first(w->registry);
	ck_assert(!workload_bin(w->registry, l, 999, &usec));
	ck_assert(workload_bin(w->registry, l, 1000, &usec));
	ck_assert_uint_eq(usec, 50000);
	for (uint64_t bin = 1000; bin < registry_bins_end(w->registry); bin++) {
		ck_assert(workload_bin(w->registry, l, bin, &usec));
		sum += usec;
	}
	ck_assert_uint_eq(sum, 950000);
	world_run(w, "at 120000\nrun 2 100\nsample\n"); /* 17 s late */
	ck_assert(!workload_bin(w->registry, l, 1100, &usec));
	world_free(w);
}
END_TEST

/* Nothing outlives the churn: slots, cgroups, workloads. */
START_TEST(churn)
{
	struct world *w = world_new(32);
	struct registry_stats stats;
	char line[200];

	for (unsigned i = 2; i < 4000; i++) {
		snprintf(line, sizeof(line),
			 "at %u\nborn %u 1 /u%u.service\nrun %u 1\ndied %u\nsample\n", i * 300, i,
			 i, i, i);
		world_run(w, line);
	}
	world_run(w, "at 5000000\nsample\nslots 0\n");
	registry_get_stats(w->registry, &stats);
	ck_assert_uint_eq(stats.cgroups, 0);
	ck_assert_uint_eq(stats.live + stats.dead, 0);
	ck_assert_uint_eq(stats.refused, 0);
	world_free(w);
}
END_TEST

/* More dead than are kept: the oldest go, and it is counted. */
START_TEST(dead_bound)
{
	struct world *w = world_new(0);
	struct registry_stats stats;
	char line[200];

	for (unsigned i = 2; i < 2002; i++) {
		snprintf(line, sizeof(line), "at %u\nborn %u 1 /u%u.service\ndied %u\n", 1000 + i,
			 i, i, i);
		world_run(w, line);
	}
	world_run(w, "at 10000\nsample\n");
	registry_get_stats(w->registry, &stats);
	ck_assert_uint_eq(stats.dead, REGISTRY_DEAD_MAX);
	ck_assert_uint_eq(stats.forgotten, 2000 - REGISTRY_DEAD_MAX);
	ck_assert_str_eq(registry_first(w->registry)->unit, "u978.service");
	world_free(w);
}
END_TEST

START_TEST(cgroups_bound)
{
	struct world *w = world_new(32);
	struct registry_stats stats;

	registry_configure(w->registry, &(struct registry_options){ .max_cgroups = 2 });
	world_run(w, "at 1\nborn 2 1 /a.service\nborn 3 1 /b.service\nborn 4 1 /c.service\n");
	registry_get_stats(w->registry, &stats);
	ck_assert_uint_eq(stats.live, 2);
	ck_assert_uint_eq(stats.refused, 1);
	world_free(w);
}
END_TEST

START_TEST(cursor)
{
	struct world *w = world_new(0);
	const struct workload *l;

	world_run(w, "at 1\nborn 2 1 /a.service\nborn 3 1 /b.service\nborn 4 1 /c.service\n");
	l = registry_after(w->registry, 0);
	ck_assert_str_eq(l->unit, "a.service");
	ck_assert_str_eq(registry_after(w->registry, l->id)->unit, "b.service");
	world_run(w, "died 3\nat 100000\nsample\n");
	ck_assert_str_eq(registry_after(w->registry, l->id)->unit, "c.service");
	ck_assert_ptr_null(registry_after(w->registry, 99));
	world_free(w);
}
END_TEST

/* Whatever allocation fails in whatever call, nothing leaks and nothing is used after its end. */
START_TEST(torture)
{
	struct world *w = world_new(32);

	w->fail_at = (unsigned)_i + 1;
	world_run(w, TREE "name " UID " " CID " web\nborn 13 12 " POD "/" CID "\nborn 14 12 " POD
			  "/" CID2 "\nborn 15 13 " POD "/" CID "/x\nborn 16 10 /kubepods/p\n"
			  "sample\nat 101000\nsample\noom 13 1 1 1\nfacts 13 1 2 3\ncollect\n"
			  "files\ndied 13\nat 104000\nsample\nnames\nat 200000\nsample\n");
	w->fail_at = 0;
	world_run(w, "walk 1 0 / 20 1 /late.service\nat 300000\nsample\n");
	ck_assert_ptr_nonnull(registry_first(w->registry));
	world_free(w);
}
END_TEST

TEST_MAIN("registry", {
	TEST_TABLE("script", script, ARRAY_LEN(cases));
	TEST_TABLE("groups", groups, ARRAY_LEN(group_cases));
	TEST_ONE("bins", bins);
	TEST_ONE("churn", churn);
	TEST_ONE("dead-bound", dead_bound);
	TEST_ONE("cgroups-bound", cgroups_bound);
	TEST_ONE("cursor", cursor);
	TEST_TABLE("torture", torture, 12);
})
