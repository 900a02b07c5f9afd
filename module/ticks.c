// SPDX-License-Identifier: GPL-2.0
/*
 * ticks - a cheap clock for durations
 */
#include <linux/cache.h>
#include <linux/math64.h>
#include <linux/time64.h>

#ifdef CONFIG_X86_TSC
#include <asm/tsc.h>
#endif

#include "ticks.h"

struct stall_ticks_rate stall_ticks_rate __read_mostly = {
	.mult = 1U << STALL_TICKS_SHIFT,
};

#ifdef CONFIG_X86_TSC

/* 0 if the kernel would not use the counter as its own clock. */
static unsigned int counter_khz(void)
{
	return check_tsc_unstable() ? 0 : tsc_khz;
}

#else

static unsigned int counter_khz(void)
{
	return 0;
}

#endif

/**
 * stall_ticks_init() - choose the clock
 *
 * While no collector is on: a span must end in the unit it began in.
 */
void stall_ticks_init(void)
{
	const u64 ns_in_ms = (u64)NSEC_PER_MSEC << STALL_TICKS_SHIFT;
	unsigned int khz = counter_khz();

	/* A counter so slow that the factor would not fit is none. */
	stall_ticks_rate.counter = khz && div_u64(ns_in_ms, khz) <= U32_MAX;
	stall_ticks_rate.mult = stall_ticks_rate.counter ?
				div_u64(ns_in_ms, khz) :
				1U << STALL_TICKS_SHIFT;
}

/**
 * stall_ticks_lost() - has the kernel lost its trust in the chosen clock?
 *
 * Then what has begun in its ticks is void: collectors must begin anew, after
 * stall_ticks_init().
 */
bool stall_ticks_lost(void)
{
	return stall_ticks_rate.counter && !counter_khz();
}

/**
 * stall_ticks_name() - which clock it is, in a word
 */
const char *stall_ticks_name(void)
{
	return stall_ticks_rate.counter ? "tsc" : "monotonic";
}

/**
 * stall_ticks_long() - stall_ticks_since() for what takes seconds
 * @ticks: how many passed; negative if the counters of two CPUs differ
 *
 * Context: any, NMI included.
 * Return: ns, 0 if negative.
 */
u64 stall_ticks_long(u64 ticks)
{
	if ((s64)ticks < 0)
		return 0;
	return mul_u64_u32_shr(ticks, stall_ticks_rate.mult, STALL_TICKS_SHIFT);
}

/**
 * stall_ns_to_ticks() - a limit in the unit of stall_ticks()
 * @ns: time in ns, at most 2^40 (18 minutes)
 */
u64 stall_ns_to_ticks(u64 ns)
{
	return div_u64(ns << STALL_TICKS_SHIFT, stall_ticks_rate.mult);
}
