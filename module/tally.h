/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tally.h - who did it: bounded tables of heavy hitters
 */
#ifndef STALL_TALLY_H
#define STALL_TALLY_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define STALL_TALLY_SETS	32
#define STALL_TALLY_WAYS	8
#define STALL_TALLY_ENTRIES	(STALL_TALLY_SETS * STALL_TALLY_WAYS)

/**
 * struct stall_tally_entry - one key's count
 * @key: who, as a number; 0 for a free entry, or one that is being taken over
 * @count: at least as often as it was seen
 * @over: at most as much of @count belongs to others
 * @row: what the owner keeps beside it
 */
struct stall_tally_entry {
	u64 key;
	u64 count;
	u64 over;
	void *row;
};

/**
 * struct stall_tally_sketch - one CPU's part
 * @busy: contexts at work in it: one that finds another there turns away
 * @total: sum of all counts
 * @rows: memory of all rows
 * @entries: sets of ways
 */
struct stall_tally_sketch {
	u32 busy;
	u64 total;
	void *rows;
	struct stall_tally_entry entries[STALL_TALLY_ENTRIES];
};

/**
 * struct stall_tally - a table of heavy hitters
 * @sketches: the CPUs' parts
 * @row_size: bytes of a row, a multiple of 8
 * @merge: add the row of another CPU's sketch, @from, to that of the same key;
 *	may be called for a row that was read while it changed
 */
struct stall_tally {
	struct stall_tally_sketch __percpu *sketches;
	size_t row_size;
	void (*merge)(void *into, const void *from);
};

/**
 * struct stall_tally_hitter - a key over all CPUs
 * @key: who, as a number
 * @count: at least as often as it was seen
 * @over: at most as much of @count belongs to others
 * @row: what the owner keeps, merged
 */
struct stall_tally_hitter {
	u64 key;
	u64 count;
	u64 over;
	void *row;
};

/**
 * struct stall_tally_top - what a merge gives
 * @hitters: largest count first
 * @nr: how many
 * @total: sum of all counts, listed here or not
 * @rows: memory of the rows
 */
struct stall_tally_top {
	struct stall_tally_hitter *hitters;
	unsigned int nr;
	u64 total;
	void *rows;
};

int stall_tally_init(struct stall_tally *tally, size_t row_size,
		     void (*merge)(void *into, const void *from));
void stall_tally_free(struct stall_tally *tally);
size_t stall_tally_cpu_bytes(const struct stall_tally *tally);
struct stall_tally_entry *stall_tally_take_over(struct stall_tally *tally,
						u64 key);
int stall_tally_merge(const struct stall_tally *tally,
		      struct stall_tally_top *top);
void stall_tally_top_free(struct stall_tally_top *top);

/**
 * stall_tally_mix() - make a number of several words
 * @sum: of the words before, 0 for the first
 * @word: one more
 *
 * Return: a number that is another one for other words, as good as surely. One
 * that is to be a key must not be 0: stall_tally_key().
 */
static __always_inline u64 stall_tally_mix(u64 sum, u64 word)
{
	return (rol64(sum, 29) ^ word) * GOLDEN_RATIO_64;
}

/**
 * stall_tally_key() - a key of several words
 * @sum: of all of them
 */
static __always_inline u64 stall_tally_key(u64 sum)
{
	return sum | 1;
}

/**
 * stall_tally_is_new() - has a claimed entry just been taken over?
 * @entry: from stall_tally_claim()
 *
 * Its row is zero then and wants to be filled in.
 */
static __always_inline bool
stall_tally_is_new(const struct stall_tally_entry *entry)
{
	return !entry->key;
}

/* Where the set begins that a key belongs to. */
static __always_inline unsigned int stall_tally_set(u64 key)
{
	return hash_64(key, ilog2(STALL_TALLY_SETS)) * STALL_TALLY_WAYS;
}

static __always_inline bool stall_tally_enter(struct stall_tally *tally)
{
	if (likely(this_cpu_inc_return(tally->sketches->busy) == 1))
		return true;
	this_cpu_dec(tally->sketches->busy);
	return false;
}

static __always_inline struct stall_tally_entry *
stall_tally_search(struct stall_tally *tally, u64 key)
{
	struct stall_tally_entry *entry =
		this_cpu_ptr(tally->sketches)->entries + stall_tally_set(key);
	struct stall_tally_entry *end = entry + STALL_TALLY_WAYS;

	do {
		if (entry->key == key)
			return entry;
	} while (++entry != end);
	return NULL;
}

/**
 * stall_tally_claim() - an entry for a key
 * @tally: the table
 * @key: not 0
 *
 * The caller fills in the row if stall_tally_is_new(), changes it as it likes,
 * and calls stall_tally_release() soon.
 *
 * Context: any, preemption off until the release.
 * Return: the entry; NULL if this interrupts another user of this CPU's
 * sketch: the caller counts it as missed.
 */
static __always_inline struct stall_tally_entry *
stall_tally_claim(struct stall_tally *tally, u64 key)
{
	struct stall_tally_entry *entry;

	if (unlikely(!stall_tally_enter(tally)))
		return NULL;
	entry = stall_tally_search(tally, key);
	return likely(entry) ? entry : stall_tally_take_over(tally, key);
}

/**
 * stall_tally_find() - the entry of a key, if it has one
 * @tally: the table
 * @key: not 0
 *
 * Context: any, preemption off until stall_tally_release().
 * Return: the entry; NULL if there is none on this CPU, or as for
 * stall_tally_claim().
 */
static __always_inline struct stall_tally_entry *
stall_tally_find(struct stall_tally *tally, u64 key)
{
	struct stall_tally_entry *entry;

	if (unlikely(!stall_tally_enter(tally)))
		return NULL;
	entry = stall_tally_search(tally, key);
	if (!entry)
		this_cpu_dec(tally->sketches->busy);
	return entry;
}

/**
 * stall_tally_release() - count for a key, and let go of its entry
 * @tally: the table
 * @entry: claimed or found
 * @key: whose
 * @weight: how much to count
 *
 * Context: any.
 */
static __always_inline void
stall_tally_release(struct stall_tally *tally, struct stall_tally_entry *entry,
		    u64 key, u64 weight)
{
	entry->count += weight;
	this_cpu_add(tally->sketches->total, weight);
	/* Pairs with the acquire in tally_copy(). */
	smp_store_release(&entry->key, key);
	this_cpu_dec(tally->sketches->busy);
}

#endif /* STALL_TALLY_H */
