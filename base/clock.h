/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, read only by shells: the pure core takes `now` as an argument. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL
#define USEC_PER_MSEC 1000ULL
#define USEC_PER_SEC 1000000ULL

uint64_t clock_monotonic_ns(void);
uint64_t clock_boottime_ns(void);
uint64_t clock_realtime_usec(void);
/* CPU time of this process so far. */
uint64_t clock_process_cpu_ns(void);

#define CLOCK_RFC3339_LEN 28 /* "2026-11-22T21:41:07.123456Z" with its NUL */
/* UTC with microseconds. Returns buf. */
const char *clock_format_rfc3339(uint64_t realtime_usec, char buf[static CLOCK_RFC3339_LEN]);
