# SPDX-License-Identifier: GPL-2.0
# test-cost.sh - guest instructions of a UDP send over loopback, of a lookup of a missing
# name on ext4, of a shrinker that frees one dentry, and of an event that epoll collects,
# with and without the module. The gates of a send and an event are the figures that were
# measured, and a tenth.
#
# The promise for the other two is 260. 5.10 has to save all registers at a function's
# entry; from 7.2 on a tracepoint's handler has to switch preemption off.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=ext4.sh
. /run/guest/ext4.sh
PATH=$PWD:$PATH

SEND=155 BFD=1160 LOOKUP=260 RUN=260 EVENT=325 EVENT_READ=405
case $(uname -r) in
5.10.*) SEND=180 BFD=1430 LOOKUP=345 EVENT=385 EVENT_READ=480;;
6.12.*) BFD=1180 LOOKUP=265 RUN=265;;	# measured: 256 and 260
7.*) SEND=170 BFD=1260 LOOKUP=265 RUN=315 EVENT=345 EVENT_READ=430;;
esac

cost() { udpload cost "$1" 5000; }
lookup() { dentryload cost mnt 2000; }

# Now and then another shrinker has something to do as well, for some dozens of times.
shrink() { for _ in 1 2 3 4 5 6; do dentryload reclaim mnt 20; done | sort -n | head -n 1; }

# back NAME BEFORE AFTER
back() { ok "$1: the baseline comes back" test $(($3 - $2)) -le 20 -a $(($2 - $3)) -le 20; }

test_udp() {
	local base other bfd again
	udpload cost 5353 1000 > /dev/null	# all that is done once
	base=$(cost 5353)
	insmod stallmeter.ko
	other=$(cost 5353)
	bfd=$(cost 3784)
	rmmod stallmeter
	again=$(cost 5353)

	diag "a send without the module: $base, after it: $again"
	diag "with it, not BFD: $((other - base)) more, BFD: $((bfd - base)) more"
	back 'a send' "$base" "$again"
	ok "a datagram that is not BFD pays at most $SEND" test $((other - base)) -le $SEND
	ok "a BFD packet pays at most $BFD" test $((bfd - base)) -le $BFD
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
