/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_packet.h - what a BFD control packet says
 */
#ifndef STALL_BFD_PACKET_H
#define STALL_BFD_PACKET_H

#include <linux/types.h>

enum bfd_session_state {
	BFD_ADMIN_DOWN,
	BFD_DOWN,
	BFD_INIT,
	BFD_UP,
};

/* Its flags that matter here, as they stand in the second byte. */
#define BFD_POLL		0x20
#define BFD_FINAL		0x10
#define BFD_AUTHENTICATED	0x04
#define BFD_DEMAND		0x02

/* A diagnostic: control detection time expired. */
#define BFD_DIAG_EXPIRED	1

/**
 * struct bfd_wire - the mandatory section of a control packet, RFC 5880, 4.1
 * @version_diag: version (3 bits), diagnostic (5)
 * @state_flags: state (2 bits), flags (6)
 * @multiplier: detect multiplier
 * @length: of the packet, in bytes
 * @mine: my discriminator
 * @yours: your discriminator
 * @desired_tx_us: Desired Min TX Interval, in microseconds
 * @required_rx_us: Required Min RX Interval
 * @required_echo_us: Required Min Echo RX Interval
 */
struct bfd_wire {
	u8 version_diag;
	u8 state_flags;
	u8 multiplier;
	u8 length;
	__be32 mine;
	__be32 yours;
	__be32 desired_tx_us;
	__be32 required_rx_us;
	__be32 required_echo_us;
} __packed;

/**
 * struct bfd_control - what a control packet says
 * @state: of the sender, enum bfd_session_state
 * @diag: why its state changed last, RFC 5880, 4.1
 * @flags: BFD_POLL and so on
 * @multiplier: how many of its packets may be lost; 0 if there was no packet
 * @mine: the sender's discriminator
 * @yours: the receiver's, 0 while the sender does not know it
 * @desired_tx_us: it does not want to send more often than this
 * @required_rx_us: it cannot receive more often than this; 0 for never
 */
struct bfd_control {
	u8 state;
	u8 diag;
	u8 flags;
	u8 multiplier;
	u32 mine;
	u32 yours;
	u32 desired_tx_us;
	u32 required_rx_us;
};

bool bfd_packet_parse(const struct bfd_wire *wire, size_t len,
		      struct bfd_control *control);

#endif /* STALL_BFD_PACKET_H */
