#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 200 times in and out of a kernel while BFD and other UDP traffic runs, files are read
# and controls written. The debug kernel does it in two guests at a time, of one CPU
# each: with two on a host of two, the CPUs wait for each other's locks, and all takes
# three times as long.
#
# usage: cycles.t [KERNEL...]

. "$(dirname "$0")/test.sh"

CYCLES=${CYCLES:-200}

# What the snapshots that a guest took say: whose moment, and the counters in turn.
counters() {
	"$VM_DIR/kernel" run 6.1 "$work" bash -c '
		for file in "$1"/*; do
			./stallmeter show bfd --input "$file" --json | jq -rs "
				(map(select(.type == \"snapshot\"))[0] | \"\(.instance)/\(.generation)\") + \" \" +
				(map(select(.type == \"counter\") | .value | tostring) | join(\" \"))"
		done' _ "snapshots.$1"
}

# Within a load and a generation a counter only grows.
shrunk() {
	awk '$1 == whose { for (n = 2; n <= NF; n++) if ($n < last[n]) print "after", before, "came", $0 }
		{ whose = $1; before = $0; split($0, last) }'
}

cycles() {	# KERNEL, or debug/1 and debug/2
	local kernel=${1%/*} cpus=2 count=$CYCLES name=${1/\//-}
	[ "$kernel" != debug ] || { cpus=1; count=$((CYCLES / 2)); }
	mkdir "$work/snapshots.$name"
	put_module "$kernel"
	ARGS=$count in_guest "$kernel" test-cycles.sh -s "$cpus" -t 2400 -x "$work/snapshots.$name"
	counters "$name" > "$work/counters.$name"
	ok 'snapshots were read' test "$(wc -l < "$work/counters.$name")" -ge 2
	is 'and no counter shrank from one to the next' "$(shrunk < "$work/counters.$name")" ''
}

[ $# -gt 0 ] || set -- debug
guests=()
for kernel; do
	case $kernel in
	debug) guests+=(debug/1 debug/2);;
	*) guests+=("$kernel");;
	esac
done
put_programs
run_on "$(nproc)" cycles "${guests[@]}"
