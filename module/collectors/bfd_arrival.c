// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_arrival - packets that came in and were not read yet
 *
 * Known by the address of their data, which stays the same where the packet itself
 * is cloned, as it is for tcpdump. What is never read is overwritten by others.
 */
#include <linux/mm.h>

#include "bfd_arrival.h"

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
	return (BFD_ARRIVAL_WAYS << BFD_ARRIVAL_SET_BITS) *
	       sizeof(struct bfd_arrival);
}

/**
 * bfd_arrival_place() - where a packet is noted
 * @set: the rows that it may be noted in
 * @head: of its data
 *
 * Context: any, preemption off.
 * Return: its own row or a free one, or that of the oldest packet.
 */
struct bfd_arrival *bfd_arrival_place(struct bfd_arrival *set, const void *head)
{
	struct bfd_arrival *oldest = set;
	unsigned int i;

	for (i = 0; i < BFD_ARRIVAL_WAYS; i++) {
		const void *other = READ_ONCE(set[i].head);

		if (!other || other == head)
			return &set[i];
		if (READ_ONCE(set[i].came) < READ_ONCE(oldest->came))
			oldest = &set[i];
	}
	return oldest;
}
