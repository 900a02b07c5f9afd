# SPDX-License-Identifier: GPL-2.0
# test-faults.sh - lets one allocation after the other fail while the module loads.
#
# usage: test-faults.sh FIRST STEP	of all allocations, the FIRST, and each STEP-th after it
# shellcheck shell=bash

set -uo pipefail
# shellcheck source=tap.sh
. /run/guest/tap.sh
PATH=$PWD:$PATH

FILES=/sys/kernel/debug/stallmeter
FAULTS=/sys/module/faults/parameters
FIRST=$1 STEP=$2
LIMIT=2000	# allocations, should the end never be seen

# To start a program takes half a second under KASAN: a turn starts one, or two.
loaded() { [ -e /sys/module/stallmeter ]; }

# A failed allocation may say so, with a stack; anything else is a fault of ours. The
# harness shall not see the former, so what it looks for is looked for here.
dmesg -n 1
sed '/^#/d; /^$/d; /Call Trace/d' reports.regex > wanted.regex
keep_log() {
	dmesg -c | grep -E -f wanted.regex > reports
	[ ! -s reports ] || { cat reports >> all-reports; diag "before $1: $(head -n 5 reports)"; }
}

# With whatever may wait, too: most of init does.
prepare() {
	local dir
	for dir in /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc; do
		echo N > "$dir/ignore-gfp-wait"
		echo 0 > "$dir/verbose"
	done
	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
	echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}

# What came of a load: refused, complete, or degraded and said so. Else it is wrong.
outcome() {
	local status line='[^'$'\n'']*'
	if ! loaded; then
		[ ! -e $FILES ] || { echo 'refused, but its files are there'; return; }
		[[ $(<error) = *'Cannot allocate memory'* ]] && echo refused || echo "refused: $(<error)"
		return
	fi
	status=$(<$FILES/status)
	if [[ $status =~ unavailable$line(out of memory|error -12) || $status =~ failed$line'out of memory' ]]; then
		echo degraded
	elif [[ $status =~ bfd\ +on && ! $status =~ failed ]] && [ -e $FILES/bfd/tx_delay_ns ]; then
		echo complete
	else
		echo "loaded, and says nothing: ${status//$'\n'/ }"
	fi
}

# fail_each PARAM: until there is none to fail; leaves "N OUTCOME" lines.
fail_each() {
	local n failed
	for ((n = FIRST; n <= LIMIT; n += STEP)); do
		echo $n > "$FAULTS/$1"
		insmod stallmeter.ko 2> error
		read -r failed < $FAULTS/failed
		[ "$failed" = Y ] || break
		echo "$n $(outcome)" >> "$1"
		! loaded || rmmod stallmeter || echo "$n cannot be unloaded" >> "$1"
		[ $((n / STEP % 5)) != 0 ] || keep_log "$1 $n"
	done
	keep_log "$1 $n"
	echo "$n" > "$1.end"
	! loaded || rmmod stallmeter
}

told() { grep -c " $2\$" "$1"; }

prepare
insmod stallmeter.ko && rmmod stallmeter	# what is allocated once in the kernel's life
insmod faults.ko
for kind in nth percpu_nth; do
	fail_each $kind
	what='allocations'
	[ $kind = nth ] || what='per-CPU allocations'
	ok "$what of init were counted to the last one" test "$(cat $kind.end)" -lt $LIMIT
	ok "some $what failed" test "$(wc -l < $kind)" -ge 1
	ok 'some were refused or told of' test "$(grep -cE ' (refused|degraded)$' $kind)" -ge 1
	is 'each was refused, or made up for, or is told in status' \
		"$(grep -vE ' (refused|complete|degraded)$' $kind | head -n 5)" ''
	diag "$(wc -l < $kind) $what: $(told $kind refused) refused, $(told $kind degraded) degraded and told," \
		"$(told $kind complete) made up for by the kernel"
done
is 'the kernel reported nothing else' "$(cat all-reports 2>/dev/null)" ''
rmmod faults
dmesg -C
is 'no hook is left' "$(grep -E '^udp' /sys/kernel/tracing/enabled_functions)" ''
udpload v4 3784 5
ok 'loads afterwards' insmod stallmeter.ko
udpload v4 3784 5
is 'and counts' "$(cat $FILES/bfd/packets)" 5
ok 'unloads' rmmod stallmeter
done_testing
