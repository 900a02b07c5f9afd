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
#   bfd_xmit, bfd_sent_any, bfd_receive, bfd_came_any, bfd_read_callback_wanted, bfd_on_read
#                         claim a direction of their own session while they change it
#   bfd_task_current      gives a task a number, once in its life
#   bfd_late, bfd_late_begin   keep a record, of late hellos only
#   watch_fires, bfd_holders_sample   a timer, not a handler
#   epoll_instances_scan  holds processes while it looks at them; not a handler
#   epoll_instance_refused, _remove   count what found no place, once in its life
#   instance_place        claims the place of a new instance: once in its life
#   stall_hist_take_peak  the timeline, once a second; not a handler
#   bfd_overdue_silent    closes a record; a timer's, not a handler
#   stall_events_forget   a reset; not a handler
#   udp_add, udp_close    claim the place of a socket that loses datagrams; count its end
#   udp_on_enqueue        claims a place for a datagram of udp_ports
#   asked_note            claims a place for a read with MSG_TRUNC
#   udp_owners            holds processes while it looks at them; not a handler
#   set_ports             a parameter is written; not a handler
allowed=$(xargs <<< 'asked_note bfd_came_any bfd_holders_sample bfd_late bfd_late_begin bfd_on_read 
	bfd_overdue_silent bfd_read_callback_wanted bfd_receive bfd_sent_any bfd_task_current bfd_xmit 
	epoll_instance_refused epoll_instance_remove epoll_instances_scan instance_place set_ports 
	stall_events_forget stall_hist_take_peak stall_map_add udp_add udp_close udp_on_enqueue 
	udp_owners watch_fires')

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
