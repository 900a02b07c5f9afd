// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - stallmeter, the reporter: what stalled this machine, for how long,
 * and who caused it
 *
 * One table has the verbs. All of them work on a snapshot that was read whole
 * and found sound; none of them knows a collector.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "verbs.h"

#ifndef STALLMETER_VERSION
#error "STALLMETER_VERSION comes from the Makefile"
#endif

enum {
	TAKES_SUBJECT	= 1 << 0,
	TAKES_OUTPUT	= 1 << 1,
	TAKES_JSON	= 1 << 2,
};

struct verb {
	const char *name;
	enum stallmeter_exit (*run)(const struct request *request);
	const char *args;
	const char *help;
	unsigned int takes;
};

static const struct verb verbs[] = {
	{ "status", verb_status, "",
	  "what is watched and how; what is not, and why", TAKES_JSON },
	{ "show", verb_show, "[COLLECTOR[/SERIES]]",
	  "counters, histograms and tables", TAKES_JSON | TAKES_SUBJECT },
	{ "report", verb_report, "",
	  "what was late, one sentence each", TAKES_JSON },
	{ "snapshot", verb_snapshot, "-o FILE",
	  "keep this moment in a file", TAKES_OUTPUT },
};

struct command {
	const struct verb *verb;
	struct request request;
};

static const struct argp_option options[] = {
	{ .name = "input", .key = 'i', .arg = "FILE",
	  .doc = "read a kept snapshot instead of the module's; - is standard input" },
	{ .name = "json", .key = 'j',
	  .doc = "print JSON, one object a line" },
	{ .name = "output", .key = 'o', .arg = "FILE",
	  .doc = "where \"snapshot\" writes to; - is standard output" },
	{ 0 }
};

enum stallmeter_exit verb_snapshot(const struct request *request)
{
	return input_write(&request->bytes, request->output, request->why);
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* What cannot be understood; the first of several is what is told. */
static void misused(struct command *command, const char *what, const char *why)
{
	struct failure *failure = command->request.why;

	if (!*failure->text)
		fail(failure, STALLMETER_USAGE, "%s: %s", what, why);
}

static void take_argument(struct command *command, char *arg)
{
	const struct verb *verb = command->verb;

	if (!verb) {
		command->verb = find_verb(arg);
		if (!command->verb)
			misused(command, arg, "no such command; try --help");
	} else if (verb->takes & TAKES_SUBJECT && !command->request.subject) {
		command->request.subject = arg;
	} else {
		misused(command, arg, "one argument too many; try --help");
	}
}

static void check_command(struct command *command)
{
	const struct request *request = &command->request;
	const struct verb *verb = command->verb;

	if (!verb)
		misused(command, "command", "none given; try --help");
	else if (request->output && !(verb->takes & TAKES_OUTPUT))
		misused(command, verb->name, "takes no --output; redirect it");
	else if (!request->output && verb->takes & TAKES_OUTPUT)
		misused(command, verb->name, "no file to write; add -o FILE");
	else if (request->json && !(verb->takes & TAKES_JSON))
		misused(command, verb->name, "takes no --json; leave it out");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case 'i':
		command->request.input = arg;
		return 0;
	case 'j':
		command->request.json = true;
		return 0;
	case 'o':
		command->request.output = arg;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(command, arg);
		return 0;
	case ARGP_KEY_END:
		check_command(command);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of verbs in --help is the table itself. */
static char *help_filter(int key, const char *text, void *input)
{
	char *help;
	size_t size, i;
	FILE *to;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	to = text_open(&help, &size);
	fputs("Commands:\n", to);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-9s%-22s%s\n", verbs[i].name, verbs[i].args,
			verbs[i].help);
	fputs("\nExit status: 0 ok, 1 degraded or failed, 2 wrong use, 3 no module,\n"
	      "4 no permission, 5 a snapshot newer than this program.", to);
	text_close(to);
	return help;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "COMMAND",
	.doc = "stallmeter - what stalled this machine, for how long, and who caused it\v",
	.help_filter = help_filter,
};

static enum stallmeter_exit load(struct request *request)
{
	const char *name = request->input;
	enum stallmeter_exit code;

	if (name)
		code = input_read(&request->bytes, name, request->why);
	else
		code = input_read_place(&request->bytes, &input_module,
					request->why);
	if (code)
		return code;
	if (!name)
		name = "the module's snapshot";
	else if (!strcmp(name, "-"))
		name = "standard input";
	return snapshot_parse(&request->snap, request->bytes.data,
			      request->bytes.size, name, request->why);
}

static void say(const struct failure *why)
{
	if (!*why->text)
		return;
	fputs("stallmeter: ", stderr);
	text_put(stderr, why->text);
	putc('\n', stderr);
}

/* Until then, a full disk has not been noticed. */
static enum stallmeter_exit flush(FILE *to, struct failure *why)
{
	bool failed = ferror(to);

	if (!fclose(to) && !failed)
		return STALLMETER_OK;
	return fail(why, STALLMETER_ERROR,
		    "standard output: %s; see whether the disk is full",
		    failed ? "a write failed" : strerror(errno));
}

static enum stallmeter_exit run(struct command *command)
{
	enum stallmeter_exit code, flushed;
	struct request *request = &command->request;

	if (*request->why->text)
		return STALLMETER_USAGE;
	code = load(request);
	if (!code)
		code = command->verb->run(request);
	flushed = flush(request->to, request->why);
	free(request->bytes.data);
	return flushed ? flushed : code;
}

int main(int argc, char **argv)
{
	char name[] = "stallmeter";
	struct failure why = { "" };
	struct command command = {
		.request = { .to = stdout, .why = &why },
	};
	enum stallmeter_exit code;

	argp_program_version = "stallmeter " STALLMETER_VERSION;
	argp_err_exit_status = STALLMETER_USAGE;
	/* Else the C library's messages would start with the path. */
	if (argc)
		argv[0] = name;
	argp_parse(&argp, argc, argv, 0, NULL, &command);

	code = run(&command);
	say(&why);
	return code;
}
