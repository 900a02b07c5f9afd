# SPDX-License-Identifier: GPL-2.0
# test-stress.sh - the module under stress-ng, while it is read and toggled. In a guest
# with 2 CPUs; the harness fails the run on any report of the kernel.
#
# usage: test-stress.sh SECONDS
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

# Reads all there is, then changes something; one line a turn, "bad" if that failed.
toggle() {	# NAME
	local turn=0
	while [ ! -e stop ]; do
		find $FILES -type f -exec cat {} + > /dev/null || echo bad
		case $((turn++ % 3)) in
		0) echo none > $PARAMS/collectors || echo bad;;
		1) echo all > $PARAMS/collectors || echo bad;;
		2) echo all > $PARAMS/reset || echo bad;;
		esac
		echo turn
	done > "$1" 2>&1
}

# Has each done all that it does in turn? On a loaded host that takes a while.
had_turns() { [ "$(grep -c turn one)" -ge 3 ] && [ "$(grep -c turn two)" -ge 3 ]; }

# So long, and on until both have had their turns; not for ever.
stress() {	# SECONDS
	local seconds=$1 end=$((SECONDS + $1 + 300))
	while :; do
		stress-ng --temp-path stress --timeout "$seconds" --dentry 1 --dentries 1024 --epoll 1 --udp 1 \
			--vm 1 --vm-bytes 128M --cpu-online 1 || return
		! had_turns && [ "$SECONDS" -lt "$end" ] || return 0
		seconds=5
	done
}

insmod stallmeter.ko || exit
udpload pace 3784 100000000 10000 & sender=$!
toggle one & others=$!
toggle two & others="$others $!"
mkdir stress
ok 'stress-ng: dentries, epoll, UDP, memory, CPUs that come and go' stress "$1"
touch stop
# shellcheck disable=SC2086
wait $others
ok 'the sender was there all the time' kill $sender
for reader in one two; do
	ok "reader $reader had its turns" test "$(grep -c turn $reader)" -ge 3
	is "reader $reader could read and write all the time" "$(grep -v turn $reader | head -n 3)" ''
	diag "reader $reader: $(grep -c turn $reader) turns"
done
echo 1 > /sys/devices/system/cpu/cpu1/online
echo all > $PARAMS/collectors
echo 3784 > $PARAMS/bfd_ports
echo all > $PARAMS/reset
udpload v4 3784 100
is 'counts afterwards' "$(cat $FILES/bfd/sends $FILES/bfd/packets | xargs)" '100 100'
is 'all collectors are on' "$(stallmeter show stallmeter/collectors --json |
	gojq -r 'select(.type == "row").row | select(.state == "on").name' | paste -sd,)" \
	bfd,dcache,epoll,reclaim,udp
ok 'unloads' rmmod stallmeter
done_testing
