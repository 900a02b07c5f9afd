# SPDX-License-Identifier: GPL-2.0
# test-epoll-legal.sh - long waits that have lost nothing are not called lost; a wakeup that
# was lost before the module came is; many instances are held as far as there is room. In a
# guest with 2 CPUs.
#
# usage: test-epoll-legal.sh SECONDS INSTANCES
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=epoll.sh
. /run/guest/epoll.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh	# lab_no_throttling
PATH=$PWD:$PATH

SECONDS_EACH=$1 INSTANCES=$2

ready() { grep -q ^ready "$1"; }
waiting() { rows epoll/waiters "select(.pid >= $1 and .tgid == $1) | [$2] | join(\" \")"; }

test_legal() {
	local case rest cases='nothing rest moving stalled oneshot exclusive nested timeout closed deleted churn rcvlowat urgent writeend'
	local pid=()
	for case in $cases; do
		epollload legal "$case" "$SECONDS_EACH" > "legal.$case" &
		pid+=($!)
	done
	for case in $cases; do
		ok "$case: holds" until_true 200 ready "legal.$case"
	done
	rest=${pid[1]}
	until_true 50 rest_is_told
	is 'an unread rest is told apart' "$(rest_rows)" 'tcp unread 3 edge unix unread 0 edge'
	diag "$(cat $FILES/epoll/waiters)"
	wait "${pid[@]}"
	is 'no wakeup of a legal wait is lost' "$(cat $FILES/epoll/lost_wakeups) $(rows epoll/lost .target)" '0 '
}

rest_rows() { waiting "$rest" '.target, .state, .unread_bytes, .trigger' | sort | xargs; }
rest_is_told() { [ "$(rest_rows)" != '' ]; }

# Who is never needed is not lost, however often one looks.
test_pool() {
	echo 50 > /sys/module/stallmeter/parameters/epoll_check_ms
	echo 300 > /sys/module/stallmeter/parameters/epoll_lost_ms
	epollload legal pool "$SECONDS_EACH" > legal.pool
	is 'pool: no wakeup is lost' "$(counter lost_wakeups)" 0
	ok 'events were collected' test "$(counter_of ready_to_collected_ns)" -ge 1000
	echo 1000 > /sys/module/stallmeter/parameters/epoll_check_ms
	echo 1000 > /sys/module/stallmeter/parameters/epoll_lost_ms
}
counter_of() { stallmeter show "epoll/$1" --json | gojq -r 'select(.type == "histogram").count'; }

# Who sleeps beside one that was woken and gets no CPU is not lost.
test_starved() {
	local pid
	lab_no_throttling
	epollload legal starved 5 > legal.starved &
	pid=$!
	ok 'starved: holds' until_true 200 ready legal.starved
	sleep 3
	is 'another one was woken' "$(waiting $pid '.target, .state, .kind, .waiters')" 'unix woken  1'
	wait $pid
	is 'that is no lost wakeup' "$(counter lost_wakeups)" 0
}

# K1, and K2 by level, can be seen by whoever comes later.
test_before() {
	local n
	insmod epollfault.ko
	for n in k1-eventfd k1-tcp k2-tcp k2-unix; do
		victim "${n#*-}"
		sleep 0.3
		lose $((nr_victims - 1)) "${n%-*}"
	done
	sleep 1
	insmod stallmeter.ko collectors=epoll
	known=${victim_pid[0]}
	until_true 60 test_all_lost
	is 'lost before the module came: found all the same' \
		"$(rows epoll/lost '[.target, .kind, .exact] | join(" ")' | sort | xargs)" \
		'eventfd K1 0 tcp K1 0 tcp K2 1 unix K2 0'
	is 'with their processes' "$(rows epoll/lost .pid | sort -n | xargs)" \
		"$(printf '%s\n' "${victim_pid[@]}" | sort -n | xargs)"
	unload
}
test_all_lost() { [ "$(counter lost_wakeups)" -ge 4 ]; }

in_all() { [ $(($(counter held) + $(counter not_held))) = "$1" ]; }

test_instances() {
	local held before pid
	before=$(($(counter held) + $(counter not_held)))
	epollload instances "$INSTANCES" use > made &
	pid=$!
	ok "$INSTANCES instances are there" until_true 1800 ready made
	held=$(counter held)
	diag "$held held, $(counter not_held) not held, $(rows stallmeter/collectors 'select(.name == "epoll").dropped') observations dropped"
	ok 'each is held, or counted as not held' in_all $((before + INSTANCES))
	ok 'as many as there is room for' test "$held" -ge 3500 -a "$held" -le 4096
	is 'the table has 64 rows, and one for all others' "$(rows epoll/instances .comm | wc -l)" 65
	is 'each of them was seen to collect' "$(rows epoll/instances .collected | awk '{ all += $1 } END { print all }')" $((held - before))
	ok 'other programs go on' epollload calls 10 2 2
	kill $pid
	wait $pid
	ok 'all are forgotten when they end' until_true 300 in_all "$before"
	is 'nothing was lost' "$(counter lost_wakeups)" 0
}

use_epoll never
ok 'the kernel is as we take it for' is_known
test_legal
test_pool
test_starved
unload
test_before
use_epoll never
test_instances
unload
done_testing
