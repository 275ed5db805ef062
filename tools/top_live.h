/* SPDX-License-Identifier: Apache-2.0 */
/* `evictctl top` on a terminal. */
#pragma once

#include "tools/cli.h"
#include "tools/top_model.h"

/*
 * Shows the view (view->filter.pattern is the first filter) until `q`, the end of the terminal or
 * `count` rounds (0: no end). An agent that goes away is said and asked again, it is no end.
 */
enum cli_exit top_live_run(const struct cli *cli, const struct top_view *view, double seconds,
			   unsigned count);
