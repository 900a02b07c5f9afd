// SPDX-License-Identifier: GPL-2.0
/*
 * hist - log-linear histograms: bounds and quantiles, and the kernel's
 * per-CPU recording
 */
#include "hist.h"

#ifdef __KERNEL__
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "../uapi/stallmeter.h"
#endif

/* A bucket's leading bit and the three below it. */
static unsigned int mantissa(unsigned int bucket)
{
	return STALL_HIST_SUB_BUCKETS + bucket % STALL_HIST_SUB_BUCKETS;
}

/**
 * stall_hist_lower() - smallest value of a bucket
 * @bucket: index in the layout
 */
u64 stall_hist_lower(unsigned int bucket)
{
	if (bucket < STALL_HIST_SUB_BUCKETS)
		return bucket;
	return (u64)mantissa(bucket) << (bucket / STALL_HIST_SUB_BUCKETS - 1);
}

/**
 * stall_hist_upper() - largest value of a bucket, inclusive
 * @bucket: index in the layout
 */
u64 stall_hist_upper(unsigned int bucket)
{
	/* The last bucket's bound wraps to the largest u64, as it should. */
	if (bucket < STALL_HIST_SUB_BUCKETS)
		return bucket;
	return ((u64)(mantissa(bucket) + 1) <<
		(bucket / STALL_HIST_SUB_BUCKETS - 1)) - 1;
}

/**
 * stall_hist_count() - how many values there are
 * @buckets: counts
 * @nr: how many buckets
 */
u64 stall_hist_count(const u64 *buckets, unsigned int nr)
{
	u64 count = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		count += buckets[i];
	return count;
}

/* The rank of a quantile, 1 to @count, without overflow for any count. */
static u64 quantile_rank(u64 count, u32 ppm)
{
	const u32 million = 1000000;
	u64 rank;

	rank = count / million * ppm +
	       (count % million * ppm + million - 1) / million;
	return rank ? rank : 1;
}

/**
 * stall_hist_quantile() - value below which a part of the values lies
 * @hist: folded histogram
 * @ppm: the part, in millionths (500000 is the median)
 *
 * The sample of rank ceil(ppm * count) lies in some bucket; the middle of that
 * bucket is at most 6.25 % away from it, inside the smallest and largest value.
 *
 * Return: the quantile, 0 for an empty histogram.
 */
u64 stall_hist_quantile(const struct stall_hist_view *hist, u32 ppm)
{
	u64 count = stall_hist_count(hist->buckets, hist->nr);
	u64 rank, seen = 0, low, high;
	unsigned int i;

	if (!count)
		return 0;
	rank = quantile_rank(count, ppm);
	for (i = 0; i + 1 < hist->nr; i++) {
		seen += hist->buckets[i];
		if (seen >= rank)
			break;
	}

	/* The ends of a part of the layout hold all that lies beyond them. */
	low = i ? stall_hist_lower(hist->first + i) : 0;
	high = i + 1 < hist->nr ? stall_hist_upper(hist->first + i) : ~0ULL;
	/* While the first value of all is written, there are no extremes yet. */
	if (hist->min <= hist->max) {
		low = low < hist->min ? hist->min : low;
		high = high > hist->max ? hist->max : high;
	}
	return high > low ? low + (high - low) / 2 : low;
}

#ifdef __KERNEL__

/**
 * stall_hist_alloc() - memory of one histogram on all possible CPUs
 *
 * Context: process, may sleep.
 * Return: an empty histogram, or NULL.
 */
struct stall_hist __percpu *stall_hist_alloc(void)
{
	struct stall_hist __percpu *hist = alloc_percpu(struct stall_hist);
	int cpu;

	if (!hist)
		return NULL;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(hist, cpu)->min = U64_MAX;
	return hist;
}

/**
 * stall_hist_free() - give back what stall_hist_alloc() gave
 * @hist: histogram, or NULL
 */
void stall_hist_free(struct stall_hist __percpu *hist)
{
	free_percpu(hist);
}

/*
 * An interrupt may bring a new extreme between the look and the change, so
 * compare and exchange; contexts nest four deep at most, hence four tries.
 */
#define EXTREME_TRIES	4

static void extreme_raise(u64 __percpu *cell, u64 value)
{
	int tries;
	u64 seen;

	for (tries = 0; tries < EXTREME_TRIES; tries++) {
		seen = this_cpu_read(*cell);
		if (value <= seen ||
		    this_cpu_cmpxchg(*cell, seen, value) == seen)
			break;
	}
}

static void extreme_lower(u64 __percpu *cell, u64 value)
{
	int tries;
	u64 seen;

	for (tries = 0; tries < EXTREME_TRIES; tries++) {
		seen = this_cpu_read(*cell);
		if (value >= seen ||
		    this_cpu_cmpxchg(*cell, seen, value) == seen)
			break;
	}
}

/**
 * stall_hist_new_extreme() - note a value that is a new minimum, maximum or peak
 * @hist: histogram
 * @value: the value
 *
 * Context: any, NMI included. Rare: stall_hist_record() calls it.
 */
void stall_hist_new_extreme(struct stall_hist __percpu *hist, u64 value)
{
	extreme_raise(&hist->peak, value);
	extreme_raise(&hist->max, value);
	extreme_lower(&hist->min, value);
}

/**
 * stall_hist_fold() - add up a histogram over all possible CPUs
 * @hist: histogram
 * @total: result, with room for STALL_HIST_BUCKETS buckets
 *
 * Possible and not online CPUs, so that what an offlined one counted stays.
 *
 * Context: any; writers go on meanwhile.
 */
void stall_hist_fold(struct stall_hist __percpu *hist,
		     struct stallmeter_hist *total)
{
	unsigned int i;
	int cpu;

	total->sum = 0;
	total->min = U64_MAX;
	total->max = 0;
	for (i = 0; i < STALL_HIST_BUCKETS; i++)
		total->buckets[i] = 0;

	for_each_possible_cpu(cpu) {
		const struct stall_hist *cell = per_cpu_ptr(hist, cpu);

		total->sum += READ_ONCE(cell->sum);
		total->min = min_t(u64, total->min, READ_ONCE(cell->min));
		total->max = max_t(u64, total->max, READ_ONCE(cell->max));
		for (i = 0; i < STALL_HIST_BUCKETS; i++)
			total->buckets[i] += READ_ONCE(cell->buckets[i]);
	}
}

/**
 * stall_hist_take_peak() - largest value since the last call
 * @hist: histogram
 *
 * A record that races with this is counted in this period or the next one.
 *
 * Context: process; one caller at a time.
 */
u64 stall_hist_take_peak(struct stall_hist __percpu *hist)
{
	u64 peak = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		peak = max_t(u64, peak, xchg(&per_cpu_ptr(hist, cpu)->peak, 0));
	return peak;
}

#endif /* __KERNEL__ */
