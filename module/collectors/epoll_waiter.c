// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_waiter - who sleeps in epoll_wait(), and for how long
 *
 * A waiter's entry in the instance's queue lies on its own stack. All is read
 * without a lock, and so as if it could be gone: what cannot be read, or is not
 * what it ought to be, is nothing.
 */
#include <linux/cgroup.h>
#include <linux/kernfs.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/syscall.h>

#include "epoll.h"

/* As stall_cgroup_id(), of another task. */
static u64 waiter_cgroup(const struct task_struct *task)
{
	u64 id = 0;
#ifdef CONFIG_CGROUPS
	const struct css_set *set;
	const struct cgroup *group;
	const struct kernfs_node *node;

	if (!epoll_peek(&set, &task->cgroups) ||
	    !epoll_peek(&group, &set->dfl_cgrp) ||
	    !epoll_peek(&node, &group->kn) || !epoll_peek(&id, &node->id))
		return 0;
#endif
	return id;
}

/*
 * It sleeps since it last had the CPU, and for how long it had that then is what
 * the scheduler added to its sum since it was chosen. Without that, for other
 * classes than fair, the time on the CPU counts as sleep.
 */
static u64 waiter_slept_ns(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	u64 now = local_clock(), since, sum, before;

	if (!epoll_peek(&since, &task->sched_info.last_arrival) ||
	    !epoll_peek(&sum, &task->se.sum_exec_runtime) ||
	    !epoll_peek(&before, &task->se.prev_sum_exec_runtime))
		return 0;
	if (sum > before && before)
		since += sum - before;
	return now > since ? now - since : 0;
#else
	return 0;
#endif
}

/* All calls that sleep here have it as their first argument. */
static int waiter_epfd(struct task_struct *task)
{
	unsigned long args[6];
	struct pt_regs regs;

	if (!epoll_peek(&regs, task_pt_regs(task)))
		return -1;
	syscall_get_arguments(task, &regs, args);
	return args[0];
}

static bool waiter_fill(struct task_struct *task, struct epoll_waiter *waiter)
{
	unsigned long slept, preempted;

	if (!epoll_peek(&waiter->who.pid, &task->pid) ||
	    !epoll_peek(&waiter->who.tgid, &task->tgid) ||
	    !epoll_peek(&waiter->who.comm, &task->comm) ||
	    !epoll_peek(&slept, &task->nvcsw) ||
	    !epoll_peek(&preempted, &task->nivcsw))
		return false;
	waiter->switches = slept + preempted;
	waiter->who.cgroup_id = waiter_cgroup(task);
	waiter->slept_ns = waiter_slept_ns(task);
	waiter->epfd = waiter_epfd(task);
	return true;
}

/* The next one in an instance's queue; NULL at its end, or if it changes. */
static struct task_struct *next_waiter(const struct epoll_state *epoll,
				       const struct epoll_head *ep,
				       const struct list_head **at)
{
	wait_queue_entry_t entry;

	if (*at == &ep->wq.head ||
	    !epoll_peek(&entry, list_entry(*at, wait_queue_entry_t, entry)) ||
	    (unsigned long)entry.func != epoll->functions.wake)
		return NULL;
	*at = entry.entry.next;
	return entry.private;
}

/**
 * epoll_waiter_look() - who sleeps on an instance
 * @epoll: the collector's own
 * @ep: the instance
 * @finding: gets the one that has slept longest, and how many there are
 *
 * The latest comes first in the queue: the last one has slept longest.
 *
 * Context: process, under rcu_read_lock(), which keeps the tasks.
 * Return: is there any?
 */
bool epoll_waiter_look(const struct epoll_state *epoll,
		       const struct epoll_head *ep,
		       struct epoll_finding *finding)
{
	struct task_struct *task, *last = NULL;
	const struct list_head *at;

	if (!epoll_peek(&at, &ep->wq.head.next))
		return false;
	while (finding->nr_waiters < EPOLL_WAITERS &&
	       (task = next_waiter(epoll, ep, &at))) {
		finding->nr_waiters++;
		last = task;
	}
	return last && waiter_fill(last, &finding->waiter);
}

/**
 * epoll_waiter_sleeps() - does a task sleep on an instance?
 * @epoll: the collector's own
 * @ep: the instance
 * @pid: of the task
 *
 * Context: process, under rcu_read_lock(), which keeps the tasks.
 */
bool epoll_waiter_sleeps(const struct epoll_state *epoll,
			 const struct epoll_head *ep, s32 pid)
{
	const struct task_struct *task;
	const struct list_head *at;
	unsigned int nr = 0;
	s32 sleeper;

	if (!epoll_peek(&at, &ep->wq.head.next))
		return false;
	while (nr++ < EPOLL_WAITERS && (task = next_waiter(epoll, ep, &at)))
		if (epoll_peek(&sleeper, &task->pid) && sleeper == pid)
			return true;
	return false;
}
