// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_parts - what a gap between two hellos consisted of
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "bfd_task.h"

/**
 * bfd_called_ns() - the time between two calls
 * @before: account of the first
 * @after: account of the second
 *
 * Return: ns, 0 if one of them is not known.
 */
u64 bfd_called_ns(const struct bfd_account *before,
		  const struct bfd_account *after)
{
	if (!before->at || !after->at)
		return 0;
	return stall_ticks_since(before->at, after->at);
}

/* No more than what is left of the gap, so that the parts add up to it. */
static u64 part(u64 *left, u64 before, u64 after)
{
	u64 taken = after > before ? min(after - before, *left) : 0;

	*left -= taken;
	return taken;
}

/**
 * bfd_parts_of() - take a gap apart
 * @before: the task's times when the gap began
 * @after: the same when it ended
 * @gap_ns: the gap
 * @kernel_ns: how much of it passed inside the kernel, behind the task's part
 * @parts: result
 *
 * Context: any.
 */
void bfd_parts_of(const struct bfd_account *before,
		  const struct bfd_account *after, u64 gap_ns, u64 kernel_ns,
		  struct bfd_parts *parts)
{
	const struct bfd_rare *a = &before->rare, *b = &after->rare;
	u64 left = gap_ns;

	memset(parts, 0, sizeof(*parts));
	parts->kernel = part(&left, 0, kernel_ns);
	if (before->at && after->at && before->epoch == after->epoch) {
		parts->reclaim = part(&left, a->reclaim, b->reclaim);
		parts->waiting = part(&left,
				      before->waiting_ns - a->reclaim_waiting,
				      after->waiting_ns - b->reclaim_waiting);
		parts->on_cpu = part(&left, before->cpu_ns - a->reclaim_cpu,
				     after->cpu_ns - b->reclaim_cpu);
		/*
		 * These the timer has seen, and it takes a task for what it finds it
		 * at since it was given a CPU: what it ran then is counted above.
		 */
		parts->stopped = part(&left, a->stopped, b->stopped);
		parts->frozen = part(&left, a->frozen, b->frozen);
		parts->blocked = part(&left, a->blocked, b->blocked);
		/* What it neither ran nor waited, it slept: the rest of its time. */
		parts->asleep = part(&left, gap_ns - left - parts->kernel,
				     bfd_called_ns(before, after));
	}
	parts->rest = left;
}

/**
 * bfd_parts_unlooked() - nobody looked what a task was at
 * @parts: of a gap
 * @row: of the task
 * @since_ns: begin of the gap
 *
 * Then it may as well have been stopped or blocked as asleep.
 */
void bfd_parts_unlooked(struct bfd_parts *parts, const struct bfd_task *row,
			u64 since_ns)
{
	if (READ_ONCE(row->looked_ns) >= since_ns)
		return;
	parts->rest += parts->asleep;
	parts->asleep = 0;
}

/**
 * bfd_parts_inside() - what a task that sends was at inside of its call
 * @before: its times as it called
 * @after: the same as its packet reached the device
 * @kernel_ns: for how long the packet was late there
 * @inside: result; rest is the kernel's own
 *
 * Context: any.
 */
void bfd_parts_inside(const struct bfd_account *before,
		      const struct bfd_account *after, u64 kernel_ns,
		      struct bfd_parts *inside)
{
	bfd_parts_of(before, after, kernel_ns, 0, inside);
	inside->rest += inside->on_cpu + inside->asleep;
	inside->on_cpu = 0;
	inside->asleep = 0;
}

/**
 * bfd_parts_add_inside() - a gap's time in the kernel is that of the task, too
 * @parts: of the gap
 * @inside: of bfd_parts_inside(), for @parts->kernel
 */
void bfd_parts_add_inside(struct bfd_parts *parts,
			  const struct bfd_parts *inside)
{
	parts->waiting += inside->waiting;
	parts->blocked += inside->blocked;
	parts->reclaim += inside->reclaim;
	parts->stopped += inside->stopped;
	parts->frozen += inside->frozen;
	parts->kernel = inside->rest;
}
