# SPDX-License-Identifier: GPL-2.0
# test.sh - what the .t files of this folder share. Sourced.
#
# A .t file says what happens in the guest of one kernel, in a function, and ends with
#
#	run_on JOBS FUNCTION KERNEL...
#
# which calls it for each kernel, JOBS at a time, and retells the TAP that it prints.
# $work/KERNEL has what goes into that kernel's guest, $work what goes into all.
# shellcheck shell=bash

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$VM_DIR/guest/tap.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/stallmeter-test.XXXXXX")
trap 'jobs -p | xargs -r kill 2>/dev/null || true; rm -rf "$work"' EXIT

# The reporter, and the loads, built where the guests' userland is.
put_programs() {
	"$VM_DIR/build" 6.1 "$work" reporter >&2
	cp "$VM_DIR"/load/* "$work/"
	"$VM_DIR/kernel" run 6.1 "$work" make -s loads >&2
}

# put_module KERNEL: the module as it is here.
put_module() { "$VM_DIR/build" "$1" "$work/$1" >&2; }

# variant NAME: a copy of the sources at $work/NAME, to be changed.
variant() {
	mkdir -p "$work/$1"
	(cd "$TOP_DIR" && cp -r Kbuild Makefile VERSION module uapi "$work/$1/")
}

# one_more_collector NAME: the variant gets it, at its whole cost: a file, a Kbuild line,
# a line in the list.
one_more_collector() {
	cp "$VM_DIR/fixtures/statfs.c" "$work/$1/module/collectors/"
	echo 'stallmeter-y += module/collectors/statfs.o' >> "$work/$1/Kbuild"
	echo 'STALL_LISTED(statfs),' >> "$work/$1/module/collectors/list.h"
}

# put_variant KERNEL NAME: its module, as NAME.ko.
put_variant() {
	"$VM_DIR/build" -C "$work/$2" "$1" "$work/$1/$2.out" >&2
	cp "$work/$1/$2.out/stallmeter.ko" "$work/$1/$2.ko"
}

# in_guest KERNEL SCRIPT [BOOT OPTION...]: all programs, and the kernel's modules, are
# in the guest's current folder. $ARGS are the script's arguments. The guest ends with
# the shell that started it.
in_guest() {
	local kernel=$1 script=$2 file files=() args
	shift 2
	read -ra args <<< "${ARGS:-}"
	for file in "$work/$kernel"/*.ko "$work"/{stallmeter,udpload,dentryload,epollload,bfdload,udpdrop}; do
		[ ! -f "$file" ] || files+=(-f "$file")
	done
	setpriv --pdeathsig TERM "$VM_DIR/boot" -k "$kernel" "${files[@]}" "$@" -- bash "/run/guest/$script" "${args[@]}"
}

# start NAME CMD...: in the background, once there are less than JOBS others.
start() {
	local name=${1/\//-}
	shift
	while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-1}" ]; do
		wait -n || true
	done
	(
		status=0
		"$@" > "$work/$name.tap" 2> "$work/$name.err" || status=$?
		echo "$status" > "$work/$name.status"
	) &
}

# retell NAME: what a guest told, with its tests numbered on.
retell() {
	local line status file=$work/${1/\//-}
	while read -r line; do
		case $line in
		'ok '*) tap_result ok "$1: ${line#* - }";;
		'not ok '*) tap_result 'not ok' "$1: ${line#* - }" || true;;
		'#'*) echo "# $1: ${line#\# }";;
		esac
	done < "$file.tap"
	status=$(cat "$file.status")
	is "$1: the guest ended well, without a report" "$status" 0
	[ "$status" = 0 ] || diag "$(tail -n 60 "$file.err")"
	like "$1: the tests came to their end" "$(cat "$file.tap")" '^1\.\.[0-9]+$'
}

# run_on JOBS FUNCTION KERNEL...: the function runs without "set -e", and its status has
# to be the guest's.
run_on() {
	local JOBS=$1 function=$2 name
	shift 2
	for name; do
		start "$name" "$function" "$name"
	done
	wait
	for name; do
		retell "$name"
	done
	done_testing
}
