/* SPDX-License-Identifier: GPL-2.0 */
/*
 * who.h - which task it was
 */
#ifndef STALL_WHO_H
#define STALL_WHO_H

#include <linux/build_bug.h>
#include <linux/cgroup.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"

/**
 * struct stall_who - a task, as far as probe context can name it
 * @cgroup_id: of its cgroup in the unified hierarchy, 0 if unknown
 * @pid: of the thread, in the initial pid namespace; 0 if unknown
 * @tgid: of the process
 * @comm: raw bytes; escape them before anybody sees them
 */
struct stall_who {
	u64 cgroup_id;
	s32 pid;
	s32 tgid;
	char comm[TASK_COMM_LEN];
};

/**
 * stall_task_cgroup_id() - a task's cgroup in the unified hierarchy
 * @task: it
 *
 * Context: any, preemption off or under rcu_read_lock().
 * Return: its id, 0 in a kernel without cgroups.
 */
static __always_inline u64 stall_task_cgroup_id(const struct task_struct *task)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(rcu_dereference_raw(task->cgroups)->dfl_cgrp);
#else
	return 0;
#endif
}

/* The running task's. */
static __always_inline u64 stall_cgroup_id(void)
{
	return stall_task_cgroup_id(current);
}

/**
 * stall_comm_words() - the running task's name as two numbers
 * @comm: result, the first bytes
 * @more: result, the others
 *
 * Context: any.
 */
static __always_inline void stall_comm_words(u64 *comm, u64 *more)
{
	static_assert(sizeof(*comm) + sizeof(*more) == TASK_COMM_LEN);

	memcpy(comm, current->comm, sizeof(*comm));
	memcpy(more, current->comm + sizeof(*comm), sizeof(*more));
	stall_comm_cut(comm, more);
}

/**
 * stall_who_task() - note a task
 * @who: result
 * @task: it
 *
 * Context: any; RCU, or that it is the running one, keeps the task.
 */
static inline void stall_who_task(struct stall_who *who,
				  const struct task_struct *task)
{
	who->pid = task->pid;
	who->tgid = task->tgid;
	/* Without task_lock(): a torn name beats a lock in probe context. */
	memcpy(who->comm, task->comm, TASK_COMM_LEN);
	who->cgroup_id = stall_task_cgroup_id(task);
}

/**
 * stall_who_current() - note the running task
 * @who: result
 *
 * Context: any, preemption off; outside of a task it names the one that was
 * interrupted.
 */
static inline void stall_who_current(struct stall_who *who)
{
	stall_who_task(who, current);
}

#endif /* STALL_WHO_H */
