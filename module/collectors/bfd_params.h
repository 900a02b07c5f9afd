/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_params.h - which ports are BFD's, and which gaps are too long
 */
#ifndef STALL_BFD_PARAMS_H
#define STALL_BFD_PARAMS_H

#include <linux/bitops.h>
#include <linux/types.h>

#include "../collector.h"

#define BFD_MAX_PORTS	16

/* RFC 5881: of a session between neighbours. */
#define BFD_SINGLE_HOP	3784

/* RFC 5883: of one over several hops. */
#define BFD_MULTIHOP	4784

/* One bit a port, by its number in the order of the network. */
#define BFD_PORT_BYTES	(65536 / 8)

extern unsigned long bfd_port_bits[];

/* Does all that is watched go by its own times, and always has been watched? */
extern bool bfd_params_are_plain;

u64 bfd_threshold_ns(void);
unsigned int bfd_overdue_percent(void);
bool bfd_port_is_control(u16 port);
u64 bfd_port_since(u16 port);
void bfd_ports_begin(void);

/**
 * bfd_port() - is it one of the ports that are watched?
 * @port: destination of a datagram
 *
 * The one look that a datagram costs which is not BFD's.
 */
static __always_inline bool bfd_port(__be16 port)
{
	return test_bit((__force u16)port, bfd_port_bits);
}

#endif /* STALL_BFD_PARAMS_H */
