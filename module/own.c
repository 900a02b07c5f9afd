// SPDX-License-Identifier: GPL-2.0
/*
 * own - hooks of hot functions, each with an ftrace callback of its own
 *
 * Where two collectors want the same function, ftrace would call both callbacks by way
 * of a list of all there are. So the second hook is linked to the first, whose callback
 * calls it; when the first goes, the second gets its own.
 */
#include <linux/kernel.h>

#include "entry.h"

#if STALL_HAVE_FTRACE

/* The one function of a callback. */
static void notrace hook_ftrace(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				STALL_FTRACE_REGS *fregs)
{
	stall_hook_entry(container_of(ops, struct stall_hook, ops),
			 stall_pt_regs(fregs));
}

NOKPROBE_SYMBOL(hook_ftrace);

/* Hooks that hang by a callback of their own; under the stall lock. */
static struct stall_hook *own_hooks[32];

static struct stall_hook **own_place(unsigned long address)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own_hooks); i++)
		if (own_hooks[i] && own_hooks[i]->address == address)
			return &own_hooks[i];
	return NULL;
}

/* One that finds no place works as well, but nobody can be linked to it. */
static void own_add(struct stall_hook *hook)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own_hooks); i++) {
		if (own_hooks[i])
			continue;
		own_hooks[i] = hook;
		break;
	}
}

static bool hook_links(const struct stall_hook *hook)
{
	return hook->probe->callback && hook->probe->callback->ftrace;
}

static int hook_register(struct stall_hook *hook)
{
	int err;

	stall_ops_init(&hook->ops, hook_links(hook) ? hook->probe->callback->ftrace :
						hook_ftrace);
	err = ftrace_set_filter_ip(&hook->ops, hook->address, 0, 1);
	if (!err)
		err = register_ftrace_function(&hook->ops);
	if (err)
		stall_ops_free_filter(&hook->ops);
	return err;
}

/**
 * stall_own_attach() - hang a hook by a callback of its own
 * @hook: wants it
 * @address: of the function
 *
 * If another one hangs there already, it is called by that one's.
 *
 * Context: process, may sleep, under the stall lock.
 * Return: 0 or the error of the kernel's own registration.
 */
int stall_own_attach(struct stall_hook *hook, unsigned long address)
{
	struct stall_hook **place = own_place(address);
	int err;

	hook->address = address;
	hook->next = NULL;
	hook->linked = 0;
	if (place && hook_links(hook) && hook_links(*place) &&
	    !(*place)->next) {
		hook->linked = STALL_IS_NEXT;
		WRITE_ONCE((*place)->next, hook);
		WRITE_ONCE((*place)->linked, STALL_HAS_NEXT);
		return 0;
	}
	err = hook_register(hook);
	if (!err)
		own_add(hook);
	return err;
}

/* The hook behind one that goes gets its own callback, and misses nothing. */
static void hook_promote(struct stall_hook **place, struct stall_hook *next)
{
	*place = next;
	next->error = hook_register(next);
	if (next->error) {
		next->how = STALL_HOW_NONE;
		*place = NULL;
	}
	/* From now on its own callback counts, not the link. */
	WRITE_ONCE(next->linked, 0);
}

/**
 * stall_own_detach() - take out a hook that stall_own_attach() has hung
 * @hook: it
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_own_detach(struct stall_hook *hook)
{
	struct stall_hook **place = own_place(hook->address);

	if (hook->linked & STALL_IS_NEXT) {
		WRITE_ONCE((*place)->linked, 0);
		WRITE_ONCE((*place)->next, NULL);
		return;
	}
	if (place && *place == hook) {
		*place = NULL;
		if (hook->next)
			hook_promote(place, hook->next);
	}
	unregister_ftrace_function(&hook->ops);
	stall_ops_free_filter(&hook->ops);
	hook->linked = 0;
	hook->next = NULL;
}

#endif
