# SPDX-License-Identifier: GPL-2.0
# test-storm.sh - dcache and reclaim are detached and attached, over and over, while two
# CPUs make dentries and drop them. The harness fails the run on any report of KASAN,
# lockdep or kmemleak.
#
# usage: test-storm.sh TIMES
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

# To start a program takes half a second under KASAN: what runs in a loop is the shell's.
exec 9<> <(:)
nap() { read -rt "$1" -u 9; }
cp /run/vm/busybox /tmp/busybox
insmod() { /tmp/busybox insmod "$@"; }
rmmod() { /tmp/busybox rmmod "$@"; }

dropper() {
	while [ ! -e stop ]; do
		echo 2 > /proc/sys/vm/drop_caches
		echo x >> drops
		nap 0.3
	done
}

insmod stallmeter.ko || exit
mkdir storm
mount -t tmpfs storm storm
dentryload storm /sys/kernel 0 & storms=$!
dentryload storm storm 1 & storms="$storms $!"
dropper & dropper=$!

failed=0
for ((n = 1; n <= $1; n++)); do
	echo dcache,reclaim > $PARAMS/reset || failed=$((failed + 1))
	[ $((n % 4)) != 0 ] || { rmmod stallmeter && insmod stallmeter.ko; } || failed=$((failed + 1))
done
is "$1 times detached and attached while dentries come and go" "$failed" 0
nap 1
ok 'dentries are counted afterwards' test "$(<$FILES/dcache/allocated)" -ge 100
ok 'and freed ones' test "$(<$FILES/dcache/freed)" -ge 100
ok 'caches were dropped all the time' test "$(wc -l < drops)" -ge 10
diag "$(wc -l < drops) drops, $(<$FILES/dcache/allocated) dentries in the last second"
touch stop
wait $dropper
for storm in $storms; do
	ok 'a storm was there all the time' kill "$storm"
done
for collector in dcache reclaim; do
	like "$collector is on" "$(<$FILES/status)" "^ +$collector +on "
done
ok 'unloads' rmmod stallmeter
done_testing
