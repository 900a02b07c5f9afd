// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_sender - who called send, and when
 *
 * The task that a packet finds on its CPU at the device need not be the one
 * that sent it: a queueing discipline is run by whoever comes along, and a
 * packet that waited for its neighbour's address by an interrupt. The socket
 * is the same at both places, but one socket may serve many sessions; hence
 * socket, destination and port are the key. Slots of closed sockets are taken
 * over, the longest unused first.
 */
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/mm.h>

#include "bfd_sender.h"

/* 1,024 senders at once leave about one in a hundred without a slot. */
#define SENDER_SET_BITS	8
#define SENDER_WAYS	8

/**
 * struct bfd_sender_slot - the latest calls for one destination
 * @tag: of socket, destination and port; 0 while it is written
 * @waiting_ns: the oldest call of which no packet has come to a device yet, 0
 *	if there is none: if packets pile up, the first was asked for then
 * @used_ns: the latest call
 * @who: by whom
 */
struct bfd_sender_slot {
	u64 tag;
	u64 waiting_ns;
	u64 used_ns;
	struct stall_who who;
};

/**
 * bfd_senders_init() - make an empty table
 * @senders: the table
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bfd_senders_init(struct bfd_senders *senders)
{
	senders->slots = kvzalloc(bfd_senders_bytes(), GFP_KERNEL);
	return senders->slots ? 0 : -ENOMEM;
}

/**
 * bfd_senders_free() - give back what bfd_senders_init() took
 * @senders: the table, possibly never initialised but zero
 */
void bfd_senders_free(struct bfd_senders *senders)
{
	kvfree(senders->slots);
	senders->slots = NULL;
}

/**
 * bfd_senders_bytes() - memory of the table
 */
size_t bfd_senders_bytes(void)
{
	return (SENDER_WAYS << SENDER_SET_BITS) *
	       sizeof(struct bfd_sender_slot);
}

/**
 * bfd_sender_tag() - a number for socket, destination and port
 * @sk: the socket
 * @to: destination; an IPv4 address stands in the first word
 * @port: of the destination
 *
 * Context: any.
 * Return: a hash of all 64 bits, never 0.
 */
u64 bfd_sender_tag(const struct sock *sk, const struct in6_addr *to,
		   __be16 port)
{
	u64 tag = (unsigned long)sk ^ (__force u64)port << 48;
	unsigned int i;

	/* A product carries upwards only; addresses differ at their upper end. */
	for (i = 0; i < 4; i++) {
		tag = (tag ^ (__force u64)to->s6_addr32[i]) * GOLDEN_RATIO_64;
		tag ^= tag >> 32;
	}
	return tag | 1;
}

static struct bfd_sender_slot *sender_set(const struct bfd_senders *senders,
					  u64 tag)
{
	return &senders->slots[hash_64(tag, SENDER_SET_BITS) * SENDER_WAYS];
}

/**
 * bfd_sender_note() - the current task calls send
 * @senders: the table
 * @tag: of socket, destination and port
 * @now: in ns
 *
 * Context: any, preemption off.
 */
void bfd_sender_note(struct bfd_senders *senders, u64 tag, u64 now)
{
	struct bfd_sender_slot *set = sender_set(senders, tag);
	struct bfd_sender_slot *slot = set;
	unsigned int i;

	for (i = 0; i < SENDER_WAYS; i++) {
		if (READ_ONCE(set[i].tag) == tag) {
			slot = &set[i];
			break;
		}
		if (READ_ONCE(set[i].used_ns) < READ_ONCE(slot->used_ns))
			slot = &set[i];
	}
	if (READ_ONCE(slot->tag) != tag || !READ_ONCE(slot->waiting_ns))
		WRITE_ONCE(slot->waiting_ns, now);
	WRITE_ONCE(slot->tag, 0);
	/* Pairs with the smp_rmb() in bfd_sender_take(). */
	smp_wmb();
	WRITE_ONCE(slot->used_ns, now);
	stall_who_current(&slot->who);
	/* Pairs with the acquire in bfd_sender_take(). */
	smp_store_release(&slot->tag, tag);
}

/**
 * bfd_sender_take() - who called send, and for how long it has waited
 * @senders: the table
 * @tag: of socket, destination and port
 * @who: result
 * @called_ns: the oldest call that is still waiting, in ns; 0 if unknown. None
 *	is waiting afterwards.
 *
 * Context: any, preemption off.
 * Return: false if the table does not know; both results are untouched then.
 */
bool bfd_sender_take(struct bfd_senders *senders, u64 tag,
		     struct stall_who *who, u64 *called_ns)
{
	struct bfd_sender_slot *set = sender_set(senders, tag);
	struct stall_who copy;
	unsigned int i;
	u64 waiting_ns;

	for (i = 0; i < SENDER_WAYS; i++) {
		/* Pairs with the release in bfd_sender_note(). */
		if (smp_load_acquire(&set[i].tag) != tag)
			continue;
		copy = set[i].who;
		waiting_ns = READ_ONCE(set[i].waiting_ns);
		/* Pairs with the smp_wmb() in bfd_sender_note(). */
		smp_rmb();
		if (READ_ONCE(set[i].tag) != tag)
			return false;
		WRITE_ONCE(set[i].waiting_ns, 0);
		*who = copy;
		*called_ns = waiting_ns;
		return true;
	}
	return false;
}
