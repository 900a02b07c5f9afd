/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_find.h - what is the matter with an instance, and who sleeps on it
 */
#ifndef STALL_EPOLL_FIND_H
#define STALL_EPOLL_FIND_H

#include "epoll.h"
#include "epoll_target.h"

/* Confirmed losses that are kept. */
#define EPOLL_LOSSES	64

/* Items of an instance, and waiters, that are looked at. */
#define EPOLL_ITEMS	8192
#define EPOLL_WAITERS	1024

/* Of an instance, waiters and unread items that have a row of their own. */
#define EPOLL_SHOWN	64

/* Items of all instances that are looked at in one check. */
#define EPOLL_BUDGET	(4 * EPOLL_ITEMS)

/* Clocks, and what happens between two readings, differ by less. */
#define EPOLL_SLACK_NS	((u64)NSEC_PER_MSEC)

/**
 * enum epoll_kind - what is the matter with a waiter
 * @EPOLL_WELL: nothing, or nothing that could be seen
 * @EPOLL_UNREAD: an edge-triggered item has unread data, which were collected
 * @EPOLL_OTHER_WOKEN: an item is ready, and another waiter was woken for it
 * @EPOLL_K1: an item is ready, and nobody was woken
 * @EPOLL_K2: data came in, and the callback did not run
 */
enum epoll_kind {
	EPOLL_WELL,
	EPOLL_UNREAD,
	EPOLL_OTHER_WOKEN,
	EPOLL_K1,
	EPOLL_K2,
};

/* Of the kinds, those that a report is made of. */
static inline bool epoll_is_lost(enum epoll_kind kind)
{
	return kind == EPOLL_K1 || kind == EPOLL_K2;
}

/* More of them do not matter. */
#define EPOLL_ANY_HARVEST	U64_MAX

/**
 * struct epoll_evidence - what has to stay the same for a finding to be confirmed
 * @kind: what is the matter
 * @any_sleep: it is as wrong in any sleep of any waiter: something can be read,
 *	and the item is not listed though it had to be
 * @item: address of the item; NULL if another one is as good
 * @mark: of @any_sleep: of what is unread
 * @collected_at: latest harvest of the instance, or EPOLL_ANY_HARVEST
 */
struct epoll_evidence {
	enum epoll_kind kind;
	bool any_sleep;
	const struct epoll_item *item;
	u64 mark;
	u64 collected_at;
};

/**
 * struct epoll_suspect - what the last check found at an instance
 * @ep: its address, NULL if there is nothing to remember
 * @pid: of the waiter
 * @switches: how often that had gone to sleep in its life
 * @seen_ns: when this sleep was first seen
 * @evidence: of what was found
 * @since_ns: since when, if that is known, else when it was first seen
 * @exact: that is known
 * @unread: something was unread in this sleep
 * @clean: nothing was ready or unread in this sleep
 * @clean_at: of @clean: what was the latest harvest then, in ticks
 * @checks: how many in a row have found the same
 * @loss: number of the report, from 1; 0 if there is none
 */
struct epoll_suspect {
	const struct epoll_head *ep;
	s32 pid;
	u64 switches;
	u64 seen_ns;
	struct epoll_evidence evidence;
	u64 since_ns;
	bool exact;
	bool unread;
	bool clean;
	u64 clean_at;
	u32 checks;
	u32 loss;
};

/**
 * struct epoll_waiter - a task that sleeps in epoll_wait()
 * @who: which
 * @switches: how often it has gone to sleep in its life
 * @slept_ns: for how long this time
 * @exact: false if it may have run for a part of that
 * @epfd: the instance's descriptor, -1 if it is not known
 */
struct epoll_waiter {
	struct stall_who who;
	u64 switches;
	u64 slept_ns;
	bool exact;
	int epfd;
};

/**
 * struct epoll_waiters - who sleeps on an instance, the latest first
 * @nr: how many are here
 * @all: each of them
 */
struct epoll_waiters {
	unsigned int nr;
	struct epoll_waiter all[EPOLL_SHOWN];
};

/**
 * struct epoll_rests - unread items of an instance beside the one that was found
 * @nr: how many there are
 * @all: what each of the first watches, and since when it is unread (monotonic), 0 if
 *	that is not known
 */
struct epoll_rests {
	unsigned int nr;
	struct {
		struct epoll_target target;
		u64 since_ns;
	} all[EPOLL_SHOWN];
};

/**
 * struct epoll_finding - what is to be said of an instance and its oldest waiter
 * @evidence: what it is
 * @clean: all items were looked at, and nothing is unread; false if that was
 *	known already
 * @unread: an edge-triggered item is, which is legal
 * @skipped: they were not looked at: others have taken this check's time, or the
 *	waiter has slept for a moment only
 * @collected_at: latest harvest before this look, in ticks
 * @since_ns: since when (monotonic), 0 if that is not known
 * @waiter: who sleeps
 * @nr_waiters: how many sleep, counted up to EPOLL_WAITERS
 * @target: what is ready or unread
 * @woken_pid: whom the latest wakeup since then was for, 0 for nobody
 * @woken_ago_ns: how long ago that was
 */
struct epoll_finding {
	struct epoll_evidence evidence;
	bool clean;
	bool unread;
	bool skipped;
	u64 collected_at;
	u64 since_ns;
	struct epoll_waiter waiter;
	unsigned int nr_waiters;
	struct epoll_target target;
	s32 woken_pid;
	u64 woken_ago_ns;
};

/**
 * struct epoll_loss - a report
 * @finding: what it was when it was confirmed
 * @exact: the begin is known, not only when it was first seen
 * @reported_ns: when
 * @over_ns: when it was read, or else when the waiter no longer slept; 0 before
 */
struct epoll_loss {
	struct epoll_finding finding;
	bool exact;
	u64 reported_ns;
	u64 over_ns;
};

/**
 * struct epoll_search - an instance as it is looked at
 * @epoll: the collector's own
 * @ep: its address
 * @instance: what the handlers noted
 * @suspect: what the last check found
 * @finding: result
 * @rests: result, of what is unread beside that; NULL if nobody asks
 * @other_woken: another waiter was woken who is yet to come
 * @at_rest: all edge-triggered items so far have nothing to read
 * @silent: the worst of what was found of items that nothing was heard of
 * @now: in ticks
 */
struct epoll_search {
	struct epoll_state *epoll;
	const struct epoll_head *ep;
	const struct epoll_instance *instance;
	const struct epoll_suspect *suspect;
	struct epoll_finding *finding;
	struct epoll_rests *rests;
	bool other_woken;
	bool at_rest;
	enum epoll_kind silent;
	u64 now;
};

void epoll_find(struct epoll_state *epoll, u32 i,
		struct epoll_finding *finding, struct epoll_rests *rests);
enum epoll_read epoll_read_again(const struct epoll_state *epoll, u32 i,
				 const struct epoll_evidence *evidence);

/**
 * struct epoll_visits - of a walk through the items of an instance
 * @limit: how many may be visited
 * @nr: result, how many were
 * @sum: result, the same in two walks that met the same items
 */
struct epoll_visits {
	unsigned int limit;
	unsigned int nr;
	u64 sum;
};

/**
 * typedef epoll_visit_fn - called for an item
 * @where: its address
 * @item: a copy of it
 * @data: the caller's
 *
 * Context: process, under rcu_read_lock().
 * Return: false to end the walk.
 */
typedef bool (*epoll_visit_fn)(const struct epoll_item *where,
			       const struct epoll_item *item, void *data);
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      epoll_visit_fn visit, void *data,
		      struct epoll_visits *visits);
bool epoll_items_have(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      const struct epoll_item *where,
		      const struct epoll_item *item);

bool epoll_waiter_look(const struct epoll_state *epoll,
		       const struct epoll_head *ep,
		       struct epoll_finding *finding);

/**
 * typedef epoll_waiter_fn - called for a waiter
 * @task: who sleeps
 * @data: the caller's
 *
 * Context: process, under rcu_read_lock().
 */
typedef void (*epoll_waiter_fn)(struct task_struct *task, void *data);
unsigned int epoll_waiters_walk(const struct epoll_state *epoll,
				const struct epoll_head *ep,
				epoll_waiter_fn visit, void *data);
void epoll_waiters_list(const struct epoll_state *epoll,
			const struct epoll_head *ep,
			struct epoll_waiters *waiters);
struct task_struct *epoll_task(s32 pid);

void epoll_found(const struct epoll_search *search,
		 const struct epoll_item *where, const struct epoll_item *item,
		 u64 ago_ns);
enum epoll_kind epoll_found_unread(const struct epoll_search *search,
				   const struct epoll_item *item,
				   const struct epoll_unread *unread,
				   u64 ago_ns);
enum epoll_kind epoll_judge(const struct epoll_search *search,
			    enum epoll_kind kind, u64 ago_ns);
enum epoll_kind epoll_find_silent(struct epoll_search *search);
u64 epoll_arrived_ago_ns(const struct epoll_item *item);

static inline bool epoll_is_armed(const struct epoll_item *item)
{
	return epoll_events_of(item) & ~EPOLL_PRIVATE_BITS;
}

/* Has the waiter not run since the last check? */
static inline bool epoll_is_same_sleep(const struct epoll_suspect *suspect,
				       const struct epoll_finding *finding)
{
	return suspect->pid == finding->waiter.who.pid &&
	       suspect->switches == finding->waiter.switches;
}

/* Is it what the last check found, and has nothing happened since? */
static inline bool epoll_is_same(const struct epoll_suspect *suspect,
				 const struct epoll_finding *finding)
{
	const struct epoll_evidence *was = &suspect->evidence;
	const struct epoll_evidence *is = &finding->evidence;

	return was->kind == is->kind && was->any_sleep == is->any_sleep &&
	       was->item == is->item && was->mark == is->mark &&
	       was->collected_at == is->collected_at &&
	       (is->any_sleep || epoll_is_same_sleep(suspect, finding));
}

/* The place of a report by its number, from 1. */
static inline struct epoll_loss *epoll_loss(const struct epoll_state *epoll,
					    u32 number)
{
	return &epoll->losses[(number - 1) % EPOLL_LOSSES];
}

#endif /* STALL_EPOLL_FIND_H */
