#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make demo, as a person would run it, ends well.
#
# usage: demo.t [KERNEL...]

. "$(dirname "$0")/test.sh"

[ $# -gt 0 ] || set -- 6.1
plan $#
for kernel; do
	ok "$kernel: the demo names the stalled side, and tcpdump agrees" make -s -C "$TOP_DIR" demo KERNEL="$kernel"
done
done_testing
