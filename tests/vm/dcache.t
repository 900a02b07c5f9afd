#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# dcache and reclaim tell of dentries what the kernel tells: how many were made, by whom
# and where, who freed them, how long that took, and who waited for it.
#
# usage: dcache.t [KERNEL...]

. "$(dirname "$0")/test.sh"

[ $# -gt 0 ] || set -- 6.1

# count/KERNEL, time/KERNEL
dcache() {
	case $1 in
	count/*) in_guest "${1#*/}" test-dcache.sh;;
	time/*) in_guest "${1#*/}" test-reclaim.sh -D -a psi=1;;
	esac
}

put_programs
for kernel; do
	put_module "$kernel"
done
run_on "$(nproc)" dcache "${@/#/count/}" "${@/#/time/}"
