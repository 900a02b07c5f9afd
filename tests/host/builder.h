/* SPDX-License-Identifier: GPL-2.0 */
/*
 * builder.h - put a snapshot together
 *
 * A writer of the format that shares nothing with the module's but the header
 * in uapi/: series, then its columns, then its rows, then the next series.
 */
#ifndef _STALLMETER_BUILDER_H
#define _STALLMETER_BUILDER_H

#include <stddef.h>

#include "../../module/hist.h"
#include "../../uapi/stallmeter.h"

#define BUILDER_SERIES	32
#define BUILDER_COLUMNS	1024

/**
 * struct builder - a snapshot that grows
 * @descs: series so far; offset counts from the start of the data
 * @nr_descs: how many
 * @columns: columns so far
 * @nr_columns: how many
 * @data: rows so far
 * @nr_data: bytes of them
 * @room: bytes that @data has room for
 */
struct builder {
	struct stallmeter_desc descs[BUILDER_SERIES];
	unsigned int nr_descs;
	struct stallmeter_column columns[BUILDER_COLUMNS];
	unsigned int nr_columns;
	unsigned char *data;
	size_t nr_data;
	size_t room;
};

/**
 * struct values - what a histogram is to hold
 * @values: the values
 * @nr: how many; 0 is an empty histogram
 */
struct values {
	const u64 *values;
	size_t nr;
};

/* Start a series. */
void builder_series(struct builder *builder, unsigned int kind,
		    const char *group, const char *name, const char *unit);

/* Add a column to it, @size bytes large. */
void builder_column(struct builder *builder, unsigned int type,
		    const char *name, const char *unit, size_t size);

/* Add a column with a histogram of @nr buckets, the first of them @first. */
void builder_histogram(struct builder *builder, const char *name,
		       const char *unit, unsigned int first, unsigned int nr);

/*
 * Add a row: for each column a u64, an s64, a const char * or a
 * const struct values *; for a type that is not known nothing.
 */
void builder_row(struct builder *builder, ...);

/* Add a row of zeroes and return it: to be filled before the next is added. */
void *builder_empty_row(struct builder *builder);

/**
 * builder_finish() - lay it out, and free the parts' memory
 * @builder: the parts
 * @extra: bytes by which each structure is larger than this version's
 * @size: gets the size of the file
 *
 * Return: the file, without a checksum; free() it.
 */
unsigned char *builder_finish(struct builder *builder, size_t extra,
			      size_t *size);

#endif /* _STALLMETER_BUILDER_H */
