// SPDX-License-Identifier: GPL-2.0
/*
 * mksnapshot.c - write a sample snapshot to standard output
 *
 *	mksnapshot [WHAT...] >FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "util.h"

static const struct {
	const char *name;
	unsigned int flag;
} flags_by_name[] = {
	{ "small", SAMPLE_SMALL },
	{ "no-events", SAMPLE_NO_EVENTS },
	{ "doubtful", SAMPLE_DOUBTFUL },
	{ "degraded", SAMPLE_DEGRADED },
	{ "newer-minor", SAMPLE_NEWER_MINOR },
	{ "newer-major", SAMPLE_NEWER_MAJOR },
	{ "lost", SAMPLE_LOST },
	{ "evil-text", SAMPLE_EVIL_TEXT },
	{ "no-tables", SAMPLE_NO_TABLES },
	{ "nothing-on", SAMPLE_NOTHING_ON },
	{ "dropped", SAMPLE_DROPPED },
	{ "vast", SAMPLE_VAST },
	{ "wide", SAMPLE_WIDE },
	{ "long", SAMPLE_LONG },
};

static unsigned int flag_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags_by_name); i++)
		if (!strcmp(flags_by_name[i].name, name))
			return flags_by_name[i].flag;
	fprintf(stderr, "mksnapshot: %s: no such sample\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned int flags = 0;
	size_t size, written;
	void *data;
	int i;

	for (i = 1; i < argc; i++)
		flags |= flag_of(argv[i]);
	data = sample_build(flags, &size);
	written = fwrite(data, 1, size, stdout);
	free(data);
	return fclose(stdout) || written != size;
}
