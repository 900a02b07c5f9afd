// SPDX-License-Identifier: GPL-2.0
/*
 * timeline - the last ten minutes, second by second
 *
 * Once a second, work in process context notes of each histogram how many
 * values came in, their sum and their largest, so that the time around an
 * incident can be read after it at a resolution that no scrape has. A second
 * without a value has no slot. One in which the work itself was late is longer
 * than the others: its end stands beside it.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "collector.h"
#include "timeline.h"

/* What is older is not shown: seconds without a value take no slot. */
#define TIMELINE_NS	(STALL_TIMELINE_SLOTS * (u64)NSEC_PER_SEC)

struct timeline_slot {
	u64 at_ns;
	u64 count;
	u64 sum;
	u64 max;
};

/**
 * struct timeline_track - one histogram's last seconds
 * @run: whose
 * @series: which
 * @generation: of the run when it was last looked at
 * @count: values so far
 * @sum: their sum so far
 * @next: total number of slots written into its ring of STALL_TIMELINE_SLOTS
 */
struct timeline_track {
	struct stall_run *run;
	unsigned int series;
	u64 generation;
	u64 count;
	u64 sum;
	u64 next;
};

static struct stall_cell *track_cell(const struct timeline_track *track)
{
	return &track->run->cells[track->series];
}

static struct timeline_track *tracks;
static unsigned int nr_tracks;
static u64 last_tick_ns;

/* A folded histogram is too large for the stack. Under the stall lock. */
static u64 folded[sizeof(struct stallmeter_hist) / sizeof(u64) +
		  STALL_HIST_BUCKETS];

static void track_tick(struct timeline_track *track, u64 now)
{
	struct stall_cell *cell = track_cell(track);
	struct stallmeter_hist *total = (struct stallmeter_hist *)folded;
	struct timeline_slot *slot;
	u64 count;

	if (!cell->hist)
		return;
	/* Not with its first value: that may tell of a lack of memory. */
	if (!cell->slots)
		cell->slots = kvcalloc(STALL_TIMELINE_SLOTS,
				       sizeof(*cell->slots), GFP_KERNEL);
	if (track->generation != track->run->generation) {
		track->generation = track->run->generation;
		track->count = 0;
		track->sum = 0;
		track->next = 0;
	}
	stall_run_hist(track->run, track->series, total);
	count = stall_hist_count(total->buckets, STALL_HIST_BUCKETS);
	/* Its peak waits for it: leave that to the second that has the value. */
	if (count == track->count)
		return;
	/* Without memory now, a later second takes these values as well. */
	if (!cell->slots)
		return;
	slot = &cell->slots[track->next++ % STALL_TIMELINE_SLOTS];
	slot->at_ns = now;
	slot->count = count - track->count;
	slot->sum = total->sum - track->sum;
	/* A value may have come in between, its peak with this one's. */
	slot->max = max(stall_hist_take_peak(cell->hist),
			div64_u64(slot->sum, slot->count));
	track->count = count;
	track->sum = total->sum;
}

/* Unbound: a CPU that is taken by real-time tasks must not stop the clock. */
static struct workqueue_struct *timeline_queue;

static void timeline_tick(struct work_struct *work);
static DECLARE_DELAYED_WORK(timeline_work, timeline_tick);

static void timeline_tick(struct work_struct *work)
{
	unsigned int i;
	u64 now;

	mutex_lock(&stall_lock);
	stall_collectors_check_clock();
	now = stall_clock();
	for (i = 0; i < nr_tracks; i++)
		track_tick(&tracks[i], now);
	stall_collectors_check_cost(now - last_tick_ns);
	last_tick_ns = now;
	mutex_unlock(&stall_lock);
	queue_delayed_work(timeline_queue, &timeline_work, HZ);
}

static void timeline_add_tracks(struct stall_run *run)
{
	const struct stall_collector *collector = run->collector;
	unsigned int i;

	for (i = 0; i < collector->nr_series; i++) {
		if (collector->series[i].kind != STALLMETER_HISTOGRAM)
			continue;
		tracks[nr_tracks].run = run;
		tracks[nr_tracks].series = i;
		nr_tracks++;
	}
}

static unsigned int timeline_wanted(void)
{
	unsigned int i, j, nr = 0;

	for (i = 0; i < stall_nr_runs(); i++) {
		const struct stall_collector *collector =
			stall_run_at(i)->collector;

		for (j = 0; j < collector->nr_series; j++)
			if (collector->series[j].kind == STALLMETER_HISTOGRAM)
				nr++;
	}
	return nr;
}

/**
 * stall_timeline_init() - begin to keep the timeline
 *
 * Context: process, may sleep; the collectors are registered.
 * Return: 0 or -ENOMEM.
 */
int stall_timeline_init(void)
{
	unsigned int i;

	timeline_queue = alloc_workqueue("stallmeter", WQ_UNBOUND, 1);
	if (!timeline_queue)
		return -ENOMEM;
	tracks = kvcalloc(timeline_wanted(), sizeof(*tracks), GFP_KERNEL);
	if (!tracks) {
		destroy_workqueue(timeline_queue);
		return -ENOMEM;
	}
	for (i = 0; i < stall_nr_runs(); i++)
		timeline_add_tracks(stall_run_at(i));
	last_tick_ns = stall_clock();
	queue_delayed_work(timeline_queue, &timeline_work, HZ);
	return 0;
}

/**
 * stall_timeline_exit() - end it
 *
 * Context: process, may sleep.
 */
void stall_timeline_exit(void)
{
	cancel_delayed_work_sync(&timeline_work);
	destroy_workqueue(timeline_queue);
	kvfree(tracks);
	tracks = NULL;
	nr_tracks = 0;
}

/**
 * stall_timeline_bytes() - its memory
 */
size_t stall_timeline_bytes(void)
{
	size_t bytes = nr_tracks * sizeof(*tracks);
	unsigned int i;

	for (i = 0; i < nr_tracks; i++)
		if (track_cell(&tracks[i])->slots)
			bytes += STALL_TIMELINE_SLOTS *
				 sizeof(struct timeline_slot);
	return bytes;
}

struct timeline_row {
	u64 at_ns;
	u64 count;
	u64 sum;
	u64 max;
	char collector[32];
	char series[32];
};

static const struct stall_column timeline_columns[] = {
	STALL_U64(timeline_row, at_ns, "ns", "end of the second, monotonic"),
	STALL_U64(timeline_row, count, NULL, "values in it"),
	STALL_U64(timeline_row, sum, NULL, "their sum, in the series' unit"),
	STALL_U64(timeline_row, max, NULL, "the largest"),
	STALL_TEXT(timeline_row, collector, "whose histogram"),
	STALL_TEXT(timeline_row, series, "which"),
};

static int track_collect(const struct timeline_track *track,
			 struct stall_rows *rows)
{
	const struct stall_collector *collector = track->run->collector;
	u64 i = track->next > STALL_TIMELINE_SLOTS ?
		track->next - STALL_TIMELINE_SLOTS : 0;
	u64 now = stall_clock();

	/* Switched off, or on again and not yet looked at: nothing to tell. */
	if (track->generation != track->run->generation ||
	    !track_cell(track)->hist)
		return 0;
	for (; i < track->next; i++) {
		const struct timeline_slot *slot =
			&track_cell(track)->slots[i % STALL_TIMELINE_SLOTS];
		struct timeline_row *row;

		if (now - slot->at_ns > TIMELINE_NS)
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		row->at_ns = slot->at_ns;
		row->count = slot->count;
		row->sum = slot->sum;
		row->max = slot->max;
		strscpy(row->collector, collector->name,
			sizeof(row->collector));
		strscpy(row->series, collector->series[track->series].name,
			sizeof(row->series));
	}
	return 0;
}

static int timeline_collect(struct stall_run *none, struct stall_rows *rows)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr_tracks && !err; i++)
		err = track_collect(&tracks[i], rows);
	return err;
}

const struct stall_table stall_timeline_table =
	STALL_TABLE(timeline_row, timeline_columns, timeline_collect);
