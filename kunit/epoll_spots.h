/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_spots.h - a collector and some instances of epoll, to be checked again
 *	and again
 */
#ifndef STALL_EPOLL_SPOTS_H
#define STALL_EPOLL_SPOTS_H

#include <kunit/test.h>

#include "epoll_fake.h"

/* Of the unit, whose statics are in reach of one suite only. */
void fake_check(struct epoll_state *epoll, u32 number);
void fake_lost_ms(unsigned int ms);

#define NR_SPOTS	2U

/* A collector, the instances that it holds, and the pipe that they watch. */
struct fake {
	struct stall_run run;
	struct epoll_state epoll;
	struct epoll_loss losses[EPOLL_LOSSES];
	struct fake_instance spots[NR_SPOTS];
	struct fake_pipe pipe;
};

static inline struct epoll_instance *instance_of(struct fake *fake, unsigned int i)
{
	return fake_find(&fake->epoll, &fake->spots[i].ep);
}

static inline u32 number_of(struct fake *fake, unsigned int i)
{
	return instance_of(fake, i) - fake->epoll.instances;
}

static inline struct epoll_suspect *suspect_of(struct fake *fake, unsigned int i)
{
	return &fake->epoll.suspects[number_of(fake, i)];
}

/* Sleeps for 3 s; its item is listed for 2 s, and nobody was woken. */
static inline void spot_make(struct fake *fake, unsigned int i)
{
	struct fake_instance *spot = &fake->spots[i];

	fake_instance_make(spot);
	spot->item.file = &fake->pipe.file;
	spot->item.event.events = EPOLLIN | EPOLLET;
	list_add(&spot->item.rdllink, &spot->ep.rdllist);
	fake_sleeper(spot, &spot->sleeper);
	fake_task(spot, SLEEPER_PID + i, 3000);
	spot->task.nvcsw = 1;
	fake_add(&fake->run, &spot->ep);
	instance_of(fake, i)->ready_at = ms_ago(2000);
}

static inline int spots_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	test->priv = fake;
	KUNIT_ASSERT_EQ(test, stall_events_init(), 0);
	KUNIT_ASSERT_EQ(test, fake_run_make(&fake->run, &fake->epoll), 0);
	fake->epoll.losses = fake->losses;
	fake_pipe_make(&fake->pipe);
	for (i = 0; i < NR_SPOTS; i++)
		spot_make(fake, i);
	return 0;
}

static inline void spots_exit(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake_lost_ms(1000);
	fake_run_free(&fake->run);
	stall_events_exit();
}

/* Look at one of the instances some times; how many are lost then, of all. */
static inline u32 look(struct fake *fake, unsigned int i, unsigned int times)
{
	fake->epoll.budget = EPOLL_BUDGET;
	while (times--)
		fake_check(&fake->epoll, number_of(fake, i));
	return fake->epoll.nr_losses;
}

static inline u32 skip(struct fake *fake, unsigned int i)
{
	fake->epoll.budget = 0;
	fake_check(&fake->epoll, number_of(fake, i));
	return fake->epoll.nr_losses;
}

#endif /* STALL_EPOLL_SPOTS_H */
