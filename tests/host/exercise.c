// SPDX-License-Identifier: GPL-2.0
/*
 * exercise.c - put a file through the reporter, in the same process
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exercise.h"
#include "text.h"
#include "verbs.h"

#define FULL_NAMES	8

typedef enum stallmeter_exit (*verb_fn)(const struct request *request);

static void demand(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "exercise: %s\n", what);
	abort();
}

static void demand_printable(const char *text)
{
	for (; *text; text++)
		demand(*text == '\n' || (*text >= ' ' && *text <= '~'),
		       "printed a byte that is not printable");
}

static void demand_json(char *text)
{
	struct json_object *object, *version;
	enum json_tokener_error error;
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) && rest) {
		object = json_tokener_parse_verbose(line, &error);
		demand(error == json_tokener_success, "printed bad JSON");
		demand(json_object_object_get_ex(object, "schema_version",
						 &version) &&
		       json_object_object_get_ex(object, "type", NULL),
		       "printed JSON without its version or type");
		json_object_put(object);
	}
	demand(!*line, "printed half a line of JSON");
}

static void run_verb(const struct snapshot *snap, verb_fn verb,
		     const char *subject, bool json)
{
	struct failure why = { "" };
	struct request request = {
		.subject = subject, .json = json, .snap = *snap, .why = &why,
	};
	enum stallmeter_exit code;
	char *text;
	size_t size;

	request.to = text_open(&text, &size);
	code = verb(&request);
	text_close(request.to);
	demand(code <= STALLMETER_USAGE, "a verb with an impossible exit code");
	demand(!code == !*why.text, "a failure without a word, or no failure");
	demand(strlen(text) == size, "printed a zero byte");
	demand_printable(text);
	if (json)
		demand_json(text);
	free(text);
}

static void show_by_name(const struct snapshot *snap)
{
	const struct stallmeter_desc *desc = NULL;
	char name[2 * STALLMETER_NAME_LEN];
	int i;

	for (i = 0; i < FULL_NAMES; i++) {
		desc = snapshot_next(snap, desc);
		if (!desc)
			return;
		snprintf(name, sizeof(name), "%s/%s", desc->group, desc->name);
		run_verb(snap, verb_show, name, false);
		run_verb(snap, verb_show, name, true);
	}
}

enum stallmeter_exit exercise_parse(const void *data, size_t size,
				    struct failure *why)
{
	struct snapshot snap;

	why->text[0] = 0;
	return snapshot_parse(&snap, data, size, "test", why);
}

bool exercise_verbs(const void *data, size_t size)
{
	struct failure why = { "" };
	struct snapshot snap;
	enum stallmeter_exit code;
	int json;

	code = snapshot_parse(&snap, data, size, "test", &why);
	demand(!code == !*why.text, "a failure without a word, or no failure");
	demand(code == STALLMETER_OK || code == STALLMETER_ERROR ||
	       code == STALLMETER_NEWER, "an impossible exit code");
	if (code)
		return false;
	for (json = 0; json < 2; json++) {
		run_verb(&snap, verb_status, NULL, json);
		run_verb(&snap, verb_report, NULL, json);
		run_verb(&snap, verb_show, NULL, json);
		run_verb(&snap, verb_show, "stallmeter", json);
		run_verb(&snap, verb_show, "no/such", json);
	}
	show_by_name(&snap);
	return true;
}
