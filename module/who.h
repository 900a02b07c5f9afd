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
 * stall_cgroup_id() - the running task's cgroup in the unified hierarchy
 *
 * Context: any, preemption off, which keeps what RCU protects as well.
 * Return: its id, 0 in a kernel without cgroups.
 */
static __always_inline u64 stall_cgroup_id(void)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(rcu_dereference_raw(current->cgroups)->dfl_cgrp);
#else
	return 0;
#endif
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
 * stall_who_current() - note the running task
 * @who: result
 *
 * Context: any, preemption off; outside of a task it names the one that was
 * interrupted.
 */
static inline void stall_who_current(struct stall_who *who)
{
	who->pid = current->pid;
	who->tgid = current->tgid;
	/* Without task_lock(): a torn name beats a lock in probe context. */
	memcpy(who->comm, current->comm, TASK_COMM_LEN);
	who->cgroup_id = stall_cgroup_id();
}

#endif /* STALL_WHO_H */
