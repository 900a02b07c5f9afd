#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a send, a lookup and a shrinker cost more with the module, in guest instructions: in
# the deterministic guest one takes 1 ns, so the guest's own clock counts them.
#
# usage: cost.t [KERNEL...]

. "$(dirname "$0")/test.sh"

cost() {
	put_module "$1" || return
	in_guest "$1" test-cost.sh -D -S 0 -a 'clocksource=tsc' -t 300
}

put_programs
run_on "$(nproc)" cost "${@:-6.1}"
