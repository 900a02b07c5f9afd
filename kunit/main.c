// SPDX-License-Identifier: GPL-2.0
/*
 * stallmeter-kunit - the suites, in a module of their own
 *
 * Each suite includes the unit that it tests, so that its statics are in
 * reach; together they are the whole module but for main.c and debugfs.c.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&stall_hist_suite, &stall_hist_percpu_suite,
		  &stall_span_suite, &stall_tally_suite, &stall_ticks_suite,
		  &stall_map_suite,
		  &stall_events_suite, &stall_table_suite, &stall_param_suite,
		  &stall_bfd_packet_suite, &stall_bfd_path_suite,
		  &stall_bfd_protocol_suite,
		  &stall_bfd_session_suite, &stall_bfd_sender_suite,
		  &stall_epoll_mirror_suite, &stall_epoll_find_suite,
		  &stall_epoll_waiter_suite,
		  &stall_epoll_hostile_suite, &stall_epoll_items_suite,
		  &stall_epoll_check_suite, &stall_epoll_silent_suite,
		  &stall_epoll_instances_suite,
		  &stall_udp_fill_suite,
		  &stall_probe_suite, &stall_snapshot_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of stallmeter");
MODULE_VERSION(STALLMETER_VERSION);
