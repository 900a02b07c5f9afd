// SPDX-License-Identifier: GPL-2.0
/* epoll_check_test - what becomes a report, and when it is over */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/clock.h>

#include "../module/collectors/epoll_check.c"
#include "../module/collectors/epoll_params.c"
#include "suites.h"

#define MS		((u64)NSEC_PER_MSEC)
#define SLEEPER_PID	(PID_MAX_LIMIT + 7)
#define WAKE		0x2222
#define NR_SPOTS	2U
#define NR_LOSSES	200U

/* An instance with one item in its tree, and one who sleeps. */
struct spot {
	struct epoll_head ep;
	struct rb_root_cached rbr;
	void *ovflist;
	struct epoll_item item;
	wait_queue_entry_t sleeper;
	struct task_struct task;
};

/* A collector, the instances that it holds, and the pipe that they watch. */
struct fake {
	struct stall_run run;
	struct epoll_state epoll;
	struct spot spots[NR_SPOTS];
	struct file file;
	struct inode inode;
	struct pipe_inode_info pipe;
};

static struct epoll_instance *instance_of(struct fake *fake, unsigned int i)
{
	struct epoll_instance *instance;

	preempt_disable();
	instance = epoll_instance(&fake->epoll, &fake->spots[i].ep);
	preempt_enable();
	return instance;
}

/* Sleeps for 3 s; its item is listed for 2 s, and nobody was woken. */
static void spot_make(struct fake *fake, unsigned int i)
{
	struct spot *spot = &fake->spots[i];

	spot->ovflist = EPOLL_NO_HARVEST;
	spot->item.ep = &spot->ep;
	spot->item.file = &fake->file;
	spot->item.event.events = EPOLLIN | EPOLLET;
	spot->rbr.rb_root.rb_node = &spot->item.rbn;
	INIT_LIST_HEAD(&spot->ep.rdllist);
	list_add(&spot->item.rdllink, &spot->ep.rdllist);
	INIT_LIST_HEAD(&spot->ep.wq.head);
	spot->sleeper.private = &spot->task;
	spot->sleeper.func = (wait_queue_func_t)WAKE;
	list_add(&spot->sleeper.entry, &spot->ep.wq.head);
	spot->task.pid = SLEEPER_PID + i;
	spot->task.nvcsw = 1;
	spot->task.sched_info.last_arrival = local_clock() - 3000 * MS;
	preempt_disable();
	epoll_instance_add(&fake->run, &spot->ep);
	preempt_enable();
	instance_of(fake, i)->ready_at = stall_ticks() -
					 stall_ns_to_ticks(2000 * MS);
}

static int check_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	struct epoll_state *epoll = &fake->epoll;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	KUNIT_ASSERT_EQ(test, stall_events_init(), 0);
	for (i = EPOLL_HELD; i <= EPOLL_LOST_WAKEUPS; i++) {
		fake->run.cells[i].counter = alloc_percpu(u64);
		KUNIT_ASSERT_TRUE(test, fake->run.cells[i].counter);
	}
	fake->run.priv = epoll;
	epoll->run = &fake->run;
	epoll->functions.wake = WAKE;
	epoll->tail.rbr = offsetof(struct spot, rbr);
	epoll->tail.ovflist = offsetof(struct spot, ovflist);
	epoll->losses = kunit_kzalloc(test, EPOLL_LOSSES *
				      sizeof(*epoll->losses), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, epoll->losses);
	KUNIT_ASSERT_EQ(test, epoll_instances_init(epoll), 0);
	fake->inode.i_mode = S_IFIFO;
	fake->file.f_inode = &fake->inode;
	fake->file.private_data = &fake->pipe;
	fake->pipe.writers = 1;
	for (i = 0; i < NR_SPOTS; i++)
		spot_make(fake, i);
	return 0;
}

static void check_exit(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	lost_ms = 1000;
	epoll_instances_free(&fake->epoll);
	for (i = EPOLL_HELD; i <= EPOLL_LOST_WAKEUPS; i++)
		free_percpu(fake->run.cells[i].counter);
	stall_events_exit();
}

/* Look at one of the instances some times; how many are lost then, of all. */
static u32 look(struct fake *fake, unsigned int i, unsigned int times)
{
	fake->epoll.budget = EPOLL_BUDGET;
	while (times--)
		check_instance(&fake->epoll, instance_of(fake, i) -
					     fake->epoll.instances);
	return fake->epoll.nr_losses;
}

static void finding_is_reported_once_and_not_at_first_sight(struct kunit *test)
{
	struct fake *fake = test->priv;
	const struct epoll_loss *loss = epoll_loss(&fake->epoll, 1);
	u64 recorded, lost;

	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 0U);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 10), 1U);
	KUNIT_EXPECT_EQ(test, loss->finding.kind, EPOLL_K1);
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
	KUNIT_EXPECT_GE(test, instance_of(fake, 0)->suspect.since_ns, before);
	instance_of(fake, 0)->suspect.since_ns -= 3600000 * MS;
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
	struct epoll_wake *wake = &instance_of(fake, 0)->wakes[0];

	wake->at = stall_ticks();
	wake->pid = current->pid;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 10), 0U);
	KUNIT_EXPECT_EQ(test, instance_of(fake, 0)->suspect.kind,
			EPOLL_OTHER_WOKEN);
}

static void loss_is_over_when_the_waiter_runs(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 before;

	KUNIT_ASSERT_EQ(test, look(fake, 0, 2), 1U);
	before = stall_clock();
	fake->spots[0].task.nvcsw++;
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 1U);
	KUNIT_EXPECT_GE(test, epoll_loss(&fake->epoll, 1)->over_ns, before);
	KUNIT_EXPECT_EQ(test, look(fake, 0, 1), 2U);
	KUNIT_EXPECT_EQ(test, epoll_loss(&fake->epoll, 2)->over_ns, 0ULL);
}

static void loss_is_over_when_its_instance_goes(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 before;

	KUNIT_ASSERT_EQ(test, look(fake, 0, 2), 1U);
	before = stall_clock();
	preempt_disable();
	epoll_instance_remove(&fake->run, &fake->spots[0].ep);
	preempt_enable();
	check_all(&fake->epoll);
	KUNIT_EXPECT_GE(test, epoll_loss(&fake->epoll, 1)->over_ns, before);
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
	preempt_disable();
	epoll_instance_remove(&fake->run, ep);
	epoll_instance_add(&fake->run, (void *)at);
	preempt_enable();
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
	u32 number;

	fake->spots[0].task.nvcsw = 0;
	lose(fake, 0, NR_LOSSES);
	KUNIT_EXPECT_EQ(test, fake->epoll.nr_losses, NR_LOSSES);
	for (number = NR_LOSSES - EPOLL_LOSSES + 1; number <= NR_LOSSES;
	     number++) {
		const struct epoll_loss *loss =
			epoll_loss(&fake->epoll, number);

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
	unsigned int newer;

	for (newer = EPOLL_LOSSES - 1; newer <= EPOLL_LOSSES; newer++) {
		u32 number = fake->epoll.nr_losses + 1;

		lose(fake, 0, 1);
		lose(fake, 1, newer);
		fake->spots[0].task.nvcsw++;
		look(fake, 0, 1);
		KUNIT_EXPECT_EQ_MSG(test, !epoll_loss(&fake->epoll,
						      number)->over_ns,
				    newer == EPOLL_LOSSES, "%u newer", newer);
	}
}

/* Data come into a pipe, which had a rest; what happened, and what is found. */
static const struct {
	const char *name;
	bool rest, ran, collected, excl;
	enum epoll_kind kind;
} edges[] = {
	{ "after a clean look", .kind = EPOLL_K2 },
	{ "after a rest was seen", .rest = true, .kind = EPOLL_UNREAD },
	{ "the waiter ran", .ran = true, .kind = EPOLL_UNREAD },
	{ "somebody collected", .collected = true, .kind = EPOLL_UNREAD },
	{ "exclusive", .excl = true, .kind = EPOLL_UNREAD },
};

static void new_data_for_an_edge_is_a_loss(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct spot *spot = &fake->spots[0];
	struct epoll_instance *instance = instance_of(fake, 0);
	struct epoll_suspect *suspect = &instance->suspect;
	unsigned int i;

	INIT_LIST_HEAD(&spot->ep.rdllist);
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		u32 lost = fake->epoll.nr_losses;

		memset(instance, 0, sizeof(*instance));
		spot->item.event.events = EPOLLIN | EPOLLET |
			(edges[i].excl ? EPOLLEXCLUSIVE : 0);
		fake->pipe.head = edges[i].rest;
		look(fake, 0, 1);
		fake->pipe.head = 1;
		spot->task.nvcsw += edges[i].ran;
		if (edges[i].collected)
			instance->collected_at = stall_ticks();
		look(fake, 0, 1);
		KUNIT_EXPECT_EQ_MSG(test, suspect->kind, edges[i].kind, "%s",
				    edges[i].name);
		look(fake, 0, 1);
		KUNIT_EXPECT_EQ_MSG(test, suspect->kind, edges[i].kind, "%s",
				    edges[i].name);
		suspect->since_ns -= 1500 * MS;
		KUNIT_EXPECT_EQ_MSG(test, look(fake, 0, 1) - lost,
				    edges[i].kind == EPOLL_K2 ? 1U : 0U, "%s",
				    edges[i].name);
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
	KUNIT_CASE(new_data_for_an_edge_is_a_loss),
	{}
};

struct kunit_suite stall_epoll_check_suite = {
	.name = "stallmeter_epoll_check",
	.init = check_init,
	.exit = check_exit,
	.test_cases = check_cases,
};
