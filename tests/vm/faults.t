#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each allocation of the module's init fails once, on the debug kernel: the module
# refuses to load, or loads and says what is missing; nothing leaks.
#
# usage: faults.t [debug]

. "$(dirname "$0")/test.sh"

# Half of the allocations in each of two guests: all of them, or one in 25.
STEP=50
[ -z "${STALL_ALL:-}" ] || STEP=2

faults() {	# KERNEL/HALF
	local kernel=${1%/*}
	ARGS="${1#*/} $STEP" in_guest "$kernel" test-faults.sh -s 1 -t 1200 -f "$VM_DIR/reports.regex"
}

kernel=${1:-debug}
put_programs
put_module "$kernel"
"$VM_DIR/build" -C "$VM_DIR/faults" "$kernel" "$work/$kernel" >&2
run_on "$(nproc)" faults "$kernel/1" "$kernel/2"
