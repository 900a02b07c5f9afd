/* SPDX-License-Identifier: GPL-2.0 */
/*
 * input.h - bytes in, bytes out
 */
#ifndef _STALLMETER_INPUT_H
#define _STALLMETER_INPUT_H

#include <stddef.h>

#include "failure.h"

/**
 * struct input_place - where the module's file is to be found
 * @mount: mount point of its file system
 * @magic: that file system's type, as statfs() tells it
 * @file: path of the file below @mount, with a leading slash
 */
struct input_place {
	const char *mount;
	long magic;
	const char *file;
};

/* debugfs, where all kernels have it. */
extern const struct input_place input_module;

/**
 * struct input - a file read whole
 * @data: its bytes, aligned for any type; free() it
 * @size: how many
 */
struct input {
	void *data;
	size_t size;
};

/**
 * input_read() - read a file whole
 * @input: gets it
 * @path: which; "-" is standard input
 * @why: gets the failure
 *
 * Never allocates much more than the file has, whatever the file says.
 *
 * Return: STALLMETER_OK; or another exit code, and then @input is empty.
 */
enum stallmeter_exit input_read(struct input *input, const char *path,
				struct failure *why);

/**
 * input_read_place() - read the module's file whole
 * @input: gets it
 * @place: where it is
 * @why: gets the failure, which tells a module that is not loaded from a file
 *	system that is not mounted
 *
 * Return: as input_read().
 */
enum stallmeter_exit input_read_place(struct input *input,
				      const struct input_place *place,
				      struct failure *why);

/**
 * input_write() - write a file so that nobody ever sees a part of it
 * @input: what to write
 * @path: where to; "-" is standard output
 * @why: gets the failure
 *
 * The file that a link leads to is replaced, not the link. A device or a pipe
 * is written to, and there the first sentence does not hold.
 *
 * Return: STALLMETER_OK or another exit code.
 */
enum stallmeter_exit input_write(const struct input *input, const char *path,
				 struct failure *why);

#endif /* _STALLMETER_INPUT_H */
