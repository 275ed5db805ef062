/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the daemon: structured journal entries where stderr is the journal (JOURNAL_STREAM
 * names our stderr), else lines on stderr. base/ and the pure core never log: they return.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* `name` is the program's (SYSLOG_IDENTIFIER); levels above `max` are dropped. */
void log_init(const char *name, enum log_level max);
void log_set_level(enum log_level max);
/* -EINVAL for a word that is no level: error, warning, info, debug. */
int log_level_parse(const char *s, enum log_level *ret_level);

/* A journal field beside the message, e.g. { "EVICTD_REASON", "oom-kill" }. */
struct log_field {
	const char *name;
	const char *value;
};

void log_full(enum log_level level, const struct log_field *fields, unsigned n_fields,
	      const char *fmt, ...) _printf_(4, 5);

#define log_error(...) log_full(LOG_LEVEL_ERROR, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_full(LOG_LEVEL_WARNING, NULL, 0, __VA_ARGS__)
#define log_info(...) log_full(LOG_LEVEL_INFO, NULL, 0, __VA_ARGS__)
#define log_debug(...) log_full(LOG_LEVEL_DEBUG, NULL, 0, __VA_ARGS__)
