# SPDX-License-Identifier: GPL-2.0
# epoll.sh - what the tests of collector epoll share. Sourced in guests, after tap.sh.
#
#   use_epoll WHEN        loads the module, and the fault module "before" it, "after" it
#                         or "never", and waits until it knows the kernel's structures
#   victim KIND [WORD]    starts one; its number, from 0, is $((nr_victims - 1))
#   lose N FAULT [TIMES]  its wakeup gets lost; waits until that is so
#   unload                both modules
# shellcheck shell=bash

FILES=/sys/kernel/debug/stallmeter
FAULT=/sys/module/epollfault/parameters

nr_victims=0 victim_pid=() victim_fd=() victim_epfd=() victim_kind=()

counter() { cat "$FILES/epoll/$1"; }
rows() { stallmeter show "$1" --json | gojq -r "select(.type == \"row\").row | $2"; }

# until_true TENTHS CMD...
until_true() {
	local tries=$1
	shift
	until "$@"; do
		[ $((tries -= 1)) -ge 0 ] || return
		sleep 0.1
	done
}

is_known() { [ "$(rows stallmeter/collectors 'select(.name == "epoll") | .reason')" = '' ]; }

# There has to be an instance to compare the kernel's structures with.
use_epoll() {
	epollload victim eventfd > /dev/null &
	known=$!
	[ "$1" != before ] || insmod epollfault.ko
	insmod stallmeter.ko collectors=epoll
	[ "$1" != after ] || insmod epollfault.ko
	until_true 50 is_known
}

unload() {
	kill "$known" "${victim_pid[@]}"
	wait "$known" "${victim_pid[@]}" 2>/dev/null
	rmmod stallmeter
	[ ! -e $FAULT ] || rmmod epollfault
	nr_victims=0 victim_pid=() victim_fd=() victim_epfd=() victim_kind=()
}

started() { [ -s "victim.$1" ]; }

victim() {
	local n=$nr_victims
	rm -f "victim.$n"
	epollload victim "$@" > "victim.$n" &
	until_true 50 started "$n"
	read -r "victim_pid[$n]" "victim_epfd[$n]" "victim_fd[$n]" < "victim.$n"
	victim_kind[n]=$1
	nr_victims=$((n + 1))
}

was_swallowed() { [ "$(cat $FAULT/shots)" = 0 ]; }
has_sent() { grep -q ^sent "victim.$1"; }

lose() {
	echo "$2" > $FAULT/kind
	echo "${victim_pid[$1]}" > $FAULT/pid
	echo "${victim_fd[$1]}" > $FAULT/fd
	echo "${3:-1}" > $FAULT/shots
	kill -USR1 "${victim_pid[$1]}"
	until_true 50 was_swallowed && until_true 50 has_sent "$1"
}
