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
 * item may be off the list with a rest of data, which came before the waiter
 * slept; what came later had to wake it.
 */
#include <linux/jiffies.h>

#include "epoll.h"

/* Clocks, and what happens between two readings, differ by less. */
#define SLACK_NS	((u64)NSEC_PER_MSEC)

#define WANTS_DATA	((__force u32)(EPOLLIN | EPOLLRDNORM))

/* A waiter that sleeps for less is at work. */
#define SILENT_NS	(20 * (u64)NSEC_PER_MSEC)

/* What an item may want that something to read is a sign of, or an error. */
#define READ_EVENTS	((__force u32)(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | \
				       EPOLLPRI | EPOLLERR | EPOLLHUP))

/**
 * struct search - an instance as it is looked at
 * @epoll: the collector's own
 * @ep: its address
 * @instance: what the handlers noted
 * @suspect: what the last check found
 * @finding: result
 * @other_woken: another waiter was woken who is yet to come
 * @silent: the worst of what was found of items that nothing was heard of
 * @now: in ticks
 */
struct search {
	struct epoll_state *epoll;
	const struct epoll_head *ep;
	const struct epoll_instance *instance;
	const struct epoll_suspect *suspect;
	struct epoll_finding *finding;
	bool other_woken;
	enum epoll_kind silent;
	u64 now;
};

static bool item_peek(const struct search *search,
		      const struct epoll_item *where, struct epoll_item *item)
{
	return epoll_peek(item, where) && item->ep == search->ep;
}

static bool item_is_armed(const struct epoll_item *item)
{
	return epoll_events_of(item) & ~EPOLL_PRIVATE_BITS;
}

/* Was it during the waiter's sleep? */
static bool in_sleep(const struct search *search, u64 ago_ns)
{
	return ago_ns <= search->finding->waiter.slept_ns + SLACK_NS;
}

/* How long ago the latest harvest was, as far as we have seen any. */
static u64 collected_ago_ns(const struct search *search)
{
	u64 collected_ns = stall_ticks_since(READ_ONCE(search->instance->collected_at),
					     search->now);
	u64 known_ns = stall_ticks_since(search->epoll->known_at, search->now);

	return min(collected_ns, known_ns);
}

static void found(const struct search *search, const struct epoll_item *where,
		  const struct epoll_item *item, u64 ago_ns)
{
	struct epoll_finding *finding = search->finding;

	memset(&finding->target, 0, sizeof(finding->target));
	epoll_target_look(item, &finding->target);
	finding->evidence.level = false;
	finding->evidence.item = where;
	finding->evidence.collected_at =
		READ_ONCE(search->instance->collected_at);
	finding->since_ns = ago_ns == U64_MAX ? 0 : stall_clock() - ago_ns;
}

/*
 * Was another waiter woken who is yet to come? One that still sleeps was not,
 * whatever was called for it.
 */
static bool other_was_woken(const struct search *search)
{
	unsigned int i, nr;

	for (i = 0; i < EPOLL_WAKES; i++) {
		s32 pid = READ_ONCE(search->instance->woken_pid[i]);

		if (pid && epoll_task(pid) &&
		    !epoll_waiter_sleeps(search->epoll, search->ep, pid, &nr))
			return true;
	}
	return false;
}

/* Of all that were called since then, the latest. */
static void note_wakeup(const struct search *search, u64 ago_ns)
{
	struct epoll_finding *finding = search->finding;
	unsigned int i;

	finding->woken_pid = 0;
	finding->woken_ago_ns = U64_MAX;
	for (i = 0; i < EPOLL_WAKES; i++) {
		u64 at = READ_ONCE(search->instance->woken_at[i]);
		u64 woken_ns = stall_ticks_since(at, search->now);
		s32 pid = READ_ONCE(search->instance->woken_pid[i]);

		if (!pid || woken_ns > ago_ns + SLACK_NS ||
		    woken_ns >= finding->woken_ago_ns)
			continue;
		finding->woken_pid = pid;
		finding->woken_ago_ns = woken_ns;
	}
}

/* For how long the instance has been ready, U64_MAX if that was not seen. */
static u64 ready_ago_ns(const struct search *search)
{
	u64 ready_at = READ_ONCE(search->instance->ready_at), ago_ns;

	if (!ready_at)
		return U64_MAX;
	ago_ns = stall_ticks_since(ready_at, search->now);
	return in_sleep(search, ago_ns) ? ago_ns : U64_MAX;
}

/* What is said of a wakeup that did not come, if another did. */
static enum epoll_kind judge(const struct search *search, enum epoll_kind kind,
			     u64 ago_ns)
{
	note_wakeup(search, min(ago_ns, search->finding->waiter.slept_ns));
	return search->other_woken ? EPOLL_OTHER_WOKEN : kind;
}

/* Something is on the ready list, and somebody sleeps. */
static enum epoll_kind find_listed(const struct search *search,
				   const struct list_head *first)
{
	const struct epoll_item *where = list_entry(first, struct epoll_item,
						    rdllink);
	u64 ago_ns = ready_ago_ns(search);
	struct epoll_item item;

	if (!item_peek(search, where, &item))
		return EPOLL_WELL;
	found(search, where, &item, ago_ns);
	return judge(search, EPOLL_K1, ago_ns);
}

/*
 * The callback was called, the item is not listed, and nobody harvested. It may
 * have been changed between the call and the callback's own look at it; a
 * oneshot is, by a harvest.
 */
static enum epoll_kind find_called(const struct search *search, u64 ago_ns)
{
	const struct epoll_item *where = READ_ONCE(search->instance->item);
	u32 others = ~(EPOLL_PRIVATE_BITS | READ_EVENTS);
	u32 came = READ_ONCE(search->instance->came);
	struct epoll_item item;
	struct epoll_unread unread;
	enum epoll_read read;
	u32 events;

	if (!item_peek(search, where, &item) || !item_is_armed(&item) ||
	    !epoll_items_have(search->ep, &search->epoll->tail, where, &item))
		return EPOLL_WELL;
	events = epoll_events_of(&item);
	if (came && !(came & events))
		return EPOLL_WELL;
	/* Somebody may have read it without epoll. */
	read = epoll_target_read(&item, &unread);
	if (read == EPOLL_NOTHING && !(events & others))
		return EPOLL_WELL;
	if (read != EPOLL_SOMETHING && events & (__force u32)EPOLLONESHOT)
		return EPOLL_WELL;
	found(search, where, &item, ago_ns);
	return judge(search, EPOLL_K2, ago_ns);
}

/*
 * Of an edge-triggered item only what arrived since the waiter slept, and since
 * anybody has collected, had to wake somebody.
 */
static bool edge_was_lost(const struct search *search, u64 ago_ns)
{
	u64 jiffy_ns = TICK_NSEC + SLACK_NS;

	return ago_ns != U64_MAX &&
	       ago_ns + jiffy_ns < search->finding->waiter.slept_ns &&
	       ago_ns + jiffy_ns < collected_ago_ns(search);
}

static enum epoll_kind silent_kind(const struct search *search, u32 events,
				   u64 ago_ns)
{
	bool exclusive = events & (__force u32)EPOLLEXCLUSIVE;

	/* Of an exclusive one, another instance may have been told. */
	if (!(events & (__force u32)EPOLLET))
		return exclusive ? EPOLL_WELL : EPOLL_K2;
	return !exclusive && edge_was_lost(search, ago_ns) ?
	       EPOLL_K2 : EPOLL_UNREAD;
}

/* Nothing was heard of this item. Goes on until one is found that is lost. */
static bool visit_silent(const struct epoll_item *where,
			 const struct epoll_item *item, void *data)
{
	u32 events = epoll_events_of(item);
	struct search *search = data;
	struct epoll_unread unread;
	enum epoll_read read;
	enum epoll_kind kind;
	u64 ago_ns;

	if (!item_is_armed(item) || !(events & WANTS_DATA))
		return true;
	read = epoll_target_read(item, &unread);
	if (read == EPOLL_NOT_NOW)
		search->finding->clean = false;
	if (read != EPOLL_SOMETHING)
		return true;
	ago_ns = epoll_target_arrived_ns(item);
	kind = silent_kind(search, events, ago_ns);
	if (kind == EPOLL_K2) {
		if (!in_sleep(search, ago_ns) &&
		    ago_ns > collected_ago_ns(search))
			ago_ns = U64_MAX;
		kind = judge(search, kind, ago_ns);
	}
	if (kind <= search->silent)
		return true;
	search->silent = kind;
	found(search, where, item, ago_ns);
	search->finding->evidence.level = !(events & (__force u32)EPOLLET);
	search->finding->evidence.mark = unread.mark;
	return kind != EPOLL_K2;
}

/*
 * Nothing was heard of any item. Whoever waits for less than this is none that
 * a look at all items is worth for.
 */
static enum epoll_kind find_silent(struct search *search)
{
	struct epoll_finding *finding = search->finding;
	struct epoll_state *epoll = search->epoll;
	unsigned int nr;

	if (finding->waiter.slept_ns < SILENT_NS || !epoll->budget) {
		finding->skipped = true;
		return EPOLL_WELL;
	}
	finding->clean = true;
	if (!epoll_items_walk(search->ep, &epoll->tail, visit_silent, search,
			      &nr) || search->silent)
		finding->clean = false;
	epoll->budget -= min(epoll->budget, nr);
	return search->silent;
}

/*
 * What an edge-triggered item has unread came before the waiter slept, unless in
 * this sleep a check saw nothing unread, none saw something, and nobody has
 * collected since. TCP tells when it came.
 */
static bool is_new_edge(const struct search *search)
{
	const struct epoll_suspect *suspect = search->suspect;
	const struct epoll_finding *finding = search->finding;

	return !finding->since_ns && suspect->ep == search->ep &&
	       !(finding->target.events & (__force u32)EPOLLEXCLUSIVE) &&
	       epoll_is_same_sleep(suspect, finding) && !suspect->unread &&
	       suspect->clean_ns &&
	       suspect->clean_ns + collected_ago_ns(search) >
	       stall_clock() + SLACK_NS;
}

static enum epoll_kind find_kind(struct search *search)
{
	const struct epoll_tail *tail = &search->epoll->tail;
	const struct epoll_head *ep = search->ep;
	enum epoll_kind kind = EPOLL_WELL;
	const struct list_head *first;
	void *ovflist;
	u64 ago_ns;

	if (!epoll_peek(&first, &ep->rdllist.next) ||
	    !epoll_peek(&ovflist, epoll_ovflist(ep, tail)) ||
	    ovflist != EPOLL_NO_HARVEST)
		return EPOLL_WELL;
	/* Who is woken for what is on the list comes off the queue after that. */
	search->other_woken = other_was_woken(search);
	if (first != &ep->rdllist)
		return find_listed(search, first);
	ago_ns = ready_ago_ns(search);
	/* What was ready before, and was deleted since, is not heard of again. */
	if (ago_ns != U64_MAX &&
	    ago_ns + SLACK_NS <= search->finding->waiter.slept_ns)
		kind = find_called(search, ago_ns);
	if (kind == EPOLL_WELL)
		kind = find_silent(search);
	if (kind == EPOLL_UNREAD && is_new_edge(search))
		kind = judge(search, EPOLL_K2, U64_MAX);
	return kind;
}

/**
 * epoll_find() - look at an instance
 * @epoll: the collector's own
 * @i: number of the instance
 * @finding: result
 *
 * Context: process, under the stall lock.
 */
void epoll_find(struct epoll_state *epoll, u32 i, struct epoll_finding *finding)
{
	struct search search = {
		.epoll = epoll,
		.ep = READ_ONCE(epoll->keys[i]),
		.instance = &epoll->instances[i],
		.suspect = &epoll->suspects[i],
		.finding = finding,
		.now = stall_ticks(),
	};

	memset(finding, 0, sizeof(*finding));
	if (!epoll_is_instance(search.ep))
		return;
	rcu_read_lock();
	if (epoll_waiter_look(epoll, search.ep, finding))
		finding->evidence.kind = find_kind(&search);
	rcu_read_unlock();
	/* Is it still the same? Pairs with epoll_instance_remove(). */
	smp_rmb();
	if (READ_ONCE(epoll->keys[i]) != search.ep)
		memset(finding, 0, sizeof(*finding));
}
