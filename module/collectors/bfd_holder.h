/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_holder.h - who has the CPU that a watched task waits for
 */
#ifndef STALL_BFD_HOLDER_H
#define STALL_BFD_HOLDER_H

#include "bfd_task.h"

void bfd_holders_sample(struct bfd_tasks *tasks, u64 now);

#endif /* STALL_BFD_HOLDER_H */
