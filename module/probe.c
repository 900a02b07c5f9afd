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

#include "entry.h"
#include "probe.h"

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

static int hook_attach_target(struct stall_hook *hook, const char *target)
{
	switch (hook->probe->kind) {
	case STALL_TRACEPOINT:
		return hook_attach_tracepoint(hook, target);
	case STALL_TIMER:
		hook->how = STALL_HOW_TIMER;
		return 0;
	default:
		return stall_entry_attach(hook, target);
	}
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
 * Return: 0, -EOPNOTSUPP if there is no hook for it in any kernel, -ECANCELED if
 * it is not wanted, -EPERM if
 * lockdown forbids it, -ENOENT if this kernel has none of the targets, or the
 * error of the kernel's own registration of the first one that it has. It is
 * kept in @hook, too.
 */
int stall_hook_attach(struct stall_hook *hook)
{
	hook->target = NULL;
	if (hook->probe->kind == STALL_UNWATCHED)
		return hook->error = -EOPNOTSUPP;
	if (hook->probe->wanted && !hook->probe->wanted())
		return hook->error = -ECANCELED;
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
	case STALL_HOW_KPROBE:
		stall_entry_detach(hook);
		break;
	case STALL_HOW_TIMER:
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
 * @hook: after stall_hook_attach() has failed
 * @text: gets them
 * @room: its size
 */
void stall_hook_why(const struct stall_hook *hook, char *text, size_t room)
{
	if (hook->probe->kind == STALL_UNWATCHED) {
		strscpy(text, hook->probe->why, room);
		return;
	}
	switch (hook->error) {
	case -ENOENT:
		strscpy(text, "not in this kernel", room);
		break;
	case -ECANCELED:
		strscpy(text, hook->probe->not_wanted, room);
		break;
	case -ENOMEM:
		strscpy(text, "out of memory", room);
		break;
	case -EPERM:
		strscpy(text, "locked down: functions may not be probed", room);
		break;
	default:
		scnprintf(text, room, "the kernel refused: error %d",
			  hook->error);
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
		[STALL_HOW_TIMER] = "timer",
	};

	return names[hook->how];
}
