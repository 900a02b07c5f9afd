# SPDX-License-Identifier: GPL-2.0
# test-udp.sh - what UDP sockets lose, beside what the kernel and the programs count
# themselves. In a deterministic guest.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
PARAMS=/sys/module/stallmeter/parameters
RELEASE=$(uname -r)

rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }
count() { cat "$FILES/udp/$1"; }

# socket PORT EXPRESSION: of the socket's row, in the initial namespace or $NETNS
socket() { rows udp/sockets "select(.port == $1 and .netns == ${NETNS:-$HERE}) | $2"; }

inode_of() { readlink "$1" | tr -dc 0-9; }
HERE=$(inode_of /proc/self/ns/net)

# proc FIELD PORT...: of sockets in /proc/net/udp and udp6: 5 queues, 10 inode, 13 drops
proc() {
	local field=$1 port
	shift
	for port; do
		awk -v field="$field" -v port="$(printf ':%04X' "$port")" \
			'substr($2, length($2) - 4) == port { print $field }' /proc/net/udp /proc/net/udp6
	done
}

# snmp NAME, of IPv4; snmp6 NAME
snmp() {
	awk -v name="$1" '$1 == "Udp:" && !n { n = split($0, head); next }
		$1 == "Udp:" { for (i = 2; i <= n; i++) if (head[i] == name) print $i }' /proc/net/snmp
}
snmp6() { awk -v name="Udp6$1" '$1 == name { print $2 }' /proc/net/snmp6; }
both() { echo $(($(snmp "$1") + $(snmp6 "$1"))); }

# lab NAME WORD...: udpdrop, until it says "ready"; its words are in NAME.out
lab() {
	local name=$1
	shift
	udpdrop comm:"$name" "$@" say:ready hold > "$name.out" 2>&1 &
	labs+=" $!"
	until grep -q ready "$name.out" 2>/dev/null; do
		kill -0 $! 2>/dev/null || { diag "$name: $(cat "$name.out")"; return 1; }
		sleep 0.05
	done
}

labs=''
end_labs() {
	# shellcheck disable=SC2086 # they are words
	kill $labs
	# shellcheck disable=SC2086
	wait $labs 2>/dev/null
	labs=''
	sleep 0.2
}

said() { sed -n "s/^ready truncated \([0-9]*\).*/\1/p" "$1.out"; }

test_room() {
	local before
	before=$(both RcvbufErrors)
	echo udp > $PARAMS/reset
	lab late4 v4:5000 rcvbuf:4096 send:100:600
	lab late6 v6:5001 rcvbuf:8192 send:50:900
	lab dual any:5002 rcvbuf:4096 to4:40:100 send:60:100
	is 'IPv4: drops are those of /proc/net/udp' "$(socket 5000 .drops)" "$(proc 13 5000)"
	is 'IPv6: drops are those of /proc/net/udp6' "$(socket 5001 .drops)" "$(proc 13 5001)"
	is 'both by one socket: so are they' "$(socket 5002 .drops)" "$(proc 13 5002)"
	is 'IPv4: all for want of room' "$(socket 5000 .rcvbuf_drops)" "$(proc 13 5000)"
	is 'by the inode of /proc/net/udp' "$(socket 5000 .inode)" "$(proc 10 5000)"
	is 'who has the socket is found' "$(socket 5000 .comm) $(socket 5001 .comm)" 'late4 late6'
	is 'the queue is as long as the kernel says' "$(socket 5000 .queue_bytes)" \
		"$((16#$(proc 5 5000 | cut -d: -f2)))"
	is 'the room is what was asked for, twice' "$(socket 5001 .rcvbuf_bytes)" 16384
	ok 'it was full' test "$(socket 5000 .fullest_percent)" -ge 100
	if [[ $RELEASE = 5.10.* ]]; then
		is '5.10 does not tell why IPv6 drops' \
			"$(socket 5001 '"\(.rcvbuf_drops) \(.other_drops)"')" "0 $(proc 13 5001)"
	else
		is 'all in all, they are RcvbufErrors' "$(count rcvbuf_drops)" "$(($(both RcvbufErrors) - before))"
		is 'nothing is left over' "$(rows udp/sockets .other_drops | sort -u)" 0
	fi
	end_labs
	is 'closed sockets stay to be read' \
		"$(rows udp/sockets '"\(.port) \(.state)"' | sort | paste -sd,)" '5000 closed,5001 closed,5002 closed'
}

test_namespace() {
	ip netns add apart
	ip -n apart link set lo up
	echo udp > $PARAMS/reset
	lab here v4:5000 rcvbuf:4096 send:80:600
	ip netns exec apart udpdrop comm:there v4:5000 rcvbuf:4096 send:90:600 v6:5000 rcvbuf:4096 send:70:600 say:ready hold > there.out &
	labs+=" $!"
	until grep -q ready there.out; do sleep 0.05; done
	NETNS=$(ip netns exec apart readlink /proc/self/ns/net | tr -dc 0-9)
	is 'one of each namespace' "$(socket 5000 .drops | sort -n | paste -sd,)" \
		"$(ip netns exec apart bash -c "$(declare -f proc); proc 13 5000" | sort -n | paste -sd,)"
	is 'and is theirs' "$(socket 5000 .comm | sort -u)" there
	NETNS=$HERE
	is 'the other of the initial one' "$(socket 5000 '"\(.comm) \(.drops)"')" "here $(proc 13 5000)"
	end_labs
	ip netns delete apart
}

test_before() {
	rmmod stallmeter
	lab early v4:5000 rcvbuf:4096 send:30:600
	insmod stallmeter.ko collectors=udp
	is 'what was lost before is told apart' "$(socket 5000 '.drops == .drops_before')" true
	end_labs
}

test_reasons() {
	local bad
	echo udp > $PARAMS/reset
	bad=$(both InCsumErrors)
	lab all v4:5000 filter:all send:30:200
	lab odd4 v4:5001 filter:odd send:30:200
	lab odd6 v6:5002 filter:odd send:31:200
	lab short v4:5003 bad:20:10
	lab long4 v4:5004 bad:20:1000 recv:1:2000
	lab long6 v6:5005 bad:10:1000 recv:1:2000
	lab strict v4:5006 filter:odd bad:8:1000
	is 'each is in /proc/net/udp as often' \
		"$(for port in 5000 5001 5002 5004 5005 5006; do socket $port .drops; done | xargs)" \
		"$(proc 13 5000 5001 5002 5004 5005 5006 | xargs)"
	is 'a bad checksum that a read finds is told' \
		"$(socket 5004 '"\(.checksum_drops) \(.other_drops)"'), $(socket 5005 .checksum_drops)" '20 0, 10'
	is 'one that is found before the socket is in no row' "$(socket 5003 .port)" ''
	if [[ $RELEASE = 5.10.* ]]; then
		is '5.10 does not tell of filters' "$(socket 5000 '"\(.filter_drops) \(.other_drops)"')" '0 30'
	else
		is 'filters are told' "$(for port in 5000 5001 5002; do socket $port .filter_drops; done | xargs)" '30 15 15'
		is 'all in all, too' "$(count filter_drops)" 60
		is 'a bad checksum before a filter is told' "$(socket 5006 .checksum_drops)" 8
		is 'all in all, they are InCsumErrors' "$(count checksum_drops)" "$(($(both InCsumErrors) - bad))"
		is 'nothing is left over' "$(rows udp/sockets .other_drops | sort -u)" 0
	fi
	lab several any:5007 filter:all all:5007 toall:25:200
	is 'of a datagram to several, the socket that did not lose it is not blamed' \
		"$(socket 5007 '"\(.drops) \(.filter_drops <= .drops)"')" '25 true'
	end_labs
	echo udp > $PARAMS/reset
	lab fault v4:5000 send:5:100 fault:5
	is 'reads into nowhere are other drops' \
		"$(socket 5000 '"\(.drops) \(.other_drops)"') $(proc 13 5000)" '5 5 5'
	end_labs
}

test_memory() {
	local mem before
	mem=$(sysctl -n net.ipv4.udp_mem)
	echo udp > $PARAMS/reset
	before=$(snmp MemErrors)
	[ -z "$before" ] || before=$(both MemErrors)
	sysctl -qw net.ipv4.udp_mem='1 1 1'
	lab poor v4:5000 rcvbuf:8000000 send:400:9000
	sysctl -qw net.ipv4.udp_mem="$mem"
	ok 'there are some' test "$(proc 13 5000)" -gt 0
	is 'want of memory: as often as in /proc/net/udp' "$(socket 5000 .drops)" "$(proc 13 5000)"
	is 'it is told as such' "$(socket 5000 .memory_drops)" "$(proc 13 5000)"
	# 5.10 does not count it.
	[ -z "$before" ] || is 'all in all, they are MemErrors' "$(count memory_drops)" "$(($(both MemErrors) - before))"
	end_labs
}

# Reads that are too short, in all ways; the program's own count is the truth.
test_truncated() {
	local way
	for way in recv read recvmsg recvmmsg trunc; do
		echo udp > $PARAMS/reset
		lab cut v4:5000 send:10:100 $way:4:50 $way:3:100 $way:2:200 $way:1:1 v6:5001 send:10:100 $way:6:99
		is "$way: as many as the program saw" "$(count truncated)" "$(said cut)"
		is "$way: by socket" "$(socket 5000 .truncated) $(socket 5001 .truncated)" '5 6'
		is "$way: by receiver" "$(rows udp/receivers '"\(.comm) \(.port) \(.truncated) \(.largest_bytes) \(.buffer_bytes) \(.lost_bytes)"' | sort | paste -sd,)" \
			'cut 5000 5 100 1 299,cut 5001 6 100 99 6'
		end_labs
	done
	echo udp > $PARAMS/reset
	lab look v4:5000 send:10:100 peek:5:50 peektrunc:5:50 peek:5:0 peektrunc:5:0 recv:2:100
	is 'a look loses nothing' "$(count truncated) $(said look)" '0 0'
	end_labs
	echo udp > $PARAMS/reset
	lab zero v4:5000 send:3:100 recv:1:0 recvmsg:1:0 trunc:1:0
	is 'a read of nothing loses all' "$(count truncated) $(said zero)" '3 3'
	end_labs
	echo udp > $PARAMS/reset
	# One that finds nothing, and then a read that fits.
	lab none v4:5000 trunc:1:4 send:1:100 recv:1:200
	udpdrop v4:5001 send:4:100 trunc:1:4 recv:1:200 trunc:1:100 recv:1:10 > none.out
	is 'nor does a read that found nothing' "$(count truncated)" 2
	end_labs
}

# near VALUE WANTED PERCENT
near() { [ $((100 * $1)) -ge $(($2 * (100 - $3))) ] && [ $((100 * $1)) -le $(($2 * (100 + $3))) ]; }

test_over_half() {
	local told
	echo udp > $PARAMS/reset
	lab slow v4:5000 rcvbuf:8192 send:3:100 recv:3:100 sleep:300 send:100:600 sleep:3000 recv:100:600
	sleep 0.6
	told=$(socket 5000 .longest_over_half_ns)
	ok "over half for 3 s, within 10 %: $told" near "$told" 3000000000 10
	is 'and no more' "$(socket 5000 .over_half_ns)" 0
	like 'one event tells of it' "$(stallmeter report | grep -a 'udp ')" \
		"^reader of udp 127\.0\.0\.1:5000 \(inode $(proc 10 5000), netns $HERE\), over half full, $(proc 13 5000) datagrams dropped for want of receive buffer \(16384 bytes\), late: [23]\.[0-9]+ s \(limit 1\.00 s\) .*by slow/"
	told=$(rows stallmeter/events 'select(.collector == "udp").lasted_ns')
	ok "it lasted as long: $told" near "$told" 3000000000 10
	end_labs
	echo udp > $PARAMS/reset
	echo 200 > $PARAMS/udp_full_ms
	lab stuck v4:5000 rcvbuf:8192 send:100:600
	sleep 3
	like 'a reader that hangs is told of while it does' "$(stallmeter report | grep -a 'udp ')" \
		'so far, late: 2\..*by stuck/'
	ok 'how long by now' test "$(socket 5000 .over_half_ns)" -ge 2900000000
	end_labs
	sleep 0.6
	is 'and only once' "$(rows stallmeter/events 'select(.collector == "udp").lasted_ns' | wc -l)" 1
	echo 1000 > $PARAMS/udp_full_ms
}

test_queued() {
	local sum
	echo udp > $PARAMS/reset
	is 'nothing is on the way of datagrams' \
		"$(rows stallmeter/probes 'select(.wanted == "__udp_enqueue_schedule_skb") | "\(.state) \(.reason)"')" 'off udp_ports is none'
	echo 5000,6000 > $PARAMS/udp_ports
	is 'chosen ports are' "$(rows stallmeter/probes 'select(.wanted == "__udp_enqueue_schedule_skb").state')" on
	udpdrop v4:5000 send:20:100 sleep:50 timed:20:100 v4:5001 send:20:100 timed:20:100 > queued.out
	sum=$(awk '$1 == "timed" { print $2; exit }' queued.out)
	is 'each of their datagrams is timed' "$(stallmeter show udp/queued_ns --json | gojq 'select(.type == "histogram").count')" 20
	ok 'as the receiver itself does, within 3 %' near "$(stallmeter show udp/queued_ns --json | gojq 'select(.type == "histogram").sum')" "$sum" 3
	udpdrop v4:5000 send:2000:10 close > /dev/null
	udpdrop v4:6000 rcvbuf:4096 send:500:500 recv:3:500 > /dev/null
	sleep 0.3
	is 'what is never read is forgotten' \
		"$(stallmeter show udp/queued_ns --json | gojq 'select(.type == "histogram").count') $(rows stallmeter/collectors 'select(.name == "udp").dropped')" '23 0'
	echo none > $PARAMS/udp_ports
	is 'without ports it ends' "$(rows stallmeter/probes 'select(.wanted == "__udp_enqueue_schedule_skb").state')" off
	is 'and what was counted stays' "$(stallmeter show udp/queued_ns --json | gojq 'select(.type == "histogram").count')" 23
}

test_params() {
	local bad
	for bad in '' 0 65536 '5000,' x 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
		not_ok "udp_ports does not take '$bad'" bash -c "echo '$bad' > $PARAMS/udp_ports"
	done
	for bad in 5 60001 -1 x; do
		not_ok "udp_check_ms does not take '$bad'" bash -c "echo '$bad' > $PARAMS/udp_check_ms"
	done
	is 'what was set stays' "$(cat $PARAMS/udp_ports $PARAMS/udp_check_ms | xargs)" 'none 250'
	echo 0 > $PARAMS/udp_check_ms
	echo udp > $PARAMS/reset
	lab quiet v4:5000 rcvbuf:4096 send:50:600
	is 'without looks, a reader looks' "$(socket 5000 .drops)" "$(proc 13 5000)"
	end_labs
	echo 250 > $PARAMS/udp_check_ms
}

test_hostile() {
	local turn
	echo 10 > $PARAMS/udp_check_ms
	echo 5000,20001 > $PARAMS/udp_ports
	udpdrop churn:3000 > churn.out &
	for turn in 1 2 3 4 5; do
		cat $FILES/udp/sockets > /dev/null
		echo $((5000 + turn)) > $PARAMS/udp_ports
	done
	wait $!
	sleep 0.5
	cat $FILES/udp/sockets > /dev/null
	ok 'thousands of sockets that come and go' test "$(rows udp/sockets .port | wc -l)" -le 1024
	is 'are all seen to end' "$(rows udp/sockets .state | sort -u)" closed
	udpdrop v4:5000 rcvbuf:4096 comm:flood pace:1000000:600:200 > /dev/null &
	for turn in 1 2 3; do
		rmmod stallmeter
		insmod stallmeter.ko collectors=udp udp_check_ms=10 udp_ports=5000
	done
	kill $!
	wait $! 2>/dev/null
	ok 'loads and unloads under traffic' test -e $FILES/udp/sockets
	rmmod stallmeter
}

ip link set lo up
ok 'loads' insmod stallmeter.ko collectors=udp
is 'all hooks hang but the one for chosen ports' \
	"$(rows stallmeter/probes 'select(.collector == "udp" and .state != "on" and .state != "none").wanted')" __udp_enqueue_schedule_skb
test_room
test_namespace
test_before
test_reasons
test_memory
test_truncated
is 'nothing was dropped or missed' \
	"$(rows stallmeter/collectors 'select(.name == "udp") | "\(.dropped) \(.missed)"')" '0 0'
test_over_half
test_queued
test_params
test_hostile
done_testing
