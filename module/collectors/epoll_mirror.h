/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_mirror.h - the kernel's private structures of epoll
 *
 * fs/eventpoll.c keeps them to itself. What stands here is believed only after
 * epoll_mirror_check() has compared it with an instance that is in use.
 */
#ifndef STALL_EPOLL_MIRROR_H
#define STALL_EPOLL_MIRROR_H

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <uapi/linux/eventpoll.h>

struct file;

/**
 * struct epoll_item - begin of struct epitem: a descriptor in an instance
 * @rbn: node of the instance's tree; after the item's end, of RCU
 * @rdllink: in the instance's ready list, or empty
 * @ovflist_next: in the list of those that became ready during a harvest
 * @file: what is watched
 * @fd: its number when it was added
 * @unused: v5.10's number of wait queues; later, that the item goes
 * @hooks: first of the hooks in wait queues of @file
 * @hooks_prev: v5.10 has a list of them
 * @ep: the instance
 * @fllink: in the list of the file's items
 * @ws: wakeup source
 * @event: what was asked for
 */
struct epoll_item {
	struct rb_node rbn;
	struct list_head rdllink;
	void *ovflist_next;
	const struct file *file;
	int fd;
	u32 unused;
	const struct epoll_hook *hooks;
#ifdef STALL_HAVE_EPOLL_HOOK_LISTS
	void *hooks_prev;
#endif
	const struct epoll_head *ep;
	void *fllink[2];
	void *ws;
	struct epoll_event event;
};

/**
 * struct epoll_hook - begin of struct eppoll_entry: an item's place in a wait
 *	queue of its file
 * @next: the item's next one
 * @prev: v5.10 has a list of them
 * @item: whose
 * @wait: the place; its function is ep_poll_callback()
 */
struct epoll_hook {
	const struct epoll_hook *next;
#ifdef STALL_HAVE_EPOLL_HOOK_LISTS
	void *prev;
#endif
	const struct epoll_item *item;
	wait_queue_entry_t wait;
};

/**
 * struct epoll_head - begin of struct eventpoll: an instance
 * @mtx: held while events are collected or items come and go
 * @wq: who sleeps in epoll_wait()
 * @poll_wait: who polls the instance itself
 * @rdllist: items that are ready
 */
struct epoll_head {
	struct mutex mtx; /* never taken by us */
	wait_queue_head_t wq;
	wait_queue_head_t poll_wait;
	struct list_head rdllist;
};

/* Bits of an item's events that are no event; with no other bit it is disarmed. */
#define EPOLL_PRIVATE_BITS \
	((__force u32)(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE))

static __always_inline u32 epoll_events_of(const struct epoll_item *item)
{
	return (__force u32)READ_ONCE(item->event.events);
}

/* v5.11 also made the end of a harvest a function; before, its begin is one. */
#ifdef STALL_HAVE_EPOLL_HOOK_LISTS
#define EPOLL_HARVEST_BEGINS	true
#else
#define EPOLL_HARVEST_BEGINS	false
#endif

/* What struct eventpoll holds in ->ovflist while nobody harvests. */
#define EPOLL_NO_HARVEST	((void *)-1L)

/**
 * struct epoll_tail - where the members stand that follow the lock, whose type
 *	has changed more than once
 * @rbr: the tree of all items
 * @ovflist: items that became ready during a harvest
 */
struct epoll_tail {
	size_t rbr;
	size_t ovflist;
};

/* Read what may be gone, or never was: false if there is nothing. */
#define epoll_peek(_value, _from)					\
	(!copy_from_kernel_nofault((_value), (_from),			\
		sizeof(*(_value)) +					\
		BUILD_BUG_ON_ZERO(sizeof(*(_value)) != sizeof(*(_from)))))

static __always_inline const struct rb_root_cached *
epoll_tree(const struct epoll_head *ep, const struct epoll_tail *tail)
{
	return (const void *)ep + tail->rbr;
}

static __always_inline void *const *
epoll_ovflist(const struct epoll_head *ep, const struct epoll_tail *tail)
{
	return (const void *)ep + tail->ovflist;
}

/**
 * struct epoll_functions - addresses by which the kernel's structures are known
 * @callback: ep_poll_callback()
 * @wake: ep_autoremove_wake_function()
 * @release: ep_eventpoll_release()
 */
struct epoll_functions {
	unsigned long callback;
	unsigned long wake;
	unsigned long release;
};

/* What a comparison came to. */
enum epoll_check {
	EPOLL_FITS,
	EPOLL_EMPTY,
	EPOLL_DIFFERS,
};

enum epoll_check epoll_mirror_check(const struct epoll_functions *functions,
				    const struct epoll_head *ep,
				    struct epoll_tail *tail);

/* The item behind a place in a wait queue that ep_poll_callback() serves. */
static __always_inline const struct epoll_item *
epoll_item_of(const wait_queue_entry_t *wait)
{
	return container_of(wait, struct epoll_hook, wait)->item;
}

/* Is it taken from the ready list as it is collected, and not put back? */
static __always_inline bool epoll_is_listed_once(const struct epoll_item *item)
{
	return epoll_events_of(item) & (__force u32)(EPOLLET | EPOLLONESHOT);
}

#endif /* STALL_EPOLL_MIRROR_H */
