// SPDX-License-Identifier: GPL-2.0
/*
 * param - module parameters that say what they take
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "param.h"

/* Protects all state that is changed at run time; see param.h. */
DEFINE_MUTEX(stall_lock);

/* One line names the parameter, what was given, and what is allowed. */
static void param_complain(const struct stall_param *param, const char *value)
{
	char shown[64];

	stall_escape(shown, sizeof(shown), value, strlen(value), true);
	pr_err("%s: '%s' is not allowed; allowed: %s\n", param->name, shown,
	       param->allowed);
}

static int param_take(const struct stall_param *param, const char *value)
{
	return param->set ? param->set(value) :
	       stall_parse_uint(value, param->min, param->max, param->number);
}

static int param_print(const struct stall_param *param, char *text, size_t room)
{
	if (param->number)
		return scnprintf(text, room, "%u", *param->number);
	return param->get ? param->get(text, room) : 0;
}

static int param_set(const char *value, const struct kernel_param *kp)
{
	const struct stall_param *param = kp->arg;
	char *copy;
	int err;

	copy = kstrdup(value ?: "", GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	mutex_lock(&stall_lock);
	err = param_take(param, strim(copy));
	mutex_unlock(&stall_lock);
	if (err == -EINVAL)
		param_complain(param, strim(copy));
	kfree(copy);
	return err;
}

static int param_get(char *buffer, const struct kernel_param *kp)
{
	const struct stall_param *param = kp->arg;
	int len;

	mutex_lock(&stall_lock);
	len = param_print(param, buffer, PAGE_SIZE - 1);
	mutex_unlock(&stall_lock);
	buffer[len++] = '\n';
	return len;
}

const struct kernel_param_ops stall_param_ops = {
	.set = param_set,
	.get = param_get,
};

/**
 * stall_parse_uint() - a whole decimal number in a range
 * @value: text
 * @min: smallest that is allowed
 * @max: largest
 * @result: the number, untouched on error
 *
 * Return: 0 or -EINVAL.
 */
int stall_parse_uint(const char *value, unsigned int min, unsigned int max,
		     unsigned int *result)
{
	unsigned int number;

	if (kstrtouint(value, 10, &number) || number < min || number > max)
		return -EINVAL;
	WRITE_ONCE(*result, number);
	return 0;
}

struct param_row {
	char name[32];
	char value[128];
	char allowed[160];
};

static const struct stall_column param_columns[] = {
	STALL_TEXT(param_row, name, "module parameter"),
	STALL_TEXT(param_row, value, "in force"),
	STALL_TEXT(param_row, allowed, "what it takes"),
};

static int param_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct kernel_param *kp = THIS_MODULE->kp;
	unsigned int i;

	for (i = 0; i < THIS_MODULE->num_kp; i++, kp++) {
		const struct stall_param *param = kp->arg;
		struct param_row *row;

		if (kp->ops != &stall_param_ops)
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		strscpy(row->name, param->name, sizeof(row->name));
		strscpy(row->allowed, param->allowed, sizeof(row->allowed));
		param_print(param, row->value, sizeof(row->value));
	}
	return 0;
}

const struct stall_table stall_param_table =
	STALL_TABLE(param_row, param_columns, param_collect);
