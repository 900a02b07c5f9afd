/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_path.h - by which calls most samples of a task came where they were
 */
#ifndef STALL_BFD_PATH_H
#define STALL_BFD_PATH_H

#include <linux/types.h>

/* Functions from the outermost on; what lies deeper is not told apart. */
#define BFD_PATH_DEPTH		16U

/**
 * struct bfd_path - candidates for the majority, a function for each depth
 * @at: an address in it; the outermost comes first
 * @votes: for it less those against it, as in Boyer and Moore's search; 0 if there is
 *	no candidate
 * @hits: samples that were in it since it is the candidate; those before, which it
 *	took to become that, are not known
 */
struct bfd_path {
	unsigned long at[BFD_PATH_DEPTH];
	u16 votes[BFD_PATH_DEPTH];
	u16 hits[BFD_PATH_DEPTH];
};

void bfd_path_add(struct bfd_path *path, const unsigned long *stack,
		  unsigned int nr);
unsigned int bfd_path_common(const struct bfd_path *path,
			     unsigned int nr_samples, unsigned long *stack,
			     unsigned int room);

#endif /* STALL_BFD_PATH_H */
