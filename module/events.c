// SPDX-License-Identifier: GPL-2.0
/*
 * events - records of single stalls
 *
 * A ring on each CPU, written without a lock and merged when it is read. Each
 * ring is as long as the view, so that the newest records are there even if
 * one CPU made all of them. A record that is read while it is overwritten is
 * left out: it is being lost to a newer one.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sort.h>

#include "events.h"

struct event_ring {
	u32 head;			/* records made, this CPU's last number */
	/* of them, lost to newer ones, by collector; a reset forgets its own */
	u32 overwritten[STALL_MAX_COLLECTORS];
	struct stall_event *events;
};

static struct event_ring __percpu *rings;

#define RING_BYTES	(STALL_EVENTS_KEPT * sizeof(struct stall_event))

/**
 * stall_events_init() - make the rings
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_events_init(void)
{
	int cpu;

	rings = alloc_percpu(struct event_ring);
	if (!rings)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct stall_event *events =
			kvzalloc_node(RING_BYTES, GFP_KERNEL,
				      cpu_to_node(cpu));

		if (!events) {
			stall_events_exit();
			return -ENOMEM;
		}
		per_cpu_ptr(rings, cpu)->events = events;
	}
	return 0;
}

/**
 * stall_events_exit() - give the rings back
 *
 * Context: process; no writer is left.
 */
void stall_events_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(rings, cpu)->events);
	free_percpu(rings);
	rings = NULL;
}

/**
 * stall_events_cpu_bytes() - memory on each CPU
 */
size_t stall_events_cpu_bytes(void)
{
	return RING_BYTES + sizeof(struct event_ring);
}

/**
 * stall_events_add() - keep a record
 * @event: its contents; the number is given here
 *
 * Context: any, NMI included, preemption off. An interrupt in the middle takes
 * the next number and with it the next place.
 */
void stall_events_add(const struct stall_event *event)
{
	u32 number = this_cpu_inc_return(rings->head);
	struct stall_event *place = this_cpu_read(rings->events) +
				    (number - 1) % STALL_EVENTS_KEPT;

	if (place->number)
		this_cpu_inc(rings->overwritten[place->collector]);
	WRITE_ONCE(place->number, 0);
	/* Pairs with the smp_rmb() in event_copy(). */
	smp_wmb();
	place->at_ns = event->at_ns;
	place->lasted_ns = event->lasted_ns;
	place->limit_ns = event->limit_ns;
	place->inside_ns = event->inside_ns;
	place->who = event->who;
	place->collector = event->collector;
	place->kind = event->kind;
	place->key = event->key;
	/* Pairs with the acquire in event_copy(). */
	smp_store_release(&place->number, number);
}

/* Copy record @number of a ring; false if it is gone or being written. */
static bool event_copy(const struct event_ring *ring, u32 number,
		       struct stall_event *copy)
{
	const struct stall_event *place =
		&ring->events[(number - 1) % STALL_EVENTS_KEPT];

	/* Pairs with the release in stall_events_add(). */
	if (smp_load_acquire(&place->number) != number)
		return false;
	*copy = *place;
	/* Pairs with the smp_wmb() in stall_events_add(). */
	smp_rmb();
	return READ_ONCE(place->number) == number;
}

static void ring_forget(struct event_ring *ring, u16 collector)
{
	unsigned int i;
	u32 number;

	for (i = 0; i < STALL_EVENTS_KEPT; i++) {
		struct stall_event *event = &ring->events[i];

		/* Pairs with the release in stall_events_add(). */
		number = smp_load_acquire(&event->number);
		if (!number || event->collector != collector)
			continue;
		/* Unless it has become another collector's just now. */
		cmpxchg(&event->number, number, 0);
	}
	WRITE_ONCE(ring->overwritten[collector], 0);
}

/**
 * stall_events_forget() - drop the records of a collector, lost ones too
 * @collector: its index; none of its probes is attached
 *
 * Their keys name subjects that are about to go. Records of others stay.
 *
 * Context: process, under the stall lock.
 */
void stall_events_forget(u16 collector)
{
	int cpu;

	for_each_possible_cpu(cpu)
		ring_forget(per_cpu_ptr(rings, cpu), collector);
}

static u32 ring_overwritten(const struct event_ring *ring)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < STALL_MAX_COLLECTORS; i++)
		sum += READ_ONCE(ring->overwritten[i]);
	return sum;
}

static u32 ring_kept(const struct event_ring *ring)
{
	unsigned int i;
	u32 nr = 0;

	for (i = 0; i < STALL_EVENTS_KEPT; i++)
		nr += !!READ_ONCE(ring->events[i].number);
	return nr;
}

/**
 * stall_events_count() - how many records there were
 * @recorded: all that were ever made
 * @lost: of them, those that stall_events_read() does not have any more, but
 *	for those that a reset dropped
 *
 * Context: process, under the stall lock; writers go on meanwhile.
 */
void stall_events_count(u64 *recorded, u64 *lost)
{
	u64 kept = 0;
	int cpu;

	*recorded = 0;
	*lost = 0;
	for_each_possible_cpu(cpu) {
		const struct event_ring *ring = per_cpu_ptr(rings, cpu);

		*recorded += READ_ONCE(ring->head);
		*lost += ring_overwritten(ring);
		kept += ring_kept(ring);
	}
	if (kept > STALL_EVENTS_KEPT)
		*lost += kept - STALL_EVENTS_KEPT;
}

static int by_time(const void *a, const void *b)
{
	const struct stall_event_seen *x = a, *y = b;

	return x->event.at_ns < y->event.at_ns ? -1 :
	       x->event.at_ns > y->event.at_ns;
}

static void events_gather(struct stall_events_view *view)
{
	struct stall_event_seen *seen = view->seen;
	u32 head, number;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct event_ring *ring = per_cpu_ptr(rings, cpu);

		head = READ_ONCE(ring->head);
		number = head > STALL_EVENTS_KEPT ? head - STALL_EVENTS_KEPT : 0;
		while (number++ < head) {
			if (event_copy(ring, number, &seen[view->nr].event))
				seen[view->nr++].cpu = cpu;
		}
	}
}

/**
 * stall_events_read() - the newest records of all CPUs
 * @view: result; @view->seen is to be freed with kvfree()
 *
 * Context: process, may sleep, under the stall lock; writers go on meanwhile.
 * Return: 0 or -ENOMEM.
 */
int stall_events_read(struct stall_events_view *view)
{
	unsigned int surplus;

	memset(view, 0, sizeof(*view));
	view->seen = kvcalloc(num_possible_cpus() * STALL_EVENTS_KEPT,
			      sizeof(*view->seen), GFP_KERNEL);
	if (!view->seen)
		return -ENOMEM;
	events_gather(view);
	sort(view->seen, view->nr, sizeof(*view->seen), by_time, NULL);
	if (view->nr > STALL_EVENTS_KEPT) {
		surplus = view->nr - STALL_EVENTS_KEPT;
		memmove(view->seen, view->seen + surplus,
			STALL_EVENTS_KEPT * sizeof(*view->seen));
		view->nr = STALL_EVENTS_KEPT;
	}
	return 0;
}
