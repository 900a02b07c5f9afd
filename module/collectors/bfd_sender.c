// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_sender - who called send, and when
 *
 * The task that a packet finds on its CPU at the device need not be the one
 * that sent it: a queueing discipline is run by whoever comes along, and a
 * packet that waited for its neighbour's address by an interrupt. The socket
 * is the same at both places, but one socket may serve many sessions; hence
 * socket, destination and port are the key. Places of closed sockets are taken
 * over, the longest unused first.
 */
#include <linux/compiler.h>
#include <linux/mm.h>

#include "bfd_sender.h"

/**
 * bfd_senders_init() - make an empty table
 * @senders: the table
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bfd_senders_init(struct bfd_senders *senders)
{
	senders->calls = kvzalloc(bfd_senders_bytes(), GFP_KERNEL);
	return senders->calls ? 0 : -ENOMEM;
}

/**
 * bfd_senders_free() - give back what bfd_senders_init() took
 * @senders: the table, possibly never initialised but zero
 */
void bfd_senders_free(struct bfd_senders *senders)
{
	kvfree(senders->calls);
	senders->calls = NULL;
}

/**
 * bfd_senders_bytes() - memory of the table
 */
size_t bfd_senders_bytes(void)
{
	return (BFD_SENDER_WAYS << BFD_SENDER_SET_BITS) *
	       sizeof(struct bfd_call);
}

/**
 * bfd_sender_other() - the place of a tag, or the one that was unused for longest
 * @set: of the tag
 * @tag: of socket, destination and port
 *
 * Context: any.
 */
struct bfd_call *bfd_sender_other(struct bfd_call *set, u64 tag)
{
	struct bfd_call *call = set;
	unsigned int i;

	for (i = 0; i < BFD_SENDER_WAYS; i++) {
		if (READ_ONCE(set[i].tag) == tag)
			return &set[i];
		if (READ_ONCE(set[i].used) < READ_ONCE(call->used))
			call = &set[i];
	}
	return call;
}

/**
 * bfd_sender_find() - who called send, and for how long it has waited
 * @senders: the table
 * @tag: of socket, destination and port
 *
 * Another CPU may take the place over meanwhile: ask bfd_sender_is() when all is
 * read.
 *
 * Context: any, preemption off.
 * Return: the call, NULL if the table does not know.
 */
struct bfd_call *bfd_sender_find(struct bfd_senders *senders, u64 tag)
{
	struct bfd_call *set = bfd_sender_set(senders, tag);
	unsigned int i;

	for (i = 0; i < BFD_SENDER_WAYS; i++)
		if (bfd_sender_is(&set[i], tag))
			return &set[i];
	return NULL;
}
