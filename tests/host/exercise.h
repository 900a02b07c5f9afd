/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exercise.h - put a file through the reporter, in the same process
 */
#ifndef _STALLMETER_EXERCISE_H
#define _STALLMETER_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"

/**
 * exercise_parse() - only read a file
 * @data: the file, aligned as malloc() does
 * @size: bytes of it
 * @why: gets the failure
 *
 * Return: the exit code.
 */
enum stallmeter_exit exercise_parse(const void *data, size_t size,
				    struct failure *why);

/**
 * exercise_verbs() - read a file, and if it is sound, print it in every way
 * @data: the file, aligned as malloc() does
 * @size: bytes of it
 *
 * Ends the program by abort() if something is printed that must not be:
 * bytes that are not printable, JSON that is none, an unknown exit code, or a
 * failure without a word or of several lines.
 *
 * Return: whether the file was sound.
 */
bool exercise_verbs(const void *data, size_t size);

#endif /* _STALLMETER_EXERCISE_H */
