// SPDX-License-Identifier: GPL-2.0
/*
 * epollfault - makes a healthy kernel lose the wakeups of one process's epoll
 *
 * In /sys/module/epollfault/parameters:
 *
 * kind		k1: who sleeps in epoll_wait() is not woken; the item is ready
 *		k2: epoll's callback does not run; the item does not become ready
 *		k2-early: a socket does not tell anybody that it is readable
 * pid		the victim's process
 * fd		k2, k2-early: what comes in at this descriptor of the victim's, whoever
 *		sends it; -1 (the default): whatever comes in while a thread of the
 *		victim's runs; a timer may well end while another task does
 * shots	how many wakeups get lost; writing it looks up pid and fd, and arms
 * swallowed	how many were, since it was loaded
 *
 * Of kprobes on one function the newest runs first, and one that has the function not run
 * is the last: load this after an observer, else that sees calls that never ran.
 */
#include <linux/atomic.h>
#include <linux/fdtable.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <net/sock.h>

enum { K1, K2, K2_EARLY };

static const char * const kinds[] = {
	[K1] = "k1",
	[K2] = "k2",
	[K2_EARLY] = "k2-early",
};

static int kind;
static int pid;
static int fd = -1;
static const struct file *target;	/* compared only, so no reference is held */
static atomic_t shots = ATOMIC_INIT(0);
static unsigned int swallowed;

/* Runs instead of the function, and returns to its caller: one has been woken. */
static noinline int lost(void)
{
	return 1;
}

static int swallow(struct pt_regs *regs)
{
	if (atomic_dec_if_positive(&shots) < 0)
		return 0;
	WRITE_ONCE(swallowed, swallowed + 1);
	regs->ip = (unsigned long)lost;
	return 1;
}

NOKPROBE_SYMBOL(swallow);

/* Whether it comes in at the victim's descriptor, or no matter where, from the victim. */
static bool concerns_victim(const struct file *file)
{
	const struct file *wanted = READ_ONCE(target);

	return wanted ? file == wanted : current->tgid == pid;
}

NOKPROBE_SYMBOL(concerns_victim);

/* ep_autoremove_wake_function(wq_entry, mode, sync, key) */
static int wake_begins(struct kprobe *kp, struct pt_regs *regs)
{
	const struct wait_queue_entry *entry = (void *)regs->di;
	const struct task_struct *sleeper = entry->private;

	if (kind != K1 || sleeper->tgid != pid)
		return 0;
	return swallow(regs);
}

NOKPROBE_SYMBOL(wake_begins);

/*
 * ep_poll_callback(wait, mode, sync, key), where wait follows the pointer to the item in
 * a struct eppoll_entry; the item has its file after a tree's node, a list's, a pointer.
 * All is so in 5.10 to 7.3. A callback with POLLFREE has to run.
 */
struct item {
	struct rb_node rbn;
	struct list_head rdllink;
	void *next;
	const struct file *file;
};

static int callback_begins(struct kprobe *kp, struct pt_regs *regs)
{
	const struct item *item = ((void **)regs->di)[-1];
	__poll_t flags = key_to_poll(regs->cx);

	if (kind != K2 || (flags && !(flags & EPOLLIN)) || flags & POLLFREE ||
	    !concerns_victim(item->file))
		return 0;
	return swallow(regs);
}

NOKPROBE_SYMBOL(callback_begins);

/* sock_def_readable(sk), sock_def_wakeup(sk) */
static int socket_tells(struct kprobe *kp, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs->di;
	const struct socket *socket = READ_ONCE(sk->sk_socket);

	if (kind != K2_EARLY || !concerns_victim(socket ? socket->file : NULL))
		return 0;
	return swallow(regs);
}

NOKPROBE_SYMBOL(socket_tells);

static struct kprobe wake = {
	.symbol_name = "ep_autoremove_wake_function",
	.pre_handler = wake_begins,
};

static struct kprobe callback = {
	.symbol_name = "ep_poll_callback",
	.pre_handler = callback_begins,
};

static struct kprobe readable = {
	.symbol_name = "sock_def_readable",
	.pre_handler = socket_tells,
};

/* Of the end of a connection. */
static struct kprobe state = {
	.symbol_name = "sock_def_wakeup",
	.pre_handler = socket_tells,
};

static struct kprobe *probes[] = { &wake, &callback, &readable, &state };

static int is_wanted(const void *file, struct file *candidate, unsigned int n)
{
	if (n != fd)
		return 0;
	*(const struct file **)file = candidate;
	return 1;
}

/* The file behind the victim's descriptor. */
static int find_target(const struct file **file)
{
	struct task_struct *task;

	*file = NULL;
	if (fd < 0)
		return 0;
	task = get_pid_task(find_vpid(pid), PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	task_lock(task);
	if (task->files)
		iterate_fd(task->files, fd, is_wanted, file);
	task_unlock(task);
	put_task_struct(task);
	return *file ? 0 : -EBADF;
}

static int set_shots(const char *text, const struct kernel_param *param)
{
	const struct file *file;
	unsigned int nr;
	int err = kstrtouint(text, 0, &nr);

	if (err)
		return err;
	err = find_target(&file);
	if (err)
		return err;
	atomic_set(&shots, 0);
	WRITE_ONCE(target, file);
	atomic_set(&shots, nr);
	return 0;
}

static int get_shots(char *text, const struct kernel_param *param)
{
	return sprintf(text, "%d\n", atomic_read(&shots));
}

static int set_kind(const char *text, const struct kernel_param *param)
{
	int nr = sysfs_match_string(kinds, text);

	if (nr < 0)
		return nr;
	kind = nr;
	return 0;
}

static int get_kind(char *text, const struct kernel_param *param)
{
	return sprintf(text, "%s\n", kinds[kind]);
}

static const struct kernel_param_ops shots_ops = {
	.set = set_shots,
	.get = get_shots,
};

static const struct kernel_param_ops kind_ops = {
	.set = set_kind,
	.get = get_kind,
};

module_param_cb(kind, &kind_ops, NULL, 0600);
MODULE_PARM_DESC(kind, "how wakeups get lost: k1, k2 or k2-early");
module_param(pid, int, 0600);
MODULE_PARM_DESC(pid, "the victim's process");
module_param(fd, int, 0600);
MODULE_PARM_DESC(fd, "k2, k2-early: the victim's descriptor, or -1");
module_param_cb(shots, &shots_ops, NULL, 0600);
MODULE_PARM_DESC(shots, "how many wakeups get lost");
module_param(swallowed, uint, 0400);
MODULE_PARM_DESC(swallowed, "how many wakeups were lost");

static int __init epollfault_init(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}

static void __exit epollfault_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_init(epollfault_init);
module_exit(epollfault_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes one process lose epoll's wakeups");
