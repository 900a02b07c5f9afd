// SPDX-License-Identifier: GPL-2.0
/*
 * fsname - which file system it was: "ext4:vda1", "tmpfs:0:23"
 */
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>

#include "fsname.h"

/**
 * stall_fs_name() - name a mounted file system
 * @name: result: its type, and the block device or, without one, the number
 *	that stat(2) tells; raw bytes, to be escaped before anybody sees them
 * @sb: its superblock, which the caller knows to be alive
 *
 * Context: any.
 */
void stall_fs_name(char name[STALL_FS_NAME], const struct super_block *sb)
{
	if (sb->s_bdev)
		scnprintf(name, STALL_FS_NAME, "%s:%.32s", sb->s_type->name,
			  sb->s_id);
	else
		scnprintf(name, STALL_FS_NAME, "%s:%u:%u", sb->s_type->name,
			  MAJOR(sb->s_dev), MINOR(sb->s_dev));
}
