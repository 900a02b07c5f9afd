// SPDX-License-Identifier: GPL-2.0
/* span_test - the time between two hooks */
#include <kunit/test.h>

#include "../module/span.c"
#include "suites.h"

#define BITS	6

/* Kinds of spans. */
enum { OUTER = 1, INNER };

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

static bool begin(struct kunit *test, u64 key, u32 kind, u64 start)
{
	return stall_span_begin(test->priv, key, kind, start, start + 1);
}

static struct stall_span end(struct kunit *test, u64 key, u32 kind)
{
	return stall_span_end(test->priv, key, kind);
}

static void expect_end(struct kunit *test, u64 key, u32 kind, u64 start)
{
	struct stall_span span = end(test, key, kind);

	KUNIT_EXPECT_EQ(test, span.ended, 1U);
	KUNIT_EXPECT_EQ(test, span.start, start);
}

static void expect_no_end(struct kunit *test, u64 key, u32 kind)
{
	KUNIT_EXPECT_EQ(test, end(test, key, kind).ended, 0U);
}

static void end_tells_what_begin_told(struct kunit *test)
{
	struct stall_span span;

	KUNIT_EXPECT_TRUE(test, begin(test, 42, OUTER, 1000));
	span = end(test, 42, OUTER);
	KUNIT_EXPECT_EQ(test, span.ended, 1U);
	KUNIT_EXPECT_EQ(test, span.start, 1000ULL);
	KUNIT_EXPECT_EQ(test, span.data, 1001ULL);
	KUNIT_EXPECT_EQ(test, span.outer, 0U);
}

static void span_ends_once(struct kunit *test)
{
	expect_no_end(test, 42, OUTER);
	KUNIT_EXPECT_TRUE(test, begin(test, 42, OUTER, 1000));
	expect_end(test, 42, OUTER, 1000);
	expect_no_end(test, 42, OUTER);
}

static void spans_of_a_key_nest(struct kunit *test)
{
	struct stall_span span;

	begin(test, 42, INNER, 1000);
	begin(test, 42, OUTER, 2000);
	begin(test, 42, INNER, 3000);
	KUNIT_EXPECT_EQ(test, stall_span_inside(test->priv, 42), (u32)INNER);

	span = end(test, 42, INNER);
	KUNIT_EXPECT_EQ(test, span.start, 3000ULL);
	KUNIT_EXPECT_EQ(test, span.outer, (u32)OUTER);
	span = end(test, 42, OUTER);
	KUNIT_EXPECT_EQ(test, span.start, 2000ULL);
	KUNIT_EXPECT_EQ(test, span.outer, (u32)INNER);
	expect_end(test, 42, INNER, 1000);
	KUNIT_EXPECT_EQ(test, stall_span_inside(test->priv, 42), 0U);
}

static void too_deep_is_refused(struct kunit *test)
{
	u64 i;

	for (i = 0; i < STALL_SPAN_DEPTH; i++)
		KUNIT_EXPECT_TRUE(test, begin(test, 42, OUTER, i));
	KUNIT_EXPECT_FALSE(test, begin(test, 42, OUTER, i));
	expect_no_end(test, 42, OUTER);
	while (i--)
		expect_end(test, 42, OUTER, i);
}

static void inner_span_without_end_is_lost(struct kunit *test)
{
	struct stall_span span;

	begin(test, 42, OUTER, 1000);
	begin(test, 42, INNER, 2000);
	span = end(test, 42, OUTER);
	KUNIT_EXPECT_EQ(test, span.ended, 2U);
	KUNIT_EXPECT_EQ(test, span.start, 1000ULL);
	expect_no_end(test, 42, INNER);
}

static void end_of_another_kind_changes_nothing(struct kunit *test)
{
	begin(test, 42, OUTER, 1000);
	expect_no_end(test, 42, INNER);
	expect_end(test, 42, OUTER, 1000);
}

/* A task that exits leaves nothing behind, and its address can come again. */
static void forgotten_key_has_no_spans(struct kunit *test)
{
	struct stall_span span;

	begin(test, 42, OUTER, 1000);
	begin(test, 42, INNER, 2000);
	KUNIT_EXPECT_EQ(test, stall_span_forget(test->priv, 42), 2U);
	KUNIT_EXPECT_EQ(test, stall_span_forget(test->priv, 42), 0U);
	expect_no_end(test, 42, INNER);
	begin(test, 42, OUTER, 3000);
	span = end(test, 42, OUTER);
	KUNIT_EXPECT_EQ(test, span.start, 3000ULL);
	KUNIT_EXPECT_EQ(test, span.outer, 0U);
}

/* More keys than places of their own: they stand further on, none is mixed up. */
static void keys_do_not_mix(struct kunit *test)
{
	u64 key;

	for (key = 1; key <= 16; key++)
		KUNIT_EXPECT_TRUE(test, begin(test, key, OUTER, key));
	for (key = 1; key <= 16; key++)
		expect_end(test, key, OUTER, key);
}

/* Whatever does not fit is refused, and what was taken is not harmed. */
static void full_table_refuses(struct kunit *test)
{
	u64 key, taken = 0, ended = 0;
	struct stall_span span;

	for (key = 1; key <= 1000; key++)
		taken += begin(test, key, OUTER, key);
	KUNIT_EXPECT_LE(test, taken, 1ULL << BITS);
	KUNIT_EXPECT_GT(test, taken, 1ULL << (BITS - 1));
	for (key = 1; key <= 1000; key++) {
		span = end(test, key, OUTER);
		if (!span.ended)
			continue;
		KUNIT_EXPECT_EQ(test, span.start, key);
		ended++;
	}
	KUNIT_EXPECT_EQ(test, ended, taken);
}

/* Two CPUs in one stack: the end finds nothing rather than a wrong time. */
static void torn_stack_is_no_span(struct kunit *test)
{
	begin(test, 42, OUTER, 1000);
	stall_span_home(test->priv, 42)->frames[0].start = 1;
	expect_no_end(test, 42, OUTER);
	KUNIT_EXPECT_EQ(test, stall_span_inside(test->priv, 42), 0U);
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(end_tells_what_begin_told),
	KUNIT_CASE(span_ends_once),
	KUNIT_CASE(spans_of_a_key_nest),
	KUNIT_CASE(too_deep_is_refused),
	KUNIT_CASE(inner_span_without_end_is_lost),
	KUNIT_CASE(end_of_another_kind_changes_nothing),
	KUNIT_CASE(forgotten_key_has_no_spans),
	KUNIT_CASE(keys_do_not_mix),
	KUNIT_CASE(full_table_refuses),
	KUNIT_CASE(torn_stack_is_no_span),
	{}
};

struct kunit_suite stall_span_suite = {
	.name = "stallmeter_span",
	.init = span_init,
	.exit = span_exit,
	.test_cases = span_cases,
};
