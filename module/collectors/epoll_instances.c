// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_instances - which instances of epoll there are
 *
 * A set-associative table of addresses. An instance gets its place when it is
 * made, or when the collector is switched on, and keeps it until it is released:
 * so whoever finds none has nothing to note, and handlers on the way of an event
 * never write to what two instances share.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/xarray.h>

#include "epoll_find.h"

/* So many descriptors before others may have the CPU. */
#define SCAN_FILES	1024

/**
 * epoll_instances_init() - get the memory of the table
 * @epoll: the collector's own
 *
 * Return: 0, or -ENOMEM: epoll_instances_free() is called all the same.
 */
int epoll_instances_init(struct epoll_state *epoll)
{
	epoll->keys = kvcalloc(EPOLL_INSTANCES, sizeof(*epoll->keys),
			       GFP_KERNEL);
	epoll->instances = kvcalloc(EPOLL_INSTANCES, sizeof(*epoll->instances),
				    GFP_KERNEL);
	epoll->suspects = kvcalloc(EPOLL_INSTANCES, sizeof(*epoll->suspects),
				   GFP_KERNEL);
	return epoll->keys && epoll->instances && epoll->suspects ?
	       0 : -ENOMEM;
}

/**
 * epoll_instances_free() - give back the memory of the table
 * @epoll: the collector's own; the table may be incomplete
 */
void epoll_instances_free(struct epoll_state *epoll)
{
	kvfree(epoll->suspects);
	kvfree(epoll->instances);
	kvfree(epoll->keys);
}

/**
 * epoll_instances_bytes() - memory of the table
 */
size_t epoll_instances_bytes(void)
{
	return EPOLL_INSTANCES * (sizeof(struct epoll_head *) +
				  sizeof(struct epoll_instance) +
				  sizeof(struct epoll_suspect));
}

/*
 * It has it already if it is seen twice. Not inlined: rare, and the one place of
 * a locked instruction.
 */
static noinline bool instance_place(struct epoll_state *epoll,
				    const struct epoll_head *ep, bool *is_new)
{
	u32 i, set = hash_ptr(ep, EPOLL_SET_BITS) * EPOLL_WAYS;

	*is_new = !epoll_instance(epoll, ep);
	if (!*is_new)
		return true;
	for (i = set; i < set + EPOLL_WAYS; i++) {
		if (READ_ONCE(epoll->keys[i]) ||
		    cmpxchg(&epoll->keys[i], NULL, EPOLL_TAKEN))
			continue;
		memset(&epoll->instances[i], 0, sizeof(epoll->instances[i]));
		/* Who finds the key finds it clean. */
		smp_store_release(&epoll->keys[i], ep);
		return true;
	}
	return false;
}

/**
 * epoll_instance_add() - there is an instance
 * @run: the collector
 * @ep: its address
 *
 * Context: any, preemption off.
 * Return: false if it is not held: the caller counts that.
 */
bool epoll_instance_add(struct stall_run *run, const struct epoll_head *ep)
{
	bool is_new;

	if (!instance_place(run->priv, ep, &is_new))
		return false;
	if (is_new)
		stall_gauge_add(run, EPOLL_HELD, 1);
	return true;
}

static atomic_t *instance_refused(struct epoll_state *epoll,
				  const struct epoll_head *ep)
{
	return &epoll->refused[hash_ptr(ep, EPOLL_SET_BITS)];
}

/**
 * epoll_instance_refused() - count an instance that is not held
 * @run: the collector
 * @ep: its address
 *
 * Context: any, preemption off.
 */
noinline void epoll_instance_refused(struct stall_run *run,
				     const struct epoll_head *ep)
{
	atomic_inc(instance_refused(run->priv, ep));
	stall_gauge_add(run, EPOLL_NOT_HELD, 1);
}

/**
 * epoll_instance_remove() - an instance ends
 * @run: the collector
 * @ep: its address
 *
 * Context: any, preemption off.
 */
void epoll_instance_remove(struct stall_run *run, const struct epoll_head *ep)
{
	struct epoll_state *epoll = run->priv;
	const struct epoll_instance *instance = epoll_instance(epoll, ep);

	if (!instance) {
		/* It may be one that nobody has seen. */
		if (atomic_dec_if_positive(instance_refused(epoll, ep)) >= 0)
			stall_gauge_add(run, EPOLL_NOT_HELD, -1);
		return;
	}
	stall_gauge_add(run, EPOLL_HELD, -1);
	WRITE_ONCE(epoll->keys[instance - epoll->instances], NULL);
	/* The key goes before the instance. Pairs with epoll_find(). */
	smp_wmb();
}

/**
 * struct scan - a walk through all tables of files
 * @run: the collector
 * @refused: instances that are not held; many descriptors may be one's
 * @files: how many were seen
 */
struct scan {
	struct stall_run *run;
	struct xarray refused;
	unsigned int files;
};

static void scan_instance(struct scan *scan, const struct epoll_head *ep)
{
	if (epoll_instance_add(scan->run, ep))
		return;
	switch (xa_insert(&scan->refused, (unsigned long)ep, xa_mk_value(0),
			  GFP_ATOMIC)) {
	case -EBUSY:
		break;
	case 0:
		epoll_instance_refused(scan->run, ep);
		break;
	default:
		stall_missed(scan->run);
	}
}

/* Under the lock of the table of files: none of them ends meanwhile. */
static int scan_file(const void *data, struct file *file, unsigned int fd)
{
	struct scan *scan = (void *)data;
	const struct epoll_state *epoll = scan->run->priv;

	if ((unsigned long)file->f_op->release == epoll->functions.release)
		scan_instance(scan, file->private_data);
	/* Ends the walk here; fd + 1 is where it goes on. */
	return ++scan->files % SCAN_FILES ? 0 : fd + 1;
}

static void scan_task(struct scan *scan, struct task_struct *task)
{
	int next = 0;

	do {
		task_lock(task);
		next = task->files ?
		       iterate_fd(task->files, next, scan_file, scan) : 0;
		task_unlock(task);
		cond_resched();
	} while (next > 0);
}

/* Has a thread files of its own, or is it the first? Others share that one's. */
static bool has_files(struct task_struct *task)
{
	return thread_group_leader(task) ||
	       READ_ONCE(task->files) != READ_ONCE(task->group_leader->files);
}

/* All tables of files of this moment, by a task that is held; NULL for no memory. */
static struct task_struct **hold_tasks(unsigned int *nr)
{
	struct task_struct *process, *task, **tasks;
	unsigned int room = 0;

	*nr = 0;
	rcu_read_lock();
	for_each_process_thread(process, task)
		room += has_files(task);
	rcu_read_unlock();

	/* Those that come now have no instance that would not be seen. */
	tasks = kvmalloc_array(room, sizeof(*tasks), GFP_KERNEL);
	if (!tasks)
		return NULL;
	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (*nr < room && has_files(task)) {
			get_task_struct(task);
			tasks[(*nr)++] = task;
		}
	}
	rcu_read_unlock();
	return tasks;
}

/**
 * epoll_instances_scan() - find the instances that there are already
 * @run: the collector, its hooks hang
 *
 * One that no process has a descriptor of, but only a message on its way, is
 * not found.
 *
 * Context: process, may sleep.
 */
void epoll_instances_scan(struct stall_run *run)
{
	struct scan scan = { .run = run };
	struct task_struct **tasks;
	unsigned int i, nr;

	tasks = hold_tasks(&nr);
	if (!tasks)
		stall_missed(run);
	xa_init(&scan.refused);
	for (i = 0; i < nr; i++) {
		scan_task(&scan, tasks[i]);
		put_task_struct(tasks[i]);
	}
	xa_destroy(&scan.refused);
	kvfree(tasks);
}
