// SPDX-License-Identifier: GPL-2.0
/* bfd_path_test - by which calls most samples of a task came where they were */
#include <kunit/test.h>

#include "../module/collectors/bfd_path.c"
#include "suites.h"

#define ROOM	8U

static void add(struct bfd_path *path, unsigned int times, unsigned long a,
		unsigned long b, unsigned long c)
{
	const unsigned long stack[] = { c, b, a };

	while (times--)
		bfd_path_add(path, c ? stack : stack + 1, c ? 3 : 2);
}

static void path_ends_where_samples_part(struct kunit *test)
{
	struct bfd_path path = {};
	unsigned long stack[ROOM], i;

	for (i = 0; i < 100; i++)
		add(&path, 1, 1, 2, 100 + i);
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 100, stack, ROOM), 2U);
	KUNIT_EXPECT_EQ(test, stack[0], 2UL);
	KUNIT_EXPECT_EQ(test, stack[1], 1UL);
}

static void others_before_and_after_do_not_matter(struct kunit *test)
{
	struct bfd_path path = {};
	unsigned long stack[ROOM];

	add(&path, 10, 1, 7, 8);
	add(&path, 100, 1, 2, 3);
	add(&path, 50, 9, 8, 0);
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 160, stack, ROOM), 3U);
	KUNIT_EXPECT_EQ(test, stack[0], 3UL);
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 160, stack, 1), 1U);
	KUNIT_EXPECT_EQ(test, stack[0], 3UL);
}

static void without_majority_there_is_none(struct kunit *test)
{
	struct bfd_path path = {};
	unsigned long stack[ROOM], i;

	for (i = 0; i < 90; i++)
		add(&path, 1, 1 + i % 3, 2, 3);
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 90, stack, ROOM), 0U);
	memset(&path, 0, sizeof(path));
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 0, stack, ROOM), 0U);
}

static void shorter_samples_end_the_path(struct kunit *test)
{
	struct bfd_path path = {};
	unsigned long stack[ROOM];

	add(&path, 40, 1, 2, 3);
	add(&path, 60, 1, 2, 0);
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 100, stack, ROOM), 2U);
}

static void deep_and_many_samples_fit(struct kunit *test)
{
	unsigned long deep[BFD_PATH_DEPTH * 2], stack[ROOM], i;
	struct bfd_path path = {};

	for (i = 0; i < ARRAY_SIZE(deep); i++)
		deep[i] = 1000 + i;
	for (i = 0; i < 70000; i++)
		bfd_path_add(&path, deep, ARRAY_SIZE(deep));
	KUNIT_EXPECT_EQ(test, bfd_path_common(&path, 70000, stack, ROOM), ROOM);
	KUNIT_EXPECT_EQ(test, stack[0], deep[BFD_PATH_DEPTH]);
}

static struct kunit_case path_cases[] = {
	KUNIT_CASE(path_ends_where_samples_part),
	KUNIT_CASE(others_before_and_after_do_not_matter),
	KUNIT_CASE(without_majority_there_is_none),
	KUNIT_CASE(shorter_samples_end_the_path),
	KUNIT_CASE(deep_and_many_samples_fit),
	{}
};

struct kunit_suite stall_bfd_path_suite = {
	.name = "stallmeter_bfd_path",
	.test_cases = path_cases,
};
