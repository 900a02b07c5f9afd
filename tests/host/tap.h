/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tap.h - Test Anything Protocol for C tests
 */
#ifndef _STALLMETER_TAP_H
#define _STALLMETER_TAP_H

#include <stdbool.h>

#include "util.h"

/**
 * ok() - tell the result of one test
 * @passed: the result
 * @format: the behaviour that was tested, as printf()'s
 *
 * Return: @passed.
 */
__printf(2, 3) bool ok(bool passed, const char *format, ...);

/**
 * note() - say something that helps to understand a failure
 * @format: as printf()'s
 */
__printf(1, 2) void note(const char *format, ...);

/**
 * done() - print the plan
 *
 * Return: the program's exit status.
 */
int done(void);

#endif /* _STALLMETER_TAP_H */
