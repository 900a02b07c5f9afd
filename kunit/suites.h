/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suites.h - all suites
 */
#ifndef STALL_KUNIT_SUITES_H
#define STALL_KUNIT_SUITES_H

struct kunit_suite;

extern struct kunit_suite stall_hist_suite;
extern struct kunit_suite stall_hist_percpu_suite;
extern struct kunit_suite stall_span_suite;
extern struct kunit_suite stall_tally_suite;
extern struct kunit_suite stall_ticks_suite;
extern struct kunit_suite stall_map_suite;
extern struct kunit_suite stall_events_suite;
extern struct kunit_suite stall_table_suite;
extern struct kunit_suite stall_param_suite;
extern struct kunit_suite stall_bfd_packet_suite;
extern struct kunit_suite stall_bfd_path_suite;
extern struct kunit_suite stall_bfd_protocol_suite;
extern struct kunit_suite stall_bfd_session_suite;
extern struct kunit_suite stall_bfd_sender_suite;
extern struct kunit_suite stall_epoll_mirror_suite;
extern struct kunit_suite stall_epoll_waiter_suite;
extern struct kunit_suite stall_epoll_find_suite;
extern struct kunit_suite stall_epoll_hostile_suite;
extern struct kunit_suite stall_epoll_items_suite;
extern struct kunit_suite stall_epoll_check_suite;
extern struct kunit_suite stall_epoll_silent_suite;
extern struct kunit_suite stall_epoll_instances_suite;
extern struct kunit_suite stall_udp_fill_suite;
extern struct kunit_suite stall_probe_suite;
extern struct kunit_suite stall_snapshot_suite;

#endif /* STALL_KUNIT_SUITES_H */
