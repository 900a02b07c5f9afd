// SPDX-License-Identifier: GPL-2.0
/* map_test - bounded tables of keyed rows */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "../module/map.c"
#include "suites.h"

#define NR_ROWS	1024U

struct row {
	u32 key[2];
	u64 value;
};

static int map_init(struct kunit *test)
{
	struct stall_map *map = kunit_kzalloc(test, sizeof(*map), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, map);
	KUNIT_ASSERT_EQ(test, stall_map_init(map, NR_ROWS, sizeof(struct row),
					     sizeof_field(struct row, key)), 0);
	test->priv = map;
	return 0;
}

static void map_exit(struct kunit *test)
{
	stall_map_free(test->priv);
}

static struct row *add(struct stall_map *map, u32 number)
{
	u32 key[2] = { number, ~number };

	return stall_map_add(map, key);
}

static struct row *find(struct stall_map *map, u32 number)
{
	u32 key[2] = { number, ~number };

	return stall_map_find(map, key);
}

static void row_is_found_again(struct kunit *test)
{
	struct row *row = add(test->priv, 7);

	KUNIT_ASSERT_NOT_NULL(test, row);
	KUNIT_EXPECT_EQ(test, row->key[0], 7U);
	KUNIT_EXPECT_EQ(test, row->value, 0ULL);
	KUNIT_EXPECT_PTR_EQ(test, find(test->priv, 7), row);
	KUNIT_EXPECT_PTR_EQ(test, add(test->priv, 7), row);
	KUNIT_EXPECT_NULL(test, find(test->priv, 8));
	KUNIT_EXPECT_EQ(test, stall_map_nr(test->priv), 1U);
}

static void all_rows_fit_and_no_more(struct kunit *test)
{
	u32 i;

	for (i = 0; i < NR_ROWS; i++)
		KUNIT_ASSERT_NOT_NULL_MSG(test, add(test->priv, i), "row %u", i);
	for (; i < NR_ROWS + 100; i++)
		KUNIT_EXPECT_NULL(test, add(test->priv, i));
	KUNIT_EXPECT_EQ(test, stall_map_nr(test->priv), NR_ROWS);
	for (i = 0; i < NR_ROWS; i++) {
		struct row *row = find(test->priv, i);

		KUNIT_ASSERT_NOT_NULL_MSG(test, row, "row %u", i);
		KUNIT_EXPECT_EQ(test, stall_map_number(test->priv, row), i);
		KUNIT_EXPECT_PTR_EQ(test, add(test->priv, i), row);
	}
}

struct adder {
	struct stall_map *map;
	struct completion done;
	unsigned int refused;
};

static int adder_thread(void *data)
{
	struct adder *adder = data;
	u32 i;

	for (i = 0; i < NR_ROWS; i++) {
		preempt_disable();
		adder->refused += !add(adder->map, i);
		preempt_enable();
		if (i % 64 == 0)
			cond_resched();
	}
	complete(&adder->done);
	return 0;
}

/* Whoever adds what at the same time, a key has one row. */
static void concurrent_adders_make_one_row_a_key(struct kunit *test)
{
	struct adder adders[4] = {};
	u32 i, refused = 0;

	for (i = 0; i < ARRAY_SIZE(adders); i++) {
		struct task_struct *task;

		adders[i].map = test->priv;
		init_completion(&adders[i].done);
		task = kthread_run(adder_thread, &adders[i], "map/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	}
	for (i = 0; i < ARRAY_SIZE(adders); i++) {
		wait_for_completion(&adders[i].done);
		refused += adders[i].refused;
	}
	KUNIT_EXPECT_EQ(test, stall_map_nr(test->priv), NR_ROWS);
	for (i = 0; i < NR_ROWS; i++)
		KUNIT_EXPECT_NOT_NULL(test, find(test->priv, i));
	kunit_info(test, "%u adds came at a bad moment", refused);
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(row_is_found_again),
	KUNIT_CASE(all_rows_fit_and_no_more),
	KUNIT_CASE(concurrent_adders_make_one_row_a_key),
	{}
};

struct kunit_suite stall_map_suite = {
	.name = "stallmeter_map",
	.init = map_init,
	.exit = map_exit,
	.test_cases = map_cases,
};
