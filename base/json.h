/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON. Reading: a bounded parse into a tree that is a view on cJSON (this file is cJSON's only
 * owner). Writing: a streaming writer onto a buf, so that a reply of 10,000 containers never
 * exists as a tree. Numbers are written so that they read back equal; reading goes through double,
 * so integers above 2^53 lose their last digits. Both expect LC_NUMERIC to be "C": programs set
 * LC_CTYPE alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json; /* a node of a tree; owned by the root */

#define JSON_DEPTH_MAX 64

/*
 * One whole text in the strict grammar, at most JSON_DEPTH_MAX nested. The root is freed with
 * json_free(). -EINVAL names line and column; -ENOMEM. A string is cut at its first \u0000.
 */
int json_parse(const char *text, size_t len, struct json **ret_json, struct err *e);
void json_free(struct json *root);
void json_freep(struct json **root);

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* NULL counts as JSON_NULL: absent and null read alike through all of these. */
enum json_kind json_kind(const struct json *j);
/* Member of an object, NULL where absent. */
const struct json *json_get(const struct json *j, const char *key);
/* "cpu.wait.neighbourNs": members by a dotted path, NULL where any is absent. */
const struct json *json_path(const struct json *j, const char *path);
/* The text or `fallback`. */
const char *json_str(const struct json *j, const char *fallback);
double json_num(const struct json *j, double fallback);
/* Whole numbers from 0 to UINT64_MAX (which reads back equal), else `fallback`. */
uint64_t json_u64(const struct json *j, uint64_t fallback);
bool json_bool(const struct json *j, bool fallback);
/* Children of an array or object in order; json_key() is a member's name. */
size_t json_len(const struct json *j);
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *child);

/*
 * Writer. A key is given for members of objects and NULL for elements of arrays. Failures stick in
 * `out`: check out->error once at the end. Bytes that are not UTF-8 become U+FFFD. After a whole
 * value the writer may begin the next (JSON lines: the caller adds the newline).
 */
struct json_writer {
	struct buf *out;
	unsigned depth;
	bool comma; /* the next value needs one before it */
};

void json_writer_init(struct json_writer *w, struct buf *out);
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
void json_put_str(struct json_writer *w, const char *key, const char *value); /* NULL: null */
void json_put_u64(struct json_writer *w, const char *key, uint64_t value);
void json_put_i64(struct json_writer *w, const char *key, int64_t value);
void json_put_double(struct json_writer *w, const char *key, double value); /* not finite: null */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
