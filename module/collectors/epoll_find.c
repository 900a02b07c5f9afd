// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_find - what is the matter with an instance and who sleeps on it?
 *
 * The kernel puts a waiter to sleep only while the ready list is empty, and
 * wakes one for each item that it puts there. So if an item is on the list and
 * somebody sleeps, another one was woken and has not come yet, or the wakeup is
 * lost: K1. If what a level-triggered item watches can be read and it is not on
 * the list, its callback did not run: K2. So it is if the callback was called,
 * and the item is not on the list though nobody harvested. An edge-triggered
 * item may be off the list with a rest of data, if somebody harvested since they
 * came; what came later had to wake.
 */
#include <linux/jiffies.h>

#include "epoll_find.h"

/* What an item may want that something to read is a sign of, or an error. */
#define READ_EVENTS	((__force u32)(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | \
				       EPOLLPRI | EPOLLERR | EPOLLHUP))

static bool item_peek(const struct epoll_head *ep,
		      const struct epoll_item *where, struct epoll_item *item)
{
	return epoll_peek(item, where) && item->ep == ep;
}

/* The item, if it is one of the instance's. */
static bool item_get(const struct epoll_state *epoll,
		     const struct epoll_head *ep,
		     const struct epoll_item *where, struct epoll_item *item)
{
	return item_peek(ep, where, item) &&
	       epoll_items_have(ep, &epoll->tail, where, item);
}

/**
 * epoll_found() - something is the matter with an item
 * @search: gets what is to be said of it; what is particular to the kind of
 *	evidence is the caller's to add
 * @where: its address
 * @item: a copy of it
 * @ago_ns: since when, U64_MAX if that is not known
 */
void epoll_found(const struct epoll_search *search,
		 const struct epoll_item *where, const struct epoll_item *item,
		 u64 ago_ns)
{
	struct epoll_finding *finding = search->finding;

	memset(&finding->target, 0, sizeof(finding->target));
	epoll_target_look(item, &finding->target);
	finding->evidence = (struct epoll_evidence) {
		.item = where,
		.collected_at = finding->collected_at,
	};
	finding->since_ns = ago_ns == U64_MAX ? 0 : stall_clock() - ago_ns;
}

/**
 * struct asleep - who was called, and still stands in the queue
 * @instance: what the handlers noted
 * @calls: bit by number of the call
 */
struct asleep {
	const struct epoll_instance *instance;
	unsigned long calls;
};

static void note_asleep(struct task_struct *task, void *data)
{
	struct asleep *asleep = data;
	unsigned int i = task->pid % EPOLL_WAKES;

	if (READ_ONCE(asleep->instance->woken_pid[i]) == task->pid)
		__set_bit(i, &asleep->calls);
}

/*
 * Was another waiter woken who is yet to come? One that still sleeps was not,
 * whatever was called for it.
 */
static bool other_was_woken(const struct epoll_search *search)
{
	struct asleep asleep = { .instance = search->instance };
	unsigned int i;

	epoll_waiters_walk(search->epoll, search->ep, note_asleep, &asleep);
	for (i = 0; i < EPOLL_WAKES; i++) {
		s32 pid = READ_ONCE(search->instance->woken_pid[i]);

		if (pid && !test_bit(i, &asleep.calls) && epoll_task(pid))
			return true;
	}
	return false;
}

/* Of all that were called since then, the latest. */
static void note_wakeup(const struct epoll_search *search, u64 ago_ns)
{
	struct epoll_finding *finding = search->finding;
	unsigned int i;

	finding->woken_pid = 0;
	finding->woken_ago_ns = U64_MAX;
	for (i = 0; i < EPOLL_WAKES; i++) {
		u64 at = READ_ONCE(search->instance->woken_at[i]);
		u64 woken_ns = stall_ticks_since(at, search->now);
		s32 pid = READ_ONCE(search->instance->woken_pid[i]);

		if (!pid || woken_ns > ago_ns + EPOLL_SLACK_NS ||
		    woken_ns >= finding->woken_ago_ns)
			continue;
		finding->woken_pid = pid;
		finding->woken_ago_ns = woken_ns;
	}
}

/**
 * epoll_judge() - what is to be said of a wakeup that did not come
 * @search: gets who was woken instead
 * @kind: if nobody was
 * @ago_ns: how long ago it had to come, U64_MAX if that is not known
 *
 * Return: @kind, or EPOLL_OTHER_WOKEN.
 */
enum epoll_kind epoll_judge(const struct epoll_search *search,
			    enum epoll_kind kind, u64 ago_ns)
{
	note_wakeup(search, min(ago_ns, search->finding->waiter.slept_ns));
	return search->other_woken ? EPOLL_OTHER_WOKEN : kind;
}

/*
 * For how long the instance has been ready. U64_MAX if that was not seen, or was
 * of an item that is gone.
 */
static u64 ready_ago_ns(const struct epoll_search *search)
{
	const struct epoll_item *first = READ_ONCE(search->instance->item);
	u64 ready_at = READ_ONCE(search->instance->ready_at), ago_ns;
	struct epoll_item item;

	if (!ready_at ||
	    (first && !item_get(search->epoll, search->ep, first, &item)))
		return U64_MAX;
	ago_ns = stall_ticks_since(ready_at, search->now);
	return ago_ns <= search->finding->waiter.slept_ns + EPOLL_SLACK_NS ?
	       ago_ns : U64_MAX;
}

/* Something is on the ready list, and somebody sleeps. */
static enum epoll_kind find_listed(const struct epoll_search *search,
				   const struct list_head *first)
{
	const struct epoll_item *where = list_entry(first, struct epoll_item,
						    rdllink);
	u64 ago_ns = ready_ago_ns(search);
	struct epoll_item item;

	if (!item_peek(search->ep, where, &item))
		return EPOLL_WELL;
	epoll_found(search, where, &item, ago_ns);
	return epoll_judge(search, EPOLL_K1, ago_ns);
}

/* Was it so long after the waiter fell asleep that nothing of before counts? */
static bool in_its_sleep(const struct epoll_search *search, u64 ago_ns)
{
	const struct epoll_waiter *waiter = &search->finding->waiter;
	const struct epoll_suspect *suspect = search->suspect;
	u64 slept_ns = waiter->slept_ns;

	if (!waiter->exact)
		slept_ns = suspect->ep == search->ep &&
			   epoll_is_same_sleep(suspect, search->finding) ?
			   stall_clock() - suspect->seen_ns : 0;
	return ago_ns + EPOLL_SLACK_NS <= slept_ns;
}

/* Was the callback called since the latest harvest? */
static bool was_called(const struct epoll_search *search)
{
	u64 ready_at = READ_ONCE(search->instance->ready_at);

	return ready_at && (s64)(ready_at - search->finding->collected_at) > 0;
}

/*
 * The callback was called, the item is not listed, and nobody harvested. It may
 * have been changed between the call and the callback's own look at it; a
 * oneshot is, by a harvest. If it cannot be seen that there still is something,
 * only what was called for in this sleep counts: before, others may have taken
 * it, or another item had its place.
 */
static enum epoll_kind find_called(const struct epoll_search *search)
{
	const struct epoll_item *where = READ_ONCE(search->instance->item);
	u32 came = READ_ONCE(search->instance->came), events;
	u64 ago_ns = stall_ticks_since(READ_ONCE(search->instance->ready_at),
				       search->now);
	struct epoll_unread unread;
	struct epoll_item item;
	enum epoll_read read;

	if (!was_called(search) || !item_get(search->epoll, search->ep, where, &item) ||
	    !epoll_is_armed(&item) || epoll_target_is_closing(&item))
		return EPOLL_WELL;
	events = epoll_events_of(&item);
	if (came && !(came & events))
		return EPOLL_WELL;
	read = epoll_target_read(&item, &unread);
	if (read == EPOLL_SOMETHING && (!came || came & READ_EVENTS)) {
		epoll_found(search, where, &item, ago_ns);
		return epoll_found_unread(search, &item, &unread, ago_ns);
	}
	if (!in_its_sleep(search, ago_ns) ||
	    (read != EPOLL_SOMETHING && events & (__force u32)EPOLLONESHOT) ||
	    (read == EPOLL_NOTHING &&
	     !(events & ~(EPOLL_PRIVATE_BITS | READ_EVENTS))))
		return EPOLL_WELL;
	epoll_found(search, where, &item, ago_ns);
	/* Of more that are called for, the latest is known only. */
	search->finding->evidence.item = NULL;
	return epoll_judge(search, EPOLL_K2, ago_ns);
}

/* What the last check found, as long as it is so. */
static enum epoll_kind find_again(const struct epoll_search *search)
{
	const struct epoll_suspect *suspect = search->suspect;
	const struct epoll_instance *instance = search->instance;
	const struct epoll_item *where = suspect->evidence.item;
	struct epoll_item item;
	u64 ago_ns;

	if (suspect->ep != search->ep || !suspect->evidence.any_sleep ||
	    epoll_read_again(search->epoll, suspect - search->epoll->suspects,
			     &suspect->evidence) != EPOLL_SOMETHING ||
	    !item_peek(search->ep, where, &item))
		return EPOLL_WELL;
	ago_ns = epoll_arrived_ago_ns(&item);
	if (was_called(search) && READ_ONCE(instance->item) == where)
		ago_ns = stall_ticks_since(READ_ONCE(instance->ready_at),
					   search->now);
	epoll_found(search, where, &item, ago_ns);
	search->finding->evidence = suspect->evidence;
	return epoll_judge(search, EPOLL_K2, ago_ns);
}

static enum epoll_kind find_kind(struct epoll_search *search)
{
	const struct epoll_tail *tail = &search->epoll->tail;
	const struct epoll_head *ep = search->ep;
	const struct list_head *first;
	enum epoll_kind kind;
	void *ovflist;

	if (!epoll_peek(&first, &ep->rdllist.next) ||
	    !epoll_peek(&ovflist, epoll_ovflist(ep, tail)) ||
	    ovflist != EPOLL_NO_HARVEST)
		return EPOLL_WELL;
	/* Who is woken for what is on the list comes off the queue after that. */
	search->other_woken = other_was_woken(search);
	if (first != &ep->rdllist)
		return find_listed(search, first);
	kind = find_again(search);
	if (kind == EPOLL_WELL)
		kind = find_called(search);
	return kind == EPOLL_WELL ? epoll_find_silent(search) : kind;
}

/**
 * epoll_find() - look at an instance
 * @epoll: the collector's own
 * @i: number of the instance
 * @finding: result
 * @rests: result, what is unread beside that; NULL if nobody asks
 *
 * Context: process, may sleep, under the stall lock.
 */
void epoll_find(struct epoll_state *epoll, u32 i, struct epoll_finding *finding,
		struct epoll_rests *rests)
{
	struct epoll_search search = {
		.epoll = epoll,
		.ep = READ_ONCE(epoll->keys[i]),
		.instance = &epoll->instances[i],
		.suspect = &epoll->suspects[i],
		.finding = finding,
		.rests = rests,
		.now = stall_ticks(),
	};

	memset(finding, 0, sizeof(*finding));
	finding->collected_at = READ_ONCE(search.instance->collected_at);
	if (rests)
		rests->nr = 0;
	if (!epoll_is_instance(search.ep))
		return;
	rcu_read_lock();
	if (epoll_waiter_look(epoll, search.ep, finding))
		finding->evidence.kind = find_kind(&search);
	rcu_read_unlock();
	/* Is it still the same? Pairs with epoll_instance_remove(). */
	smp_rmb();
	if (READ_ONCE(epoll->keys[i]) != search.ep) {
		memset(finding, 0, sizeof(*finding));
		if (rests)
			rests->nr = 0;
	}
}

/**
 * epoll_read_again() - is an item as it was, unread and not listed?
 * @epoll: the collector's own
 * @i: number of the instance
 * @evidence: of any sleep
 *
 * Whoever sleeps, or whatever else there is at this moment.
 *
 * Context: process, under the stall lock.
 * Return: EPOLL_SOMETHING if it is, EPOLL_NOT_NOW if that cannot be seen, or
 * EPOLL_NOTHING.
 */
enum epoll_read epoll_read_again(const struct epoll_state *epoll, u32 i,
				 const struct epoll_evidence *evidence)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	const struct epoll_item *where = evidence->item;
	enum epoll_read read = EPOLL_NOTHING;
	struct epoll_unread unread;
	struct epoll_item item;

	if (!epoll_is_instance(ep) ||
	    (evidence->collected_at != EPOLL_ANY_HARVEST &&
	     evidence->collected_at != READ_ONCE(epoll->instances[i].collected_at)))
		return EPOLL_NOTHING;
	rcu_read_lock();
	if (item_get(epoll, ep, where, &item) && epoll_is_armed(&item) &&
	    item.rdllink.next == &where->rdllink)
		read = epoll_target_read(&item, &unread);
	rcu_read_unlock();
	if (read == EPOLL_SOMETHING && unread.mark != evidence->mark)
		return EPOLL_NOTHING;
	return read == EPOLL_CANNOT_SAY ? EPOLL_NOTHING : read;
}
