/* SPDX-License-Identifier: GPL-2.0 */
/*
 * param.h - module parameters that say what they take
 */
#ifndef STALL_PARAM_H
#define STALL_PARAM_H

#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "table.h"

/**
 * struct stall_param - a control
 * @name: of the module parameter
 * @allowed: what it takes, in words, for the error message and for status
 * @set: take a new value, trimmed; the old one stays in force on error.
 *	Called under the stall lock. NULL if it is only @number.
 * @get: print the value; NULL if it is @number, or can only be written
 * @number: a number that is all there is to it; readers use READ_ONCE()
 * @min: smallest of @number
 * @max: largest of @number
 */
struct stall_param {
	const char *name;
	const char *allowed;
	int (*set)(const char *value);
	int (*get)(char *text, size_t room);
	unsigned int *number;
	unsigned int min;
	unsigned int max;
};

extern const struct kernel_param_ops stall_param_ops;
extern const struct stall_table stall_param_table;

/* All state that is changed at run time; never taken in probe context. */
extern struct mutex stall_lock;

/*
 * Make module parameter @_name out of struct stall_param @_param. Files in
 * debugfs could not be written under lockdown, these can.
 */
#define STALL_PARAM(_name, _param, _mode)				\
	module_param_cb(_name, &stall_param_ops, (void *)&(_param), _mode)

int stall_parse_uint(const char *value, unsigned int min, unsigned int max,
		     unsigned int *result);

#endif /* STALL_PARAM_H */
