// SPDX-License-Identifier: GPL-2.0
/*
 * text.c - small pieces of output: escaped text, durations, times
 *
 * Nothing that a snapshot says reaches a terminal but through text_put().
 */
#include <linux/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "failure.h"
#include "text.h"

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL

static const struct {
	__u64 ns;
	const char *name;
} units[] = {
	{ NSEC_PER_SEC, "s" },
	{ NSEC_PER_MSEC, "ms" },
	{ 1000, "us" },
	{ 1, "ns" },
};

static int printable(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

void text_put(FILE *to, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	for (; *c; c++) {
		if (printable(*c))
			putc(*c, to);
		else
			fprintf(to, "\\%03o", *c);
	}
}

static size_t unit_of(__u64 ns)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(units) - 1 && ns < units[i].ns)
		i++;
	return i;
}

void text_span(FILE *to, __u64 ns, __u64 like_ns)
{
	size_t unit = unit_of(like_ns ? like_ns : ns);
	double value;
	int decimals;

	/* Two decimals of a larger unit would leave nothing of it. */
	if (ns < units[unit].ns / 100)
		unit = unit_of(ns);
	value = (double)ns / (double)units[unit].ns;
	decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	if (units[unit].ns == 1)
		decimals = 0;
	fprintf(to, "%.*f %s", decimals, value, units[unit].name);
}

void text_time(FILE *to, __u64 real_ns, int iso)
{
	time_t seconds = real_ns / NSEC_PER_SEC;
	unsigned int ms = real_ns % NSEC_PER_SEC / NSEC_PER_MSEC;
	char date[64];
	struct tm tm;

	/* 64 bits of nanoseconds end in the year 2554: this cannot fail. */
	if (!gmtime_r(&seconds, &tm))
		return;
	strftime(date, sizeof(date), iso ? "%FT%T" : "%F %T", &tm);
	fprintf(to, "%s.%03u%s", date, ms, iso ? "Z" : " UTC");
}

static void out_of_memory(void)
{
	fputs("stallmeter: memory: there is not enough; free some\n", stderr);
	exit(STALLMETER_ERROR);
}

FILE *text_open(char **text, size_t *size)
{
	FILE *to = open_memstream(text, size);

	if (!to)
		out_of_memory();
	return to;
}

void text_close(FILE *to)
{
	if (fclose(to))
		out_of_memory();
}

void *text_alloc(size_t nr, size_t size)
{
	void *memory = calloc(nr ? nr : 1, size);

	if (!memory)
		out_of_memory();
	return memory;
}

enum stallmeter_exit fail(struct failure *why, enum stallmeter_exit code,
			  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return code;
}
