# SPDX-License-Identifier: GPL-2.0
# test-cycles.sh - loads and unloads the module under traffic, while readers read
# and controls are written. The harness fails the run on any report of KASAN,
# lockdep or kmemleak.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh
PATH=$PWD:$PATH
CYCLES=${1:-100}
FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

# Reads two counters by nothing but the shell, over and over, until told to stop.
counter_reader() {
	local sends packets old_sends=0 old_packets=0
	while [ ! -e stop ]; do
		read -r sends < $FILES/bfd/sends
		read -r packets < $FILES/bfd/packets
		[ "$sends" -ge "$old_sends" ] && [ "$packets" -ge "$old_packets" ] ||
			echo "$old_sends $old_packets, then $sends $packets" >> shrunk
		old_sends=$sends old_packets=$packets
		echo x >> reads
	done
}

# One line: whose moment it is, and the two counters, from one snapshot.
counters() {
	stallmeter show bfd --json | jq -rs '
		(map(select(.type == "snapshot"))[0] | "\(.instance)/\(.generation)") + " " +
		(map(select(.type == "counter") | .value | tostring) | join(" "))'
} 2>/dev/null

# Reads snapshots while the module comes and goes. A counter that shrinks within a
# load and a generation is a fault; that the module is not there is none.
snapshot_reader() {
	local whose sends packets old='' old_sends=0 old_packets=0
	while [ ! -e stop ]; do
		sleep 3
		read -r whose sends packets _ < <(counters) || continue
		[ -n "${packets:-}" ] || continue
		if [ "$whose" = "$old" ] && { [ "$sends" -lt "$old_sends" ] || [ "$packets" -lt "$old_packets" ]; }; then
			echo "$whose: $old_sends $old_packets, then $sends $packets" >> shrunk
		fi
		old=$whose old_sends=$sends old_packets=$packets
		echo "$whose" >> snapshots
	done
}

# Files are open and parameters written at whatever moment the module goes.
intruder() {
	local turn=0
	while [ ! -e stop ]; do
		case $((turn++ % 4)) in
		0) cat $FILES/status $FILES/events $FILES/bfd/* $FILES/snapshot > /dev/null;;
		1) echo bfd > $PARAMS/reset;;
		2) echo none > $PARAMS/collectors;;
		3) echo 3784 > $PARAMS/bfd_ports;;
		esac && echo x >> intrusions
		sleep 0.9
	done 2>/dev/null
}

# Long-lived senders: under KASAN and lockdep, more of them or starting programs
# would take all of the time.
traffic() {
	udpload pace 3784 100000000 25000 &
	udpload pace 5353 100000000 25000 &
	senders=$(jobs -p)
}

stop_others() {
	touch stop
	# shellcheck disable=SC2086
	wait $others
	rm stop
}

remove() {
	local end=$((SECONDS + 30))
	until rmmod stallmeter 2>/dev/null; do	# somebody has a file open
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

lab_up v4 v6
lab_wait_up 120
traffic
touch reads snapshots intrusions
insmod stallmeter.ko

counter_reader & others=$!
counter_reader & others="$others $!"
sleep 12
stop_others
ok 'two readers saw counters' test "$(wc -l < reads)" -ge 50
is 'every counter only grew' "$(cat shrunk 2>/dev/null)" ''
diag "$(wc -l < reads) moments read"

# Starting programs is dear here: these leave most of the CPU to the cycles.
snapshot_reader & others=$!
intruder & others="$others $!"
failed=0
remove || failed=$((failed + 1))
for ((cycle = 0; cycle < CYCLES; cycle++)); do
	insmod stallmeter.ko || failed=$((failed + 1))
	remove || failed=$((failed + 1))
done
is "$CYCLES times in and out under traffic, with readers and writers" "$failed" 0
stop_others
ok 'files were read and controls written meanwhile' test "$(wc -l < intrusions)" -ge 4
ok 'snapshots were read' test -s snapshots
is 'every counter only grew all the time' "$(cat shrunk 2>/dev/null)" ''
diag "$(wc -l < snapshots) snapshots of $(sort -u snapshots | wc -l) generations," \
	"$(wc -l < intrusions) intrusions"
# shellcheck disable=SC2086
ok 'the senders were there all the time' kill $senders
lab_wait_up 60
ok 'BFD is still Up' lab_all_up
done_testing
