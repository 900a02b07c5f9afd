/* SPDX-License-Identifier: GPL-2.0 */
/*
 * self.h - what the module says of itself
 */
#ifndef STALL_SELF_H
#define STALL_SELF_H

#include "table.h"

/* The group that these series belong to in the snapshot. */
#define STALL_SELF_GROUP	"stallmeter"

extern const struct stall_series stall_self_series[];
extern const unsigned int stall_nr_self_series;

#endif /* STALL_SELF_H */
