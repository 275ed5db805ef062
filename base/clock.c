/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t clock_read_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_boottime_ns(void)
{
	return clock_read_ns(CLOCK_BOOTTIME);
}

uint64_t clock_realtime_usec(void)
{
	return clock_read_ns(CLOCK_REALTIME) / NSEC_PER_USEC;
}

uint64_t clock_process_cpu_ns(void)
{
	return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

const char *clock_format_rfc3339(uint64_t realtime_usec, char buf[static CLOCK_RFC3339_LEN])
{
	const uint64_t last_sec = 253402300799; /* 9999-12-31T23:59:59Z: the form has 4 digits */
	uint64_t sec = realtime_usec / USEC_PER_SEC;
	time_t t = (time_t)(sec < last_sec ? sec : last_sec);
	size_t n;
	struct tm tm;

	gmtime_r(&t, &tm);
	n = strftime(buf, CLOCK_RFC3339_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, CLOCK_RFC3339_LEN - n, ".%06uZ",
		 (unsigned)(realtime_usec % USEC_PER_SEC));
	return buf;
}
