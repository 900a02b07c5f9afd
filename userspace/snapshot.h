/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - the one reader of snapshots
 *
 * snapshot_parse() believes nothing; the accessors below it are for what it
 * let pass, and need no check of their own.
 */
#ifndef _STALLMETER_SNAPSHOT_H
#define _STALLMETER_SNAPSHOT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "failure.h"
#include "../module/hist.h"
#include "../uapi/stallmeter.h"

/* The group of what the module says of itself. */
#define SNAPSHOT_SELF	"stallmeter"

/**
 * struct snapshot - a snapshot that was found to be sound
 * @data: the file; everything points into it
 * @size: bytes of it
 * @header: its start
 */
struct snapshot {
	const unsigned char *data;
	size_t size;
	const struct stallmeter_header *header;
};

/**
 * struct histogram - a cell with a histogram
 * @view: buckets, smallest and largest value
 * @count: how many values
 * @sum: of them
 */
struct histogram {
	struct stall_hist_view view;
	__u64 count;
	__u64 sum;
};

/**
 * snapshot_parse() - check a snapshot through and through
 * @snap: gets it; points into @data
 * @data: the file, aligned to 8
 * @size: bytes of it
 * @name: what to call it in a message
 * @why: gets the failure
 *
 * Takes time and memory in proportion to @size, whatever the file claims.
 *
 * Return: STALLMETER_OK, STALLMETER_ERROR or STALLMETER_NEWER.
 */
enum stallmeter_exit snapshot_parse(struct snapshot *snap, const void *data,
				    size_t size, const char *name,
				    struct failure *why);

/**
 * snapshot_next() - go through the series whose kind this program knows
 * @snap: the snapshot
 * @desc: a series, or NULL for the first
 *
 * Return: the next one, or NULL.
 */
const struct stallmeter_desc *snapshot_next(const struct snapshot *snap,
					    const struct stallmeter_desc *desc);

/**
 * snapshot_find() - find a series by its name
 * @snap: the snapshot
 * @group: the collector
 * @name: the series
 *
 * Return: the series, or NULL.
 */
const struct stallmeter_desc *snapshot_find(const struct snapshot *snap,
					    const char *group, const char *name);

/**
 * snapshot_column() - a column of a series
 * @snap: the snapshot
 * @desc: the series
 * @index: which, less than @desc->nr_columns
 *
 * Its type may be one that this program does not know.
 *
 * Return: the column.
 */
const struct stallmeter_column *
snapshot_column(const struct snapshot *snap, const struct stallmeter_desc *desc,
		__u32 index);

/**
 * snapshot_column_find() - find a column by its name
 * @snap: the snapshot
 * @desc: the series
 * @name: the column
 *
 * Return: the column, or NULL.
 */
const struct stallmeter_column *
snapshot_column_find(const struct snapshot *snap,
		     const struct stallmeter_desc *desc, const char *name);

/**
 * snapshot_row() - a row of a series
 * @snap: the snapshot
 * @desc: the series
 * @row: which, less than @desc->nr_rows
 *
 * Return: the row, for the cell accessors.
 */
const void *snapshot_row(const struct snapshot *snap,
			 const struct stallmeter_desc *desc, __u32 row);

/**
 * cell_u64() - a cell of a STALLMETER_U64 column
 * @row: the row
 * @column: the column; NULL is one that the writer did not have yet
 *
 * Return: its value, 0 without a column.
 */
__u64 cell_u64(const void *row, const struct stallmeter_column *column);

/**
 * cell_s64() - a cell of a STALLMETER_S64 column
 * @row: the row
 * @column: the column; NULL is one that the writer did not have yet
 *
 * Return: its value, 0 without a column.
 */
__s64 cell_s64(const void *row, const struct stallmeter_column *column);

/**
 * cell_text() - a cell of a STALLMETER_TEXT column
 * @row: the row
 * @column: the column; NULL is one that the writer did not have yet
 *
 * Return: its text, not escaped; empty without a column.
 */
const char *cell_text(const void *row, const struct stallmeter_column *column);

/**
 * cell_histogram() - a cell of a STALLMETER_HIST column
 * @hist: gets it; points into the snapshot
 * @row: the row
 * @column: the column
 */
void cell_histogram(struct histogram *hist, const void *row,
		    const struct stallmeter_column *column);

/**
 * histogram_lower() - smallest value that a bucket holds
 * @hist: the histogram
 * @index: which of its buckets
 *
 * Return: that value; 0 for the first one of a part of the layout.
 */
__u64 histogram_lower(const struct histogram *hist, unsigned int index);

/**
 * histogram_upper() - largest value that a bucket holds
 * @hist: the histogram
 * @index: which of its buckets
 *
 * Return: that value; all ones for the last one of a part of the layout.
 */
__u64 histogram_upper(const struct histogram *hist, unsigned int index);

/**
 * snapshot_wall_ns() - the time of day of a time in a snapshot
 * @snap: the snapshot
 * @mono_ns: the time, as CLOCK_MONOTONIC had it
 *
 * Return: the same as CLOCK_REALTIME, as it was set at the snapshot.
 */
__u64 snapshot_wall_ns(const struct snapshot *snap, __u64 mono_ns);

#endif /* _STALLMETER_SNAPSHOT_H */
