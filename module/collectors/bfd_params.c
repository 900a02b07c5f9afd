// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_params - which ports are BFD's, and which gaps are too long
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "bfd_params.h"

#define NR_UDP_PORTS		65536
#define MAX_THRESHOLD_MS	3600000

/*
 * Bits stand in the order of the network, so that a look swaps no bytes; htons() is
 * no constant expression, and all machines of this module are little-endian.
 */
#define PORT_NR(_port)		((__force u16)___constant_swab16(_port))
#define PORT_BIT(_port)		BIT(PORT_NR(_port) % BITS_PER_LONG)
#define PORT_WORD(_port)	BIT_WORD(PORT_NR(_port))

/*
 * RFC 5881 has 3784 for control and 3785 for echo packets, RFC 5883 has 4784
 * for multihop, RFC 7130 has 6784 for link bundles, RFC 7881 has 7784 for
 * S-BFD.
 */
unsigned long bfd_port_bits[BITS_TO_LONGS(NR_UDP_PORTS)] = {
	[PORT_WORD(3784)] = PORT_BIT(3784),
	[PORT_WORD(3785)] = PORT_BIT(3785),
	[PORT_WORD(4784)] = PORT_BIT(4784),
	[PORT_WORD(6784)] = PORT_BIT(6784),
	[PORT_WORD(7784)] = PORT_BIT(7784),
};

/* The same in the order in which they were given. */
static u16 ports[BFD_MAX_PORTS] = { 3784, 3785, 4784, 6784, 7784 };
static unsigned int nr_ports = 5;

/*
 * Since when ports are watched that were added later. There is a slot for each
 * port of the old list and of the new one, so that none has to go too early.
 */
static struct {
	u16 port;
	u64 ticks;
} since[2 * BFD_MAX_PORTS];

static unsigned int nr_since;

static u64 threshold_ns;
static unsigned int overdue_percent = 50;

bool bfd_params_are_plain __read_mostly = true;

static void plain_or_not(void)
{
	WRITE_ONCE(bfd_params_are_plain, !threshold_ns && !nr_since);
}

/**
 * bfd_overdue_percent() - from when on a hello is late
 *
 * Return: how much of the time that remains between the interval and the end of
 * the detection time may pass.
 */
unsigned int bfd_overdue_percent(void)
{
	return READ_ONCE(overdue_percent);
}

/**
 * bfd_port_is_control() - do control packets go to this port?
 * @port: in host order
 *
 * Return: true if only they do; what a port is for that was added by hand is not
 * known.
 */
bool bfd_port_is_control(u16 port)
{
	return port == 3784 || port == 4784 || port == 6784 || port == 7784;
}

/**
 * bfd_threshold_ns() - gaps over this are too long
 *
 * Return: ns, 0 if each session's own limit counts.
 */
u64 bfd_threshold_ns(void)
{
	return READ_ONCE(threshold_ns);
}

/**
 * bfd_port_since() - since when is a port watched?
 * @port: one for which bfd_port() is true, in host order
 *
 * What passed while a port was not watched was not seen: a session that was
 * last seen before begins anew instead of having had a gap.
 *
 * Context: any.
 * Return: in ticks, 0 for always.
 */
u64 bfd_port_since(u16 port)
{
	unsigned int i, nr;

	/* Pairs with the barrier in add_port(). */
	smp_rmb();
	nr = READ_ONCE(nr_since);
	for (i = 0; i < nr; i++)
		if (READ_ONCE(since[i].port) == port)
			return READ_ONCE(since[i].ticks);
	return 0;
}

/**
 * bfd_ports_begin() - from now on, all ports are watched that are to be
 *
 * Context: process, under the stall lock, while no packet is seen.
 */
void bfd_ports_begin(void)
{
	nr_since = 0;
	plain_or_not();
}

static int parse_ports(const char *value, u16 *result, unsigned int *nr)
{
	char list[BFD_MAX_PORTS * 8], *rest = list, *word;
	unsigned int port;

	*nr = 0;
	if (strscpy(list, value, sizeof(list)) < 0)
		return -EINVAL;
	while ((word = strsep(&rest, ","))) {
		if (*nr == BFD_MAX_PORTS ||
		    stall_parse_uint(word, 1, NR_UDP_PORTS - 1, &port))
			return -EINVAL;
		result[(*nr)++] = port;
	}
	return 0;
}

static void add_port(u16 port)
{
	unsigned int i, at = nr_since;

	for (i = 0; i < nr_since; i++) {
		if (since[i].port == port)
			break;
		if (!bfd_port(cpu_to_be16(since[i].port)))
			at = i;
	}
	at = i < nr_since ? i : at;
	WRITE_ONCE(since[at].ticks, stall_ticks());
	WRITE_ONCE(since[at].port, port);
	WRITE_ONCE(nr_since, max(nr_since, at + 1));
	plain_or_not();
	/* Who sees the bit sees since when. Pairs with bfd_port_since(). */
	smp_mb__before_atomic();
	set_bit((__force u16)cpu_to_be16(port), bfd_port_bits);
}

/* Bit by bit: a port that stays is watched without a break. */
static int set_ports(const char *value)
{
	unsigned int i, j, nr;
	u16 wanted[BFD_MAX_PORTS];
	int err;

	err = parse_ports(value, wanted, &nr);
	if (err)
		return err;
	for (i = 0; i < nr; i++)
		if (!bfd_port(cpu_to_be16(wanted[i])))
			add_port(wanted[i]);
	for (i = 0; i < nr_ports; i++) {
		for (j = 0; j < nr && wanted[j] != ports[i]; j++)
			;
		if (j == nr)
			clear_bit((__force u16)cpu_to_be16(ports[i]),
				  bfd_port_bits);
	}
	memcpy(ports, wanted, nr * sizeof(*ports));
	nr_ports = nr;
	return 0;
}

static int get_ports(char *text, size_t room)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < nr_ports; i++)
		len += scnprintf(text + len, room - len, "%s%u",
				 i ? "," : "", ports[i]);
	return len;
}

static int set_threshold(const char *value)
{
	unsigned int ms;
	int err;

	err = stall_parse_uint(value, 0, MAX_THRESHOLD_MS, &ms);
	if (err)
		return err;
	WRITE_ONCE(threshold_ns, ms * (u64)NSEC_PER_MSEC);
	plain_or_not();
	return 0;
}

static int get_threshold(char *text, size_t room)
{
	return scnprintf(text, room, "%llu",
			 div_u64(threshold_ns, NSEC_PER_MSEC));
}

static const struct stall_param ports_param = {
	.name = "bfd_ports",
	.allowed = "1 to 16 UDP ports from 1 to 65535 with commas between them",
	.set = set_ports,
	.get = get_ports,
};

STALL_PARAM(bfd_ports, ports_param, 0644);
MODULE_PARM_DESC(bfd_ports,
		 "UDP ports of BFD (default 3784,3785,4784,6784,7784)");

static const struct stall_param threshold_param = {
	.name = "bfd_threshold_ms",
	.allowed = "0 (the limit of each session) to 3600000",
	.set = set_threshold,
	.get = get_threshold,
};

STALL_PARAM(bfd_threshold_ms, threshold_param, 0644);
MODULE_PARM_DESC(bfd_threshold_ms,
		 "a gap over this is an event (default 0: by each session's own times)");

static const struct stall_param overdue_param = {
	.name = "bfd_overdue_percent",
	.allowed = "1 to 100 percent of the time that is left after the interval",
	.number = &overdue_percent,
	.min = 1,
	.max = 100,
};

STALL_PARAM(bfd_overdue_percent, overdue_param, 0644);
MODULE_PARM_DESC(bfd_overdue_percent,
		 "a hello is late when so much of the peer's remaining patience is used (default 50)");
