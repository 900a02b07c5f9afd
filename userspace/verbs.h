/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verbs.h - what the command can do
 */
#ifndef _STALLMETER_VERBS_H
#define _STALLMETER_VERBS_H

#include <stdio.h>

#include "failure.h"
#include "input.h"
#include "snapshot.h"

/**
 * struct request - what is asked for, and where it goes
 * @input: file to read, "-" for standard input, NULL for the module's
 * @output: file to write, "-" for standard output, or NULL
 * @subject: COLLECTOR or COLLECTOR/SERIES, or NULL
 * @json: JSON instead of text
 * @bytes: the file that was read
 * @snap: what is in it
 * @to: where to print
 * @why: gets the failure, or what is degraded
 */
struct request {
	const char *input;
	const char *output;
	const char *subject;
	bool json;
	struct input bytes;
	struct snapshot snap;
	FILE *to;
	struct failure *why;
};

/**
 * verb_status() - say what is watched, and how; and what is not, and why
 * @request: what is asked for
 *
 * Return: STALLMETER_OK, or STALLMETER_ERROR if something is degraded.
 */
enum stallmeter_exit verb_status(const struct request *request);

/**
 * verb_show() - print series
 * @request: what is asked for
 *
 * Return: STALLMETER_OK; STALLMETER_USAGE if there is no such series.
 */
enum stallmeter_exit verb_show(const struct request *request);

/**
 * verb_report() - say in a sentence each what was late
 * @request: what is asked for
 *
 * Return: STALLMETER_OK; STALLMETER_ERROR if the snapshot has no such records.
 */
enum stallmeter_exit verb_report(const struct request *request);

/**
 * verb_snapshot() - write the snapshot to a file
 * @request: what is asked for
 *
 * Return: STALLMETER_OK, or why it could not be written.
 */
enum stallmeter_exit verb_snapshot(const struct request *request);

#endif /* _STALLMETER_VERBS_H */
