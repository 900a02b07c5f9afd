// SPDX-License-Identifier: GPL-2.0
/* epoll_items_test - trees of items, sound and unsound: each walk ends */
#include <kunit/test.h>

#include "../module/collectors/epoll_items.c"
#include "epoll_crowd.h"
#include "suites.h"

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
	struct epoll_visits visits = { .limit = EPOLL_ITEMS };
	unsigned int counted = 0;
	bool all;

	rcu_read_lock();
	all = epoll_items_walk(&fake->at.ep, &fake->epoll.tail, count, &counted,
			       &visits);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ_MSG(test, visits.nr, nr, "%lx", what);
	KUNIT_EXPECT_EQ_MSG(test, counted, nr, "%lx", what);
	KUNIT_EXPECT_EQ_MSG(test, all, complete, "%lx", what);
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
	expect_walk(test, 1, false, 1);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[7]), EPOLL_WELL);
	/* The first one is never reached. */
	for (i = 0; i < 100; i++)
		fake->items[i].rbn.rb_left = &fake->items[50].rbn;
	expect_walk(test, 0, false, 2);
	KUNIT_EXPECT_EQ(test, find_called(fake, &fake->items[7]), EPOLL_WELL);
}

static void tree_too_deep_for_a_tree_ends(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	fake->at.rbr.rb_root.rb_node = &fake->items[0].rbn;
	for (i = 0; i < NR_ITEMS - 1; i++)
		fake->items[i].rbn.rb_right = &fake->items[i + 1].rbn;
	/* Begins anew behind the last one, and does not find it. */
	expect_walk(test, ITEMS_AT_ONCE, false, 0);
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
		expect_walk(test, 0, false, nowhere[i]);
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
	KUNIT_EXPECT_EQ(test, fake->epoll.budget, EPOLL_BUDGET - 200U);
	fake->epoll.budget = 250;
	for (i = 0; i < 5; i++) {
		epoll_find(&fake->epoll, 0, &finding, NULL);
		KUNIT_EXPECT_EQ_MSG(test, finding.skipped, i > 1, "look %u", i);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean, i < 1, "look %u", i);
	}
	fake->at.ep.rdllist.next = &fake->items[0].rdllink;
	epoll_find(&fake->epoll, 0, &finding, NULL);
	KUNIT_EXPECT_EQ(test, finding.evidence.kind, EPOLL_K1);
}

static void tree_in_nowhere_has_no_items(struct kunit *test)
{
	struct fake *fake = fake_make(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		fake->at.rbr.rb_root.rb_node = (void *)nowhere[i];
		expect_walk(test, 0, false, nowhere[i]);
	}
}

static struct kunit_case items_cases[] = {
	KUNIT_CASE(each_item_is_visited_once_up_to_the_bound),
	KUNIT_CASE(each_item_of_a_tree_is_found_again),
	KUNIT_CASE(tree_that_goes_round_ends),
	KUNIT_CASE(tree_too_deep_for_a_tree_ends),
	KUNIT_CASE(look_that_missed_items_is_not_clean),
	KUNIT_CASE(look_at_items_has_a_budget),
	KUNIT_CASE(tree_in_nowhere_has_no_items),
	{}
};

struct kunit_suite stall_epoll_items_suite = {
	.name = "stallmeter_epoll_items",
	.init = crowd_init,
	.exit = crowd_exit,
	.test_cases = items_cases,
};
