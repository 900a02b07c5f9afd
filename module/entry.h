/* SPDX-License-Identifier: GPL-2.0 */
/*
 * entry.h - hooks at the entry of functions: a part of probe
 */
#ifndef STALL_ENTRY_H
#define STALL_ENTRY_H

#include "probe.h"

/*
 * Our ftrace callbacks guard themselves against recursion: that is cheaper.
 * Legal nesting on one CPU is a task, a softirq, an interrupt and an NMI.
 */
#define HOOK_CONTEXTS	4

DECLARE_PER_CPU(u32, stall_hook_depth);

void stall_hook_entry_timed(struct stall_hook *hook, struct pt_regs *regs);

/* An interrupt in between makes another hit the timed one, or none: no harm. */
static __always_inline void stall_hook_entry(struct stall_hook *hook,
					     struct pt_regs *regs)
{
	struct stall_hook_cost __percpu *cost = hook->cost;

	preempt_disable_notrace();
	this_cpu_inc(cost->hits);
	this_cpu_inc(stall_hook_depth);
	if (unlikely(this_cpu_read(stall_hook_depth) > HOOK_CONTEXTS))
		this_cpu_inc(cost->missed);
	else if (unlikely(this_cpu_read(cost->hits) % STALL_COST_SAMPLE == 0))
		stall_hook_entry_timed(hook, regs);
	else
		hook->probe->entry_fn(hook->run, regs);
	this_cpu_dec(stall_hook_depth);
	preempt_enable_notrace();
}

#if STALL_HAVE_FTRACE

/* An empty filter has no memory; v5.10 does not export ftrace_free_filter(). */
static inline void stall_ops_free_filter(struct ftrace_ops *ops)
{
	ftrace_set_filter(ops, NULL, 0, 1);
}

/*
 * PERMANENT makes kernel.ftrace_enabled=0 fail while a hook hangs: it would
 * silence us, and nothing is to be lost silently.
 */
static inline void stall_ops_init(struct ftrace_ops *ops, ftrace_func_t func)
{
	memset(ops, 0, sizeof(*ops));
	ops->func = func;
	ops->flags = STALL_FTRACE_FLAGS | STALL_FTRACE_GUARDED |
		     FTRACE_OPS_FL_PERMANENT;
}

int stall_own_attach(struct stall_hook *hook, unsigned long address);
void stall_own_detach(struct stall_hook *hook);

#endif

int stall_entry_attach(struct stall_hook *hook, const char *target);
void stall_entry_detach(struct stall_hook *hook);

#endif /* STALL_ENTRY_H */
