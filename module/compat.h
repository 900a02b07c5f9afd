/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the newest kernel's names on older ones
 *
 * The only file that may ask for a kernel version, and so far none has to be
 * asked for: module/Kbuild.compat looks into the kernel's headers for what
 * is there, because distributions backport.
 */
#ifndef STALL_COMPAT_H
#define STALL_COMPAT_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/word-at-a-time.h>

/*
 * With arguments saved on every call (HAVE_DYNAMIC_FTRACE_WITH_ARGS, x86 since
 * v5.11), a callback without flags reads a function's arguments and costs half
 * of one that asks for all registers. Before, all registers must be asked for.
 * Drop the other branch with support for v5.10.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define STALL_FTRACE_FLAGS	0
#else
#define STALL_FTRACE_FLAGS	FTRACE_OPS_FL_SAVE_REGS
#endif

/*
 * v5.11 hands callbacks a struct ftrace_regs instead of pt_regs, v6.13 wraps
 * it once more. On x86 all of them begin with a pt_regs, in which at least the
 * argument registers are valid. Drop with support for v6.12.
 */
#if defined(STALL_HAVE_ARCH_FTRACE_REGS)
#define STALL_FTRACE_REGS	struct ftrace_regs
#define stall_pt_regs(_fregs)	(&arch_ftrace_regs(_fregs)->regs)
#elif defined(STALL_HAVE_FTRACE_REGS)
#define STALL_FTRACE_REGS	struct ftrace_regs
#define stall_pt_regs(_fregs)	(&(_fregs)->regs)
#else
#define STALL_FTRACE_REGS	struct pt_regs
#define stall_pt_regs(_regs)	(_regs)
#endif

/* Function entries through ftrace are only known to work where this says so. */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE) && \
	(defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) || \
	 defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS))
#define STALL_HAVE_FTRACE	1
#else
#define STALL_HAVE_FTRACE	0
#endif

/*
 * Before v5.11 ftrace guards callbacks against recursion unless they say that
 * they can do it themselves. Drop with support for v5.10.
 */
#ifdef STALL_HAVE_FTRACE_RECURSION_SAFE
#define STALL_FTRACE_GUARDED	FTRACE_OPS_FL_RECURSION_SAFE
#else
#define STALL_FTRACE_GUARDED	0
#endif

/*
 * Up to v7.1 a tracepoint calls its probes with preemption off, later ones do
 * not, and those of system calls have not since v6.13: nobody here hooks them.
 * Drop the first branch with support for v7.1.
 */
#ifdef STALL_HAVE_TRACEPOINT_PREEMPT_OFF
#define stall_tracepoint_preempt_disable()	barrier()
#define stall_tracepoint_preempt_enable()	barrier()
#else
#define stall_tracepoint_preempt_disable()	preempt_disable_notrace()
#define stall_tracepoint_preempt_enable()	preempt_enable_notrace()
#endif

/*
 * Up to v5.16 a shorter name leaves the end of a longer one behind its NUL. The
 * patches that changed that made TASK_COMM_LEN, then a macro, an enumerator.
 * Drop with support for v5.16.
 */
static __always_inline void stall_comm_cut(u64 *comm, u64 *more)
{
#ifdef TASK_COMM_LEN
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long zeroes;

	if (has_zero(*comm, &zeroes, &constants))
		*more = 0;
	else if (has_zero(*more, &zeroes, &constants))
		comm = more;
	else
		return;
	zeroes = prep_zero_mask(*comm, zeroes, &constants);
	*comm &= zero_bytemask(create_zero_mask(zeroes));
#endif
}

/*
 * v6.7 allocates shrinkers apart from their owners and keeps the owner in
 * ->private_data; before, a superblock embeds its own, and only the scan
 * function tells that it is one. Drop with support for v6.6.
 */
static inline struct super_block *
stall_shrinker_sb(const struct shrinker *shrinker)
{
#ifdef STALL_HAVE_SHRINKER_PRIVATE_DATA
	return shrinker->private_data;
#else
	return container_of(shrinker, struct super_block, s_shrink);
#endif
}

static inline const struct shrinker *
stall_sb_shrinker(const struct super_block *sb)
{
#ifdef STALL_HAVE_SHRINKER_PRIVATE_DATA
	return sb->s_shrink;
#else
	return &sb->s_shrink;
#endif
}

/* Since v6.0, a kernel that is built for it names and numbers its shrinkers. */
#ifdef CONFIG_SHRINKER_DEBUG
#define stall_shrinker_id(_shrinker)	((u32)(_shrinker)->debugfs_id)
#define stall_shrinker_name(_shrinker)	((_shrinker)->name ?: "")
#else
#define stall_shrinker_id(_shrinker)	0U
#define stall_shrinker_name(_shrinker)	""
#endif

/*
 * v6.16 renamed the queue whose work any CPU may do, and later kernels complain of
 * the old name in the log. Drop with support for v6.12.
 */
#ifndef STALL_HAVE_SYSTEM_DFL_WQ
#define system_dfl_wq	system_unbound_wq
#endif

/* v5.14 renamed a task's state to say that it is not to be read plainly. */
static inline unsigned int stall_task_state(const struct task_struct *task)
{
#ifdef STALL_HAVE_TASK_STATE_UNDERSCORED
	return READ_ONCE(task->__state);
#else
	return READ_ONCE(task->state);
#endif
}

/* A kernel for one CPU only may not keep which task is on it. */
static inline bool stall_task_on_cpu(const struct task_struct *task)
{
#ifdef CONFIG_SMP
	return READ_ONCE(task->on_cpu);
#else
	return task == current;
#endif
}

/* v6.15 made one call of two. Drop with support for v6.12. */
#ifndef STALL_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/*
 * v5.11 lets work ask for hard interrupt context, which PREEMPT_RT would else put
 * off into a thread. Drop with support for v5.10.
 */
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(_fn)	{ .func = (_fn) }
#endif

#ifndef CONFIG_64BIT
#error "stallmeter counts in 64-bit words and needs a 64-bit kernel"
#endif

#endif /* STALL_COMPAT_H */
