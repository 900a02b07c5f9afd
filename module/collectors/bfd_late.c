// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_late - the latest hellos that were late, and why
 *
 * A record is taken when a hello is overdue, and completed when it comes. The
 * counter that all CPUs share is touched for late hellos only.
 */
#include <linux/mm.h>

#include "bfd_late.h"

/**
 * bfd_lates_init() - make an empty ring
 * @lates: the ring
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bfd_lates_init(struct bfd_lates *lates)
{
	lates->rows = kvzalloc(bfd_lates_bytes(), GFP_KERNEL);
	return lates->rows ? 0 : -ENOMEM;
}

/**
 * bfd_lates_free() - give back what bfd_lates_init() took
 * @lates: the ring, possibly never initialised but zero
 */
void bfd_lates_free(struct bfd_lates *lates)
{
	kvfree(lates->rows);
	lates->rows = NULL;
}

/**
 * bfd_lates_bytes() - memory of the ring
 */
size_t bfd_lates_bytes(void)
{
	return BFD_NR_LATE * sizeof(struct bfd_late);
}

static struct bfd_late *late_row(const struct bfd_lates *lates, u32 number)
{
	return &lates->rows[(number - 1) % BFD_NR_LATE];
}

static void late_open(struct bfd_late *late)
{
	WRITE_ONCE(late->number, 0);
	/* Pairs with the smp_rmb() in bfd_late_copy(). */
	smp_wmb();
}

/**
 * bfd_late_begin() - a record more, in the place of the oldest
 * @lates: the ring
 * @number: result: its number, never 0
 *
 * Context: any, preemption off until bfd_late_end().
 * Return: the record, zeroed, to be filled in.
 */
struct bfd_late *bfd_late_begin(struct bfd_lates *lates, u32 *number)
{
	struct bfd_late *late;

	do {
		*number = atomic_inc_return(&lates->nr);
	} while (unlikely(!*number));
	late = late_row(lates, *number);
	late_open(late);
	memset(late, 0, sizeof(*late));
	return late;
}

/**
 * bfd_late_again() - open a record that was taken before
 * @lates: the ring
 * @number: of the record
 *
 * Context: any, preemption off until bfd_late_end().
 * Return: the record, NULL if it is gone.
 */
struct bfd_late *bfd_late_again(struct bfd_lates *lates, u32 number)
{
	struct bfd_late *late = late_row(lates, number);

	if (!number || READ_ONCE(late->number) != number)
		return NULL;
	late_open(late);
	return late;
}

/**
 * bfd_late_end() - let others read a record
 * @late: from bfd_late_begin() or bfd_late_again()
 * @number: its number
 */
void bfd_late_end(struct bfd_late *late, u32 number)
{
	/* Pairs with the acquire in bfd_late_copy(). */
	smp_store_release(&late->number, number);
}

/**
 * bfd_late_copy() - read a record
 * @lates: the ring
 * @number: of the record
 * @copy: result
 *
 * Return: false if there is none of that number, or it is being written.
 */
bool bfd_late_copy(const struct bfd_lates *lates, u32 number,
		   struct bfd_late *copy)
{
	const struct bfd_late *late = late_row(lates, number);

	/* Pairs with the release in bfd_late_end(). */
	if (!number || smp_load_acquire(&late->number) != number)
		return false;
	*copy = *late;
	/* Pairs with the smp_wmb() in late_open(). */
	smp_rmb();
	return READ_ONCE(late->number) == number;
}

/**
 * bfd_late_find() - the record of an event
 * @lates: the ring
 * @session: number of the event's session
 * @at_ns: when the event ended
 * @copy: result
 *
 * Return: false if it is gone.
 */
bool bfd_late_find(const struct bfd_lates *lates, u32 session, u64 at_ns,
		   struct bfd_late *copy)
{
	u32 number = atomic_read(&lates->nr);
	unsigned int i;

	for (i = 0; i < BFD_NR_LATE; i++)
		if (bfd_late_copy(lates, number - i, copy) && copy->ended &&
		    copy->session == session && copy->at_ns == at_ns)
			return true;
	return false;
}

/**
 * bfd_reason_of() - what took most of a gap, as far as that is known?
 * @parts: of the gap
 * @interval_ns: for so long, a daemon sleeps anyway
 *
 * Context: any.
 */
enum bfd_reason bfd_reason_of(const struct bfd_parts *parts, u64 interval_ns)
{
	const struct {
		enum bfd_reason reason;
		u64 ns;
	} candidates[] = {
		{ BFD_STOPPED, parts->stopped },
		{ BFD_FROZEN, parts->frozen },
		{ BFD_NO_CPU, parts->waiting },
		{ BFD_BLOCKED, parts->blocked },
		{ BFD_RECLAIM, parts->reclaim },
		{ BFD_RUNNING, parts->on_cpu },
		{ BFD_ASLEEP, parts->asleep > interval_ns ?
			      parts->asleep - interval_ns : 0 },
	};
	unsigned int i, best = 0;

	for (i = 1; i < ARRAY_SIZE(candidates); i++)
		if (candidates[i].ns > candidates[best].ns)
			best = i;
	return candidates[best].ns > parts->rest ? candidates[best].reason :
						   BFD_NO_REASON;
}

/**
 * bfd_verdict_name() - a verdict in a word
 * @verdict: enum bfd_verdict
 */
const char *bfd_verdict_name(u8 verdict)
{
	static const char * const names[] = {
		[BFD_UNKNOWN] = "unknown",
		[BFD_CALLED_LATE] = "called_late",
		[BFD_LEFT_LATE] = "left_late",
		[BFD_CAME_LATE] = "came_late",
		[BFD_READ_LATE] = "read_late",
		[BFD_SILENT] = "silent",
	};

	return names[verdict];
}

/**
 * bfd_reason_name() - a reason in a word
 * @reason: enum bfd_reason
 */
const char *bfd_reason_name(u8 reason)
{
	static const char * const names[] = {
		[BFD_NO_REASON] = "-",
		[BFD_STOPPED] = "stopped",
		[BFD_FROZEN] = "frozen",
		[BFD_NO_CPU] = "cpu",
		[BFD_BLOCKED] = "blocked",
		[BFD_RECLAIM] = "reclaim",
		[BFD_RUNNING] = "running",
		[BFD_ASLEEP] = "asleep",
		[BFD_THREAD] = "thread",
	};

	return names[reason];
}
