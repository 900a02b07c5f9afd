// SPDX-License-Identifier: GPL-2.0
/*
 * tap.c - Test Anything Protocol for C tests
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int nr_tests;
static unsigned int nr_failed;

bool ok(bool passed, const char *format, ...)
{
	va_list args;

	nr_failed += !passed;
	printf("%sok %u - ", passed ? "" : "not ", ++nr_tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return passed;
}

void note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

int done(void)
{
	printf("1..%u\n", nr_tests);
	return nr_failed != 0;
}
