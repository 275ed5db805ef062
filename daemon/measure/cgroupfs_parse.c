/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of single cgroup files: no I/O here. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "daemon/measure/cgroupfs.h"

/*
 * memory.limit_in_bytes without a limit: the largest long, rounded down to a page. With pages of
 * 64 KiB (arm64, ppc64) that is the lowest.
 */
#define V1_UNLIMITED_MIN 0x7fffffffffff0000ULL

/* One key of a flat-keyed file and where its value goes. */
struct key {
	const char *name;
	size_t offset;	 /* of an uint64_t in struct facts */
	uint64_t factor; /* to our unit */
	bool required;
};

#define KEY(name_, field_, factor_, required_)                                                     \
	{                                                                                          \
		name_, offsetof(struct facts, field_), factor_, required_                          \
	}

static uint64_t *fact_at(struct facts *f, size_t offset)
{
	return (uint64_t *)(void *)((char *)f + offset);
}

/* Keys we do not know are passed over: kernels add some. */
static int parse_keyed(char *text, const struct key *keys, size_t n_keys, struct facts *f)
{
	unsigned seen = 0;
	char *name, *value;

	while (parse_next_key_value(&text, &name, &value)) {
		for (size_t i = 0; i < n_keys; i++) {
			uint64_t *fact = fact_at(f, keys[i].offset);

			if (strcmp(name, keys[i].name) != 0)
				continue;
			if (parse_u64(value, 0, UINT64_MAX, fact) < 0 ||
			    __builtin_mul_overflow(*fact, keys[i].factor, fact))
				return -EINVAL;
			seen |= 1u << i;
		}
	}
	for (size_t i = 0; i < n_keys; i++) {
		if (keys[i].required && !(seen & 1u << i))
			return -EINVAL;
	}
	return 0;
}

int cgroupfs_parse_cpu_stat(char *text, struct facts *f)
{
	static const struct key keys[] = {
		KEY("usage_usec", usage_ns, NSEC_PER_USEC, true),
		KEY("user_usec", user_ns, NSEC_PER_USEC, true),
		KEY("system_usec", system_ns, NSEC_PER_USEC, true),
		KEY("nr_periods", nr_periods, 1, false),
		KEY("nr_throttled", nr_throttled, 1, false),
		KEY("throttled_usec", throttled_ns, NSEC_PER_USEC, false),
	};

	return parse_keyed(text, keys, ARRAY_LEN(keys), f);
}

int cgroupfs_parse_cpu_stat_v1(char *text, struct facts *f)
{
	static const struct key keys[] = {
		KEY("nr_periods", nr_periods, 1, true),
		KEY("nr_throttled", nr_throttled, 1, true),
		KEY("throttled_time", throttled_ns, 1, true),
	};

	return parse_keyed(text, keys, ARRAY_LEN(keys), f);
}

int cgroupfs_parse_cpuacct_stat(char *text, struct facts *f)
{
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	const struct key keys[] = {
		KEY("user", user_ns, tick_ns, true),
		KEY("system", system_ns, tick_ns, true),
	};

	return parse_keyed(text, keys, ARRAY_LEN(keys), f);
}

int cgroupfs_parse_memory_events(char *text, struct facts *f)
{
	static const struct key keys[] = {
		KEY("low", events[ABI_MEM_LOW], 1, true),
		KEY("high", events[ABI_MEM_HIGH], 1, true),
		KEY("max", events[ABI_MEM_MAX], 1, true),
		KEY("oom", events[ABI_MEM_OOM], 1, true),
		KEY("oom_kill", events[ABI_MEM_OOM_KILL], 1, true),
		KEY("oom_group_kill", events[ABI_MEM_OOM_GROUP_KILL], 1, false), /* since 5.17 */
	};

	return parse_keyed(text, keys, ARRAY_LEN(keys), f);
}

int cgroupfs_parse_oom_control(char *text, struct facts *f)
{
	static const struct key keys[] = {
		KEY("oom_kill", events[ABI_MEM_OOM_KILL], 1, false), /* since 4.13 */
	};

	return parse_keyed(text, keys, ARRAY_LEN(keys), f);
}

int cgroupfs_parse_memory_stat(char *text, bool v1, struct facts *f)
{
	static const struct key v1_key = KEY("total_inactive_file", inactive_file_bytes, 1, true);
	static const struct key v2_key = KEY("inactive_file", inactive_file_bytes, 1, true);

	return parse_keyed(text, v1 ? &v1_key : &v2_key, 1, f);
}

/* Copies a word (what stands before a space or newline); -EINVAL when it is longer than any of ours. */
static int copy_word(const char *text, char *word, size_t size)
{
	size_t len = strcspn(text, " \n");

	if (len >= size)
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	return 0;
}

#define WORD_MAX 24 /* UINT64_MAX has 20 digits */

/* A number, and nothing but newlines after it. */
int cgroupfs_parse_number(const char *text, uint64_t *ret_value)
{
	char word[WORD_MAX];
	const char *rest = text + strcspn(text, " \n");

	if (rest[strspn(rest, "\n")] || copy_word(text, word, sizeof(word)) < 0 ||
	    parse_u64(word, 0, UINT64_MAX, ret_value) < 0)
		return -EINVAL;
	return 0;
}

int cgroupfs_parse_memory_max(const char *text, uint64_t *ret_bytes)
{
	uint64_t bytes;
	int r;

	if (strcmp(text, "max\n") == 0 || strcmp(text, "max") == 0) {
		*ret_bytes = FACTS_UNLIMITED;
		return 0;
	}
	r = cgroupfs_parse_number(text, &bytes);
	if (r < 0)
		return r;
	*ret_bytes = bytes >= V1_UNLIMITED_MIN ? FACTS_UNLIMITED : bytes;
	return 0;
}

static int usec_to_ns(uint64_t usec, uint64_t *ret_ns)
{
	return __builtin_mul_overflow(usec, NSEC_PER_USEC, ret_ns) ? -EINVAL : 0;
}

/* "max 100000", "50000 100000" */
int cgroupfs_parse_cpu_max(const char *text, struct facts *f)
{
	uint64_t quota_usec, period_usec;
	char word[WORD_MAX];

	if (copy_word(text, word, sizeof(word)) < 0)
		return -EINVAL;
	text += strlen(word);
	if (*text != ' ' || cgroupfs_parse_number(text + 1, &period_usec) < 0 || !period_usec ||
	    usec_to_ns(period_usec, &f->period_ns) < 0)
		return -EINVAL;
	if (strcmp(word, "max") == 0) {
		f->quota_ns = FACTS_UNLIMITED;
		return 0;
	}
	if (parse_u64(word, 0, UINT64_MAX, &quota_usec) < 0)
		return -EINVAL;
	return usec_to_ns(quota_usec, &f->quota_ns);
}

int cgroupfs_parse_cfs_quota(const char *text, struct facts *f)
{
	uint64_t quota_usec;

	if (strcmp(text, "-1\n") == 0 || strcmp(text, "-1") == 0) {
		f->quota_ns = FACTS_UNLIMITED;
		return 0;
	}
	if (cgroupfs_parse_number(text, &quota_usec) < 0)
		return -EINVAL;
	return usec_to_ns(quota_usec, &f->quota_ns);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=4916432" */
static int parse_pressure_total(const char *values, uint64_t *ret_ns)
{
	static const char total[] = " total=";
	const char *s = strstr(values, total);
	uint64_t usec;

	if (!s || parse_u64(s + strlen(total), 0, UINT64_MAX, &usec) < 0)
		return -EINVAL;
	return usec_to_ns(usec, ret_ns);
}

int cgroupfs_parse_pressure(char *text, uint64_t *ret_some_ns, uint64_t *ret_full_ns)
{
	uint64_t some_ns = 0, full_ns = 0; /* no "full" for cpu before 5.13 */
	bool seen = false;
	char *name, *values;

	while (parse_next_key_value(&text, &name, &values)) {
		int r = 0;

		if (strcmp(name, "some") == 0) {
			r = parse_pressure_total(values, &some_ns);
			seen = true;
		} else if (strcmp(name, "full") == 0) {
			r = parse_pressure_total(values, &full_ns);
		}
		if (r < 0)
			return r;
	}
	if (!seen)
		return -EINVAL;
	*ret_some_ns = some_ns;
	*ret_full_ns = full_ns;
	return 0;
}
