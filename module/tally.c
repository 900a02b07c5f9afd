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
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "tally.h"

static int sketch_init(struct stall_tally_sketch *sketch, size_t row_size,
		       int node)
{
	unsigned int i;

	sketch->rows = kvzalloc_node(STALL_TALLY_ENTRIES * row_size, GFP_KERNEL,
				     node);
	if (!sketch->rows)
		return -ENOMEM;
	for (i = 0; i < STALL_TALLY_ENTRIES; i++)
		sketch->entries[i].row = sketch->rows + i * row_size;
	return 0;
}

/**
 * stall_tally_init() - an empty table
 * @tally: the table
 * @row_size: bytes that are kept beside each entry, a multiple of 8
 * @merge: see struct stall_tally
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_tally_init(struct stall_tally *tally, size_t row_size,
		     void (*merge)(void *into, const void *from))
{
	int cpu;

	tally->row_size = row_size;
	tally->merge = merge;
	tally->sketches = alloc_percpu(struct stall_tally_sketch);
	if (!tally->sketches)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		if (sketch_init(per_cpu_ptr(tally->sketches, cpu), row_size,
				cpu_to_node(cpu))) {
			stall_tally_free(tally);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * stall_tally_free() - give back what stall_tally_init() took
 * @tally: the table, possibly never initialised but zero
 */
void stall_tally_free(struct stall_tally *tally)
{
	int cpu;

	if (!tally->sketches)
		return;
	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(tally->sketches, cpu)->rows);
	free_percpu(tally->sketches);
	tally->sketches = NULL;
}

/**
 * stall_tally_cpu_bytes() - memory of a table on each CPU
 * @tally: the table
 */
size_t stall_tally_cpu_bytes(const struct stall_tally *tally)
{
	return sizeof(struct stall_tally_sketch) +
	       STALL_TALLY_ENTRIES * tally->row_size;
}

/**
 * stall_tally_take_over() - the smallest entry of a set changes hands
 * @tally: the table
 * @key: who wants it
 *
 * A part of stall_tally_claim().
 *
 * Return: the entry, without a key until its release, so that nobody reads it.
 */
struct stall_tally_entry *stall_tally_take_over(struct stall_tally *tally,
						u64 key)
{
	struct stall_tally_entry *set = this_cpu_ptr(tally->sketches)->entries +
					stall_tally_set(key);
	struct stall_tally_entry *smallest = set;
	unsigned int i;

	for (i = 1; i < STALL_TALLY_WAYS; i++)
		if (set[i].count < smallest->count)
			smallest = &set[i];
	WRITE_ONCE(smallest->key, 0);
	/* Pairs with the barrier between two looks in tally_copy(). */
	smp_wmb();
	smallest->over = smallest->count;
	memset(smallest->row, 0, tally->row_size);
	return smallest;
}

static int by_key(const void *a, const void *b)
{
	const struct stall_tally_hitter *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int by_count(const void *a, const void *b)
{
	const struct stall_tally_hitter *x = a, *y = b;

	return x->count > y->count ? -1 : x->count < y->count;
}

/* What @key may have been counted on a CPU that does not list it. */
static u64 tally_unlisted(const struct stall_tally_sketch *sketch, u64 key)
{
	const struct stall_tally_entry *set = &sketch->entries[stall_tally_set(key)];
	u64 least = U64_MAX;
	unsigned int i;

	for (i = 0; i < STALL_TALLY_WAYS; i++) {
		if (READ_ONCE(set[i].key) == key)
			return 0;
		least = min(least, READ_ONCE(set[i].count));
	}
	return least;
}

/* An entry that changes hands while it is read is not worth listing. */
static bool tally_copy(const struct stall_tally *tally,
		       const struct stall_tally_sketch *sketch, unsigned int i,
		       struct stall_tally_hitter *hitter)
{
	const struct stall_tally_entry *entry = &sketch->entries[i];

	/* Pairs with the release in stall_tally_release(). */
	hitter->key = smp_load_acquire(&entry->key);
	if (!hitter->key)
		return false;
	hitter->count = READ_ONCE(entry->count);
	hitter->over = READ_ONCE(entry->over);
	memcpy(hitter->row, entry->row, tally->row_size);
	/* Pairs with the barrier in stall_tally_take_over(). */
	smp_rmb();
	return READ_ONCE(entry->key) == hitter->key;
}

static void tally_gather(const struct stall_tally *tally,
			 struct stall_tally_top *top)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct stall_tally_sketch *sketch =
			per_cpu_ptr(tally->sketches, cpu);

		top->total += READ_ONCE(sketch->total);
		for (i = 0; i < STALL_TALLY_ENTRIES; i++) {
			struct stall_tally_hitter *hitter =
				&top->hitters[top->nr];

			hitter->row = top->rows + top->nr * tally->row_size;
			top->nr += tally_copy(tally, sketch, i, hitter);
		}
		cond_resched();
	}
}

/* One entry a key; the bound grows by what unlisting CPUs may have counted. */
static void tally_combine(const struct stall_tally *tally,
			  struct stall_tally_top *top)
{
	struct stall_tally_hitter *hitters = top->hitters;
	unsigned int i, nr = 0;
	int cpu;

	sort(hitters, top->nr, sizeof(*hitters), by_key, NULL);
	for (i = 0; i < top->nr; i++) {
		if (nr && hitters[nr - 1].key == hitters[i].key) {
			hitters[nr - 1].count += hitters[i].count;
			hitters[nr - 1].over += hitters[i].over;
			tally->merge(hitters[nr - 1].row, hitters[i].row);
		} else {
			hitters[nr++] = hitters[i];
		}
	}
	top->nr = nr;
	for (i = 0; i < nr; i++) {
		for_each_possible_cpu(cpu) {
			u64 other = tally_unlisted(per_cpu_ptr(tally->sketches,
							       cpu),
						   hitters[i].key);

			hitters[i].count += other;
			hitters[i].over += other;
		}
		cond_resched();
	}
	sort(hitters, nr, sizeof(*hitters), by_count, NULL);
	/* As many as one CPU may have: the rest is small, and rows are large. */
	top->nr = min_t(unsigned int, nr, STALL_TALLY_ENTRIES);
}

/**
 * stall_tally_merge() - the heavy hitters of all CPUs
 * @tally: the table
 * @top: result, to be given to stall_tally_top_free() in any case
 *
 * For each entry the true count lies between count - over and count.
 *
 * Context: process, may sleep; writers go on meanwhile.
 * Return: 0 or -ENOMEM.
 */
int stall_tally_merge(const struct stall_tally *tally,
		      struct stall_tally_top *top)
{
	size_t room = (size_t)num_possible_cpus() * STALL_TALLY_ENTRIES;

	memset(top, 0, sizeof(*top));
	top->hitters = kvcalloc(room, sizeof(*top->hitters), GFP_KERNEL);
	top->rows = kvcalloc(room, tally->row_size, GFP_KERNEL);
	if (!top->hitters || !top->rows)
		return -ENOMEM;
	tally_gather(tally, top);
	tally_combine(tally, top);
	return 0;
}

/**
 * stall_tally_top_free() - give back what stall_tally_merge() took
 * @top: its result
 */
void stall_tally_top_free(struct stall_tally_top *top)
{
	kvfree(top->hitters);
	kvfree(top->rows);
	memset(top, 0, sizeof(*top));
}
