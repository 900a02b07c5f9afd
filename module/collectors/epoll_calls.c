// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_calls - calls of epoll_wait() that return without an event
 *
 * A hook at the end of all system calls would see all of them, and cost each
 * system call of the host 66 instructions. So a call with a timeout of 0 is not
 * counted, nor one of a 32-bit program; one whose timer fires at the moment when
 * an event comes is.
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

#include "epoll.h"

/* Is this the system call that a task is in? 32-bit programs have other numbers. */
static bool epoll_is_called(struct task_struct *task)
{
	switch (syscall_get_nr(task, task_pt_regs(task))) {
#ifdef __NR_epoll_wait
	case __NR_epoll_wait:
#endif
	case __NR_epoll_pwait:
#ifdef __NR_epoll_pwait2
	case __NR_epoll_pwait2:
#endif
		return true;
	default:
		return false;
	}
}

/**
 * epoll_on_timeout() - hrtimer_wakeup(timer): a task has slept until its timeout
 * @run: the collector
 * @regs: of the entry
 *
 * Context: interrupt.
 */
void epoll_on_timeout(struct stall_run *run, struct pt_regs *regs)
{
	const struct hrtimer_sleeper *sleeper =
		container_of(epoll_arg(regs, 0), struct hrtimer_sleeper, timer);
	struct task_struct *task = READ_ONCE(sleeper->task);

	if (task && epoll_is_called(task))
		stall_count(run, EPOLL_TIMEOUTS);
}

NOKPROBE_SYMBOL(epoll_on_timeout);

/**
 * epoll_on_signal() - get_signal(): what an interrupted call returns is known
 * @run: the collector
 * @unused: of the entry
 *
 * Context: process, the running task is on its way back to user space.
 */
void epoll_on_signal(struct stall_run *run, struct pt_regs *unused)
{
	/* Who is killed returns nothing. */
	if (epoll_is_called(current) && !fatal_signal_pending(current) &&
	    (long)regs_return_value(task_pt_regs(current)) == -EINTR)
		stall_count(run, EPOLL_INTERRUPTED);
}

NOKPROBE_SYMBOL(epoll_on_signal);
