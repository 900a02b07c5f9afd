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
#include <linux/pid.h>
#include <linux/pid_namespace.h>

#include "epoll.h"

/* Clocks, and what happens between two readings, differ by less. */
#define SLACK_NS	((u64)NSEC_PER_MSEC)

#define WANTS_DATA	((__force u32)(EPOLLIN | EPOLLRDNORM))

/* A waiter that sleeps for less is at work. */
#define SILENT_NS	(100 * (u64)NSEC_PER_MSEC)

/* What an item may want that something to read is a sign of, or an error. */
#define READ_EVENTS	((__force u32)(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | \
				       EPOLLPRI | EPOLLERR | EPOLLHUP))

/* As deep as a red-black tree of 2^32 items can be. */
#define TREE_DEPTH	64

/**
 * struct search - an instance as it is looked at
 * @epoll: the collector's own
 * @ep: its address
 * @instance: what the handlers noted
 * @finding: result
 * @suspect: what the last check found
 * @now: in ticks
 */
struct search {
	struct epoll_state *epoll;
	const struct epoll_head *ep;
	const struct epoll_instance *instance;
	struct epoll_finding *finding;
	const struct epoll_suspect *suspect;
	u64 now;
};

static bool item_peek(const struct search *search,
		      const struct epoll_item *where, struct epoll_item *item)
{
	return epoll_peek(item, where) && item->ep == search->ep;
}

static u32 item_events(const struct epoll_item *item)
{
	return (__force u32)item->event.events;
}

static bool item_is_armed(const struct epoll_item *item)
{
	return item_events(item) & ~EPOLL_PRIVATE_BITS;
}

/* Was it during the waiter's sleep? */
static bool in_sleep(const struct search *search, u64 ago_ns)
{
	return ago_ns <= search->finding->waiter.slept_ns + SLACK_NS;
}

static void target_since(struct search *search, const struct epoll_item *item,
			 u64 ago_ns)
{
	memset(&search->finding->target, 0, sizeof(search->finding->target));
	epoll_target_look(item, &search->finding->target);
	search->finding->since_ns = ago_ns == U64_MAX ? 0 :
				    stall_clock() - ago_ns;
}

static bool is_alive(s32 pid)
{
	return pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);
}

/*
 * Was another waiter woken since, who is yet to come? One that still sleeps was
 * not, whatever was called for it. Notes the latest of all calls.
 */
static bool other_was_woken(const struct search *search, u64 ago_ns)
{
	struct epoll_finding *finding = search->finding;
	bool other = false;
	unsigned int i;

	finding->woken_ago_ns = U64_MAX;
	for (i = 0; i < EPOLL_WAKES; i++) {
		const struct epoll_wake *wake = &search->instance->wakes[i];
		s32 pid = READ_ONCE(wake->pid);
		u64 woken_ns = stall_ticks_since(READ_ONCE(wake->at),
						 search->now);

		if (!pid || woken_ns > ago_ns + SLACK_NS)
			continue;
		if (woken_ns < finding->woken_ago_ns) {
			finding->woken_pid = pid;
			finding->woken_ago_ns = woken_ns;
		}
		other |= is_alive(pid) &&
			 !epoll_waiter_sleeps(search->epoll, search->ep, pid);
	}
	return other;
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

static enum epoll_kind judge(const struct search *search, enum epoll_kind kind,
			     u64 ago_ns)
{
	u64 slept_ns = search->finding->waiter.slept_ns;

	return other_was_woken(search, min(ago_ns, slept_ns)) ?
	       EPOLL_OTHER_WOKEN : kind;
}

/* Something is on the ready list, and somebody sleeps. */
static enum epoll_kind find_listed(struct search *search,
				   const struct list_head *first)
{
	u64 ago_ns = ready_ago_ns(search);
	struct epoll_item item;

	if (!item_peek(search, list_entry(first, struct epoll_item, rdllink),
		       &item))
		return EPOLL_WELL;
	target_since(search, &item, ago_ns);
	return judge(search, EPOLL_K1, ago_ns);
}

/*
 * Is an item still there? Its memory may look as if it were long after it is
 * gone. The tree is in the order of ep_cmp_ffd().
 */
static bool in_tree(const struct search *search, const struct epoll_item *where,
		    const struct epoll_item *item)
{
	const struct rb_root_cached *tree =
		epoll_tree(search->ep, &search->epoll->tail);
	unsigned int depth = TREE_DEPTH;
	const struct rb_node *node;
	struct epoll_item other;

	if (!epoll_peek(&node, &tree->rb_root.rb_node))
		return false;
	while (node && node != &where->rbn && --depth) {
		if (!item_peek(search, rb_entry(node, struct epoll_item, rbn),
			       &other))
			return false;
		if (item->file > other.file ||
		    (item->file == other.file && item->fd > other.fd))
			node = other.rbn.rb_right;
		else
			node = other.rbn.rb_left;
	}
	return node == &where->rbn;
}

/* The callback was called, the item is not listed, and nobody harvested. */
static enum epoll_kind find_called(struct search *search, u64 ago_ns)
{
	const struct epoll_item *where = READ_ONCE(search->instance->item);
	u32 others = ~(EPOLL_PRIVATE_BITS | READ_EVENTS);
	struct epoll_item item;
	u64 bytes;

	if (!item_peek(search, where, &item) || !item_is_armed(&item) ||
	    !in_tree(search, where, &item))
		return EPOLL_WELL;
	/* Somebody may have read it without epoll. */
	if (!(item_events(&item) & others) &&
	    epoll_target_read(&item, &bytes) == EPOLL_NOTHING)
		return EPOLL_WELL;
	target_since(search, &item, ago_ns);
	return judge(search, EPOLL_K2, ago_ns);
}

/*
 * Of an edge-triggered item only what arrived since the waiter slept, and since
 * anybody has collected, had to wake somebody.
 */
static bool edge_was_lost(const struct search *search, u64 ago_ns)
{
	u64 collected_ns = stall_ticks_since(search->instance->collected_at,
					     search->now);
	u64 jiffy_ns = TICK_NSEC + SLACK_NS;

	return ago_ns != U64_MAX &&
	       ago_ns + jiffy_ns < search->finding->waiter.slept_ns &&
	       ago_ns + jiffy_ns < collected_ns;
}

/* Nothing was heard of this item. Goes on until one is found that is lost. */
static bool visit_silent(const struct epoll_item *item, void *data)
{
	struct search *search = data;
	u32 events = item_events(item);
	enum epoll_kind kind = EPOLL_K2;
	enum epoll_read read;
	u64 bytes, ago_ns;

	if (!item_is_armed(item) || !(events & WANTS_DATA))
		return true;
	read = epoll_target_read(item, &bytes);
	if (read == EPOLL_NOT_NOW)
		search->finding->clean = false;
	if (read != EPOLL_SOMETHING)
		return true;
	ago_ns = epoll_target_arrived_ns(item);
	if (events & (__force u32)EPOLLET) {
		if (events & (__force u32)EPOLLEXCLUSIVE ||
		    !edge_was_lost(search, ago_ns))
			kind = EPOLL_UNREAD;
	} else if (events & (__force u32)EPOLLEXCLUSIVE) {
		/* Another instance may have been woken. */
		return true;
	} else if (!in_sleep(search, ago_ns)) {
		ago_ns = U64_MAX;
	}
	if (kind == EPOLL_K2)
		kind = judge(search, kind, ago_ns);
	if (kind <= search->finding->kind)
		return true;
	search->finding->kind = kind;
	target_since(search, item, ago_ns);
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

	if (finding->waiter.slept_ns < SILENT_NS)
		return EPOLL_WELL;
	if (!epoll->budget) {
		finding->skipped = true;
		return EPOLL_WELL;
	}
	finding->clean = true;
	if (!epoll_items_walk(search->ep, &epoll->tail, visit_silent, search,
			      &nr) || finding->kind)
		finding->clean = false;
	epoll->budget -= min(epoll->budget, nr);
	return finding->kind;
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
	if (first != &ep->rdllist)
		return find_listed(search, first);
	ago_ns = ready_ago_ns(search);
	if (ago_ns != U64_MAX)
		kind = find_called(search, ago_ns);
	return kind ?: find_silent(search);
}

/*
 * What an edge-triggered item has unread came before the waiter slept, unless
 * the last check saw nothing unread, and neither ran that waiter since nor did
 * anybody collect. TCP tells when it came.
 */
static void find_new_edge(const struct search *search)
{
	const struct epoll_suspect *suspect = search->suspect;
	struct epoll_finding *finding = search->finding;
	u64 collected_ns = stall_ticks_since(search->instance->collected_at,
					     search->now);

	if (finding->kind == EPOLL_UNREAD && !finding->since_ns &&
	    !(finding->target.events & (__force u32)EPOLLEXCLUSIVE) &&
	    suspect->ep == search->ep &&
	    (suspect->kind == EPOLL_WELL || suspect->kind == EPOLL_K2) &&
	    epoll_is_same_sleep(suspect, finding) &&
	    suspect->since_ns + collected_ns > stall_clock() + SLACK_NS)
		finding->kind = judge(search, EPOLL_K2, U64_MAX);
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
		.finding = finding,
		.suspect = &epoll->suspects[i],
		.now = stall_ticks(),
	};

	memset(finding, 0, sizeof(*finding));
	if (!epoll_is_instance(search.ep))
		return;
	rcu_read_lock();
	if (epoll_waiter_look(epoll, search.ep, finding))
		finding->kind = find_kind(&search);
	find_new_edge(&search);
	rcu_read_unlock();
	/* Is it still the same? The key goes before the instance does. */
	smp_rmb();
	if (READ_ONCE(epoll->keys[i]) != search.ep)
		memset(finding, 0, sizeof(*finding));
}

/**
 * epoll_items_walk() - visit the items of an instance
 * @ep: the instance
 * @tail: where its tree is
 * @visit: called with a copy of each, until it returns false
 * @data: for @visit
 * @nr: result, how many were visited, EPOLL_ITEMS at most
 *
 * Without the instance's mutex: items that come and go meanwhile may be missed,
 * or visited twice.
 *
 * Context: process, under rcu_read_lock(), which keeps the items' memory.
 * Return: true if all were visited, as far as can be seen.
 */
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      bool (*visit)(const struct epoll_item *item, void *data),
		      void *data, unsigned int *nr)
{
	const struct rb_node *stack[TREE_DEPTH];
	struct epoll_item item;
	unsigned int depth;

	*nr = 0;
	if (!epoll_peek(&stack[0], &epoll_tree(ep, tail)->rb_root.rb_node))
		return false;
	depth = stack[0] ? 1 : 0;
	while (depth) {
		const struct rb_node *node = stack[--depth];

		if (*nr == EPOLL_ITEMS || depth + 2 > TREE_DEPTH ||
		    !epoll_peek(&item, rb_entry(node, struct epoll_item, rbn)) ||
		    item.ep != ep)
			return false;
		++*nr;
		if (!visit(&item, data))
			return false;
		if (item.rbn.rb_left)
			stack[depth++] = item.rbn.rb_left;
		if (item.rbn.rb_right)
			stack[depth++] = item.rbn.rb_right;
	}
	return true;
}
