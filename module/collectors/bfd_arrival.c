// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_arrival - packets that came in and were not read yet
 *
 * Known by the address of their data, which stays the same where the packet itself
 * is cloned, as it is for tcpdump. What is never read is overwritten by others.
 */
#include <linux/hash.h>
#include <linux/mm.h>

#include "bfd_arrival.h"

/* Of 1,024 sessions with a packet each, about one in a hundred has no room. */
#define ARRIVAL_SET_BITS	8
#define ARRIVAL_WAYS		8

/**
 * struct bfd_arrival - a packet
 * @head: its data; NULL while the row is free or written
 * @came: when, in ticks
 * @session: number of its session
 */
struct bfd_arrival {
	const void *head;
	u64 came;
	u32 session;
};

/**
 * bfd_arrivals_init() - make an empty table
 * @arrivals: the table
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bfd_arrivals_init(struct bfd_arrivals *arrivals)
{
	arrivals->rows = kvzalloc(bfd_arrivals_bytes(), GFP_KERNEL);
	return arrivals->rows ? 0 : -ENOMEM;
}

/**
 * bfd_arrivals_free() - give back what bfd_arrivals_init() took
 * @arrivals: the table, possibly never initialised but zero
 */
void bfd_arrivals_free(struct bfd_arrivals *arrivals)
{
	kvfree(arrivals->rows);
	arrivals->rows = NULL;
}

/**
 * bfd_arrivals_bytes() - memory of the table
 */
size_t bfd_arrivals_bytes(void)
{
	return (ARRIVAL_WAYS << ARRIVAL_SET_BITS) * sizeof(struct bfd_arrival);
}

static struct bfd_arrival *arrival_set(const struct bfd_arrivals *arrivals,
				       const void *head)
{
	return &arrivals->rows[hash_ptr(head, ARRIVAL_SET_BITS) * ARRIVAL_WAYS];
}

/**
 * bfd_arrival_note() - a packet comes in
 * @arrivals: the table
 * @head: of its data
 * @now: in ticks
 * @session: number of its session
 *
 * Context: any, preemption off.
 */
void bfd_arrival_note(struct bfd_arrivals *arrivals, const void *head, u64 now,
		      u32 session)
{
	struct bfd_arrival *set = arrival_set(arrivals, head);
	struct bfd_arrival *row = set;
	unsigned int i;

	for (i = 0; i < ARRIVAL_WAYS; i++) {
		const void *other = READ_ONCE(set[i].head);

		if (!other || other == head) {
			row = &set[i];
			break;
		}
		if (READ_ONCE(set[i].came) < READ_ONCE(row->came))
			row = &set[i];
	}
	WRITE_ONCE(row->head, NULL);
	/* Pairs with the smp_rmb() in bfd_arrival_take(). */
	smp_wmb();
	WRITE_ONCE(row->came, now);
	WRITE_ONCE(row->session, session);
	/* Pairs with the acquire in bfd_arrival_take(). */
	smp_store_release(&row->head, head);
}

/**
 * bfd_arrival_take() - a packet is read
 * @arrivals: the table
 * @head: of its data
 * @came: result: when it came in, in ticks
 * @session: result: number of its session
 *
 * Context: any, preemption off.
 * Return: false if the table does not know it.
 */
bool bfd_arrival_take(struct bfd_arrivals *arrivals, const void *head,
		      u64 *came, u32 *session)
{
	struct bfd_arrival *set = arrival_set(arrivals, head);
	unsigned int i;

	for (i = 0; i < ARRIVAL_WAYS; i++) {
		/* Pairs with the release in bfd_arrival_note(). */
		if (smp_load_acquire(&set[i].head) != head)
			continue;
		*came = READ_ONCE(set[i].came);
		*session = READ_ONCE(set[i].session);
		/* Pairs with the smp_wmb() in bfd_arrival_note(). */
		smp_rmb();
		if (READ_ONCE(set[i].head) != head)
			return false;
		WRITE_ONCE(set[i].head, NULL);
		return true;
	}
	return false;
}
