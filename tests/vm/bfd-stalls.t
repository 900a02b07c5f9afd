#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Hellos are made late in all the ways that there are, in deterministic guests: the verdict,
# the parts within 10 % of the truth, who had the CPU, and nobody else is blamed.
#
# usage: bfd-stalls.t [KERNEL...]

. "$(dirname "$0")/test.sh"

runs=${STALL_ALL:+10}
: "${runs:=1}"

# Where the dentries are, the CPU is so slow that a long walk becomes a long stall; the
# kernel's own watchdog would take its boot for a lockup.
stalls() {	# KERNEL/WHAT
	local what=${1#*/} speed=()
	[ "$what" != dentries ] || speed=(-S 8 -m 2G -a nosoftlockup)
	ARGS="$what $runs" in_guest "${1%/*}" test-bfd-stalls.sh -D "${speed[@]}" -t 6000
}

put_programs
guests=()
for kernel in "${@:-6.1}"; do
	put_module "$kernel"
	for what in dentries daemon peer control; do
		guests+=("$kernel/$what")
	done
done
run_on "$(nproc)" stalls "${guests[@]}"
