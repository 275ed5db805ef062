/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a unit test: #include it, write tests, end with
 *
 *	TEST_MAIN("json", {
 *		TEST_TABLE("numbers", numbers, ARRAY_LEN(number_cases));  // a fork per row
 *		TEST_ONE("writer", torture);
 *	})
 *
 * A failing row is named by its index, so rows never need names. CK_FORK=no for gdb.
 */
#pragma once

#include <check.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Where the fixtures are; tests run in the top folder unless told. */
static inline const char *test_data_dir(void)
{
	const char *dir = getenv("EVICTD_TEST_DATA");

	return dir ? dir : "tests/data";
}

#define TEST_TABLE(case_, test_, rows_)                                                            \
	do {                                                                                       \
		TCase *_tcase = tcase_create(case_);                                               \
		tcase_add_loop_test(_tcase, test_, 0, (int)(rows_));                               \
		suite_add_tcase(_suite, _tcase);                                                   \
	} while (0)

#define TEST_ONE(case_, test_) TEST_TABLE(case_, test_, 1)

#define TEST_MAIN(name_, ...)                                                                      \
	int main(void)                                                                             \
	{                                                                                          \
		Suite *_suite = suite_create(name_);                                               \
		SRunner *_runner = srunner_create(_suite);                                         \
		int _failed;                                                                       \
		__VA_ARGS__                                                                        \
		srunner_run_all(_runner, CK_ENV);                                                  \
		_failed = srunner_ntests_failed(_runner);                                          \
		srunner_free(_runner);                                                             \
		return _failed ? EXIT_FAILURE : EXIT_SUCCESS;                                      \
	}
