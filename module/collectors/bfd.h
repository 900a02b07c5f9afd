/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd.h - what the files of collector bfd share
 */
#ifndef STALL_BFD_H
#define STALL_BFD_H

#include "bfd_sender.h"
#include "bfd_session.h"

#define BFD_NR_SESSIONS	1024

/**
 * struct bfd_state - all that the collector keeps
 * @sessions: rows of struct bfd_session
 * @packets: how many went out, by CPU and session
 * @senders: who called send last
 */
struct bfd_state {
	struct stall_map sessions;
	u64 __percpu *packets;
	struct bfd_senders senders;
};

extern const struct stall_table bfd_session_table;

void bfd_describe(struct stall_run *run, const struct stall_event *event,
		  struct stall_story *story);

#endif /* STALL_BFD_H */
