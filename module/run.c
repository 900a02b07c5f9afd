// SPDX-License-Identifier: GPL-2.0
/*
 * run - a collector at work: its memory, its probes, its state
 */
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "param.h"
#include "run.h"

/* A collector that is too dear for so many checks in a row is taken out. */
#define COST_CHECKS	10

/**
 * stall_run_init() - prepare a collector, off
 * @run: its state, zeroed
 * @collector: which
 * @index: its place in the registry
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_run_init(struct stall_run *run,
		   const struct stall_collector *collector, u16 index)
{
	unsigned int i;

	run->collector = collector;
	run->index = index;
	run->hooks = kcalloc(collector->nr_probes, sizeof(*run->hooks),
			     GFP_KERNEL);
	if (!run->hooks && collector->nr_probes)
		return -ENOMEM;
	for (i = 0; i < collector->nr_probes; i++) {
		run->hooks[i].run = run;
		run->hooks[i].probe = &collector->probes[i];
		run->hooks[i].shared = &run->entries;
	}
	return 0;
}

/**
 * stall_run_exit() - give back what stall_run_init() took
 * @run: off, or never initialised but zero
 */
void stall_run_exit(struct stall_run *run)
{
	kfree(run->hooks);
	run->hooks = NULL;
}

static void run_free_cells(struct stall_run *run)
{
	const struct stall_collector *collector = run->collector;
	unsigned int i;

	for (i = 0; i < collector->nr_series; i++) {
		if (collector->series[i].kind == STALLMETER_HISTOGRAM)
			stall_hist_free(run->cells[i].hist);
		else
			free_percpu(run->cells[i].counter);
		kvfree(run->cells[i].slots);
	}
	memset(run->cells, 0, sizeof(run->cells));
	for (i = 0; i < collector->nr_probes; i++) {
		free_percpu(run->hooks[i].cost);
		run->hooks[i].cost = NULL;
	}
	free_percpu(run->losses);
	run->losses = NULL;
}

static bool run_alloc_series(struct stall_run *run, unsigned int i)
{
	switch (run->collector->series[i].kind) {
	case STALLMETER_HISTOGRAM:
		run->memory_cpu_bytes += sizeof(struct stall_hist);
		run->cells[i].hist = stall_hist_alloc();
		return run->cells[i].hist;
	case STALLMETER_COUNTER:
	case STALLMETER_GAUGE:
		run->memory_cpu_bytes += sizeof(u64);
		run->cells[i].counter = alloc_percpu(u64);
		return run->cells[i].counter;
	default:
		return true;
	}
}

static int run_alloc_cells(struct stall_run *run)
{
	const struct stall_collector *collector = run->collector;
	unsigned int i;

	run->memory_bytes = collector->nr_probes * sizeof(*run->hooks);
	run->memory_cpu_bytes = sizeof(*run->losses) +
			collector->nr_probes * sizeof(*run->hooks->cost);
	run->losses = alloc_percpu(struct stall_losses);
	if (!run->losses)
		goto fail;
	for (i = 0; i < collector->nr_series; i++)
		if (!run_alloc_series(run, i))
			goto fail;
	for (i = 0; i < collector->nr_probes; i++) {
		run->hooks[i].cost = alloc_percpu(struct stall_hook_cost);
		if (!run->hooks[i].cost)
			goto fail;
		memset(&run->hooks[i].checked, 0,
		       sizeof(run->hooks[i].checked));
	}
	return 0;

fail:
	run_free_cells(run);
	return -ENOMEM;
}

/* Take out all probes and wait until their handlers have ended. */
static void run_detach(struct stall_run *run)
{
	unsigned int i = run->collector->nr_probes;

	if (run->collector->detaching)
		run->collector->detaching(run);
	while (i--)
		stall_hook_detach(&run->hooks[i]);
	stall_entries_detach(&run->entries);
	tracepoint_synchronize_unregister();
}

static int run_attach(struct stall_run *run)
{
	const struct stall_collector *collector = run->collector;
	char why[48];
	unsigned int i;

	for (i = 0; i < collector->nr_probes; i++)
		if (stall_probe_shares(&collector->probes[i]))
			stall_hook_attach(&run->hooks[i]);
	stall_entries_attach(&run->entries);
	for (i = 0; i < collector->nr_probes; i++)
		if (!stall_probe_shares(&collector->probes[i]))
			stall_hook_attach(&run->hooks[i]);
	for (i = 0; i < collector->nr_probes; i++) {
		if (!run->hooks[i].error || collector->probes[i].optional)
			continue;
		stall_hook_why(&run->hooks[i], why, sizeof(why));
		scnprintf(run->reason, sizeof(run->reason),
			  "required probe %s: %s",
			  collector->probes[i].targets[0], why);
		run_detach(run);
		return run->hooks[i].error;
	}
	return 0;
}

static int run_setup(struct stall_run *run)
{
	int err;

	if (!run->collector->setup)
		return 0;
	err = run->collector->setup(run);
	if (err)
		scnprintf(run->reason, sizeof(run->reason),
			  "setup: error %d", err);
	return err;
}

static void run_teardown(struct stall_run *run)
{
	if (run->collector->teardown)
		run->collector->teardown(run);
	run->priv = NULL;
}

/**
 * stall_run_start() - switch a collector on
 * @run: off
 *
 * Probes are attached, first those that share a callback, then the others in
 * the order of their table; if a required one cannot be, all are taken out.
 * Whatever goes wrong, the collector is unavailable and says why; nothing else
 * suffers.
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_run_start(struct stall_run *run)
{
	static u64 generation;

	lockdep_assert_held(&stall_lock);
	run->state = STALL_UNAVAILABLE;
	run->reason[0] = '\0';
	run->generation = ++generation;
	run->started_ns = stall_clock();
	run->over_cost = 0;

	if (run_alloc_cells(run)) {
		strscpy(run->reason, "out of memory", sizeof(run->reason));
		goto no_memory;
	}
	if (run_setup(run))
		goto free_cells;
	if (run_attach(run))
		goto teardown;
	run->state = STALL_ON;
	if (run->collector->attached)
		run->collector->attached(run);
	return;

teardown:
	/* Probes that hung for a while may have told of events. */
	stall_events_forget(run->index);
	run_teardown(run);
free_cells:
	run_free_cells(run);
no_memory:
	run->memory_bytes = 0;
	run->memory_cpu_bytes = 0;
}

/**
 * stall_run_stop() - switch a collector off
 * @run: in any state
 *
 * What it counted is gone afterwards, its events included.
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_run_stop(struct stall_run *run)
{
	lockdep_assert_held(&stall_lock);
	/* One that has given up has its memory still. */
	if (run->losses) {
		run_detach(run);
		stall_events_forget(run->index);
		run_teardown(run);
		run_free_cells(run);
	}
	run->state = STALL_OFF;
	run->reason[0] = '\0';
	run->memory_bytes = 0;
	run->memory_cpu_bytes = 0;
}

/**
 * stall_run_give_up() - take out a collector that finds that it cannot work here
 * @run: on
 * @reason: why
 *
 * Its probes are detached, and it is unavailable; memory goes when it is
 * switched off.
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_run_give_up(struct stall_run *run, const char *reason)
{
	lockdep_assert_held(&stall_lock);
	run_detach(run);
	run->state = STALL_UNAVAILABLE;
	strscpy(run->reason, reason, sizeof(run->reason));
}

/**
 * stall_run_counter() - a counter over all CPUs
 * @run: on or throttled
 * @series: index of a counter
 */
u64 stall_run_counter(const struct stall_run *run, unsigned int series)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(run->cells[series].counter, cpu));
	return sum;
}

/**
 * stall_run_hist() - a histogram over all CPUs
 * @run: on or throttled
 * @series: index of a histogram
 * @total: result, with room for STALL_HIST_BUCKETS buckets
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_run_hist(struct stall_run *run, unsigned int series,
		    struct stallmeter_hist *total)
{
	lockdep_assert_held(&stall_lock);
	if (run->collector->flush)
		run->collector->flush(run);
	stall_hist_fold(run->cells[series].hist, total);
}

/**
 * stall_run_losses() - what a collector lost on all CPUs
 * @run: in any state
 * @total: result
 */
void stall_run_losses(const struct stall_run *run, struct stall_losses *total)
{
	struct stall_hook_cost cost;
	unsigned int i;
	int cpu;

	memset(total, 0, sizeof(*total));
	if (!run->losses)
		return;
	for_each_possible_cpu(cpu) {
		const struct stall_losses *losses =
			per_cpu_ptr(run->losses, cpu);

		total->dropped += READ_ONCE(losses->dropped);
		total->missed += READ_ONCE(losses->missed);
	}
	for (i = 0; i < run->collector->nr_probes; i++) {
		stall_hook_fold(&run->hooks[i], &cost);
		total->missed += cost.missed;
	}
}

/*
 * Time in all handlers of a run since the last look: what was timed since then,
 * times how many hits there were for each that was timed.
 */
static u64 run_cost_since(struct stall_run *run)
{
	struct stall_hook_cost cost;
	u64 hits, sampled, sum = 0;
	unsigned int i;

	for (i = 0; i < run->collector->nr_probes; i++) {
		struct stall_hook_cost *last = &run->hooks[i].checked;

		stall_hook_fold(&run->hooks[i], &cost);
		hits = cost.hits - last->hits;
		sampled = cost.sampled - last->sampled;
		if (sampled)
			sum += div64_u64((cost.sampled_ns - last->sampled_ns) *
					 hits, sampled);
		*last = cost;
	}
	return sum;
}

/**
 * stall_run_check_cost() - take out a collector that costs too much
 * @run: in any state
 * @elapsed_ns: since the last check
 * @limit_ppm: what it may cost of the time of all online CPUs, 0 for anything
 *
 * Its probes are detached; what it has counted stays to be read.
 *
 * Context: process, may sleep, under the stall lock.
 * Return: true if it was taken out now.
 */
bool stall_run_check_cost(struct stall_run *run, u64 elapsed_ns,
			  unsigned int limit_ppm)
{
	u64 spent, limit;

	lockdep_assert_held(&stall_lock);
	if (run->state != STALL_ON)
		return false;
	spent = run_cost_since(run);
	limit = div_u64(elapsed_ns, 1000000) * limit_ppm * num_online_cpus();
	run->over_cost = limit_ppm && spent > limit ? run->over_cost + 1 : 0;
	if (run->over_cost < COST_CHECKS)
		return false;
	run_detach(run);
	run->state = STALL_THROTTLED;
	scnprintf(run->reason, sizeof(run->reason),
		  "cost %llu of the last %llu us (cost_limit_ppm=%u); reset starts it again",
		  div_u64(spent, NSEC_PER_USEC),
		  div_u64(elapsed_ns, NSEC_PER_USEC), limit_ppm);
	return true;
}

/**
 * stall_state_name() - a state in a word
 * @state: the state
 */
const char *stall_state_name(enum stall_state state)
{
	static const char * const names[] = {
		[STALL_OFF] = "off",
		[STALL_ON] = "on",
		[STALL_THROTTLED] = "throttled",
		[STALL_UNAVAILABLE] = "unavailable",
	};

	return names[state];
}
