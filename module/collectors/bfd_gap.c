// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_gap - a packet of ours ends a gap: was it too long, and why?
 */
#include <linux/time64.h>

#include "bfd.h"
#include "bfd_params.h"

/**
 * bfd_tell() - make an event of a late hello
 * @run: the collector's run
 * @late: the hello
 * @limit_ns: from when on it was late
 * @inside_ns: how much of the gap passed after the call of send
 *
 * Context: any, preemption off.
 */
void bfd_tell(struct stall_run *run, const struct bfd_late *late, u64 limit_ns,
	      u64 inside_ns)
{
	struct stall_event event = {
		.at_ns = late->at_ns,
		.lasted_ns = late->gap_ns,
		.limit_ns = limit_ns,
		.inside_ns = inside_ns,
		.who = late->who,
		.collector = run->index,
		.kind = late->verdict,
		.key = late->session,
	};

	stall_events_add(&event);
}

/*
 * Does the task that called send hand the packet to the device, in the same call? It does
 * where no queue is between. The call is known wherever its time is.
 */
static bool sends_itself(const struct bfd_session *session,
			 const struct bfd_task *task)
{
	return task->pid == current->pid && in_task() &&
	       READ_ONCE(task->used) == session->account.at &&
	       READ_ONCE(session->call->used) == session->account.at;
}

/*
 * What the sender was at after it had called is not told of the next gap, which begins
 * with this packet.
 */
static void next_gap_begins(struct bfd_state *bfd, struct bfd_session *session)
{
	u64 called = session->account.at;

	bfd_account_current(&bfd->tasks, stall_ticks(), &session->account);
	session->account.at = called;
}

/* What the sender was at after it had called: it can lose its CPU there, too. */
static void late_inside(struct bfd_state *bfd, struct bfd_session *session,
			u64 kernel_ns, struct bfd_parts *inside)
{
	struct bfd_account called = session->account;

	memset(inside, 0, sizeof(*inside));
	inside->rest = kernel_ns;
	if (!sends_itself(session, &bfd->tasks.rows[called.task]))
		return;
	next_gap_begins(bfd, session);
	bfd_parts_inside(&called, &session->account, kernel_ns, inside);
}

/* Where the gap was lost, if we know who called send. */
static void late_blame(struct bfd_state *bfd, struct bfd_late *late,
		       struct bfd_session *session,
		       const struct bfd_account *before)
{
	const struct bfd_account *after = &session->account;
	const struct bfd_task *task = &bfd->tasks.rows[after->task];
	u64 called_ns = bfd_called_ns(before, after);
	u64 gap_ns = late->gap_ns, kernel_ns;
	struct bfd_parts inside;

	/* What passed behind the call, more than in the gap before. */
	kernel_ns = called_ns && gap_ns > called_ns ? gap_ns - called_ns : 0;
	bfd_parts_of(before, after, gap_ns, kernel_ns, &late->parts);
	bfd_parts_unlooked(&late->parts, task, late->at_ns - gap_ns);
	if (!called_ns)
		return;
	late_inside(bfd, session, kernel_ns, &inside);
	bfd_parts_add_inside(&late->parts, &inside);
	if (kernel_ns > called_ns - min(called_ns, late->interval_ns)) {
		late->verdict = BFD_LEFT_LATE;
		late->reason = bfd_reason_of(&inside, 0);
	} else {
		late->verdict = BFD_CALLED_LATE;
		late->reason = bfd_reason_of(&late->parts, late->interval_ns);
	}
	if (late->reason == BFD_NO_CPU &&
	    READ_ONCE(task->holders.last_ns) > late->at_ns - gap_ns)
		late->holders = task->holders;
}

/**
 * struct bfd_ending - a gap that ends with a packet of ours
 * @now: in ticks
 * @late: it was too long
 * @gap_ns: how long it was
 * @limit_ns: from when on it is late
 * @waited_ns: from the call of send to the device, 0 if not known
 * @patience: what it took of the peer's
 */
struct bfd_ending {
	u64 now;
	bool late;
	u64 gap_ns;
	u64 limit_ns;
	u64 waited_ns;
	struct bfd_patience patience;
};

/*
 * Complete the record that was taken while it lasted, or take one. Of a gap that was
 * overdue and yet is not late, as what was agreed has changed, there is no event.
 */
static noinline void bfd_late(struct stall_run *run,
			      struct bfd_session *session,
			      const struct bfd_ending *gap,
			      const struct bfd_account *before)
{
	struct bfd_state *bfd = run->priv;
	u32 number = xchg(&session->overdue, 0);
	struct bfd_late *late = bfd_late_again(&bfd->lates, number);

	/* It was taken just as the packet before went out: it is gone by this. */
	if (late && late->gap_ns > gap->gap_ns)
		late = NULL;
	if (!late && !gap->late)
		return;
	if (!late)
		late = bfd_late_begin(&bfd->lates, &number);
	late->session = stall_map_number(&bfd->sessions, session);
	late->sent = true;
	late->ended = true;
	late->at_ns = stall_clock();
	late->gap_ns = gap->gap_ns;
	late->interval_ns = gap->patience.pace.interval_ns;
	late->detection_ns = gap->patience.pace.detection_ns;
	late->verdict = BFD_UNKNOWN;
	memset(&late->who, 0, sizeof(late->who));
	if (session->account.at)
		late->who = session->who;
	memset(&late->holders, 0, sizeof(late->holders));
	late_blame(bfd, late, session, before);
	if (gap->late) {
		WRITE_ONCE(session->late, gap->now);
		bfd_tell(run, late, gap->limit_ns,
			 min(gap->waited_ns, gap->gap_ns));
	}
	bfd_late_end(late, number);
}

/**
 * bfd_take_call() - who called send for a packet, and when
 * @run: the collector's run
 * @session: of the packet, claimed; takes it over
 * @tag: of the call
 * @now: in ticks
 *
 * The task that runs here need not be the sender, so it is never taken for that:
 * better nobody is blamed than the wrong one.
 *
 * Context: any, preemption off.
 * Return: how long ago it was called, in ns, 0 if that is not known.
 */
u64 bfd_take_call(struct stall_run *run, struct bfd_session *session, u64 tag,
		  u64 now)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_call *call = bfd_sender_find(&bfd->senders, tag);
	u64 called;

	if (likely(call)) {
		session->call = call;
		called = READ_ONCE(call->waiting);
		session->who = call->who;
		bfd_account_copy(&session->account, &call->account);
		if (likely(bfd_sender_is(call, tag))) {
			bfd_task_sends(&bfd->tasks, &session->account);
			WRITE_ONCE(call->waiting, 0);
			return called ? stall_ticks_since(called, now) : 0;
		}
	}
	stall_count(run, UNKNOWN);
	session->account.at = 0;
	return 0;
}

/* What the protocol says of a gap; @gap->limit_ns is how long it may be. */
static void bfd_judge(struct bfd_session *session, struct bfd_ending *gap)
{
	struct bfd_half *tx = &session->tx;
	u64 threshold_ns = bfd_threshold_ns();

	gap->limit_ns = threshold_ns;
	gap->patience.pace.interval_ns = 0;
	gap->patience.pace.detection_ns = 0;
	if (!tx->said.multiplier)
		return;
	bfd_half_judge(tx, &session->rx, gap->gap_ns, bfd_overdue_percent(),
		       &gap->patience);
	if (!gap->patience.pace.interval_ns) {
		gap->limit_ns = U64_MAX;
		return;
	}
	if (!threshold_ns)
		gap->limit_ns = bfd_session_limit_ns(session,
						     gap->patience.limit_ns);
	if (unlikely(gap->gap_ns > gap->patience.pace.detection_ns) &&
	    !bfd_is_unheard(tx, &session->rx))
		session->too_late = gap->now;
}

/* @before_at: when the call before was made, in ticks; 0 if it is not known. */
static bool bfd_record_gap(struct stall_run *run, struct bfd_session *session,
			   struct bfd_ending *gap, u64 before_at)
{
	u64 interval_ns, called_ns;
	unsigned int bucket = stall_hist_bucket(gap->gap_ns);

	bfd_judge(session, gap);
	/* Of the first packet, the call may be of one before we looked. */
	if (gap->waited_ns)
		stall_record(run, TX_DELAY, gap->waited_ns);
	stall_record_in(run, TX_GAP, bucket, gap->gap_ns);
	interval_ns = gap->patience.pace.interval_ns;
	if (interval_ns && before_at && session->account.at) {
		called_ns = stall_ticks_since(before_at, session->account.at);
		if (unlikely(called_ns > interval_ns))
			stall_record(run, CALL_LATE, called_ns - interval_ns);
	}
	return bfd_session_gap(session, gap->gap_ns, bucket, &gap->limit_ns);
}

/**
 * bfd_gap() - a packet of ours goes out, and ends a gap
 * @run: the collector's run
 * @session: of the packet, claimed
 * @tag: of the call of send for it
 * @now: in ticks
 *
 * Context: any, preemption off.
 */
void bfd_gap(struct stall_run *run, struct bfd_session *session, u64 tag,
	     u64 now)
{
	struct bfd_state *bfd = run->priv;
	u64 before_at = session->account.at;
	struct bfd_account before;
	struct bfd_ending gap = { .now = now };

	gap.gap_ns = stall_ticks_since(session->last, now);
	/* Rare, and what is taken over next is needed to tell why. */
	if (unlikely(gap.gap_ns > BFD_WORTH_NS))
		before = session->account;
	gap.waited_ns = bfd_take_call(run, session, tag, now);
	gap.late = bfd_record_gap(run, session, &gap, before_at);
	if (unlikely(gap.late || READ_ONCE(session->overdue)))
		bfd_late(run, session, &gap,
			 gap.gap_ns > BFD_WORTH_NS ? &before :
						     &session->account);
	else if (unlikely(gap.waited_ns > BFD_WORTH_NS) &&
		 sends_itself(session, &bfd->tasks.rows[session->account.task]))
		next_gap_begins(bfd, session);
}
