// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_read - are the peer's hellos read in time?
 *
 * A packet that came in is seen once more as the daemon reads it, at skb_consume_udp().
 */
#include <net/inet_sock.h>

#include "bfd.h"
#include "bfd_params.h"

/* What a packet waits at the least that could be read late. */
#define READ_NS		((u64)NSEC_PER_MSEC)

/* A packet that comes in changes what was agreed for some 100 instructions. */
#define READ_TRIES	8

/* Was a hello of ours late in a gap between two reads, or is it now? */
static bool own_is_late(const struct bfd_session *session, u64 now, u64 gap_ns)
{
	u64 last = READ_ONCE(session->last), late = READ_ONCE(session->late);
	u64 limit_ns = bfd_threshold_ns() ?:
		       bfd_pace_limit_ns(&session->tx.pace,
					 bfd_overdue_percent());

	return (last && stall_ticks_since(last, now) > limit_ns) ||
	       (late && stall_ticks_since(late, now) < gap_ns);
}

/*
 * Without the time between device and read it would have been there in time: the
 * reader is to blame for what it did since its read before. If it sent late as well,
 * that is the event.
 */
static noinline void read_late(struct stall_run *run,
			       struct bfd_session *session, u64 gap_ns,
			       const struct bfd_pace *pace, u64 limit_ns,
			       const struct bfd_account *account)
{
	struct bfd_state *bfd = run->priv;
	const struct bfd_task *task = &bfd->tasks.rows[account->task];
	struct bfd_late *late;
	u32 number;

	late = bfd_receive_late(bfd, session, gap_ns, pace, &number);
	late->verdict = BFD_READ_LATE;
	bfd_parts_of(&session->reading.account, account, gap_ns, 0,
		     &late->parts);
	bfd_parts_unlooked(&late->parts, task, late->at_ns - gap_ns);
	late->reason = bfd_reason_of(&late->parts, late->interval_ns);
	stall_who_current(&late->who);
	if (late->reason == BFD_NO_CPU &&
	    READ_ONCE(task->holders.last_ns) > late->at_ns - gap_ns)
		late->holders = task->holders;
	if (!own_is_late(session, account->at, gap_ns))
		bfd_tell(run, late, limit_ns, 0);
	bfd_late_end(late, number);
}

/* What was due since the read before; false if packets come in all the time. */
static bool read_pace(const struct bfd_session *session, struct bfd_pace *pace)
{
	unsigned int tries;
	u32 moment;

	for (tries = 0; tries < READ_TRIES; tries++) {
		moment = bfd_moment(&session->rx_sequence);
		bfd_half_pace_since(&session->rx, session->reading.account.at,
				    pace);
		if (!bfd_changed(&session->rx_sequence, moment))
			return true;
	}
	return false;
}

static noinline void read_judge(struct stall_run *run,
				struct bfd_session *session, u64 now,
				u64 delay_ns)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_account account = {};
	struct bfd_pace pace;
	u64 gap_ns, limit_ns;

	if (!read_pace(session, &pace)) {
		stall_missed(run);
		return;
	}
	gap_ns = stall_ticks_since(session->reading.account.at, now);
	limit_ns = bfd_pace_limit_ns(&pace, bfd_overdue_percent());
	bfd_account_current(&bfd->tasks, now, &account);
	if (gap_ns > limit_ns && delay_ns > gap_ns - limit_ns)
		read_late(run, session, gap_ns, &pace, limit_ns, &account);
}

static __always_inline void bfd_read(struct stall_run *run,
				     const struct sk_buff *skb)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	u64 now = stall_ticks(), came, delay_ns;

	session = bfd_arrival_take(&bfd->arrivals, skb->head, &came);
	/* One that came in before we looked, or for no session. */
	if (unlikely(!session))
		return;
	delay_ns = stall_ticks_since(came, now);
	stall_record(run, RX_DELAY, delay_ns);
	if (unlikely(!bfd_claim(&session->reading.sequence))) {
		stall_missed(run);
		return;
	}
	if (unlikely(delay_ns > READ_NS && session->reading.account.at))
		read_judge(run, session, now, delay_ns);
	bfd_account_current(&bfd->tasks, now, &session->reading.account);
	bfd_release(&session->reading.sequence);
}

/* skb_consume_udp(sk, skb, len); a negative len is that of a peek. */
static __always_inline bool read_wants(struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);

	return bfd_port(inet_sk(sk)->inet_sport) &&
	       (int)regs_get_kernel_argument(regs, 2) >= 0;
}

static __always_inline void read_packet(struct stall_run *run,
					struct pt_regs *regs)
{
	bfd_read(run, (void *)regs_get_kernel_argument(regs, 1));
}

STALL_MAKE_CALLBACK(bfd_read_callback, read_wants, read_packet);

/**
 * bfd_on_read() - the entry of skb_consume_udp()
 * @run: the collector's run
 * @regs: with the arguments
 *
 * Context: that of the reader, preemption off.
 */
void bfd_on_read(struct stall_run *run, struct pt_regs *regs)
{
	if (read_wants(regs))
		read_packet(run, regs);
}

NOKPROBE_SYMBOL(bfd_on_read);
