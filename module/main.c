// SPDX-License-Identifier: GPL-2.0
/*
 * stallmeter - what stalled this machine, for how long, and who caused it
 *
 * Collectors hang on tracepoints and function entries, keep per-CPU histograms
 * in the kernel, and are read in debugfs. They observe only, and take no lock
 * that another CPU could hold.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "collector.h"
#include "debugfs.h"
#include "timeline.h"

/* Say once what an operator would not expect; details are in status. */
static void report_degraded(void)
{
	unsigned int i;

	mutex_lock(&stall_lock);
	for (i = 0; i < stall_nr_runs(); i++) {
		const struct stall_run *run = stall_run_at(i);

		if (run->state == STALL_UNAVAILABLE)
			pr_warn("collector %s is unavailable: %s\n",
				run->collector->name, run->reason);
	}
	mutex_unlock(&stall_lock);
}

static int __init stallmeter_init(void)
{
	int err;

	stall_ticks_init();
	err = stall_events_init();
	if (err)
		return err;
	err = stall_collectors_init();
	if (err)
		goto free_events;
	err = stall_timeline_init();
	if (err)
		goto stop_collectors;
	err = stall_debugfs_init();
	if (err)
		goto stop_timeline;
	report_degraded();
	return 0;

stop_timeline:
	stall_timeline_exit();
stop_collectors:
	stall_collectors_exit();
free_events:
	stall_events_exit();
	return err;
}

static void __exit stallmeter_exit(void)
{
	stall_debugfs_exit();
	stall_timeline_exit();
	stall_collectors_exit();
	stall_events_exit();
}

module_init(stallmeter_init);
module_exit(stallmeter_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What stalled this machine, for how long, and who caused it");
MODULE_AUTHOR("The stallmeter authors");
MODULE_VERSION(STALLMETER_VERSION);
