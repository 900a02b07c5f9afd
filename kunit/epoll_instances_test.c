// SPDX-License-Identifier: GPL-2.0
/* epoll_instances_test - who is held, and that all others are counted */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>

#include "../module/collectors/epoll_instances.c"
#include "epoll_fake.h"
#include "random.h"
#include "suites.h"

#define NR_ADDRESSES	20000U
#define NR_TURNS	20000U
#define NR_MOVING	6000U

/**
 * struct fake - a collector that holds instances, and their addresses
 * @run: the collector
 * @epoll: its own
 * @addresses: all differ; nothing is there
 * @alive: which of them are
 */
struct fake {
	struct stall_run run;
	struct epoll_state epoll;
	const struct epoll_head *addresses[NR_ADDRESSES];
	bool alive[NR_ADDRESSES];
};

static int instances_init(struct kunit *test)
{
	struct fake *fake = kvzalloc(sizeof(*fake), GFP_KERNEL);
	u64 state = 2463534242;
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	for (i = 0; i < NR_ADDRESSES; i++)
		fake->addresses[i] = (void *)(PAGE_OFFSET | (i + 1) << 6 |
					      test_random(&state) % 9999 << 22);
	return fake_run_make(&fake->run, &fake->epoll);
}

static void instances_exit(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_run_free(&fake->run);
	kvfree(fake);
}

static void add(struct fake *fake, unsigned int i)
{
	fake_add(&fake->run, fake->addresses[i]);
	fake->alive[i] = true;
}

static void remove(struct fake *fake, unsigned int i)
{
	fake_remove(&fake->run, fake->addresses[i]);
	fake->alive[i] = false;
}

static struct epoll_instance *find(struct fake *fake, unsigned int i)
{
	return fake_find(&fake->epoll, fake->addresses[i]);
}

static s64 held(struct fake *fake)
{
	return stall_run_counter(&fake->run, EPOLL_HELD);
}

static s64 not_held(struct fake *fake)
{
	return stall_run_counter(&fake->run, EPOLL_NOT_HELD);
}

static s64 places_taken(const struct fake *fake)
{
	s64 nr = 0;
	u32 i;

	for (i = 0; i < EPOLL_INSTANCES; i++)
		nr += !!fake->epoll.keys[i];
	return nr;
}

/* Of the first addresses, the living are held or counted, the dead are gone. */
static void expect_right(struct kunit *test, unsigned int nr, const char *when)
{
	struct fake *fake = test->priv;
	s64 alive = 0, found = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct epoll_instance *instance = find(fake, i);

		alive += fake->alive[i];
		if (!instance)
			continue;
		found++;
		KUNIT_ASSERT_TRUE_MSG(test, fake->alive[i], "%s: dead %u", when,
				      i);
		KUNIT_ASSERT_PTR_EQ_MSG(test,
					fake->epoll.keys[instance -
							 fake->epoll.instances],
					fake->addresses[i], "%s: %u", when, i);
	}
	KUNIT_ASSERT_EQ_MSG(test, held(fake), found, "%s", when);
	KUNIT_ASSERT_EQ_MSG(test, places_taken(fake), found, "%s", when);
	KUNIT_ASSERT_EQ_MSG(test, held(fake) + not_held(fake), alive, "%s",
			    when);
}

static void more_than_fit_are_held_or_counted(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < NR_ADDRESSES; i++) {
		add(fake, i);
		KUNIT_ASSERT_LE_MSG(test, held(fake), (s64)EPOLL_INSTANCES,
				    "%u", i);
	}
	expect_right(test, NR_ADDRESSES, "all added");
	/* 39 for each set: none of them is left with a free place. */
	KUNIT_EXPECT_EQ(test, held(fake), (s64)EPOLL_INSTANCES);
	for (i = 0; i < NR_ADDRESSES; i++)
		remove(fake, i);
	expect_right(test, NR_ADDRESSES, "all removed");
	KUNIT_EXPECT_EQ(test, held(fake), 0LL);
	KUNIT_EXPECT_EQ(test, not_held(fake), 0LL);
}

static void half_as_many_as_places_are_nearly_all_held(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < EPOLL_INSTANCES / 2; i++)
		add(fake, i);
	expect_right(test, EPOLL_INSTANCES / 2, "half");
	KUNIT_EXPECT_LT(test, not_held(fake), EPOLL_INSTANCES / 40LL);
}

static void held_and_not_held_are_the_living_at_any_time(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 state = 88675123;
	unsigned int turn;
	char when[32];

	for (turn = 0; turn < NR_TURNS; turn++) {
		unsigned int i = test_random(&state) % NR_MOVING;

		if (fake->alive[i])
			remove(fake, i);
		else
			add(fake, i);
		if (turn % 1000)
			continue;
		scnprintf(when, sizeof(when), "turn %u", turn);
		expect_right(test, NR_MOVING, when);
	}
}

static void held_instance_seen_twice_counts_once(struct kunit *test)
{
	struct fake *fake = test->priv;
	const struct epoll_instance *first;

	add(fake, 0);
	first = find(fake, 0);
	add(fake, 0);
	KUNIT_EXPECT_PTR_EQ(test, find(fake, 0), first);
	expect_right(test, 1, "twice");
	remove(fake, 0);
	expect_right(test, 1, "removed");
}

/* Processes share descriptors: the scan comes to an instance from each. */
static void not_held_instance_seen_twice_counts_once(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct scan scan = { .run = &fake->run };
	unsigned int i, nr = 0, turn;

	while (!not_held(fake))
		add(fake, nr++);
	remove(fake, nr - 1);
	expect_right(test, nr, "full");
	xa_init(&scan.refused);
	for (turn = 0; turn < 3; turn++) {
		for (i = 0; i < nr; i++) {
			preempt_disable();
			scan_instance(&scan, fake->addresses[i]);
			preempt_enable();
			fake->alive[i] = true;
		}
		expect_right(test, nr, "scanned");
		KUNIT_EXPECT_NULL(test, find(fake, nr - 1));
	}
	xa_destroy(&scan.refused);
}

/* Whoever adds it knows whether it is seen for the first time. */
static void instance_not_held_is_the_callers_to_count(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i = 0;
	bool held;

	while (!not_held(fake))
		add(fake, i++);
	preempt_disable();
	held = epoll_instance_add(&fake->run, fake->addresses[0]);
	KUNIT_EXPECT_TRUE(test, held);
	held = epoll_instance_add(&fake->run, fake->addresses[i - 1]);
	KUNIT_EXPECT_FALSE(test, held);
	preempt_enable();
	expect_right(test, i, "both again");
}

static void end_of_one_that_was_never_seen_is_no_news(struct kunit *test)
{
	struct fake *fake = test->priv;

	add(fake, 0);
	remove(fake, 1);
	expect_right(test, 2, "another ended");
	remove(fake, 0);
	remove(fake, 0);
	expect_right(test, 2, "ended twice");
}

static void place_is_clean_for_the_next(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_instance *instance;
	unsigned int i = 0;

	add(fake, 0);
	instance = find(fake, 0);
	memset(instance, 0x5a, sizeof(*instance));
	remove(fake, 0);
	do {
		add(fake, ++i);
	} while (find(fake, i) != instance);
	KUNIT_EXPECT_NULL(test, memchr_inv(instance, 0, sizeof(*instance)));
}

/**
 * struct adder - makes and ends instances of its own
 * @fake: where
 * @first: of its addresses
 * @done: no more
 */
struct adder {
	struct fake *fake;
	unsigned int first;
	struct completion done;
};

static int adder_thread(void *data)
{
	struct adder *adder = data;
	unsigned int i, turn;

	for (turn = 0; turn < 3; turn++) {
		for (i = 0; i < NR_ADDRESSES / 4; i++)
			add(adder->fake, adder->first + i);
		cond_resched();
		for (i = turn == 2; i < NR_ADDRESSES / 4; i++)
			remove(adder->fake, adder->first + i);
		cond_resched();
	}
	complete(&adder->done);
	return 0;
}

/* Each leaves one alive. */
static void concurrent_adders_get_places_of_their_own(struct kunit *test)
{
	struct adder adders[4] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(adders); i++) {
		struct task_struct *task;

		adders[i].fake = test->priv;
		adders[i].first = i * (NR_ADDRESSES / 4);
		init_completion(&adders[i].done);
		task = kthread_run(adder_thread, &adders[i], "epoll/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	}
	for (i = 0; i < ARRAY_SIZE(adders); i++)
		wait_for_completion(&adders[i].done);
	expect_right(test, NR_ADDRESSES, "all ended");
}

static struct kunit_case instances_cases[] = {
	KUNIT_CASE(more_than_fit_are_held_or_counted),
	KUNIT_CASE(half_as_many_as_places_are_nearly_all_held),
	KUNIT_CASE(held_and_not_held_are_the_living_at_any_time),
	KUNIT_CASE(held_instance_seen_twice_counts_once),
	KUNIT_CASE(not_held_instance_seen_twice_counts_once),
	KUNIT_CASE(instance_not_held_is_the_callers_to_count),
	KUNIT_CASE(end_of_one_that_was_never_seen_is_no_news),
	KUNIT_CASE(place_is_clean_for_the_next),
	KUNIT_CASE(concurrent_adders_get_places_of_their_own),
	{}
};

struct kunit_suite stall_epoll_instances_suite = {
	.name = "stallmeter_epoll_instances",
	.init = instances_init,
	.exit = instances_exit,
	.test_cases = instances_cases,
};
