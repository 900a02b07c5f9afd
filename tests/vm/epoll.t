#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# epoll finds lost wakeups, and only them: in a deterministic guest, in which a fault
# module makes a stock kernel lose them, and in one with two CPUs, for what is legal.
#
# usage: epoll.t [KERNEL...]

. "$(dirname "$0")/test.sh"

[ $# -gt 0 ] || set -- 6.1

SECONDS_EACH=20 INSTANCES=5000
[ -z "${STALL_ALL:-}" ] || SECONDS_EACH=40 INSTANCES=100000

put_modules() {
	put_module "$1" && "$VM_DIR/build" -C "$VM_DIR/epollfault" "$1" "$work/$1" >&2
}

# In "make check", legal waits on the newest kernel are enough: what judges is the same.
legal=("${@: -1}")
[ -z "${STALL_ALL:-}" ] || legal=("$@")

# lost/KERNEL, legal/KERNEL
epoll() {
	case $1 in
	lost/*) in_guest "${1#*/}" test-epoll.sh -D -a clocksource=tsc -t 900;;
	legal/*) ARGS="$SECONDS_EACH $INSTANCES" in_guest "${1#*/}" test-epoll-legal.sh -t 900;;
	esac
}

put_programs
for kernel; do
	put_modules "$kernel"
done
run_on "$(nproc)" epoll "${@/#/lost/}" "${legal[@]/#/legal/}"
