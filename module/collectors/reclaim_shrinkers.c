// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim_shrinkers - what each shrinker did, and for which owner
 *
 * One function shrinks the dentries of all file systems, so a row is a scan
 * function and its owner: type and device of a file system, or the number that
 * the kernel gives a shrinker where it is built to debug them. Rows are few and
 * stay; what is counted in them is kept on each CPU.
 */
#include <linux/dcache.h>
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/string.h>

#include "reclaim.h"

#define CELLS_BYTES	((RECLAIM_NR_SHRINKERS + 1) * sizeof(struct reclaim_shrinker_cell))
#define HINTS_BYTES	(sizeof(struct reclaim_hint) << RECLAIM_HINT_BITS)

static_assert(CELLS_BYTES <= PCPU_MIN_UNIT_SIZE);

/**
 * reclaim_shrinkers_init() - no shrinker ran yet
 * @shrinkers: zeroed
 *
 * Return: 0 or -ENOMEM.
 */
int reclaim_shrinkers_init(struct reclaim_shrinkers *shrinkers)
{
	shrinkers->superblock_scan = stall_function_address("super_cache_scan");
	shrinkers->cells = __alloc_percpu(CELLS_BYTES, sizeof(u64));
	shrinkers->hints = __alloc_percpu(HINTS_BYTES,
					  __alignof__(struct reclaim_hint));
	if (shrinkers->cells && shrinkers->hints &&
	    !stall_map_init(&shrinkers->rows, RECLAIM_NR_SHRINKERS,
			    sizeof(struct reclaim_shrinker),
			    sizeof(struct reclaim_shrinker_key)))
		return 0;
	reclaim_shrinkers_free(shrinkers);
	return -ENOMEM;
}

/**
 * reclaim_shrinkers_free() - give back what reclaim_shrinkers_init() took
 * @shrinkers: possibly never initialised but zero
 */
void reclaim_shrinkers_free(struct reclaim_shrinkers *shrinkers)
{
	free_percpu(shrinkers->cells);
	free_percpu(shrinkers->hints);
	stall_map_free(&shrinkers->rows);
	shrinkers->cells = NULL;
	shrinkers->hints = NULL;
}

/**
 * reclaim_shrinkers_cpu_bytes() - their memory on each CPU
 */
size_t reclaim_shrinkers_cpu_bytes(void)
{
	return CELLS_BYTES + HINTS_BYTES;
}

/* Before v6.7, only the function says that a superblock is there: look. */
static const struct super_block *
shrinker_superblock(const struct reclaim_shrinkers *shrinkers,
		    const struct shrinker *shrinker)
{
	const struct super_block *sb;

	if ((unsigned long)shrinker->scan_objects != shrinkers->superblock_scan)
		return NULL;
	sb = stall_shrinker_sb(shrinker);
	if (!sb || stall_sb_shrinker(sb) != shrinker)
		return NULL;
	return sb->s_root && sb->s_root->d_sb == sb ? sb : NULL;
}

/* A function of a module is printed as "name [module]". */
static noinline void shrinker_name_scan(const struct shrinker *shrinker,
					char scan[RECLAIM_SCAN_NAME])
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, (unsigned long)shrinker->scan_objects);
	name[strcspn(name, " ")] = '\0';
	/* Without a name it is an address, which is nobody's business. */
	strscpy(scan, name[0] == '0' ? "?" : name, RECLAIM_SCAN_NAME);
}

/* The number of a shrinker's row. */
static u32 shrinker_number(struct stall_run *run,
			   const struct shrinker *shrinker,
			   const struct super_block *sb,
			   const struct reclaim_shrinker_key *key)
{
	struct reclaim_watch *reclaim = run->priv;
	struct stall_map *rows = &reclaim->shrinkers.rows;
	struct reclaim_shrinker *row = stall_map_find(rows, key);

	if (!row)
		row = stall_map_add(rows, key);
	if (!row) {
		if (stall_map_full(rows))
			stall_dropped(run);
		else
			stall_missed(run);
		return RECLAIM_OTHER_SHRINKERS;
	}
	/* If two CPUs come at once, both write the same. */
	if (!row->scan[0]) {
		if (sb)
			stall_fs_name(row->owner, sb);
		else
			strscpy(row->owner, stall_shrinker_name(shrinker),
				sizeof(row->owner));
		shrinker_name_scan(shrinker, row->scan);
	}
	return stall_map_number(rows, row);
}

/**
 * reclaim_shrinker_lookup() - the rare turn of reclaim_shrinker_cell()
 * @run: the collector
 * @hint: gets what is found
 * @shrinker: alive
 *
 * Return: what the shrinker did on this CPU; if there are too many shrinkers,
 * what all those did that found no row.
 */
struct reclaim_shrinker_cell *
reclaim_shrinker_lookup(struct stall_run *run, struct reclaim_hint *hint,
			const struct shrinker *shrinker)
{
	struct reclaim_watch *reclaim = run->priv;
	struct reclaim_shrinkers *shrinkers = &reclaim->shrinkers;
	const struct super_block *sb = shrinker_superblock(shrinkers, shrinker);
	const struct reclaim_shrinker_key key = {
		.scan = (unsigned long)shrinker->scan_objects,
		.type = sb ? (unsigned long)sb->s_type : 0,
		.id = sb ? sb->s_dev : stall_shrinker_id(shrinker),
	};
	u32 number = shrinker_number(run, shrinker, sb, &key);

	/* Without a row, or with no superblock made out: look again next time. */
	if (number == RECLAIM_OTHER_SHRINKERS ||
	    (!sb && key.scan == shrinkers->superblock_scan))
		hint->shrinker = NULL;
	else
		hint->shrinker = shrinker;
	hint->key = key;
	hint->cell = this_cpu_ptr(shrinkers->cells) + number;
	return hint->cell;
}

/**
 * reclaim_longest_run() - a shrinker ran longer than ever before on this CPU
 * @cell: what it did
 * @context: in whose name
 * @lasted_ns: how long
 */
void reclaim_longest_run(struct reclaim_shrinker_cell *cell,
			 enum reclaim_context context, u64 lasted_ns)
{
	cell->longest_ns = lasted_ns;
	cell->longest_context = context;
	stall_who_current(&cell->who);
}
