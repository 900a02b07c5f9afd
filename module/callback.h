/* SPDX-License-Identifier: GPL-2.0 */
/*
 * callback.h - what is called where a hot function begins
 */
#ifndef STALL_CALLBACK_H
#define STALL_CALLBACK_H

#include "probe.h"

/*
 * An ftrace callback for one hot function, named @_name. Most of its hits are let go
 * after @_wants(regs); @_handler(run, regs) gets the others. Both are inlined, and call
 * nothing that could be that function: there is no guard against recursion. Where a
 * kprobe has to do, it calls the probe's entry_fn.
 */
#if STALL_HAVE_FTRACE

/* A function is hit that two collectors want: the second one of them. */
static __always_inline void stall_hook_next(struct stall_hook *hook,
					    struct pt_regs *regs)
{
	struct stall_hook *next;

	/* It goes after a grace period: see stall_hook_detach(). */
	preempt_disable_notrace();
	next = READ_ONCE(hook->next);
	if (likely(next && READ_ONCE(next->linked) & STALL_IS_NEXT))
		next->probe->callback->hit(next, regs);
	preempt_enable_notrace();
}

#define STALL_MAKE_CALLBACK(_name, _wants, _handler)			\
static noinline void notrace _name##_wanted(struct stall_hook *hook,	\
					    struct pt_regs *regs)	\
{									\
	preempt_disable_notrace();					\
	(_handler)(hook->run, regs);					\
	preempt_enable_notrace();					\
}									\
NOKPROBE_SYMBOL(_name##_wanted);					\
static noinline void notrace _name##_timed(struct stall_hook *hook,	\
					   struct pt_regs *regs)	\
{									\
	u64 began;							\
									\
	preempt_disable_notrace();					\
	began = stall_ticks();						\
	if ((_wants)(regs))						\
		_name##_wanted(hook, regs);				\
	stall_hook_timed(hook, began);					\
	preempt_enable_notrace();					\
}									\
NOKPROBE_SYMBOL(_name##_timed);						\
static __always_inline void _name##_one(struct stall_hook *hook,	\
					struct pt_regs *regs)		\
{									\
	if (unlikely(stall_hook_hit(hook)))				\
		_name##_timed(hook, regs);				\
	else if (unlikely((_wants)(regs)))				\
		_name##_wanted(hook, regs);				\
}									\
static void notrace _name##_hit(struct stall_hook *hook,		\
				struct pt_regs *regs)			\
{									\
	_name##_one(hook, regs);					\
}									\
NOKPROBE_SYMBOL(_name##_hit);						\
static noinline void notrace _name##_linked(struct stall_hook *hook,	\
					    struct pt_regs *regs)	\
{									\
	stall_hook_next(hook, regs);					\
	_name##_one(hook, regs);					\
}									\
NOKPROBE_SYMBOL(_name##_linked);					\
static void notrace _name##_ftrace(unsigned long ip,			\
				   unsigned long parent_ip,		\
				   struct ftrace_ops *ops,		\
				   typeof(STALL_FTRACE_REGS) *fregs)	\
{									\
	struct stall_hook *hook = container_of(ops, struct stall_hook,	\
					       ops);			\
	u8 linked = READ_ONCE(hook->linked);				\
									\
	if (likely(!linked))						\
		_name##_one(hook, stall_pt_regs(fregs));		\
	else if (linked != STALL_IS_NEXT)				\
		_name##_linked(hook, stall_pt_regs(fregs));		\
}									\
NOKPROBE_SYMBOL(_name##_ftrace);					\
const struct stall_callback _name = { _name##_ftrace, _name##_hit }
#else
#define STALL_MAKE_CALLBACK(_name, _wants, _handler)			\
	const struct stall_callback _name
#endif

#endif /* STALL_CALLBACK_H */
