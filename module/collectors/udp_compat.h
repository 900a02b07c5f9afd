/* SPDX-License-Identifier: GPL-2.0 */
/*
 * udp_compat.h - the newest kernel's names for UDP on older ones
 */
#ifndef STALL_UDP_COMPAT_H
#define STALL_UDP_COMPAT_H

#include <linux/stddef.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp.h>

/* v6.2 lets a network namespace have a table of its own. Drop with v6.1. */
static inline struct udp_table *udp_table_of(const struct net *net)
{
#ifdef STALL_HAVE_NETNS_UDP_TABLE
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}

/* v6.18 counts a socket's drops by NUMA node. Drop with v6.12. */
static inline u32 udp_drops_of(const struct sock *sk)
{
#ifdef STALL_HAVE_SK_DROPS_READ
	return sk_drops_read(sk);
#else
	return atomic_read(&sk->sk_drops);
#endif
}

/*
 * v6.18 queues datagrams in batches, and tells of those that found no memory by the
 * reason of their end only. Drop with v6.12.
 */
#ifdef STALL_HAVE_UDP_PROD_QUEUE
#define UDP_MEMORY_BY_REASON	true
#else
#define UDP_MEMORY_BY_REASON	false
#endif

/*
 * v6.6 has the tracepoint udp_fail_queue_rcv_skb for IPv6, too; before, what has a
 * reason to end tells it. Drop with v6.1.
 */
#ifdef STALL_HAVE_UDP6_FAIL
#define UDP6_BY_REASON		false
#else
#define UDP6_BY_REASON		true
#endif

/* Where udp_recvmsg() has its flags: v5.19 has one argument less before them. */
#define UDP_RECVMSG_FLAGS						\
	(__builtin_types_compatible_p(					\
		typeof(((struct proto *)NULL)->recvmsg),		\
		int (*)(struct sock *, struct msghdr *, size_t, int, int, \
			int *)) ? 4 : 3)

#endif /* STALL_UDP_COMPAT_H */
