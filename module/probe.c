// SPDX-License-Identifier: GPL-2.0
/*
 * probe - hooks in the kernel
 *
 * A tracepoint is found by its name and costs about 15 instructions a hit. A
 * function's entry is taken by an ftrace callback where the function can be
 * traced (24-55), else by a kprobe (144-182). There are no kretprobes: they
 * cost 389-507, and up to v5.10 each return takes a lock that CPUs share.
 */
#include <linux/kernel.h>
#include <linux/security.h>
#include <linux/string.h>

#include "probe.h"

/*
 * An ftrace callback without flags has to guard itself against recursion.
 * Legal nesting on one CPU is a task, a softirq, an interrupt and an NMI.
 */
#define HOOK_CONTEXTS	4

static __always_inline void hook_entry(struct stall_hook *hook,
				       struct pt_regs *regs)
{
	u64 began = stall_hook_enter(hook);

	if (likely(this_cpu_inc_return(hook->cost->depth) <= HOOK_CONTEXTS))
		hook->probe->entry_fn(hook->run, regs);
	else
		this_cpu_inc(hook->cost->missed);
	this_cpu_dec(hook->cost->depth);
	stall_hook_exit(hook, began);
}

#if STALL_HAVE_FTRACE

static void notrace hook_ftrace(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				STALL_FTRACE_REGS *fregs)
{
	hook_entry(container_of(ops, struct stall_hook, ops),
		   stall_pt_regs(fregs));
}

NOKPROBE_SYMBOL(hook_ftrace);

/* An empty filter has no memory; v5.10 does not export ftrace_free_filter(). */
static void hook_free_filter(struct stall_hook *hook)
{
	ftrace_set_filter(&hook->ops, NULL, 0, 1);
}

/*
 * Where a function begins: a kprobe that is never armed finds its name, as
 * kallsyms_lookup_name() is not exported. ftrace_set_filter() would compare the
 * name with those of all functions, and take each that is called so.
 */
static int function_address(const char *name, unsigned long *address)
{
	struct kprobe kp = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err;

	err = register_kprobe(&kp);
	if (err)
		return err;
	*address = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return 0;
}

/*
 * PERMANENT makes kernel.ftrace_enabled=0 fail while a hook hangs: it would
 * silence us, and nothing is to be lost silently.
 */
static int hook_attach_ftrace(struct stall_hook *hook, const char *target)
{
	unsigned long address;
	int err;

	err = function_address(target, &address);
	if (err)
		return err;
	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = hook_ftrace;
	hook->ops.flags = STALL_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT;
	err = ftrace_set_filter_ip(&hook->ops, address, 0, 1);
	if (!err)
		err = register_ftrace_function(&hook->ops);
	if (err)
		hook_free_filter(hook);
	else
		hook->how = STALL_HOW_FTRACE;
	return err;
}

static void hook_detach_ftrace(struct stall_hook *hook)
{
	unregister_ftrace_function(&hook->ops);
	hook_free_filter(hook);
}

#else

static int hook_attach_ftrace(struct stall_hook *hook, const char *target)
{
	return -EOPNOTSUPP;
}

static void hook_detach_ftrace(struct stall_hook *hook)
{
}

#endif

static int hook_kprobe(struct kprobe *kp, struct pt_regs *regs)
{
	hook_entry(container_of(kp, struct stall_hook, kp), regs);
	return 0;
}

NOKPROBE_SYMBOL(hook_kprobe);

/* No post_handler, ever: v6.1 oopses when it meets a plain one on ftrace. */
static int hook_attach_kprobe(struct stall_hook *hook, const char *target)
{
	int err;

	memset(&hook->kp, 0, sizeof(hook->kp));
	hook->kp.symbol_name = target;
	hook->kp.pre_handler = hook_kprobe;
	err = register_kprobe(&hook->kp);
	if (!err)
		hook->how = STALL_HOW_KPROBE;
	return err;
}

struct tracepoint_search {
	const char *name;
	struct tracepoint *found;
};

static void tracepoint_is_it(struct tracepoint *tp, void *data)
{
	struct tracepoint_search *search = data;

	if (!strcmp(tp->name, search->name))
		search->found = tp;
}

static int hook_attach_tracepoint(struct stall_hook *hook, const char *target)
{
	struct tracepoint_search search = { .name = target };
	int err;

	for_each_kernel_tracepoint(tracepoint_is_it, &search);
	if (!search.found)
		return -ENOENT;
	hook->tp = search.found;
	err = tracepoint_probe_register(hook->tp, hook->probe->tracepoint_fn,
					hook);
	if (!err)
		hook->how = STALL_HOW_TRACEPOINT;
	return err;
}

/*
 * A kprobe is for what ftrace cannot trace. It is none for ftrace being
 * switched off (EBUSY): on ftrace itself, it would hang there and never fire.
 */
static int hook_attach_target(struct stall_hook *hook, const char *target)
{
	int err;

	if (hook->probe->kind == STALL_TRACEPOINT)
		return hook_attach_tracepoint(hook, target);
	err = hook_attach_ftrace(hook, target);
	if (err != -EINVAL && err != -EOPNOTSUPP)
		return err;
	return hook_attach_kprobe(hook, target);
}

/*
 * Lockdown (confidentiality) forbids root to probe functions. The kernel asks
 * for it where root makes a probe in tracefs, and not where a module does: so
 * this one asks, or it would be a way around. Tracepoints are no probes.
 */
static int hook_allowed(const struct stall_probe *probe)
{
	if (probe->kind != STALL_ENTRY)
		return 0;
	return security_locked_down(LOCKDOWN_KPROBES) ? -EPERM : 0;
}

static int hook_attach_first(struct stall_hook *hook)
{
	int err, why = -ENOENT;
	unsigned int i;

	for (i = 0; i < STALL_MAX_TARGETS && hook->probe->targets[i]; i++) {
		err = hook_attach_target(hook, hook->probe->targets[i]);
		if (!err) {
			hook->target = hook->probe->targets[i];
			return 0;
		}
		if (why == -ENOENT)
			why = err;
	}
	return why;
}

/**
 * stall_hook_attach() - hang a probe into the kernel
 * @hook: run, probe and cost are set
 *
 * Samples can arrive before this returns.
 *
 * Context: process, may sleep.
 * Return: 0, -EPERM if lockdown forbids it, -ENOENT if this kernel has none of
 * the targets, or the error of the kernel's own registration of the first one
 * that it has. It is kept in @hook, too.
 */
int stall_hook_attach(struct stall_hook *hook)
{
	hook->target = NULL;
	hook->error = hook_allowed(hook->probe);
	if (!hook->error)
		hook->error = hook_attach_first(hook);
	return hook->error;
}

/**
 * stall_hook_detach() - take a probe out of the kernel
 * @hook: hung or not
 *
 * A tracepoint's handler may still run when this returns: the caller waits for
 * it once, with tracepoint_synchronize_unregister(), before freeing anything.
 *
 * Context: process, may sleep.
 */
void stall_hook_detach(struct stall_hook *hook)
{
	switch (hook->how) {
	case STALL_HOW_TRACEPOINT:
		tracepoint_probe_unregister(hook->tp,
					    hook->probe->tracepoint_fn, hook);
		break;
	case STALL_HOW_FTRACE:
		hook_detach_ftrace(hook);
		break;
	case STALL_HOW_KPROBE:
		unregister_kprobe(&hook->kp);
		this_cpu_add(hook->cost->missed, hook->kp.nmissed);
		break;
	case STALL_HOW_NONE:
		break;
	}
	hook->how = STALL_HOW_NONE;
}

/**
 * stall_hook_fold() - what a hook did on all CPUs
 * @hook: the hook
 * @total: result
 */
void stall_hook_fold(const struct stall_hook *hook,
		     struct stall_hook_cost *total)
{
	int cpu;

	memset(total, 0, sizeof(*total));
	for_each_possible_cpu(cpu) {
		const struct stall_hook_cost *cost =
			per_cpu_ptr(hook->cost, cpu);

		total->hits += READ_ONCE(cost->hits);
		total->sampled += READ_ONCE(cost->sampled);
		total->sampled_ns += READ_ONCE(cost->sampled_ns);
		total->missed += READ_ONCE(cost->missed);
	}
	if (hook->how == STALL_HOW_KPROBE)
		total->missed += READ_ONCE(hook->kp.nmissed);
}

/**
 * stall_hook_why() - why a probe could not be hung, in words
 * @error: what stall_hook_attach() returned, not 0
 * @text: gets them
 * @room: its size
 */
void stall_hook_why(int error, char *text, size_t room)
{
	switch (error) {
	case -ENOENT:
		strscpy(text, "not in this kernel", room);
		break;
	case -ENOMEM:
		strscpy(text, "out of memory", room);
		break;
	case -EPERM:
		strscpy(text, "locked down: functions may not be probed", room);
		break;
	default:
		scnprintf(text, room, "the kernel refused: error %d", error);
		break;
	}
}

/**
 * stall_hook_how() - by what means a hook hangs, in a word
 * @hook: the hook
 */
const char *stall_hook_how(const struct stall_hook *hook)
{
	static const char * const names[] = {
		[STALL_HOW_NONE] = "-",
		[STALL_HOW_TRACEPOINT] = "tracepoint",
		[STALL_HOW_FTRACE] = "ftrace",
		[STALL_HOW_KPROBE] = "kprobe",
	};

	return names[hook->how];
}
