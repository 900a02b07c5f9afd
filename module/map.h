/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - bounded tables of keyed rows
 */
#ifndef STALL_MAP_H
#define STALL_MAP_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct stall_map - rows that are found by key, added in probe context, and
 *	stay until the map is freed
 * @rows: memory of all rows
 * @index: open-addressed hash table of row numbers
 * @nr_used: rows handed out; may overshoot @nr_rows
 * @nr_rows: rows there are
 * @row_size: in bytes
 * @key_size: a row begins with its key, this many bytes, a multiple of 4
 * @index_bits: the index has 2^@index_bits slots
 * @seed: of the hash
 */
struct stall_map {
	void *rows;
	u32 *index;
	atomic_t nr_used;
	u32 nr_rows;
	u32 row_size;
	u32 key_size;
	u32 index_bits;
	u32 seed;
};

int stall_map_init(struct stall_map *map, u32 nr_rows, u32 row_size,
		   u32 key_size);
void stall_map_free(struct stall_map *map);
size_t stall_map_bytes(const struct stall_map *map);
void *stall_map_find(struct stall_map *map, const void *key);
void *stall_map_add(struct stall_map *map, const void *key);
u32 stall_map_nr(const struct stall_map *map);
void *stall_map_row(const struct stall_map *map, u32 i);

/**
 * stall_map_full() - has it no room for another key?
 * @map: the map
 *
 * Context: any.
 */
static inline bool stall_map_full(const struct stall_map *map)
{
	return atomic_read(&map->nr_used) >= map->nr_rows;
}

/* A row's number, which stays its own as long as the map lives. */
static inline u32 stall_map_number(const struct stall_map *map, const void *row)
{
	return (u32)((row - map->rows) / map->row_size);
}

#endif /* STALL_MAP_H */
