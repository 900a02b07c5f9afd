/* SPDX-License-Identifier: GPL-2.0 */
/*
 * collectors.h - who watches, who does not, and what escaped them
 */
#ifndef _STALLMETER_COLLECTORS_H
#define _STALLMETER_COLLECTORS_H

#include <stdio.h>

#include "table.h"

/* Columns of table "collectors", as collectors_open() asks for them. */
enum {
	COLLECTOR_NAME, COLLECTOR_STATE, COLLECTOR_REASON, COLLECTOR_ENABLED,
	COLLECTOR_DROPPED, COLLECTOR_MISSED,
};

/**
 * collectors_open() - find the table of collectors
 * @collectors: gets it
 * @snap: the snapshot
 * @why: gets the failure
 *
 * Return: STALLMETER_OK or STALLMETER_ERROR.
 */
enum stallmeter_exit collectors_open(struct table *collectors,
				     const struct snapshot *snap,
				     struct failure *why);

/**
 * collector_is_on() - whether a collector watches
 * @collectors: the table
 * @row: the collector's
 *
 * Return: whether it does.
 */
bool collector_is_on(const struct table *collectors, __u32 row);

/**
 * collector_put_losses() - say what a collector could not count
 * @to: where to; a line, or nothing if there is nothing to say
 * @collectors: the table
 * @row: the collector's
 * @before: what the line starts with
 */
void collector_put_losses(FILE *to, const struct table *collectors, __u32 row,
			  const char *before);

/**
 * collector_json_losses() - the same as a line of JSON
 * @to: where to; an object of type "losses", or nothing
 * @collectors: the table
 * @row: the collector's
 */
void collector_json_losses(FILE *to, const struct table *collectors,
			   __u32 row);

#endif /* _STALLMETER_COLLECTORS_H */
