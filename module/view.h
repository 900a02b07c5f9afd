/* SPDX-License-Identifier: GPL-2.0 */
/*
 * view.h - one series at one moment
 */
#ifndef STALL_VIEW_H
#define STALL_VIEW_H

#include "run.h"

/**
 * struct stall_view - a series with its rows
 * @group: the collector's name, or the module's own
 * @series: what it is
 * @columns: what stands in a row
 * @nr_columns: how many
 * @single: the column of a counter or histogram, which @columns points to
 * @rows: of this moment
 */
struct stall_view {
	const char *group;
	const struct stall_series *series;
	const struct stall_column *columns;
	unsigned int nr_columns;
	struct stall_column single;
	struct stall_rows rows;
};

int stall_view_read(struct stall_view *view, const char *group,
		    struct stall_run *run, const struct stall_series *series);
void stall_view_free(struct stall_view *view);
bool stall_series_readable(const struct stall_run *run);

#endif /* STALL_VIEW_H */
