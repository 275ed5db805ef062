/* SPDX-License-Identifier: Apache-2.0 */
/* Any text parses or is refused with words; any scalar that we write reads back. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_tree(const struct yaml *y)
{
	if ((y->kind == YAML_SCALAR) != (y->value != NULL) || !y->line)
		abort();
	for (const struct yaml *c = y->child; c; c = c->next) {
		if ((y->kind == YAML_MAP) != (c->key != NULL))
			abort();
		if (c->key && yaml_get(y, c->key) != c)
			abort();
		check_tree(c);
	}
}

static int is_utf8(const char *s)
{
	size_t left = strlen(s), n;

	for (; left && (n = utf8_sequence(s, left)); left -= n)
		s += n;
	return !left;
}

static void check_scalar(const char *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT(16 << 20);
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	const struct yaml *value;

	buf_add_str(&b, "key: ");
	if (yaml_add_scalar(&b, s) < 0 || yaml_parse(b.data, b.len, &root, NULL) < 0)
		abort();
	value = yaml_get(root, "key");
	if (!value || value->kind != YAML_SCALAR || (is_utf8(s) && strcmp(value->value, s) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_(yaml_freep) struct yaml *root = NULL;
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct err e = { "" };
	int r = yaml_parse((const char *)data, size, &root, &e);

	if ((r < 0) != (e.msg[0] != '\0') || (r < 0) != !root)
		abort();
	if (root)
		check_tree(root);
	check_scalar(text);
	return 0;
}
