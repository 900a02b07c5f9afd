// SPDX-License-Identifier: GPL-2.0
/*
 * collectors.c - who watches, who does not, and what escaped them
 */
#include <assert.h>
#include <string.h>

#include "collectors.h"
#include "out.h"
#include "text.h"

static const struct table_column columns[] = {
	[COLLECTOR_NAME]	= { "name", STALLMETER_TEXT, false },
	[COLLECTOR_STATE]	= { "state", STALLMETER_TEXT, false },
	[COLLECTOR_REASON]	= { "reason", STALLMETER_TEXT, true },
	[COLLECTOR_ENABLED]	= { "enabled", STALLMETER_U64, false },
	[COLLECTOR_DROPPED]	= { "dropped", STALLMETER_U64, true },
	[COLLECTOR_MISSED]	= { "missed", STALLMETER_U64, true },
};

static_assert(ARRAY_SIZE(columns) <= TABLE_COLUMNS, "table.h has too few");

enum stallmeter_exit collectors_open(struct table *collectors,
				     const struct snapshot *snap,
				     struct failure *why)
{
	return table_open(collectors, snap, "collectors", columns,
			  ARRAY_SIZE(columns), why);
}

bool collector_is_on(const struct table *collectors, __u32 row)
{
	return !strcmp(table_text(collectors, row, COLLECTOR_STATE), "on");
}

void collector_json_losses(FILE *to, const struct table *collectors, __u32 row)
{
	__u64 dropped = table_u64(collectors, row, COLLECTOR_DROPPED);
	__u64 missed = table_u64(collectors, row, COLLECTOR_MISSED);
	struct json_object *object;

	if (!dropped && !missed)
		return;
	object = out_json_new("losses");
	out_json_text(object, "collector",
		      table_text(collectors, row, COLLECTOR_NAME));
	out_json_u64(object, "dropped", dropped);
	out_json_u64(object, "missed", missed);
	out_json_end(to, object);
}

void collector_put_losses(FILE *to, const struct table *collectors, __u32 row,
			  const char *before)
{
	__u64 dropped = table_u64(collectors, row, COLLECTOR_DROPPED);
	__u64 missed = table_u64(collectors, row, COLLECTOR_MISSED);

	if (!dropped && !missed)
		return;
	fputs(before, to);
	text_put(to, table_text(collectors, row, COLLECTOR_NAME));
	fprintf(to, ": %llu observations dropped, %llu missed: this is not all\n",
		(unsigned long long)dropped, (unsigned long long)missed);
}
