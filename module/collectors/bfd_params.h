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

/* One bit a port. */
#define BFD_PORT_BYTES	(65536 / 8)

extern unsigned long bfd_port_bits[];

u64 bfd_threshold_ns(void);
u64 bfd_port_since(u16 port);

/**
 * bfd_port() - is it one of the ports that are watched?
 * @port: destination of a datagram
 *
 * The one look that a datagram costs which is not BFD's.
 */
static inline bool bfd_port(__be16 port)
{
	return test_bit(be16_to_cpu(port), bfd_port_bits);
}

#endif /* STALL_BFD_PARAMS_H */
