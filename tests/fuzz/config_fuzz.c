/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: refused with a reason, or a valid one that prints. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *sink;
	struct config c;
	struct err e = { 0 };

	if (!sink)
		sink = fopen("/dev/null", "w");
	if (config_parse((const char *)data, size, "fuzz", &c, &e) < 0) {
		if (!e.msg[0])
			abort(); /* a refusal must say why */
		return 0;
	}
	config_print(&c, sink);
	config_release(&c);
	return 0;
}
