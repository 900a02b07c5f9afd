# SPDX-License-Identifier: GPL-2.0
# ext4.sh - an ext4 of 64 MB at ./mnt, on loop0, and dentries to look at. Sourced.
# shellcheck shell=bash

# busybox makes an ext2, which the kernel's ext4 mounts as its own.
ext4_up() {
	modprobe loop && modprobe ext4 || return
	truncate -s 64M ext4.img
	losetup /dev/loop0 ext4.img
	/run/vm/busybox mke2fs /dev/loop0 > mke2fs.log 2>&1
	mkdir mnt
	mount -t ext4 /dev/loop0 mnt
}

# Dentries and inodes; what they hold of the page cache stays, but for some that goes
# with its inode.
drop_caches() { echo 2 > /proc/sys/vm/drop_caches; }
