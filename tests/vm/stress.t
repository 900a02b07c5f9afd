#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stress-ng works on all that the module hooks into, CPUs come and go, and two readers
# read all files and switch collectors on and off the while. The kernel must not report
# anything, and the module must count and unload afterwards.
#
# usage: stress.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# Of stress-ng, on each kernel: "make check-all" has a quarter of an hour on two.
SECONDS_OF_STRESS=$([ -n "${STALL_ALL:-}" ] && echo 450 || echo 20)

stress() {
	put_module "$1" || return
	ARGS=$SECONDS_OF_STRESS in_guest "$1" test-stress.sh -m 1500M -t 3000
}

put_programs
run_on "$(nproc)" stress "${@:-debug}"
