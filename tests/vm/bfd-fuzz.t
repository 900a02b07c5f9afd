#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 10,000 packets to ports of BFD that a receiver must discard: each is counted, none makes
# a session, and those that are there do not mind.
#
# usage: bfd-fuzz.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# The search for leaks doubles the time that it takes.
OPTIONS=()
[ -n "${STALL_ALL:-}" ] || OPTIONS=(-a kmemleak=off)

bfd_fuzz() {
	put_module "$1" || return
	in_guest "$1" test-bfd-fuzz.sh -D -S 0 -t 900 "${OPTIONS[@]}"
}

put_programs
run_on "$(nproc)" bfd_fuzz "${@:-debug}"
