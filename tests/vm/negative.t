#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Proves that the harness turns red: each bug that it has to notice is provoked in a
# guest of its own, and the boot has to fail the way it should.
#
# usage: negative.t		TAP, for prove

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$VM_DIR/guest/tap.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/stallmeter-negative.XXXXXX")
trap 'rm -rf "$work"' EXIT

# start NAME BOOT-ARGUMENT...: in the background, as many at a time as there are CPUs.
start() {
	local name=$1
	shift
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || true
	done
	(
		status=0
		"$VM_DIR/boot" -s 1 -o "$work/$name" "$@" > "$work/$name.log" 2>&1 || status=$?
		echo "$status" > "$work/$name.status"
	) &
}

# provoke BUG KERNEL-WORDS [AFTERWARDS]
provoke() { start "$1" -k debug -a "$2" -f "$work/provoke.ko" -- "insmod provoke.ko what=$1; ${3:-true}"; }

# ended NAME STATUS REGEX: how its boot ended, and what was printed about it.
ended() {
	is "$1: status $2" "$(cat "$work/$1.status")" "$2"
	like "$1: says why" "$(tr -d '\r' < "$work/$1.log")" "$3"
}

# What was logged between the marks that the guest left.
between() { sed -n "/mark: $1\$/,/mark: $2\$/p" "$work/kunit/dmesg"; }
tap_of() { between "$1" "$2" | "$VM_DIR/ktap2tap" provoke; }

"$VM_DIR/build" -C "$VM_DIR/negative" debug "$work"
"$VM_DIR/kernel" fetch 6.1

provoke leak ''
provoke uaf kmemleak=off
provoke atomic_sleep kmemleak=off
provoke lock_inversion kmemleak=off
provoke warn kmemleak=off 'dmesg -C'
provoke panic kmemleak=off
start kunit -k debug -a kmemleak=off -f "$work/provoke-kunit.ko" -- '
	mark() { echo "mark: $1" > /dev/kmsg; }
	mark failing
	modprobe kunit && insmod provoke-kunit.ko && rmmod provoke_kunit kunit
	mark disabled
	modprobe kunit enable=0 && insmod provoke-kunit.ko
	mark end
	exit 7'
start hang -k 6.1 -t 60 -- 'echo alive; sleep 1000'
start expected -k 6.1 --expect-report KASAN -- true
wait

ended uaf 99 'KASAN: (slab-)?use-after-free'
ended atomic_sleep 99 'BUG: (scheduling while atomic|sleeping function called)'
ended lock_inversion 99 'possible circular locking dependency'
ended leak 99 'unreferenced object'
ended warn 99 'WARNING:'
ended panic 125 'the guest died'
ended hang 124 'stopped after 60 s'
ended expected 97 "expected to report 'KASAN' and did not"

is 'a command that fails: its status' "$(cat "$work/kunit.status")" 7
not_ok 'a failing KUnit case fails' tap_of failing disabled
like 'and is the only one' "$(tap_of failing disabled | grep '^not ok' || true)" '^not ok [0-9]+ - provoke: bad$'
not_ok 'a suite that silently runs nothing fails' tap_of disabled end
like 'and says so' "$(tap_of disabled end || true)" 'not ok [0-9]+ - no suite ran at all'
like 'what a guest printed before it hung is kept' "$(cat "$work/hang.log")" '^alive$'

done_testing
