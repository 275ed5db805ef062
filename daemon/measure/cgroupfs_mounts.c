/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/measure/cgroupfs_mounts.h"

#include <string.h>

#include "base/cleanup.h"

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void unescape_octal(char *s)
{
	char *to = s;

	while (*s) {
		int byte = 0;

		if (s[0] == '\\' && is_octal(s[1]) && is_octal(s[2]) && is_octal(s[3]))
			byte = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
		if (byte > 0 && byte <= 0xff) {
			*to++ = (char)byte;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* The controllers of a v1 mount are among its super options: "rw,cpu,cpuacct". */
static unsigned v1_hierarchies(char *options)
{
	static const struct {
		const char *name;
		enum cgroupfs_hierarchy h;
	} controllers[] = {
		{ "cpu", CGROUPFS_CPU },
		{ "cpuacct", CGROUPFS_CPUACCT },
		{ "memory", CGROUPFS_MEMORY },
	};
	unsigned hierarchies = 0;
	const char *option;

	while ((option = strsep(&options, ","))) {
		for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
			if (strcmp(option, controllers[i].name) == 0)
				hierarchies |= 1u << controllers[i].h;
		}
	}
	return hierarchies;
}

/*
 * 36 35 98:0 /root /point rw,noatime master:1 shared:2 - type source super,options
 * (0) (1) (2) (3)   (4)    (5)       (any number)     -   (source may be empty)
 */
bool cgroupfs_mount_parse(char *line, struct cgroupfs_mount *ret_mount)
{
	enum { ROOT = 3, POINT = 4, FIXED = 6 };
	char *field[FIXED], *type, *options, *rest = line;
	unsigned hierarchies = 0;

	for (int i = 0; i < FIXED; i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i])
			return false;
	}
	do
		type = strsep(&rest, " ");
	while (type && strcmp(type, "-") != 0);
	type = strsep(&rest, " ");
	if (!type || !strsep(&rest, " ") || !rest)
		return false;
	options = strsep(&rest, " \n");
	if (strcmp(type, "cgroup2") == 0)
		hierarchies = 1u << CGROUPFS_UNIFIED;
	else if (strcmp(type, "cgroup") == 0)
		hierarchies = v1_hierarchies(options);
	if (!hierarchies || field[ROOT][0] != '/' || field[POINT][0] != '/')
		return false;
	unescape_octal(field[ROOT]);
	unescape_octal(field[POINT]);
	*ret_mount = (struct cgroupfs_mount){ field[POINT], field[ROOT], hierarchies };
	return true;
}

int cgroupfs_mount_rank(const char *root)
{
	if (strcmp(root, "/") == 0)
		return 2;
	while (strncmp(root, "/..", 3) == 0)
		root += 3;
	return *root ? 0 : 1;
}
