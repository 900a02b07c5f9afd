# SPDX-License-Identifier: GPL-2.0
# test-observe.sh - loads, observes and unloads on any kernel. In a guest with 2 CPUs;
# only counts and order are asserted, but for how long rmmod takes.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

# The promise is for a kernel that people run. With KASAN and lockdep, each of the six
# times that rmmod waits for RCU-tasks takes up to a second.
LIMIT=5 TURNS=10
[[ $(uname -r) != *debug ]] || LIMIT=15 TURNS=3	# cycles.t does more there

rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }

# Sends, packets, and what was lost: from the files, by the shell, as this is short.
counted() {
	local gaps
	gaps=$(<$FILES/bfd/tx_gap_ns)
	[[ $gaps = *'this is not all'* ]] || gaps='all'
	echo "$(<$FILES/bfd/sends) $(<$FILES/bfd/packets) ${gaps##*$'\n'}"
}

cpu1() { echo "$1" > /sys/devices/system/cpu/cpu1/online; }

test_load() {
	local preempt=/sys/kernel/debug/sched/preempt absent='' unseen='2 dcache 4 epoll'
	[ ! -e $preempt ] || like 'the kernel preempts wherever it can' "$(cat $preempt)" '\(full\)'
	ok 'loads' insmod stallmeter.ko
	# built only for memory compaction
	[ -e /proc/sys/vm/compact_memory ] || absent=wakeup_kcompactd
	is 'all hooks hang, but for those that are not there' "$(rows stallmeter/probes \
		'select(.state | test("^(on|off|none)$") | not).wanted' | paste -sd,)" "$absent"
	is 'one is off, as its parameter is none' "$(rows stallmeter/probes \
		'select(.state == "off") | [.wanted, .reason] | join(": ")')" \
		"__udp_enqueue_schedule_skb: udp_ports is $(<$PARAMS/udp_ports)"
	echo 9 > $PARAMS/udp_ports
	is 'with a port it hangs' "$(rows stallmeter/probes \
		'select(.wanted == "__udp_enqueue_schedule_skb").state')" on
	# v5.17 began to tell why a packet is dropped
	grep -q reason /sys/kernel/tracing/events/skb/kfree_skb/format || unseen="$unseen 1 udp"
	is 'what no kernel lets see is told' \
		"$(rows stallmeter/probes 'select(.state == "none").collector' | sort | uniq -c | xargs)" "$unseen"
	is 'functions by ftrace, one timer, all others are tracepoints' \
		"$(rows stallmeter/probes 'select(.state == "on") | [.kind, .hook] | join(" ")' | sort -u | paste -sd,)" \
		'entry ftrace,timer timer,tracepoint tracepoint'
	echo none > $PARAMS/udp_ports
	[[ $absent = *kcompactd ]] || ok 'status is content' stallmeter status
	for file in README status events timeline cost snapshot bfd/{sessions,protocol,late,tx_gap_ns} \
		dcache/{makers,state} reclaim/{shrinkers,run_ns} epoll/{waiters,lost,instances} udp/sockets; do
		ok "$file can be read" test -n "$(tr -d '\0' < "$FILES/$file")"
	done
}

test_counts() {
	local way
	for way in v4 v4-mapped v4-mmsg v6 v6-connected; do
		echo bfd > $PARAMS/reset
		udpload $way 3784 50
		is "$way: each datagram is counted once" "$(counted)" '50 50 all'
		like "$way: so is its sender" "$(<$FILES/bfd/sessions) unknown $(<$FILES/bfd/senders_unknown)" \
			' udpload .*unknown 0$'
	done
	echo bfd > $PARAMS/reset
	udpload threads 3784 20000
	is 'two CPUs at once: nothing is lost' \
		"$(counted) $(rows bfd/sessions .packets | paste -sd,)" '40000 40000 all 20000,20000'
}

test_hotplug() {
	echo bfd > $PARAMS/reset
	taskset -c 1 udpload v4 3784 100
	ok 'a CPU can go' cpu1 0
	is 'what it counted stays' "$(counted)" '100 100 all'
	udpload v4 3784 10
	is 'the others go on' "$(counted)" '110 110 all'
	ok 'it can come back' cpu1 1
	taskset -c 1 udpload v4 3784 100
	is 'and counts on' "$(counted)" '210 210 all'
	cpu1 0
	echo bfd > $PARAMS/reset
	cpu1 1
	taskset -c 1 udpload v4 3784 5
	is 'a CPU that was away while all began anew counts from nothing' "$(counted)" '5 5 all'
	udpload pace 3784 100000000 1000 & local sender=$!
	for _ in 1 2 3; do
		cpu1 0; sleep 0.3; cpu1 1; sleep 0.3
	done
	kill $sender; wait $sender 2>/dev/null
	like 'CPUs that come and go under traffic lose nothing' "$(counted)" '^[0-9]+ [0-9]+ all$'
	ok 'the timeline goes on' test "$(grep -vc '^#' $FILES/timeline)" -ge 1
}

# Modules whose code the hooked functions run through.
test_modules() {
	echo bfd > $PARAMS/reset
	for _ in 1 2 3; do
		modprobe dummy
		ip link add dummy9 type dummy
		ip address add 10.9.0.1/24 dev dummy9
		ip link set dummy9 up
		ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:09 dev dummy9
		udpload to 3784 1 10.9.0.2
		ip link delete dummy9
		rmmod dummy 2>/dev/null	# it is built in where it is no module
	done
	is 'modules that come and go change nothing' "$(counted)" '3 3 all'
	is 'each device was another one' \
		"$(rows bfd/sessions '[.device, .packets] | join(" ")' | paste -sd,)" 'dummy9 1,dummy9 1,dummy9 1'
}

test_unload() {
	local longest=0 began took failed=0 turn
	udpload pace 3784 100000000 1000 & local senders=$!
	udpload pace 5353 100000000 1000 & senders="$senders $!"
	for ((turn = 0; turn < TURNS; turn++)); do
		began=${EPOCHREALTIME/./}
		rmmod stallmeter || failed=$((failed + 1))
		took=$((${EPOCHREALTIME/./} - began))
		[ "$took" -le "$longest" ] || longest=$took
		insmod stallmeter.ko || failed=$((failed + 1))
	done
	is "unloads and loads $TURNS times under traffic" "$failed" 0
	ok "within $LIMIT s each" test "$longest" -le ${LIMIT}000000
	diag "the longest rmmod: $((longest / 1000)) ms"
	ok 'counts afterwards' test "$(sleep 0.5; echo "$(<$FILES/bfd/packets)")" -ge 1
	# shellcheck disable=SC2086
	kill $senders
	ok 'unloads for good' rmmod stallmeter
	not_ok 'its files are gone' test -e $FILES
}

diag "$(uname -r), $(cat /sys/kernel/debug/sched/preempt 2>/dev/null || echo 'preemption as built')"
test_load
test_counts
test_hotplug
test_modules
test_unload
done_testing
