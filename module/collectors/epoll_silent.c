// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_silent - is something unread in an item that nothing was heard of?
 *
 * All items of an instance are looked at. A level-triggered item that can be
 * read has to be on the ready list. An edge-triggered one may have a rest, which
 * was collected and not read; TCP tells when its latest data came, and of others
 * an earlier look at the same sleep may have seen that there was nothing.
 */
#include <linux/jiffies.h>

#include "epoll_find.h"

#define WANTS_DATA	((__force u32)(EPOLLIN | EPOLLRDNORM))

/* A waiter that sleeps for less is at work. */
#define SILENT_NS	(20 * (u64)NSEC_PER_MSEC)

/**
 * epoll_arrived_ago_ns() - how long ago the latest data came in
 * @item: a copy of it
 *
 * Of TCP, to the jiffy.
 *
 * Context: process, under rcu_read_lock().
 * Return: ns, U64_MAX if it is not known.
 */
u64 epoll_arrived_ago_ns(const struct epoll_item *item)
{
	u32 at;

	return epoll_target_arrived(item, &at) ?
	       jiffies64_to_nsecs((u32)jiffies - at) : U64_MAX;
}

/**
 * epoll_found_unread() - what was found is unread, and had to be listed
 * @search: after epoll_found()
 * @item: a copy of the item
 * @unread: what that is
 * @ago_ns: since when, U64_MAX if that is not known
 *
 * That is as wrong in any sleep. Of an edge-triggered item a harvest may be the
 * one that collected it.
 *
 * Return: what is the matter.
 */
enum epoll_kind epoll_found_unread(const struct epoll_search *search,
				   const struct epoll_item *item,
				   const struct epoll_unread *unread,
				   u64 ago_ns)
{
	struct epoll_evidence *evidence = &search->finding->evidence;
	enum epoll_kind kind = epoll_judge(search, EPOLL_K2, ago_ns);

	evidence->any_sleep = kind == EPOLL_K2;
	evidence->mark = unread->mark;
	if (!(epoll_events_of(item) & (__force u32)EPOLLET))
		evidence->collected_at = EPOLL_ANY_HARVEST;
	return kind;
}

/*
 * Had the callback run for what came since anybody has collected, the item would
 * be listed: who goes to sleep collects what is. Both are jiffies, as clocks run
 * apart; and neither moves any more, however long ago that was.
 */
static bool came_after_harvest(const struct epoll_search *search, u32 arrived)
{
	u32 harvest = search->finding->collected_at ?
		      READ_ONCE(search->instance->collected_jiffy) :
		      search->epoll->known_jiffy;

	return (s32)(arrived - harvest) > 1;
}

/* Has an earlier look at this sleep seen nothing unread, and no harvest came since? */
static bool was_clean(const struct epoll_search *search)
{
	const struct epoll_suspect *suspect = search->suspect;

	return suspect->ep == search->ep && suspect->clean &&
	       suspect->clean_at == search->finding->collected_at &&
	       epoll_is_same_sleep(suspect, search->finding) &&
	       !suspect->unread;
}

static void note_rest(const struct epoll_search *search,
		      const struct epoll_target *target, u64 since_ns)
{
	struct epoll_rests *rests = search->rests;
	unsigned int i;

	if (!rests)
		return;
	i = rests->nr++;
	if (i >= ARRAY_SIZE(rests->all))
		return;
	rests->all[i].target = *target;
	rests->all[i].since_ns = since_ns;
}

/* Data that were collected. The first of them is what is found, if nothing is worse. */
static void found_rest(struct epoll_search *search,
		       const struct epoll_item *where,
		       const struct epoll_item *item)
{
	u64 ago_ns = epoll_arrived_ago_ns(item);
	struct epoll_target target = { .fd = 0 };

	search->finding->unread = true;
	if (search->silent == EPOLL_WELL) {
		search->silent = EPOLL_UNREAD;
		epoll_found(search, where, item, ago_ns);
	} else if (search->rests) {
		epoll_target_look(item, &target);
		note_rest(search, &target,
			  ago_ns == U64_MAX ? 0 : stall_clock() - ago_ns);
	}
}

/* Data that had to be told of. False if that is lost: no need to look further. */
static bool found_lost(struct epoll_search *search,
		       const struct epoll_item *where,
		       const struct epoll_item *item,
		       const struct epoll_unread *unread)
{
	bool edge = epoll_events_of(item) & (__force u32)EPOLLET;
	const struct epoll_finding *finding = search->finding;
	u64 ago_ns = U64_MAX;
	u32 at;

	if (epoll_target_is_closing(item) ||
	    search->silent == EPOLL_OTHER_WOKEN)
		return true;
	if (search->silent == EPOLL_UNREAD)
		note_rest(search, &finding->target, finding->since_ns);
	if (!epoll_target_arrived(item, &at)) {
		epoll_found(search, where, item, ago_ns);
		/* Of an edge, it is an earlier look at this sleep that tells. */
		search->silent = edge ?
			epoll_judge(search, EPOLL_K2, ago_ns) :
			epoll_found_unread(search, item, unread, ago_ns);
	} else {
		ago_ns = jiffies64_to_nsecs((u32)jiffies - at);
		if (!came_after_harvest(search, at) &&
		    ago_ns > finding->waiter.slept_ns + EPOLL_SLACK_NS)
			ago_ns = U64_MAX;
		epoll_found(search, where, item, ago_ns);
		search->silent = epoll_found_unread(search, item, unread,
						    ago_ns);
	}
	return search->silent != EPOLL_K2;
}

/* Something can be read. Of an exclusive item, another instance may have been told. */
static bool visit_unread(struct epoll_search *search,
			 const struct epoll_item *where,
			 const struct epoll_item *item,
			 const struct epoll_unread *unread)
{
	u32 events = epoll_events_of(item), at;
	bool edge = events & (__force u32)EPOLLET;
	bool lost = !edge;

	if (edge)
		lost = epoll_target_arrived(item, &at) ?
		       came_after_harvest(search, at) : was_clean(search);
	if (events & (__force u32)EPOLLEXCLUSIVE)
		lost = false;
	if (lost)
		return found_lost(search, where, item, unread);
	if (edge)
		found_rest(search, where, item);
	return true;
}

static bool visit_silent(const struct epoll_item *where,
			 const struct epoll_item *item, void *data)
{
	u32 events = epoll_events_of(item);
	struct epoll_search *search = data;
	struct epoll_unread unread;
	enum epoll_read read;

	if (!epoll_is_armed(item) || !(events & WANTS_DATA))
		return true;
	read = epoll_target_read(item, &unread);
	if (events & (__force u32)EPOLLET &&
	    (read == EPOLL_NOT_NOW || read == EPOLL_SOMETHING))
		search->at_rest = false;
	return read != EPOLL_SOMETHING ||
	       visit_unread(search, where, item, &unread);
}

static bool visit_again(const struct epoll_item *where,
			const struct epoll_item *item, void *unused)
{
	return true;
}

static bool walk(struct epoll_search *search, epoll_visit_fn visit,
		 struct epoll_visits *visits)
{
	struct epoll_state *epoll = search->epoll;
	bool all;

	visits->limit = min_t(unsigned int, epoll->budget, EPOLL_ITEMS);
	all = epoll_items_walk(search->ep, &epoll->tail, visit, search, visits);
	epoll->budget -= visits->nr;
	return all;
}

/**
 * epoll_find_silent() - look at all items of an instance
 * @search: of that instance; nothing is listed, and nothing was heard
 *
 * Whoever waits for a moment only is none that this is worth for. That nothing is
 * unread is believed if no item was missed, as a second walk tells.
 *
 * Context: process, may sleep; under rcu_read_lock(), which it leaves and takes
 * again now and then.
 * Return: what is the matter.
 */
enum epoll_kind epoll_find_silent(struct epoll_search *search)
{
	struct epoll_finding *finding = search->finding;
	struct epoll_visits visits, again;

	if (finding->waiter.slept_ns < SILENT_NS || !search->epoll->budget) {
		finding->skipped = true;
		return EPOLL_WELL;
	}
	search->at_rest = true;
	if (walk(search, visit_silent, &visits) && search->at_rest &&
	    !search->silent && !was_clean(search))
		finding->clean = walk(search, visit_again, &again) &&
				 again.nr == visits.nr &&
				 again.sum == visits.sum;
	return search->silent;
}
