#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real BIRD daemons by IPv4, IPv6 and multihop: each packet is counted, each gap is the
# one that tcpdump saw, and the stalled side is named. Two at a time: what a
# deterministic guest sees does not depend on how busy the host is.
#
# usage: bfd.t [KERNEL...]

. "$(dirname "$0")/test.sh"

bfd() {
	put_module "$1" || return
	in_guest "$1" test-bfd.sh -D -t 900
}

put_programs
run_on "$(nproc)" bfd "${@:-6.1}"
