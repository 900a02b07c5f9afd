/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random.h - numbers that are the same in each run
 */
#ifndef STALL_KUNIT_RANDOM_H
#define STALL_KUNIT_RANDOM_H

#include <linux/types.h>

/* Marsaglia's xorshift64, "Xorshift RNGs", 2003. */
static inline u64 test_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif /* STALL_KUNIT_RANDOM_H */
