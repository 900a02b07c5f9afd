// SPDX-License-Identifier: GPL-2.0
/* epoll_check_test - what becomes a report, and when it is over */
#include <kunit/test.h>

#include "../module/collectors/epoll_check.c"
#include "../module/collectors/epoll_params.c"
#include "epoll_spots.h"
#include "suites.h"

#define NR_LOSSES	200U

void fake_check(struct epoll_state *epoll, u32 number)
{
	check_instance(epoll, number);
}

void fake_lost_ms(unsigned int ms)
{
	lost_ms = ms;
}

static void finding_is_reported_once_and_not_at_first_sight(struct kunit *test)
{
	struct fake *fake = test->priv;
	const struct epoll_loss *loss = epoll_loss(&fake->epoll, 1);
	u64 recorded, lost;

	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 0U);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 10), 1U);
	KUNIT_EXPECT_EQ(test, loss->finding.evidence.kind, EPOLL_K1);
	KUNIT_EXPECT_TRUE(test, loss->exact);
	KUNIT_EXPECT_GE(test, loss->reported_ns, loss->finding.since_ns);
	KUNIT_EXPECT_EQ(test, loss->over_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, stall_run_counter(&fake->run, EPOLL_LOST_WAKEUPS),
			1ULL);
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, recorded, 1ULL);
}

static void all_instances_are_looked_at(struct kunit *test)
{
	struct fake *fake = test->priv;

	check_all(&fake->epoll);
	check_all(&fake->epoll);
	KUNIT_EXPECT_EQ(test, fake->epoll.nr_losses, NR_SPOTS);
}

static void young_finding_waits(struct kunit *test)
{
	struct fake *fake = test->priv;

	lost_ms = 3600000;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 5), 0U);
	lost_ms = 1000;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
}

static void unknown_begin_is_when_it_was_first_seen(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 before = stall_clock();

	instance_of(fake, 0)->ready_at = 0;
	lost_ms = 3600000;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 5), 0U);
	KUNIT_EXPECT_GE(test, suspect_of(fake, 0)->since_ns, before);
	suspect_of(fake, 0)->since_ns -= 3600000 * MS;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	KUNIT_EXPECT_FALSE(test, epoll_loss(&fake->epoll, 1)->exact);
}

static void waiter_that_ran_between_two_looks_lost_nothing(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct task_struct *task = &fake->spots[0].task;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1), 0U, "%u", i);
		task->nvcsw += i % 3 == 0;
		task->nivcsw += i % 3 == 1;
		task->pid += i % 3 == 2;
	}
}

static void finding_that_was_well_meanwhile_begins_anew(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1), 0U, "%u", i);
		fake->spots[0].ovflist = NULL;
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1), 0U, "%u", i);
		fake->spots[0].ovflist = EPOLL_NO_HARVEST;
	}
}

static void other_who_was_woken_is_no_loss(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_wakeup(instance_of(fake, 0), 0, 1, current->pid);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 10), 0U);
	KUNIT_EXPECT_EQ(test, suspect_of(fake, 0)->evidence.kind, EPOLL_OTHER_WOKEN);
}

static void loss_is_over_when_the_waiter_runs(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 before = stall_clock();

	KUNIT_ASSERT_EQ(test, look(fake, 0, 2), 1U);
	fake->spots[0].task.nvcsw++;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	KUNIT_EXPECT_GE(test, epoll_loss(&fake->epoll, 1)->over_ns, before);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 2U);
	KUNIT_EXPECT_EQ(test, epoll_loss(&fake->epoll, 2)->over_ns, 0ULL);
}

static void loss_is_over_when_its_instance_goes(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, look(fake, 0, 2), 1U);
	fake_remove(&fake->run, &fake->spots[0].ep);
	check_all(&fake->epoll);
	KUNIT_EXPECT_GT(test, epoll_loss(&fake->epoll, 1)->over_ns, 0ULL);
}

static void loss_is_over_when_its_place_gets_another(struct kunit *test)
{
	struct fake *fake = test->priv;
	const struct epoll_head *ep = &fake->spots[0].ep;
	unsigned long at = 64;

	look(fake, 0, 2);
	while (hash_ptr((void *)at, EPOLL_SET_BITS) !=
	       hash_ptr(ep, EPOLL_SET_BITS))
		at += 64;
	fake_remove(&fake->run, ep);
	fake_add(&fake->run, (void *)at);
	check_all(&fake->epoll);
	KUNIT_EXPECT_GT(test, epoll_loss(&fake->epoll, 1)->over_ns, 0ULL);
}

/* Another loss each time; it is found twice. */
static void lose(struct fake *fake, unsigned int i, unsigned int times)
{
	while (times--) {
		fake->spots[i].task.nvcsw++;
		look(fake, i, 2);
	}
}

static void ring_keeps_the_newest_losses(struct kunit *test)
{
	struct fake *fake = test->priv;
	u32 number = NR_LOSSES - EPOLL_LOSSES;

	fake->spots[0].task.nvcsw = 0;
	lose(fake, 0, NR_LOSSES);
	KUNIT_EXPECT_EQ(test, fake->epoll.nr_losses, NR_LOSSES);
	while (++number <= NR_LOSSES) {
		struct epoll_loss *loss = epoll_loss(&fake->epoll, number);

		KUNIT_EXPECT_EQ_MSG(test, loss->finding.waiter.switches,
				    (u64)number, "loss %u", number);
		KUNIT_EXPECT_EQ_MSG(test, !loss->over_ns, number == NR_LOSSES,
				    "loss %u", number);
	}
}

static void event_tells_of_its_loss_as_long_as_that_is_kept(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct stall_events_view view;
	struct stall_story story;
	unsigned int i;

	lose(fake, 0, NR_LOSSES);
	KUNIT_ASSERT_EQ(test, stall_events_read(&view), 0);
	KUNIT_EXPECT_EQ(test, view.nr, NR_LOSSES);
	for (i = 0; i < view.nr; i++) {
		epoll_describe(&fake->run, &view.seen[i].event, &story);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(story.subject, "K1"),
				    i >= view.nr - EPOLL_LOSSES, "%u: %s", i,
				    story.subject);
	}
	kvfree(view.seen);
}

static void loss_that_is_kept_no_more_closes_no_other(struct kunit *test)
{
	struct fake *fake = test->priv;
	u32 newer, number;

	for (newer = EPOLL_LOSSES - 1; newer <= EPOLL_LOSSES; newer++) {
		number = fake->epoll.nr_losses + 1;
		lose(fake, 0, 1);
		lose(fake, 1, newer);
		fake->spots[0].task.nvcsw++;
		look(fake, 0, 1);
		KUNIT_EXPECT_EQ_MSG(test, !epoll_loss(&fake->epoll,
						      number)->over_ns,
				    newer == EPOLL_LOSSES, "%u newer", newer);
	}
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(finding_is_reported_once_and_not_at_first_sight),
	KUNIT_CASE(all_instances_are_looked_at),
	KUNIT_CASE(young_finding_waits),
	KUNIT_CASE(unknown_begin_is_when_it_was_first_seen),
	KUNIT_CASE(waiter_that_ran_between_two_looks_lost_nothing),
	KUNIT_CASE(finding_that_was_well_meanwhile_begins_anew),
	KUNIT_CASE(other_who_was_woken_is_no_loss),
	KUNIT_CASE(loss_is_over_when_the_waiter_runs),
	KUNIT_CASE(loss_is_over_when_its_instance_goes),
	KUNIT_CASE(loss_is_over_when_its_place_gets_another),
	KUNIT_CASE(ring_keeps_the_newest_losses),
	KUNIT_CASE(event_tells_of_its_loss_as_long_as_that_is_kept),
	KUNIT_CASE(loss_that_is_kept_no_more_closes_no_other),
	{}
};

struct kunit_suite stall_epoll_check_suite = {
	.name = "stallmeter_epoll_check",
	.init = spots_init,
	.exit = spots_exit,
	.test_cases = check_cases,
};
