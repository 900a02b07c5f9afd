/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tally.h - who did it: bounded tables of heavy hitters
 */
#ifndef STALL_TALLY_H
#define STALL_TALLY_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "who.h"

#define STALL_TALLY_SETS	32
#define STALL_TALLY_WAYS	8

/**
 * struct stall_tally_entry - one key's count
 * @key: who, as a number; 0 for a free entry
 * @count: at least as often as it was seen
 * @over: at most as much of @count belongs to others
 * @who: a task that was seen with this key
 */
struct stall_tally_entry {
	u64 key;
	u64 count;
	u64 over;
	struct stall_who who;
};

/**
 * struct stall_tally - one CPU's sketch
 * @busy: contexts at work in it: one that finds another there turns away
 * @missed: how often that was
 * @total: sum of all counts
 * @entries: sets of ways
 */
struct stall_tally {
	u32 busy;
	u64 missed;
	u64 total;
	struct stall_tally_entry entries[STALL_TALLY_SETS][STALL_TALLY_WAYS];
};

/**
 * struct stall_tally_top - what a merge gives
 * @entries: largest count first, to be freed with kvfree()
 * @nr: how many
 * @total: sum of all counts, listed here or not
 * @missed: observations that could not be counted
 */
struct stall_tally_top {
	struct stall_tally_entry *entries;
	unsigned int nr;
	u64 total;
	u64 missed;
};

struct stall_tally __percpu *stall_tally_alloc(void);
void stall_tally_free(struct stall_tally __percpu *tally);
void stall_tally_add(struct stall_tally __percpu *tally, u64 key, u64 weight);
int stall_tally_merge(struct stall_tally __percpu *tally,
		      struct stall_tally_top *top);

#endif /* STALL_TALLY_H */
