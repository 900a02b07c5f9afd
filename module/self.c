// SPDX-License-Identifier: GPL-2.0
/*
 * self - what the module says of itself: its probes, its memory, its events
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "collector.h"
#include "self.h"
#include "timeline.h"
#include "view.h"

struct probe_row {
	char collector[32];
	char kind[16];
	char wanted[128];
	char target[64];
	char hook[16];
	char need[16];
	char state[16];
	u64 hits;
	u64 cost_ns;
	char reason[64];
};

static const struct stall_column probe_columns[] = {
	STALL_TEXT(probe_row, collector, "whose probe it is"),
	STALL_TEXT(probe_row, kind, "tracepoint, entry (of a function), timer, or none"),
	STALL_TEXT(probe_row, wanted, "targets in order of preference"),
	STALL_TEXT(probe_row, target, "the one that was chosen"),
	STALL_TEXT(probe_row, hook, "by what means: tracepoint, ftrace, kprobe, timer"),
	STALL_TEXT(probe_row, need, "required or optional"),
	STALL_TEXT(probe_row, state, "on, off, missing, failed, or none: no kernel has it"),
	STALL_U64(probe_row, hits, NULL, "calls of the handler"),
	STALL_U64(probe_row, cost_ns, "ns", "mean of the calls that were timed"),
	STALL_TEXT(probe_row, reason, "why it is not on"),
};

static void probe_state(const struct stall_hook *hook, struct probe_row *row)
{
	if (hook->how != STALL_HOW_NONE) {
		strscpy(row->state, "on", sizeof(row->state));
	} else if (hook->probe->kind == STALL_UNWATCHED) {
		strscpy(row->state, "none", sizeof(row->state));
		stall_hook_why(hook, row->reason, sizeof(row->reason));
	} else if (!hook->error) {
		strscpy(row->state, "off", sizeof(row->state));
	} else {
		strscpy(row->state,
			hook->error == -ENOENT ? "missing" :
			hook->error == -ECANCELED ? "off" : "failed",
			sizeof(row->state));
		stall_hook_why(hook, row->reason, sizeof(row->reason));
	}
}

static void probe_fill(const struct stall_hook *hook, struct probe_row *row)
{
	static const char * const kinds[] = {
		[STALL_TRACEPOINT] = "tracepoint",
		[STALL_ENTRY] = "entry",
		[STALL_TIMER] = "timer",
		[STALL_UNWATCHED] = "none",
	};
	const struct stall_probe *probe = hook->probe;
	struct stall_hook_cost cost;
	unsigned int i;
	int len = 0;

	strscpy(row->collector, hook->run->collector->name,
		sizeof(row->collector));
	strscpy(row->kind, kinds[probe->kind], sizeof(row->kind));
	for (i = 0; i < STALL_MAX_TARGETS && probe->targets[i]; i++)
		len += scnprintf(row->wanted + len, sizeof(row->wanted) - len,
				 "%s%s", i ? "," : "", probe->targets[i]);
	strscpy(row->hook, stall_hook_how(hook), sizeof(row->hook));
	strscpy(row->target,
		hook->how == STALL_HOW_NONE ? "-" : hook->target,
		sizeof(row->target));
	strscpy(row->need, probe->optional ? "optional" : "required",
		sizeof(row->need));
	probe_state(hook, row);
	if (!hook->cost)
		return;
	stall_hook_fold(hook, &cost);
	row->hits = cost.hits;
	if (cost.sampled)
		row->cost_ns = div64_u64(cost.sampled_ns, cost.sampled);
}

static int probe_collect(struct stall_run *none, struct stall_rows *rows)
{
	unsigned int i, j;

	for (i = 0; i < stall_nr_runs(); i++) {
		const struct stall_run *run = stall_run_at(i);

		for (j = 0; j < run->collector->nr_probes; j++) {
			struct probe_row *row = stall_rows_add(rows);

			if (!row)
				return -ENOMEM;
			probe_fill(&run->hooks[j], row);
		}
	}
	return 0;
}

static const struct stall_table probe_table =
	STALL_TABLE(probe_row, probe_columns, probe_collect);

struct cost_row {
	char collector[32];
	char target[64];
	char hook[16];
	u64 hits;
	u64 timed;
	u64 mean_ns;
	u64 total_ns;
	u64 share_ppm;
};

static const struct stall_column cost_columns[] = {
	STALL_TEXT(cost_row, collector, "whose hook it is"),
	STALL_TEXT(cost_row, target, "where it hangs"),
	STALL_TEXT(cost_row, hook, "by what means"),
	STALL_U64(cost_row, hits, NULL, "calls of the handler"),
	STALL_U64(cost_row, timed, NULL, "of them, timed"),
	STALL_U64(cost_row, mean_ns, "ns", "mean of those"),
	STALL_U64(cost_row, total_ns, "ns", "mean times hits"),
	STALL_U64(cost_row, share_ppm, NULL,
		  "that in millionths of the time of all CPUs since the start"),
};

static void cost_fill(const struct stall_run *run,
		      const struct stall_hook *hook, struct cost_row *row)
{
	u64 all_ns = (stall_clock() - run->started_ns) * num_online_cpus();
	struct stall_hook_cost cost;

	stall_hook_fold(hook, &cost);
	strscpy(row->collector, run->collector->name, sizeof(row->collector));
	strscpy(row->target, hook->target, sizeof(row->target));
	strscpy(row->hook, stall_hook_how(hook), sizeof(row->hook));
	row->hits = cost.hits;
	row->timed = cost.sampled;
	if (cost.sampled)
		row->mean_ns = div64_u64(cost.sampled_ns, cost.sampled);
	row->total_ns = row->mean_ns * row->hits;
	row->share_ppm = div64_u64(row->total_ns, all_ns / 1000000 + 1);
}

static int cost_collect(struct stall_run *none, struct stall_rows *rows)
{
	unsigned int i, j;

	for (i = 0; i < stall_nr_runs(); i++) {
		const struct stall_run *run = stall_run_at(i);

		for (j = 0; j < run->collector->nr_probes; j++) {
			struct cost_row *row;

			if (!run->hooks[j].cost || !run->hooks[j].target)
				continue;
			row = stall_rows_add(rows);
			if (!row)
				return -ENOMEM;
			cost_fill(run, &run->hooks[j], row);
		}
	}
	return 0;
}

static const struct stall_table cost_table =
	STALL_TABLE(cost_row, cost_columns, cost_collect);

struct module_row {
	u64 memory_bytes;
	u64 memory_cpu_bytes;
	u64 nr_cpus;
	u64 events_recorded;
	u64 events_lost;
	char clock[16];
	char ticks[16];
};

static const struct stall_column module_columns[] = {
	STALL_U64(module_row, memory_bytes, "bytes", "shared by all CPUs"),
	STALL_U64(module_row, memory_cpu_bytes, "bytes", "on each CPU"),
	STALL_U64(module_row, nr_cpus, NULL, "CPUs that this kernel may have"),
	STALL_U64(module_row, events_recorded, NULL, "stalls recorded so far"),
	STALL_U64(module_row, events_lost, NULL,
		  "of them, overwritten by newer ones"),
	STALL_TEXT(module_row, clock, "source of all points in time"),
	STALL_TEXT(module_row, ticks, "source of durations inside the kernel"),
};

static int module_collect(struct stall_run *none, struct stall_rows *rows)
{
	struct module_row *row = stall_rows_add(rows);
	unsigned int i;

	if (!row)
		return -ENOMEM;
	stall_events_count(&row->events_recorded, &row->events_lost);
	row->nr_cpus = num_possible_cpus();
	row->memory_bytes = stall_timeline_bytes();
	row->memory_cpu_bytes = stall_events_cpu_bytes();
	strscpy(row->clock, "monotonic", sizeof(row->clock));
	strscpy(row->ticks, stall_ticks_name(), sizeof(row->ticks));
	for (i = 0; i < stall_nr_runs(); i++) {
		row->memory_bytes += stall_run_at(i)->memory_bytes;
		row->memory_cpu_bytes += stall_run_at(i)->memory_cpu_bytes;
	}
	return 0;
}

static const struct stall_table module_table =
	STALL_TABLE(module_row, module_columns, module_collect);

struct event_row {
	u64 at_ns;
	u64 lasted_ns;
	u64 limit_ns;
	u64 inside_ns;
	char collector[32];
	u64 key;
	u64 doubt;
	u64 pid;
	u64 tgid;
	char comm[64];
	u64 cgroup_id;
	u64 cpu;
	char subject[208];
	char note[160];
};

static const struct stall_column event_columns[] = {
	STALL_U64(event_row, at_ns, "ns", "when it ended, monotonic"),
	STALL_U64(event_row, lasted_ns, "ns", "how long it was"),
	STALL_U64(event_row, limit_ns, "ns", "the threshold that it went over"),
	STALL_U64(event_row, inside_ns, "ns",
		  "of it, inside the kernel after the task had asked"),
	STALL_TEXT(event_row, collector, "which one saw it"),
	STALL_U64(event_row, key, NULL, "which of the collector's subjects"),
	STALL_U64(event_row, doubt, NULL, "1 if it probably is no stall"),
	STALL_U64(event_row, pid, NULL, "thread"),
	STALL_U64(event_row, tgid, NULL, "process"),
	STALL_TEXT(event_row, comm, "its name"),
	STALL_U64(event_row, cgroup_id, NULL, "its cgroup in the v2 hierarchy"),
	STALL_U64(event_row, cpu, NULL, "where it was seen to end"),
	STALL_TEXT(event_row, subject, "what was late"),
	STALL_TEXT(event_row, note, "why it was late, or why it is doubtful"),
};

static void event_fill(const struct stall_event_seen *seen,
		       struct event_row *row)
{
	const struct stall_event *event = &seen->event;
	struct stall_run *run = stall_run_at(event->collector);
	struct stall_story story = { .doubt = false };

	row->at_ns = event->at_ns;
	row->lasted_ns = event->lasted_ns;
	row->limit_ns = event->limit_ns;
	row->inside_ns = event->inside_ns;
	row->key = event->key;
	row->pid = event->who.pid;
	row->tgid = event->who.tgid;
	row->cgroup_id = event->who.cgroup_id;
	row->cpu = seen->cpu;
	strscpy(row->collector, run->collector->name, sizeof(row->collector));
	stall_escape(row->comm, sizeof(row->comm), event->who.comm,
		     sizeof(event->who.comm), false);
	if (run->collector->describe && stall_series_readable(run))
		run->collector->describe(run, event, &story);
	row->doubt = story.doubt;
	strscpy(row->subject, story.subject, sizeof(row->subject));
	strscpy(row->note, story.note, sizeof(row->note));
}

static int event_collect(struct stall_run *none, struct stall_rows *rows)
{
	struct stall_events_view view;
	struct event_row *row;
	unsigned int i;
	int err;

	err = stall_events_read(&view);
	if (err)
		return err;
	for (i = 0; i < view.nr && !err; i++) {
		row = stall_rows_add(rows);
		if (row)
			event_fill(&view.seen[i], row);
		else
			err = -ENOMEM;
	}
	kvfree(view.seen);
	return err;
}

static u64 events_lost(void)
{
	u64 recorded, lost;

	stall_events_count(&recorded, &lost);
	return lost;
}

static const struct stall_table event_table =
	STALL_TABLE(event_row, event_columns, event_collect);

const struct stall_series stall_self_series[] = {
	{ STALL_ROWS("collectors", stall_collector_table,
		     "what is on, what is not and why"), .in_status = true },
	{ STALL_ROWS("probes", probe_table,
		     "which hooks hang in this kernel, and what they cost"),
	  .in_status = true },
	{ STALL_ROWS("parameters", stall_param_table,
		     "controls, to be written in /sys/module/stallmeter/parameters"),
	  .in_status = true },
	{ STALL_ROWS("module", module_table,
		     "memory and losses of the module as a whole"),
	  .in_status = true },
	{ STALL_ROWS("cost", cost_table,
		     "what each hook costs, from one hit in 64; of a timer, from all") },
	{ STALL_ROWS("events", event_table, "single stalls, the newest last"),
	  .lost = events_lost },
	{ STALL_ROWS("timeline", stall_timeline_table,
		     "each histogram second by second") },
};

const unsigned int stall_nr_self_series = ARRAY_SIZE(stall_self_series);
