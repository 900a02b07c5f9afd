// SPDX-License-Identifier: GPL-2.0
/* reclaim_show - the shrinkers as a table, the one that took most time first */
#include <linux/sort.h>
#include <linux/string.h>

#include "reclaim.h"

struct shrinkers_row {
	char shrinker[64];
	char owner[64];
	u64 runs;
	u64 scanned;
	u64 freed;
	u64 total_ns;
	u64 longest_ns;
	char contexts[64];
	u64 kswapd_runs;
	u64 direct_runs;
	u64 memcg_runs;
	u64 drop_caches_runs;
	u64 other_runs;
	char longest_context[16];
	char comm[64];
	u64 pid;
	u64 tgid;
	u64 cgroup_id;
};

static const struct stall_column shrinkers_columns[] = {
	STALL_TEXT(shrinkers_row, shrinker, "its scan function"),
	STALL_TEXT(shrinkers_row, owner,
		   "file system and device, or the shrinker's own name; - if neither is known"),
	STALL_U64(shrinkers_row, runs, NULL, "how often it ran"),
	STALL_U64(shrinkers_row, scanned, "objects", "looked at"),
	STALL_U64(shrinkers_row, freed, "objects", "freed"),
	STALL_U64(shrinkers_row, total_ns, "ns", "time that it took"),
	STALL_U64(shrinkers_row, longest_ns, "ns", "its longest run"),
	STALL_TEXT(shrinkers_row, contexts, "in whose name it ran"),
	STALL_U64(shrinkers_row, kswapd_runs, NULL, "of the runs, by kswapd"),
	STALL_U64(shrinkers_row, direct_runs, NULL, "in direct reclaim"),
	STALL_U64(shrinkers_row, memcg_runs, NULL, "for a cgroup's limit, or by memory.reclaim"),
	STALL_U64(shrinkers_row, drop_caches_runs, NULL, "for drop_caches"),
	STALL_U64(shrinkers_row, other_runs, NULL, "for something else"),
	STALL_TEXT(shrinkers_row, longest_context,
		   "in whose name the longest was"),
	STALL_TEXT(shrinkers_row, comm, "task of the longest"),
	STALL_U64(shrinkers_row, pid, NULL, "its thread"),
	STALL_U64(shrinkers_row, tgid, NULL, "its process"),
	STALL_U64(shrinkers_row, cgroup_id, NULL,
		  "its cgroup in the v2 hierarchy"),
};

static const char * const context_names[] = {
	[BY_KSWAPD] = "kswapd",
	[BY_DIRECT] = "direct",
	[BY_MEMCG] = "memcg",
	[BY_DROP_CACHES] = "drop_caches",
	[BY_OTHER] = "other",
};

static_assert(ARRAY_SIZE(context_names) == NR_RECLAIM_CONTEXTS);

static void cell_fold(const struct reclaim_shrinker_cell *cell,
		      struct reclaim_shrinker_cell *total)
{
	unsigned int i;

	for (i = 0; i < NR_RECLAIM_CONTEXTS; i++)
		total->runs[i] += READ_ONCE(cell->runs[i]);
	total->scanned += READ_ONCE(cell->scanned);
	total->freed += READ_ONCE(cell->freed);
	total->total_ns += READ_ONCE(cell->total_ns);
	if (READ_ONCE(cell->longest_ns) > total->longest_ns) {
		total->longest_ns = cell->longest_ns;
		total->longest_context = cell->longest_context;
		total->who = cell->who;
	}
}

static void shrinkers_fill_who(const struct reclaim_shrinker_cell *cell,
			       struct shrinkers_row *row)
{
	strscpy(row->longest_context, context_names[cell->longest_context],
		sizeof(row->longest_context));
	stall_escape(row->comm, sizeof(row->comm), cell->who.comm,
		     TASK_COMM_LEN, false);
	row->pid = cell->who.pid;
	row->tgid = cell->who.tgid;
	row->cgroup_id = cell->who.cgroup_id;
}

static void shrinkers_fill(const struct reclaim_shrinker_cell *cell,
			   struct shrinkers_row *row)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < NR_RECLAIM_CONTEXTS; i++) {
		row->runs += cell->runs[i];
		if (cell->runs[i])
			len += scnprintf(row->contexts + len,
					 sizeof(row->contexts) - len, "%s%s",
					 len ? "," : "", context_names[i]);
	}
	row->kswapd_runs = cell->runs[BY_KSWAPD];
	row->direct_runs = cell->runs[BY_DIRECT];
	row->memcg_runs = cell->runs[BY_MEMCG];
	row->drop_caches_runs = cell->runs[BY_DROP_CACHES];
	row->other_runs = cell->runs[BY_OTHER];
	row->scanned = cell->scanned;
	row->freed = cell->freed;
	row->total_ns = cell->total_ns;
	row->longest_ns = cell->longest_ns;
	shrinkers_fill_who(cell, row);
}

static void shrinkers_fill_name(const struct reclaim_shrinker *shrinker,
				struct shrinkers_row *row)
{
	stall_escape(row->shrinker, sizeof(row->shrinker), shrinker->scan,
		     sizeof(shrinker->scan), false);
	stall_escape(row->owner, sizeof(row->owner),
		     shrinker->owner[0] ? shrinker->owner : "-",
		     sizeof(shrinker->owner), false);
}

static int shrinkers_by_time(const void *a, const void *b)
{
	const struct shrinkers_row *x = a, *y = b;

	return x->total_ns > y->total_ns ? -1 : x->total_ns < y->total_ns;
}

static int shrinkers_add(struct reclaim_shrinkers *shrinkers, u32 i,
			 struct stall_rows *rows)
{
	struct reclaim_shrinker_cell total = { };
	struct shrinkers_row *row;
	int cpu;

	for_each_possible_cpu(cpu)
		cell_fold(per_cpu_ptr(shrinkers->cells, cpu) + i, &total);
	if (i == RECLAIM_OTHER_SHRINKERS && !total.total_ns)
		return 0;
	row = stall_rows_add(rows);
	if (!row)
		return -ENOMEM;
	if (i == RECLAIM_OTHER_SHRINKERS)
		strscpy(row->shrinker, "(other)", sizeof(row->shrinker));
	else
		shrinkers_fill_name(stall_map_row(&shrinkers->rows, i), row);
	shrinkers_fill(&total, row);
	return 0;
}

static int shrinkers_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct reclaim_watch *reclaim = run->priv;
	struct reclaim_shrinkers *shrinkers = &reclaim->shrinkers;
	u32 i, nr = stall_map_nr(&shrinkers->rows);
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = shrinkers_add(shrinkers, i, rows);
	if (!err)
		err = shrinkers_add(shrinkers, RECLAIM_OTHER_SHRINKERS, rows);
	sort(rows->data, rows->nr, rows->row_size, shrinkers_by_time, NULL);
	return err;
}

const struct stall_table reclaim_shrinker_table =
	STALL_TABLE(shrinkers_row, shrinkers_columns, shrinkers_collect);
