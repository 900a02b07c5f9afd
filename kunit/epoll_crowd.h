/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_crowd.h - an instance of epoll with many items and sleepers
 */
#ifndef STALL_EPOLL_CROWD_H
#define STALL_EPOLL_CROWD_H

#include <kunit/test.h>
#include <linux/vmalloc.h>

#include "epoll_fake.h"

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

static inline int crowd_init(struct kunit *test)
{
	struct fake *fake = kvzalloc(sizeof(*fake), GFP_KERNEL);
	void *area = vmalloc(PAGE_SIZE);

	test->priv = fake;
	nowhere[ARRAY_SIZE(nowhere) - 1] = (unsigned long)area + PAGE_SIZE;
	vfree(area);
	return fake && area ? 0 : -ENOMEM;
}

static inline void crowd_exit(struct kunit *test)
{
	kvfree(test->priv);
}

static inline void fake_sleepers(struct fake *fake, unsigned int nr)
{
	unsigned int i;

	INIT_LIST_HEAD(&fake->at.ep.wq.head);
	fake_task(&fake->at, SLEEPER_PID, 2000);
	for (i = 0; i < nr; i++)
		fake_sleeper(&fake->at, &fake->sleepers[i]);
}

static inline void fake_items(struct fake *fake)
{
	unsigned int i;

	for (i = 0; i < NR_ITEMS; i++) {
		fake->items[i].ep = &fake->at.ep;
		fake->items[i].fd = i;
		fake->items[i].file = (void *)nowhere[0];
		fake->items[i].event.events = EPOLLIN;
	}
}

static inline struct fake *fake_make(struct kunit *test, unsigned int nr_sleepers)
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

static inline struct rb_node *tree(struct fake *fake, unsigned int from,
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

static inline enum epoll_kind find(struct fake *fake,
				   struct epoll_finding *finding)
{
	fake->epoll.budget = EPOLL_BUDGET;
	epoll_find(&fake->epoll, 0, finding, NULL);
	return finding->evidence.kind;
}

/* The callback was called for an item, and it is not listed. */
static inline enum epoll_kind find_called(struct fake *fake,
					  const struct epoll_item *item)
{
	struct epoll_finding finding;

	fake->instance.ready_at = ms_ago(500);
	fake->instance.item = item;
	return find(fake, &finding);
}

#endif /* STALL_EPOLL_CROWD_H */
