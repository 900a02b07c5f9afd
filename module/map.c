// SPDX-License-Identifier: GPL-2.0
/*
 * map - bounded tables of keyed rows
 *
 * Rows are handed out one after the other and never taken back, so that a row
 * number names the same thing until the collector is reset. Finding is lock
 * free; adding takes one compare-and-exchange to claim an index slot and one
 * atomic increment for the row: once in a row's life, never on a hot path.
 */
#include <linux/compiler.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "map.h"

/*
 * The index is at most a quarter full, where clusters of linear probing stay
 * far below this: the bound of every search.
 */
#define MAP_REACH	64

/* An index slot: free, claimed by an adder at work, or a row number + 2. */
#define SLOT_FREE	0U
#define SLOT_CLAIMED	1U
#define SLOT_ROW	2U

/**
 * stall_map_init() - make an empty map
 * @map: the map
 * @nr_rows: rows it can hold
 * @row_size: bytes of a row, a multiple of 8
 * @key_size: bytes of the key at a row's start, a multiple of 4
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_map_init(struct stall_map *map, u32 nr_rows, u32 row_size,
		   u32 key_size)
{
	memset(map, 0, sizeof(*map));
	map->nr_rows = nr_rows;
	map->row_size = row_size;
	map->key_size = key_size;
	map->index_bits = order_base_2(nr_rows * 4);
	get_random_bytes(&map->seed, sizeof(map->seed));
	map->rows = kvcalloc(nr_rows, row_size, GFP_KERNEL);
	map->index = kvcalloc(1UL << map->index_bits, sizeof(*map->index),
			      GFP_KERNEL);
	if (map->rows && map->index)
		return 0;
	stall_map_free(map);
	return -ENOMEM;
}

/**
 * stall_map_free() - give back what stall_map_init() took
 * @map: the map, possibly never initialised but zero
 */
void stall_map_free(struct stall_map *map)
{
	kvfree(map->rows);
	kvfree(map->index);
	map->rows = NULL;
	map->index = NULL;
}

/**
 * stall_map_bytes() - memory of a map
 * @map: the map
 */
size_t stall_map_bytes(const struct stall_map *map)
{
	return (size_t)map->nr_rows * map->row_size +
	       (sizeof(*map->index) << map->index_bits);
}

/**
 * stall_map_row() - a row by its number
 * @map: the map
 * @i: less than stall_map_nr()
 */
void *stall_map_row(const struct stall_map *map, u32 i)
{
	return map->rows + (size_t)i * map->row_size;
}

/**
 * stall_map_nr() - how many rows are in use
 * @map: the map
 *
 * A row may be counted here an instant before its key is written; a reader
 * tells by the row's own contents whether it has begun to live.
 */
u32 stall_map_nr(const struct stall_map *map)
{
	return min_t(u32, atomic_read(&map->nr_used), map->nr_rows);
}

static u32 map_hash(const struct stall_map *map, const void *key)
{
	return jhash2(key, map->key_size / sizeof(u32), map->seed);
}

static u32 *map_slot(const struct stall_map *map, u32 hash, unsigned int i)
{
	return &map->index[(hash + i) & ((1U << map->index_bits) - 1)];
}

static bool map_matches(const struct stall_map *map, u32 slot, const void *key)
{
	return !memcmp(stall_map_row(map, slot - SLOT_ROW), key, map->key_size);
}

/**
 * stall_map_find() - the row of a key
 * @map: the map
 * @key: its bytes, padding zeroed
 *
 * Context: any.
 * Return: the row, or NULL if it is not there (yet).
 */
void *stall_map_find(struct stall_map *map, const void *key)
{
	u32 hash = map_hash(map, key);
	unsigned int i;
	u32 slot;

	for (i = 0; i < MAP_REACH; i++) {
		/* Pairs with the release in map_publish(). */
		slot = smp_load_acquire(map_slot(map, hash, i));
		if (slot == SLOT_FREE)
			return NULL;
		if (slot >= SLOT_ROW && map_matches(map, slot, key))
			return stall_map_row(map, slot - SLOT_ROW);
	}
	return NULL;
}

static void *map_publish(struct stall_map *map, u32 *slot, const void *key)
{
	u32 i = atomic_inc_return(&map->nr_used) - 1;

	if (i >= map->nr_rows) {
		WRITE_ONCE(*slot, SLOT_FREE);
		return NULL;
	}
	memcpy(stall_map_row(map, i), key, map->key_size);
	/* Pairs with the acquire in stall_map_find(). */
	smp_store_release(slot, i + SLOT_ROW);
	return stall_map_row(map, i);
}

/**
 * stall_map_add() - find a key's row, or make it
 * @map: the map
 * @key: its bytes, padding zeroed
 *
 * A new row is zero but for its key.
 *
 * Context: any, preemption off.
 * Return: the row; NULL if the map is full or, for an instant, if another CPU
 * or an interrupted context is adding a row in the same place. The caller
 * counts the one as dropped and the other as missed; see stall_map_full().
 */
void *stall_map_add(struct stall_map *map, const void *key)
{
	u32 hash = map_hash(map, key);
	unsigned int i;
	u32 *slot, seen;

	/* A full map must not be written to by each newcomer for ever. */
	if (stall_map_full(map))
		return stall_map_find(map, key);

	for (i = 0; i < MAP_REACH; i++) {
		slot = map_slot(map, hash, i);
		if (cmpxchg(slot, SLOT_FREE, SLOT_CLAIMED) == SLOT_FREE)
			return map_publish(map, slot, key);
		/* Pairs with the release in map_publish(). */
		seen = smp_load_acquire(slot);
		if (seen == SLOT_CLAIMED)
			return NULL;
		if (map_matches(map, seen, key))
			return stall_map_row(map, seen - SLOT_ROW);
	}
	return NULL;
}
