/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_sender.h - who called send, and when
 */
#ifndef STALL_BFD_SENDER_H
#define STALL_BFD_SENDER_H

#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/types.h>

#include "bfd_task.h"

struct sock;

/**
 * struct bfd_call - the latest calls of send for one destination
 * @tag: of socket, destination and port; 0 while it is written
 * @used: the latest call, in ticks
 * @waiting: when the oldest call was made of which no packet has come to a device
 *	yet, in ticks; 0 if there is none. If packets pile up, the first was asked
 *	for then.
 * @account: the caller's, at that call; at the latest if none is waiting
 * @who: called
 */
struct bfd_call {
	u64 tag;
	u64 used;
	u64 waiting;
	struct bfd_account account;
	struct stall_who who;
};

/**
 * struct bfd_senders - the latest senders
 * @calls: sets of a few
 */
struct bfd_senders {
	struct bfd_call *calls;
};

/* 1,024 senders at once leave about one in a hundred without a place. */
#define BFD_SENDER_SET_BITS	8
#define BFD_SENDER_WAYS		8

static __always_inline struct bfd_call *
bfd_sender_set(const struct bfd_senders *senders, u64 tag)
{
	return &senders->calls[hash_64(tag, BFD_SENDER_SET_BITS) *
			       BFD_SENDER_WAYS];
}

int bfd_senders_init(struct bfd_senders *senders);
void bfd_senders_free(struct bfd_senders *senders);
size_t bfd_senders_bytes(void);
struct bfd_call *bfd_sender_other(struct bfd_call *set, u64 tag);
struct bfd_call *bfd_sender_find(struct bfd_senders *senders, u64 tag);

/**
 * bfd_sender_is() - is, and was, a place that of a tag?
 * @call: of bfd_sender_find(), perhaps of long ago
 * @tag: as there
 *
 * Asked before and after it is read.
 */
static __always_inline bool bfd_sender_is(const struct bfd_call *call, u64 tag)
{
	/* What was read before is so. Pairs with the smp_wmb() in bfd_sender_note(). */
	smp_rmb();
	/* What is read next is so. Pairs with the release in bfd_sender_note(). */
	return smp_load_acquire(&call->tag) == tag;
}

/* Half an address, as bfd_sender_tag() takes it. */
static inline u64 bfd_address_half(const struct in6_addr *address,
				   unsigned int half)
{
	return (__force u32)address->s6_addr32[2 * half] |
	       (u64)(__force u32)address->s6_addr32[2 * half + 1] << 32;
}

/**
 * bfd_sender_tag() - a number for socket, destination and port
 * @sk: the socket
 * @high: first half of the destination's address; all of an IPv4 one
 * @low: the other half, 0 for IPv4
 * @port: of the destination
 *
 * Context: any.
 * Return: a hash of all 64 bits, never 0.
 */
static inline u64 bfd_sender_tag(const struct sock *sk, u64 high, u64 low,
				 __be16 port)
{
	u64 tag = (unsigned long)sk ^ (__force u64)port << 48;

	/* A product carries upwards only; addresses differ at their upper end. */
	tag = (tag ^ high) * GOLDEN_RATIO_64;
	tag = (tag ^ tag >> 32 ^ low) * GOLDEN_RATIO_64;
	return (tag ^ tag >> 32) | 1;
}

/* Is it the current task still, by the same name? */
static __always_inline bool bfd_who_is_current(const struct stall_who *who)
{
	return who->pid == current->pid &&
	       !memcmp(who->comm, current->comm, sizeof(u64));
}

/**
 * bfd_sender_note() - the current task calls send
 * @senders: the table
 * @tag: of socket, destination and port
 * @now: in ticks
 * @tasks: have its times
 *
 * Context: any, preemption off.
 */
static __always_inline void bfd_sender_note(struct bfd_senders *senders,
					    u64 tag, u64 now,
					    struct bfd_tasks *tasks)
{
	struct bfd_call *call = bfd_sender_set(senders, tag);
	bool waiting;

	/* Most often it is the first one. */
	if (unlikely(READ_ONCE(call->tag) != tag))
		call = bfd_sender_other(call, tag);
	waiting = READ_ONCE(call->tag) == tag && READ_ONCE(call->waiting);
	WRITE_ONCE(call->tag, 0);
	/* Pairs with the smp_rmb() in bfd_sender_is(). */
	smp_wmb();
	WRITE_ONCE(call->used, now);
	if (unlikely(!bfd_who_is_current(&call->who)))
		stall_who_current(&call->who);
	if (likely(!waiting)) {
		bfd_account_current(tasks, now, &call->account);
		WRITE_ONCE(call->waiting, now);
	}
	/* Pairs with the acquire in bfd_sender_is(). */
	smp_store_release(&call->tag, tag);
}

#endif /* STALL_BFD_SENDER_H */
