// SPDX-License-Identifier: GPL-2.0
/*
 * tally - who did it: bounded tables of heavy hitters
 *
 * Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", ICDT 2005): a key that finds
 * no room takes over the smallest entry with its count, and remembers that
 * count as the bound of its own error. The sketch is cut into sets by the
 * key's hash, so that an update looks at eight entries and not at all of them;
 * the bound then is that of the set.
 *
 * One sketch a CPU, no sharing; they are merged when read.
 */
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sort.h>

#include "tally.h"

#define TALLY_ENTRIES	(STALL_TALLY_SETS * STALL_TALLY_WAYS)

/**
 * stall_tally_alloc() - an empty sketch on all possible CPUs
 *
 * Context: process, may sleep.
 * Return: the sketch, or NULL.
 */
struct stall_tally __percpu *stall_tally_alloc(void)
{
	return alloc_percpu(struct stall_tally);
}

/**
 * stall_tally_free() - give back what stall_tally_alloc() gave
 * @tally: the sketch, or NULL
 */
void stall_tally_free(struct stall_tally __percpu *tally)
{
	free_percpu(tally);
}

static unsigned int tally_set(u64 key)
{
	return hash_64(key, ilog2(STALL_TALLY_SETS));
}

/* The key's entry, or the one that it takes over: the smallest of its set. */
static struct stall_tally_entry *tally_entry(struct stall_tally *tally, u64 key)
{
	struct stall_tally_entry *set = tally->entries[tally_set(key)];
	struct stall_tally_entry *smallest = set;
	unsigned int i;

	for (i = 0; i < STALL_TALLY_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].count < smallest->count)
			smallest = &set[i];
	}
	smallest->over = smallest->count;
	WRITE_ONCE(smallest->key, key);
	stall_who_current(&smallest->who);
	return smallest;
}

/**
 * stall_tally_add() - count for a key, and for the current task
 * @tally: the sketch
 * @key: not 0
 * @weight: how much to count
 *
 * Context: any, preemption off. An interrupt that comes in the middle of
 * another update on this CPU is not counted but added to missed.
 */
void stall_tally_add(struct stall_tally __percpu *tally, u64 key, u64 weight)
{
	struct stall_tally *mine = this_cpu_ptr(tally);

	if (this_cpu_inc_return(tally->busy) == 1) {
		tally_entry(mine, key)->count += weight;
		mine->total += weight;
	} else {
		this_cpu_inc(tally->missed);
	}
	this_cpu_dec(tally->busy);
}

static int by_key(const void *a, const void *b)
{
	const struct stall_tally_entry *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int by_count(const void *a, const void *b)
{
	const struct stall_tally_entry *x = a, *y = b;

	return x->count > y->count ? -1 : x->count < y->count;
}

/* What @key may have been counted on a CPU that does not list it. */
static u64 tally_unlisted(const struct stall_tally *tally, u64 key)
{
	const struct stall_tally_entry *set = tally->entries[tally_set(key)];
	u64 least = U64_MAX;
	unsigned int i;

	for (i = 0; i < STALL_TALLY_WAYS; i++) {
		if (READ_ONCE(set[i].key) == key)
			return 0;
		least = min(least, READ_ONCE(set[i].count));
	}
	return least;
}

static void tally_gather(struct stall_tally __percpu *tally,
			 struct stall_tally_top *top)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct stall_tally *one = per_cpu_ptr(tally, cpu);
		const struct stall_tally_entry *entry = &one->entries[0][0];

		top->total += READ_ONCE(one->total);
		top->missed += READ_ONCE(one->missed);
		for (i = 0; i < TALLY_ENTRIES; i++)
			if (READ_ONCE(entry[i].key))
				top->entries[top->nr++] = entry[i];
	}
}

/* One entry a key; the bound grows by what unlisting CPUs may have counted. */
static void tally_combine(struct stall_tally __percpu *tally,
			  struct stall_tally_top *top)
{
	struct stall_tally_entry *entries = top->entries;
	unsigned int i, nr = 0;
	int cpu;

	sort(entries, top->nr, sizeof(*entries), by_key, NULL);
	for (i = 0; i < top->nr; i++) {
		if (nr && entries[nr - 1].key == entries[i].key) {
			entries[nr - 1].count += entries[i].count;
			entries[nr - 1].over += entries[i].over;
		} else {
			entries[nr++] = entries[i];
		}
	}
	top->nr = nr;
	for (i = 0; i < nr; i++) {
		for_each_possible_cpu(cpu) {
			u64 other = tally_unlisted(per_cpu_ptr(tally, cpu),
						   entries[i].key);

			entries[i].count += other;
			entries[i].over += other;
		}
	}
	sort(entries, nr, sizeof(*entries), by_count, NULL);
}

/**
 * stall_tally_merge() - the heavy hitters of all CPUs
 * @tally: the sketch
 * @top: result; its entries are to be freed with kvfree()
 *
 * For each entry the true count lies between count - over and count.
 *
 * Context: process, may sleep; writers go on meanwhile.
 * Return: 0 or -ENOMEM.
 */
int stall_tally_merge(struct stall_tally __percpu *tally,
		      struct stall_tally_top *top)
{
	memset(top, 0, sizeof(*top));
	top->entries = kvcalloc(num_possible_cpus() * TALLY_ENTRIES,
				sizeof(*top->entries), GFP_KERNEL);
	if (!top->entries)
		return -ENOMEM;
	tally_gather(tally, top);
	tally_combine(tally, top);
	return 0;
}
