// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - say in a sentence each what was late
 *
 * Records of one collector with the same key are about the same subject. They
 * are sorted once so that those lie together, the definite ones first and the
 * longest of them at the very start.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "report.h"
#include "text.h"
#include "verbs.h"

static const struct table_column event_columns[NR_EVENT_COLUMNS] = {
	[EVENT_AT]		= { "at_ns", STALLMETER_U64, false },
	[EVENT_LASTED]		= { "lasted_ns", STALLMETER_U64, false },
	[EVENT_LIMIT]		= { "limit_ns", STALLMETER_U64, false },
	[EVENT_INSIDE]		= { "inside_ns", STALLMETER_U64, true },
	[EVENT_COLLECTOR]	= { "collector", STALLMETER_TEXT, false },
	[EVENT_SUBJECT]		= { "subject", STALLMETER_TEXT, false },
	[EVENT_DOUBT]		= { "doubt", STALLMETER_U64, true },
	[EVENT_NOTE]		= { "note", STALLMETER_TEXT, true },
	[EVENT_KEY]		= { "key", STALLMETER_U64, false },
	[EVENT_TGID]		= { "tgid", STALLMETER_U64, true },
	[EVENT_COMM]		= { "comm", STALLMETER_TEXT, true },
	[EVENT_CPU]		= { "cpu", STALLMETER_U64, true },
};

static const struct table_column lost_column = {
	"events_lost", STALLMETER_U64, true
};

static_assert(NR_EVENT_COLUMNS <= TABLE_COLUMNS, "table.h has too few");

static int compare(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

static int compare_subject(const struct table *events, __u32 a, __u32 b)
{
	int order = strcmp(table_text(events, a, EVENT_COLLECTOR),
			   table_text(events, b, EVENT_COLLECTOR));

	return order ? order : compare(table_u64(events, a, EVENT_KEY),
				       table_u64(events, b, EVENT_KEY));
}

static int compare_weight(const struct table *events, __u32 a, __u32 b)
{
	int order = compare(!!table_u64(events, a, EVENT_DOUBT),
			    !!table_u64(events, b, EVENT_DOUBT));

	return order ? order : compare(table_u64(events, b, EVENT_LASTED),
				       table_u64(events, a, EVENT_LASTED));
}

static int order_records(const void *a, const void *b, void *events)
{
	__u32 one = *(const __u32 *)a;
	__u32 other = *(const __u32 *)b;
	int order;

	order = compare_subject(events, one, other);
	if (!order)
		order = compare_weight(events, one, other);
	/* The same input shall give the same output: the older comes first. */
	return order ? order : compare(one, other);
}

static int order_subjects(const void *a, const void *b, void *events)
{
	const struct late *one = a;
	const struct late *other = b;
	int order;

	order = compare_weight(events, one->longest, other->longest);
	return order ? order : compare(one->longest, other->longest);
}

static void add_record(struct report *report, struct late *late, __u32 row)
{
	__u64 lasted_ns = table_u64(&report->events, row, EVENT_LASTED);

	if (table_u64(&report->events, row, EVENT_DOUBT)) {
		late->nr_doubtful++;
		late->doubtful_ns += lasted_ns;
		report->nr_doubtful++;
		return;
	}
	late->nr_definite++;
	late->definite_ns += lasted_ns;
	report->nr_definite++;
}

static void gather(struct report *report)
{
	struct table *events = &report->events;
	struct late *late = NULL;
	__u32 *rows;
	__u32 i;

	rows = text_alloc(events->nr_rows, sizeof(*rows));
	report->subjects = text_alloc(events->nr_rows, sizeof(*late));
	for (i = 0; i < events->nr_rows; i++)
		rows[i] = i;
	qsort_r(rows, events->nr_rows, sizeof(*rows), order_records, events);

	for (i = 0; i < events->nr_rows; i++) {
		if (!late || compare_subject(events, rows[i - 1], rows[i])) {
			late = &report->subjects[report->nr_subjects++];
			late->longest = rows[i];
		}
		add_record(report, late, rows[i]);
		report->nr_certain += late->nr_definite == 1 &&
				      late->longest == rows[i];
	}
	free(rows);
	qsort_r(report->subjects, report->nr_subjects, sizeof(*late),
		order_subjects, events);
}

enum stallmeter_exit report_open(struct report *report,
				 const struct snapshot *snap,
				 struct failure *why)
{
	enum stallmeter_exit code;
	struct table module;

	memset(report, 0, sizeof(*report));
	report->snap = snap;
	code = table_open(&report->events, snap, "events", event_columns,
			  NR_EVENT_COLUMNS, why);
	if (!code)
		code = collectors_open(&report->watched, snap, why);
	if (!code)
		code = table_open(&module, snap, "module", &lost_column, 1,
				  why);
	if (code)
		return code;
	if (module.nr_rows)
		report->events_lost = table_u64(&module, 0, 0);
	gather(report);
	return STALLMETER_OK;
}

void report_close(struct report *report)
{
	free(report->subjects);
	report->subjects = NULL;
}

/* "no stall" must not look like "all is well" if somebody did not look. */
static void report_text(const struct report *report, FILE *to)
{
	__u32 i;

	if (!report->nr_certain) {
		fputs("no stall; ", to);
		sentence_watched(to, report);
		sentence_not_watched(to, report, "; ", "");
		putc('\n', to);
	}
	for (i = 0; i < report->nr_subjects; i++) {
		sentence_late(to, report, &report->subjects[i]);
		putc('\n', to);
	}
	if (report->nr_certain)
		sentence_not_watched(to, report, "", "\n");
	for (i = 0; i < report->watched.nr_rows; i++)
		collector_put_losses(to, &report->watched, i, "");
	if (report->events_lost)
		fprintf(to, "%llu more records were lost: this is not all\n",
			(unsigned long long)report->events_lost);
}

static void late_json(const struct report *report, const struct late *late,
		      FILE *to)
{
	const struct table *events = &report->events;
	__u64 at_ns = table_u64(events, late->longest, EVENT_AT);
	struct json_object *object = out_json_new("late");
	char *text;
	size_t size;
	FILE *words;

	out_json_text(object, "collector",
		      table_text(events, late->longest, EVENT_COLLECTOR));
	out_json_text(object, "subject",
		      table_text(events, late->longest, EVENT_SUBJECT));
	out_json_u64(object, "stalls", late->nr_definite);
	out_json_u64(object, "stalls_ns", late->definite_ns);
	out_json_u64(object, "doubtful", late->nr_doubtful);
	out_json_u64(object, "doubtful_ns", late->doubtful_ns);
	out_json_time(object, "time", snapshot_wall_ns(report->snap, at_ns));
	json_object_object_add(object, "longest",
			       out_json_row(report->snap, events->desc,
					    late->longest));
	words = text_open(&text, &size);
	sentence_late(words, report, late);
	text_close(words);
	json_object_object_add(object, "sentence",
			       json_object_new_string(text));
	free(text);
	out_json_end(to, object);
}

static struct json_object *watched_json(const struct report *report)
{
	struct json_object *array = json_object_new_array();
	const struct table *watched = &report->watched;
	struct json_object *object;
	__u32 i;

	for (i = 0; i < watched->nr_rows; i++) {
		object = json_object_new_object();
		out_json_text(object, "collector",
			      table_text(watched, i, COLLECTOR_NAME));
		out_json_text(object, "state",
			      table_text(watched, i, COLLECTOR_STATE));
		out_json_text(object, "reason",
			      table_text(watched, i, COLLECTOR_REASON));
		out_json_u64(object, "dropped",
			     table_u64(watched, i, COLLECTOR_DROPPED));
		out_json_u64(object, "missed",
			     table_u64(watched, i, COLLECTOR_MISSED));
		json_object_array_add(array, object);
	}
	return array;
}

static void report_json(const struct report *report, FILE *to)
{
	struct json_object *object = out_json_snapshot("report", report->snap);
	__u32 i;

	out_json_u64(object, "subjects", report->nr_subjects);
	out_json_u64(object, "stalls", report->nr_definite);
	out_json_u64(object, "doubtful", report->nr_doubtful);
	out_json_u64(object, "events_lost", report->events_lost);
	json_object_object_add(object, "watched", watched_json(report));
	out_json_end(to, object);
	for (i = 0; i < report->nr_subjects; i++)
		late_json(report, &report->subjects[i], to);
}

enum stallmeter_exit verb_report(const struct request *request)
{
	enum stallmeter_exit code;
	struct report report;

	code = report_open(&report, &request->snap, request->why);
	if (code)
		return code;
	if (request->json)
		report_json(&report, request->to);
	else
		report_text(&report, request->to);
	report_close(&report);
	return STALLMETER_OK;
}
