// SPDX-License-Identifier: GPL-2.0
/* tally_test - heavy hitters against exact counts */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "../module/tally.c"
#include "random.h"
#include "suites.h"

#define NR_KEYS		100000U
#define NR_SEEN		400000U

/* What is kept beside each entry: whom it is about, and how often he was new. */
struct seen {
	u64 key;
	u64 times_new;
};

static void seen_merge(void *into, const void *from)
{
	const struct seen *other = from;
	struct seen *seen = into;

	seen->times_new += other->times_new;
}

static int tally_init(struct kunit *test)
{
	struct stall_tally *tally = kunit_kzalloc(test, sizeof(*tally),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tally);
	test->priv = tally;
	return stall_tally_init(tally, sizeof(struct seen), seen_merge);
}

static void tally_exit(struct kunit *test)
{
	stall_tally_free(test->priv);
}

/* Preemption is off. */
static bool count(struct stall_tally *tally, u64 key, u64 weight)
{
	struct stall_tally_entry *entry = stall_tally_claim(tally, key);
	struct seen *seen;

	if (!entry)
		return false;
	seen = entry->row;
	if (stall_tally_is_new(entry)) {
		seen->key = key;
		seen->times_new++;
	}
	stall_tally_release(tally, entry, key, weight);
	return true;
}

static void add(struct kunit *test, u64 key, u64 weight)
{
	preempt_disable();
	count(test->priv, key, weight);
	preempt_enable();
}

static void merge(struct kunit *test, struct stall_tally_top *top)
{
	KUNIT_ASSERT_EQ(test, stall_tally_merge(test->priv, top), 0);
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
		KUNIT_EXPECT_EQ(test, top.hitters[8 - key].key, key);
		KUNIT_EXPECT_EQ(test, top.hitters[8 - key].count, 10 * key);
		KUNIT_EXPECT_EQ(test, top.hitters[8 - key].over, 0ULL);
	}
	KUNIT_EXPECT_EQ(test, top.total, 360ULL);
	stall_tally_top_free(&top);
}

static void found_only_if_it_is_there(struct kunit *test)
{
	struct stall_tally_entry *entry;

	add(test, 42, 5);
	preempt_disable();
	KUNIT_EXPECT_NULL(test, stall_tally_find(test->priv, 43));
	entry = stall_tally_find(test->priv, 42);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, entry->count, 5ULL);
	preempt_disable();
	stall_tally_release(test->priv, entry, 42, 0);
	preempt_enable();
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

struct zipf_load {
	struct stall_tally *tally;
	u32 *truth;
	u64 state;
};

/* A batch on the CPU where it is called, as makers do. */
static void zipf_batch(void *data)
{
	struct zipf_load *load = data;
	unsigned int i;
	u32 key;

	for (i = 0; i < 512; i++) {
		key = zipf(&load->state);
		load->truth[key]++;
		count(load->tally, key, 1);
	}
}

/* A hitter among the ten most frequent, with bounds that hold, and his own row. */
static void expect_right(struct kunit *test, const u32 *truth,
			 const struct stall_tally_hitter *hitter)
{
	const struct seen *seen = hitter->row;
	u64 exact = truth[hitter->key];
	unsigned int better = 0, k;

	for (k = 1; k <= NR_KEYS; k++)
		better += truth[k] > exact;
	KUNIT_EXPECT_LT_MSG(test, better, 10U, "key %llu", hitter->key);
	KUNIT_EXPECT_GE(test, hitter->count, exact);
	KUNIT_EXPECT_LE(test, hitter->count - hitter->over, exact);
	KUNIT_EXPECT_EQ(test, seen->key, hitter->key);
}

/* On all CPUs in turn, so that each makes a sketch of a part. */
static void top_ten_of_a_zipf_load_are_right(struct kunit *test)
{
	struct zipf_load load = {
		.tally = test->priv,
		.truth = kvcalloc(NR_KEYS + 1, sizeof(u32), GFP_KERNEL),
		.state = 2463534242ULL,
	};
	struct stall_tally_top top;
	unsigned int i;
	int cpu = -1;

	KUNIT_ASSERT_NOT_NULL(test, load.truth);
	for (i = 0; i < NR_SEEN / 512; i++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		smp_call_function_single(cpu, zipf_batch, &load, 1);
		cond_resched();
	}
	merge(test, &top);
	KUNIT_ASSERT_GE(test, top.nr, 10U);
	KUNIT_EXPECT_EQ(test, top.total, (u64)NR_SEEN / 512 * 512);
	for (i = 0; i < 10; i++)
		expect_right(test, load.truth, &top.hitters[i]);
	stall_tally_top_free(&top);
	kvfree(load.truth);
}

/* Whoever takes over an entry gets an empty row, and what it counted so far. */
static void taken_over_entry_keeps_its_count_as_a_bound(struct kunit *test)
{
	struct stall_tally_top top;
	const struct seen *seen;
	unsigned int i;
	u64 key;

	for (key = 1; key <= 100000; key++)
		add(test, key, 1);
	merge(test, &top);
	KUNIT_EXPECT_EQ(test, top.nr, (unsigned int)STALL_TALLY_ENTRIES);
	for (i = 0; i < top.nr; i++) {
		seen = top.hitters[i].row;
		KUNIT_EXPECT_EQ(test, seen->key, top.hitters[i].key);
		KUNIT_EXPECT_EQ(test, seen->times_new, 1ULL);
		KUNIT_EXPECT_GE(test, top.hitters[i].over + 1,
				top.hitters[i].count);
	}
	stall_tally_top_free(&top);
}

/* An interrupt in the middle of an update must not touch the sketch. */
static void busy_sketch_turns_away(struct kunit *test)
{
	struct stall_tally *tally = test->priv;
	struct stall_tally_top top;

	preempt_disable();
	this_cpu_inc(tally->sketches->busy);
	KUNIT_EXPECT_FALSE(test, count(tally, 1, 1));
	this_cpu_dec(tally->sketches->busy);
	KUNIT_EXPECT_TRUE(test, count(tally, 1, 1));
	preempt_enable();
	merge(test, &top);
	KUNIT_EXPECT_EQ(test, top.total, 1ULL);
	stall_tally_top_free(&top);
}

static struct kunit_case tally_cases[] = {
	KUNIT_CASE(few_keys_are_exact),
	KUNIT_CASE(found_only_if_it_is_there),
	KUNIT_CASE(top_ten_of_a_zipf_load_are_right),
	KUNIT_CASE(taken_over_entry_keeps_its_count_as_a_bound),
	KUNIT_CASE(busy_sketch_turns_away),
	{}
};

struct kunit_suite stall_tally_suite = {
	.name = "stallmeter_tally",
	.init = tally_init,
	.exit = tally_exit,
	.test_cases = tally_cases,
};
