/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - what a series shows: columns, and the rows of one moment
 */
#ifndef STALL_TABLE_H
#define STALL_TABLE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "../uapi/stallmeter.h"
#include "hist.h"

/**
 * struct stall_column - one column of a table
 * @type: STALLMETER_U64 and so on
 * @offset: of the value in the row, in bytes
 * @size: of the value, in bytes
 * @first_bucket: of a histogram, see struct stallmeter_column
 * @name: stable name; a unit is its last part (_ns, _bytes)
 * @unit: of the values, NULL for text and plain numbers
 * @help: one line on what it means
 */
struct stall_column {
	u32 type;
	u32 offset;
	u32 size;
	u32 first_bucket;
	const char *name;
	const char *unit;
	const char *help;
};

/* Bytes of a text in a row. */
#define STALL_MAX_TEXT	384

#define STALL_COLUMN(_type, _row, _field, _unit, _help)			\
	.type = (_type),						\
	.offset = offsetof(struct _row, _field) +			\
		  BUILD_BUG_ON_ZERO(offsetof(struct _row, _field) % 8),	\
	.size = sizeof_field(struct _row, _field) +			\
		BUILD_BUG_ON_ZERO(sizeof_field(struct _row, _field) % 8) + \
		BUILD_BUG_ON_ZERO((_type) == STALLMETER_TEXT &&		\
			sizeof_field(struct _row, _field) > STALL_MAX_TEXT), \
	.name = #_field,						\
	.unit = (_unit),						\
	.help = (_help)

/* Columns of a row that is a C structure; names are those of its fields. */
#define STALL_U64(_row, _field, _unit, _help)				\
	{ STALL_COLUMN(STALLMETER_U64, _row, _field, _unit, _help) }
#define STALL_S64(_row, _field, _unit, _help)				\
	{ STALL_COLUMN(STALLMETER_S64, _row, _field, _unit, _help) }
#define STALL_TEXT(_row, _field, _help)					\
	{ STALL_COLUMN(STALLMETER_TEXT, _row, _field, NULL, _help) }
#define STALL_HIST(_row, _field, _first, _unit, _help)			\
	{ STALL_COLUMN(STALLMETER_HIST, _row, _field, _unit, _help),	\
	  .first_bucket = (_first) }

/**
 * struct stall_rows - rows of one moment
 * @data: they stand one after the other
 * @row_size: bytes of one, a multiple of 8
 * @nr: how many there are
 * @room: how many fit
 */
struct stall_rows {
	void *data;
	size_t row_size;
	unsigned int nr;
	unsigned int room;
};

struct stall_run;

/**
 * struct stall_table - how rows are made
 * @columns: what stands in a row
 * @nr_columns: how many
 * @row_size: bytes of a row
 * @collect: append the rows of this moment with stall_rows_add(). Called in
 *	process context under the stall lock; @run is NULL for the module's own
 *	tables. Returns 0 or -ENOMEM.
 */
struct stall_table {
	const struct stall_column *columns;
	unsigned int nr_columns;
	size_t row_size;
	int (*collect)(struct stall_run *run, struct stall_rows *rows);
};

/* As many as text files have room for. */
#define STALL_MAX_COLUMNS	32

#define STALL_TABLE(_row, _columns, _collect)				\
	{ .columns = (_columns),					\
	  .nr_columns = ARRAY_SIZE(_columns) +				\
		BUILD_BUG_ON_ZERO(ARRAY_SIZE(_columns) >		\
				  STALL_MAX_COLUMNS),			\
	  .row_size = sizeof(struct _row),				\
	  .collect = (_collect) }

/**
 * struct stall_series - one named thing that can be looked at; made by
 *	STALL_COUNTER() and the like
 * @name: stable name
 * @kind: STALLMETER_COUNTER and so on
 * @unit: of a counter's or histogram's values
 * @help: one line on what it means
 * @table: of a STALLMETER_TABLE
 * @lost: how many rows it had once and has no more, under the stall lock; optional
 * @in_status: one of the module's own that has no file but is part of status
 */
struct stall_series {
	const char *name;
	u32 kind;
	const char *unit;
	const char *help;
	const struct stall_table *table;
	u64 (*lost)(void);
	bool in_status;
};

#define STALL_SERIES(_name, _kind, _unit, _help)			\
	.name = (_name), .kind = (_kind), .unit = (_unit), .help = (_help)
#define STALL_COUNTER(_name, _unit, _help)				\
	STALL_SERIES(_name, STALLMETER_COUNTER, _unit, _help)
#define STALL_GAUGE(_name, _unit, _help)				\
	STALL_SERIES(_name, STALLMETER_GAUGE, _unit, _help)
#define STALL_HISTOGRAM(_name, _unit, _help)				\
	STALL_SERIES(_name, STALLMETER_HISTOGRAM, _unit, _help)
#define STALL_ROWS(_name, _table, _help)				\
	STALL_SERIES(_name, STALLMETER_TABLE, NULL, _help), .table = &(_table)

void *stall_rows_add(struct stall_rows *rows);
void stall_rows_free(struct stall_rows *rows);
size_t stall_escape(char *text, size_t room, const char *raw, size_t len,
		    bool blanks);

#endif /* STALL_TABLE_H */
