# SPDX-License-Identifier: GPL-2.0
# test-bfd.sh - stallmeter beside tcpdump, with three BFD sessions between two BIRDs,
# in a deterministic guest: a busy host makes nothing late in it.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=lib.sh
. /run/guest/lib.sh
PATH=$PWD:$PATH

rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }
inode() { ip netns exec "$1" readlink /proc/self/ns/net | tr -dc 0-9; }
flow() { awk -v flow="$1" -v field="$2" '$1 == "flow" && $2 " " $3 " " $4 == flow { print $field }' flows; }

both() { kill "-$1" "$(lab_pid a)" "$(lab_pid b)"; }

# Packets and the largest gap of each session, as stallmeter and as tcpdump say it.
same_as_tcpdump() {
	rows bfd/sessions '"\(.source) \(.destination) \(.port) \(.packets) \(.max_gap_ns)"' > sessions
	while read -r source destination port packets max_gap_ns; do
		is "$source > $destination: packets are those of tcpdump" \
			"$packets" "$(flow "$source $destination $port" 5)"
		ok "$source > $destination: so is the largest gap, within 20 ms" awk \
			-v ours="$max_gap_ns" -v theirs="$(flow "$source $destination $port" 6)" \
			'BEGIN { d = ours / 1e9 - theirs; exit !(d < 0.02 && d > -0.02) }'
	done < sessions
}

lab_up v4 v6 multihop
lab_wait_up 90
# Begin and end while both are silent, so that both observers see the same packets.
both STOP
insmod stallmeter.ko
lab_capture_start
both CONT
lab_wait_up 90
ok 'three sessions are Up, IPv4, IPv6 and multihop' lab_all_up
sleep 4
lab_stall a 1.6
sleep 2
lab_wait_up 60
both STOP
sleep 0.5
lab_capture_stop
lab_gaps 0.5 > flows

is 'six sessions: two directions each' \
	"$(rows bfd/sessions '"\(.source) \(.port)"' | sort | paste -sd,)" \
	'10.0.0.1 3784,10.0.0.2 3784,10.1.0.1 4784,10.1.0.2 4784,fd00::1 3784,fd00::2 3784'
is 'each in its namespace' \
	"$(rows bfd/sessions 'select(.source | test("1$")).netns' | sort -u)" "$(inode a)"
is 'on its device' "$(rows bfd/sessions .device | sort | uniq -c | xargs)" '3 veth-a 3 veth-b'
is 'sent by bird' "$(rows bfd/sessions .comm | sort -u)" bird
same_as_tcpdump
is 'nothing was dropped or missed' \
	"$(rows stallmeter/collectors 'select(.name == "bfd") | "\(.dropped) \(.missed)"')" '0 0'

ok 'every gap over a second is one that tcpdump saw, and the other way round' \
	bash /run/guest/compare.sh flows <(stallmeter show stallmeter/events --json)
like 'the report names the stalled side first' "$(stallmeter report | head -n 1)" \
	"^hello from (10\.0\.0\.1|10\.1\.0\.1|fd00::1) to .* netns $(inode a) late: [1-9]"
for source in 10.0.0.1 10.1.0.1 fd00::1; do
	ok "$source was late by the time it was stopped" test "$(rows bfd/sessions \
		"select(.source == \"$source\").max_gap_ns >= 1600000000")" = true
done
sum=$(rows bfd/sessions .gap_ns.count | awk '{ n += $1 } END { print n }')
is 'tx_gap_ns is the sum of all sessions' "$(stallmeter show bfd/tx_gap_ns --json |
	gojq -r 'select(.type == "histogram").count')" "$sum"
is 'each send reached the device' "$(stallmeter show bfd/sends --json | gojq -r 'select(.value).value')" \
	"$(stallmeter show bfd/packets --json | gojq -r 'select(.value).value')"
stallmeter report | while read -r line; do diag "$line"; done

# The largest gap of a session as an event: its length, and its part in the kernel.
largest() {
	rows stallmeter/events "select(.subject | startswith(\"hello from $1 \")) | \"\(.lasted_ns) \(.inside_ns)\"" |
		sort -n | tail -n 1
}
part_inside() { largest 10.0.0.1 | awk '{ print int(100 * $2 / $1) }'; }
ok 'a stopped daemon called late' test "$(part_inside)" -le 10

# A queue that is run by an interrupt: who is there is not who sent.
both CONT
lab_wait_up 90
tc -n a qdisc add dev veth-a root netem delay 50ms
sleep 1
echo bfd > /sys/module/stallmeter/parameters/reset
sleep 1
# of packets that were in the queue already
unknown() { stallmeter show bfd/senders_unknown --json | gojq -r 'select(.type == "counter").value'; }
before=$(unknown)
sleep 4
tx_delay() { stallmeter show bfd/tx_delay_ns --json | gojq -r "select(.type == \"histogram\").$1"; }
ok 'the time in a queue is seen' test "$(tx_delay max)" -ge 50000000 -a "$(tx_delay max)" -lt 100000000
is 'the sender is who called' "$(rows bfd/sessions .comm | sort -u)" bird
is 'of each packet' "$(unknown)" "$before"
tc -n a qdisc change dev veth-a root netem delay 1500ms
sleep 4
ok 'packets that wait in the kernel are no late call' test "$(part_inside)" -ge 60
diag "$(stallmeter report | head -n 1)"
tc -n a qdisc delete dev veth-a root

# From here on: what is late by a side, "VERDICT REASON", and what events call our hello.
reset() { echo bfd > /sys/module/stallmeter/parameters/reset; lab_wait_up 60; sleep 3; }
late() { rows bfd/late "select(.direction == \"tx\" and .source == \"$1\") | \"\(.ended) \(.verdict) \(.reason)\""; }
own() { stallmeter report | grep -c '^hello from'; }

# While it lasts, the record says what the daemon is at.
reset
kill -STOP "$(lab_pid a)"
sleep 2
is 'a hello that does not come is told while it lasts' "$(late 10.0.0.1)" '0 unknown stopped'
ok 'and since when' test "$(rows bfd/late 'select(.direction == "tx" and .source == "10.0.0.1") | .gap_ns > 1500000000')" = true
kill -CONT "$(lab_pid a)"
lab_wait_up 60
sleep 1
is 'and once it has come' "$(late 10.0.0.1)" '1 called_late stopped'

# Who is restarted was not late in between.
reset
kill "$(lab_pid a)"
sleep 4
lab_bird_start a
lab_wait_up 90
sleep 2
is 'a daemon that was restarted is not late' "$(own), $(late 10.0.0.1 | grep -v silent)" '0, '
is 'nor has it a flap' "$(rows bfd/protocol 'select(.source == "10.0.0.1") | .flaps')" 0

# A session over several hops goes as its routes go, out by one device and in by another.
ip link add other-a netns a type veth peer name other-b netns b
for side in a b; do
	ip -n $side address add 10.2.0."$(lab_number $side)"/24 dev other-$side
	ip -n $side link set other-$side up
done
sleep 1
reset
strangers() { stallmeter show bfd/strangers --json | gojq -r 'select(.type == "counter").value'; }
before=$(strangers)
ip -n a route replace 10.1.0.2/32 via 10.2.0.2 src 10.1.0.1
sleep 3
is 'a session over several hops moves' "$(rows bfd/sessions 'select(.source == "10.1.0.1").device')" other-a
is 'and stays one, heard by both' \
	"$(rows bfd/protocol 'select(.port == 4784) | "\(.source) \(.state) \(.peer_state)"' | sort | paste -sd,)" \
	'10.1.0.1 Up Up,10.1.0.2 Up Up'
ip -n a route replace 10.1.0.2/32 via 10.0.0.2 src 10.1.0.1
sleep 3
is 'and is not late as it comes back' "$(own), $(strangers)" "0, $before"

# A device that knows nothing of VLANs leaves the tag in the packet.
ip netns add c && ip netns add d
ip link add veth-c netns c type veth peer name veth-d netns d
tagged_up() {	# SIDE ME PEER
	ip -n "$1" -batch - <<-IP
		address add 10.6.0.$2/24 dev veth-$1
		link set veth-$1 up
		link add vx type vxlan id 7 local 10.6.0.$2 remote 10.6.0.$3 dstport 4789 dev veth-$1
		link set vx up
		link add link vx name vx.7 type vlan id 7
		address add 10.7.0.$2/24 dev vx.7
		link set vx.7 up
	IP
	ip netns exec "$1" bfdload peer --device vx.7 "10.7.0.$2" "10.7.0.$3" > "$1.told" &
}
tagged_up c 1 2
tagged_up d 2 1
tagged() { rows bfd/protocol 'select(.device == "vx.7") | "\(.source) \(.state) \(.peer_state)"' | sort | paste -sd,; }
both_heard() { test "$(tagged)" = '10.7.0.1 Up Up,10.7.0.2 Up Up'; }
ok 'by a VLAN whose tag is in the packet, both are heard' lab_wait 30 both_heard
diag "$(tagged)"
pkill -x bfdload
wait

# What comes in by a macvlan is not assigned. Of a peer that was never heard it is not
# known how patient it is, but a sender that stalls is looked at as soon as any other,
# however long it was slow before it was up.
ip -n c link add link veth-c name mac-c type macvlan mode bridge
ip -n c address add 10.8.0.1/24 dev mac-c
ip -n c link set mac-c up
ip -n d address add 10.8.0.2/24 dev veth-d
ip netns exec c bfdload peer --device mac-c 10.8.0.1 10.8.0.2 > c.told & sender=$!
sleep 12
ip netns exec d bfdload peer 10.8.0.2 10.8.0.1 > d.told &
states() { rows bfd/protocol 'select(.source == "10.8.0.1") | "\(.state) \(.peer_state)"'; }
up_unheard() { test "$(states)" = 'Up -'; }
patience() { rows bfd/patience 'select(.source == "10.8.0.1") | "\(.tx_used_percent.count) \(.tx_margin_at_ns) \(.tx_missed)"'; }
ok 'a session is up whose peer is not heard' lab_wait 30 up_unheard
sleep 10
kill -STOP "$sender"
sleep 0.85
kill -CONT "$sender"
sleep 1
is 'it is late by its own pace, and why is known' "$(late 10.8.0.1)" '1 called_late stopped'
is "its peer's patience is not" "$(patience)" '0 0 0'
pkill -x bfdload
wait
is 'nor later' "$(states | cut -d' ' -f1), $(patience)" 'AdminDown, 0 0 0'

# Events are kept for longer than records: whose delay it was stays known. With so low a
# threshold, each of our hellos makes a record.
reset
lab_stall b 1.6
lab_wait_up 60
incoming() { rows stallmeter/events 'select(.subject | startswith("incoming")) | "\(.at_ns) \(.doubt)"'; }
before=$(incoming)
ok 'hellos came in late' test -n "$before"
echo 300 > /sys/module/stallmeter/parameters/bfd_threshold_ms
all_newer() { test -z "$(rows bfd/late 'select(.direction == "rx").at_ns')"; }
ok 'their records go' lab_wait 60 all_newer
echo 0 > /sys/module/stallmeter/parameters/bfd_threshold_ms
is 'their events are still told as what they were' "$(incoming)" "$before"
ok 'unloads' rmmod stallmeter
done_testing
