/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_fake.h - an instance of epoll that no kernel has made
 */
#ifndef STALL_EPOLL_FAKE_H
#define STALL_EPOLL_FAKE_H

#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/clock.h>

#include "../module/collectors/epoll_find.h"

#define MS		((u64)NSEC_PER_MSEC)

/* No function is called, so any number will do. */
#define WAKE		0x2222

/* Of nobody. */
#define SLEEPER_PID	(PID_MAX_LIMIT + 7)

/**
 * struct fake_instance - an instance, and what it may have
 * @ep: the instance
 * @rbr: its tree
 * @ovflist: its list of a harvest
 * @item: in the tree, if there is one only
 * @sleeper: the entry in the queue, if there is one only
 * @task: the sleeper
 */
struct fake_instance {
	struct epoll_head ep;
	struct rb_root_cached rbr;
	void *ovflist;
	struct epoll_item item;
	wait_queue_entry_t sleeper;
	struct task_struct task;
};

/**
 * struct fake_pipe - a pipe, with data if its head is not 0
 * @file: what an item watches
 * @inode: its kind
 * @pipe: its content
 */
struct fake_pipe {
	struct file file;
	struct inode inode;
	struct pipe_inode_info pipe;
};

/* In ticks; 0 is never. */
static inline u64 ms_ago(u32 ms)
{
	return ms ? stall_ticks() - stall_ns_to_ticks(ms * MS) : 0;
}

/* Of a waiter, in ms ago, 0 for never. */
static inline void fake_wakeup(struct epoll_instance *instance, unsigned int i,
			       u32 ago_ms, s32 pid)
{
	instance->woken_at[i] = ms_ago(ago_ms);
	instance->woken_pid[i] = pid;
}

/* Tasks that no kernel has made, to be found by their numbers. */
#define NR_FAKE_TASKS	2
extern struct task_struct *fake_tasks[NR_FAKE_TASKS];

/* Of the fakes before nothing is left. */
static inline void fake_layout(struct epoll_state *epoll)
{
	memset(fake_tasks, 0, sizeof(fake_tasks));
	epoll->functions.wake = WAKE;
	epoll->known_jiffy = (u32)jiffies - 1000 * HZ;
	epoll->tail.rbr = offsetof(struct fake_instance, rbr);
	epoll->tail.ovflist = offsetof(struct fake_instance, ovflist);
}

/* Nothing is ready, and nobody sleeps. It is all zeros before. */
static inline void fake_instance_make(struct fake_instance *fake)
{
	fake->ovflist = EPOLL_NO_HARVEST;
	fake->item.ep = &fake->ep;
	fake->rbr.rb_root.rb_node = &fake->item.rbn;
	INIT_LIST_HEAD(&fake->item.rdllink);
	INIT_LIST_HEAD(&fake->ep.rdllist);
	INIT_LIST_HEAD(&fake->ep.wq.head);
}

static inline void fake_sleeper(struct fake_instance *fake,
				wait_queue_entry_t *sleeper)
{
	sleeper->private = &fake->task;
	sleeper->func = (wait_queue_func_t)WAKE;
	list_add_tail(&sleeper->entry, &fake->ep.wq.head);
}

static inline void fake_task(struct fake_instance *fake, s32 pid, u32 slept_ms)
{
	unsigned int i = 0;

	while (i < NR_FAKE_TASKS - 1 && fake_tasks[i] &&
	       fake_tasks[i] != &fake->task)
		i++;
	fake_tasks[i] = &fake->task;
#ifdef CONFIG_CGROUPS
	RCU_INIT_POINTER(fake->task.cgroups,
			 rcu_access_pointer(current->cgroups));
#endif
	fake->task.pid = pid;
	fake->task.prio = DEFAULT_PRIO;
	fake->task.sched_info.last_arrival = local_clock() - slept_ms * MS;
}

static inline void fake_pipe_make(struct fake_pipe *fake)
{
	fake->inode.i_mode = S_IFIFO;
	fake->file.f_inode = &fake->inode;
	fake->file.private_data = &fake->pipe;
	fake->file.f_mode = FMODE_READ;
	atomic_long_set(&fake->file.f_count, 1);
}

/* A collector that has all places to hold instances. */
static inline int fake_run_make(struct stall_run *run,
				struct epoll_state *epoll)
{
	unsigned int i;

	for (i = EPOLL_HELD; i <= EPOLL_LOST_WAKEUPS; i++) {
		run->cells[i].counter = alloc_percpu(u64);
		if (!run->cells[i].counter)
			return -ENOMEM;
	}
	run->priv = epoll;
	epoll->run = run;
	fake_layout(epoll);
	return epoll_instances_init(epoll);
}

static inline void fake_run_free(struct stall_run *run)
{
	unsigned int i;

	epoll_instances_free(run->priv);
	for (i = EPOLL_HELD; i <= EPOLL_LOST_WAKEUPS; i++)
		free_percpu(run->cells[i].counter);
}

static inline void fake_add(struct stall_run *run, const struct epoll_head *ep)
{
	preempt_disable();
	if (!epoll_instance_add(run, ep))
		epoll_instance_refused(run, ep);
	preempt_enable();
}

static inline void fake_remove(struct stall_run *run,
			       const struct epoll_head *ep)
{
	preempt_disable();
	epoll_instance_remove(run, ep);
	preempt_enable();
}

static inline struct epoll_instance *fake_find(const struct epoll_state *epoll,
					       const struct epoll_head *ep)
{
	struct epoll_instance *instance;

	preempt_disable();
	instance = epoll_instance(epoll, ep);
	preempt_enable();
	return instance;
}

#endif /* STALL_EPOLL_FAKE_H */
