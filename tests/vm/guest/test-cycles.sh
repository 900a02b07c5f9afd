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

# One line a moment, from one snapshot: whose it is, and the two counters of bfd.
counters() {
	stallmeter show bfd --json 2>/dev/null | jq -rs '
		(map(select(.type == "snapshot"))[0] | "\(.instance)/\(.generation)") + " " +
		(map(select(.type == "counter") | .value | tostring) | join(" "))'
}

# Reads until told to stop. A counter that shrinks within a load and a generation is
# a fault; that the module is not there at the moment is none.
reader() {
	local whose sends packets old='' old_sends=0 old_packets=0
	while [ ! -e stop ]; do
		read -r whose sends packets _ < <(counters 2>/dev/null) || continue
		[ -n "${packets:-}" ] || continue
		if [ "$whose" = "$old" ] && { [ "$sends" -lt "$old_sends" ] || [ "$packets" -lt "$old_packets" ]; }; then
			echo "$whose: $old_sends $old_packets, then $sends $packets" >> shrunk
		fi
		old=$whose old_sends=$sends old_packets=$packets
		echo "$whose" >> reads
		sleep 0.7
	done
}

# Files are open and parameters written at whatever moment the module goes.
intruder() {
	while [ ! -e stop ]; do
		cat $FILES/status $FILES/events $FILES/bfd/* $FILES/snapshot > /dev/null && echo x >> intrusions
		echo bfd > $PARAMS/reset
		echo none > $PARAMS/collectors
		echo 3784 > $PARAMS/bfd_ports
		echo all > $PARAMS/collectors
		sleep 0.7
	done 2>/dev/null
}

# Long-lived senders: under KASAN and lockdep, more of them or starting programs
# would take all of the time.
traffic() {
	udpload pace 3784 100000000 25000 &
	udpload pace 5353 100000000 25000 &
	senders=$(jobs -p)
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
touch reads intrusions
insmod stallmeter.ko

reader & others=$!
reader & others="$others $!"
for _ in 1 2 3; do
	sleep 3
	echo bfd > $PARAMS/reset
done
ok 'two readers saw counters' test "$(wc -l < reads)" -ge 4
intruder & others="$others $!"
sleep 2

failed=0
remove || failed=$((failed + 1))
for ((cycle = 0; cycle < CYCLES; cycle++)); do
	insmod stallmeter.ko || failed=$((failed + 1))
	remove || failed=$((failed + 1))
done
is "$CYCLES times in and out under traffic, with readers and writers" "$failed" 0
touch stop
# shellcheck disable=SC2086
wait $others
is 'every counter only grew' "$(cat shrunk 2>/dev/null)" ''
diag "$(wc -l < reads) moments of $(sort -u reads | wc -l) generations read," \
	"files and controls intruded upon $(wc -l < intrusions) times"
# shellcheck disable=SC2086
ok 'the senders were there all the time' kill $senders
lab_wait_up 60
ok 'BFD is still Up' lab_all_up
done_testing
