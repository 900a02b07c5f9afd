/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll.h - what the parts of collector epoll share
 */
#ifndef STALL_EPOLL_H
#define STALL_EPOLL_H

#include <linux/workqueue.h>

#include "../collector.h"
#include "epoll_mirror.h"
#include "epoll_target.h"

/* Instances that can be held: sets of as many as share a cache line of keys. */
#define EPOLL_WAYS	8
#define EPOLL_SET_BITS	9
#define EPOLL_INSTANCES	(EPOLL_WAYS << EPOLL_SET_BITS)

/* A place that is being prepared. */
#define EPOLL_TAKEN	((const struct epoll_head *)1UL)

/* Wakeups that an instance remembers; a power of two. */
#define EPOLL_WAKES	8

/* Confirmed losses that are kept. */
#define EPOLL_LOSSES	64

/* Items of an instance, and waiters, that are looked at. */
#define EPOLL_ITEMS	4096
#define EPOLL_WAITERS	1024

/* Items of one harvest that are counted. */
#define EPOLL_EVENTS_MOST	64

/* Items of all instances that are looked at in one check. */
#define EPOLL_BUDGET	(4 * EPOLL_ITEMS)

/* Index of the series; the first are those that an instance has in short, too. */
enum {
	EPOLL_READY_WOKEN, EPOLL_WOKEN_RUNNING, EPOLL_READY_COLLECTED,
	EPOLL_EVENTS, EPOLL_TIMEOUTS, EPOLL_INTERRUPTED, EPOLL_HELD,
	EPOLL_NOT_HELD, EPOLL_LOST_WAKEUPS, EPOLL_INSTANCE_ROWS,
	EPOLL_WAITER_ROWS, EPOLL_LOST_ROWS,
	EPOLL_NR_TIMES = EPOLL_EVENTS,
};

/**
 * struct epoll_times - a series of durations in short
 * @nr: how many
 * @sum_ns: of all of them
 * @max_ns: the longest
 */
struct epoll_times {
	u64 nr;
	u64 sum_ns;
	u64 max_ns;
};

/**
 * enum epoll_kind - what is the matter with a waiter
 * @EPOLL_WELL: nothing, or nothing that could be seen
 * @EPOLL_UNREAD: an edge-triggered item has unread data since before it slept
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

/**
 * struct epoll_evidence - what has to stay the same for a finding to be confirmed
 * @kind: what is the matter
 * @level: that a level-triggered item can be read and is not listed: as wrong in
 *	any sleep of any waiter, whatever is collected meanwhile
 * @item: address of the item
 * @mark: of @level: of what is unread
 * @collected_at: of others: latest harvest of the instance
 */
struct epoll_evidence {
	enum epoll_kind kind;
	bool level;
	const struct epoll_item *item;
	u64 mark;
	u64 collected_at;
};

/**
 * struct epoll_suspect - what the last check found at an instance
 * @ep: its address, NULL if there is nothing to remember
 * @pid: of the waiter
 * @switches: how often that had gone to sleep in its life
 * @evidence: of what was found
 * @since_ns: since when, if that is known, else when it was first seen
 * @exact: that is known
 * @unread: something was unread in this sleep
 * @clean_ns: when nothing was ready or unread, 0 for never in this sleep
 * @checks: how many in a row have found the same
 * @loss: number of the report, from 1; 0 if there is none
 */
struct epoll_suspect {
	const struct epoll_head *ep;
	s32 pid;
	u64 switches;
	struct epoll_evidence evidence;
	u64 since_ns;
	bool exact;
	bool unread;
	u64 clean_ns;
	u32 checks;
	u32 loss;
};

/**
 * struct epoll_instance - an instance of epoll
 * @ready_at: first callback since the last harvest, in ticks; 0 for none
 * @callback_at: latest callback, in ticks
 * @item: whose the callback at @ready_at was, NULL if that is not known
 * @came: the events that it was called with
 * @collected_at: latest harvest, in ticks
 * @edges: items that became ready since, of those that are listed only once
 * @pid: who collected last
 * @tgid: its process
 * @comm: its name, raw bytes
 * @times: by series, of those that an instance has
 * @woken_at: latest wakeup of one of a few waiters, by its pid, in ticks
 * @woken_pid: whose that was, 0 if it has collected since
 *
 * Written by whoever runs the callback, or collects under the instance's own
 * mutex: never by two CPUs that have nothing to do with each other.
 */
struct epoll_instance {
	u64 ready_at;
	u64 callback_at;
	const struct epoll_item *item;
	u64 collected_at;
	u32 came;
	u32 edges;
	s32 pid;
	s32 tgid;
	char comm[TASK_COMM_LEN];
	struct epoll_times times[EPOLL_NR_TIMES];
	u64 woken_at[EPOLL_WAKES];
	s32 woken_pid[EPOLL_WAKES];
} ____cacheline_aligned;

/* How far the comparison with the kernel's structures has come. */
enum epoll_trust {
	EPOLL_NOT_YET,
	EPOLL_KNOWN,
	EPOLL_UNKNOWN,
};

struct epoll_loss;

/**
 * struct epoll_state - the collector's own
 * @run: the collector
 * @trust: handlers and checks do nothing before it is EPOLL_KNOWN
 * @known_at: since when, in ticks
 * @tail: where the members behind the lock are
 * @functions: by which the kernel's structures are known
 * @refused: by set: instances that live and found no place
 * @keys: address of each instance, NULL if there is none
 * @instances: by number of the key
 * @suspects: the same, under the stall lock
 * @losses: the latest, a ring
 * @nr_losses: how many there were
 * @differed: how often none was as expected, and some not
 * @first: instance that the next check begins with
 * @budget: items that may still be looked at in this check
 * @check: looks for lost wakeups
 */
struct epoll_state {
	struct stall_run *run;
	enum epoll_trust trust;
	u64 known_at;
	struct epoll_tail tail;
	struct epoll_functions functions;
	atomic_t refused[1 << EPOLL_SET_BITS];
	const struct epoll_head **keys;
	struct epoll_instance *instances;
	struct epoll_suspect *suspects;
	struct epoll_loss *losses;
	u32 nr_losses;
	u32 differed;
	u32 first;
	u32 budget;
	struct delayed_work check;
};

/**
 * struct epoll_waiter - a task that sleeps in epoll_wait()
 * @who: which
 * @switches: how often it has gone to sleep in its life
 * @slept_ns: for how long this time
 * @epfd: the instance's descriptor, -1 if it is not known
 */
struct epoll_waiter {
	struct stall_who who;
	u64 switches;
	u64 slept_ns;
	int epfd;
};

/**
 * struct epoll_finding - what is to be said of an instance and its oldest waiter
 * @evidence: what it is
 * @clean: all items were looked at, and nothing is ready or unread
 * @skipped: they were not: others have taken this check's time, or the waiter has
 *	slept for a moment only
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
	bool skipped;
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
 * @over_ns: when the waiter no longer slept, 0 if it still does
 */
struct epoll_loss {
	struct epoll_finding finding;
	bool exact;
	u64 reported_ns;
	u64 over_ns;
};

extern const struct stall_table epoll_instance_table;
extern const struct stall_table epoll_waiter_table;
extern const struct stall_table epoll_lost_table;

int epoll_instances_init(struct epoll_state *epoll);
void epoll_instances_free(struct epoll_state *epoll);
size_t epoll_instances_bytes(void);
bool epoll_instance_add(struct stall_run *run, const struct epoll_head *ep);
void epoll_instance_refused(struct stall_run *run,
			    const struct epoll_head *ep);
void epoll_instance_remove(struct stall_run *run, const struct epoll_head *ep);
void epoll_instances_scan(struct stall_run *run);

void epoll_find(struct epoll_state *epoll, u32 i,
		struct epoll_finding *finding);
typedef bool (*epoll_visit_fn)(const struct epoll_item *where,
			       const struct epoll_item *item, void *data);
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      epoll_visit_fn visit, void *data, unsigned int *nr);
bool epoll_items_have(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      const struct epoll_item *where,
		      const struct epoll_item *item);

bool epoll_waiter_look(const struct epoll_state *epoll,
		       const struct epoll_head *ep,
		       struct epoll_finding *finding);
bool epoll_waiter_sleeps(const struct epoll_state *epoll,
			 const struct epoll_head *ep, s32 pid,
			 unsigned int *nr);
struct task_struct *epoll_task(s32 pid);

void epoll_check_init(struct epoll_state *epoll);
void epoll_check_begin(struct epoll_state *epoll);
void epoll_check_stop(struct epoll_state *epoll);

u32 epoll_check_ms(void);
u64 epoll_lost_ns(void);

void epoll_on_timeout(struct stall_run *run, struct pt_regs *regs);
void epoll_on_signal(struct stall_run *run, struct pt_regs *unused);

void epoll_describe(struct stall_run *run, const struct stall_event *event,
		    struct stall_story *story);

static __always_inline const void *epoll_arg(struct pt_regs *regs,
					     unsigned int i)
{
	return (const void *)regs_get_kernel_argument(regs, i);
}

/* Not a free place, nor one that is being prepared. */
static inline bool epoll_is_instance(const struct epoll_head *ep)
{
	return (unsigned long)ep > (unsigned long)EPOLL_TAKEN;
}

/**
 * epoll_instance() - find an instance
 * @epoll: the collector's own
 * @ep: its address
 *
 * Context: any, preemption off.
 * Return: what is known of it, NULL if it is not held.
 */
static __always_inline struct epoll_instance *
epoll_instance(const struct epoll_state *epoll, const struct epoll_head *ep)
{
	u32 i, set = hash_ptr(ep, EPOLL_SET_BITS) * EPOLL_WAYS;

	for (i = set; i < set + EPOLL_WAYS; i++)
		if (READ_ONCE(epoll->keys[i]) == ep)
			return &epoll->instances[i];
	return NULL;
}

/**
 * epoll_is_known() - may the kernel's structures be read as our mirrors?
 * @epoll: the collector's own
 */
static __always_inline bool epoll_is_known(const struct epoll_state *epoll)
{
	/* With it comes @tail. Pairs with the release in trust_instance(). */
	return smp_load_acquire(&epoll->trust) == EPOLL_KNOWN;
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

	if (was->kind != is->kind || was->level != is->level ||
	    was->item != is->item)
		return false;
	return is->level ? was->mark == is->mark :
	       was->collected_at == is->collected_at &&
	       epoll_is_same_sleep(suspect, finding);
}

/* Throttled, it would look at what is no longer noted. */
static inline bool epoll_is_at_work(const struct epoll_state *epoll)
{
	return epoll->run->state == STALL_ON && epoll_is_known(epoll);
}

/* The place of a report by its number, from 1. */
static inline struct epoll_loss *epoll_loss(const struct epoll_state *epoll,
					    u32 number)
{
	return &epoll->losses[(number - 1) % EPOLL_LOSSES];
}

#endif /* STALL_EPOLL_H */
