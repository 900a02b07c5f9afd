// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_path - by which calls most samples of a task came where they were
 *
 * The innermost function of a sample says little: whoever frees a million dentries is
 * in a lock, in the slab allocator, in RCU. What most samples have in common is the
 * path that leads there. So there is a candidate for each depth, counted from the
 * outermost function on, among the samples that agree on all before it: the only one
 * that can have a majority (Boyer and Moore, MJRTY, 1981).
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "bfd_path.h"

/* Those that were deeper than this one lose a vote. */
static void vote_against(struct bfd_path *path, unsigned int depth)
{
	if (depth < BFD_PATH_DEPTH && path->votes[depth])
		path->votes[depth]--;
}

static void new_candidate(struct bfd_path *path, unsigned int depth,
			  unsigned long at)
{
	path->at[depth] = at;
	path->votes[depth] = 1;
	path->hits[depth] = 1;
	/* What was called by the one before. */
	if (depth + 1 < BFD_PATH_DEPTH)
		path->votes[depth + 1] = 0;
}

/**
 * bfd_path_add() - add a sample
 * @path: of all samples
 * @stack: addresses in the functions of this one, the innermost first
 * @nr: how many
 *
 * After 65,535 samples it is what it is.
 *
 * Context: any, one caller at a time.
 */
void bfd_path_add(struct bfd_path *path, const unsigned long *stack,
		  unsigned int nr)
{
	unsigned int depth, most = min(nr, BFD_PATH_DEPTH);

	if (path->hits[0] == U16_MAX)
		return;
	for (depth = 0; depth < most; depth++) {
		unsigned long at = stack[nr - 1 - depth];

		if (!path->votes[depth]) {
			new_candidate(path, depth, at);
		} else if (path->at[depth] == at) {
			path->votes[depth]++;
			path->hits[depth]++;
		} else {
			vote_against(path, depth);
			return;
		}
	}
	vote_against(path, depth);
}

/**
 * bfd_path_common() - the path that more than half of the samples have in common
 * @path: of all samples
 * @nr_samples: how many there were
 * @stack: result: addresses in its functions, the innermost first
 * @room: for so many
 *
 * Return: how many, 0 if the samples have nothing in common.
 */
unsigned int bfd_path_common(const struct bfd_path *path,
			     unsigned int nr_samples, unsigned long *stack,
			     unsigned int room)
{
	unsigned int depth = 0, i;

	while (depth < BFD_PATH_DEPTH && path->votes[depth] &&
	       path->hits[depth] > min(nr_samples, (unsigned int)U16_MAX) / 2)
		depth++;
	room = min(room, depth);
	for (i = 0; i < room; i++)
		stack[i] = path->at[depth - 1 - i];
	return room;
}
