# SPDX-License-Identifier: GPL-2.0
# test.sh - what the .t files of this folder share: what to put into a guest.
# Sourced. A .t file ends with boot, whose command prints the TAP.
# shellcheck shell=bash

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/stallmeter-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The reporter, and udpload, built where the guests' userland is.
put_programs() {
	"$VM_DIR/build" 6.1 "$work" reporter >&2
	cp "$VM_DIR"/load/* "$work/"
	"$VM_DIR/kernel" run 6.1 "$work" make -s udpload >&2
}

# put_module KERNEL: the module as it is here.
put_module() { "$VM_DIR/build" "$1" "$work" >&2; }

# variant NAME: a copy of the sources at $work/NAME, to be changed.
variant() {
	mkdir -p "$work/$1"
	(cd "$TOP_DIR" && cp -r Kbuild Makefile VERSION module uapi "$work/$1/")
}

# put_variant KERNEL NAME: its module, as NAME.ko.
put_variant() {
	"$VM_DIR/build" -C "$work/$2" "$1" "$work/$2.out" >&2
	cp "$work/$2.out/stallmeter.ko" "$work/$2.ko"
}

# in_guest KERNEL SCRIPT [BOOT OPTION...]: all of $work's programs and modules are
# in the guest's current folder.
in_guest() {
	local kernel=$1 script=$2 file files=()
	shift 2
	for file in "$work"/*.ko "$work"/{stallmeter,udpload}; do
		[ ! -f "$file" ] || files+=(-f "$file")
	done
	"$VM_DIR/boot" -k "$kernel" "${files[@]}" "$@" -- bash "/run/guest/$script"
}

# in_guest_aside NAME KERNEL SCRIPT [BOOT OPTION...]: in the background; then wait,
# and retell NAME.
in_guest_aside() {
	local name=$1
	shift
	{
		local status=0
		in_guest "$@" > "$work/$name.tap" 2> "$work/$name.err" || status=$?
		echo "$status" > "$work/$name.status"
	} &
}

# retell NAME: what that guest told, with its tests numbered on. Needs guest/tap.sh.
retell() {
	local line status
	status=$(cat "$work/$1.status")
	while read -r line; do
		case $line in
		'ok '*) tap_result ok "$1: ${line#* - }";;
		'not ok '*) tap_result 'not ok' "$1: ${line#* - }" || true;;
		'#'*) echo "$line";;
		esac
	done < "$work/$1.tap"
	ok "$1: the guest ended well, without a report" test "$status" = 0
	[ "$status" = 0 ] || diag "$(tail -n 60 "$work/$1.err")"
	like "$1: and came to its end" "$(cat "$work/$1.tap")" '^1\.\.[0-9]+$'
}
