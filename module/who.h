/* SPDX-License-Identifier: GPL-2.0 */
/*
 * who.h - which task it was
 */
#ifndef STALL_WHO_H
#define STALL_WHO_H

#include <linux/cgroup.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

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
 * stall_who_current() - note the running task
 * @who: result
 *
 * Context: any; outside of a task it names the one that was interrupted.
 */
static inline void stall_who_current(struct stall_who *who)
{
	who->pid = current->pid;
	who->tgid = current->tgid;
	/* Without task_lock(): a torn name beats a lock in probe context. */
	memcpy(who->comm, current->comm, TASK_COMM_LEN);
	who->cgroup_id = 0;
#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	who->cgroup_id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
}

#endif /* STALL_WHO_H */
