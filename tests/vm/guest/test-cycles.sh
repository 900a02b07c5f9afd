# SPDX-License-Identifier: GPL-2.0
# test-cycles.sh - loads and unloads the module under traffic while readers read.
# The harness fails the run on any report of KASAN, lockdep or kmemleak.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh
PATH=$PWD:$PATH
FILES=/sys/kernel/debug/stallmeter

# One line a moment: generation and the two counters of bfd, from one snapshot.
counters() {
	stallmeter show bfd --json 2>/dev/null | jq -rs '
		[(map(select(.type == "snapshot"))[0].generation),
		 (map(select(.type == "counter"))[] | .value)] | map(tostring) | join(" ")'
}

# Reads until told to stop; a counter that shrinks within a generation is a fault.
reader() {
	local generation sends packets old=0 old_sends=0 old_packets=0
	while [ ! -e stop ]; do
		read -r generation sends packets _ < <(counters) || continue
		[ -n "${packets:-}" ] || continue
		if [ "$generation" = "$old" ] && { [ "$sends" -lt "$old_sends" ] || [ "$packets" -lt "$old_packets" ]; }; then
			echo "generation $generation: $old_sends $old_packets, then $sends $packets" >> shrunk
		fi
		old=$generation old_sends=$sends old_packets=$packets
		echo x >> reads
	done
}

# Long-lived senders, 40 datagrams a second each: under KASAN and lockdep, more of
# them or starting programs would take all of the time.
traffic() {
	udpload pace 3784 100000000 25000 &
	udpload pace 5353 100000000 25000 &
	senders=$(jobs -p)
}

remove() {
	local end=$((SECONDS + 30))
	until rmmod stallmeter 2>/dev/null; do	# a reader has a file open
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

lab_up v4 v6
lab_wait_up 120
traffic
touch reads
failed=0
insmod stallmeter.ko

# Counters while the module stays, read by two at once, reset in between.
reader & readers=$!
reader & readers="$readers $!"
for _ in 1 2 3; do
	sleep 3
	echo bfd > /sys/module/stallmeter/parameters/reset
done
sleep 3
touch stop
# shellcheck disable=SC2086
wait $readers
ok 'two readers saw counters' test "$(wc -l < reads)" -ge 4
diag "$(wc -l < reads) moments read"
is 'every counter only grew' "$(cat shrunk 2>/dev/null)" ''

remove || failed=$((failed + 1))
for ((cycle = 0; cycle < 100; cycle++)); do
	insmod stallmeter.ko || failed=$((failed + 1))
	[ $((cycle % 10)) != 0 ] || cat $FILES/status $FILES/bfd/sessions $FILES/snapshot > /dev/null
	remove || failed=$((failed + 1))
done
is '100 times in and out under traffic' "$failed" 0
# shellcheck disable=SC2086
ok 'the senders were there all the time' kill $senders
lab_wait_up 60
ok 'BFD is still Up' lab_all_up
done_testing
