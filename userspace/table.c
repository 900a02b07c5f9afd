// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - the module's well-known tables, read by column name
 */
#include <string.h>

#include "table.h"

enum stallmeter_exit table_open(struct table *table,
				const struct snapshot *snap, const char *name,
				const struct table_column *columns,
				unsigned int nr, struct failure *why)
{
	const struct stallmeter_column *column;
	unsigned int i;

	memset(table, 0, sizeof(*table));
	table->snap = snap;
	table->desc = snapshot_find(snap, SNAPSHOT_SELF, name);
	if (!table->desc || table->desc->kind != STALLMETER_TABLE)
		return fail(why, STALLMETER_ERROR,
			    "snapshot: no table %s/%s; use the reporter of the module's version",
			    SNAPSHOT_SELF, name);
	if (table->desc->nr_rows > TABLE_ROWS)
		return fail(why, STALLMETER_ERROR,
			    "snapshot: %s/%s has %u rows, at most %u are read; take a new one",
			    SNAPSHOT_SELF, name, table->desc->nr_rows,
			    TABLE_ROWS);
	table->nr_rows = table->desc->nr_rows;

	for (i = 0; i < nr; i++) {
		column = snapshot_column_find(snap, table->desc,
					      columns[i].name);
		if (column && column->type == columns[i].type)
			table->columns[i] = column;
		else if (!columns[i].optional)
			return fail(why, STALLMETER_ERROR,
				    "snapshot: no column %s in %s/%s; use the reporter of the module's version",
				    columns[i].name, SNAPSHOT_SELF, name);
	}
	return STALLMETER_OK;
}

__u64 table_u64(const struct table *table, __u32 row, unsigned int column)
{
	return cell_u64(snapshot_row(table->snap, table->desc, row),
			table->columns[column]);
}

const char *table_text(const struct table *table, __u32 row,
		       unsigned int column)
{
	return cell_text(snapshot_row(table->snap, table->desc, row),
			 table->columns[column]);
}
