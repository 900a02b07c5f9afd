// SPDX-License-Identifier: GPL-2.0
/*
 * status.c - what is watched and how, and what is not and why
 *
 * Degraded is what somebody asked for and does not get: a collector that is
 * enabled and not on, or a probe that is missing from one that is on. A probe of
 * such a one that is off was not asked for, as its reason says. Records that
 * were lost or dropped are shown and do not count: they are about load, stay
 * until the next reset, and would hide the first kind in a fleet.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "collectors.h"
#include "out.h"
#include "text.h"
#include "verbs.h"

/* A fleet's log wants one line, not a page. */
#define NAMED_PROBLEMS	6

enum { PROBE_COLLECTOR, PROBE_WANTED, PROBE_STATE, PROBE_REASON };

static const struct table_column probe_columns[] = {
	[PROBE_COLLECTOR]	= { "collector", STALLMETER_TEXT, false },
	[PROBE_WANTED]		= { "wanted", STALLMETER_TEXT, false },
	[PROBE_STATE]		= { "state", STALLMETER_TEXT, false },
	[PROBE_REASON]		= { "reason", STALLMETER_TEXT, true },
};

enum {
	MODULE_MEMORY, MODULE_MEMORY_CPU, MODULE_NR_CPUS, MODULE_CLOCK,
	MODULE_RECORDED, MODULE_LOST, MODULE_TICKS,
};

static const struct table_column module_columns[] = {
	[MODULE_MEMORY]		= { "memory_bytes", STALLMETER_U64, true },
	[MODULE_MEMORY_CPU]	= { "memory_cpu_bytes", STALLMETER_U64, true },
	[MODULE_NR_CPUS]	= { "nr_cpus", STALLMETER_U64, true },
	[MODULE_CLOCK]		= { "clock", STALLMETER_TEXT, true },
	[MODULE_RECORDED]	= { "events_recorded", STALLMETER_U64, true },
	[MODULE_LOST]		= { "events_lost", STALLMETER_U64, true },
	[MODULE_TICKS]		= { "ticks", STALLMETER_TEXT, true },
};

static_assert(ARRAY_SIZE(module_columns) <= TABLE_COLUMNS, "table.h has too few");

/* What people want to see at a glance; "show stallmeter" has all of it. */
static const char *const collector_glance[] = {
	"name", "state", "enabled", "dropped", "missed", "memory_bytes",
	"reason", NULL
};

static const char *const probe_glance[] = {
	"collector", "wanted", "target", "hook", "need", "state", "hits",
	"cost_ns", "reason", NULL
};

struct status {
	const struct snapshot *snap;
	struct table collectors;
	struct table probes;
	struct table module;
	/* Collectors that were asked for and are on, by name. */
	const char **on;
	size_t nr_on;
};

/* One thing that is degraded. */
struct problem {
	const char *collector;
	const char *probe;
	const char *state;
	const char *reason;
};

typedef void (*problem_fn)(void *arg, unsigned int nr,
			   const struct problem *problem);

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, or many probes of many collectors would take hours. */
static void gather_on(struct status *status)
{
	const struct table *collectors = &status->collectors;
	__u32 i;

	status->on = text_alloc(collectors->nr_rows, sizeof(*status->on));
	for (i = 0; i < collectors->nr_rows; i++)
		if (table_u64(collectors, i, COLLECTOR_ENABLED) &&
		    collector_is_on(collectors, i))
			status->on[status->nr_on++] =
				table_text(collectors, i, COLLECTOR_NAME);
	qsort(status->on, status->nr_on, sizeof(*status->on), compare_names);
}

static enum stallmeter_exit status_open(struct status *status,
					const struct snapshot *snap,
					struct failure *why)
{
	enum stallmeter_exit code;

	memset(status, 0, sizeof(*status));
	status->snap = snap;
	code = collectors_open(&status->collectors, snap, why);
	if (!code)
		code = table_open(&status->probes, snap, "probes",
				  probe_columns, ARRAY_SIZE(probe_columns), why);
	if (!code)
		code = table_open(&status->module, snap, "module",
				  module_columns, ARRAY_SIZE(module_columns), why);
	if (!code)
		gather_on(status);
	return code;
}

/* The probes of a collector that is not on need no mention: its reason does. */
static bool probe_is_wanted(const struct status *status, const char *collector)
{
	return bsearch(&collector, status->on, status->nr_on,
		       sizeof(*status->on), compare_names);
}

static unsigned int collector_problems(const struct status *status,
				       unsigned int nr, problem_fn tell,
				       void *arg)
{
	const struct table *table = &status->collectors;
	struct problem problem;
	__u32 i;

	for (i = 0; i < table->nr_rows; i++) {
		if (!table_u64(table, i, COLLECTOR_ENABLED) ||
		    collector_is_on(table, i))
			continue;
		problem = (struct problem) {
			.collector = table_text(table, i, COLLECTOR_NAME),
			.state = table_text(table, i, COLLECTOR_STATE),
			.reason = table_text(table, i, COLLECTOR_REASON),
		};
		tell(arg, nr++, &problem);
	}
	return nr;
}

/* "off" is not asked for; "none" no kernel has: nobody can mend that. */
static bool probe_is_missing(const char *state)
{
	return strcmp(state, "on") && strcmp(state, "off") &&
	       strcmp(state, "none");
}

static unsigned int probe_problems(const struct status *status,
				   unsigned int nr, problem_fn tell, void *arg)
{
	const struct table *table = &status->probes;
	struct problem problem;
	__u32 i;

	for (i = 0; i < table->nr_rows; i++) {
		problem = (struct problem) {
			.collector = table_text(table, i, PROBE_COLLECTOR),
			.probe = table_text(table, i, PROBE_WANTED),
			.state = table_text(table, i, PROBE_STATE),
			.reason = table_text(table, i, PROBE_REASON),
		};
		if (probe_is_missing(problem.state) &&
		    probe_is_wanted(status, problem.collector))
			tell(arg, nr++, &problem);
	}
	return nr;
}

static unsigned int status_problems(const struct status *status,
				    problem_fn tell, void *arg)
{
	unsigned int nr = collector_problems(status, 0, tell, arg);

	return probe_problems(status, nr, tell, arg);
}

static void problem_text(void *arg, unsigned int nr,
			 const struct problem *problem)
{
	FILE *to = arg;

	if (nr >= NAMED_PROBLEMS)
		return;
	if (nr)
		fputs(", ", to);
	fprintf(to, "collector %s", problem->collector);
	if (problem->probe)
		fprintf(to, " probe %s", problem->probe);
	fprintf(to, " is %s", problem->state);
	if (*problem->reason)
		fprintf(to, " (%s)", problem->reason);
}

static void problem_json(void *arg, unsigned int nr,
			 const struct problem *problem)
{
	struct json_object *object = json_object_new_object();

	(void)nr;
	out_json_text(object, "collector", problem->collector);
	if (problem->probe)
		out_json_text(object, "probe", problem->probe);
	out_json_text(object, "state", problem->state);
	out_json_text(object, "reason", problem->reason);
	json_object_array_add(arg, object);
}

static void status_json(const struct status *status, FILE *to)
{
	struct json_object *problems = json_object_new_array();
	const struct table *module = &status->module;
	struct json_object *object;
	unsigned int nr;

	nr = status_problems(status, problem_json, problems);
	object = out_json_snapshot("status", status->snap);
	json_object_object_add(object, "degraded", json_object_new_boolean(nr));
	json_object_object_add(object, "problems", problems);
	if (module->nr_rows)
		json_object_object_add(object, "module",
				       out_json_row(module->snap, module->desc,
						    0));
	out_json_end(to, object);
	out_json_series(to, status->snap, status->collectors.desc);
	out_json_series(to, status->snap, status->probes.desc);
}

static void module_text(const struct table *module, FILE *to)
{
	const char *ticks;

	if (!module->nr_rows)
		return;
	fprintf(to, "memory  %llu bytes, and %llu bytes on each of %llu CPUs\n",
		(unsigned long long)table_u64(module, 0, MODULE_MEMORY),
		(unsigned long long)table_u64(module, 0, MODULE_MEMORY_CPU),
		(unsigned long long)table_u64(module, 0, MODULE_NR_CPUS));
	fprintf(to, "events  %llu recorded, %llu lost\n",
		(unsigned long long)table_u64(module, 0, MODULE_RECORDED),
		(unsigned long long)table_u64(module, 0, MODULE_LOST));
	fputs("clock   ", to);
	text_put(to, table_text(module, 0, MODULE_CLOCK));
	ticks = table_text(module, 0, MODULE_TICKS);
	if (*ticks) {
		fputs(", durations by ", to);
		text_put(to, ticks);
	}
	putc('\n', to);
}

static void status_text(const struct status *status, FILE *to)
{
	const struct text_style collectors = { .only = collector_glance };
	const struct text_style probes = { .only = probe_glance };
	const struct stallmeter_header *header = status->snap->header;

	fputs("module  stallmeter ", to);
	text_put(to, header->version);
	fputs(" on kernel ", to);
	text_put(to, header->release);
	fputs("\ntime    ", to);
	text_time(to, header->real_ns, 0);
	fprintf(to, ", generation %llu\n",
		(unsigned long long)header->generation);
	module_text(&status->module, to);
	putc('\n', to);
	out_text_series(to, status->snap, status->collectors.desc, &collectors);
	putc('\n', to);
	out_text_series(to, status->snap, status->probes.desc, &probes);
}

static enum stallmeter_exit verdict(const struct status *status,
				    struct failure *why)
{
	enum stallmeter_exit code = STALLMETER_OK;
	unsigned int nr;
	char *text;
	size_t size;
	FILE *to;

	to = text_open(&text, &size);
	nr = status_problems(status, problem_text, to);
	if (nr > NAMED_PROBLEMS)
		fprintf(to, " and %u more", nr - NAMED_PROBLEMS);
	text_close(to);
	if (nr)
		code = fail(why, STALLMETER_ERROR,
			    "status: degraded: %s; see \"stallmeter status\" and the kernel log",
			    text);
	free(text);
	return code;
}

enum stallmeter_exit verb_status(const struct request *request)
{
	enum stallmeter_exit code;
	struct status status;

	code = status_open(&status, &request->snap, request->why);
	if (code)
		return code;
	if (request->json)
		status_json(&status, request->to);
	else
		status_text(&status, request->to);
	code = verdict(&status, request->why);
	free(status.on);
	return code;
}
