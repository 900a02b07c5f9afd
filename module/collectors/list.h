/* SPDX-License-Identifier: GPL-2.0 */
/* All collectors, one line each: the table that the registry is made of. */
STALL_LISTED(bfd),
STALL_LISTED(dcache),
STALL_LISTED(epoll),
STALL_LISTED(reclaim),
STALL_LISTED(udp),
