// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_mirror - are the kernel's private structures what we take them for?
 *
 * A list head points to entries that point back to it, the list of a harvest is
 * at rest, the tree's items name their instance and want what all want, and their
 * places in wait queues name ep_poll_callback(). A wrong offset passes none of
 * that.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

#include "epoll_mirror.h"

/* The lock: v5.10, v6.1 of some distributions, later. */
struct tail_rwlock {
	struct epoll_head head;
	rwlock_t lock;
	struct rb_root_cached rbr;
	void *ovflist;
};

struct tail_spinlock {
	struct epoll_head head;
	spinlock_t lock; /* never taken by us */
	struct rb_root_cached rbr;
	void *ovflist;
};

struct tail_seqcount {
	struct epoll_head head;
	spinlock_t lock; /* never taken by us */
	seqcount_spinlock_t seq;
	struct rb_root_cached rbr;
	void *ovflist;
};

#define TAIL(_struct)						\
	{ .rbr = offsetof(struct _struct, rbr),			\
	  .ovflist = offsetof(struct _struct, ovflist) }

static const struct epoll_tail tails[] = {
	TAIL(tail_seqcount),
	TAIL(tail_spinlock),
	TAIL(tail_rwlock),
};

/* A list's head, and its first and last entries, point to each other. */
static bool list_fits(const struct list_head *head)
{
	struct list_head list, first, last;

	return epoll_peek(&list, head) && epoll_peek(&first, list.next) &&
	       epoll_peek(&last, list.prev) && first.prev == head &&
	       last.next == head;
}

static bool hook_fits(const struct epoll_functions *functions,
		      const struct epoll_item *item,
		      const struct epoll_hook *where)
{
	struct epoll_hook hook;

	return epoll_peek(&hook, where) && hook.item == item &&
	       (unsigned long)hook.wait.func == functions->callback;
}

/* Errors and the end are wanted by all but those that are disarmed. */
static bool event_fits(const struct epoll_item *item)
{
	const u32 always = (__force u32)(EPOLLERR | EPOLLHUP);
	u32 events = (__force u32)item->event.events & ~EPOLL_PRIVATE_BITS;

	return !events || (events & always) == always;
}

static bool item_fits(const struct epoll_functions *functions,
		      const struct epoll_head *ep, const struct rb_node *node)
{
	const struct epoll_item *where = rb_entry(node, struct epoll_item, rbn);
	struct epoll_item item;

	return epoll_peek(&item, where) && item.ep == ep && item.fd >= 0 &&
	       item.ovflist_next == EPOLL_NO_HARVEST && event_fits(&item) &&
	       hook_fits(functions, where, item.hooks);
}

static enum epoll_check tail_check(const struct epoll_functions *functions,
				   const struct epoll_head *ep,
				   const struct epoll_tail *tail)
{
	struct rb_root_cached rbr;
	void *ovflist;

	if (!epoll_peek(&rbr, epoll_tree(ep, tail)) ||
	    !epoll_peek(&ovflist, epoll_ovflist(ep, tail)) ||
	    ovflist != EPOLL_NO_HARVEST)
		return EPOLL_DIFFERS;
	if (!rbr.rb_root.rb_node && !rbr.rb_leftmost)
		return EPOLL_EMPTY;
	return item_fits(functions, ep, rbr.rb_root.rb_node) &&
	       item_fits(functions, ep, rbr.rb_leftmost) ?
	       EPOLL_FITS : EPOLL_DIFFERS;
}

/**
 * epoll_mirror_check() - compare an instance with what we take it for
 * @functions: the kernel's
 * @ep: an instance that was alive a moment ago
 * @tail: result, if it fits
 *
 * An instance that is changed meanwhile differs: ask again.
 *
 * Context: process, under rcu_read_lock().
 * Return: EPOLL_FITS, EPOLL_EMPTY if it has no item to look at, or
 * EPOLL_DIFFERS.
 */
enum epoll_check epoll_mirror_check(const struct epoll_functions *functions,
				    const struct epoll_head *ep,
				    struct epoll_tail *tail)
{
	enum epoll_check check = EPOLL_DIFFERS;
	unsigned int i;

	if (!list_fits(&ep->wq.head) || !list_fits(&ep->poll_wait.head) ||
	    !list_fits(&ep->rdllist))
		return EPOLL_DIFFERS;
	for (i = 0; i < ARRAY_SIZE(tails) && check == EPOLL_DIFFERS; i++) {
		check = tail_check(functions, ep, &tails[i]);
		*tail = tails[i];
	}
	return check;
}
