/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ticks.h - a cheap clock for durations
 *
 * The clock is the dearest piece of a hook: the kernel's own takes 47
 * instructions, the time stamp counter 4. Where the kernel trusts the counter,
 * a duration is taken in its ticks and becomes nanoseconds where it is noted.
 */
#ifndef STALL_TICKS_H
#define STALL_TICKS_H

#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/timex.h>
#include <linux/types.h>

/**
 * struct stall_ticks_rate - what a tick is
 * @counter: ticks are those of the time stamp counter, else nanoseconds
 * @mult: a tick is @mult / 2^STALL_TICKS_SHIFT ns
 */
struct stall_ticks_rate {
	bool counter;
	u32 mult;
};

#define STALL_TICKS_SHIFT	24

extern struct stall_ticks_rate stall_ticks_rate;

void stall_ticks_init(void);
bool stall_ticks_lost(void);
const char *stall_ticks_name(void);
u64 stall_ns_to_ticks(u64 ns);
u64 stall_ticks_long(u64 ticks);

/**
 * stall_ticks() - now, for durations only
 *
 * Context: any, NMI included.
 * Return: time in ticks; CPUs may differ by a few.
 */
static __always_inline u64 stall_ticks(void)
{
	if (likely(stall_ticks_rate.counter))
		return get_cycles();
	return ktime_get_mono_fast_ns();
}

/**
 * stall_ticks_since() - how long ago that was
 * @start: an earlier stall_ticks(), perhaps another CPU's
 * @now: a stall_ticks()
 *
 * Context: any.
 * Return: ns, 0 if the counters of two CPUs differ by more than has passed.
 */
static __always_inline u64 stall_ticks_since(u64 start, u64 now)
{
	u64 ticks = now - start;

	/* A second or two: the product fits into 64 bits. */
	if (likely(ticks <= U32_MAX))
		return (ticks * stall_ticks_rate.mult) >> STALL_TICKS_SHIFT;
	return stall_ticks_long(ticks);
}

#endif /* STALL_TICKS_H */
