// SPDX-License-Identifier: GPL-2.0
/*
 * show.c - print series
 *
 * Without a name, all but what the module says of itself; with a collector,
 * its series; with a full name, that series in all detail.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "collectors.h"
#include "out.h"
#include "text.h"
#include "verbs.h"

static bool group_matches(const char *group, const char *subject)
{
	size_t length;

	if (!subject)
		return strcmp(group, SNAPSHOT_SELF);
	length = strcspn(subject, "/");
	return strlen(group) == length && !memcmp(group, subject, length);
}

static bool name_matches(const struct stallmeter_desc *desc,
			 const char *subject)
{
	const char *name = subject ? strchr(subject, '/') : NULL;

	return !name || !strcmp(name + 1, desc->name);
}

/* Names what there is, once each: a group's series mostly lie together. */
static void put_known(FILE *to, const struct request *request, bool groups)
{
	const struct stallmeter_desc *desc = NULL;
	const char *last = "";

	while ((desc = snapshot_next(&request->snap, desc))) {
		if (!groups && !group_matches(desc->group, request->subject))
			continue;
		if (groups && !strcmp(last, desc->group))
			continue;
		last = desc->group;
		fprintf(to, " %s", groups ? desc->group : desc->name);
	}
}

static enum stallmeter_exit unknown(const struct request *request,
				    bool group_known)
{
	enum stallmeter_exit code;
	char *known;
	size_t size;
	FILE *to;

	to = text_open(&known, &size);
	put_known(to, request, !group_known);
	text_close(to);
	code = fail(request->why, STALLMETER_USAGE,
		    "show %s: no such %s; there %s:%s", request->subject,
		    group_known ? "series" : "collector",
		    size ? "are" : "is", size ? known : " none");
	free(known);
	return code;
}

static void put_series(const struct request *request,
		       const struct stallmeter_desc *desc, bool first)
{
	const struct text_style style = {
		.full = request->subject && strchr(request->subject, '/'),
	};

	if (request->json) {
		out_json_series(request->to, &request->snap, desc);
		return;
	}
	if (!first)
		putc('\n', request->to);
	out_text_series(request->to, &request->snap, desc, &style);
}

/* A series whose collector could not count everything must not look whole. */
static void put_losses(const struct request *request)
{
	struct table collectors;
	struct failure none;
	const char *name;
	__u32 i;

	if (collectors_open(&collectors, &request->snap, &none))
		return;
	for (i = 0; i < collectors.nr_rows; i++) {
		name = table_text(&collectors, i, COLLECTOR_NAME);
		if (!group_matches(name, request->subject))
			continue;
		if (request->json)
			collector_json_losses(request->to, &collectors, i);
		else
			collector_put_losses(request->to, &collectors, i,
					     "\n# ");
	}
}

enum stallmeter_exit verb_show(const struct request *request)
{
	const struct snapshot *snap = &request->snap;
	const struct stallmeter_desc *desc = NULL;
	bool group_known = false;
	unsigned int nr = 0;

	while ((desc = snapshot_next(snap, desc))) {
		if (!group_matches(desc->group, request->subject))
			continue;
		group_known = true;
		if (!name_matches(desc, request->subject))
			continue;
		if (!nr && request->json)
			out_json_end(request->to,
				     out_json_snapshot("snapshot", snap));
		put_series(request, desc, !nr++);
	}
	if (!nr && request->subject)
		return unknown(request, group_known);
	put_losses(request);
	return STALLMETER_OK;
}
