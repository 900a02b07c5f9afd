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
reader() {	# PAUSE
	local pause=$1 whose sends packets old='' old_sends=0 old_packets=0
	while [ ! -e stop ]; do
		read -r whose sends packets _ < <(counters 2>/dev/null) || continue
		[ -n "${packets:-}" ] || continue
		if [ "$whose" = "$old" ] && { [ "$sends" -lt "$old_sends" ] || [ "$packets" -lt "$old_packets" ]; }; then
			echo "$whose: $old_sends $old_packets, then $sends $packets" >> shrunk
		fi
		old=$whose old_sends=$sends old_packets=$packets
		echo "$whose" >> reads
		sleep "$pause"
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
touch reads intrusions
insmod stallmeter.ko

reader 0.2 & others=$!
reader 0.2 & others="$others $!"
for _ in 1 2 3; do
	sleep 3
	echo bfd > $PARAMS/reset
done
sleep 3
stop_others
ok 'two readers saw counters' test "$(wc -l < reads)" -ge 4

# Starting programs is dear here: these leave most of the CPU to the cycles.
reader 4 & others=$!
intruder & others="$others $!"
failed=0
remove || failed=$((failed + 1))
for ((cycle = 0; cycle < CYCLES; cycle++)); do
	insmod stallmeter.ko || failed=$((failed + 1))
	remove || failed=$((failed + 1))
done
is "$CYCLES times in and out under traffic, with readers and writers" "$failed" 0
stop_others
is 'every counter only grew' "$(cat shrunk 2>/dev/null)" ''
diag "$(wc -l < reads) moments of $(sort -u reads | wc -l) generations read," \
	"files and controls intruded upon $(wc -l < intrusions) times"
# shellcheck disable=SC2086
ok 'the senders were there all the time' kill $senders
lab_wait_up 60
ok 'BFD is still Up' lab_all_up
done_testing
