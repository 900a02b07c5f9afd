// SPDX-License-Identifier: GPL-2.0
/* dcache_show - the makers of dentries as a table, those that fill it first */
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "dcache.h"

struct maker_row {
	char comm[64];
	u64 tgid;
	u64 cgroup_id;
	char directory[4 * DCACHE_PATH];
	char filesystem[64];
	u64 made;
	u64 over;
	s64 negative;
	u64 retained;
	u64 retained_negative;
};

static const struct stall_column maker_columns[] = {
	STALL_TEXT(maker_row, comm, "command; (other) for all others"),
	STALL_U64(maker_row, tgid, NULL, "one of its processes"),
	STALL_U64(maker_row, cgroup_id, NULL, "its cgroup in the v2 hierarchy"),
	STALL_TEXT(maker_row, directory,
		   "where, on the file system; its last four parts"),
	STALL_TEXT(maker_row, filesystem, "type, and device or number"),
	STALL_U64(maker_row, made, "dentries", "made, at most"),
	STALL_U64(maker_row, over, "dentries", "of them, perhaps by others"),
	STALL_S64(maker_row, negative, "dentries",
		  "that stand for no file, by lookup or by unlink, less those that got one"),
	STALL_U64(maker_row, retained, "dentries",
		  "made for sure, less those that their maker freed soon or that are never kept"),
	STALL_U64(maker_row, retained_negative, "dentries",
		  "negative ones, less those that their maker freed soon"),
};

static int maker_add(struct stall_rows *rows,
		     const struct stall_tally_hitter *hitter)
{
	const struct dcache_maker *maker = hitter->row;
	struct maker_row *row = stall_rows_add(rows);
	s64 negative = maker->negative - (s64)maker->passing_negative;
	/* What the row counted began when its key came into the table. */
	u64 sure = hitter->count - hitter->over;

	if (!row)
		return -ENOMEM;
	stall_escape(row->comm, sizeof(row->comm), maker->who.comm,
		     TASK_COMM_LEN, false);
	row->tgid = maker->who.tgid;
	row->cgroup_id = maker->who.cgroup_id;
	stall_escape(row->directory, sizeof(row->directory), maker->directory,
		     sizeof(maker->directory), false);
	stall_escape(row->filesystem, sizeof(row->filesystem),
		     maker->filesystem, sizeof(maker->filesystem), false);
	row->made = hitter->count;
	row->over = hitter->over;
	row->negative = maker->negative;
	row->retained = sure - min(sure, maker->passing);
	row->retained_negative = max_t(s64, negative, 0);
	return 0;
}

/*
 * Who unlinks may leave more negative dentries than he made. On procfs, most of
 * what stands for a file goes with a process, and is no sign of who fills the
 * cache.
 */
static u64 maker_stays(const struct maker_row *row)
{
	if (strstarts(row->filesystem, "proc:"))
		return row->retained_negative;
	return max(row->retained, row->retained_negative);
}

static int makers_by_retained(const void *a, const void *b)
{
	const struct maker_row *x = a, *y = b;

	if (maker_stays(x) != maker_stays(y))
		return maker_stays(x) > maker_stays(y) ? -1 : 1;
	return x->made > y->made ? -1 : x->made < y->made;
}

/*
 * All that was allocated and turned, less what the rows can be sure of. No more
 * can still be there than are alive.
 */
static int maker_add_others(struct stall_run *run, struct stall_rows *rows)
{
	const struct maker_row *listed = rows->data;
	s64 made = stall_run_counter(run, DCACHE_ALLOCATED);
	s64 negative = stall_run_counter(run, DCACHE_NEGATIVE_MADE) -
		       stall_run_counter(run, DCACHE_TURNED_POSITIVE);
	unsigned int i, nr = rows->nr;
	struct maker_row *row;
	s64 live = stall_run_counter(run, DCACHE_LIVE);

	for (i = 0; i < nr; i++) {
		made -= listed[i].made - listed[i].over;
		negative -= listed[i].negative;
		live -= listed[i].retained;
	}
	row = stall_rows_add(rows);
	if (!row)
		return -ENOMEM;
	strscpy(row->comm, "(other)", sizeof(row->comm));
	row->made = max_t(s64, made, 0);
	row->negative = negative;
	row->retained = clamp_t(s64, live, 0, row->made);
	row->retained_negative = clamp_t(s64, negative, 0, row->retained);
	return 0;
}

static int maker_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct dcache_state *dcache = run->priv;
	struct stall_tally_top top;
	unsigned int i;
	int err;

	err = stall_tally_merge(&dcache->makers, &top);
	for (i = 0; i < top.nr && !err; i++)
		err = maker_add(rows, &top.hitters[i]);
	stall_tally_top_free(&top);
	if (err)
		return err;
	sort(rows->data, rows->nr, rows->row_size, makers_by_retained, NULL);
	return maker_add_others(run, rows);
}

const struct stall_table dcache_maker_table =
	STALL_TABLE(maker_row, maker_columns, maker_collect);
