/* SPDX-License-Identifier: GPL-2.0 */
/*
 * udp_fill.h - for how long is a queue over half full, and what did that cost?
 */
#ifndef STALL_UDP_FILL_H
#define STALL_UDP_FILL_H

#include <linux/types.h>

/* One that does not end is told of after so many times the limit. */
#define UDP_FILL_PATIENCE	10

/**
 * struct udp_sample - a socket as a look finds it
 * @queued_bytes: in the receive queue, with what the kernel needs for it
 * @room_bytes: how many of them it may have
 * @drops: of the socket, all
 * @full_drops: of them, those that are known to be for want of room
 * @before_ns: when the look before was
 * @now_ns: when this one is
 */
struct udp_sample {
	u64 queued_bytes;
	u64 room_bytes;
	u64 drops;
	u64 full_drops;
	u64 before_ns;
	u64 now_ns;
};

/**
 * struct udp_fill - what looks at a socket have found
 * @since_ns: since when it is over half, 0 if it is not
 * @longest_ns: the longest time that it was, the present one included
 * @drops: of the latest look
 * @full_drops: of the latest look
 * @drops_then: @drops as it came over half
 * @full_then: @full_drops as it came over half
 * @fullest_percent: how full it was at most; 100 if any had no room
 * @told: the present time over half is told of
 */
struct udp_fill {
	u64 since_ns;
	u64 longest_ns;
	u64 drops;
	u64 full_drops;
	u64 drops_then;
	u64 full_then;
	u32 fullest_percent;
	bool told;
};

/**
 * struct udp_episode - a time over half that is worth to be told of
 * @lasted_ns: how long it was, 0 if it is not worth it
 * @drops: how many datagrams were dropped
 * @full_drops: of them, those that are known to be for want of room
 * @goes_on: it is not over
 */
struct udp_episode {
	u64 lasted_ns;
	u64 drops;
	u64 full_drops;
	bool goes_on;
};

u64 udp_fill_sample(struct udp_fill *fill, const struct udp_sample *sample,
		    u64 limit_ns, struct udp_episode *episode);

#endif /* STALL_UDP_FILL_H */
