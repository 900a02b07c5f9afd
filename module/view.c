// SPDX-License-Identifier: GPL-2.0
/*
 * view - one series at one moment
 *
 * Counters, histograms and tables all become rows and columns here, so that
 * neither the snapshot nor the text files have to tell them apart.
 */
#include <linux/lockdep.h>
#include <linux/string.h>

#include "param.h"
#include "view.h"

#define HIST_BYTES	(sizeof(struct stallmeter_hist) +		\
			 STALL_HIST_BUCKETS * sizeof(u64))

/**
 * stall_series_readable() - does a collector have anything to show?
 * @run: it; NULL for the module's own series, which always have
 */
bool stall_series_readable(const struct stall_run *run)
{
	return !run || run->state == STALL_ON || run->state == STALL_THROTTLED;
}

static void view_shape(struct stall_view *view, const struct stall_series *series)
{
	struct stall_column *single = &view->single;

	if (series->kind == STALLMETER_TABLE) {
		view->columns = series->table->columns;
		view->nr_columns = series->table->nr_columns;
		view->rows.row_size = series->table->row_size;
		return;
	}
	single->name = "value";
	single->unit = series->unit;
	single->help = series->help;
	if (series->kind == STALLMETER_HISTOGRAM) {
		single->type = STALLMETER_HIST;
		single->size = HIST_BYTES;
	} else {
		single->type = series->kind == STALLMETER_GAUGE ?
			       STALLMETER_S64 : STALLMETER_U64;
		single->size = sizeof(u64);
	}
	view->columns = single;
	view->nr_columns = 1;
	view->rows.row_size = single->size;
}

/**
 * stall_view_read() - look at a series
 * @view: result, to be given to stall_view_free() in any case
 * @group: name of the collector or of the module
 * @run: the collector, readable; NULL for the module's own series
 * @series: one of the collector's, or of the module's own
 *
 * Context: process, may sleep, under the stall lock.
 * Return: 0 or -ENOMEM.
 */
int stall_view_read(struct stall_view *view, const char *group,
		    struct stall_run *run, const struct stall_series *series)
{
	unsigned int i;
	void *row;

	lockdep_assert_held(&stall_lock);
	memset(view, 0, sizeof(*view));
	view->group = group;
	view->series = series;
	view_shape(view, series);
	if (series->kind == STALLMETER_TABLE)
		return series->table->collect(run, &view->rows);

	row = stall_rows_add(&view->rows);
	if (!row)
		return -ENOMEM;
	i = series - run->collector->series;
	if (series->kind == STALLMETER_HISTOGRAM)
		stall_run_hist(run, i, row);
	else
		*(u64 *)row = stall_run_counter(run, i);
	return 0;
}

/**
 * stall_view_free() - give back what stall_view_read() took
 * @view: a view, or zeroes
 */
void stall_view_free(struct stall_view *view)
{
	stall_rows_free(&view->rows);
}
