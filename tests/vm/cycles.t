#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 20 times, or 200, in and out of a kernel while BFD and other UDP traffic runs, files
# are read and controls written. The debug kernel does it in two guests at a time, of one CPU
# each: with two on a host of two, the CPUs wait for each other's locks, and all takes
# three times as long.
#
# usage: cycles.t [KERNEL...]

. "$(dirname "$0")/test.sh"

CYCLES=${CYCLES:-$([ -n "${STALL_ALL:-}" ] && echo 200 || echo 20)}

# What the snapshots that a guest took say: whose moment, and the counters in turn.
counters() {
	"$VM_DIR/kernel" run 6.1 "$work" bash -euo pipefail -c '
		for file in "$1"/*; do
			./stallmeter show --input "$file" --json | gojq -rs "
				(map(select(.type == \"snapshot\"))[0] | \"\(.instance)/\(.generation)\") + \" \" +
				(map(select(.type == \"counter\" and .group == \"bfd\") | .value | tostring) | join(\" \"))"
		done' _ "snapshots.$1"
}

# Within a load and a generation a counter only grows.
shrunk() {
	awk '$1 == whose { for (n = 2; n <= NF; n++) if ($n < last[n]) print "after", before, "came", $0 }
		{ whose = $1; before = $0; split($0, last) }'
}

cycles() {	# KERNEL, or debug/1 and debug/2
	local kernel=${1%/*} cpus=2 count=$CYCLES guest=${1/\//-}
	local status=0 counters=$work/counters.$guest
	[ "$kernel" != debug ] || { cpus=1; count=$((CYCLES / 2)); }
	mkdir "$work/snapshots.$guest"
	ARGS=$count in_guest "$kernel" test-cycles.sh -s "$cpus" -t 2400 -x "$work/snapshots.$guest" || status=$?
	ok 'snapshots can be read' eval 'counters "$guest" > "$counters"'
	ok 'of several loads' test "$(cut -d/ -f1 "$counters" | sort -u | wc -l)" -ge 2
	ok 'and some of one generation' test "$(cut -d' ' -f1 "$counters" | uniq -d | wc -l)" -ge 1
	is 'no counter shrank from one to the next' "$(shrunk < "$counters")" ''
	return "$status"
}

[ $# -gt 0 ] || set -- debug
guests=()
put_programs
for kernel; do
	put_module "$kernel"
	case $kernel in
	debug) guests+=(debug/1 debug/2);;
	*) guests+=("$kernel");;
	esac
done
run_on "$(nproc)" cycles "${guests[@]}"
