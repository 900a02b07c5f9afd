// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_call - who calls send for a hello, and when
 *
 * At the entry of udp_sendmsg() and udpv6_sendmsg() the sender, its times and the time
 * are noted by socket and destination, and found again as the packet reaches a device.
 */
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "bfd.h"
#include "bfd_params.h"

static __always_inline void bfd_called(struct stall_run *run, u64 tag)
{
	struct bfd_state *bfd = run->priv;

	stall_count(run, SENDS);
	bfd_sender_note(&bfd->senders, tag, stall_ticks(), &bfd->tasks);
}

/* udp_sendmsg(sk, msg, len): the address in msg is a copy of the kernel's. */
static __always_inline bool send4_to(struct pt_regs *regs, u64 *address,
				     __be16 *port)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);
	const struct sockaddr_in *name = msg->msg_name;

	if (!name) {
		*port = inet_sk(sk)->inet_dport;
		*address = (__force u32)inet_sk(sk)->inet_daddr;
	} else if (likely(msg->msg_namelen >= (int)sizeof(*name))) {
		*port = name->sin_port;
		*address = (__force u32)name->sin_addr.s_addr;
	} else {
		return false;
	}
	return bfd_port(*port);
}

static __always_inline bool send4_wants(struct pt_regs *regs)
{
	u64 address;
	__be16 port;

	return send4_to(regs, &address, &port);
}

static __always_inline void send4(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	u64 address;
	__be16 port;

	if (likely(send4_to(regs, &address, &port)))
		bfd_called(run, bfd_sender_tag(sk, address, 0, port));
}

STALL_MAKE_CALLBACK(bfd_send4_callback, send4_wants, send4);

/**
 * bfd_on_send4() - the entry of udp_sendmsg()
 * @run: the collector's run
 * @regs: with the arguments
 *
 * Context: that of the sender, preemption off.
 */
void bfd_on_send4(struct stall_run *run, struct pt_regs *regs)
{
	send4(run, regs);
}

NOKPROBE_SYMBOL(bfd_on_send4);

#if IS_ENABLED(CONFIG_IPV6)

/*
 * udpv6_sendmsg(sk, msg, len). IPv4 destinations, mapped or not, go on to
 * udp_sendmsg() and are seen there.
 */
static __always_inline const struct in6_addr *send6_to(struct pt_regs *regs,
						       __be16 *port)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);
	const struct sockaddr_in6 *name = msg->msg_name;

	if (!name) {
		*port = inet_sk(sk)->inet_dport;
		return &sk->sk_v6_daddr;
	}
	if (msg->msg_namelen < SIN6_LEN_RFC2133 ||
	    name->sin6_family != AF_INET6)
		return NULL;
	*port = name->sin6_port;
	return &name->sin6_addr;
}

static __always_inline bool send6_wants(struct pt_regs *regs)
{
	__be16 port;

	return send6_to(regs, &port) && bfd_port(port);
}

static __always_inline void send6(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct in6_addr *to;
	__be16 port;

	to = send6_to(regs, &port);
	if (to && bfd_port(port) && !ipv6_addr_v4mapped(to))
		bfd_called(run, bfd_sender_tag(sk, bfd_address_half(to, 0),
					       bfd_address_half(to, 1), port));
}

STALL_MAKE_CALLBACK(bfd_send6_callback, send6_wants, send6);

/**
 * bfd_on_send6() - the entry of udpv6_sendmsg()
 * @run: the collector's run
 * @regs: with the arguments
 *
 * Context: that of the sender, preemption off.
 */
void bfd_on_send6(struct stall_run *run, struct pt_regs *regs)
{
	send6(run, regs);
}

NOKPROBE_SYMBOL(bfd_on_send6);

#endif
