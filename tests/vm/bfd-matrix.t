#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# BIRD and FRR's bfdd, each with each, in eleven sessions and with three sets of timers:
# what they agreed, their state and their flaps are what their own commands say, and gaps
# what tcpdump saw. BIRD with FRR, and with STALL_ALL=1 each with its like, too.
#
# usage: bfd-matrix.t [KERNEL...]

. "$(dirname "$0")/test.sh"

matrix() {	# KERNEL/PAIR
	ARGS=${1#*/} in_guest "${1%/*}" test-bfd-matrix.sh -D -t 1200
}

put_programs
pairs=(bird-frr)
[ "${STALL_ALL:-}" != 1 ] || pairs+=(bird-bird frr-frr)
guests=()
for kernel in "${@:-6.1}"; do
	put_module "$kernel"
	for pair in "${pairs[@]}"; do
		guests+=("$kernel/$pair")
	done
done
run_on "$(nproc)" matrix "${guests[@]}"
