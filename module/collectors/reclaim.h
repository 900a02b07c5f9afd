/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim.h - what the parts of collector reclaim share
 */
#ifndef STALL_RECLAIM_H
#define STALL_RECLAIM_H

#include <linux/fs.h>
#include <linux/hash.h>

#include "../collector.h"

struct shrinker;

/**
 * enum reclaim_context - in whose name memory was reclaimed
 * @BY_KSWAPD: the kernel's own thread
 * @BY_DIRECT: a task that found no free page
 * @BY_MEMCG: a task whose cgroup was at its limit, or that lowered one
 * @BY_DROP_CACHES: a task that wrote to vm.drop_caches
 * @BY_OTHER: something else: node reclaim, hibernation, or a reclaim that had
 *	begun before we looked
 * @NR_RECLAIM_CONTEXTS: how many there are
 */
enum reclaim_context {
	BY_KSWAPD,
	BY_DIRECT,
	BY_MEMCG,
	BY_DROP_CACHES,
	BY_OTHER,
	NR_RECLAIM_CONTEXTS,
};

/* Bytes of the name of a scan function that are kept. */
#define RECLAIM_SCAN_NAME	56

/* Rows of the table, and the number of that for shrinkers without one. */
#define RECLAIM_NR_SHRINKERS	256U
#define RECLAIM_OTHER_SHRINKERS	RECLAIM_NR_SHRINKERS

/**
 * struct reclaim_shrinker_key - what a row is about
 * @scan: address of the function
 * @type: address of the file system's type, 0 for no file system
 * @id: its device, or the shrinker's number
 * @zero: keys are compared as bytes
 */
struct reclaim_shrinker_key {
	u64 scan;
	u64 type;
	u32 id;
	u32 zero;
};

/**
 * struct reclaim_shrinker - a shrinker and its owner
 * @key: which
 * @scan: name of the function, as its module may go, raw bytes
 * @owner: the owner's name, raw bytes; empty if it is not known
 */
struct reclaim_shrinker {
	struct reclaim_shrinker_key key;
	char scan[RECLAIM_SCAN_NAME];
	char owner[STALL_FS_NAME];
};

/**
 * struct reclaim_shrinker_cell - what a shrinker did on one CPU
 * @runs: how often it ran, by context
 * @scanned: objects that it looked at
 * @freed: objects that it freed
 * @total_ns: time that it took
 * @longest_ns: its longest run
 * @longest_context: in whose name that was
 * @who: and in which task
 */
struct reclaim_shrinker_cell {
	u64 runs[NR_RECLAIM_CONTEXTS];
	u64 scanned;
	u64 freed;
	u64 total_ns;
	u64 longest_ns;
	u64 longest_context;
	struct stall_who who;
};

/**
 * struct reclaim_hint - where a shrinker was found the last time on this CPU
 * @shrinker: it; perhaps another one in its memory by now
 * @key: what it was
 * @cell: what it did on this CPU
 */
struct reclaim_hint {
	const struct shrinker *shrinker;
	struct reclaim_shrinker_key key;
	struct reclaim_shrinker_cell *cell;
} ____cacheline_aligned;

#define RECLAIM_HINT_BITS	7

/**
 * struct reclaim_shrinkers - what each shrinker did
 * @rows: which there are
 * @cells: what they did, on each CPU, by number of the row; one more for those
 *	that found no row
 * @hints: rows that were found lately, on each CPU
 * @superblock_scan: address of super_cache_scan(), 0 if it is not known
 */
struct reclaim_shrinkers {
	struct stall_map rows;
	struct reclaim_shrinker_cell __percpu *cells;
	struct reclaim_hint __percpu *hints;
	unsigned long superblock_scan;
};

/**
 * struct reclaim_watch - the collector's own
 * @spans: who is in reclaim, or in a shrinker, since when
 * @victims: who lost time there
 * @shrinkers: what each shrinker did
 */
struct reclaim_watch {
	struct stall_spans spans;
	struct stall_tally victims;
	struct reclaim_shrinkers shrinkers;
};

extern const struct stall_table reclaim_shrinker_table;
extern const struct stall_table reclaim_victim_table;

int reclaim_shrinkers_init(struct reclaim_shrinkers *shrinkers);
void reclaim_shrinkers_free(struct reclaim_shrinkers *shrinkers);
size_t reclaim_shrinkers_cpu_bytes(void);
struct reclaim_shrinker_cell *
reclaim_shrinker_lookup(struct stall_run *run, struct reclaim_hint *hint,
			const struct shrinker *shrinker);
void reclaim_longest_run(struct reclaim_shrinker_cell *cell,
			 enum reclaim_context context, u64 lasted_ns);

int reclaim_victims_init(struct stall_tally *victims);
void reclaim_victim_lost(struct stall_run *run, u64 lost_ns, bool memcg);

/* Is a hint, found by the shrinker's address, still about this shrinker? */
static __always_inline bool reclaim_hint_fits(const struct reclaim_hint *hint,
					      const struct shrinker *shrinker)
{
	const struct super_block *sb;

	if (hint->shrinker != shrinker ||
	    hint->key.scan != (unsigned long)shrinker->scan_objects)
		return false;
	if (!hint->key.type)
		return hint->key.id == stall_shrinker_id(shrinker);
	/* It scans as superblocks' do: to be one was checked in the lookup. */
	sb = stall_shrinker_sb(shrinker);
	return hint->key.type == (unsigned long)sb->s_type &&
	       hint->key.id == sb->s_dev;
}

/**
 * reclaim_shrinker_cell() - what a shrinker did on this CPU, to add to it
 * @run: the collector
 * @shrinker: alive
 *
 * Context: task, preemption off.
 */
static __always_inline struct reclaim_shrinker_cell *
reclaim_shrinker_cell(struct stall_run *run, const struct shrinker *shrinker)
{
	struct reclaim_watch *reclaim = run->priv;
	struct reclaim_hint *hint = this_cpu_ptr(reclaim->shrinkers.hints) +
				    hash_ptr(shrinker, RECLAIM_HINT_BITS);

	if (likely(reclaim_hint_fits(hint, shrinker)))
		return hint->cell;
	return reclaim_shrinker_lookup(run, hint, shrinker);
}

#endif /* STALL_RECLAIM_H */
