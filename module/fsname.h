/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fsname.h - which file system it was
 */
#ifndef STALL_FSNAME_H
#define STALL_FSNAME_H

#include <linux/types.h>

struct super_block;

/* Bytes of a name, the NUL included. */
#define STALL_FS_NAME	40

void stall_fs_name(char name[STALL_FS_NAME], const struct super_block *sb);

#endif /* STALL_FSNAME_H */
