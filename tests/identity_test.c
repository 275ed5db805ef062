/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/identity.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"

#define ID_A "09bc3d7ade839efec32b6bec4ec79d099027a668ddba043083ec21d3c3b8f1e6"
#define ID_B "34a2062fd26c805aa8cf814cdfe479322b791f80afb9ea4db02d50375df14b41"
#define UID_A "a2830d0d-b0f0-4ff0-81b5-0ee4e299cf80"
#define UID_A_SLICE "a2830d0d_b0f0_4ff0_81b5_0ee4e299cf80"
#define UID_B "2c48913c-b29f-11e7-9350-020968147796"
#define HASH "9729a196c4723b60ab401eaff722982d"

static const struct identity_case {
	const char *path;
	enum identity_kind kind;
	const char *driver, *runtime, *qos, *pod_uid, *container_id, *unit;
	unsigned depth;
} cases[] = {
	/* the host */
	{ "", IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/", IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "0::/", IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/build", IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/system.slice", IDENTITY_OTHER, "systemd", "", "", "", "", "", 0 },
	{ "/system.slice/ssh.service", IDENTITY_UNIT, "systemd", "", "", "", "", "ssh.service", 2 },
	{ "/system.slice/ssh.service/sub", IDENTITY_UNIT, "systemd", "", "", "", "", "ssh.service",
	  2 },
	{ "/system.slice/dbus.socket", IDENTITY_UNIT, "systemd", "", "", "", "", "dbus.socket", 2 },
	{ "/system.slice/dev-hugepages.mount", IDENTITY_UNIT, "systemd", "", "", "", "",
	  "dev-hugepages.mount", 2 },
	{ "/init.scope", IDENTITY_UNIT, "systemd", "", "", "", "", "init.scope", 1 },
	{ "/system.slice/.service", IDENTITY_OTHER, "systemd", "", "", "", "", "", 0 },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", IDENTITY_UNIT,
	  "systemd", "", "", "", "", "app-x.service", 5 },
	{ "/sys/fs/cgroup/memory/system.slice/ssh.service/cgroup.procs", IDENTITY_UNIT, "systemd",
	  "", "", "", "", "ssh.service", 2 },
	/* escapes: printable ones are undone, others would reach a terminal */
	{ "/system.slice/a\\x2db.service", IDENTITY_UNIT, "systemd", "", "", "", "", "a-b.service",
	  2 },
	{ "/system.slice/a\\x1bb.service", IDENTITY_UNIT, "systemd", "", "", "", "",
	  "a\\x1bb.service", 2 },
	{ "/system.slice/a\x1b[31m.service", IDENTITY_UNIT, "systemd", "", "", "", "",
	  "a?[31m.service", 2 },
	{ "/system.slice/a\\x2.service", IDENTITY_UNIT, "systemd", "", "", "", "", "a\\x2.service",
	  2 },
	/* containers without a pod */
	{ "/docker/" ID_A, IDENTITY_CONTAINER, "cgroupfs", "docker", "", "", ID_A, "", 2 },
	{ "/docker/" ID_A "/init", IDENTITY_CONTAINER, "cgroupfs", "docker", "", "", ID_A, "", 2 },
	{ "/docker/" ID_A "/docker/" ID_B, IDENTITY_CONTAINER, "cgroupfs", "docker", "", "", ID_B,
	  "", 4 },
	{ "/docker-" ID_A, IDENTITY_CONTAINER, "cgroupfs", "docker", "", "", ID_A, "", 1 },
	{ "/k8s.io/" ID_A, IDENTITY_CONTAINER, "cgroupfs", "containerd", "", "", ID_A, "", 2 },
	{ "/system.slice:docker:" ID_A, IDENTITY_CONTAINER, "cgroupfs", "docker", "", "", ID_A, "",
	  1 },
	{ "/machine.slice/libpod-" ID_A ".scope/container", IDENTITY_CONTAINER, "systemd", "podman",
	  "", "", ID_A, "", 2 },
	{ "/libpod_parent/libpod-" ID_A, IDENTITY_CONTAINER, "cgroupfs", "podman", "", "", ID_A, "",
	  2 },
	{ "/system.slice/web.service/libpod-payload-" ID_A, IDENTITY_CONTAINER, "cgroupfs",
	  "podman", "", "", ID_A, "", 3 },
	{ "0::/../" ID_A, IDENTITY_CONTAINER, "cgroupfs", "", "", "", ID_A, "", 2 },
	{ "/" ID_A, IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/docker/" ID_A "0", IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/docker/-" ID_A, IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/job-" ID_A, IDENTITY_OTHER, "", "", "", "", "", "", 0 },
	{ "/machine.slice/libpod-conmon-" ID_A ".scope", IDENTITY_UNIT, "systemd", "", "", "", "",
	  "libpod-conmon-" ID_A ".scope", 2 },
	{ "/docker/" ID_A "/system.slice/kubelet.service", IDENTITY_UNIT, "systemd", "", "", "", "",
	  "kubelet.service", 4 },
	/* pods */
	{ "/kubepods/pod" HASH, IDENTITY_POD, "cgroupfs", "", "guaranteed", HASH, "", "", 2 },
	{ "/kubepods.slice/kubepods-pod" UID_A_SLICE ".slice", IDENTITY_POD, "systemd", "",
	  "guaranteed", UID_A, "", "", 2 },
	{ "/../../../burstable/pod" UID_A "/" ID_A, IDENTITY_CONTAINER, "cgroupfs", "", "burstable",
	  UID_A, ID_A, "", 6 },
	{ "/kubepods/kubepods/besteffort/pod" UID_A "/" ID_A, IDENTITY_CONTAINER, "cgroupfs", "",
	  "besteffort", UID_A, ID_A, "", 5 },
	{ "/kubepods/podA2830D0D-B0F0-4FF0-81B5-0EE4E299CF80/" ID_A, IDENTITY_CONTAINER, "cgroupfs",
	  "", "guaranteed", UID_A, ID_A, "", 3 },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" HASH
	  ".slice/cri-containerd-" ID_A,
	  IDENTITY_CONTAINER, "systemd", "containerd", "burstable", HASH, ID_A, "", 4 },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-"
	  "poda2830d0d\\x2db0f0\\x2d4ff0\\x2d81b5\\x2d0ee4e299cf80.slice/crio-" ID_A ".scope",
	  IDENTITY_CONTAINER, "systemd", "crio", "besteffort", UID_A, ID_A, "", 4 },
	{ "/kubepods-pod" UID_A_SLICE ".slice:cri-containerd:" ID_A, IDENTITY_CONTAINER, "cgroupfs",
	  "containerd", "guaranteed", UID_A, ID_A, "", 1 },
	{ "/kubepods/pod" UID_A "/no-crio-conmon-" ID_A, IDENTITY_INFRA, "cgroupfs", "",
	  "guaranteed", UID_A, "", "", 3 },
	{ "/kubepods/pod" UID_A "/crio-09bc3d7ade839efe", IDENTITY_INFRA, "cgroupfs", "",
	  "guaranteed", UID_A, "", "", 3 },
	{ "/kubepods/pod" UID_A "/crio-" ID_A ".mount/x", IDENTITY_INFRA, "systemd", "",
	  "guaranteed", UID_A, "", "", 3 },
	{ "/kubepods/pod" UID_A "/vm-" ID_A, IDENTITY_CONTAINER, "cgroupfs", "", "guaranteed",
	  UID_A, ID_A, "", 3 },
	/* what a pod's container does below itself is its own affair, unless it holds pods */
	{ "/kubepods/pod" UID_A "/" ID_A "/docker/" ID_B, IDENTITY_CONTAINER, "cgroupfs", "",
	  "guaranteed", UID_A, ID_A, "", 3 },
	{ "/kubepods/pod" UID_A "/" ID_A "/system.slice:docker:" ID_B, IDENTITY_CONTAINER,
	  "cgroupfs", "", "guaranteed", UID_A, ID_A, "", 3 },
	{ "/kubepods/pod" UID_A "/" ID_A "/system.slice/cron.service", IDENTITY_CONTAINER,
	  "cgroupfs", "", "guaranteed", UID_A, ID_A, "", 3 },
	{ "/kubepods/pod" UID_A "/" ID_A "/kubelet/kubepods/burstable/pod" UID_B "/" ID_B,
	  IDENTITY_CONTAINER, "cgroupfs", "containerd", "burstable", UID_B, ID_B, "", 8 },
	/* nearly pods */
	{ "/kubepods/poda2830d0d-b0f0-4ff0-81b5-0ee4e299cf8", IDENTITY_OTHER, "cgroupfs", "", "",
	  "", "", "", 0 },
	{ "/kubepods/poda2830d0d-b0f0-4ff0-81b5-0ee4e299cf8g", IDENTITY_OTHER, "cgroupfs", "", "",
	  "", "", "", 0 },
	{ "/kubepods/poda2830d0d+b0f0-4ff0-81b5-0ee4e299cf80", IDENTITY_OTHER, "cgroupfs", "", "",
	  "", "", "", 0 },
	{ "/kubepods.slice/kubepods-tripod" UID_A_SLICE ".slice", IDENTITY_OTHER, "systemd", "", "",
	  "", "", "", 0 },
};

static void check_identity(const struct identity_case *c, const struct identity *id)
{
	ck_assert_int_eq(id->kind, c->kind);
	ck_assert_str_eq(id->driver, c->driver);
	ck_assert_str_eq(id->runtime, c->runtime);
	ck_assert_str_eq(id->qos, c->qos);
	ck_assert_str_eq(id->pod_uid, c->pod_uid);
	ck_assert_str_eq(id->container_id, c->container_id);
	ck_assert_str_eq(id->unit, c->unit);
	ck_assert_uint_eq(id->depth, c->depth);
}

START_TEST(rules)
{
	struct identity id;

	memset(&id, 0xff, sizeof(id));
	identity_parse(cases[_i].path, &id);
	check_identity(&cases[_i], &id);
}
END_TEST

/* Columns of cgroup_paths.tsv. */
enum { PATH, FORM, DRIVER, RUNTIME, QOS, POD_UID, CONTAINER_ID, NOTE, EXPECT, SOURCE, COLUMNS };

#define PATHS_MAX 200

struct path_row {
	char line[1024];
	char *column[COLUMNS];
};

static struct path_row path_rows[PATHS_MAX];

/* Comments and the title are left out; returns the number of rows. */
static int path_rows_load(void)
{
	char path[512];
	_cleanup_fclose_ FILE *f = NULL;
	int n = 0;

	snprintf(path, sizeof(path), "%s/cgroup_paths.tsv", test_data_dir());
	f = fopen(path, "re");
	while (f && n < PATHS_MAX && fgets(path_rows[n].line, sizeof(path_rows[n].line), f)) {
		char *rest = path_rows[n].line;

		rest[strcspn(rest, "\n")] = '\0';
		if (*rest == '#')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			path_rows[n].column[i] = strsep(&rest, "\t");
		if (path_rows[n].column[SOURCE] && strcmp(path_rows[n].column[PATH], "path") != 0)
			n++;
	}
	return n;
}

/* "-" is nothing, "?" is not told by the path: both are "" for us. */
static const char *expected(const struct path_row *row, int column)
{
	const char *s = row->column[column];

	return strcmp(s, "-") == 0 || strcmp(s, "?") == 0 ? "" : s;
}

/*
 * cAdvisor's paths come from its containerd tests, which is why their authors know the runtime; the
 * paths themselves look like docker's.
 */
static const char *expected_runtime(const struct path_row *row)
{
	bool cadvisor_containerd = strstr(row->column[SOURCE], "cadvisor") &&
				   strstr(row->column[SOURCE], "/containerd/");

	return cadvisor_containerd ? "" : expected(row, RUNTIME);
}

START_TEST(real_path)
{
	const struct path_row *row = &path_rows[_i];
	struct identity id;

	identity_parse(row->column[PATH], &id);
	ck_assert_str_eq(id.pod_uid, expected(row, POD_UID));
	ck_assert_str_eq(id.container_id, expected(row, CONTAINER_ID));
	ck_assert_str_eq(id.qos, expected(row, QOS));
	ck_assert_str_eq(id.driver, expected(row, DRIVER));
	ck_assert_str_eq(id.runtime, expected_runtime(row));
	ck_assert_int_eq(id.kind == IDENTITY_CONTAINER, *id.container_id != '\0');
}
END_TEST

START_TEST(table_is_there)
{
	ck_assert_int_ge(path_rows_load(), 1);
}
END_TEST

START_TEST(uid_untouched_on_failure)
{
	char uid[IDENTITY_UID_LEN] = "before";

	ck_assert(!identity_canonical_uid("xyz", 3, uid));
	ck_assert(!identity_canonical_uid(UID_A, strlen(UID_A) - 1, uid));
	ck_assert(!identity_canonical_uid("g729a196c4723b60ab401eaff722982d", 32, uid));
	ck_assert_str_eq(uid, "before");
}
END_TEST

TEST_MAIN("identity", {
	TEST_ONE("table", table_is_there);
	TEST_TABLE("real", real_path, path_rows_load());
	TEST_TABLE("rules", rules, ARRAY_LEN(cases));
	TEST_ONE("uid", uid_untouched_on_failure);
})
