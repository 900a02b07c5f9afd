# SPDX-License-Identifier: GPL-2.0
# test-module.sh - what the module counts, refuses, and does without. In a guest
# with 2 CPUs; only counts and order are asserted, never times.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters

set_param() { echo "$2" > "$PARAMS/$1"; } 2>/dev/null

# rows GROUP/SERIES FILTER: what gojq's FILTER makes of each row.
rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }
value() { stallmeter show "$1" --json | gojq -r 'select(.type == "counter" or .type == "gauge").value'; }
bfd() { rows stallmeter/collectors "select(.name == \"bfd\") | $1"; }
memory() { rows stallmeter/module '"\(.memory_bytes) bytes and \(.memory_cpu_bytes) a CPU"'; }
loaded() { grep -q '^stallmeter ' /proc/modules; }

load() {
	! loaded || rmmod stallmeter
	dmesg -C
	insmod "$@"
}

test_load() {
	load stallmeter.ko
	ok 'loads' loaded
	is 'says nothing when all is well' "$(dmesg | grep -c 'stallmeter: .*unavailable')" 0
	is 'all files can be read by root only' \
		"$(find $FILES -type f ! -perm 0400 | wc -l)" 0
	is 'takes a timer, the entries of send and read, and the tracepoints of device and reclaim' \
		"$(rows stallmeter/probes 'select(.collector == "bfd") | [.target, .hook] | join(" ")' | paste -sd,)" \
		"$(printf '%s\n' 'hrtimer timer' 'udp_sendmsg ftrace' 'udpv6_sendmsg ftrace' 'net_dev_start_xmit tracepoint' \
			'netif_receive_skb tracepoint' 'skb_consume_udp ftrace' \
			mm_vmscan_{direct,memcg}_reclaim_{begin,end}' tracepoint' | paste -sd,)"
	ok 'status is content' stallmeter status
	# All of the timeline is there then; the memory of what is off has to go.
	sleep 2
	diag "memory: $(memory); by collector: $(rows stallmeter/collectors \
		'"\(.name) \(.memory_bytes) and \(.memory_cpu_bytes)"' | paste -sd,)"
	set_param collectors bfd
	diag "memory of bfd alone: $(memory)"
	# 1,024 sessions of 1.8 KiB each are most of it, and of a CPU's, 1,024 events of 72 bytes.
	ok 'memory of bfd alone is at most 2.6 MiB and 108 KiB a CPU' test "$(rows stallmeter/module \
		'.memory_bytes <= 2.6 * 1048576 and .memory_cpu_bytes <= 108 * 1024')" = true
	for file in README status events timeline cost bfd/sessions bfd/tx_gap_ns; do
		ok "$file can be read" test -n "$(cat $FILES/$file)"
	done
	ok 'the first line of a table begins with #' grep -q '^# netns' $FILES/bfd/sessions
}

test_ways() {
	local way family
	for way in v4 v4-connected v4-mapped v4-mapped-connected v4-mmsg v6 v6-connected; do
		set_param reset bfd
		udpload $way 4784 50
		case $way in v6*) family=::1;; *) family=127.0.0.1;; esac
		is "$way: each datagram is counted once" \
			"$(value bfd/sends) $(value bfd/packets) $(rows bfd/sessions \
			'[.source, .destination, .port, .device, .packets, .comm] | join(" ")')" \
			"50 50 $family $family 4784 lo 50 udpload"
		is "$way: so is who called" "$(value bfd/senders_unknown)" 0
	done
	set_param reset bfd
	udpload v4 5353 50
	is 'other ports are not counted' "$(value bfd/sends) $(value bfd/packets)" '0 0'
}

test_concurrency() {
	set_param reset bfd
	udpload threads 3784 20000
	is 'two CPUs at once: no packet of two sessions is lost' \
		"$(rows bfd/sessions .packets | paste -sd,) $(bfd '[.dropped, .missed] | join(" ")')" \
		'20000,20000 0 0'
	is 'and no gap' "$(rows bfd/sessions .gap_ns.count | paste -sd,)" 19999,19999
	set_param reset bfd
	udpload v4 3784 1
	udpload same 3784 20000
	is 'two CPUs for one session: no packet is lost' "$(rows bfd/sessions .packets)" 40001
	diag "missed: $(bfd .missed)," \
		"gaps: $(rows bfd/sessions .gap_ns.count) of 40000"
}

test_many_sessions() {
	set_param reset bfd
	udpload sessions 3784 1024 3
	is '1,024 sessions fit' "$(rows bfd/sessions .packets | sort | uniq -c | xargs)" '1024 3'
	is 'nothing is dropped' "$(bfd .dropped)" 0
	is 'each has its sender' "$(rows bfd/sessions .comm | sort | uniq -c | xargs)" '1024 udpload'
	udpload sessions 3784 1124 1
	is 'what does not fit is counted' "$(bfd .dropped)" 100
	for file in events bfd/sessions bfd/tx_gap_ns; do
		is "$file says so" "$(tail -n 1 $FILES/$file)" '# bfd: this is not all: 100 dropped, 0 missed'
	done
	like 'the report says so' "$(stallmeter report)" '^bfd: 100 observations dropped'
	is 'what was there goes on' "$(rows bfd/sessions .packets | sort | uniq -c | xargs)" '1024 4'
	is 'the sum has all of them' "$(value bfd/packets)" $((1024 * 4 + 100))
}

test_events() {
	local recorded lost
	set_param reset bfd
	set_param bfd_threshold_ms 1
	recorded=$(rows stallmeter/module .events_recorded)
	lost=$(rows stallmeter/module .events_lost)
	udpload pace 3784 1201 1500
	is 'the newest 1,024 events are kept' "$(rows stallmeter/events .at_ns | wc -l)" 1024
	is 'the others are counted' "$(rows stallmeter/module \
		"\"\(.events_recorded - $recorded) \(.events_lost - $lost)\"")" '1200 176'
	is 'each gap over the threshold is one' "$(rows bfd/sessions .late)" 1200
	is 'they name the sender' "$(rows stallmeter/events .comm | sort -u)" udpload
	like 'the file says that they are not all' "$(tail -n 1 $FILES/events)" '^# this is not all: [1-9]'
	set_param bfd_threshold_ms 0
	set_param reset bfd
	is 'a reset forgets what was lost' "$(rows stallmeter/module .events_lost)" 0
}

refuses() {	# PARAM VALUE
	local before after
	before=$(cat "$PARAMS/$1" 2>/dev/null)
	dmesg -C
	not_ok "$1='$2' is refused" set_param "$1" "$2"
	after=$(cat "$PARAMS/$1" 2>/dev/null)
	is '  the old value stays' "$after" "$before"
	is '  one line says what was given and what is allowed' \
		"$(dmesg | grep -cF "stallmeter: $1: '$2' is not allowed; allowed: ")" 1
}

test_parameters() {
	local bad
	for bad in 0 70000 "3784," abc 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
		refuses bfd_ports "$bad"
	done
	refuses bfd_overdue_percent 0
	refuses bfd_overdue_percent 101
	refuses bfd_threshold_ms -1
	refuses bfd_threshold_ms 3600001
	refuses collectors nosuch
	refuses collectors bfd,nosuch
	refuses reset nosuch
	refuses cost_limit_ppm 1000001
	for bad in 9 3600001 -1 1s ''; do
		refuses epoll_check_ms "$bad"
		refuses epoll_lost_ms "$bad"
	done
	is 'the old ports are in force' "$(set_param reset bfd; udpload v4 3784 5; value bfd/packets)" 5
	ok 'ports can be changed' set_param bfd_ports 5000,3784
	is 'the new ones are in force' "$(udpload v4 5000 7; value bfd/packets)" 12
	set_param bfd_ports 3784,3785,4784,6784,7784
	set_param reset bfd
	udpload pace 3784 12 20000
	set_param bfd_ports 3785
	sleep 2
	set_param bfd_ports 3784,3785,4784,6784,7784
	udpload pace 3784 3 20000
	is 'a port that comes back has its packets' "$(rows bfd/sessions .packets)" 15
	is 'and no gap for the time without it' "$(rows bfd/sessions .gap_ns.count)" 13
	set_param reset bfd
	udpload pace 3784 12 20000
	set_param bfd_ports 3784,5000
	sleep 1
	udpload pace 3784 3 20000
	is 'a port that stays has its gap' "$(rows bfd/sessions '.max_gap_ns >= 1000000000')" true
	set_param bfd_ports 3784,3785,4784,6784,7784
	is 'parameters say what they take' "$(rows stallmeter/parameters \
		'select(.name == "bfd_ports").value')" 3784,3785,4784,6784,7784
}

test_on_and_off() {
	local before
	ok 'a collector can be switched off' set_param collectors none
	like 'its files say so' "$(cat $FILES/bfd/sessions)" 'bfd is off'
	ok 'off as asked is no fault' stallmeter status
	ok 'and on again' set_param collectors bfd
	is 'it begins anew' "$(value bfd/packets)" 0
	udpload v4 3784 3
	before=$(bfd .generation)
	ok 'it can be reset' set_param reset bfd
	is 'counters are zero' "$(value bfd/packets)" 0
	ok 'the generation tells' test "$(bfd .generation)" -gt "$before"
	rmmod stallmeter
	not_ok 'a bad parameter keeps the module from loading' insmod stallmeter.ko bfd_ports=70000
	like 'and says why' "$(dmesg)" "stallmeter: bfd_ports: '70000' is not allowed"
	ok 'good ones are taken' insmod stallmeter.ko bfd_ports=1234 collectors=none bfd_threshold_ms=900
	is 'as given' "$(cat $PARAMS/{bfd_ports,collectors,bfd_threshold_ms} | paste -sd' ')" '1234 none 900'
}

# a -- r -- b: r only forwards, by a bridge on one side and a VLAN on the other.
test_only_own_packets() {
	ip netns add a
	ip netns add r
	ip link add to-r netns a type veth peer name port netns r
	ip -n r link add br0 type bridge
	ip -n r link set port master br0
	ip -n r link add dummy0 type dummy
	ip -n r link add link dummy0 name dummy0.7 type vlan id 7
	ip -n r address add 10.3.0.1/24 dev br0
	ip -n r address add 10.4.0.1/24 dev dummy0.7
	ip -n a address add 10.3.0.2/24 dev to-r
	for link in port br0 dummy0 dummy0.7; do ip -n r link set $link up; done
	ip -n a link set to-r up
	ip -n a route add default via 10.3.0.1
	ip -n r neighbour add 10.4.0.9 lladdr 02:00:00:00:00:09 dev dummy0.7
	ip netns exec r sysctl -qw net.ipv4.ip_forward=1
	load stallmeter.ko
	for _ in 1 2 3; do ip netns exec a udpload to 4784 1 10.4.0.9; done
	is 'forwarded packets count where they are sent only' \
		"$(rows bfd/sessions '[.device, .packets] | join(" ")' | paste -sd,)" 'to-r 3'
	is 'in its namespace' "$(rows bfd/sessions .netns)" \
		"$(ip netns exec a readlink /proc/self/ns/net | tr -dc 0-9)"
	set_param reset bfd
	ip netns exec r udpload to 4784 1 10.4.0.9
	is 'a VLAN counts once, above its device' \
		"$(rows bfd/sessions '[.device, .packets] | join(" ")' | paste -sd,)" 'dummy0.7 1'
	set_param reset bfd
	ip netns exec r udpload to 4784 1 10.3.0.2
	is 'a bridge counts once, above its port' \
		"$(rows bfd/sessions '[.device, .packets] | join(" ")' | paste -sd,)" 'br0 1'
	ip -n a link add link to-r name macvlan0 type macvlan mode bridge
	ip -n a address add 10.5.0.1/24 dev macvlan0
	ip -n a link set macvlan0 up
	ip -n a neighbour add 10.5.0.9 lladdr 02:00:00:00:00:09 dev macvlan0
	set_param reset bfd
	ip netns exec a udpload to 4784 1 10.5.0.9
	ip netns exec a udpload to 4784 1 10.3.0.1
	is 'a macvlan counts once, and so does the device below it' \
		"$(rows bfd/sessions '[.device, .destination, .packets] | join(" ")' | paste -sd,)" \
		'macvlan0 10.5.0.9 1,to-r 10.3.0.1 1'
	ip netns delete a
	ip netns delete r
}

test_missing_hooks() {
	load no-send6.ko
	ok 'without an optional hook the module loads' loaded
	is 'status says what is missing' "$(rows stallmeter/probes \
		'select(.state == "missing") | [.wanted, .state, .reason] | join(" ")')" \
		'udpv6_sendmsg_gone missing not in this kernel'
	not_ok 'status is not content' stallmeter status
	udpload v4 3784 4
	udpload v6 3784 4
	is 'the rest works' "$(value bfd/sends) $(value bfd/packets)" '4 8'

	load no-xmit.ko
	ok 'without a required hook the module loads' loaded
	like 'one line says so' "$(dmesg)" \
		'stallmeter: collector bfd is unavailable: required probe net_dev_start_xmit_gone: '
	is 'the collector is unavailable' "$(bfd .state)" unavailable
	like 'status says why' "$(cat $FILES/status)" 'net_dev_start_xmit_gone +- +- +required +missing'
	like 'its files say why' "$(cat $FILES/bfd/sessions)" 'bfd is unavailable: required probe'
	not_ok 'status is not content' stallmeter status

	load second-name.ko
	is 'the second candidate is taken' \
		"$(rows stallmeter/probes 'select(.wanted | test("isra")) | .target')" udp_sendmsg
}

test_another_collector() {
	load another.ko
	is 'a collector of one file is there' "$(rows stallmeter/collectors .name | paste -sd,)" bfd,dcache,epoll,reclaim,udp,statfs
	for _ in 1 2 3 4 5; do stat -f / >/dev/null; done
	ok 'it counts' test "$(value statfs/calls)" -ge 5
	set_param reset statfs
	setpriv --reuid 65534 bash -c 'for _ in {1..20}; do stat -f /; done' >/dev/null
	ok 'a gauge can be negative' test "$(value statfs/balance)" -lt 0
	is 'in its file, too' "$(($(cat $FILES/statfs/balance) < 0))" 1
	like 'it tallies' "$(rows statfs/callers .comm)" '^stat$'
	like 'its files are there' "$(cat $FILES/statfs/gaps_ns)" '^# unit ns count'
	like 'README knows it' "$(cat $FILES/README)" '^statfs/ - a collector for tests'
	like 'the parameter takes it' "$(set_param collectors statfs; cat $PARAMS/collectors)" '^statfs$'
	like 'the reporter shows it' "$(stallmeter show statfs)" 'statfs/callers'
}

test_load
test_ways
test_concurrency
test_many_sessions
test_events
test_parameters
test_on_and_off
test_only_own_packets
test_missing_hooks
test_another_collector
ok 'unloads' rmmod stallmeter
done_testing
