/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a cgroup path: what identity says of it is whole and consistent. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/measure/identity.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool is_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, words[i]) == 0)
			return true;
	}
	return false;
}

static void check_words(const struct identity *id)
{
	static const char *const qos[] = { "", "guaranteed", "burstable", "besteffort" };
	static const char *const runtimes[] = { "", "containerd", "crio", "docker", "podman" };
	static const char *const drivers[] = { "", "systemd", "cgroupfs" };

	check(is_one_of(id->qos, qos, ARRAY_LEN(qos)));
	check(is_one_of(id->runtime, runtimes, ARRAY_LEN(runtimes)));
	check(is_one_of(id->driver, drivers, ARRAY_LEN(drivers)));
}

static void check_kind(const struct identity *id)
{
	size_t uid_len = strlen(id->pod_uid), id_len = strlen(id->container_id);

	check(uid_len == 0 || uid_len == 32 || uid_len == IDENTITY_UID_LEN - 1);
	check(id_len == 0 || id_len == IDENTITY_CONTAINER_ID_LEN - 1);
	check((id->kind == IDENTITY_CONTAINER) == (id_len > 0));
	check((id->kind == IDENTITY_UNIT) == (*id->unit != '\0'));
	check((id->kind == IDENTITY_OTHER) == (id->depth == 0));
	if (id->kind == IDENTITY_POD || id->kind == IDENTITY_INFRA)
		check(uid_len > 0);
	if (id->kind == IDENTITY_UNIT || id->kind == IDENTITY_OTHER)
		check(uid_len == 0 && !*id->qos && !*id->runtime);
	for (const char *s = id->unit; *s; s++)
		check((unsigned char)*s >= ' ' && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_free_ char *path = strndup((const char *)data, size);
	char uid[IDENTITY_UID_LEN], again[IDENTITY_UID_LEN];
	struct identity id;

	memset(&id, 0xa5, sizeof(id));
	identity_parse(path, &id);
	check_words(&id);
	check_kind(&id);
	if (identity_canonical_uid(path, strlen(path), uid)) {
		check(identity_canonical_uid(uid, strlen(uid), again));
		check(strcmp(uid, again) == 0);
	}
	return 0;
}
