// SPDX-License-Identifier: GPL-2.0
/* epoll_slowest - the instances whose events waited longest, as a table */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "epoll.h"

/* Instances that have a row of their own. */
#define SHOWN_INSTANCES	64

struct instance_row {
	char comm[64];
	u64 pid;
	u64 tgid;
	u64 collected;
	u64 mean_ns;
	u64 max_ns;
	u64 items;
	u64 ready;
};

static const struct stall_column instance_columns[] = {
	STALL_TEXT(instance_row, comm, "who collected last"),
	STALL_U64(instance_row, pid, NULL, "its thread"),
	STALL_U64(instance_row, tgid, NULL, "its process"),
	STALL_U64(instance_row, collected, NULL,
		  "harvests of what had become ready"),
	STALL_U64(instance_row, mean_ns, "ns", "mean time from ready to collected"),
	STALL_U64(instance_row, max_ns, "ns", "longest of them"),
	STALL_U64(instance_row, items, NULL, "descriptors in it, 4096 for 4096 or more"),
	STALL_U64(instance_row, ready, NULL, "1 if something waits to be collected"),
};

/* The longest times so far, the longest first. */
struct slowest {
	u32 numbers[SHOWN_INSTANCES];
	unsigned int nr;
};

static void slowest_add(const struct epoll_state *epoll,
			struct slowest *slowest, u32 number)
{
	const struct epoll_instance *instances = epoll->instances;
	unsigned int at = slowest->nr;

	if (at == SHOWN_INSTANCES) {
		if (instances[number].max_ns <=
		    instances[slowest->numbers[at - 1]].max_ns)
			return;
		at--;
	} else {
		slowest->nr++;
	}
	for (; at && instances[slowest->numbers[at - 1]].max_ns <
		     instances[number].max_ns; at--)
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
	unsigned int items = 0;

	if (!epoll_is_at_work(epoll) || !epoll_is_instance(ep))
		return 0;
	rcu_read_lock();
	epoll_items_walk(ep, &epoll->tail, count_item, NULL, &items);
	rcu_read_unlock();
	cond_resched();
	return items;
}

static int instance_add(const struct epoll_state *epoll, u32 number,
			struct stall_rows *rows)
{
	const struct epoll_instance *instance = &epoll->instances[number];
	struct instance_row *row = stall_rows_add(rows);
	u64 nr = READ_ONCE(instance->nr_collected);

	if (!row)
		return -ENOMEM;
	stall_escape(row->comm, sizeof(row->comm), instance->comm,
		     sizeof(instance->comm), false);
	row->pid = instance->pid;
	row->tgid = instance->tgid;
	row->collected = nr;
	row->mean_ns = nr ? div64_u64(READ_ONCE(instance->sum_ns), nr) : 0;
	row->max_ns = READ_ONCE(instance->max_ns);
	row->items = instance_items(epoll, number);
	row->ready = READ_ONCE(instance->ready_at) != 0;
	return 0;
}

/*
 * All harvests, less those of the rows: of the other instances, and of those
 * that are gone. The longest is known unless it is one of the rows'.
 */
static int add_others(struct stall_run *run, struct stall_rows *rows)
{
	const struct instance_row *listed = rows->data;
	unsigned int i, nr = rows->nr;
	struct stallmeter_hist *all;
	struct instance_row *row;
	u64 count, sum;

	all = kvzalloc(struct_size(all, buckets, STALL_HIST_BUCKETS),
		       GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	stall_run_hist(run, EPOLL_READY_COLLECTED, all);
	count = stall_hist_count(all->buckets, STALL_HIST_BUCKETS);
	sum = all->sum;
	for (i = 0; i < nr; i++) {
		count -= min(count, listed[i].collected);
		sum -= min(sum, listed[i].collected * listed[i].mean_ns);
	}
	row = stall_rows_add(rows);
	if (row) {
		listed = rows->data;
		strscpy(row->comm, "(other)", sizeof(row->comm));
		row->collected = count;
		row->mean_ns = count ? div64_u64(sum, count) : 0;
		if (count && (!nr || all->max > listed[0].max_ns))
			row->max_ns = all->max;
		else if (count)
			row->max_ns = listed[nr - 1].max_ns;
	}
	kvfree(all);
	return row ? 0 : -ENOMEM;
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
		    READ_ONCE(epoll->instances[number].nr_collected))
			slowest_add(epoll, &slowest, number);
	for (i = 0; i < slowest.nr && !err; i++)
		err = instance_add(epoll, slowest.numbers[i], rows);
	return err ?: add_others(run, rows);
}

const struct stall_table epoll_instance_table =
	STALL_TABLE(instance_row, instance_columns, instance_collect);
