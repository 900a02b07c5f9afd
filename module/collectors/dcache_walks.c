// SPDX-License-Identifier: GPL-2.0
/*
 * dcache_walks - how long it takes to take down a tree of dentries
 *
 * What begins here often does not end where we look, so there is no table of
 * spans that would fill up with them: a newer walk takes the place of an older
 * one. Slots are shared by all CPUs, as a task may be elsewhere at the end, and
 * are written with plain stores; the check word makes a slot that two wrote at
 * once nobody's.
 */
#include <linux/hash.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "dcache.h"

#define WALK_BITS	7

/**
 * struct dcache_walk - a walk that has begun
 * @tree: of the dentry or superblock
 * @start: when, in ticks
 * @check: of @tree, @start and the task
 */
struct dcache_walk {
	u64 tree;
	u64 start;
	u64 check;
};

static u64 walk_check(u64 tree, u64 start)
{
	return tree ^ start ^ (unsigned long)current;
}

static struct dcache_walk *walk_slot(struct dcache_state *dcache, u64 tree)
{
	return &dcache->walks[hash_64(tree, WALK_BITS)];
}

/**
 * dcache_walks_init() - no walk has begun
 * @dcache: gets them, for kfree()
 *
 * Return: 0 or -ENOMEM.
 */
int dcache_walks_init(struct dcache_state *dcache)
{
	dcache->walks = kcalloc(1U << WALK_BITS, sizeof(*dcache->walks),
				GFP_KERNEL);
	return dcache->walks ? 0 : -ENOMEM;
}

/**
 * dcache_walks_bytes() - memory of that
 */
size_t dcache_walks_bytes(void)
{
	return sizeof(struct dcache_walk) << WALK_BITS;
}

/**
 * dcache_walk_begins() - the running task begins to walk a tree
 * @dcache: state
 * @tree: address of a dentry or a superblock
 *
 * Context: task, preemption off.
 */
void dcache_walk_begins(struct dcache_state *dcache, const void *tree)
{
	u64 key = (unsigned long)tree, now = stall_ticks();
	struct dcache_walk *walk = walk_slot(dcache, key);

	WRITE_ONCE(walk->tree, key);
	WRITE_ONCE(walk->start, now);
	WRITE_ONCE(walk->check, walk_check(key, now));
}

/**
 * dcache_walk_ends() - the running task is past a walk, if it had begun one
 * @dcache: state
 * @tree: as at its begin
 * @lasted_ns: result
 *
 * Context: task, preemption off.
 * Return: false if it had not.
 */
bool dcache_walk_ends(struct dcache_state *dcache, const void *tree,
		      u64 *lasted_ns)
{
	u64 key = (unsigned long)tree, start;
	struct dcache_walk *walk = walk_slot(dcache, key);

	start = READ_ONCE(walk->start);
	if (READ_ONCE(walk->tree) != key ||
	    READ_ONCE(walk->check) != walk_check(key, start))
		return false;
	WRITE_ONCE(walk->tree, 0);
	*lasted_ns = stall_ticks_since(start, stall_ticks());
	return true;
}
