// SPDX-License-Identifier: GPL-2.0
/*
 * udp_params - how often to look, what is worth an event, and whose queues to time
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "udp.h"

#define MAX_PORTS	16

static unsigned int check_ms = 250;
static unsigned int full_ms = 1000;
static u16 ports[MAX_PORTS];
static unsigned int nr_ports;

/* Under the stall lock. */
static struct stall_run *params_run;

/**
 * udp_check_ms() - time between two looks at all sockets
 *
 * Return: ms, 0 for a look only as somebody reads.
 */
u32 udp_check_ms(void)
{
	return READ_ONCE(check_ms);
}

/**
 * udp_full_ns() - how long a queue may be over half
 */
u64 udp_full_ns(void)
{
	return READ_ONCE(full_ms) * (u64)NSEC_PER_MSEC;
}

/**
 * udp_ports_wanted() - is any port chosen?
 *
 * Context: any.
 */
bool udp_ports_wanted(void)
{
	return READ_ONCE(nr_ports);
}

/**
 * udp_port_chosen() - is this one?
 * @port: in host order
 *
 * Context: any.
 */
bool udp_port_chosen(u16 port)
{
	unsigned int i, nr = READ_ONCE(nr_ports);

	for (i = 0; i < nr; i++)
		if (READ_ONCE(ports[i]) == port)
			return true;
	return false;
}

/**
 * udp_params_run() - who has to know of changes
 * @run: the collector while its probes hang, else NULL
 *
 * Context: process, under the stall lock.
 */
void udp_params_run(struct stall_run *run)
{
	params_run = run;
}

static int parse_ports(const char *value, u16 *result, unsigned int *nr)
{
	char list[MAX_PORTS * 8], *rest = list, *word;
	unsigned int port;

	*nr = 0;
	if (!strcmp(value, "none"))
		return 0;
	if (strscpy(list, value, sizeof(list)) < 0)
		return -EINVAL;
	while ((word = strsep(&rest, ","))) {
		if (*nr == MAX_PORTS ||
		    stall_parse_uint(word, 1, U16_MAX, &port))
			return -EINVAL;
		result[(*nr)++] = port;
	}
	return 0;
}

/* The hook that this is for hangs only while there is a port. */
static void ports_hook(void)
{
	unsigned int i;

	if (!params_run)
		return;
	for (i = 0; i < params_run->collector->nr_probes; i++) {
		struct stall_hook *hook = &params_run->hooks[i];

		if (!hook->probe->wanted)
			continue;
		stall_hook_detach(hook);
		stall_hook_attach(hook);
	}
}

static int set_ports(const char *value)
{
	u16 wanted[MAX_PORTS];
	unsigned int i, nr;
	int err;

	err = parse_ports(value, wanted, &nr);
	if (err)
		return err;
	atomic_add(!!nr - !!nr_ports, &udp_watched);
	WRITE_ONCE(nr_ports, 0);
	for (i = 0; i < nr; i++)
		WRITE_ONCE(ports[i], wanted[i]);
	/* Who sees the number sees the ports, or some of those before. */
	smp_store_release(&nr_ports, nr);
	ports_hook();
	return 0;
}

static int get_ports(char *text, size_t room)
{
	unsigned int i;
	int len = 0;

	if (!nr_ports)
		return scnprintf(text, room, "none");
	for (i = 0; i < nr_ports; i++)
		len += scnprintf(text + len, room - len, "%s%u",
				 i ? "," : "", ports[i]);
	return len;
}

static int set_check(const char *value)
{
	unsigned int ms;

	if (stall_parse_uint(value, 0, 60000, &ms) || (ms && ms < 10))
		return -EINVAL;
	WRITE_ONCE(check_ms, ms);
	if (params_run)
		udp_look_begin(params_run->priv);
	return 0;
}

static int get_check(char *text, size_t room)
{
	return scnprintf(text, room, "%u", check_ms);
}

static const struct stall_param ports_param = {
	.name = "udp_ports",
	.allowed = "none, or up to 16 UDP ports from 1 to 65535 with commas between them",
	.set = set_ports,
	.get = get_ports,
};

STALL_PARAM(udp_ports, ports_param, 0644);
MODULE_PARM_DESC(udp_ports,
		 "ports whose datagrams are timed from arrival to read (default none)");

static const struct stall_param check_param = {
	.name = "udp_check_ms",
	.allowed = "0 (only as somebody reads), or 10 to 60000",
	.set = set_check,
	.get = get_check,
};

STALL_PARAM(udp_check_ms, check_param, 0644);
MODULE_PARM_DESC(udp_check_ms,
		 "time between two looks at all UDP sockets (default 250)");

static const struct stall_param full_param = {
	.name = "udp_full_ms",
	.allowed = "10 to 3600000",
	.number = &full_ms,
	.min = 10,
	.max = 3600000,
};

STALL_PARAM(udp_full_ms, full_param, 0644);
MODULE_PARM_DESC(udp_full_ms,
		 "a queue over half for so long that loses datagrams is an event (default 1000)");
