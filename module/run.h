/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run.h - a collector at work
 */
#ifndef STALL_RUN_H
#define STALL_RUN_H

#include "events.h"
#include "hist.h"
#include "probe.h"
#include "table.h"
#include "ticks.h"

#define STALL_MAX_SERIES	24

enum stall_state {
	STALL_OFF,
	STALL_ON,
	STALL_THROTTLED,
	STALL_UNAVAILABLE,
};

/**
 * struct stall_story - an event in words
 * @subject: what stalled, without saying for how long
 * @note: why it was late, or why it may be no stall after all; or empty
 * @doubt: it probably is none
 */
struct stall_story {
	char subject[208];
	char note[160];
	bool doubt;
};

/**
 * struct stall_collector - one family of observations
 * @name: of the collector, its folder and its parameter value
 * @help: one line on what it watches
 * @series: what it shows
 * @nr_series: how many
 * @probes: the hooks that it wants; they are attached in this order, but for
 *	entries of functions that are not hot, which come before all others
 * @nr_probes: how many
 * @setup: get memory, kept in run->priv, before the first probe is attached;
 *	may sleep; returns 0 or an error. Optional.
 * @teardown: give it back after the last probe's handler has ended. Optional.
 * @attached: all probes hang that can. Called in process context under the
 *	stall lock. Optional.
 * @detaching: the probes are about to be taken out, or could not all be hung:
 *	what only works while they hang has to end. Called in process context
 *	under the stall lock, perhaps without @attached before. Optional.
 * @flush: put into the histograms what handlers keep back until a window is
 *	over. Called in process context under the stall lock before they are
 *	read. Optional.
 * @describe: tell an event in words, in process context. Optional for a
 *	collector that makes no events.
 */
struct stall_collector {
	const char *name;
	const char *help;
	const struct stall_series *series;
	unsigned int nr_series;
	const struct stall_probe *probes;
	unsigned int nr_probes;
	int (*setup)(struct stall_run *run);
	void (*teardown)(struct stall_run *run);
	void (*attached)(struct stall_run *run);
	void (*detaching)(struct stall_run *run);
	void (*flush)(struct stall_run *run);
	void (*describe)(struct stall_run *run, const struct stall_event *event,
			 struct stall_story *story);
};

#define STALL_COLLECTOR(_name, _help, _series, _probes)			\
	.name = (_name),						\
	.help = (_help),						\
	.series = (_series),						\
	.nr_series = ARRAY_SIZE(_series) +				\
		BUILD_BUG_ON_ZERO(ARRAY_SIZE(_series) > STALL_MAX_SERIES), \
	.probes = (_probes),						\
	.nr_probes = ARRAY_SIZE(_probes)

/**
 * struct stall_losses - what was not observed, on one CPU
 * @dropped: bounded tables had no room for it
 * @missed: it came in at a moment when it could not be taken
 */
struct stall_losses {
	u64 dropped;
	u64 missed;
};

struct timeline_slot;

/**
 * struct stall_cell - the memory of a series, freed as the collector stops
 * @counter: of a counter or a gauge
 * @hist: of a histogram
 * @slots: its last seconds, a ring; allocated and used by the timeline
 */
struct stall_cell {
	union {
		u64 __percpu *counter;
		struct stall_hist __percpu *hist;
	};
	struct timeline_slot *slots;
};

/**
 * struct stall_run - the state of a collector
 * @collector: which one
 * @index: its place in the registry
 * @enabled: asked for by the parameter "collectors"
 * @state: what became of that
 * @reason: why it is not on, or for what it waits, in words
 * @generation: number of its start, different for each
 * @started_ns: when that was
 * @priv: the collector's own
 * @cells: by series; NULL for tables
 * @losses: what it lost
 * @hooks: its probes
 * @entries: those of them that share a callback
 * @memory_bytes: memory shared by all CPUs, hooks included
 * @memory_cpu_bytes: memory on each CPU
 * @over_cost: checks in a row that found it too dear
 *
 * Changed under the stall lock only. Handlers see it from before the first
 * probe is attached until after the last one has ended.
 */
struct stall_run {
	const struct stall_collector *collector;
	u16 index;
	bool enabled;
	enum stall_state state;
	char reason[96];
	u64 generation;
	u64 started_ns;
	void *priv;
	struct stall_cell cells[STALL_MAX_SERIES];
	struct stall_losses __percpu *losses;
	struct stall_hook *hooks;
	struct stall_entries entries;
	size_t memory_bytes;
	size_t memory_cpu_bytes;
	unsigned int over_cost;
};

int stall_run_init(struct stall_run *run,
		   const struct stall_collector *collector, u16 index);
void stall_run_exit(struct stall_run *run);
void stall_run_start(struct stall_run *run);
void stall_run_stop(struct stall_run *run);
void stall_run_give_up(struct stall_run *run, const char *reason);
void stall_run_hist(struct stall_run *run, unsigned int series,
		    struct stallmeter_hist *total);
u64 stall_run_counter(const struct stall_run *run, unsigned int series);
void stall_run_losses(const struct stall_run *run, struct stall_losses *total);
bool stall_run_check_cost(struct stall_run *run, u64 elapsed_ns,
			  unsigned int limit_ppm);
const char *stall_state_name(enum stall_state state);

/*
 * For handlers. Context: any, NMI included.
 */

static __always_inline void stall_count(struct stall_run *run,
					unsigned int series)
{
	this_cpu_inc(*run->cells[series].counter);
}

/* One CPU may add what another takes away: only the sum means something. */
static __always_inline void stall_gauge_add(struct stall_run *run,
					    unsigned int series, s64 value)
{
	this_cpu_add(*run->cells[series].counter, value);
}

static __always_inline void stall_add(struct stall_run *run,
				      unsigned int series, u64 value)
{
	this_cpu_add(*run->cells[series].counter, value);
}

static __always_inline void stall_record(struct stall_run *run,
					 unsigned int series, u64 value)
{
	stall_hist_record(run->cells[series].hist, value);
}

/* Of a value whose bucket is known. */
static __always_inline void stall_record_in(struct stall_run *run,
					    unsigned int series,
					    unsigned int bucket, u64 value)
{
	stall_hist_record_in(run->cells[series].hist, bucket, value);
}

static __always_inline void stall_dropped(struct stall_run *run)
{
	this_cpu_inc(run->losses->dropped);
}

static __always_inline void stall_missed(struct stall_run *run)
{
	this_cpu_inc(run->losses->missed);
}

#endif /* STALL_RUN_H */
