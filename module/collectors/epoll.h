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
#define EPOLL_WAKES	8

/* Items of one harvest that are counted. */
#define EPOLL_EVENTS_MOST	64

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
 * struct epoll_instance - an instance of epoll
 * @ready_at: first callback since the last harvest, in ticks; 0 for none
 * @callback_at: latest callback, in ticks
 * @item: whose the callback at @ready_at was, NULL if that is not known
 * @came: the events that it was called with
 * @collected_at: latest harvest, in ticks
 * @collected_jiffy: the same in jiffies
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
	u32 collected_jiffy;
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
struct epoll_suspect;

/**
 * struct epoll_state - the collector's own
 * @run: the collector
 * @trust: handlers and checks do nothing before it is EPOLL_KNOWN
 * @tail: where the members behind the lock are
 * @functions: by which the kernel's structures are known
 * @keys: address of each instance, NULL if there is none
 * @instances: by number of the key
 * @suspects: the same, under the stall lock, as is all that follows
 * @losses: the latest, a ring
 * @nr_losses: how many there were
 * @differed: how often none was as expected, and some not
 * @known_at: since when the structures are known, in ticks
 * @known_jiffy: the same in jiffies
 * @hurry: a loss is not confirmed yet: the next check comes sooner
 * @checked_ns: when the last check began
 * @first: instance that the next check begins with
 * @budget: items that may still be looked at in this check
 * @check: looks for lost wakeups
 * @refused: by set: instances that live and found no place
 */
struct epoll_state {
	struct stall_run *run;
	enum epoll_trust trust;
	struct epoll_tail tail;
	struct epoll_functions functions;
	const struct epoll_head **keys;
	struct epoll_instance *instances;
	/* Not on the lines that handlers read. */
	struct epoll_suspect *suspects ____cacheline_aligned;
	struct epoll_loss *losses;
	u32 nr_losses;
	u32 differed;
	u64 known_at;
	u32 known_jiffy;
	bool hurry;
	u64 checked_ns;
	u32 first;
	u32 budget;
	struct delayed_work check;
	atomic_t refused[1 << EPOLL_SET_BITS];
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

/* Throttled, it would look at what is no longer noted. */
static inline bool epoll_is_at_work(const struct epoll_state *epoll)
{
	return epoll->run->state == STALL_ON && epoll_is_known(epoll);
}

#endif /* STALL_EPOLL_H */
