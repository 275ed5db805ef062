/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/alloc_fail.h"
#include "tests/check_main.h"

#define KEYS 2000

static int values[KEYS];

START_TEST(an_empty_table_answers)
{
	struct map m = { 0 };
	size_t iter = 0;

	ck_assert_ptr_null(map_get(&m, 1));
	ck_assert_ptr_null(map_get_str(&m, "a"));
	ck_assert_ptr_null(map_remove(&m, 1));
	ck_assert_ptr_null(map_next(&m, &iter));
	ck_assert_int_eq(map_put(&m, 1, NULL), -EINVAL);
	map_release(&m);
}
END_TEST

START_TEST(puts_and_replaces)
{
	struct map m = { 0 };

	ck_assert_int_eq(map_put(&m, 0, &values[0]), 0);
	ck_assert_int_eq(map_put(&m, UINT64_MAX, &values[1]), 0);
	ck_assert_int_eq(map_put(&m, 0, &values[2]), 0);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_ptr_eq(map_get(&m, 0), &values[2]);
	ck_assert_ptr_eq(map_get(&m, UINT64_MAX), &values[1]);
	map_release(&m);
}
END_TEST

START_TEST(string_keys_are_copied)
{
	struct map m = { 0 };
	char key[] = "kube-system/web";

	ck_assert_int_eq(map_put_str(&m, key, &values[0]), 0);
	key[0] = 'x';
	ck_assert_ptr_eq(map_get_str(&m, "kube-system/web"), &values[0]);
	ck_assert_ptr_null(map_get_str(&m, key));
	ck_assert_int_eq(map_put_str(&m, "", &values[1]), 0);
	ck_assert_ptr_eq(map_remove_str(&m, ""), &values[1]);
	ck_assert_ptr_null(map_remove_str(&m, ""));
	ck_assert_uint_eq(m.len, 1);
	map_release(&m);
}
END_TEST

/* The table against a plain array, after every one of many random steps. */
START_TEST(behaves_like_an_array)
{
	int *model[KEYS] = { 0 };
	struct map m = { 0 };
	size_t len = 0;
	unsigned seed = (unsigned)_i;

	for (int step = 0; step < 20000; step++) {
		unsigned k = (unsigned)rand_r(&seed) % (_i ? KEYS : 20);
		uint64_t key = (uint64_t)k << (_i * 8);

		if (rand_r(&seed) % 2) {
			ck_assert_int_eq(map_put(&m, key, &values[k]), 0);
			len += !model[k];
			model[k] = &values[k];
		} else {
			ck_assert_ptr_eq(map_remove(&m, key), model[k]);
			len -= model[k] != NULL;
			model[k] = NULL;
		}
		ck_assert_uint_eq(m.len, len);
	}
	for (unsigned k = 0; k < KEYS; k++)
		ck_assert_ptr_eq(map_get(&m, (uint64_t)k << (_i * 8)), model[k]);
	map_release(&m);
}
END_TEST

START_TEST(iterates_over_each_once)
{
	const struct map_entry *e;
	unsigned seen[KEYS] = { 0 };
	struct map m = { 0 };
	char key[32];

	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "pod-%d", i);
		ck_assert_int_eq(map_put_str(&m, key, &values[i]), 0);
	}
	for (size_t i = 0; (e = map_next(&m, &i));) {
		size_t which = (size_t)((int *)e->value - values);

		snprintf(key, sizeof(key), "pod-%zu", which);
		ck_assert_str_eq(e->str, key);
		seen[which]++;
	}
	for (int i = 0; i < KEYS; i++)
		ck_assert_uint_eq(seen[i], 1);
	map_release(&m);
}
END_TEST

START_TEST(a_failed_put_changes_nothing)
{
	struct map m = { 0 };
	unsigned failures = 0;
	char key[32];

	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "pod-%d", i);
		for (unsigned n = 1;; n++) {
			int r;

			alloc_fail_at(n);
			r = map_put_str(&m, key, &values[i]);
			if (!alloc_fail_stop()) {
				ck_assert_int_eq(r, 0);
				break;
			}
			failures++;
			ck_assert_int_eq(r, -ENOMEM);
			ck_assert_uint_eq(m.len, i);
			ck_assert_ptr_null(map_get_str(&m, key));
			if (i > 0)
				ck_assert_ptr_eq(map_get_str(&m, "pod-0"), &values[0]);
		}
	}
	ck_assert_uint_gt(failures, 200); /* each copy of a key, and each growth */
	map_release(&m);
}
END_TEST

TEST_MAIN("map", {
	TEST_ONE("basic", an_empty_table_answers);
	TEST_ONE("basic", puts_and_replaces);
	TEST_ONE("basic", string_keys_are_copied);
	TEST_TABLE("model", behaves_like_an_array, 4);
	TEST_ONE("iterate", iterates_over_each_once);
	TEST_ONE("torture", a_failed_put_changes_nothing);
})
