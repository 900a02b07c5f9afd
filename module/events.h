/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h - records of single stalls
 */
#ifndef STALL_EVENTS_H
#define STALL_EVENTS_H

#include "who.h"

/* How many are kept on each CPU, and how many of all of them are shown. */
#define STALL_EVENTS_KEPT	1024

/* Losses are counted for each collector, so that a reset forgets its own. */
#define STALL_MAX_COLLECTORS	16

/**
 * struct stall_event - one stall
 * @at_ns: when it ended
 * @lasted_ns: how long it was
 * @limit_ns: the threshold that it went over
 * @inside_ns: how much of it passed inside the kernel, after the task had
 *	asked for what came late; 0 if unknown
 * @who: the task
 * @number: counts the records of this CPU, from 1; 0 while it is written
 * @collector: index of the collector, less than STALL_MAX_COLLECTORS
 * @kind: what it was, a number of the collector's own
 * @key: which of the collector's subjects
 */
struct stall_event {
	u64 at_ns;
	u64 lasted_ns;
	u64 limit_ns;
	u64 inside_ns;
	struct stall_who who;
	u32 number;
	u8 collector;
	u8 kind;
	u16 key;
};

/**
 * struct stall_event_seen - an event as it was read
 * @event: a copy
 * @cpu: whose record it was
 */
struct stall_event_seen {
	struct stall_event event;
	int cpu;
};

/**
 * struct stall_events_view - the newest events of all CPUs
 * @seen: oldest first, to be freed with kvfree()
 * @nr: how many, STALL_EVENTS_KEPT at most
 */
struct stall_events_view {
	struct stall_event_seen *seen;
	unsigned int nr;
};

int stall_events_init(void);
void stall_events_exit(void);
size_t stall_events_cpu_bytes(void);
void stall_events_add(const struct stall_event *event);
void stall_events_forget(u16 collector);
int stall_events_read(struct stall_events_view *view);
void stall_events_count(u64 *recorded, u64 *lost);

#endif /* STALL_EVENTS_H */
