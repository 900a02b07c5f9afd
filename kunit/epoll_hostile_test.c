// SPDX-License-Identifier: GPL-2.0
/* epoll_hostile_test - lists that lead nowhere, round, or too far: looks end */
#include <kunit/test.h>
#include <linux/vmalloc.h>

#include "epoll_fake.h"
#include "suites.h"

#define NR_ITEMS	(2 * EPOLL_ITEMS)
#define NR_SLEEPERS	(EPOLL_WAITERS + 10)

/**
 * struct fake - an instance with many items and sleepers
 * @epoll: a collector that holds nothing else
 * @key: of the instance
 * @instance: what the handlers noted of it
 * @suspect: what the last check found at it
 * @at: the instance, what sleeps in all entries, and none of these
 * @sleepers: entries of its queue, the latest first
 * @items: of its tree, in order of descriptor
 */
struct fake {
	struct epoll_state epoll;
	const struct epoll_head *key;
	struct epoll_instance instance;
	struct epoll_suspect suspect;
	struct fake_instance at;
	wait_queue_entry_t sleepers[NR_SLEEPERS];
	struct epoll_item items[NR_ITEMS];
};

static unsigned long nowhere[] = { 8, 0xdead000000000100, -1UL, -4096UL, 0 };

static int hostile_init(struct kunit *test)
{
	struct fake *fake = kvzalloc(sizeof(*fake), GFP_KERNEL);
	void *area = vmalloc(PAGE_SIZE);

	test->priv = fake;
	nowhere[ARRAY_SIZE(nowhere) - 1] = (unsigned long)area + PAGE_SIZE;
	vfree(area);
	return fake && area ? 0 : -ENOMEM;
}

static void hostile_exit(struct kunit *test)
{
	kvfree(test->priv);
}

static void fake_sleepers(struct fake *fake, unsigned int nr)
{
	unsigned int i;

	INIT_LIST_HEAD(&fake->at.ep.wq.head);
	fake_task(&fake->at, SLEEPER_PID, 2000);
	for (i = 0; i < nr; i++)
		fake_sleeper(&fake->at, &fake->sleepers[i]);
}

static void fake_items(struct fake *fake)
{
	unsigned int i;

	for (i = 0; i < NR_ITEMS; i++) {
		fake->items[i].ep = &fake->at.ep;
		fake->items[i].fd = i;
		fake->items[i].file = (void *)nowhere[0];
		fake->items[i].event.events = EPOLLIN;
	}
}

static struct fake *fake_make(struct kunit *test, unsigned int nr_sleepers)
{
	struct fake *fake = test->priv;

	memset(fake, 0, sizeof(*fake));
	fake->epoll.keys = &fake->key;
	fake->epoll.instances = &fake->instance;
	fake->epoll.suspects = &fake->suspect;
	fake->key = &fake->at.ep;
	fake_layout(&fake->epoll);
	fake_instance_make(&fake->at);
	fake->at.rbr = RB_ROOT_CACHED;
	fake_sleepers(fake, nr_sleepers);
	fake_items(fake);
	return fake;
}

static struct rb_node *tree(struct fake *fake, unsigned int from,
			    unsigned int nr)
{
	unsigned int left = nr / 2;
	struct rb_node *node;

	if (!nr)
		return NULL;
	node = &fake->items[from + left].rbn;
	node->rb_left = tree(fake, from, left);
	node->rb_right = tree(fake, from + left + 1, nr - left - 1);
	return node;
}

static enum epoll_kind find(struct fake *fake, struct epoll_finding *finding)
{
	fake->epoll.budget = EPOLL_BUDGET;
	epoll_find(&fake->epoll, 0, finding);
	return finding->evidence.kind;
}

/* The callback was called for an item, and it is not listed. */
static enum epoll_kind find_called(struct fake *fake,
				   const struct epoll_item *item)
{
	struct epoll_finding finding;

	fake->instance.ready_at = ms_ago(500);
	fake->instance.item = item;
	return find(fake, &finding);
}

static bool count(const struct epoll_item *where,
		  const struct epoll_item *item, void *data)
{
	unsigned int *nr = data;

	++*nr;
	return true;
}

/* Visits @nr items, and these are all, if it is @complete. */
static void expect_walk(struct kunit *test, unsigned int nr, bool complete,
			unsigned long what)
{
	struct fake *fake = test->priv;
	unsigned int visits = 0, told;
	bool all;

	rcu_read_lock();
	all = epoll_items_walk(&fake->at.ep, &fake->epoll.tail, count, &visits,
			       &told);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ_MSG(test, told, nr, "%lx", what);
	KUNIT_EXPECT_EQ_MSG(test, visits, nr, "%lx", what);
	KUNIT_EXPECT_EQ_MSG(test, all, complete, "%lx", what);
}

static bool sleeps(struct fake *fake, s32 pid)
{
	unsigned int nr;
	bool sleeps;

	rcu_read_lock();
	sleeps = epoll_waiter_sleeps(&fake->epoll, &fake->at.ep, pid, &nr);
	rcu_read_unlock();
	return sleeps;
}

static void ready_list_into_nowhere_is_well(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->at.ep.rdllist.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "%lx", nowhere[i]);
		KUNIT_EXPECT_FALSE_MSG(test, finding.clean, "%lx", nowhere[i]);
	}
	fake->items[0].ep = NULL;	/* another's */
	fake->at.ep.rdllist.next = &fake->items[0].rdllink;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_WELL);
}

static void called_item_in_nowhere_is_well(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->at.rbr.rb_root.rb_node = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find_called(fake, &fake->items[0]),
				    EPOLL_WELL, "root %lx", nowhere[i]);
		KUNIT_EXPECT_EQ_MSG(test, find_called(fake, (void *)nowhere[i]),
				    EPOLL_WELL, "item and root %lx",
				    nowhere[i]);
		expect_walk(test, 0, false, nowhere[i]);
	}
}

static void sleepers_in_nowhere_are_none(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	fake->at.ep.rdllist.next = &fake->items[0].rdllink;
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake_sleepers(fake, 1);
		KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_K1);
		fake->sleepers[0].private = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "task %lx", nowhere[i]);
		KUNIT_EXPECT_FALSE_MSG(test, sleeps(fake, SLEEPER_PID),
				       "task %lx", nowhere[i]);
		fake_sleepers(fake, 1);
		/* Who comes before is there nevertheless. */
		fake->sleepers[0].entry.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_K1,
				    "next entry %lx", nowhere[i]);
		fake->at.ep.wq.head.prev = (void *)nowhere[i];
		fake->at.ep.wq.head.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "first entry %lx", nowhere[i]);
		KUNIT_EXPECT_FALSE_MSG(test, sleeps(fake, SLEEPER_PID),
				       "first entry %lx", nowhere[i]);
	}
	fake_sleepers(fake, 1);
	fake->sleepers[0].func = (wait_queue_func_t)(WAKE + 1);
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_WELL);
}

static void instance_in_nowhere_is_well(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->key = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "%lx", nowhere[i]);
	}
	fake->key = EPOLL_TAKEN;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_WELL);
}

static void queue_that_goes_round_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 2);
	struct epoll_finding finding;

	fake->sleepers[1].entry.next = &fake->sleepers[0].entry;
	fake->at.ep.rdllist.next = &fake->items[0].rdllink;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_K1);
	KUNIT_EXPECT_EQ(test, finding.nr_waiters, (unsigned int)EPOLL_WAITERS);
	KUNIT_EXPECT_TRUE(test, sleeps(fake, SLEEPER_PID));
	KUNIT_EXPECT_FALSE(test, sleeps(fake, SLEEPER_PID + 1));
}

static void long_queue_is_counted_to_the_bound(struct kunit *test)
{
	static const unsigned int sizes[] = {
		1, 2, EPOLL_WAITERS - 1, EPOLL_WAITERS, EPOLL_WAITERS + 1,
		NR_SLEEPERS,
	};
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fake *fake = fake_make(test, sizes[i]);

		fake->at.ep.rdllist.next = &fake->items[0].rdllink;
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_K1,
				    "%u sleep", sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, finding.nr_waiters,
				    min_t(u32, sizes[i], EPOLL_WAITERS),
				    "%u sleep", sizes[i]);
	}
}

static void each_item_is_visited_once_up_to_the_bound(struct kunit *test)
{
	static const unsigned int sizes[] = {
		0, 1, 2, 3, 100, EPOLL_ITEMS - 1, EPOLL_ITEMS, EPOLL_ITEMS + 1,
		NR_ITEMS,
	};
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fake->at.rbr.rb_root.rb_node = tree(fake, 0, sizes[i]);
		expect_walk(test, min_t(u32, sizes[i], EPOLL_ITEMS),
			    sizes[i] <= EPOLL_ITEMS, sizes[i]);
		find(fake, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean,
				    sizes[i] <= EPOLL_ITEMS, "%u items",
				    sizes[i]);
	}
}

static void each_item_of_a_tree_is_found_again(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->at.rbr.rb_root.rb_node = tree(fake, 0, NR_ITEMS - 1);
	for (i = 0; i < NR_ITEMS; i++) {
		/* Files first, then descriptors. */
		fake->items[i].file = (void *)(8 + i / 100 * 8UL);
		fake->items[i].fd = i % 100;
	}
	for (i = 0; i < NR_ITEMS; i++)
		KUNIT_EXPECT_EQ_MSG(test, find_called(fake, &fake->items[i]),
				    i < NR_ITEMS - 1 ? EPOLL_K2 : EPOLL_WELL,
				    "item %u", i);
}

static void tree_that_goes_round_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->at.rbr.rb_root.rb_node = tree(fake, 0, 100);
	for (i = 0; i < 100; i++) {
		fake->items[i].rbn.rb_left = NULL;
		fake->items[i].rbn.rb_right = &fake->items[50].rbn;
	}
	expect_walk(test, EPOLL_ITEMS, false, 1);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[7]), EPOLL_WELL);
	/* Each has two to be visited yet, until there is no room for more. */
	for (i = 0; i < 100; i++)
		fake->items[i].rbn.rb_left = &fake->items[50].rbn;
	expect_walk(test, 63, false, 2);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[7]), EPOLL_WELL);
}

static void tree_too_deep_for_a_tree_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->at.rbr.rb_root.rb_node = &fake->items[0].rbn;
	for (i = 0; i < NR_ITEMS - 1; i++)
		fake->items[i].rbn.rb_right = &fake->items[i + 1].rbn;
	expect_walk(test, EPOLL_ITEMS, false, 0);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[32]), EPOLL_K2);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[NR_ITEMS - 1]),
			EPOLL_WELL);
}

/* Whoever thinks that nothing is unread there takes a rest for new data. */
static void look_that_missed_items_is_not_clean(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->at.rbr.rb_root.rb_node = tree(fake, 0, 3);
		fake->items[1].rbn.rb_left = (void *)nowhere[i];
		expect_walk(test, 2, false, nowhere[i]);
		find(fake, &finding);
		KUNIT_EXPECT_FALSE_MSG(test, finding.clean, "%lx", nowhere[i]);
	}
}

static void look_at_items_has_a_budget(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	fake->at.rbr.rb_root.rb_node = tree(fake, 0, 100);
	find(fake, &finding);
	KUNIT_EXPECT_EQ(test, fake->epoll.budget, EPOLL_BUDGET - 100U);
	fake->epoll.budget = 250;
	for (i = 0; i < 5; i++) {
		epoll_find(&fake->epoll, 0, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.skipped, i > 2, "look %u", i);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean, i <= 2, "look %u", i);
	}
	fake->at.ep.rdllist.next = &fake->items[0].rdllink;
	epoll_find(&fake->epoll, 0, &finding);
	KUNIT_EXPECT_EQ(test, finding.evidence.kind, EPOLL_K1);
}

static struct kunit_case hostile_cases[] = {
	KUNIT_CASE(ready_list_into_nowhere_is_well),
	KUNIT_CASE(called_item_in_nowhere_is_well),
	KUNIT_CASE(sleepers_in_nowhere_are_none),
	KUNIT_CASE(instance_in_nowhere_is_well),
	KUNIT_CASE(queue_that_goes_round_ends),
	KUNIT_CASE(long_queue_is_counted_to_the_bound),
	KUNIT_CASE(each_item_is_visited_once_up_to_the_bound),
	KUNIT_CASE(each_item_of_a_tree_is_found_again),
	KUNIT_CASE(tree_that_goes_round_ends),
	KUNIT_CASE(tree_too_deep_for_a_tree_ends),
	KUNIT_CASE(look_that_missed_items_is_not_clean),
	KUNIT_CASE(look_at_items_has_a_budget),
	{}
};

struct kunit_suite stall_epoll_hostile_suite = {
	.name = "stallmeter_epoll_hostile",
	.init = hostile_init,
	.exit = hostile_exit,
	.test_cases = hostile_cases,
};
