// SPDX-License-Identifier: GPL-2.0
/* epoll_silent_test - what becomes of data that epoll was not told of */
#include <kunit/test.h>

#include "epoll_spots.h"
#include "suites.h"

/* Nothing is listed or was called; what can be read is seen by its item. */
static void silent_make(struct fake *fake, __poll_t how)
{
	INIT_LIST_HEAD(&fake->spots[0].ep.rdllist);
	INIT_LIST_HEAD(&fake->spots[0].item.rdllink);
	instance_of(fake, 0)->ready_at = 0;
	fake->spots[0].item.event.events = EPOLLIN | how;
	fake->pipe.pipe.head = 1;
}

/* Data come into a pipe, which had a rest; what happened, and what is found. */
static const struct {
	const char *name;
	bool rest, seen_again, ran, collected, excl;
	enum epoll_kind kind;
} edges[] = {
	{ "after a clean look", .kind = EPOLL_K2 },
	{ "collected before the last one", .seen_again = true, .kind = EPOLL_K2 },
	{ "after a rest was seen", .rest = true, .kind = EPOLL_UNREAD },
	{ "the waiter ran", .ran = true, .kind = EPOLL_UNREAD },
	{ "somebody collected", .collected = true, .kind = EPOLL_UNREAD },
	{ "exclusive", .excl = true, .kind = EPOLL_UNREAD },
};

static void edge_happens(struct fake *fake, unsigned int i)
{
	struct epoll_instance *instance = instance_of(fake, 0);

	instance->collected_at = 0;
	memset(suspect_of(fake, 0), 0, sizeof(struct epoll_suspect));
	silent_make(fake, EPOLLET | (edges[i].excl ? EPOLLEXCLUSIVE : 0));
	fake->pipe.pipe.head = edges[i].rest;
	look(fake, 0, 1);
	if (edges[i].seen_again) {
		instance->collected_at = ms_ago(3000);
		look(fake, 0, 1);
	}
	fake->pipe.pipe.head = 1;
	fake->spots[0].task.nvcsw += edges[i].ran;
	if (edges[i].collected)
		instance->collected_at = stall_ticks();
}

static void new_data_for_an_edge_is_a_loss(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_suspect *suspect = suspect_of(fake, 0);
	unsigned int i, turn;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		u32 lost = fake->epoll.nr_losses;

		edge_happens(fake, i);
		for (turn = 0; turn < 2; turn++) {
			look(fake, 0, 1);
			KUNIT_EXPECT_EQ_MSG(test, suspect->evidence.kind, edges[i].kind,
					    "%s, %u", edges[i].name, turn);
		}
		suspect->since_ns -= 1500 * MS;
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1) - lost,
				    edges[i].kind == EPOLL_K2 ? 1U : 0U, "%s",
				    edges[i].name);
	}
}

/* Without time for all items, the one that was found is looked at. */
static void look_without_time_confirms_what_is_known(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_instance *spot = &fake->spots[0];
	const struct epoll_loss *loss = epoll_loss(&fake->epoll, 1);

	fake_lost_ms(0);
	silent_make(fake, 0);
	skip(fake, 0);
	KUNIT_EXPECT_NULL(test, suspect_of(fake, 0)->ep);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 0U);
	spot->task.nvcsw++;
	KUNIT_EXPECT_EQ(test, skip(fake, 0), 1U);
	KUNIT_EXPECT_EQ(test, loss->finding.target.events, (__force u32)EPOLLIN);
	spot->task.nvcsw++;
	KUNIT_EXPECT_EQ(test, skip(fake, 0) + look(fake, 0, 2), 2U);
	KUNIT_EXPECT_EQ(test, loss->over_ns, 0ULL);
	fake->pipe.pipe.head = 0;
	KUNIT_EXPECT_EQ(test, skip(fake, 0), 1U);
	KUNIT_EXPECT_GT(test, loss->over_ns, 0ULL);
}

/* The pipe cannot be read at this moment, as somebody writes. */
static void look_at_a_bad_moment_is_no_news(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_pipe *pipe = &fake->pipe;

	fake_lost_ms(0);
	silent_make(fake, 0);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 0U);
	atomic_long_set(&pipe->pipe.mutex.owner, (long)current);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 3), 0U);
	atomic_long_set(&pipe->pipe.mutex.owner, 0);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	atomic_long_set(&pipe->pipe.mutex.owner, (long)current);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 3), 1U);
	KUNIT_EXPECT_EQ(test, epoll_loss(&fake->epoll, 1)->over_ns, 0ULL);
}

/* A level-triggered item that is unread and not listed is lost until it is read. */
static void loss_by_level_outlives_moments(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct fake_instance *spot = &fake->spots[0];
	const struct epoll_loss *loss = epoll_loss(&fake->epoll, 1);

	fake_lost_ms(0);
	silent_make(fake, 0);
	KUNIT_ASSERT_EQ(test, look(fake, 0, 2), 1U);
	spot->ovflist = NULL;	/* somebody collects others */
	spot->task.nvcsw++;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	spot->ovflist = EPOLL_NO_HARVEST;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	INIT_LIST_HEAD(&spot->ep.wq.head);	/* nobody sleeps */
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	fake_sleeper(spot, &spot->sleeper);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 3), 1U);
	KUNIT_EXPECT_EQ(test, loss->over_ns, 0ULL);
	list_add(&spot->item.rdllink, &spot->ep.rdllist);
	look(fake, 0, 1);
	KUNIT_EXPECT_GT(test, loss->over_ns, 0ULL);
}

/* The callback was called, and what came is there: in any sleep that is wrong. */
static void loss_by_edge_is_confirmed_in_another_sleep(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_instance *instance = instance_of(fake, 0);
	unsigned int i;

	silent_make(fake, EPOLLET);
	instance->item = &fake->spots[0].item;
	for (i = 0; i < 4; i++) {
		instance->ready_at = ms_ago(4000);
		fake->spots[0].task.nvcsw++;
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1), i ? 1U : 0U, "%u", i);
	}
	KUNIT_EXPECT_EQ(test, epoll_loss(&fake->epoll, 1)->over_ns, 0ULL);
	instance->ready_at = 0;
	instance->collected_at = stall_ticks();
	look(fake, 0, 1);
	KUNIT_EXPECT_GT(test, epoll_loss(&fake->epoll, 1)->over_ns, 0ULL);
}

static void begin_that_moves_is_not_exact(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	silent_make(fake, 0);
	instance_of(fake, 0)->item = &fake->spots[0].item;
	for (i = 0; i < 3; i++) {
		instance_of(fake, 0)->ready_at = ms_ago(2000 - i * 500);
		look(fake, 0, 1);
	}
	KUNIT_EXPECT_EQ(test, fake->epoll.nr_losses, 1U);
	KUNIT_EXPECT_FALSE(test, epoll_loss(&fake->epoll, 1)->exact);
	KUNIT_EXPECT_LE(test, epoll_loss(&fake->epoll, 1)->finding.since_ns,
			stall_clock() - 2000 * MS);
}

static struct kunit_case silent_cases[] = {
	KUNIT_CASE(new_data_for_an_edge_is_a_loss),
	KUNIT_CASE(look_without_time_confirms_what_is_known),
	KUNIT_CASE(look_at_a_bad_moment_is_no_news),
	KUNIT_CASE(loss_by_level_outlives_moments),
	KUNIT_CASE(loss_by_edge_is_confirmed_in_another_sleep),
	KUNIT_CASE(begin_that_moves_is_not_exact),
	{}
};

struct kunit_suite stall_epoll_silent_suite = {
	.name = "stallmeter_epoll_silent",
	.init = spots_init,
	.exit = spots_exit,
	.test_cases = silent_cases,
};
