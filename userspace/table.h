/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - the module's well-known tables, read by column name
 *
 * A column that is needed must be there; one that a later minor version added
 * reads as 0 or as empty text where it is missing.
 */
#ifndef _STALLMETER_TABLE_H
#define _STALLMETER_TABLE_H

#include "snapshot.h"

#define TABLE_COLUMNS	16

/*
 * These tables are printed as one object of JSON, which is many times their
 * size. The longest, events, has 1,024 rows.
 */
#define TABLE_ROWS	16384

/**
 * struct table_column - a column that a table should have
 * @name: its name
 * @type: STALLMETER_U64 or STALLMETER_TEXT
 * @optional: whether the table is of use without it
 */
struct table_column {
	const char *name;
	__u32 type;
	bool optional;
};

/**
 * struct table - a table of the module, and where its columns are
 * @snap: the snapshot
 * @desc: the table
 * @columns: in the order in which they were asked for; NULL if not there
 * @nr_rows: rows
 */
struct table {
	const struct snapshot *snap;
	const struct stallmeter_desc *desc;
	const struct stallmeter_column *columns[TABLE_COLUMNS];
	__u32 nr_rows;
};

/**
 * table_open() - find a table of group "stallmeter" and its columns
 * @table: gets it
 * @snap: the snapshot
 * @name: of the table
 * @columns: what it should have
 * @nr: how many, at most TABLE_COLUMNS
 * @why: gets the failure
 *
 * Return: STALLMETER_OK or STALLMETER_ERROR.
 */
enum stallmeter_exit table_open(struct table *table,
				const struct snapshot *snap, const char *name,
				const struct table_column *columns,
				unsigned int nr, struct failure *why);

/**
 * table_u64() - a number in a table
 * @table: the table
 * @row: which row
 * @column: which of the columns that were asked for
 *
 * Return: its value.
 */
__u64 table_u64(const struct table *table, __u32 row, unsigned int column);

/**
 * table_text() - a text in a table
 * @table: the table
 * @row: which row
 * @column: which of the columns that were asked for
 *
 * Return: the text, not escaped.
 */
const char *table_text(const struct table *table, __u32 row,
		       unsigned int column);

#endif /* _STALLMETER_TABLE_H */
