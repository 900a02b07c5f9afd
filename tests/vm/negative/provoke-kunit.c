// SPDX-License-Identifier: GPL-2.0
/*
 * provoke-kunit - a suite with one case that passes and one that fails
 */
#include <kunit/test.h>

static void good(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 1);
}

static void bad(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(good),
	KUNIT_CASE(bad),
	{}
};

static struct kunit_suite suite = {
	.name = "provoke",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("A failing KUnit case");
MODULE_LICENSE("GPL");
