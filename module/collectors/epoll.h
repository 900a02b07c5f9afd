/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll.h - what the parts of collector epoll share
 */
#ifndef STALL_EPOLL_H
#define STALL_EPOLL_H

#include <linux/workqueue.h>

#include "../collector.h"
#include "epoll_mirror.h"

/* Instances that can be held: sets of as many as share a cache line of keys. */
#define EPOLL_WAYS	8
#define EPOLL_SET_BITS	9
#define EPOLL_INSTANCES	(EPOLL_WAYS << EPOLL_SET_BITS)

/* A place that is being prepared. */
#define EPOLL_TAKEN	((const struct epoll_head *)1UL)

/* Wakeups that an instance remembers; a power of two. */
#define EPOLL_WAKES	4

/* Confirmed losses that are kept. */
#define EPOLL_LOSSES	64

/* Items of an instance, and waiters, that are looked at. */
#define EPOLL_ITEMS	1024
#define EPOLL_WAITERS	1024

/* Items of one harvest that are counted. */
#define EPOLL_EVENTS_MOST	64

/* Items of all instances that are looked at in one check. */
#define EPOLL_BUDGET	(16 * EPOLL_ITEMS)

/**
 * struct epoll_wake - the latest wakeup of one of a few waiters
 * @at: when, in ticks
 * @pid: whose, 0 if it has collected since
 */
struct epoll_wake {
	u64 at;
	s32 pid;
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

static inline bool epoll_is_lost(enum epoll_kind kind)
{
	return kind == EPOLL_K1 || kind == EPOLL_K2;
}

/**
 * struct epoll_suspect - what the last check found at an instance
 * @ep: its address, NULL if there is nothing to remember
 * @kind: what; EPOLL_WELL only if all items were seen, and nothing was unread
 * @pid: of the waiter
 * @switches: how often that had gone to sleep in its life
 * @since_ns: since when, if that is known, else when it was first seen; when it
 *	was last seen, of one that is well
 * @exact: that is known
 * @checks: how many in a row have found the same
 * @loss: number of the report, from 1; 0 if there is none
 */
struct epoll_suspect {
	const struct epoll_head *ep;
	enum epoll_kind kind;
	s32 pid;
	u64 switches;
	u64 since_ns;
	bool exact;
	u32 checks;
	u32 loss;
};

/**
 * struct epoll_instance - an instance of epoll
 * @ready_at: first callback since the last harvest, in ticks; 0 for none
 * @callback_at: latest callback, in ticks
 * @item: whose the callback at @ready_at was
 * @collected_at: latest harvest, in ticks
 * @edges: items that became ready since, of those that are listed only once
 * @wakes: latest wakeups, by pid
 * @nr_collected: harvests of something that had become ready
 * @sum_ns: from ready to collected, in all of them
 * @max_ns: the longest of them
 * @pid: who collected last
 * @tgid: its process
 * @comm: its name, raw bytes
 *
 * Written by whoever runs the callback, or collects under the instance's own
 * mutex: never by two CPUs that have nothing to do with each other.
 */
struct epoll_instance {
	u64 ready_at;
	u64 callback_at;
	const struct epoll_item *item;
	u64 collected_at;
	u32 edges;
	struct epoll_wake wakes[EPOLL_WAKES];
	u64 nr_collected;
	u64 sum_ns;
	u64 max_ns;
	s32 pid;
	s32 tgid;
	char comm[TASK_COMM_LEN];
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
 * @tail: where the members behind the lock are
 * @functions: by which the kernel's structures are known
 * @scanned: all instances that were there before us have been looked for
 * @keys: address of each instance, NULL if there is none
 * @instances: by number of the key
 * @suspects: the same, under the stall lock
 * @losses: the latest, a ring
 * @nr_losses: how many there were
 * @differed: how often an instance was not as expected
 * @first: instance that the next check begins with
 * @budget: items that may still be looked at in this check
 * @check: looks for lost wakeups
 */
struct epoll_state {
	struct stall_run *run;
	enum epoll_trust trust;
	struct epoll_tail tail;
	struct epoll_functions functions;
	bool scanned;
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
 * struct epoll_target - what an item watches
 * @fd: number of the descriptor, -1 if it is not known
 * @events: what was asked for, EPOLLET and so on included
 * @kind: "tcp", "pipe" and so on
 * @name: a socket's addresses and ports, or nothing
 * @bytes: unread, where they can be counted; 0 else
 */
struct epoll_target {
	int fd;
	u32 events;
	char kind[16];
	char name[96];
	u64 bytes;
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
 * @kind: what it is
 * @clean: all items were looked at, and nothing is ready or unread
 * @skipped: they were not, as others have taken this check's time
 * @since_ns: since when (monotonic), 0 if that is not known
 * @waiter: who sleeps
 * @nr_waiters: how many sleep, counted up to EPOLL_WAITERS
 * @target: what is ready or unread
 * @woken_pid: whom the latest wakeup since then was for, 0 for nobody
 * @woken_ago_ns: how long ago that was
 */
struct epoll_finding {
	enum epoll_kind kind;
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

/**
 * enum epoll_read - what can be said of what is there to be read
 * @EPOLL_CANNOT_SAY: nothing, of this kind of file
 * @EPOLL_NOT_NOW: nothing, in the state that it is in
 * @EPOLL_NOTHING: nothing is there
 * @EPOLL_SOMETHING: something is there
 */
enum epoll_read {
	EPOLL_CANNOT_SAY,
	EPOLL_NOT_NOW,
	EPOLL_NOTHING,
	EPOLL_SOMETHING,
};

/* Index of the series. */
enum {
	EPOLL_READY_WOKEN, EPOLL_WOKEN_RUNNING, EPOLL_READY_COLLECTED,
	EPOLL_EVENTS, EPOLL_TIMEOUTS, EPOLL_INTERRUPTED, EPOLL_HELD,
	EPOLL_NOT_HELD, EPOLL_LOST_WAKEUPS, EPOLL_INSTANCE_ROWS,
	EPOLL_WAITER_ROWS, EPOLL_LOST_ROWS,
};

extern const struct stall_table epoll_instance_table;
extern const struct stall_table epoll_waiter_table;
extern const struct stall_table epoll_lost_table;

int epoll_instances_init(struct epoll_state *epoll);
void epoll_instances_free(struct epoll_state *epoll);
size_t epoll_instances_bytes(void);
bool epoll_instance_add(struct stall_run *run, const struct epoll_head *ep);
void epoll_instance_remove(struct stall_run *run, const struct epoll_head *ep);
void epoll_instances_scan(struct stall_run *run);

void epoll_find(struct epoll_state *epoll, u32 i,
		struct epoll_finding *finding);
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      bool (*visit)(const struct epoll_item *item, void *data),
		      void *data, unsigned int *nr);
bool epoll_waiter_look(const struct epoll_state *epoll,
		       const struct epoll_head *ep,
		       struct epoll_finding *finding);
bool epoll_waiter_sleeps(const struct epoll_state *epoll,
			 const struct epoll_head *ep, s32 pid);

enum epoll_read epoll_target_read(const struct epoll_item *item, u64 *bytes);
void epoll_target_look(const struct epoll_item *item,
		       struct epoll_target *target);
u64 epoll_target_arrived_ns(const struct epoll_item *item);

void epoll_check_init(struct epoll_state *epoll);
void epoll_check_begin(struct epoll_state *epoll);
void epoll_check_stop(struct epoll_state *epoll);

u32 epoll_check_ms(void);
u64 epoll_lost_ns(void);

void epoll_describe(struct stall_run *run, const struct stall_event *event,
		    struct stall_story *story);

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

/* Is it what the last check found? */
static inline bool epoll_is_same(const struct epoll_suspect *suspect,
				 const struct epoll_finding *finding)
{
	return suspect->kind == finding->kind &&
	       epoll_is_same_sleep(suspect, finding);
}

/* The place of a report by its number, from 1. */
static inline struct epoll_loss *epoll_loss(const struct epoll_state *epoll,
					    u32 number)
{
	return &epoll->losses[(number - 1) % EPOLL_LOSSES];
}

#endif /* STALL_EPOLL_H */
