// SPDX-License-Identifier: GPL-2.0
/* epoll_slowest - the instances whose events waited longest, as a table */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "epoll_find.h"

/* Instances that have a row of their own. */
#define SHOWN_INSTANCES	64

struct instance_row {
	char comm[64];
	u64 pid;
	u64 tgid;
	u64 collected;
	u64 collected_mean_ns;
	u64 collected_max_ns;
	u64 items;
	u64 ready;
	u64 woken_mean_ns;
	u64 woken_max_ns;
	u64 running_mean_ns;
	u64 running_max_ns;
};

static const struct stall_column instance_columns[] = {
	STALL_TEXT(instance_row, comm, "who collected last"),
	STALL_U64(instance_row, pid, NULL, "its thread"),
	STALL_U64(instance_row, tgid, NULL, "its process"),
	STALL_U64(instance_row, collected, NULL,
		  "harvests of what had become ready"),
	STALL_U64(instance_row, collected_mean_ns, "ns",
		  "mean time from ready to collected"),
	STALL_U64(instance_row, collected_max_ns, "ns",
		  "longest of them; in (other) 0 if it is not known"),
	STALL_U64(instance_row, items, NULL, "descriptors in it, 8192 for 8192 or more"),
	STALL_U64(instance_row, ready, NULL, "1 if something waits to be collected"),
	STALL_U64(instance_row, woken_mean_ns, "ns",
		  "mean time from ready to woken"),
	STALL_U64(instance_row, woken_max_ns, "ns", "longest of them"),
	STALL_U64(instance_row, running_mean_ns, "ns",
		  "mean time from woken to running"),
	STALL_U64(instance_row, running_max_ns, "ns", "longest of them"),
};

/**
 * struct slowest - the instances that get a row
 * @numbers: those with the longest times, the longest first
 * @nr: how many
 * @times: of all of them
 */
struct slowest {
	u32 numbers[SHOWN_INSTANCES];
	unsigned int nr;
	struct epoll_times times[EPOLL_NR_TIMES];
};

static u64 longest(const struct epoll_state *epoll, u32 number)
{
	return READ_ONCE(epoll->instances[number]
				 .times[EPOLL_READY_COLLECTED].max_ns);
}

static void slowest_add(const struct epoll_state *epoll,
			struct slowest *slowest, u32 number)
{
	unsigned int at = slowest->nr;
	u64 max_ns = longest(epoll, number);

	if (at == SHOWN_INSTANCES) {
		if (max_ns <= longest(epoll, slowest->numbers[at - 1]))
			return;
		at--;
	} else {
		slowest->nr++;
	}
	for (; at && longest(epoll, slowest->numbers[at - 1]) < max_ns; at--)
		slowest->numbers[at] = slowest->numbers[at - 1];
	slowest->numbers[at] = number;
}

static bool count_item(const struct epoll_item *where,
		       const struct epoll_item *item, void *unused)
{
	return true;
}

static u64 instance_items(const struct epoll_state *epoll, u32 number)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[number]);
	struct epoll_visits visits = { .limit = EPOLL_ITEMS };

	if (!epoll_is_at_work(epoll) || !epoll_is_instance(ep))
		return 0;
	rcu_read_lock();
	epoll_items_walk(ep, &epoll->tail, count_item, NULL, &visits);
	rcu_read_unlock();
	cond_resched();
	return visits.nr;
}

static u64 mean_ns(const struct epoll_times *times)
{
	return times->nr ? div64_u64(times->sum_ns, times->nr) : 0;
}

static void fill_times(struct instance_row *row,
		       const struct epoll_times *times)
{
	row->collected = times[EPOLL_READY_COLLECTED].nr;
	row->collected_mean_ns = mean_ns(&times[EPOLL_READY_COLLECTED]);
	row->collected_max_ns = times[EPOLL_READY_COLLECTED].max_ns;
	row->woken_mean_ns = mean_ns(&times[EPOLL_READY_WOKEN]);
	row->woken_max_ns = times[EPOLL_READY_WOKEN].max_ns;
	row->running_mean_ns = mean_ns(&times[EPOLL_WOKEN_RUNNING]);
	row->running_max_ns = times[EPOLL_WOKEN_RUNNING].max_ns;
}

static int instance_add(const struct epoll_state *epoll, u32 number,
			struct slowest *slowest, struct stall_rows *rows)
{
	const struct epoll_instance *instance = &epoll->instances[number];
	struct instance_row *row = stall_rows_add(rows);
	struct epoll_times times[EPOLL_NR_TIMES];
	unsigned int i;

	if (!row)
		return -ENOMEM;
	memcpy(times, instance->times, sizeof(times));
	for (i = 0; i < EPOLL_NR_TIMES; i++) {
		slowest->times[i].nr += times[i].nr;
		slowest->times[i].sum_ns += times[i].sum_ns;
		slowest->times[i].max_ns = max(slowest->times[i].max_ns,
					       times[i].max_ns);
	}
	stall_escape(row->comm, sizeof(row->comm), instance->comm,
		     sizeof(instance->comm), false);
	row->pid = instance->pid;
	row->tgid = instance->tgid;
	fill_times(row, times);
	row->items = instance_items(epoll, number);
	row->ready = READ_ONCE(instance->ready_at) != 0;
	return 0;
}

/*
 * All that was recorded, less that of the rows: of the other instances, and of
 * those that are gone. The longest is known unless one of the rows has it.
 */
static void others_took(const struct stallmeter_hist *all,
			const struct epoll_times *listed,
			struct epoll_times *others)
{
	u64 nr = stall_hist_count(all->buckets, STALL_HIST_BUCKETS);

	others->nr = nr - min(nr, listed->nr);
	others->sum_ns = all->sum - min_t(u64, all->sum, listed->sum_ns);
	others->max_ns = others->nr && all->max > listed->max_ns ? all->max : 0;
}

static int add_others(struct stall_run *run, const struct slowest *slowest,
		      struct stall_rows *rows)
{
	struct epoll_times others[EPOLL_NR_TIMES];
	struct stallmeter_hist *all;
	struct instance_row *row;
	unsigned int i;

	all = kvzalloc(struct_size(all, buckets, STALL_HIST_BUCKETS),
		       GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	for (i = 0; i < EPOLL_NR_TIMES; i++) {
		stall_run_hist(run, i, all);
		others_took(all, &slowest->times[i], &others[i]);
	}
	kvfree(all);
	row = stall_rows_add(rows);
	if (!row)
		return -ENOMEM;
	strscpy(row->comm, "(other)", sizeof(row->comm));
	fill_times(row, others);
	return 0;
}

static int instance_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct epoll_state *epoll = run->priv;
	struct slowest slowest = { .nr = 0 };
	unsigned int i;
	int err = 0;
	u32 number;

	for (number = 0; number < EPOLL_INSTANCES; number++)
		if (epoll_is_instance(READ_ONCE(epoll->keys[number])) &&
		    longest(epoll, number))
			slowest_add(epoll, &slowest, number);
	for (i = 0; i < slowest.nr && !err; i++)
		err = instance_add(epoll, slowest.numbers[i], &slowest, rows);
	return err ?: add_others(run, &slowest, rows);
}

const struct stall_table epoll_instance_table =
	STALL_TABLE(instance_row, instance_columns, instance_collect);
