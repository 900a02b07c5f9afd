// SPDX-License-Identifier: GPL-2.0
/* epoll_hostile_test - lists that lead nowhere, round, or too far: looks end */
#include <kunit/test.h>
#include <linux/sched/clock.h>
#include <linux/vmalloc.h>

#include "../module/collectors/epoll.h"
#include "suites.h"

#define MS		((u64)NSEC_PER_MSEC)
#define SLEEPER_PID	(PID_MAX_LIMIT + 7)
#define WAKE		0x2222
#define NR_ITEMS	(2 * EPOLL_ITEMS)
#define NR_SLEEPERS	(3 * EPOLL_WAITERS)

/**
 * struct fake - an instance with many items and sleepers
 * @epoll: a collector that holds nothing else
 * @key: of the instance
 * @instance: what the handlers noted of it
 * @ep: the instance
 * @rbr: its tree
 * @ovflist: its list of a harvest
 * @sleepers: entries of its queue, the latest first
 * @task: what sleeps in all of them
 * @items: of its tree, in order of descriptor
 */
struct fake {
	struct epoll_state epoll;
	const struct epoll_head *key;
	struct epoll_instance instance;
	struct epoll_head ep;
	struct rb_root_cached rbr;
	void *ovflist;
	wait_queue_entry_t sleepers[NR_SLEEPERS];
	struct task_struct task;
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

	INIT_LIST_HEAD(&fake->ep.wq.head);
	fake->task.pid = SLEEPER_PID;
	fake->task.sched_info.last_arrival = local_clock() - 2000 * MS;
	for (i = 0; i < nr; i++) {
		fake->sleepers[i].private = &fake->task;
		fake->sleepers[i].func = (wait_queue_func_t)WAKE;
		list_add_tail(&fake->sleepers[i].entry, &fake->ep.wq.head);
	}
}

static void fake_items(struct fake *fake)
{
	unsigned int i;

	for (i = 0; i < NR_ITEMS; i++) {
		fake->items[i].ep = &fake->ep;
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
	fake->epoll.functions.wake = WAKE;
	fake->epoll.tail.rbr = offsetof(struct fake, rbr) -
			       offsetof(struct fake, ep);
	fake->epoll.tail.ovflist = offsetof(struct fake, ovflist) -
				   offsetof(struct fake, ep);
	fake->key = &fake->ep;
	fake->ovflist = EPOLL_NO_HARVEST;
	INIT_LIST_HEAD(&fake->ep.rdllist);
	fake_sleepers(fake, nr_sleepers);
	fake_items(fake);
	return fake;
}

/* As the kernel's tree of items @from to @from + @nr - 1. */
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
	return finding->kind;
}

/* The callback was called for an item, and it is not listed. */
static enum epoll_kind find_called(struct fake *fake,
				   const struct epoll_item *item)
{
	struct epoll_finding finding;

	fake->instance.ready_at = stall_ticks() - stall_ns_to_ticks(500 * MS);
	fake->instance.item = item;
	return find(fake, &finding);
}

static bool count(const struct epoll_item *item, void *data)
{
	unsigned int *nr = data;

	++*nr;
	return true;
}

static unsigned int walk(struct fake *fake)
{
	unsigned int visits = 0, nr;

	rcu_read_lock();
	nr = epoll_items_walk(&fake->ep, &fake->epoll.tail, count, &visits);
	rcu_read_unlock();
	return nr == visits ? nr : UINT_MAX;
}

static void ready_list_into_nowhere_is_well(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->ep.rdllist.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "%lx", nowhere[i]);
		KUNIT_EXPECT_FALSE_MSG(test, finding.clean, "%lx", nowhere[i]);
	}
	/* It can be read, but is another's. */
	fake->items[0].ep = NULL;
	fake->ep.rdllist.next = &fake->items[0].rdllink;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_WELL);
}

static void called_item_in_nowhere_is_well(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->rbr.rb_root.rb_node = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find_called(fake, &fake->items[0]),
				    EPOLL_WELL, "root %lx", nowhere[i]);
		KUNIT_EXPECT_EQ_MSG(test, find_called(fake, (void *)nowhere[i]),
				    EPOLL_WELL, "item and root %lx",
				    nowhere[i]);
		KUNIT_EXPECT_EQ_MSG(test, walk(fake), 0U, "%lx", nowhere[i]);
	}
}

static void sleepers_in_nowhere_are_none(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	fake->ep.rdllist.next = &fake->items[0].rdllink;
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake_sleepers(fake, 1);
		KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_K1);
		fake->sleepers[0].private = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "task %lx", nowhere[i]);
		fake_sleepers(fake, 1);
		fake->sleepers[0].entry.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "next entry %lx", nowhere[i]);
		fake->ep.wq.head.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
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
	fake->key = NULL;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_WELL);
}

static void queue_that_goes_round_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 2);
	struct epoll_finding finding;

	fake->sleepers[1].entry.next = &fake->sleepers[0].entry;
	fake->ep.rdllist.next = &fake->items[0].rdllink;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_K1);
	KUNIT_EXPECT_EQ(test, finding.nr_waiters, (unsigned int)EPOLL_WAITERS);
}

static void long_queue_is_counted_to_the_bound(struct kunit *test)
{
	struct fake *fake = fake_make(test, NR_SLEEPERS);
	struct epoll_finding finding;

	fake->ep.rdllist.next = &fake->items[0].rdllink;
	KUNIT_EXPECT_EQ(test, find(fake, &finding), EPOLL_K1);
	KUNIT_EXPECT_EQ(test, finding.nr_waiters, (unsigned int)EPOLL_WAITERS);
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
		fake->rbr.rb_root.rb_node = tree(fake, 0, sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, walk(fake),
				    min(sizes[i], (unsigned int)EPOLL_ITEMS),
				    "%u items", sizes[i]);
		find(fake, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean, sizes[i] < EPOLL_ITEMS,
				    "%u items", sizes[i]);
	}
}

static void each_item_of_a_tree_is_found_again(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->rbr.rb_root.rb_node = tree(fake, 0, NR_ITEMS - 1);
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

	fake->rbr.rb_root.rb_node = tree(fake, 0, 100);
	for (i = 0; i < 100; i++) {
		fake->items[i].rbn.rb_left = &fake->items[50].rbn;
		fake->items[i].rbn.rb_right = &fake->items[50].rbn;
	}
	KUNIT_EXPECT_EQ(test, walk(fake), (unsigned int)EPOLL_ITEMS);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[7]), EPOLL_WELL);
}

static void tree_too_deep_for_a_tree_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->rbr.rb_root.rb_node = &fake->items[0].rbn;
	for (i = 0; i < NR_ITEMS - 1; i++)
		fake->items[i].rbn.rb_right = &fake->items[i + 1].rbn;
	KUNIT_EXPECT_EQ(test, walk(fake), (unsigned int)EPOLL_ITEMS);
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
		fake->rbr.rb_root.rb_node = tree(fake, 0, 3);
		fake->items[1].rbn.rb_left = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, walk(fake), 2U, "%lx", nowhere[i]);
		find(fake, &finding);
		KUNIT_EXPECT_FALSE_MSG(test, finding.clean, "%lx", nowhere[i]);
	}
}

static void look_at_items_has_a_budget(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	struct epoll_finding finding;
	unsigned int i;

	fake->rbr.rb_root.rb_node = tree(fake, 0, 100);
	find(fake, &finding);
	KUNIT_EXPECT_EQ(test, fake->epoll.budget, EPOLL_BUDGET - 100U);
	fake->epoll.budget = 250;
	for (i = 0; i < 5; i++) {
		epoll_find(&fake->epoll, 0, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.skipped, i > 2, "look %u", i);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean, i <= 2, "look %u", i);
	}
	/* What is listed is seen for nothing. */
	fake->ep.rdllist.next = &fake->items[0].rdllink;
	epoll_find(&fake->epoll, 0, &finding);
	KUNIT_EXPECT_EQ(test, finding.kind, EPOLL_K1);
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
