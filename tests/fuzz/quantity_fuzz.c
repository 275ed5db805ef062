/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a quantity: what is printed reads back equal, and prints the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kube/quantity.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_rounding(const struct quantity *q)
{
	int64_t units = 7, milli = 7;
	int r = quantity_units(q, &units);

	check(r == 0 || (r == -ERANGE && units == 7));
	if (quantity_milli(q, &milli) < 0)
		return;
	/* What fits as thousandths fits as units, which are at most one more. */
	check(r == 0);
	check(milli / 1000 == units || milli / 1000 + (q->negative ? -1 : 1) == units);
	check((units != 0) == (q->nano != 0));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_free_ char *s = strndup((const char *)data, size);
	char text[QUANTITY_TEXT_LEN], again_text[QUANTITY_TEXT_LEN];
	struct quantity q = { .nano = 7 }, again;
	int r = quantity_parse(s, &q);

	check(r == 0 || ((r == -EINVAL || r == -ERANGE) && q.nano == 7));
	if (r < 0)
		return 0;
	check(!q.negative || q.nano);
	check_rounding(&q);
	check(quantity_parse(quantity_format(&q, text), &again) == 0);
	check(quantity_cmp(&q, &again) == 0);
	/* "562.5Ki" prints as "576000", which no longer tells that it was binary. */
	if (again.format == q.format)
		check(strcmp(quantity_format(&again, again_text), text) == 0);
	return 0;
}
