// SPDX-License-Identifier: GPL-2.0
/*
 * entry - hooks at the entry of functions
 *
 * By an ftrace callback where the function can be traced, else by a kprobe. To
 * take a callback out takes the kernel a tenth of a second, as it waits for
 * all tasks that may be in it (RCU-tasks): so those of a collector's functions
 * that are not called often share one, and only the others have their own.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "entry.h"

/**
 * stall_hook_timed() - note how long a handler took
 * @hook: whose
 * @began: when it began, in ticks
 *
 * Context: any, preemption off.
 */
void stall_hook_timed(struct stall_hook *hook, u64 began)
{
	this_cpu_inc(hook->cost->sampled);
	this_cpu_add(hook->cost->sampled_ns,
		     stall_ticks_since(began, stall_ticks()));
}

DEFINE_PER_CPU(u32, stall_hook_depth);

/**
 * stall_hook_entry_timed() - call a handler, and note how long it took
 * @hook: whose
 * @regs: the function's arguments
 *
 * Context: any, preemption off.
 */
void stall_hook_entry_timed(struct stall_hook *hook, struct pt_regs *regs)
{
	u64 began = stall_ticks();

	hook->probe->entry_fn(hook->run, regs);
	stall_hook_timed(hook, began);
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

/**
 * stall_function_address() - where a function of the kernel begins
 * @name: of the function
 *
 * To be compared with a pointer that the kernel holds, never to be called.
 *
 * Context: process, may sleep.
 * Return: its address, 0 if this kernel does not have it.
 */
unsigned long stall_function_address(const char *name)
{
	unsigned long address, behind;
	char text[KSYM_SYMBOL_LEN];
	const char *plus;

	if (function_address(name, &address))
		return 0;
	/* With IBT (v5.18), a kprobe stands behind a function's ENDBR. */
	sprint_symbol(text, address);
	plus = strchr(text, '+');
	if (plus && sscanf(plus, "+%lx", &behind) == 1)
		address -= behind;
	return address;
}

#if STALL_HAVE_FTRACE

/* One of the functions of a shared callback. */
static void notrace shared_ftrace(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  STALL_FTRACE_REGS *fregs)
{
	struct stall_entries *shared = container_of(ops, struct stall_entries,
						    ops);
	unsigned int i;

	for (i = 0; i < shared->nr; i++) {
		if (shared->hooks[i]->address == ip) {
			stall_hook_entry(shared->hooks[i], stall_pt_regs(fregs));
			break;
		}
	}
}

NOKPROBE_SYMBOL(shared_ftrace);

/* It hangs when stall_entries_attach() has hung all of them. */
static int hook_attach_shared(struct stall_hook *hook, unsigned long address)
{
	struct stall_entries *shared = hook->shared;
	int err;

	if (shared->nr == STALL_MAX_SHARED)
		return -ENOSPC;
	if (!shared->nr)
		stall_ops_init(&shared->ops, shared_ftrace);
	err = ftrace_set_filter_ip(&shared->ops, address, 0, !shared->nr);
	if (err) {
		if (!shared->nr)
			stall_ops_free_filter(&shared->ops);
		return err;
	}
	hook->address = address;
	shared->hooks[shared->nr++] = hook;
	return 0;
}

static int hook_attach_ftrace(struct stall_hook *hook, const char *target)
{
	unsigned long address;
	int err;

	err = function_address(target, &address);
	if (err)
		return err;
	err = stall_probe_shares(hook->probe) ?
	      hook_attach_shared(hook, address) :
	      stall_own_attach(hook, address);
	if (!err)
		hook->how = STALL_HOW_FTRACE;
	return err;
}

static void hook_detach_ftrace(struct stall_hook *hook)
{
	if (!stall_probe_shares(hook->probe))
		stall_own_detach(hook);
}

/**
 * stall_entries_attach() - hang the callback that hooks share
 * @shared: with those that stall_entry_attach() has put in
 *
 * If the kernel refuses, each of them has the error.
 *
 * Context: process, may sleep.
 */
void stall_entries_attach(struct stall_entries *shared)
{
	unsigned int i;
	int err;

	if (!shared->nr)
		return;
	err = register_ftrace_function(&shared->ops);
	if (!err)
		return;
	for (i = 0; i < shared->nr; i++) {
		shared->hooks[i]->how = STALL_HOW_NONE;
		shared->hooks[i]->error = err;
	}
	stall_ops_free_filter(&shared->ops);
	shared->nr = 0;
}

/**
 * stall_entries_detach() - take out the callback that hooks share
 * @shared: hung or empty
 *
 * Context: process, may sleep.
 */
void stall_entries_detach(struct stall_entries *shared)
{
	if (!shared->nr)
		return;
	unregister_ftrace_function(&shared->ops);
	stall_ops_free_filter(&shared->ops);
	shared->nr = 0;
}

#else

static int hook_attach_ftrace(struct stall_hook *hook, const char *target)
{
	return -EOPNOTSUPP;
}

static void hook_detach_ftrace(struct stall_hook *hook)
{
}

void stall_entries_attach(struct stall_entries *shared)
{
}

void stall_entries_detach(struct stall_entries *shared)
{
}

#endif

static int hook_kprobe(struct kprobe *kp, struct pt_regs *regs)
{
	stall_hook_entry(container_of(kp, struct stall_hook, kp), regs);
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

/**
 * stall_entry_attach() - hook a function's entry
 * @hook: wants it
 * @target: name of the function
 *
 * A kprobe is for what ftrace cannot trace. It is none for ftrace being
 * switched off (EBUSY): on ftrace itself, it would hang there and never fire.
 *
 * Context: process, may sleep.
 * Return: 0, -ENOENT if there is no such function, or the error of the kernel's
 * own registration. A hook that is not hot hangs after stall_entries_attach().
 */
int stall_entry_attach(struct stall_hook *hook, const char *target)
{
	int err;

	err = hook_attach_ftrace(hook, target);
	if (err != -EINVAL && err != -EOPNOTSUPP)
		return err;
	return hook_attach_kprobe(hook, target);
}

/**
 * stall_entry_detach() - take a hook out of a function's entry
 * @hook: hung by ftrace or a kprobe. If it shares a callback, it is out after
 *	stall_entries_detach()
 *
 * Context: process, may sleep.
 */
void stall_entry_detach(struct stall_hook *hook)
{
	if (hook->how == STALL_HOW_FTRACE) {
		hook_detach_ftrace(hook);
		return;
	}
	unregister_kprobe(&hook->kp);
	this_cpu_add(hook->cost->missed, hook->kp.nmissed);
}
