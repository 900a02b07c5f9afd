/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfs.h - the files that people read
 */
#ifndef STALL_DEBUGFS_H
#define STALL_DEBUGFS_H

int stall_debugfs_init(void);
void stall_debugfs_exit(void);

#endif /* STALL_DEBUGFS_H */
