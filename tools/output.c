/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NUMBER_EXACT 0x1p53 /* every integer up to here has a double of its own */

void output_add_number(struct buf *out, double value)
{
	struct json_writer w;

	if (value == floor(value) && fabs(value) <= NUMBER_EXACT) {
		buf_printf(out, "%" PRId64, (int64_t)value);
		return;
	}
	json_writer_init(&w, out);
	json_put_double(&w, NULL, value);
}

void output_add_scalar(struct buf *out, const struct json *j)
{
	switch (json_kind(j)) {
	case JSON_BOOL:
		buf_add_str(out, json_bool(j, false) ? "true" : "false");
		break;
	case JSON_NUMBER:
		output_add_number(out, json_num(j, 0));
		break;
	case JSON_STRING:
		buf_add_str(out, json_str(j, ""));
		break;
	default:
		break;
	}
}

int output_write(const struct output_writer *w, const struct output_doc *doc, FILE *out,
		 struct err *e)
{
	int r = w->write(doc, out);

	if (r < 0)
		return err_set(e, r, "cannot write the answer: %s", strerror(-r));
	if (fflush(out) != 0 || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the answer: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
