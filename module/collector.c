// SPDX-License-Identifier: GPL-2.0
/*
 * collector - the registry: which collectors there are, which are on
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "collector.h"

#define STALL_LISTED(_name)	(&stall_##_name)

static const struct stall_collector * const collectors[] = {
#include "collectors/list.h"
};

#define NR_RUNS		ARRAY_SIZE(collectors)
static_assert(NR_RUNS <= STALL_MAX_COLLECTORS);
#define ALL_RUNS	GENMASK(NR_RUNS - 1, 0)

static struct stall_run runs[NR_RUNS];
static unsigned long wanted = ALL_RUNS;
static unsigned int cost_limit_ppm = 50000;
static u64 changes;

/* From stall_collectors_init() to _exit(); parameters can be set outside. */
static bool live;

/**
 * stall_nr_runs() - how many collectors there are
 */
unsigned int stall_nr_runs(void)
{
	return NR_RUNS;
}

/**
 * stall_run_at() - a collector by its index
 * @index: less than stall_nr_runs()
 */
struct stall_run *stall_run_at(unsigned int index)
{
	return &runs[index];
}

/**
 * stall_generation() - counts each start, stop and reset of a collector
 */
u64 stall_generation(void)
{
	return changes;
}

/* Make the state of all runs what @wanted says. */
static void collectors_apply(void)
{
	unsigned int i;

	lockdep_assert_held(&stall_lock);
	for (i = 0; i < NR_RUNS; i++) {
		bool want = test_bit(i, &wanted);

		if (runs[i].enabled == want)
			continue;
		runs[i].enabled = want;
		changes++;
		if (want)
			stall_run_start(&runs[i]);
		else
			stall_run_stop(&runs[i]);
	}
}

static int collector_index(const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_RUNS; i++)
		if (!strcmp(collectors[i]->name, name))
			return i;
	return -EINVAL;
}

/* What can be named; completed when it is first needed. */
static char allowed[128] = "all, none, or a list with commas of:";

static void complete_allowed(void)
{
	size_t len = strlen(allowed);
	unsigned int i;

	if (allowed[len - 1] != ':')
		return;
	for (i = 0; i < NR_RUNS; i++)
		len += scnprintf(allowed + len, sizeof(allowed) - len, " %s",
				 collectors[i]->name);
}

/* "all", "none", or names with commas between them. */
static int parse_collectors(const char *value, unsigned long *mask)
{
	char names[128], *rest = names, *name;
	int i;

	complete_allowed();
	*mask = 0;
	if (!strcmp(value, "none"))
		return 0;
	if (!strcmp(value, "all")) {
		*mask = ALL_RUNS;
		return 0;
	}
	if (strscpy(names, value, sizeof(names)) < 0)
		return -EINVAL;
	while ((name = strsep(&rest, ","))) {
		i = collector_index(name);
		if (i < 0)
			return i;
		__set_bit(i, mask);
	}
	return 0;
}

static int set_collectors(const char *value)
{
	unsigned long mask;
	int err;

	err = parse_collectors(value, &mask);
	if (err)
		return err;
	wanted = mask;
	if (live)
		collectors_apply();
	return 0;
}

static int get_collectors(char *text, size_t room)
{
	unsigned int i;
	int len = 0;

	if (!wanted)
		return scnprintf(text, room, "none");
	for_each_set_bit(i, &wanted, NR_RUNS)
		len += scnprintf(text + len, room - len, "%s%s",
				 len ? "," : "", collectors[i]->name);
	return len;
}

static void collectors_stop(unsigned long mask)
{
	unsigned int i;

	for_each_set_bit(i, &mask, NR_RUNS) {
		changes++;
		stall_run_stop(&runs[i]);
	}
}

static void collectors_start(unsigned long mask)
{
	unsigned int i;

	for_each_set_bit(i, &mask, NR_RUNS)
		stall_run_start(&runs[i]);
}

static int set_reset(const char *value)
{
	unsigned long mask;
	int err;

	err = parse_collectors(value, &mask);
	if (err)
		return err;
	if (live) {
		mask &= wanted;
		collectors_stop(mask);
		collectors_start(mask);
	}
	return 0;
}

static const struct stall_param collectors_param = {
	.name = "collectors",
	.allowed = allowed,
	.set = set_collectors,
	.get = get_collectors,
};

STALL_PARAM(collectors, collectors_param, 0644);
MODULE_PARM_DESC(collectors,
		 "collectors that are on (default all)");

static const struct stall_param reset_param = {
	.name = "reset",
	.allowed = allowed,
	.set = set_reset,
};

STALL_PARAM(reset, reset_param, 0200);
MODULE_PARM_DESC(reset,
		 "collectors to detach, zero and attach again");

static const struct stall_param cost_limit_param = {
	.name = "cost_limit_ppm",
	.allowed = "0 (no limit) to 1000000, millionths of the time of all CPUs",
	.number = &cost_limit_ppm,
	.max = 1000000,
};

STALL_PARAM(cost_limit_ppm, cost_limit_param, 0644);
MODULE_PARM_DESC(cost_limit_ppm,
		 "a collector that costs more for ten seconds is detached (default 50000)");

/**
 * stall_collectors_init() - switch on the collectors that are wanted
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM. A collector that cannot be switched on is no error.
 */
int stall_collectors_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < NR_RUNS; i++) {
		err = stall_run_init(&runs[i], collectors[i], i);
		if (err)
			goto fail;
	}
	mutex_lock(&stall_lock);
	complete_allowed();
	live = true;
	collectors_apply();
	mutex_unlock(&stall_lock);
	return 0;

fail:
	while (i--)
		stall_run_exit(&runs[i]);
	return err;
}

/**
 * stall_collectors_exit() - switch all collectors off
 *
 * Context: process, may sleep.
 */
void stall_collectors_exit(void)
{
	unsigned int i;

	mutex_lock(&stall_lock);
	live = false;
	for (i = 0; i < NR_RUNS; i++) {
		runs[i].enabled = false;
		stall_run_stop(&runs[i]);
		stall_run_exit(&runs[i]);
	}
	mutex_unlock(&stall_lock);
}

/**
 * stall_collectors_check_cost() - take out what costs too much
 * @elapsed_ns: since the last check
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_collectors_check_cost(u64 elapsed_ns)
{
	unsigned int i;

	for (i = 0; i < NR_RUNS; i++)
		changes += stall_run_check_cost(&runs[i], elapsed_ns,
						cost_limit_ppm);
}

/**
 * stall_collectors_check_clock() - begin anew if durations have lost their clock
 *
 * Context: process, may sleep, under the stall lock.
 */
void stall_collectors_check_clock(void)
{
	if (!stall_ticks_lost())
		return;
	pr_warn("the kernel no longer trusts the time stamp counter: all collectors begin anew\n");
	collectors_stop(wanted);
	stall_ticks_init();
	collectors_start(wanted);
}

struct collector_row {
	char name[32];
	char state[16];
	u64 enabled;
	u64 generation;
	u64 dropped;
	u64 missed;
	u64 memory_bytes;
	u64 memory_cpu_bytes;
	char reason[96];
	char help[96];
};

static const struct stall_column collector_columns[] = {
	STALL_TEXT(collector_row, name, "collector"),
	STALL_TEXT(collector_row, state, "on, off, unavailable or throttled"),
	STALL_U64(collector_row, enabled, NULL, "1 if it was asked for"),
	STALL_U64(collector_row, generation, NULL, "number of its last start"),
	STALL_U64(collector_row, dropped, NULL,
		  "observations for which a table had no room"),
	STALL_U64(collector_row, missed, NULL,
		  "observations that came at a bad moment"),
	STALL_U64(collector_row, memory_bytes, "bytes", "shared by all CPUs"),
	STALL_U64(collector_row, memory_cpu_bytes, "bytes", "on each CPU"),
	STALL_TEXT(collector_row, reason, "why it is not on, or not yet at work"),
	STALL_TEXT(collector_row, help, "what it watches"),
};

static int collector_collect(struct stall_run *none, struct stall_rows *rows)
{
	struct stall_losses losses;
	unsigned int i;

	for (i = 0; i < NR_RUNS; i++) {
		const struct stall_run *run = &runs[i];
		struct collector_row *row = stall_rows_add(rows);

		if (!row)
			return -ENOMEM;
		stall_run_losses(run, &losses);
		strscpy(row->name, run->collector->name, sizeof(row->name));
		strscpy(row->state, stall_state_name(run->state),
			sizeof(row->state));
		strscpy(row->reason, run->reason, sizeof(row->reason));
		strscpy(row->help, run->collector->help, sizeof(row->help));
		row->enabled = run->enabled;
		row->generation = run->generation;
		row->dropped = losses.dropped;
		row->missed = losses.missed;
		row->memory_bytes = run->memory_bytes;
		row->memory_cpu_bytes = run->memory_cpu_bytes;
	}
	return 0;
}

const struct stall_table stall_collector_table =
	STALL_TABLE(collector_row, collector_columns, collector_collect);
