/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_watch.h - a timer that looks when a hello is due
 */
#ifndef STALL_BFD_WATCH_H
#define STALL_BFD_WATCH_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>

#include "../collector.h"

struct bfd_watch_cpu;

/* The timer's place among the collector's probes. */
#define BFD_TIMER	0

/**
 * struct bfd_watch - the timer
 * @run: the collector's
 * @due: when the next hello of each session is due at the latest, in ticks; 0 if
 *	none is
 * @nr_due: how many of them there are
 * @next: when the timer looks next, in ticks; 0 if it looks just now, or not at
 *	all
 * @nr_records: that were taken in this look
 * @on: it may look
 * @timer: looks
 * @kick: sets it, where a lock may be taken
 * @cpus: timers that look who has a CPU, one on each
 */
struct bfd_watch {
	struct stall_run *run;
	u64 *due;
	u32 nr_due;
	u64 next;
	u32 nr_records;
	bool on;
	struct hrtimer timer;
	struct irq_work kick;
	struct bfd_watch_cpu __percpu *cpus;
};

int bfd_watch_init(struct bfd_watch *watch, struct stall_run *run, u32 nr);
void bfd_watch_free(struct bfd_watch *watch);
size_t bfd_watch_bytes(u32 nr);
void bfd_watch_start(struct bfd_watch *watch);
void bfd_watch_stop(struct bfd_watch *watch);

/**
 * bfd_watch_due() - a hello has gone out: the next one is due
 * @watch: the timer
 * @session: number of the session
 * @due: when, at the latest, in ticks; 0 if none is
 *
 * Context: any, preemption off.
 */
static inline void bfd_watch_due(struct bfd_watch *watch, u32 session, u64 due)
{
	u64 next;

	/* A full barrier between the two; pairs with that in watch_look(). */
	smp_store_mb(watch->due[session], due);
	next = READ_ONCE(watch->next);
	if (unlikely(due && (due < next || !next)))
		irq_work_queue(&watch->kick);
}

#endif /* STALL_BFD_WATCH_H */
