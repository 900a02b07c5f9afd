// SPDX-License-Identifier: GPL-2.0
/*
 * dcache_windows - in what numbers dentries come and go
 *
 * A CPU counts what it allocates for 10 ms, and what a task frees on it until
 * that pauses for as long; then the number is a value of a histogram. That is
 * seen at the next dentry, or when somebody reads.
 */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "dcache.h"

/* Whoever comes in between, a reader's interrupt for one, finds nothing. */
static void window_close(struct stall_run *run, u64 __percpu *cell,
			 unsigned int series)
{
	u64 nr = this_cpu_xchg(*cell, 0);

	if (nr)
		stall_record(run, series, nr);
}

/**
 * dcache_new_burst() - the first dentry of a window is allocated
 * @run: the collector
 * @now: in ticks
 *
 * Context: any, preemption off.
 */
void dcache_new_burst(struct stall_run *run, u64 now)
{
	struct dcache_state *dcache = run->priv;

	window_close(run, &dcache->cpus->burst.nr, DCACHE_BURST);
	WRITE_ONCE(this_cpu_ptr(dcache->cpus)->burst.since, now);
	this_cpu_inc(dcache->cpus->burst.nr);
}

/**
 * dcache_new_batch() - a dentry is freed by another task, or after a pause
 * @run: the collector
 *
 * Context: any, preemption off.
 */
void dcache_new_batch(struct stall_run *run)
{
	struct dcache_state *dcache = run->priv;

	window_close(run, &dcache->cpus->batch.nr, DCACHE_BATCH);
	this_cpu_ptr(dcache->cpus)->batch.task = current;
}

static bool cpu_has_more(struct stall_run *run, int cpu, u64 now)
{
	struct dcache_state *dcache = run->priv;
	const struct dcache_cpu *it = per_cpu_ptr(dcache->cpus, cpu);

	return (READ_ONCE(it->burst.nr) &&
		dcache_is_over(dcache, &it->burst, now)) ||
	       (READ_ONCE(it->batch.nr) &&
		dcache_is_over(dcache, &it->batch, now));
}

/* On the CPU itself, interrupts off. */
static void cpu_flush(void *info)
{
	struct stall_run *run = info;
	struct dcache_state *dcache = run->priv;
	const struct dcache_cpu *mine = this_cpu_ptr(dcache->cpus);
	u64 now = stall_ticks();

	if (dcache_is_over(dcache, &mine->burst, now))
		window_close(run, &dcache->cpus->burst.nr, DCACHE_BURST);
	if (dcache_is_over(dcache, &mine->batch, now))
		window_close(run, &dcache->cpus->batch.nr, DCACHE_BATCH);
}

/* A CPU that is away writes nothing; its numbers become this one's. */
static void cpu_flush_offline(struct stall_run *run, int cpu)
{
	struct dcache_state *dcache = run->priv;
	struct dcache_cpu *away = per_cpu_ptr(dcache->cpus, cpu);

	if (away->burst.nr)
		stall_record(run, DCACHE_BURST, away->burst.nr);
	if (away->batch.nr)
		stall_record(run, DCACHE_BATCH, away->batch.nr);
	away->burst.nr = 0;
	away->batch.nr = 0;
}

/**
 * dcache_flush() - count the windows that are over and had no next dentry
 * @run: the collector
 *
 * Interrupts the CPUs that have one, and no others.
 *
 * Context: process, may sleep, under the stall lock.
 */
void dcache_flush(struct stall_run *run)
{
	u64 now = stall_ticks();
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (!cpu_has_more(run, cpu, now))
			continue;
		if (cpu_online(cpu))
			smp_call_function_single(cpu, cpu_flush, run, 1);
		else
			cpu_flush_offline(run, cpu);
	}
	cpus_read_unlock();
}
