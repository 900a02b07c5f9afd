// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_task - the threads that send hellos, and what they do in between
 *
 * The scheduler counts for each task how long it ran and how long it waited for a
 * CPU. Of the time in which it slept it counts nothing, so a timer looks while a
 * hello is due, and adds the time since its look before to what it finds. As the
 * scheduler tells when a task ran last, the first look knows of a whole sleep.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "bfd_task.h"

#define TASK_WAYS	4U
#define TASK_SET_BITS	4U

static_assert(TASK_WAYS << TASK_SET_BITS == BFD_NR_TASKS);

/**
 * bfd_tasks_init() - make an empty table
 * @tasks: the table
 * @run: the collector's
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int bfd_tasks_init(struct bfd_tasks *tasks, struct stall_run *run)
{
	tasks->run = run;
	tasks->rows = kvzalloc(bfd_tasks_bytes(), GFP_KERNEL);
	return tasks->rows ? 0 : -ENOMEM;
}

/**
 * bfd_tasks_free() - give back what bfd_tasks_init() took
 * @tasks: the table, possibly never initialised but zero
 */
void bfd_tasks_free(struct bfd_tasks *tasks)
{
	kvfree(tasks->rows);
	tasks->rows = NULL;
}

/**
 * bfd_tasks_bytes() - memory of the table
 */
size_t bfd_tasks_bytes(void)
{
	return BFD_NR_TASKS * sizeof(struct bfd_task);
}

static struct bfd_task *task_set(const struct bfd_tasks *tasks, s32 pid)
{
	return &tasks->rows[hash_32(pid, TASK_SET_BITS) * TASK_WAYS];
}

/**
 * bfd_task_find() - the row of a thread
 * @tasks: the table
 * @pid: of the thread
 *
 * Context: any.
 * Return: the row, NULL if it has none.
 */
struct bfd_task *bfd_task_find(const struct bfd_tasks *tasks, s32 pid)
{
	struct bfd_task *set = task_set(tasks, pid);
	unsigned int i;

	for (i = 0; i < TASK_WAYS; i++)
		if (READ_ONCE(set[i].pid) == pid)
			return &set[i];
	return NULL;
}

/* Anybody can call send to a port of BFD: that is not to take a daemon's row. */
static bool goes_before(const struct bfd_task *row, const struct bfd_task *other)
{
	if (READ_ONCE(row->sends) != READ_ONCE(other->sends))
		return !READ_ONCE(row->sends);
	return READ_ONCE(row->used) < READ_ONCE(other->used);
}

/* The row that was unused for longest becomes the current task's. */
static struct bfd_task *task_take_row(struct bfd_tasks *tasks)
{
	struct bfd_task *set = task_set(tasks, current->pid);
	struct bfd_task *row = set;
	unsigned int i;

	for (i = 1; i < TASK_WAYS; i++)
		if (goes_before(&set[i], row))
			row = &set[i];
	if (row->sends && bfd_task_lives(row))
		stall_dropped(tasks->run);
	WRITE_ONCE(row->pid, 0);
	WRITE_ONCE(row->sends, false);
	row->epoch = atomic_inc_return(&tasks->epochs);
	row->tgid = current->tgid;
	row->waits_on = 0;
	row->looked_at = BFD_AT_WORK;
	row->reclaim_began_ns = 0;
	row->changes++;
	memset(&row->rare, 0, sizeof(row->rare));
	/* Who finds the row by its pid finds it made. */
	smp_store_release(&row->pid, current->pid);
	return row;
}

/* How long ago a task was given a CPU. */
static u64 task_ran_ago_ns(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	u64 arrived = READ_ONCE(task->sched_info.last_arrival);
	u64 now = local_clock();

	return now > arrived ? now - arrived : 0;
#else
	return 0;
#endif
}

/* How long a task has been waiting for a CPU. It is counted when it has got one. */
static u64 task_queued_ns(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	u64 queued = READ_ONCE(task->sched_info.last_queued);
	u64 now = local_clock();

	return queued && now > queued ? now - queued : 0;
#else
	return 0;
#endif
}

/* How often a task was given a CPU. */
static unsigned long task_runs(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	return READ_ONCE(task->sched_info.pcount);
#else
	return 0;
#endif
}

/*
 * By the task itself and by the timer, so that one addition may be lost where they
 * meet: that is the time between two looks, 10 ms at most.
 */
static void add_at(struct bfd_task *row, enum bfd_at at, u64 lasted_ns)
{
	switch (at) {
	case BFD_AT_STOPPED:
		row->rare.stopped += lasted_ns;
		break;
	case BFD_AT_FROZEN:
		row->rare.frozen += lasted_ns;
		break;
	case BFD_AT_BLOCKED:
		row->rare.blocked += lasted_ns;
		break;
	default:
		return;
	}
	WRITE_ONCE(row->changes, row->changes + 1);
}

/**
 * bfd_task_settle() - the current task runs again
 * @row: its row
 *
 * What it was at when the timer looked last has ended since. If it has run more than
 * once, it is not known when; that is also so where the timer looked just as it woke.
 *
 * Context: any, preemption off.
 */
void bfd_task_settle(struct bfd_task *row)
{
	u64 woken_ns = stall_clock() - task_ran_ago_ns(current);
	u64 waited_ns = bfd_task_waited_ns(current) - row->looked_waiting_ns;

	if (task_runs(current) - row->looked_runs <= 1 &&
	    woken_ns > row->looked_ns + waited_ns)
		add_at(row, row->looked_at,
		       woken_ns - row->looked_ns - waited_ns);
	row->looked_at = BFD_AT_WORK;
	WRITE_ONCE(row->waits_on, 0);
}

/**
 * bfd_task_current() - the current task's row, made if need be
 * @tasks: the table
 *
 * Context: any, preemption off.
 */
struct bfd_task *bfd_task_current(struct bfd_tasks *tasks)
{
	return bfd_task_find(tasks, current->pid) ?: task_take_row(tasks);
}

/**
 * bfd_task_of() - the task of a row
 * @row: it
 *
 * Context: any, under RCU, which keeps the task.
 * Return: the task, NULL if it has ended.
 */
struct task_struct *bfd_task_of(const struct bfd_task *row)
{
	s32 pid = READ_ONCE(row->pid);
	struct task_struct *task;

	task = pid ? pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID) :
	       NULL;
	if (!task || task->tgid != row->tgid || task->flags & PF_EXITING)
		return NULL;
	return task;
}

/**
 * bfd_task_lives() - is there a task of a row?
 * @row: it
 *
 * Context: any.
 */
bool bfd_task_lives(const struct bfd_task *row)
{
	bool lives;

	rcu_read_lock();
	lives = bfd_task_of(row);
	rcu_read_unlock();
	return lives;
}

static enum bfd_at task_at(const struct bfd_task *row,
			   const struct task_struct *task)
{
	unsigned int state = stall_task_state(task);

	if (state == TASK_RUNNING)
		return stall_task_on_cpu(task) ? BFD_AT_WORK : BFD_AT_WAITING;
	if (state & (__TASK_STOPPED | __TASK_TRACED))
		return BFD_AT_STOPPED;
	if (cgroup_task_frozen((struct task_struct *)task))
		return BFD_AT_FROZEN;
	if (state & TASK_UNINTERRUPTIBLE && !row->reclaim_began_ns)
		return BFD_AT_BLOCKED;
	return BFD_AT_WORK;
}

/**
 * bfd_task_look() - the timer looks at a task whose hello is due
 * @row: of the task
 * @task: it
 * @now: in ns
 *
 * Context: any, RCU keeps the task.
 */
void bfd_task_look(struct bfd_task *row, const struct task_struct *task,
		   u64 now)
{
	/* Before its state: bfd_task_settle() tells by it if the task woke since. */
	unsigned long runs = task_runs(task);
	u64 began_ns = now - min(now, task_ran_ago_ns(task));
	enum bfd_at at = task_at(row, task);

	/* As long as it has not run, or since the last look. */
	began_ns = max(began_ns, row->looked_ns);
	if (now > began_ns)
		add_at(row, at, now - began_ns);
	row->looked_ns = now;
	row->looked_at = at;
	row->looked_runs = runs;
	row->looked_waiting_ns = bfd_task_waited_ns(task);
	WRITE_ONCE(row->waits_on,
		   at == BFD_AT_WAITING ? task_cpu(task) + 1 : 0);
}

/**
 * bfd_task_reclaim() - the current task begins or ends to reclaim
 * @tasks: the table
 * @begins: or ends
 *
 * Context: any, preemption off.
 */
void bfd_task_reclaim(struct bfd_tasks *tasks, bool begins)
{
	struct bfd_task *row = bfd_task_find(tasks, current->pid);
	u64 cpu_ns = READ_ONCE(current->se.sum_exec_runtime);
	u64 began_ns;

	if (!row)
		return;
	if (begins) {
		row->reclaim_cpu_ns = cpu_ns;
		row->reclaim_waiting_ns = bfd_task_waited_ns(current);
		WRITE_ONCE(row->reclaim_began_ns, stall_clock());
		return;
	}
	began_ns = row->reclaim_began_ns;
	if (!began_ns)
		return;
	WRITE_ONCE(row->reclaim_began_ns, 0);
	/* What was added is not open any more. Pairs with the smp_rmb() in rare_now(). */
	smp_wmb();
	row->rare.reclaim += stall_clock() - began_ns;
	row->rare.reclaim_cpu += cpu_ns - row->reclaim_cpu_ns;
	row->rare.reclaim_waiting += bfd_task_waited_ns(current) -
				     row->reclaim_waiting_ns;
	WRITE_ONCE(row->changes, row->changes + 1);
}

/* With the reclaim that a task is in; if it ends just now, it is missing for this time. */
static void rare_now(const struct bfd_task *row, struct bfd_account *account)
{
	u64 began_ns, now = stall_clock();

	account->rare = row->rare;
	/* Pairs with the smp_wmb() in bfd_task_reclaim(). */
	smp_rmb();
	began_ns = READ_ONCE(row->reclaim_began_ns);
	if (!began_ns || now < began_ns)
		return;
	account->rare.reclaim += now - began_ns;
	account->rare.reclaim_cpu += account->cpu_ns - row->reclaim_cpu_ns;
	account->rare.reclaim_waiting += account->waiting_ns -
					 row->reclaim_waiting_ns;
}

/**
 * bfd_account_now() - a task's times while its hello is overdue
 * @row: of the task
 * @now: in ticks
 * @account: result
 *
 * Context: any.
 * Return: false if the task has ended.
 */
bool bfd_account_now(const struct bfd_task *row, u64 now,
		     struct bfd_account *account)
{
	struct task_struct *task;

	rcu_read_lock();
	task = bfd_task_of(row);
	if (task) {
		account->at = now;
		account->cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
		account->waiting_ns = bfd_task_waited_ns(task) +
				      task_queued_ns(task);
		account->epoch = READ_ONCE(row->epoch);
		rare_now(row, account);
	}
	rcu_read_unlock();
	return task;
}
