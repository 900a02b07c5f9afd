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
#include <linux/preempt.h>
#include <linux/tracepoint.h>

#include "compat.h"

struct stall_run;

#define STALL_MAX_TARGETS	4

enum stall_probe_kind {
	STALL_TRACEPOINT,
	STALL_ENTRY,
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
 * struct stall_probe - a hook that a collector wants
 * @kind: what sort
 * @optional: the collector can do without
 * @targets: names in order of preference; the first that resolves wins
 * @tracepoint_fn: of a STALL_TRACEPOINT: has the type that the tracepoint
 *	calls, gets its struct stall_hook as first argument, and stands between
 *	stall_hook_enter() and stall_hook_exit()
 * @entry_fn: of a STALL_ENTRY
 */
struct stall_probe {
	enum stall_probe_kind kind;
	bool optional;
	const char *targets[STALL_MAX_TARGETS];
	union {
		void *tracepoint_fn;
		stall_entry_fn entry_fn;
	};
};

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

/* How a probe hangs in the kernel. */
enum stall_hook_how {
	STALL_HOW_NONE,
	STALL_HOW_TRACEPOINT,
	STALL_HOW_FTRACE,
	STALL_HOW_KPROBE,
};

/**
 * struct stall_hook_cost - what a hook does on one CPU
 * @hits: calls of its handler
 * @sampled: how many of them were timed
 * @sampled_ns: how long those took
 * @missed: calls turned away by the recursion guard
 * @depth: contexts in the handler now
 */
struct stall_hook_cost {
	u64 hits;
	u64 sampled;
	u64 sampled_ns;
	u64 missed;
	u32 depth;
};

/**
 * struct stall_hook - a probe, hung into this kernel or not
 * @run: of the collector that wants it
 * @probe: what it wants
 * @cost: what it did
 * @target: the chosen one of the probe's targets, NULL if none
 * @how: by what means
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
	struct stall_hook_cost checked;
	union {
		struct tracepoint *tp;
		struct ftrace_ops ops;
		struct kprobe kp;
	};
};

int stall_hook_attach(struct stall_hook *hook);
void stall_hook_detach(struct stall_hook *hook);
void stall_hook_fold(const struct stall_hook *hook,
		     struct stall_hook_cost *total);
void stall_hook_why(int error, char *text, size_t room);
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

/* One hit in so many is timed. */
#define STALL_COST_SAMPLE	64

/**
 * stall_hook_enter() - a handler begins
 * @hook: a tracepoint's first argument
 *
 * Preemption is off until stall_hook_exit(). Up to v7.1 tracepoints call their
 * probes so anyway; later ones do not.
 *
 * Context: any.
 * Return: what stall_hook_exit() wants.
 */
static __always_inline u64 stall_hook_enter(struct stall_hook *hook)
{
	u64 hits;

	preempt_disable_notrace();
	hits = this_cpu_inc_return(hook->cost->hits);

	return unlikely(hits % STALL_COST_SAMPLE == 0) ? stall_clock() : 0;
}

/**
 * stall_hook_exit() - a handler ends
 * @hook: as at stall_hook_enter()
 * @began: what that returned
 */
static __always_inline void stall_hook_exit(struct stall_hook *hook, u64 began)
{
	if (unlikely(began)) {
		this_cpu_inc(hook->cost->sampled);
		this_cpu_add(hook->cost->sampled_ns, stall_clock() - began);
	}
	preempt_enable_notrace();
}

#endif /* STALL_PROBE_H */
