#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# dcache and reclaim are detached and attached 200 times while two CPUs look up missing
# names, create and unlink files, and caches are dropped.
#
# usage: storm.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# Once takes five seconds there, so "make check" does it a few times, and without the
# search for leaks: what loading and unloading leaves behind is looked for in cycles.t.
TIMES=200 OPTIONS=()
[ -n "${STALL_ALL:-}" ] || { TIMES=6 OPTIONS=(-a kmemleak=off); }

storm() {
	put_module "$1" || return
	ARGS=$TIMES in_guest "$1" test-storm.sh -t 2400 "${OPTIONS[@]}"
}

put_programs
run_on "$(nproc)" storm "${@:-debug}"
