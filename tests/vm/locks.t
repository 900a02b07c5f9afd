#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# No handler takes a locked instruction on memory that CPUs share: read in the machine
# code of the module, as each kernel's compiler made it. Per-CPU memory (%gs:) needs
# none, and may be exchanged with one.
#
# usage: locks.t [KERNEL...]

. "$(dirname "$0")/test.sh"

# Where they may be, and why:
#   stall_map_add         claims the place of a new row: once in a row's life
#   bfd_sent              claims the row of its own session while it changes it
#   epoll_instances_scan  holds processes while it looks at them; not a handler
#   epoll_instance_refused, _remove   count what found no place, once in its life
#   instance_place        claims the place of a new instance: once in its life
#   stall_hist_take_peak  the timeline, once a second; not a handler
#   stall_events_forget   a reset; not a handler
#   set_ports             a parameter is written; not a handler
allowed='bfd_sent epoll_instance_refused epoll_instance_remove epoll_instances_scan instance_place set_ports stall_events_forget stall_hist_take_peak stall_map_add'

# "FUNCTION INSTRUCTION" of each; xchg with memory is locked without saying so.
locked() {
	"$VM_DIR/kernel" run "$1" "$work/$1" objdump -d --no-show-raw-insn stallmeter.ko | awk -F '\t' '
		/^[0-9a-f]+ <.*>:$/ { function_name = $0; gsub(/.*<|>:/, "", function_name); next }
		$2 ~ /%gs:/ { next }
		$2 ~ /^lock / || $2 ~ /^xchg.*\(/ { print function_name, $2 }'
}

locks() {	# KERNEL
	local name
	put_module "$1" || return
	locked "$1" > "$work/$1.locked" || return
	is 'locked instructions are where they may be, and nowhere else' \
		"$(cut -d' ' -f1 "$work/$1.locked" | sort -u | xargs)" "$allowed"
	for name in dcache epoll_on epoll_collected epoll_events reclaim stall_tally stall_span stall_hook hook_ shared_ftrace; do
		is "none in $name*" "$(grep "^$name" "$work/$1.locked")" ''
	done
	while read -r name; do diag "$name"; done < "$work/$1.locked"
	done_testing
}

run_on "$(nproc)" locks "${@:-6.1}"
