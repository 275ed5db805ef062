/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a file of pods, and the splitter of lists against the parser of whole texts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "daemon/measure/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Every pod that a plain walk over the tree finds must have got a name, and an owner of both parts. */
static void check_item(const struct names *n, const struct json *item)
{
	const char *uid = json_str(json_path(item, "metadata.uid"), "");
	const char *pod = json_str(json_path(item, "metadata.name"), "");
	const char *namespace_name = json_str(json_path(item, "metadata.namespace"), "");
	struct identity_names names;
	char key[IDENTITY_UID_LEN];

	if (json_kind(json_get(item, "kind")) != JSON_NULL || strspn(pod, "abc") != strlen(pod) ||
	    strspn(namespace_name, "abc") != strlen(namespace_name) || !*pod || !*namespace_name ||
	    strlen(pod) > 63 || strlen(namespace_name) > 63 ||
	    !identity_canonical_uid(uid, strlen(uid), key))
		return;
	check(names_find(n, key, NULL, &names));
	check(names.pod && names.namespace_name && !names.container);
	check(!names.owner_kind == !names.owner_name);
}

static void check_list(const struct names *n, const char *text, size_t size)
{
	_cleanup_(json_freep) struct json *root = NULL;
	const struct json *item;

	check(json_parse(text, size, &root, NULL) == 0);
	item = json_first(json_get(root, "items"));
	for (; item; item = json_next(item))
		check_item(n, item);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_(names_freep) struct names *n = NULL;
	struct err e = { "" };
	int r;

	check(names_new(&n) == 0);
	r = names_load_pods(n, (const char *)data, size, &e);
	check(r == 0 || ((r == -EINVAL || r == -E2BIG) && e.msg[0]));
	if (r == 0)
		check_list(n, (const char *)data, size);
	return 0;
}
