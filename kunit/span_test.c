// SPDX-License-Identifier: GPL-2.0
/* span_test - the time between two hooks */
#include <kunit/test.h>

#include "../module/span.c"
#include "suites.h"

#define BITS	6

static int span_init(struct kunit *test)
{
	struct stall_spans *spans = kunit_kzalloc(test, sizeof(*spans),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, spans);
	KUNIT_ASSERT_EQ(test, stall_spans_init(spans, BITS), 0);
	test->priv = spans;
	return 0;
}

static void span_exit(struct kunit *test)
{
	stall_spans_free(test->priv);
}

static void end_tells_the_time_since_begin(struct kunit *test)
{
	u64 lasted = 0;

	KUNIT_EXPECT_TRUE(test, stall_span_begin(test->priv, 42, 1000));
	KUNIT_EXPECT_TRUE(test, stall_span_end(test->priv, 42, 1700, &lasted));
	KUNIT_EXPECT_EQ(test, lasted, 700ULL);
}

static void span_ends_once(struct kunit *test)
{
	u64 lasted;

	KUNIT_EXPECT_FALSE(test, stall_span_end(test->priv, 42, 1, &lasted));
	KUNIT_EXPECT_TRUE(test, stall_span_begin(test->priv, 42, 1000));
	KUNIT_EXPECT_TRUE(test, stall_span_end(test->priv, 42, 1700, &lasted));
	KUNIT_EXPECT_FALSE(test, stall_span_end(test->priv, 42, 1800, &lasted));
}

static void second_begin_starts_anew(struct kunit *test)
{
	u64 lasted = 0;

	KUNIT_EXPECT_TRUE(test, stall_span_begin(test->priv, 42, 1000));
	KUNIT_EXPECT_TRUE(test, stall_span_begin(test->priv, 42, 1500));
	KUNIT_EXPECT_TRUE(test, stall_span_end(test->priv, 42, 1700, &lasted));
	KUNIT_EXPECT_EQ(test, lasted, 200ULL);
	KUNIT_EXPECT_FALSE(test, stall_span_end(test->priv, 42, 1800, &lasted));
}

static void keys_do_not_mix(struct kunit *test)
{
	u64 key, lasted;

	for (key = 1; key <= 16; key++)
		KUNIT_EXPECT_TRUE(test, stall_span_begin(test->priv, key, key));
	for (key = 1; key <= 16; key++) {
		KUNIT_EXPECT_TRUE(test, stall_span_end(test->priv, key, 100,
						       &lasted));
		KUNIT_EXPECT_EQ(test, lasted, 100 - key);
	}
}

/* Whatever does not fit is refused, and what was taken is not harmed. */
static void full_table_refuses(struct kunit *test)
{
	u64 key, lasted, taken = 0, ended = 0;

	for (key = 1; key <= 1000; key++)
		taken += stall_span_begin(test->priv, key, key);
	KUNIT_EXPECT_LE(test, taken, 1ULL << BITS);
	KUNIT_EXPECT_GT(test, taken, 1ULL << (BITS - 1));
	for (key = 1; key <= 1000; key++) {
		if (!stall_span_end(test->priv, key, 2000, &lasted))
			continue;
		KUNIT_EXPECT_EQ(test, lasted, 2000 - key);
		ended++;
	}
	KUNIT_EXPECT_EQ(test, ended, taken);
}

static void clock_that_steps_back_gives_zero(struct kunit *test)
{
	u64 lasted = 1;

	stall_span_begin(test->priv, 42, 1000);
	KUNIT_EXPECT_TRUE(test, stall_span_end(test->priv, 42, 999, &lasted));
	KUNIT_EXPECT_EQ(test, lasted, 0ULL);
}

/* Two CPUs in one slot: the end finds nothing rather than a wrong time. */
static void torn_slot_is_no_span(struct kunit *test)
{
	u64 lasted;

	stall_span_begin(test->priv, 42, 1000);
	span_slot(test->priv, 42, 0)->start = 1;
	KUNIT_EXPECT_FALSE(test, stall_span_end(test->priv, 42, 2000, &lasted));
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(end_tells_the_time_since_begin),
	KUNIT_CASE(span_ends_once),
	KUNIT_CASE(second_begin_starts_anew),
	KUNIT_CASE(keys_do_not_mix),
	KUNIT_CASE(full_table_refuses),
	KUNIT_CASE(clock_that_steps_back_gives_zero),
	KUNIT_CASE(torn_slot_is_no_span),
	{}
};

struct kunit_suite stall_span_suite = {
	.name = "stallmeter_span",
	.init = span_init,
	.exit = span_exit,
	.test_cases = span_cases,
};
