// SPDX-License-Identifier: GPL-2.0
/* epoll_hostile_test - lists that lead nowhere, or round: looks end */
#include <kunit/test.h>

#include "epoll_crowd.h"
#include "suites.h"

static void count_waiter(struct task_struct *task, void *data)
{
	unsigned int *nr = data;

	*nr += task->pid == SLEEPER_PID;
}

/* How many sleep, each of which is visited. */
static unsigned int nr_asleep(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int nr, visits = 0;

	rcu_read_lock();
	nr = epoll_waiters_walk(&fake->epoll, &fake->at.ep, count_waiter,
				&visits);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, visits, nr);
	return nr;
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
		KUNIT_EXPECT_EQ_MSG(test, nr_asleep(test), 0U, "task %lx",
				    nowhere[i]);
		fake_sleepers(fake, 1);
		/* Who comes before is there nevertheless. */
		fake->sleepers[0].entry.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_K1,
				    "next entry %lx", nowhere[i]);
		fake->at.ep.wq.head.prev = (void *)nowhere[i];
		fake->at.ep.wq.head.next = (void *)nowhere[i];
		KUNIT_EXPECT_EQ_MSG(test, find(fake, &finding), EPOLL_WELL,
				    "first entry %lx", nowhere[i]);
		KUNIT_EXPECT_EQ_MSG(test, nr_asleep(test), 0U,
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
	KUNIT_EXPECT_EQ(test, nr_asleep(test), (unsigned int)EPOLL_WAITERS);
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

static struct kunit_case hostile_cases[] = {
	KUNIT_CASE(ready_list_into_nowhere_is_well),
	KUNIT_CASE(called_item_in_nowhere_is_well),
	KUNIT_CASE(sleepers_in_nowhere_are_none),
	KUNIT_CASE(instance_in_nowhere_is_well),
	KUNIT_CASE(queue_that_goes_round_ends),
	KUNIT_CASE(long_queue_is_counted_to_the_bound),
	{}
};

struct kunit_suite stall_epoll_hostile_suite = {
	.name = "stallmeter_epoll_hostile",
	.init = crowd_init,
	.exit = crowd_exit,
	.test_cases = hostile_cases,
};
