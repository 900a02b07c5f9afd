/* SPDX-License-Identifier: GPL-2.0 */
/*
 * probe.h - hooks in the kernel
 */
#ifndef STALL_PROBE_H
#define STALL_PROBE_H

#include <linux/build_bug.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "ticks.h"

struct stall_hook;
struct stall_run;

#define STALL_MAX_TARGETS	4
#define STALL_MAX_SHARED	16

enum stall_probe_kind {
	STALL_TRACEPOINT,
	STALL_ENTRY,
	STALL_TIMER,
	STALL_UNWATCHED,
};

/**
 * typedef stall_entry_fn - handler of a function's entry
 * @run: the collector's run
 * @regs: only the function's arguments are valid, by
 *	regs_get_kernel_argument()
 *
 * Context: that of the function, preemption off; NMI is possible.
 */
typedef void (*stall_entry_fn)(struct stall_run *run, struct pt_regs *regs);

/**
 * struct stall_callback - what is called where a hot function begins
 * @ftrace: by ftrace, NULL where that cannot be
 * @hit: by another collector's callback on the same function
 */
struct stall_callback {
	ftrace_func_t ftrace;
	void (*hit)(struct stall_hook *hook, struct pt_regs *regs);
};

/**
 * struct stall_probe - a hook that a collector wants
 * @kind: what sort
 * @optional: the collector can do without
 * @hot: of a STALL_ENTRY: the function is called so often that 20 instructions
 *	a hit are worth a tenth of a second when the collector is switched off
 * @targets: names in order of preference; the first that resolves wins
 * @wanted: is it to be hung at all? Asked as it is about to be. Optional.
 * @not_wanted: why it is not, if @wanted says so
 * @arg: of a STALL_TRACEPOINT whose handler serves several, as
 *	hook->probe->arg
 * @tracepoint_fn: of a STALL_TRACEPOINT: has the type that the tracepoint
 *	calls, gets its struct stall_hook as first argument, and stands between
 *	stall_hook_enter() and stall_hook_exit()
 * @entry_fn: of a STALL_ENTRY
 * @callback: of a STALL_ENTRY that is hot: by STALL_MAKE_CALLBACK(), in place of
 *	the common one; optional
 * @why: of a STALL_UNWATCHED: what is missing
 */
struct stall_probe {
	enum stall_probe_kind kind;
	bool optional;
	bool hot;
	const char *targets[STALL_MAX_TARGETS];
	bool (*wanted)(void);
	const char *not_wanted;
	u32 arg;
	const struct stall_callback *callback;
	union {
		void *tracepoint_fn;
		stall_entry_fn entry_fn;
		const char *why;
	};
};

/* Does a probe share its callback with others of the collector? */
static inline bool stall_probe_shares(const struct stall_probe *probe)
{
	return probe->kind == STALL_ENTRY && !probe->hot;
}

/* True if @_fn has the exact type that tracepoint @_tp calls. */
#define STALL_TP_FITS(_tp, _fn)						\
	__builtin_types_compatible_p(					\
		typeof(check_trace_callback_type_##_tp),		\
		void (typeof(_fn) *))

/*
 * A hook on tracepoint @_tp. @_new is tried first, @_old fits kernels before
 * a change of the prototype; a misfit of both does not build.
 */
#define STALL_TP_BY_SIGNATURE(_tp, _new, _old)				\
	.kind = STALL_TRACEPOINT,					\
	.targets = { #_tp },						\
	.tracepoint_fn = (void *)__builtin_choose_expr(			\
				STALL_TP_FITS(_tp, _new), _new, _old) +	\
		BUILD_BUG_ON_ZERO(!STALL_TP_FITS(_tp, _new) &&		\
				  !STALL_TP_FITS(_tp, _old))

#define STALL_TP(_tp, _fn)	STALL_TP_BY_SIGNATURE(_tp, _fn, _fn)

/* A hook on the entry of the first of the functions that this kernel has. */
#define STALL_FUNCTION(_fn, ...)					\
	.kind = STALL_ENTRY,						\
	.targets = { __VA_ARGS__ },					\
	.entry_fn = (_fn)

/*
 * No hook, but a timer of the collector's own, so that its cost is seen and limited. The
 * collector starts and stops it, as it is attached and detaching.
 */
#define STALL_OWN_TIMER(_name)						\
	.kind = STALL_TIMER,						\
	.targets = { _name }

/* No hook: what a user would look for, and status says why it is not there. */
#define STALL_NO_HOOK(_target, _why)					\
	.kind = STALL_UNWATCHED,					\
	.optional = true,						\
	.targets = { _target },						\
	.why = (_why)

/* How a probe hangs in the kernel. */
enum stall_hook_how {
	STALL_HOW_NONE,
	STALL_HOW_TRACEPOINT,
	STALL_HOW_FTRACE,
	STALL_HOW_KPROBE,
	STALL_HOW_TIMER,
};

/*
 * Two callbacks on one function would make ftrace call both by way of a list, which
 * costs some 150 instructions: the second collector's hook is called by the first's.
 */
#define STALL_HAS_NEXT	1
#define STALL_IS_NEXT	2	/* its own callback, if it hangs already, is not to be */

/**
 * struct stall_hook_cost - what a hook does on one CPU
 * @hits: calls of its handler
 * @sampled: how many of them were timed
 * @sampled_ns: how long those took
 * @missed: calls turned away by the recursion guard
 */
struct stall_hook_cost {
	u64 hits;
	u64 sampled;
	u64 sampled_ns;
	u64 missed;
};

/**
 * struct stall_hook - a probe, hung into this kernel or not
 * @run: of the collector that wants it
 * @probe: what it wants
 * @cost: what it did
 * @target: the chosen one of the probe's targets, NULL if none
 * @how: by what means
 * @shared: the callback that it shares with others, if it is not hot
 * @address: of the function
 * @linked: STALL_HAS_NEXT, STALL_IS_NEXT
 * @next: another collector's hook on the same function
 * @error: why it does not hang, 0 or negative
 * @checked: @cost as of the last check of what it costs
 * @tp: the tracepoint
 * @ops: the ftrace callback
 * @kp: the kprobe
 */
struct stall_hook {
	struct stall_run *run;
	const struct stall_probe *probe;
	struct stall_hook_cost __percpu *cost;
	const char *target;
	enum stall_hook_how how;
	int error;
	struct stall_entries *shared;
	unsigned long address;
	u8 linked;
	struct stall_hook *next;
	struct stall_hook_cost checked;
	union {
		struct tracepoint *tp;
		struct ftrace_ops ops;
		struct kprobe kp;
	};
};

/**
 * struct stall_entries - one ftrace callback for several functions
 * @ops: the callback
 * @nr: how many there are
 * @hooks: one for each function
 */
struct stall_entries {
	struct ftrace_ops ops;
	unsigned int nr;
	struct stall_hook *hooks[STALL_MAX_SHARED];
};

void stall_entries_attach(struct stall_entries *shared);
void stall_entries_detach(struct stall_entries *shared);
int stall_hook_attach(struct stall_hook *hook);
void stall_hook_detach(struct stall_hook *hook);
void stall_hook_fold(const struct stall_hook *hook,
		     struct stall_hook_cost *total);
unsigned long stall_function_address(const char *name);
void stall_hook_why(const struct stall_hook *hook, char *text, size_t room);
const char *stall_hook_how(const struct stall_hook *hook);

/**
 * stall_clock() - the clock of all observations
 *
 * Context: any, NMI included.
 * Return: CLOCK_MONOTONIC in ns.
 */
static __always_inline u64 stall_clock(void)
{
	return ktime_get_mono_fast_ns();
}

void stall_hook_timed(struct stall_hook *hook, u64 began);

/* One hit in so many is timed. */
#define STALL_COST_SAMPLE	64

/**
 * stall_hook_hit() - count a hit
 * @hook: which was hit
 *
 * Context: any. An interrupt in between times another hit, or none: no harm.
 * Return: true if this one is to be timed.
 */
static __always_inline bool stall_hook_hit(struct stall_hook *hook)
{
	struct stall_hook_cost __percpu *cost = hook->cost;

	this_cpu_inc(cost->hits);
	return unlikely(this_cpu_read(cost->hits) % STALL_COST_SAMPLE == 0);
}

/**
 * stall_hook_begin() - a handler begins, of a hit that is counted already
 * @timed: what stall_hook_hit() returned
 *
 * Preemption is off until stall_hook_exit(), by the tracepoint or by us.
 *
 * Context: any.
 * Return: what stall_hook_exit() wants: when a hit began that is timed, else 0.
 */
static __always_inline u64 stall_hook_begin(bool timed)
{
	stall_tracepoint_preempt_disable();
	return unlikely(timed) ? stall_ticks() : 0;
}

/**
 * stall_hook_enter() - a handler begins
 * @hook: a tracepoint's first argument
 *
 * Context: any.
 * Return: as of stall_hook_begin().
 */
static __always_inline u64 stall_hook_enter(struct stall_hook *hook)
{
	return stall_hook_begin(stall_hook_hit(hook));
}

/**
 * stall_hook_enter_timer() - a timer of STALL_OWN_TIMER() fires
 * @hook: the hook
 *
 * It does so seldom, so each is timed.
 *
 * Context: any.
 * Return: as of stall_hook_begin().
 */
static __always_inline u64 stall_hook_enter_timer(struct stall_hook *hook)
{
	this_cpu_inc(hook->cost->hits);
	return stall_hook_begin(true);
}

/**
 * stall_hook_exit() - a handler ends
 * @hook: as at stall_hook_enter()
 * @began: what that or stall_hook_begin() returned
 */
static __always_inline void stall_hook_exit(struct stall_hook *hook, u64 began)
{
	if (unlikely(began))
		stall_hook_timed(hook, began);
	stall_tracepoint_preempt_enable();
}

/**
 * stall_hook_enter_now() - a handler begins that needs the time for each hit
 * @hook: a tracepoint's first argument
 *
 * Context: any.
 * Return: now, in ticks; stall_hook_exit_now() wants it, too.
 */
static __always_inline u64 stall_hook_enter_now(struct stall_hook *hook)
{
	stall_tracepoint_preempt_disable();
	this_cpu_inc(hook->cost->hits);
	return stall_ticks();
}

/**
 * stall_hook_exit_now() - a handler ends
 * @hook: as at stall_hook_enter_now()
 * @now: what that returned
 */
static __always_inline void stall_hook_exit_now(struct stall_hook *hook, u64 now)
{
	/* An interrupt in between times another hit, or none: no harm. */
	if (unlikely(this_cpu_read(hook->cost->hits) % STALL_COST_SAMPLE == 0))
		stall_hook_timed(hook, now);
	stall_tracepoint_preempt_enable();
}

#endif /* STALL_PROBE_H */
