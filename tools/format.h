/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for people, at most 7 characters, in Kubernetes' units. Unknown (NAN) is "-". All return
 * `out`. Negative and absurd values come from outside too: they are printed, never overflow.
 */
#pragma once

#include <stddef.h>

#define FORMAT_LEN 32

/* CPU in cores: "0", "5m", "250m", "1.25", "12.5", "128". */
const char *format_cores(double cores, char out[static FORMAT_LEN]);
/* "0", "512", "1.5Ki", "128Mi", "3.2Gi". */
const char *format_bytes(double bytes, char out[static FORMAT_LEN]);
/* "0", "850ns", "12us", "3.4ms", "1.2s", "2m05s", "3h10m", "4d03h". */
const char *format_duration(double ns, char out[static FORMAT_LEN]);
/* A fraction as percent: "0%", "<0.1%", "0.7%", "12%". */
const char *format_share(double share, char out[static FORMAT_LEN]);
/* "0", "999", "12.3k", "4.5M". */
const char *format_count(double n, char out[static FORMAT_LEN]);
