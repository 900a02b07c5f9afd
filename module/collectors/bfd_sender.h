/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_sender.h - who called send, and when
 */
#ifndef STALL_BFD_SENDER_H
#define STALL_BFD_SENDER_H

#include <linux/in6.h>
#include <linux/types.h>

#include "../collector.h"

struct sock;
struct bfd_sender_slot;

/**
 * struct bfd_senders - the latest senders
 * @slots: sets of a few slots
 */
struct bfd_senders {
	struct bfd_sender_slot *slots;
};

int bfd_senders_init(struct bfd_senders *senders);
void bfd_senders_free(struct bfd_senders *senders);
size_t bfd_senders_bytes(void);
u64 bfd_sender_tag(const struct sock *sk, const struct in6_addr *to,
		   __be16 port);
void bfd_sender_note(struct bfd_senders *senders, u64 tag, u64 now);
bool bfd_sender_take(struct bfd_senders *senders, u64 tag,
		     struct stall_who *who, u64 *called_ns);

#endif /* STALL_BFD_SENDER_H */
