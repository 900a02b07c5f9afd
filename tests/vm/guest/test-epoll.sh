# SPDX-License-Identifier: GPL-2.0
# test-epoll.sh - what calls return and how long events wait is what programs see; lost
# wakeups are found, and strace heals them. In a deterministic guest.
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
# shellcheck source=epoll.sh
. /run/guest/epoll.sh
PATH=$PWD:$PATH

hist() { stallmeter show "epoll/$1" --json | gojq -r "select(.type == \"histogram\") | $2"; }
reset() { echo epoll > /sys/module/stallmeter/parameters/reset; until_true 50 is_known; }

# near NAME GOT WANTED PERCENT
near() {
	local off=$(($2 - $3))
	ok "$1: $2 is $3, within $4 %" test $((100 * ${off#-})) -le $(($3 * $4))
}

test_calls() {
	reset
	is 'the program knows' "$(epollload calls 200 30 20)" 'events 600 timeouts 30 interrupts 20'
	is 'calls with events, and these' "$(hist events '"\(.count) \(.sum) \(.min) \(.max)"')" '200 600 3 3'
	is 'timeouts' "$(counter timeouts)" 30
	is 'interrupted calls' "$(counter interrupted)" 20
	is 'each event is collected once' "$(hist ready_to_collected_ns .count)" 200
	is 'nothing was dropped or missed' \
		"$(rows stallmeter/collectors 'select(.name == "epoll") | [.dropped, .missed] | join(" ")')" '0 0'
}

test_truth() {
	local line truth
	reset
	line=$(epollload truth 300 300 2000)
	diag "the program: $line"
	diag "the module: $(head -n 1 $FILES/epoll/ready_to_collected_ns)"
	read -ra truth <<< "$line"
	near 'median of ready to collected' "$(hist ready_to_collected_ns .p50)" "${truth[3]}" 5
	near '99th percentile' "$(hist ready_to_collected_ns .p99)" "${truth[5]}" 5
	is 'each was seen once' "$(hist ready_to_collected_ns .count)" 300
	ok 'next to all of them were woken' test "$(hist woken_to_running_ns .count)" -ge 290
	is 'of an instance that is gone, all is in the row of the others' \
		"$(rows epoll/instances '[.comm, .collected, .woken_max_ns, .running_max_ns] | join(" ")')" \
		"(other) 300 $(hist ready_to_woken_ns .max) $(hist woken_to_running_ns .max)"
}

# One event of one that lives: the whole time is the sum of its parts.
test_instance() {
	local row collected woken running
	reset
	kill -USR1 $known
	until_true 50 has_row
	row=$(rows epoll/instances "select(.pid == $known) |
		[.comm, .tgid, .items, .collected, .collected_max_ns, .woken_max_ns, .running_max_ns] | join(\" \")")
	diag "its row: $row"
	like 'an instance has a row' "$row" "^epollload $known 1 1 [1-9][0-9]* [1-9][0-9]* [1-9][0-9]*$"
	read -r _ _ _ _ collected woken running <<< "$row"
	near 'from ready to woken to running' $((woken + running)) "$collected" 1
}
has_row() { rows epoll/instances .pid | grep -qx $known; }

# Each way to lose a wakeup: FAULT KIND [WORD]
ways() {
	local kind
	for kind in eventfd pipe unix udp tcp timerfd; do
		echo "k1 $kind"
		echo "k1 $kind et"
		echo "k2 $kind"
		echo "k2 $kind et"
	done
	for kind in unix udp tcp; do
		echo "k2-early $kind"
		echo "k2-early $kind et"
	done
	for kind in 'unix et' 'tcp et fin' tcp; do
		echo "k2 $kind timeout"
	done
	echo 'k2-early tcp et timeout'
	echo 'k2-early tcp fin'
	echo 'k2-early tcp et fin'
	echo 'k1 eventfd rt'
	echo 'k2 unix et rt'
	echo 'k2-early udp et rt'
}

# What is unread by level and not listed is as lost in any sleep, until it is read. Of an
# edge, who got EINTR may have collected it.
seen_in_any_sleep() {
	case $1 in
	k1*|'k2 eventfd'*|'k2 timerfd'*|*et*) return 1;;
	esac
}

all_reported() { [ "$(counter lost_wakeups)" -ge "$1" ]; }
all_woke() { [ "$(grep -l ^woken victim.* | wc -l)" = "$nr_victims" ]; }
sent_ns() { awk '/^sent/ { print $2; exit }' "victim.$1"; }
healed() { awk '/^woken/ { print $2, $3; exit }' "victim.$1"; }

# The first report of each process, "EPFD FD TARGET KIND AGE REPORTED EXACT".
read_reports() {
	local pid rest
	while read -r pid rest; do
		report[$pid]=${report[$pid]:-$rest}
	done < <(rows epoll/lost '[.pid, .epoll_fd, .fd, .target, .kind, .age_ns, .reported_ns, .exact] | join(" ")')
}

# check_report N WAY: says what is wrong. The begin of what came in without a callback is
# known of TCP; of others it is not.
check_report() {
	local epfd fd target kind age reported exact truth off wanted=K2
	read -r epfd fd target kind age reported exact <<< "${report[${victim_pid[$1]}]:-}"
	[[ $2 != k1* ]] || wanted=K1
	[ "$epfd $fd $target $kind" = "${victim_epfd[$1]} ${victim_fd[$1]} ${victim_kind[$1]} $wanted" ] ||
		{ echo "$2: $epfd $fd $target $kind"; return; }
	truth=$((reported - $(sent_ns "$1")))
	[ $truth -le 3000000000 ] || { echo "$2: reported after $truth ns"; return; }
	case $2 in
	'k2-early u'*|'k2-early '*fin)
		[ "$exact" = 0 ] && [ "$age" -le $truth ] || echo "$2: age $age, exact $exact, of $truth";;
	*)
		off=$((age - truth))
		[ "$exact" = 1 ] && [ $((10 * ${off#-})) -le $truth ] || echo "$2: age $age, exact $exact, of $truth";;
	esac
}

check_healing() {	# ORDER, with the arrays of test_losses
	local n hurt=() strace=()
	for ((n = 0; n < nr_victims; n++)); do
		strace -p "${victim_pid[$n]}" -o /dev/null 2> /dev/null &
		strace[n]=$!
	done
	until_true 300 all_woke
	kill "${strace[@]}"
	wait "${strace[@]}"
	for ((n = 0; n < nr_victims; n++)); do
		case ${way[n]} in
		k1*) [ "$(healed "$n")" = '1 0' ] || hurt+=("${way[n]}: $(healed "$n")");;
		*) [ "$(healed "$n")" = '-1 4' ] || hurt+=("${way[n]}: $(healed "$n")");;
		esac
	done
	is "$1: strace heals K1 with an event, K2 with EINTR" "${hurt[*]}" ''
}

test_losses() {	# ORDER of the fault module, "before" or "after" ours
	local way=() wrong=() line n times healed=0
	local -A report=()
	use_epoll "$1"
	mapfile -t way < <(ways)
	for line in "${way[@]}"; do
		# shellcheck disable=SC2086
		victim ${line#* }
	done
	sleep 2	# a look that finds all of them well
	for ((n = 0; n < nr_victims; n++)); do
		times=1	# but the end of a connection is told twice
		[[ ${way[n]} != *fin* ]] || times=2
		lose "$n" "${way[n]%% *}" $times || diag "${way[n]} was not lost"
	done
	until_true 35 all_reported "$nr_victims"
	is "$1: all $nr_victims are reported" "$(counter lost_wakeups)" "$nr_victims"
	like "$1: an event says it in words" "$(rows stallmeter/events .subject | tail -n 1)" \
		'^wakeup of epoll_wait on fd [0-9]+ for fd [0-9]+ \(.*\), lost \((K1: it is ready and nobody was woken|K2: its callback did not run)\),$'
	read_reports
	for ((n = 0; n < nr_victims; n++)); do
		wrong+=("$(check_report "$n" "${way[n]}")")
	done
	is "$1: with task, descriptors and kind, within 3 s, the age within 10 %" \
		"$(printf '%s\n' "${wrong[@]}" | grep . | head -n 5)" ''
	is "$1: none of them was disturbed" "$(grep -l ^woken victim.*)" ''
	check_healing "$1"
	sleep 2
	for line in "${way[@]}"; do
		seen_in_any_sleep "$line" || healed=$((healed + 1))
	done
	is "$1: who was healed is over" "$(rows epoll/lost .state | head -n "$nr_victims" | sort | uniq -c | xargs)" \
		"$((nr_victims - healed)) lost $healed over"
	diag "$(sed -n '1p; 2p; $p' $FILES/epoll/lost)"
	unload
}

use_epoll never
ok 'the kernel is as we take it for' is_known
test_calls
test_truth
test_instance
unload
test_losses before
test_losses after
done_testing
