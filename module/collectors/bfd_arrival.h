/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_arrival.h - packets that came in and were not read yet
 */
#ifndef STALL_BFD_ARRIVAL_H
#define STALL_BFD_ARRIVAL_H

#include <linux/hash.h>

#include "../collector.h"

struct bfd_session;

#define BFD_ARRIVAL_BUSY	((const void *)1)

/* Of 1,024 sessions with a packet each, about one in a hundred has no room. */
#define BFD_ARRIVAL_SET_BITS	8
#define BFD_ARRIVAL_WAYS	8

/**
 * struct bfd_arrival - a packet
 * @head: its data; NULL while the row is free, BFD_ARRIVAL_BUSY while it is written
 * @came: when, in ticks
 * @session: its session
 */
struct bfd_arrival {
	const void *head;
	u64 came;
	struct bfd_session *session;
};

/**
 * struct bfd_arrivals - the latest ones
 * @rows: sets of a few rows
 */
struct bfd_arrivals {
	struct bfd_arrival *rows;
};

int bfd_arrivals_init(struct bfd_arrivals *arrivals);
void bfd_arrivals_free(struct bfd_arrivals *arrivals);
size_t bfd_arrivals_bytes(void);
struct bfd_arrival *bfd_arrival_place(struct bfd_arrival *set, const void *head);

static inline struct bfd_arrival *
bfd_arrival_set(const struct bfd_arrivals *arrivals, const void *head)
{
	return &arrivals->rows[hash_ptr(head, BFD_ARRIVAL_SET_BITS) *
			       BFD_ARRIVAL_WAYS];
}

/**
 * bfd_arrival_note() - a packet comes in
 * @arrivals: the table
 * @head: of its data
 * @now: in ticks
 * @session: its session
 *
 * The locked instruction is on the path of BFD packets only, some a second.
 *
 * Context: any, preemption off.
 * Return: false if another CPU writes the row.
 */
static __always_inline bool bfd_arrival_note(struct bfd_arrivals *arrivals,
					     const void *head, u64 now,
					     struct bfd_session *session)
{
	struct bfd_arrival *row = bfd_arrival_set(arrivals, head);
	const void *other = READ_ONCE(row->head);

	if (unlikely(other && other != head)) {
		row = bfd_arrival_place(row, head);
		other = READ_ONCE(row->head);
	}
	if (unlikely(other == BFD_ARRIVAL_BUSY ||
		     cmpxchg(&row->head, other, BFD_ARRIVAL_BUSY) != other))
		return false;
	WRITE_ONCE(row->came, now);
	WRITE_ONCE(row->session, session);
	/* Pairs with the acquire in bfd_arrival_take(). */
	smp_store_release(&row->head, head);
	return true;
}

/**
 * bfd_arrival_take() - a packet is read
 * @arrivals: the table
 * @head: of its data
 * @came: result: when it came in, in ticks
 *
 * Context: any, preemption off.
 * Return: its session, NULL if the table does not know it.
 */
static __always_inline struct bfd_session *
bfd_arrival_take(struct bfd_arrivals *arrivals, const void *head, u64 *came)
{
	struct bfd_arrival *row = bfd_arrival_set(arrivals, head);
	struct bfd_arrival *end = row + BFD_ARRIVAL_WAYS;
	struct bfd_session *session;

	do {
		/* Pairs with the release in bfd_arrival_note(). */
		if (smp_load_acquire(&row->head) != head)
			continue;
		*came = READ_ONCE(row->came);
		session = READ_ONCE(row->session);
		/* Unless another packet has taken the row meanwhile. */
		return cmpxchg(&row->head, head, NULL) == head ? session : NULL;
	} while (++row != end);
	return NULL;
}

#endif /* STALL_BFD_ARRIVAL_H */
