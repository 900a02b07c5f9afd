/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - the module's records of what was late, gathered by subject
 */
#ifndef _STALLMETER_REPORT_H
#define _STALLMETER_REPORT_H

#include <stdio.h>

#include "collectors.h"

/* Columns of table "events", as report_open() asks for them. */
enum {
	EVENT_AT, EVENT_LASTED, EVENT_LIMIT, EVENT_INSIDE, EVENT_COLLECTOR,
	EVENT_SUBJECT, EVENT_DOUBT, EVENT_NOTE, EVENT_KEY, EVENT_TGID,
	EVENT_COMM, EVENT_CPU, NR_EVENT_COLUMNS,
};

/**
 * struct late - one subject that was over its limit
 * @longest: row of its longest record; of the definite ones, if there are any
 * @nr_definite: records that are stalls
 * @definite_ns: how long these lasted, all together
 * @nr_doubtful: records that probably are none
 * @doubtful_ns: how long these lasted
 */
struct late {
	__u32 longest;
	__u32 nr_definite;
	__u64 definite_ns;
	__u32 nr_doubtful;
	__u64 doubtful_ns;
};

/**
 * struct report - what was late
 * @snap: the snapshot
 * @events: its records
 * @watched: its collectors
 * @subjects: who was late; definite stalls first, then the longest first
 * @nr_subjects: how many
 * @nr_certain: how many of them have definite stalls
 * @nr_definite: records that are stalls
 * @nr_doubtful: records that probably are none
 * @events_lost: records that the module could not keep
 */
struct report {
	const struct snapshot *snap;
	struct table events;
	struct table watched;
	struct late *subjects;
	__u32 nr_subjects;
	__u32 nr_certain;
	__u32 nr_definite;
	__u32 nr_doubtful;
	__u64 events_lost;
};

/**
 * report_open() - gather the records by subject
 * @report: gets them
 * @snap: the snapshot
 * @why: gets the failure
 *
 * Return: STALLMETER_OK; or STALLMETER_ERROR, with nothing to close.
 */
enum stallmeter_exit report_open(struct report *report,
				 const struct snapshot *snap,
				 struct failure *why);

/**
 * report_close() - free what report_open() took
 * @report: the report
 */
void report_close(struct report *report);

/**
 * sentence_late() - say that a subject was late
 * @to: where to; a sentence without a full stop or line end
 * @report: the report
 * @late: the subject
 */
void sentence_late(FILE *to, const struct report *report,
		   const struct late *late);

/**
 * sentence_watched() - say up to when was watched, and what
 * @to: where to
 * @report: the report
 */
void sentence_watched(FILE *to, const struct report *report);

/**
 * sentence_not_watched() - say of each collector that is not on why it is not
 * @to: where to
 * @report: the report
 * @before: what stands before each
 * @after: what stands behind each
 */
void sentence_not_watched(FILE *to, const struct report *report,
			  const char *before, const char *after);

#endif /* _STALLMETER_REPORT_H */
