# SPDX-License-Identifier: GPL-2.0
# test-cost.sh - guest instructions of a datagram that is sent, of a BFD packet sent and
# received, of a lookup of a missing name on ext4, of a shrinker that frees one dentry,
# and of an event that epoll collects, with and without the module. The gate of an event is
# the figure that was measured, and a tenth.
#
# The promise for a datagram that is not BFD is 100, for a BFD packet 500, for a lookup and
# a shrinker 260. 5.10 has to save all registers at a function's entry; from 7.2 on a
# tracepoint's handler has to switch preemption off.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
PATH=$PWD:$PATH

SEND=100 BFD_SENT=500 BFD_RECEIVED=500 LOOKUP=260 RUN=260 EVENT=325 EVENT_READ=405
case $(uname -r) in
5.10.*) SEND=125 BFD_RECEIVED=545 LOOKUP=345 EVENT=385 EVENT_READ=480;;
6.12.*) LOOKUP=265 RUN=265;;	# measured: 256 and 260
7.*) BFD_RECEIVED=510 LOOKUP=265 RUN=315 EVENT=345 EVENT_READ=430;;
esac

HERE=10.9.0.1 THERE=10.9.0.2	# by a device that drops what it is given

lookup() { dentryload cost mnt 2000; }

# Now and then another shrinker has something to do as well, for some dozens of times.
shrink() { for _ in 1 2 3 4 5 6; do dentryload reclaim mnt 20; done | sort -n | head -n 1; }

# back NAME BEFORE AFTER
back() { ok "$1: the baseline comes back" test $(($3 - $2)) -le 20 -a $(($2 - $3)) -le 20; }

udp_dummy_up() {
	ip link add sent type dummy && ip address add $HERE/24 dev sent && ip link set sent up
}

# A send to the dummy and to loopback, where a full socket drops it; a BFD packet sent to
# the dummy; and one sent to loopback with all that it takes to arrive, and its read.
udp_costs() {
	udpload cost 5353 5000 $THERE
	udpload cost 5353 5000
	bfdload cost-send $HERE $THERE
	bfdload cost-receive 127.0.0.1 127.0.0.2
}

# To the dummy, a packet is only sent, so what a send to loopback pays more is its arrival.
test_udp() {
	local base with again sent received
	ok 'a dummy is there' udp_dummy_up
	udp_costs > /dev/null	# all that is done once
	mapfile -t base < <(udp_costs | tr ' ' '\n')
	insmod stallmeter.ko collectors=bfd,udp
	mapfile -t with < <(udp_costs | tr ' ' '\n')
	rmmod stallmeter
	mapfile -t again < <(udp_costs | tr ' ' '\n')

	sent=$((with[2] - base[2]))
	received=$((with[3] - base[3] - sent + with[4] - base[4]))
	diag "without the module: a send ${base[0]}, over loopback ${base[1]}; after it: ${again[0]}, ${again[1]}"
	diag "with it, a send: $((with[0] - base[0])) more, over loopback $((with[1] - base[1]))"
	diag "a BFD packet without it: sent ${base[2]}, over loopback ${base[3]}, read ${base[4]}"
	diag "with it, sent: $sent more; received: $received, of which read $((with[4] - base[4]))"
	back 'a send' "${base[0]}" "${again[0]}"
	back 'a BFD packet sent' "${base[2]}" "${again[2]}"
	back 'a BFD packet read' "${base[4]}" "${again[4]}"
	ok "a datagram that is not BFD pays at most $SEND" test $((with[0] - base[0])) -le "$SEND"
	ok "a BFD packet that is sent pays at most $BFD_SENT" test $sent -le "$BFD_SENT"
	ok "one that is received pays at most $BFD_RECEIVED" test $received -le "$BFD_RECEIVED"
	ok 'all are seen' test $((with[0] - base[0])) -ge 20 -a $sent -ge 100 -a $received -ge 100
}

test_dentries() {
	local base_lookup base_shrink lookup shrink freed
	ok 'an ext4 is there' ext4_up
	lookup > /dev/null
	shrink > /dev/null
	base_lookup=$(lookup)
	base_shrink=$(shrink)
	insmod stallmeter.ko collectors=dcache
	lookup=$(lookup)
	freed=$(shrink)
	rmmod stallmeter
	insmod stallmeter.ko collectors=reclaim
	shrink=$(shrink)
	rmmod stallmeter

	diag "a lookup without the module: $base_lookup, freeing one dentry: $base_shrink"
	diag "dcache: $((lookup - base_lookup)) and $((freed - base_shrink)) more; reclaim: $((shrink - base_shrink)) more"
	back 'a lookup' "$base_lookup" "$(lookup)"
	back 'a shrinker' "$base_shrink" "$(shrink)"
	ok "a lookup of a missing name on ext4 pays at most $LOOKUP" test $((lookup - base_lookup)) -le $LOOKUP
	ok 'and is seen' test $((lookup - base_lookup)) -ge 20
	ok "a run of a shrinker pays at most $RUN" test $((shrink - base_shrink)) -le $RUN
	ok 'and is seen as well' test $((shrink - base_shrink)) -ge 20
}

is_known() { grep -qE '^  epoll +on .* - +"' /sys/kernel/debug/stallmeter/status; }

# One eventfd write and the epoll_wait that collects it; and the read as well, whose
# callback is for an event that nobody wants.
test_epoll() {
	local base=() with=() verb known
	for verb in cost cost-read cost-syscall; do
		base+=("$(epollload $verb 2000)")
	done
	insmod stallmeter.ko collectors=epoll
	epollload victim eventfd > /dev/null &	# for the comparison of structures
	known=$!
	until is_known; do sleep 0.1; done
	for verb in cost cost-read cost-syscall; do
		with+=("$(epollload $verb 2000)")
	done
	kill $known
	wait $known
	rmmod stallmeter

	diag "an event without the module: ${base[0]}, with a read: ${base[1]}"
	diag "epoll: $((with[0] - base[0])) more, with a read: $((with[1] - base[1]))"
	ok "an event that is collected pays at most $EVENT" test $((with[0] - base[0])) -le $EVENT
	ok 'and is seen' test $((with[0] - base[0])) -ge 20
	ok "with the read, it pays at most $EVENT_READ" test $((with[1] - base[1])) -le $EVENT_READ
	back 'an event' "${base[0]}" "$(epollload cost 2000)"
	back 'another system call, with the module,' "${base[2]}" "${with[2]}"
}

test_udp
test_dentries
test_epoll
done_testing
