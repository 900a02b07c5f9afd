/* SPDX-License-Identifier: GPL-2.0 */
/*
 * timeline.h - the last ten minutes, second by second
 */
#ifndef STALL_TIMELINE_H
#define STALL_TIMELINE_H

#include "table.h"

#define STALL_TIMELINE_SLOTS	600

int stall_timeline_init(void);
void stall_timeline_exit(void);
size_t stall_timeline_bytes(void);

extern const struct stall_table stall_timeline_table;

#endif /* STALL_TIMELINE_H */
