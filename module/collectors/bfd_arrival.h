/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_arrival.h - packets that came in and were not read yet
 */
#ifndef STALL_BFD_ARRIVAL_H
#define STALL_BFD_ARRIVAL_H

#include "../collector.h"

struct bfd_arrival;

/**
 * struct bfd_arrivals - the latest ones
 * @rows: sets of a few rows
 */
struct bfd_arrivals {
	struct bfd_arrival *rows;
};

int bfd_arrivals_init(struct bfd_arrivals *arrivals);
void bfd_arrivals_free(struct bfd_arrivals *arrivals);
size_t bfd_arrivals_bytes(void);
void bfd_arrival_note(struct bfd_arrivals *arrivals, const void *head, u64 now,
		      u32 session);
bool bfd_arrival_take(struct bfd_arrivals *arrivals, const void *head,
		      u64 *came, u32 *session);

#endif /* STALL_BFD_ARRIVAL_H */
