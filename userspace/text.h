/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - small pieces of output: escaped text, durations, times
 */
#ifndef _STALLMETER_TEXT_H
#define _STALLMETER_TEXT_H

#include <linux/types.h>
#include <stdio.h>

/**
 * text_put() - print text that came from a snapshot or from the command line
 * @to: where to
 * @text: what; bytes that are not printable ASCII come out as \ooo, so that
 *	neither a terminal nor a line-based reader can be fooled
 */
void text_put(FILE *to, const char *text);

/**
 * text_span() - print a duration for people, in three digits: "1.31 s"
 * @to: where to
 * @ns: the duration
 * @like_ns: a duration in whose unit to print it, so that both compare at a
 *	glance; or 0
 */
void text_span(FILE *to, __u64 ns, __u64 like_ns);

/**
 * text_time() - print a time of day, in UTC with milliseconds
 * @to: where to
 * @real_ns: the time, as CLOCK_REALTIME has it
 * @iso: as ISO 8601 (2026-11-21T12:00:01.123Z) instead of with blanks
 */
void text_time(FILE *to, __u64 real_ns, int iso);

/**
 * text_open() - a stream into memory
 * @text: gets the text when text_close() is called; free() it
 * @size: its length
 *
 * Ends the program if there is no memory for it.
 *
 * Return: the stream.
 */
FILE *text_open(char **text, size_t *size);

/**
 * text_close() - complete a stream into memory
 * @to: what text_open() returned
 *
 * Ends the program if there was not enough memory.
 */
void text_close(FILE *to);

/**
 * text_alloc() - calloc() that ends the program if there is no memory
 * @nr: number of elements; 0 is fine
 * @size: of each
 *
 * Return: the memory; free() it.
 */
void *text_alloc(size_t nr, size_t size);

#endif /* _STALLMETER_TEXT_H */
