// SPDX-License-Identifier: GPL-2.0
/* tally_test - heavy hitters against exact counts */
#include <kunit/test.h>
#include <linux/slab.h>

#include "../module/tally.c"
#include "random.h"
#include "suites.h"

#define NR_KEYS		100000U
#define NR_SEEN		400000U

static int tally_init(struct kunit *test)
{
	test->priv = (__force void *)stall_tally_alloc();
	return test->priv ? 0 : -ENOMEM;
}

static void tally_exit(struct kunit *test)
{
	stall_tally_free((__force struct stall_tally __percpu *)test->priv);
}

static void add(struct kunit *test, u64 key, u64 weight)
{
	preempt_disable();
	stall_tally_add((__force struct stall_tally __percpu *)test->priv, key,
			weight);
	preempt_enable();
}

static void merge(struct kunit *test, struct stall_tally_top *top)
{
	KUNIT_ASSERT_EQ(test, stall_tally_merge((__force struct stall_tally
						 __percpu *)test->priv, top),
			0);
}

static void few_keys_are_exact(struct kunit *test)
{
	struct stall_tally_top top;
	u64 key;

	for (key = 1; key <= 8; key++)
		add(test, key, 10 * key);
	merge(test, &top);
	KUNIT_ASSERT_EQ(test, top.nr, 8U);
	for (key = 1; key <= 8; key++) {
		KUNIT_EXPECT_EQ(test, top.entries[8 - key].key, key);
		KUNIT_EXPECT_EQ(test, top.entries[8 - key].count, 10 * key);
		KUNIT_EXPECT_EQ(test, top.entries[8 - key].over, 0ULL);
	}
	KUNIT_EXPECT_EQ(test, top.total, 360ULL);
	KUNIT_EXPECT_STREQ(test, top.entries[0].who.comm, current->comm);
	kvfree(top.entries);
}

/*
 * Zipf with exponent 1: P(k) is proportional to 1 / k, so that the logarithm
 * of the rank is uniform: a random bit length, then uniform below it.
 */
static u32 zipf(u64 *state)
{
	unsigned int bits = test_random(state) % 17;
	u32 key = (1U << bits) + test_random(state) % (1U << bits);

	return key <= NR_KEYS ? key : 1 + test_random(state) % NR_KEYS;
}

static void top_ten_of_a_zipf_load_are_right(struct kunit *test)
{
	u32 *truth = kvcalloc(NR_KEYS + 1, sizeof(*truth), GFP_KERNEL);
	struct stall_tally_top top;
	u64 state = 2463534242ULL;
	unsigned int i, better, k;

	KUNIT_ASSERT_NOT_NULL(test, truth);
	for (i = 0; i < NR_SEEN; i++) {
		u32 key = zipf(&state);

		truth[key]++;
		add(test, key, 1);
		if (i % 1024 == 0)
			cond_resched();
	}
	merge(test, &top);
	KUNIT_ASSERT_GE(test, top.nr, 10U);
	KUNIT_EXPECT_EQ(test, top.total, (u64)NR_SEEN);
	for (i = 0; i < 10; i++) {
		const struct stall_tally_entry *entry = &top.entries[i];
		u64 exact = truth[entry->key];

		for (better = 0, k = 1; k <= NR_KEYS; k++)
			better += truth[k] > exact;
		KUNIT_EXPECT_LT_MSG(test, better, 10U, "place %u: key %llu", i,
				    entry->key);
		KUNIT_EXPECT_GE(test, entry->count, exact);
		KUNIT_EXPECT_LE(test, entry->count - entry->over, exact);
	}
	kvfree(top.entries);
	kvfree(truth);
}

/* An interrupt in the middle of an update must not touch the sketch. */
static void busy_sketch_counts_what_it_misses(struct kunit *test)
{
	struct stall_tally __percpu *tally =
		(__force struct stall_tally __percpu *)test->priv;
	struct stall_tally_top top;

	preempt_disable();
	this_cpu_inc(tally->busy);
	stall_tally_add(tally, 1, 1);
	this_cpu_dec(tally->busy);
	stall_tally_add(tally, 1, 1);
	preempt_enable();
	merge(test, &top);
	KUNIT_EXPECT_EQ(test, top.missed, 1ULL);
	KUNIT_EXPECT_EQ(test, top.total, 1ULL);
	kvfree(top.entries);
}

static struct kunit_case tally_cases[] = {
	KUNIT_CASE(few_keys_are_exact),
	KUNIT_CASE(top_ten_of_a_zipf_load_are_right),
	KUNIT_CASE(busy_sketch_counts_what_it_misses),
	{}
};

struct kunit_suite stall_tally_suite = {
	.name = "stallmeter_tally",
	.init = tally_init,
	.exit = tally_exit,
	.test_cases = tally_cases,
};
