/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#define LOG_MSG_MAX 2048  /* bytes of one message; longer ones are cut */
#define LOG_FIELD_MAX 512 /* bytes of NAME=value */
#define LOG_FIELDS_MAX 8

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};
_Static_assert(ARRAY_LEN(levels) == LOG_LEVEL_DEBUG + 1, "every level has a name");

static struct {
	const char *name;
	enum log_level max;
	bool to_journal;
} log_state = { .name = "evictd", .max = LOG_LEVEL_INFO };

/* systemd names the journal's socket as "device:inode"; a shell may have redirected us since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_init(const char *name, enum log_level max)
{
	log_state.name = name;
	log_state.max = max;
	log_state.to_journal = stderr_is_journal();
}

void log_set_level(enum log_level max)
{
	log_state.max = max;
}

int log_level_parse(const char *s, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(s, levels[i].name) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* One message is one line: names from outside must not forge another. */
static void flatten(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
	}
}

static int send_to_journal(enum log_level level, const struct log_field *fields, unsigned n_fields,
			   const char *msg)
{
	char text[3 + LOG_FIELDS_MAX][LOG_FIELD_MAX], message[LOG_MSG_MAX + 8];
	struct iovec iov[3 + LOG_FIELDS_MAX];
	unsigned n = 0;

	snprintf(message, sizeof(message), "MESSAGE=%s", msg);
	iov[n++] = (struct iovec){ message, strlen(message) };
	snprintf(text[n], LOG_FIELD_MAX, "PRIORITY=%d", levels[level].priority);
	iov[n] = (struct iovec){ text[n], strlen(text[n]) };
	n++;
	snprintf(text[n], LOG_FIELD_MAX, "SYSLOG_IDENTIFIER=%s", log_state.name);
	iov[n] = (struct iovec){ text[n], strlen(text[n]) };
	n++;
	for (unsigned i = 0; i < n_fields && i < LOG_FIELDS_MAX; i++, n++) {
		snprintf(text[n], LOG_FIELD_MAX, "%s=%s", fields[i].name, fields[i].value);
		iov[n] = (struct iovec){ text[n], strlen(text[n]) };
	}
	return sd_journal_sendv(iov, (int)n);
}

static void send_to_stderr(enum log_level level, const struct log_field *fields, unsigned n_fields,
			   const char *msg)
{
	char line[LOG_MSG_MAX + LOG_FIELD_MAX];
	size_t len;

	snprintf(line, sizeof(line), "%s: %s: %s", log_state.name, levels[level].name, msg);
	for (unsigned i = 0; i < n_fields; i++) {
		len = strlen(line);
		snprintf(line + len, sizeof(line) - len, " %s=%s", fields[i].name, fields[i].value);
	}
	flatten(line);
	fprintf(stderr, "%s\n", line);
}

void log_full(enum log_level level, const struct log_field *fields, unsigned n_fields,
	      const char *fmt, ...)
{
	char msg[LOG_MSG_MAX];
	int saved_errno = errno;
	va_list ap;

	if (level > log_state.max)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	flatten(msg);
	if (!log_state.to_journal || send_to_journal(level, fields, n_fields, msg) < 0)
		send_to_stderr(level, fields, n_fields, msg);
	errno = saved_errno;
}
