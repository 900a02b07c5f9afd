/* SPDX-License-Identifier: GPL-2.0 */
/*
 * failure.h - exit codes, and the one message that a failed run prints
 */
#ifndef _STALLMETER_FAILURE_H
#define _STALLMETER_FAILURE_H

#include "util.h"

/**
 * enum stallmeter_exit - how the command ends; scripts rely on the numbers
 * @STALLMETER_OK: done; for "status": all that was asked for is watched
 * @STALLMETER_ERROR: the file is corrupt, or input or output failed; for
 *	"status" also: degraded
 * @STALLMETER_USAGE: the command line is wrong
 * @STALLMETER_ABSENT: the module is not there
 * @STALLMETER_DENIED: no permission
 * @STALLMETER_NEWER: the snapshot has a layout newer than this program
 */
enum stallmeter_exit {
	STALLMETER_OK		= 0,
	STALLMETER_ERROR	= 1,
	STALLMETER_USAGE	= 2,
	STALLMETER_ABSENT	= 3,
	STALLMETER_DENIED	= 4,
	STALLMETER_NEWER	= 5,
};

/**
 * struct failure - what went wrong
 * @text: "<what>: <why>; <remedy>", not yet escaped, empty if nothing
 */
struct failure {
	char text[1024];
};

/**
 * fail() - note what went wrong, so that main() can say it once
 * @why: where to note it
 * @code: how the command shall end
 * @format: as printf()'s
 *
 * Return: @code.
 */
__printf(3, 4)
enum stallmeter_exit fail(struct failure *why, enum stallmeter_exit code,
			  const char *format, ...);

#endif /* _STALLMETER_FAILURE_H */
