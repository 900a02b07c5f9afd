// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_waiter - who sleeps in epoll_wait(), and for how long
 *
 * A waiter's entry in the instance's queue lies on its own stack. It is read
 * without a lock, and so as if it could be gone; the task that it names is
 * believed if its thread is still the one of that number.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/deadline.h>
#include <linux/sched/rt.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

#include "epoll_find.h"

/*
 * It sleeps since it last had the CPU, and for how long it had that then is what
 * the scheduler added to its sum since it was chosen. Of a task with real-time
 * priority that is not known, and the time counts as sleep: @exact is false.
 */
static u64 waiter_slept_ns(struct task_struct *task, bool *exact)
{
#ifdef CONFIG_SCHED_INFO
	u64 since = READ_ONCE(task->sched_info.last_arrival);
	u64 ran = READ_ONCE(task->se.sum_exec_runtime) -
		  READ_ONCE(task->se.prev_sum_exec_runtime);
	u64 now = local_clock();

	*exact = !rt_task(task) && !dl_task(task);
	if (now <= since)
		return 0;
	if (!*exact || ran >= now - since)
		return now - since;
	return now - since - ran;
#else
	*exact = false;
	return 0;
#endif
}

/* All calls that sleep here have it as their first argument. */
static int waiter_epfd(struct task_struct *task)
{
	unsigned long args[6];
	struct pt_regs regs;

	/* Its stack goes before the task does. */
	if (!epoll_peek(&regs, task_pt_regs(task)))
		return -1;
	syscall_get_arguments(task, &regs, args);
	return args[0];
}

static void waiter_fill(struct task_struct *task, struct epoll_waiter *waiter)
{
	stall_who_task(&waiter->who, task);
	waiter->switches = READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
	waiter->slept_ns = waiter_slept_ns(task, &waiter->exact);
	waiter->epfd = waiter_epfd(task);
}

/**
 * epoll_task() - a living task by the number of its thread
 * @pid: in the initial namespace
 *
 * Context: process, under rcu_read_lock(), which keeps the task.
 * Return: the task, NULL if there is none or it has ended.
 */
struct task_struct *epoll_task(s32 pid)
{
	struct task_struct *task = pid_task(find_pid_ns(pid, &init_pid_ns),
					    PIDTYPE_PID);

	return task && !READ_ONCE(task->exit_state) ? task : NULL;
}

static struct task_struct *waiter_task(const struct epoll_state *epoll,
				       const wait_queue_entry_t *entry)
{
	const struct task_struct *named = entry->private;
	s32 pid;

	if ((unsigned long)entry->func != epoll->functions.wake ||
	    !epoll_peek(&pid, &named->pid) || epoll_task(pid) != named)
		return NULL;
	return entry->private;
}

static bool waiter_entry(const struct list_head *at, wait_queue_entry_t *entry)
{
	return epoll_peek(entry, list_entry(at, wait_queue_entry_t, entry));
}

/**
 * epoll_waiters_walk() - visit who sleeps on an instance
 * @epoll: the collector's own
 * @ep: the instance
 * @visit: called for each, the one that came last first; NULL to count only
 * @data: for @visit
 *
 * Context: process, under rcu_read_lock(), which keeps the tasks.
 * Return: how many sleep, EPOLL_WAITERS at most.
 */
unsigned int epoll_waiters_walk(const struct epoll_state *epoll,
				const struct epoll_head *ep,
				epoll_waiter_fn visit, void *data)
{
	const struct list_head *at;
	wait_queue_entry_t entry;
	struct task_struct *task;
	unsigned int nr = 0;

	if (!epoll_peek(&at, &ep->wq.head.next))
		return 0;
	while (at != &ep->wq.head && nr < EPOLL_WAITERS &&
	       waiter_entry(at, &entry)) {
		task = waiter_task(epoll, &entry);
		if (!task)
			break;
		nr++;
		if (visit)
			visit(task, data);
		at = entry.entry.next;
	}
	return nr;
}

static void waiter_note(struct task_struct *task, void *data)
{
	struct epoll_waiters *waiters = data;

	if (waiters->nr < ARRAY_SIZE(waiters->all))
		waiter_fill(task, &waiters->all[waiters->nr++]);
}

/**
 * epoll_waiters_list() - note who sleeps on an instance
 * @epoll: the collector's own
 * @ep: the instance
 * @waiters: result
 *
 * Context: process.
 */
void epoll_waiters_list(const struct epoll_state *epoll,
			const struct epoll_head *ep,
			struct epoll_waiters *waiters)
{
	waiters->nr = 0;
	rcu_read_lock();
	epoll_waiters_walk(epoll, ep, waiter_note, waiters);
	rcu_read_unlock();
}

/**
 * epoll_waiter_look() - who has slept longest on an instance
 * @epoll: the collector's own
 * @ep: the instance
 * @finding: gets that one, and how many there are
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
	const struct list_head *last;
	wait_queue_entry_t entry;
	struct task_struct *task;

	if (!epoll_peek(&last, &ep->wq.head.prev) || last == &ep->wq.head ||
	    !waiter_entry(last, &entry))
		return false;
	task = waiter_task(epoll, &entry);
	if (!task)
		return false;
	waiter_fill(task, &finding->waiter);
	finding->nr_waiters = epoll_waiters_walk(epoll, ep, NULL, NULL);
	return true;
}
