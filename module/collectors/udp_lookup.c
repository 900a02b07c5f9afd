// SPDX-License-Identifier: GPL-2.0
/*
 * udp_lookup - whose is a datagram that ends?
 *
 * Up to v6.10 the tracepoint does not tell. The socket is looked for as the kernel
 * does it, by port and address; if it may be one of several, it is none.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rculist.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "udp.h"
#include "udp_compat.h"

/* So many sockets of a bucket are looked at. */
#define LOOKUP_REACH	64

/* More bits set are a better match; the first of them is that it is one at all. */
#define MATCH		BIT(0)
#define MATCH_ADDRESS	BIT(1)
#define MATCH_PEER	BIT(2)

/**
 * struct datagram - to whom
 * @v4: by IPv4
 * @source: from where, of IPv4 in the last word
 * @local: to where
 * @udp: its ports
 */
struct datagram {
	bool v4;
	struct in6_addr source;
	struct in6_addr local;
	const struct udphdr *udp;
};

static bool datagram_read(const struct sk_buff *skb, struct datagram *datagram)
{
	memset(datagram, 0, sizeof(*datagram));
	if (!skb_transport_header_was_set(skb))
		return false;
	datagram->udp = udp_hdr(skb);
	datagram->v4 = skb->protocol == htons(ETH_P_IP);
	if (datagram->v4) {
		datagram->source.s6_addr32[3] = ip_hdr(skb)->saddr;
		datagram->local.s6_addr32[3] = ip_hdr(skb)->daddr;
		return ip_hdr(skb)->protocol == IPPROTO_UDP;
	}
	if (skb->protocol != htons(ETH_P_IPV6))
		return false;
	datagram->source = ipv6_hdr(skb)->saddr;
	datagram->local = ipv6_hdr(skb)->daddr;
	return ipv6_hdr(skb)->nexthdr == IPPROTO_UDP;
}

static unsigned int match4(const struct sock *sk, const struct datagram *datagram)
{
	unsigned int match = MATCH;

	if (sk->sk_family == AF_INET6 && ipv6_only_sock(sk))
		return 0;
	if (sk->sk_rcv_saddr) {
		if (sk->sk_rcv_saddr != datagram->local.s6_addr32[3])
			return 0;
		match |= MATCH_ADDRESS;
	}
	if (sk->sk_daddr) {
		if (sk->sk_daddr != datagram->source.s6_addr32[3])
			return 0;
		match |= MATCH_PEER;
	}
	return match;
}

static unsigned int match6(const struct sock *sk, const struct datagram *datagram)
{
#if IS_ENABLED(CONFIG_IPV6)
	unsigned int match = MATCH;

	if (sk->sk_family != AF_INET6)
		return 0;
	if (!ipv6_addr_any(&sk->sk_v6_rcv_saddr)) {
		if (!ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &datagram->local))
			return 0;
		match |= MATCH_ADDRESS;
	}
	if (!ipv6_addr_any(&sk->sk_v6_daddr)) {
		if (!ipv6_addr_equal(&sk->sk_v6_daddr, &datagram->source))
			return 0;
		match |= MATCH_PEER;
	}
	return match;
#else
	return 0;
#endif
}

static unsigned int match(const struct sock *sk, const struct net *net,
			  const struct datagram *datagram)
{
	if (!net_eq(sock_net(sk), net) ||
	    sk->sk_num != ntohs(datagram->udp->dest) ||
	    (sk->sk_dport && sk->sk_dport != datagram->udp->source))
		return 0;
	return datagram->v4 ? match4(sk, datagram) : match6(sk, datagram);
}

/* The best of a bucket, if it is the only one so good. */
static const struct sock *best_of(const struct udp_hslot *slot,
				  const struct net *net,
				  const struct datagram *datagram)
{
	unsigned int best = 0, seen = 0;
	const struct sock *found = NULL;
	struct sock *sk;

	sk_for_each_rcu(sk, &slot->head) {
		unsigned int good = match(sk, net, datagram);

		if (++seen > LOOKUP_REACH)
			return NULL;
		if (good && good == best)
			found = NULL;
		if (good > best) {
			best = good;
			found = sk;
		}
	}
	return found;
}

/*
 * From its place in a queue on, other things stand where a datagram has its device;
 * only an address is one of the kernel.
 */
static const struct net_device *device_of(const struct sk_buff *skb)
{
	return (long)skb->dev < 0 ? skb->dev : NULL;
}

/* Each socket of its port has a copy of a datagram to a group, or to all. */
static bool is_for_several(const struct sk_buff *skb,
			   const struct datagram *datagram)
{
	if (skb->pkt_type == PACKET_BROADCAST ||
	    skb->pkt_type == PACKET_MULTICAST)
		return true;
	if (!datagram->v4)
		return ipv6_addr_is_multicast(&datagram->local);
	return skb_dst(skb) && skb_rtable(skb)->rt_flags &
	       (RTCF_BROADCAST | RTCF_MULTICAST);
}

/**
 * udp_socket_of() - the socket that a datagram was for
 * @skb: it, as it is dropped by the receive path
 * @is_udp: result: it is one
 *
 * Context: any, under rcu_read_lock().
 * Return: the socket, NULL if that is not sure.
 */
const struct sock *udp_socket_of(const struct sk_buff *skb, bool *is_udp)
{
	const struct net_device *device = device_of(skb);
	const struct udp_table *table;
	struct datagram datagram;
	const struct net *net;

	*is_udp = datagram_read(skb, &datagram);
	if (!*is_udp || !device || is_for_several(skb, &datagram))
		return NULL;
	net = dev_net(device);
	table = udp_table_of(net);
	return best_of(&table->hash[udp_hashfn(net, ntohs(datagram.udp->dest),
					       table->mask)],
		       net, &datagram);
}
