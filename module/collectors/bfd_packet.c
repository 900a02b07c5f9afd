// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_packet - what a BFD control packet says
 */
#include <linux/kernel.h>

#include "bfd_packet.h"

#define BFD_VERSION		1
#define BFD_MULTIPOINT		0x01

/* The two bytes of the shortest authentication section. */
#define BFD_AUTHENTICATION_LEN	2U

static bool wire_is_valid(const struct bfd_wire *wire, size_t len)
{
	size_t least = sizeof(*wire);

	if (wire->state_flags & BFD_AUTHENTICATED)
		least += BFD_AUTHENTICATION_LEN;
	if (wire->version_diag >> 5 != BFD_VERSION || wire->length < least ||
	    wire->length > len)
		return false;
	if (!wire->multiplier || wire->state_flags & BFD_MULTIPOINT ||
	    !wire->mine)
		return false;
	/* Who is about to come up has heard of the other. */
	return wire->yours || wire->state_flags >> 6 <= BFD_DOWN;
}

/**
 * bfd_packet_parse() - read a control packet
 * @wire: its first bytes
 * @len: how many bytes the datagram has, those of @wire at least
 * @control: result
 *
 * What a receiver checks without knowing the session is checked (RFC 5880,
 * 6.8.6); an authentication section is not looked at.
 *
 * Context: any.
 * Return: false if a receiver would discard it; @control is untouched then.
 */
bool bfd_packet_parse(const struct bfd_wire *wire, size_t len,
		      struct bfd_control *control)
{
	if (!wire_is_valid(wire, len))
		return false;
	control->state = wire->state_flags >> 6;
	control->diag = wire->version_diag & 0x1f;
	control->flags = wire->state_flags & 0x3f;
	control->multiplier = wire->multiplier;
	control->mine = be32_to_cpu(wire->mine);
	control->yours = be32_to_cpu(wire->yours);
	control->desired_tx_us = be32_to_cpu(wire->desired_tx_us);
	control->required_rx_us = be32_to_cpu(wire->required_rx_us);
	return true;
}
