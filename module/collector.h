/* SPDX-License-Identifier: GPL-2.0 */
/*
 * collector.h - the registry of collectors, and all that one of them includes
 */
#ifndef STALL_COLLECTOR_H
#define STALL_COLLECTOR_H

#include "callback.h"
#include "fsname.h"
#include "map.h"
#include "param.h"
#include "run.h"
#include "span.h"
#include "tally.h"
#include "who.h"

/* The list has a comma behind each name, so the declaration needs an end. */
#define STALL_LISTED(_name)	stall_##_name
extern const struct stall_collector
#include "collectors/list.h"
	stall_end_of_list;
#undef STALL_LISTED

unsigned int stall_nr_runs(void);
struct stall_run *stall_run_at(unsigned int index);
u64 stall_generation(void);
int stall_collectors_init(void);
void stall_collectors_exit(void);
void stall_collectors_check_clock(void);
void stall_collectors_check_cost(u64 elapsed_ns);

extern const struct stall_table stall_collector_table;

#endif /* STALL_COLLECTOR_H */
