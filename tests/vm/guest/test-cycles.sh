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

# To start a program takes half a second under KASAN, and a static one a third of that:
# whatever runs in a loop here starts as few as it can.
cp /run/vm/busybox /tmp/busybox
insmod() { /tmp/busybox insmod "$@"; }
rmmod() { /tmp/busybox rmmod "$@"; }
exec 9<> <(:)
nap() { read -rt "$1" -u 9; }

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

# Snapshots for the host to compare. The shell opens the file: a program would come too
# late, and a module whose file is open stays.
take_snapshot() { /tmp/busybox cat <&8 > "/host/$1"; }

snapshot_reader() {	# PART SECONDS-BETWEEN
	local count=${1}000
	while [ ! -e stop ]; do
		nap 0.02
		[ -e $FILES/snapshot ] && take_snapshot $((++count)) 8< $FILES/snapshot && nap "$2"
	done 2>/dev/null
}

# Files are open and parameters written at whatever moment the module goes.
intruder() {
	local turn=0
	while [ ! -e stop ]; do
		case $((turn++ % 4)) in
		0) /tmp/busybox cat $FILES/{status,events} $FILES/{bfd,dcache,epoll,reclaim,udp}/* $FILES/snapshot > /dev/null;;
		1) echo all > $PARAMS/reset;;
		2) echo none > $PARAMS/collectors;;
		3) echo 3784 > $PARAMS/bfd_ports;;
		esac && echo x >> intrusions
		nap 0.9
	done 2>/dev/null
}

# Long-lived senders: more of them would take all of the time.
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
	local end=$((SECONDS + 30)) began took
	until began=${EPOCHREALTIME/./} && rmmod stallmeter 2>/dev/null; do	# somebody has a file open
		[ "$SECONDS" -lt "$end" ] || return 1
		nap 0.02
	done
	took=$((${EPOCHREALTIME/./} - began))
	[ "$took" -le "$longest" ] || longest=$took
}

lab_up v4 v6
lab_wait_up 120
traffic
touch reads intrusions
insmod stallmeter.ko

counter_reader & others=$!
counter_reader & others="$others $!"
snapshot_reader 1 2 & others="$others $!"
sleep 12
stop_others
ok 'two readers saw counters' test "$(wc -l < reads)" -ge 50
is 'every counter only grew' "$(cat shrunk 2>/dev/null)" ''
diag "$(wc -l < reads) moments read"

snapshot_reader 2 0.3 & others=$!
intruder & others="$others $!"
failed=0 longest=0
remove || failed=$((failed + 1))
for ((cycle = 0; cycle < CYCLES; cycle++)); do
	insmod stallmeter.ko || failed=$((failed + 1))
	remove || failed=$((failed + 1))
done
is "$CYCLES times in and out under traffic, with readers and writers" "$failed" 0
stop_others
ok 'files were read and controls written meanwhile' test "$(wc -l < intrusions)" -ge 4
# With KASAN and lockdep, each of the times that rmmod waits for RCU-tasks takes longer.
limit=5
[[ $(uname -r) != *debug ]] || limit=15
ok "no rmmod took over $limit s" test "$longest" -le ${limit}000000
diag "the longest rmmod: $((longest / 1000)) ms; $(wc -l < intrusions) intrusions"
for sender in $senders; do
	ok 'a sender was there all the time' kill "$sender"
done
ok 'BFD is still Up' lab_wait_up 60
done_testing
