/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd.h - what the files of collector bfd share
 */
#ifndef STALL_BFD_H
#define STALL_BFD_H

#include "bfd_arrival.h"
#include "bfd_late.h"
#include "bfd_sender.h"
#include "bfd_session.h"
#include "bfd_watch.h"

struct bfd_frame;
struct net_device;
struct sk_buff;

#define BFD_NR_SESSIONS	1024U

/* Sessions that were found last, by a hash of their key. */
#define BFD_RECENT_BITS	8

enum {
	SENDS, PACKETS, UNKNOWN, TX_GAP, TX_DELAY, SESSIONS, RECEIVED,
	MALFORMED, STRANGERS, RX_GAP, RX_DELAY, CALL_LATE, RX_LATE, PROTOCOL,
	PATIENCE, LATE, HOLDERS,
};

/**
 * struct bfd_state - all that the collector keeps
 * @sessions: rows of struct bfd_session
 * @others: packets that are not counted in a session's @tx, by CPU and session
 * @recent: sessions by a hash of their packets, so that most are found at once
 * @senders: who called send last
 * @tasks: threads that send or read
 * @arrivals: what came in and was not read yet
 * @lates: the latest late hellos
 * @watch: looks when a hello is due
 */
struct bfd_state {
	struct stall_map sessions;
	u64 __percpu *others;
	struct bfd_session *recent[1 << BFD_RECENT_BITS];
	struct bfd_senders senders;
	struct bfd_tasks tasks;
	struct bfd_arrivals arrivals;
	struct bfd_lates lates;
	struct bfd_watch watch;
};

extern const struct stall_table bfd_session_table;
extern const struct stall_table bfd_protocol_table;
extern const struct stall_table bfd_patience_table;
extern const struct stall_table bfd_late_table;
extern const struct stall_table bfd_holder_table;

struct bfd_session *bfd_find(struct bfd_state *bfd,
			     const struct bfd_frame *frame,
			     const struct net_device *dev, bool sent);
/* The session that was found last for a packet like this one, or NULL. */
#define bfd_recent(_bfd, _frame, _sent)					\
	READ_ONCE((_bfd)->recent[bfd_frame_hash(_frame, _sent,		\
						BFD_RECENT_BITS)])

void bfd_overdue_record(struct bfd_state *bfd, u32 number, u64 silent_ns,
			const struct bfd_pace *pace);
void bfd_overdue_live(const struct bfd_state *bfd, struct bfd_late *late);
void bfd_overdue_silent(struct bfd_state *bfd, u32 number);
void bfd_tell(struct stall_run *run, const struct bfd_late *late, u64 limit_ns,
	      u64 inside_ns);
u64 bfd_take_call(struct stall_run *run, struct bfd_session *session, u64 tag,
		  u64 now);
void bfd_gap(struct stall_run *run, struct bfd_session *session, u64 tag,
	     u64 now);
void bfd_on_send4(struct stall_run *run, struct pt_regs *regs);
void bfd_on_send6(struct stall_run *run, struct pt_regs *regs);
void bfd_on_xmit(void *data, const struct sk_buff *skb,
		 const struct net_device *dev);
extern const struct stall_callback bfd_send4_callback;
extern const struct stall_callback bfd_send6_callback;
extern const struct stall_callback bfd_read_callback;
struct bfd_late *bfd_receive_late(struct bfd_state *bfd,
				  const struct bfd_session *session, u64 gap_ns,
				  const struct bfd_pace *pace, u32 *number);
void bfd_on_receive(void *data, struct sk_buff *skb);
void bfd_on_read(struct stall_run *run, struct pt_regs *regs);

void bfd_describe(struct stall_run *run, const struct stall_event *event,
		  struct stall_story *story);

#endif /* STALL_BFD_H */
