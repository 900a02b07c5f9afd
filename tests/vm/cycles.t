#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 200 times in and out of the debug kernel while BFD and other UDP traffic runs, files
# are read and controls written: in two guests at a time, as loading takes a second
# under KASAN and lockdep. Each has one CPU: with two on a host of two, they wait for
# each other's locks, and all takes three times as long.
. "$(dirname "$0")/test.sh"
. "$VM_DIR/guest/tap.sh"

put_programs
put_module debug

guest() {
	local status=0
	in_guest debug test-cycles.sh -s 1 -t 2400 > "$work/$1.tap" 2> "$work/$1.err" || status=$?
	echo "$status" > "$work/$1.status"
}

# What a guest told, with its tests numbered on.
retell() {
	local line
	while read -r line; do
		case $line in
		'ok '*) tap_result ok "guest $1: ${line#* - }";;
		'not ok '*) tap_result 'not ok' "guest $1: ${line#* - }" || true;;
		'#'*) echo "$line";;
		esac
	done < "$work/$1.tap"
	ok "guest $1: ended well, without a report" test "$(cat "$work/$1.status")" = 0
	[ "$(cat "$work/$1.status")" = 0 ] || diag "$(tail -n 60 "$work/$1.err")"
	like "guest $1: came to its end" "$(cat "$work/$1.tap")" '^1\.\.[0-9]+$'
}

guest 1 &
guest 2 &
wait
retell 1
retell 2
done_testing
