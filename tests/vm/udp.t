#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# udp tells of datagrams that were lost what the kernel and the receivers count
# themselves: by which socket, why, and by whom; in a deterministic guest.
#
# usage: udp.t [KERNEL...]

. "$(dirname "$0")/test.sh"

udp() {
	put_module "$1" || return
	in_guest "$1" test-udp.sh -D -a clocksource=tsc -t 600
}

put_programs
run_on "$(nproc)" udp "${@:-6.1}"
