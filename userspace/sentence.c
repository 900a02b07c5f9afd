// SPDX-License-Identifier: GPL-2.0
/*
 * sentence.c - what was late, in words
 *
 * The words know nothing of collectors: the subject's name is the module's.
 * Who is named as late must be late for sure, so a record in doubt gets other
 * words, its reason for doubt, and no task.
 */
#include "report.h"
#include "text.h"

/* From this part of the whole on, the time spent inside is worth a word. */
#define INSIDE_PART	10

static void put_time(FILE *to, const struct report *report, __u32 row)
{
	__u64 at_ns = table_u64(&report->events, row, EVENT_AT);

	fputs(" on ", to);
	text_time(to, snapshot_wall_ns(report->snap, at_ns), 0);
}

static void put_length(FILE *to, const struct report *report, __u32 row)
{
	__u64 lasted_ns = table_u64(&report->events, row, EVENT_LASTED);
	__u64 limit_ns = table_u64(&report->events, row, EVENT_LIMIT);

	text_span(to, lasted_ns, 0);
	fputs(" (limit ", to);
	text_span(to, limit_ns, lasted_ns);
	putc(')', to);
}

static void put_inside(FILE *to, const struct report *report, __u32 row)
{
	__u64 lasted_ns = table_u64(&report->events, row, EVENT_LASTED);
	__u64 inside_ns = table_u64(&report->events, row, EVENT_INSIDE);

	if (inside_ns <= lasted_ns / INSIDE_PART)
		return;
	fputs(", of which ", to);
	text_span(to, inside_ns, lasted_ns);
	fputs(" between the call and the device,", to);
}

static void put_task(FILE *to, const struct report *report, __u32 row)
{
	const struct table *events = &report->events;
	const char *comm = table_text(events, row, EVENT_COMM);

	if (*comm) {
		fputs(", by ", to);
		text_put(to, comm);
		fprintf(to, "/%llu", (unsigned long long)
			table_u64(events, row, EVENT_TGID));
	}
	if (events->columns[EVENT_CPU])
		fprintf(to, " on CPU %llu", (unsigned long long)
			table_u64(events, row, EVENT_CPU));
}

static void put_more(FILE *to, __u32 nr, __u64 all_ns)
{
	if (nr < 2)
		return;
	fprintf(to, "; %u more, ", nr - 1);
	text_span(to, all_ns, 0);
	fputs(" in all", to);
}

static void put_note(FILE *to, const struct report *report, __u32 row)
{
	const char *note = table_text(&report->events, row, EVENT_NOTE);

	if (!*note)
		return;
	fputs(": ", to);
	text_put(to, note);
}

static void put_definite(FILE *to, const struct report *report,
			 const struct late *late)
{
	fputs(" late: ", to);
	put_length(to, report, late->longest);
	put_inside(to, report, late->longest);
	put_time(to, report, late->longest);
	put_task(to, report, late->longest);
	put_note(to, report, late->longest);
	put_more(to, late->nr_definite, late->definite_ns);
	if (late->nr_doubtful)
		fprintf(to, "; %u more in doubt", late->nr_doubtful);
}

static void put_doubtful(FILE *to, const struct report *report,
			 const struct late *late)
{
	fputs(" over its limit, probably no stall: ", to);
	put_length(to, report, late->longest);
	put_time(to, report, late->longest);
	put_note(to, report, late->longest);
	put_more(to, late->nr_doubtful, late->doubtful_ns);
}

void sentence_late(FILE *to, const struct report *report,
		   const struct late *late)
{
	text_put(to, table_text(&report->events, late->longest, EVENT_SUBJECT));
	if (late->nr_definite)
		put_definite(to, report, late);
	else
		put_doubtful(to, report, late);
}

void sentence_not_watched(FILE *to, const struct report *report,
			  const char *before, const char *after)
{
	const struct table *watched = &report->watched;
	const char *reason;
	__u32 i;

	for (i = 0; i < watched->nr_rows; i++) {
		if (collector_is_on(watched, i))
			continue;
		fprintf(to, "%snot watched: ", before);
		text_put(to, table_text(watched, i, COLLECTOR_NAME));
		fputs(", ", to);
		text_put(to, table_text(watched, i, COLLECTOR_STATE));
		reason = table_text(watched, i, COLLECTOR_REASON);
		if (*reason) {
			fputs(": ", to);
			text_put(to, reason);
		}
		fputs(after, to);
	}
}

void sentence_watched(FILE *to, const struct report *report)
{
	const struct table *watched = &report->watched;
	unsigned int nr = 0;
	__u32 i;

	fputs("watched until ", to);
	text_time(to, report->snap->header->real_ns, 0);
	fputs(": ", to);
	for (i = 0; i < watched->nr_rows; i++) {
		if (!collector_is_on(watched, i))
			continue;
		fputs(nr++ ? ", " : "", to);
		text_put(to, table_text(watched, i, COLLECTOR_NAME));
	}
	if (!nr)
		fputs("nothing, no collector is on", to);
}
