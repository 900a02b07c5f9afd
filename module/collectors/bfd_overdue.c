// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_overdue - records of hellos that are overdue now
 */
#include <linux/sched.h>
#include <linux/stacktrace.h>

#include "bfd.h"

#ifdef STALL_HAVE_STACK_TRACE_SAVE_TSK

static u32 overdue_stack(const struct bfd_task *row, unsigned long *stack)
{
	struct task_struct *task;
	u32 nr = 0;

	rcu_read_lock();
	task = bfd_task_of(row);
	if (task && !stall_task_on_cpu(task))
		nr = stack_trace_save_tsk(task, stack, BFD_STACK_DEPTH, 0);
	rcu_read_unlock();
	return nr;
}

#else

static u32 overdue_stack(const struct bfd_task *row, unsigned long *stack)
{
	return 0;
}

#endif

/**
 * bfd_overdue_record() - take a record while it lasts
 * @bfd: the collector's own
 * @number: of the session whose hello is overdue
 * @silent_ns: since the one before
 * @pace: what was agreed
 *
 * The packet that ends it completes the record.
 *
 * Context: any.
 */
void bfd_overdue_record(struct bfd_state *bfd, u32 number, u64 silent_ns,
			const struct bfd_pace *pace)
{
	struct bfd_session *session = stall_map_row(&bfd->sessions, number);
	const struct bfd_task *row = &bfd->tasks.rows[session->account.task];
	struct bfd_late *late;
	u32 record;

	late = bfd_late_begin(&bfd->lates, &record);
	late->session = number;
	late->sent = true;
	late->at_ns = stall_clock();
	late->gap_ns = silent_ns;
	late->interval_ns = pace->interval_ns;
	late->detection_ns = pace->detection_ns;
	late->parts.rest = late->gap_ns;
	late->who = session->who;
	if (READ_ONCE(row->waits_on))
		late->holders = row->holders;
	late->nr_stack = overdue_stack(row, late->stack);
	bfd_late_end(late, record);
	WRITE_ONCE(session->overdue, record);
}

/**
 * bfd_overdue_silent() - no stall of its task explains why a hello is overdue
 * @bfd: the collector's own
 * @number: of the session
 *
 * Context: any.
 */
void bfd_overdue_silent(struct bfd_state *bfd, u32 number)
{
	struct bfd_session *session = stall_map_row(&bfd->sessions, number);
	u32 record = xchg(&session->overdue, 0);
	struct bfd_late *late = bfd_late_again(&bfd->lates, record);

	if (!late)
		return;
	late->verdict = BFD_SILENT;
	late->holders.nr = 0;
	bfd_late_end(late, record);
}

/* The sender's at its latest call: of one moment, or unknown. */
static void overdue_before(const struct bfd_session *session,
			   struct bfd_account *before)
{
	u32 moment = bfd_moment(&session->sequence);

	*before = session->account;
	if (bfd_changed(&session->sequence, moment))
		before->at = 0;
}

/**
 * bfd_overdue_live() - why a hello is overdue that has not come yet, as of now
 * @bfd: the collector's own
 * @late: a copy of its record; gets the time since the hello before, and its parts
 *
 * Context: process.
 */
void bfd_overdue_live(const struct bfd_state *bfd, struct bfd_late *late)
{
	const struct bfd_session *session =
		stall_map_row(&bfd->sessions, late->session);
	u64 now = stall_ticks(), gap_ns;
	struct bfd_account before, after = {};
	const struct bfd_task *row;

	overdue_before(session, &before);
	row = &bfd->tasks.rows[before.task];
	if (READ_ONCE(session->overdue) != late->number || !before.at ||
	    !bfd_account_now(row, now, &after))
		return;
	gap_ns = stall_ticks_since(READ_ONCE(session->last), now);
	if (gap_ns < late->gap_ns)
		return;
	late->gap_ns = gap_ns;
	bfd_parts_of(&before, &after, gap_ns, 0, &late->parts);
	bfd_parts_unlooked(&late->parts, row, stall_clock() - gap_ns);
	late->reason = bfd_reason_of(&late->parts, late->interval_ns);
	if (late->reason == BFD_NO_CPU)
		late->holders = row->holders;
	else
		late->holders.nr = 0;
}
