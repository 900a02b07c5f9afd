/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hist.h - log-linear histograms
 *
 * Eight buckets to a power of two over the whole range of u64, so that a
 * bucket is at most 12.5 % of its values wide and a quantile, read as the
 * middle of its bucket, at most 6.25 % off. Upper bounds are integers and
 * inclusive: a bucket seam is exact. (The layout is HdrHistogram's, by Gil
 * Tene, with three significant bits.)
 *
 * The arithmetic is pure and compiles in the kernel, in KUnit and in the
 * reporter; what follows __KERNEL__ records and folds per-CPU cells.
 */
#ifndef STALL_HIST_H
#define STALL_HIST_H

#include <linux/types.h>

#ifndef __KERNEL__
typedef __u32 u32;
typedef __u64 u64;
#endif

#define STALL_HIST_SUB_BITS	3
#define STALL_HIST_SUB_BUCKETS	8U
#define STALL_HIST_BUCKETS	496U

/**
 * struct stall_hist_view - a folded histogram, or a part of one
 * @buckets: counts
 * @first: index in the layout of the first of them; it also holds all smaller
 *	values
 * @nr: how many there are; the last one also holds all larger values
 * @min: smallest value
 * @max: largest value
 */
struct stall_hist_view {
	const u64 *buckets;
	unsigned int first;
	unsigned int nr;
	u64 min;
	u64 max;
};

/**
 * stall_hist_bucket() - which bucket a value belongs to
 * @value: any value
 *
 * Context: any.
 * Return: 0 to STALL_HIST_BUCKETS - 1.
 */
static inline unsigned int stall_hist_bucket(u64 value)
{
	unsigned int shift;

	if (value < STALL_HIST_SUB_BUCKETS)
		return value;
	/* Keep the leading bit and the three below it. */
	shift = 63 - STALL_HIST_SUB_BITS - __builtin_clzll(value);
	return (shift << STALL_HIST_SUB_BITS) + (unsigned int)(value >> shift);
}

/* Saturate at the ends of a part of the layout. */
static inline unsigned int stall_hist_clamp(unsigned int bucket,
					    unsigned int first, unsigned int nr)
{
	if (bucket < first)
		return 0;
	bucket -= first;
	return bucket < nr ? bucket : nr - 1;
}

u64 stall_hist_lower(unsigned int bucket);
u64 stall_hist_upper(unsigned int bucket);
u64 stall_hist_count(const u64 *buckets, unsigned int nr);
u64 stall_hist_quantile(const struct stall_hist_view *hist, u32 ppm);

#ifdef __KERNEL__

#include <linux/compiler.h>
#include <linux/percpu.h>

struct stallmeter_hist;

/**
 * struct stall_hist - a histogram's cells on one CPU
 * @sum: of the values, in the series' unit; wraps
 * @min: smallest value, U64_MAX before the first
 * @max: largest value
 * @peak: largest value since the timeline last took it
 * @buckets: counts
 *
 * Only the CPU itself writes, with this_cpu_*() operations, so that an
 * interrupt in the middle of a record loses nothing; the timeline's reset of
 * @peak is the one exception.
 */
struct stall_hist {
	u64 sum;
	u64 min;
	u64 max;
	u64 peak;
	u64 buckets[STALL_HIST_BUCKETS];
};

struct stall_hist __percpu *stall_hist_alloc(void);
void stall_hist_free(struct stall_hist __percpu *hist);
void stall_hist_new_extreme(struct stall_hist __percpu *hist, u64 value);
void stall_hist_fold(struct stall_hist __percpu *hist,
		     struct stallmeter_hist *total);
u64 stall_hist_take_peak(struct stall_hist __percpu *hist);

/**
 * stall_hist_record_in() - count one value whose bucket is known
 * @hist: histogram
 * @bucket: of the value
 * @value: in the series' unit
 *
 * Context: any, NMI included.
 */
static __always_inline void
stall_hist_record_in(struct stall_hist __percpu *hist, unsigned int bucket,
		     u64 value)
{
	/* Not as [bucket], which UBSAN checks where the kernel is built with it. */
	this_cpu_inc(*(hist->buckets + bucket));
	this_cpu_add(hist->sum, value);
	if (unlikely(value > this_cpu_read(hist->peak) ||
		     value < this_cpu_read(hist->min)))
		stall_hist_new_extreme(hist, value);
}

/**
 * stall_hist_record() - count one value
 * @hist: histogram
 * @value: in the series' unit
 *
 * Context: any, NMI included.
 */
static __always_inline void stall_hist_record(struct stall_hist __percpu *hist,
					      u64 value)
{
	stall_hist_record_in(hist, stall_hist_bucket(value), value);
}

#endif /* __KERNEL__ */

#endif /* STALL_HIST_H */
