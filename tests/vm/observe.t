#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module on a kernel of the list, in short: it loads with all its hooks, counts
# what is sent, keeps the counts of a CPU that goes, and unloads under traffic. All
# handlers run with preemption on wherever the kernel can be told so.
#
# usage: observe.t [KERNEL...]

. "$(dirname "$0")/test.sh"

observe() {
	put_module "$1" || return
	in_guest "$1" test-observe.sh -t 600 -a preempt=full
}

put_programs
run_on "$(nproc)" observe "${@:-6.1}"
