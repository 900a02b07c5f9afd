// SPDX-License-Identifier: GPL-2.0
/*
 * udp_owner - whose is a socket that nobody was seen to read from?
 *
 * It is looked for among the descriptors of all tasks, in process context, and only
 * if somebody wants to know.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "udp.h"

/* So many descriptors before others may have the CPU. */
#define OWNER_FILES	1024

/**
 * struct owners - a walk through all tables of files
 * @udp: the collector's own
 * @task: whose table it is
 * @files: how many were seen
 */
struct owners {
	struct udp_state *udp;
	const struct task_struct *task;
	unsigned int files;
};

/* Under the lock of the table of files: none of them ends meanwhile. */
static int owner_file(const void *data, struct file *file, unsigned int fd)
{
	struct owners *owners = (void *)data;
	struct udp_state *udp = owners->udp;
	const struct socket *socket;
	const struct sock *sk;
	int i;

	if (S_ISSOCK(file_inode(file)->i_mode)) {
		socket = file->private_data;
		sk = socket ? READ_ONCE(socket->sk) : NULL;
		i = sk ? udp_find(udp, sk) : -1;
		if (i >= 0 && !udp->rows[i].reader.pid)
			stall_who_task(&udp->rows[i].reader, owners->task);
	}
	/* Ends the walk here; fd + 1 is where it goes on. */
	return ++owners->files % OWNER_FILES ? 0 : fd + 1;
}

static void owner_task(struct owners *owners, struct task_struct *task)
{
	int next = 0;

	owners->task = task;
	do {
		rcu_read_lock();
		task_lock(task);
		next = task->files ?
		       iterate_fd(task->files, next, owner_file, owners) : 0;
		task_unlock(task);
		rcu_read_unlock();
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

static bool any_unknown(const struct udp_state *udp)
{
	u32 i;

	for (i = 0; i < UDP_ROWS; i++) {
		const struct sock *key = READ_ONCE(udp->keys[i]);

		if (key && key != UDP_CLOSED && !udp->rows[i].reader.pid)
			return true;
	}
	return false;
}

/**
 * udp_owners() - find those who have the sockets that nobody read from
 * @udp: the collector's own, its look_lock is held
 *
 * Of several that share one, it is any.
 *
 * Context: process, may sleep.
 */
void udp_owners(struct udp_state *udp)
{
	struct owners owners = { .udp = udp };
	struct task_struct **tasks;
	unsigned int i, nr;

	if (!any_unknown(udp))
		return;
	tasks = hold_tasks(&nr);
	for (i = 0; i < nr; i++) {
		owner_task(&owners, tasks[i]);
		put_task_struct(tasks[i]);
	}
	kvfree(tasks);
}
