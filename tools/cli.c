/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/cli.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "tools/text.h"

static const char *const exit_texts[CLI_EXITS] = {
	[CLI_OK] = "done",
	[CLI_FAILED] = "failed: the message on stderr says why",
	[CLI_USAGE] = "usage: an option or argument is wrong",
	[CLI_UNREACHABLE] = "unreachable: no agent answers at the socket",
	[CLI_DENIED] = "denied: no permission for the socket",
};

static const struct {
	int error;
	enum cli_exit code;
} exit_codes[] = {
	{ EINVAL, CLI_USAGE },		{ ENAMETOOLONG, CLI_USAGE },
	{ ENOENT, CLI_UNREACHABLE },	{ ENOTDIR, CLI_UNREACHABLE },
	{ ENOTSOCK, CLI_UNREACHABLE },	{ ECONNREFUSED, CLI_UNREACHABLE },
	{ ETIMEDOUT, CLI_UNREACHABLE }, { EACCES, CLI_DENIED },
	{ EPERM, CLI_DENIED },
};

const char *cli_exit_text(enum cli_exit code)
{
	return exit_texts[code];
}

enum cli_exit cli_fail(const struct cli *cli, int r, const struct err *e)
{
	_cleanup_(buf_release) struct buf safe = BUF_INIT((size_t)8 * ERR_MSG_MAX);

	text_add_safe(&safe, err_msg(e), text_locale_is_utf8());
	fprintf(stderr, "%s: %s\n", cli->program, buf_str(&safe));
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++) {
		if (exit_codes[i].error == -r)
			return exit_codes[i].code;
	}
	return CLI_FAILED;
}
