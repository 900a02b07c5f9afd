/* SPDX-License-Identifier: GPL-2.0 */
/*
 * entry.h - hooks at the entry of functions: a part of probe
 */
#ifndef STALL_ENTRY_H
#define STALL_ENTRY_H

#include "probe.h"

int stall_entry_attach(struct stall_hook *hook, const char *target);
void stall_entry_detach(struct stall_hook *hook);

#endif /* STALL_ENTRY_H */
