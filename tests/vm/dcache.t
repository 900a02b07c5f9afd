#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# dcache and reclaim tell of dentries what the kernel tells: how many were made, by whom
# and where, who freed them, how long that took, and who waited for it.
#
# usage: dcache.t [KERNEL...]

. "$(dirname "$0")/test.sh"

dcache() {
	put_module "$1" || return
	in_guest "$1" test-dcache.sh -a psi=1
}

put_programs
run_on "$(nproc)" dcache "${@:-6.1}"
