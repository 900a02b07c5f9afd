// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim_victims - which tasks lost how much time in reclaim
 */
#include <linux/string.h>

#include "reclaim.h"

/**
 * struct victim - what is kept beside the time that a command lost
 * @who: a thread of the process, of those with that name
 * @memcg_ns: of the time, for the limit of a cgroup or by memory.reclaim
 * @longest_ns: the longest reclaim
 * @nr: how many there were
 */
struct victim {
	struct stall_who who;
	u64 memcg_ns;
	u64 longest_ns;
	u64 nr;
};

static void victim_merge(void *into, const void *from)
{
	const struct victim *other = from;
	struct victim *victim = into;

	victim->memcg_ns += other->memcg_ns;
	victim->longest_ns = max(victim->longest_ns, other->longest_ns);
	victim->nr += other->nr;
}

/**
 * reclaim_victims_init() - nobody lost anything yet
 * @victims: the table
 *
 * Return: 0 or -ENOMEM.
 */
int reclaim_victims_init(struct stall_tally *victims)
{
	return stall_tally_init(victims, sizeof(struct victim), victim_merge);
}

/* A process that executes another program is another victim. */
static u64 victim_key(void)
{
	u64 comm, more, sum;

	stall_comm_words(&comm, &more);
	sum = stall_tally_mix(comm, more);
	sum = stall_tally_mix(sum, stall_cgroup_id());
	sum = stall_tally_mix(sum, current->tgid);
	return stall_tally_key(sum);
}

/**
 * reclaim_victim_lost() - the running task lost time in reclaim
 * @run: the collector
 * @lost_ns: how much
 * @memcg: for the limit of a cgroup, or by memory.reclaim
 *
 * Context: any, preemption off.
 */
void reclaim_victim_lost(struct stall_run *run, u64 lost_ns, bool memcg)
{
	struct reclaim_watch *reclaim = run->priv;
	u64 key = victim_key();
	struct stall_tally_entry *entry = stall_tally_claim(&reclaim->victims,
							    key);
	struct victim *victim;

	if (!entry) {
		stall_missed(run);
		return;
	}
	victim = entry->row;
	if (unlikely(stall_tally_is_new(entry)))
		stall_who_current(&victim->who);
	if (memcg)
		victim->memcg_ns += lost_ns;
	if (lost_ns > victim->longest_ns)
		victim->longest_ns = lost_ns;
	victim->nr++;
	stall_tally_release(&reclaim->victims, entry, key, lost_ns);
}

struct victim_row {
	char comm[64];
	u64 tgid;
	u64 cgroup_id;
	u64 total_ns;
	u64 over_ns;
	u64 longest_ns;
	u64 count;
	u64 memcg_ns;
};

static const struct stall_column victim_columns[] = {
	STALL_TEXT(victim_row, comm, "command, as its thread is named; (other) for all others"),
	STALL_U64(victim_row, tgid, NULL, "process"),
	STALL_U64(victim_row, cgroup_id, NULL, "its cgroup in the v2 hierarchy"),
	STALL_U64(victim_row, total_ns, "ns", "time lost in reclaim, at most"),
	STALL_U64(victim_row, over_ns, "ns", "of it, perhaps of others"),
	STALL_U64(victim_row, longest_ns, "ns", "the longest reclaim"),
	STALL_U64(victim_row, count, NULL, "reclaims, since it is listed"),
	STALL_U64(victim_row, memcg_ns, "ns",
		  "of the time, for a cgroup's limit or memory.reclaim, since it is listed"),
};

static int victim_add(struct stall_rows *rows,
		      const struct stall_tally_hitter *hitter)
{
	const struct victim *victim = hitter->row;
	struct victim_row *row = stall_rows_add(rows);

	if (!row)
		return -ENOMEM;
	stall_escape(row->comm, sizeof(row->comm), victim->who.comm,
		     TASK_COMM_LEN, false);
	row->tgid = victim->who.tgid;
	row->cgroup_id = victim->who.cgroup_id;
	row->total_ns = hitter->count;
	row->over_ns = hitter->over;
	row->longest_ns = victim->longest_ns;
	row->count = victim->nr;
	row->memcg_ns = victim->memcg_ns;
	return 0;
}

/* What the table could not hold; of what it holds, that of others. */
static int victim_add_others(struct stall_rows *rows, u64 total_ns)
{
	struct victim_row *row = stall_rows_add(rows);

	if (!row)
		return -ENOMEM;
	strscpy(row->comm, "(other)", sizeof(row->comm));
	row->total_ns = total_ns;
	return 0;
}

static int victim_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct reclaim_watch *reclaim = run->priv;
	struct stall_tally_top top;
	u64 listed = 0;
	unsigned int i;
	int err;

	err = stall_tally_merge(&reclaim->victims, &top);
	for (i = 0; i < top.nr && !err; i++) {
		err = victim_add(rows, &top.hitters[i]);
		listed += top.hitters[i].count - top.hitters[i].over;
	}
	if (!err)
		err = victim_add_others(rows, top.total > listed ?
					top.total - listed : 0);
	stall_tally_top_free(&top);
	return err;
}

const struct stall_table reclaim_victim_table =
	STALL_TABLE(victim_row, victim_columns, victim_collect);
