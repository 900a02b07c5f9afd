/* SPDX-License-Identifier: GPL-2.0 */
/* A BFD control packet, as RFC 5880 has it in section 4.1. */
#ifndef BFDPACKET_H
#define BFDPACKET_H

#include <arpa/inet.h>
#include <stdint.h>

enum bfd_state { ADMIN_DOWN, DOWN, INIT, UP };

enum {
	POLL = 0x20,
	FINAL = 0x10,
	AUTHENTICATED = 0x04,
	MULTIPOINT = 0x01,
};

/* Of the network's byte order; there is no hole in it. */
struct bfd_packet {
	uint8_t version_diag;	/* 3 bits, 5 bits */
	uint8_t state_flags;	/* 2 bits, 6 bits */
	uint8_t multiplier;
	uint8_t length;
	uint32_t mine;
	uint32_t yours;
	uint32_t desired_tx_us;
	uint32_t required_rx_us;
	uint32_t required_echo_us;
};

_Static_assert(sizeof(struct bfd_packet) == 24, "no hole");

/* What one says to another whose session is Up, at 100 ms x 3. */
static inline struct bfd_packet bfd_packet_up(void)
{
	struct bfd_packet packet = {
		.version_diag = 1 << 5,
		.state_flags = UP << 6,
		.multiplier = 3,
		.length = sizeof(packet),
		.mine = htonl(1),
		.yours = htonl(2),
		.desired_tx_us = htonl(100000),
		.required_rx_us = htonl(100000),
	};

	return packet;
}

#endif
