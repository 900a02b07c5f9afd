/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_task.h - the threads that send hellos, and what they do in between
 */
#ifndef STALL_BFD_TASK_H
#define STALL_BFD_TASK_H

#include "../collector.h"
#include "bfd_path.h"

#define BFD_NR_TASKS		64U
#define BFD_NR_HOLDERS		8U
#define BFD_STACK_DEPTH		8U

/**
 * struct bfd_rare - where the time of a task went, in ns, of what is rare
 * @reclaim: in reclaim, on a CPU or not
 * @reclaim_cpu: of it, on a CPU
 * @reclaim_waiting: of it, waiting for a CPU
 * @stopped: by a signal or a tracer
 * @frozen: by the freezer of its cgroup
 * @blocked: uninterruptible, in state D, outside of reclaim
 *
 * The last three are seen by a timer that looks while a hello is due.
 */
struct bfd_rare {
	u64 reclaim;
	u64 reclaim_cpu;
	u64 reclaim_waiting;
	u64 stopped;
	u64 frozen;
	u64 blocked;
};

/**
 * struct bfd_account - a task's times at one moment
 * @at: when, in ticks; 0 if it is not known
 * @cpu_ns: on a CPU so far, as the scheduler counts it
 * @waiting_ns: for a CPU, as the scheduler counts it
 * @epoch: of the task's row, so that another task's is not taken for it
 * @task: number of that row
 * @changes: of @rare, so that it is copied when it has changed
 * @rare: the rest
 */
struct bfd_account {
	u64 at;
	u64 cpu_ns;
	u64 waiting_ns;
	u32 epoch;
	u32 task;
	u32 changes;
	struct bfd_rare rare;
};

/**
 * struct bfd_parts - what a gap consisted of, in ns; they add up to it
 * @on_cpu: the task ran
 * @waiting: for a CPU
 * @blocked: in state D
 * @reclaim: in reclaim
 * @stopped: by a signal or a tracer
 * @frozen: by the freezer of its cgroup
 * @asleep: in another sleep, as in poll() until the next hello
 * @kernel: from the call of send to the device, but for what the task was at there
 * @rest: not known
 */
struct bfd_parts {
	u64 on_cpu;
	u64 waiting;
	u64 blocked;
	u64 reclaim;
	u64 stopped;
	u64 frozen;
	u64 asleep;
	u64 kernel;
	u64 rest;
};

/**
 * struct bfd_holder - a task that had the CPU while a watched one waited for it
 * @who: which
 * @policy: SCHED_NORMAL and so on
 * @priority: of real-time tasks, 1 to 99; 0 for others
 * @nr_samples: how often it was seen
 * @nr_user: of them, in user mode
 * @path: by which calls most of the others came where they were
 */
struct bfd_holder {
	struct stall_who who;
	u32 policy;
	u32 priority;
	u32 nr_samples;
	u32 nr_user;
	struct bfd_path path;
};

/**
 * struct bfd_holders - those of one time of waiting
 * @began_ns: its first sample, 0 if there was none
 * @last_ns: its latest
 * @nr: how many rows are used
 * @nr_samples: of all, those without a row too
 * @rows: as they were seen first
 */
struct bfd_holders {
	u64 began_ns;
	u64 last_ns;
	u32 nr;
	u32 nr_samples;
	struct bfd_holder rows[BFD_NR_HOLDERS];
};

/* What a task is at when the timer looks. */
enum bfd_at {
	BFD_AT_WORK,		/* or in a sleep that it chose */
	BFD_AT_WAITING,		/* for a CPU */
	BFD_AT_STOPPED,
	BFD_AT_FROZEN,
	BFD_AT_BLOCKED,
};

/**
 * struct bfd_task - a thread that is watched
 * @pid: in the initial namespace, 0 if the row is free or being changed
 * @tgid: its process
 * @epoch: number of the task among all that had a row
 * @sends: it sends for a session, so its row is not to go for anybody else's
 * @waits_on: CPU that it waits for, plus 1; 0 if it does not
 * @used: when it sent or read last, in ticks
 * @changes: of @rare, other ones for each task
 * @looked_ns: when the timer looked last
 * @looked_used: what it found in @used then
 * @looked_at: what it found the task at, enum bfd_at
 * @looked_runs: how often the task had been given a CPU then
 * @looked_waiting_ns: how long the task had waited for a CPU, all in all, then
 * @reclaim_began_ns: begin of the reclaim that it is in, 0 if it is in none
 * @reclaim_cpu_ns: its time on a CPU then
 * @reclaim_waiting_ns: its time of waiting then
 * @rare: its times
 * @busy: somebody writes @holders
 * @holders: who had the CPU that it waited for
 */
struct bfd_task {
	s32 pid;
	s32 tgid;
	u32 epoch;
	bool sends;
	u32 waits_on;
	u64 used;
	u32 changes;
	u64 looked_ns;
	u64 looked_used;
	u32 looked_at;
	unsigned long looked_runs;
	u64 looked_waiting_ns;
	u64 reclaim_began_ns;
	u64 reclaim_cpu_ns;
	u64 reclaim_waiting_ns;
	struct bfd_rare rare;
	u32 busy;
	struct bfd_holders holders;
};

/**
 * struct bfd_tasks - those that are watched
 * @run: the collector's
 * @rows: sets of a few rows
 * @epochs: how many there were, so that each has a number of its own
 */
struct bfd_tasks {
	struct stall_run *run;
	struct bfd_task *rows;
	atomic_t epochs;
};

/* How long a task has waited for a CPU, all in all, in ns. */
static inline u64 bfd_task_waited_ns(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	return READ_ONCE(task->sched_info.run_delay);
#else
	return 0;
#endif
}

int bfd_tasks_init(struct bfd_tasks *tasks, struct stall_run *run);
void bfd_tasks_free(struct bfd_tasks *tasks);
size_t bfd_tasks_bytes(void);
struct bfd_task *bfd_task_find(const struct bfd_tasks *tasks, s32 pid);
struct bfd_task *bfd_task_current(struct bfd_tasks *tasks);
void bfd_task_settle(struct bfd_task *row);
struct task_struct *bfd_task_of(const struct bfd_task *row);
bool bfd_account_now(const struct bfd_task *row, u64 now,
		     struct bfd_account *account);
bool bfd_task_lives(const struct bfd_task *row);
void bfd_task_look(struct bfd_task *row, const struct task_struct *task,
		   u64 now);
void bfd_task_reclaim(struct bfd_tasks *tasks, bool begins);
u64 bfd_called_ns(const struct bfd_account *before,
		  const struct bfd_account *after);
void bfd_parts_of(const struct bfd_account *before,
		  const struct bfd_account *after, u64 gap_ns, u64 kernel_ns,
		  struct bfd_parts *parts);
void bfd_parts_unlooked(struct bfd_parts *parts, const struct bfd_task *row,
			u64 since_ns);
void bfd_parts_inside(const struct bfd_account *before,
		      const struct bfd_account *after, u64 kernel_ns,
		      struct bfd_parts *inside);
void bfd_parts_add_inside(struct bfd_parts *parts,
			  const struct bfd_parts *inside);

/**
 * bfd_task_sends() - a packet of a task's has gone out: its row is kept
 * @tasks: the table
 * @account: the task's times as it called send
 *
 * Context: any.
 */
static inline void bfd_task_sends(struct bfd_tasks *tasks,
				  const struct bfd_account *account)
{
	struct bfd_task *row = &tasks->rows[account->task];

	/* Another task may have its row by now. */
	if (likely(row->epoch == account->epoch))
		WRITE_ONCE(row->sends, true);
}

/**
 * bfd_account_current() - the current task's times, as it sends or reads
 * @tasks: the table; the task gets a row if it has none
 * @now: in ticks
 * @account: result, an older one of any task or zero
 *
 * Context: any, preemption off; the task's own, as nobody else's is asked for.
 */
static __always_inline void bfd_account_current(struct bfd_tasks *tasks,
						u64 now,
						struct bfd_account *account)
{
	const struct task_struct *task = current;
	struct bfd_task *row = &tasks->rows[account->task];

	/* Most often it is the same task again. */
	if (unlikely(READ_ONCE(row->pid) != task->pid)) {
		row = bfd_task_current(tasks);
		account->task = row - tasks->rows;
	}
	if (unlikely(row->looked_at))
		bfd_task_settle(row);
	WRITE_ONCE(row->used, now);
	account->at = now;
	account->cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
	account->waiting_ns = bfd_task_waited_ns(task);
	if (unlikely(account->epoch != row->epoch ||
		     account->changes != READ_ONCE(row->changes))) {
		account->epoch = row->epoch;
		account->changes = READ_ONCE(row->changes);
		account->rare = row->rare;
	}
}

/**
 * bfd_account_copy() - keep an account
 * @to: an older one of any task, or zero
 * @from: the account
 *
 * What is rare is copied only if it has changed.
 */
static inline void bfd_account_copy(struct bfd_account *to,
				    const struct bfd_account *from)
{
	to->at = from->at;
	to->cpu_ns = from->cpu_ns;
	to->waiting_ns = from->waiting_ns;
	if (unlikely(to->epoch != from->epoch ||
		     to->changes != from->changes)) {
		to->task = from->task;
		to->epoch = from->epoch;
		to->changes = from->changes;
		to->rare = from->rare;
	}
}

#endif /* STALL_BFD_TASK_H */
