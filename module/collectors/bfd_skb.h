/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_skb.h - BFD packets at a device
 */
#ifndef STALL_BFD_SKB_H
#define STALL_BFD_SKB_H

#include <linux/hash.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "bfd_params.h"
#include "bfd_session.h"

/**
 * struct bfd_frame - a packet to a port of BFD
 * @ip: its IP header
 * @udp: its UDP header
 * @tag: of a VLAN, if it stands before @ip; else NULL
 * @family: AF_INET or AF_INET6
 */
struct bfd_frame {
	const void *ip;
	const struct udphdr *udp;
	const struct vlan_hdr *tag;
	u16 family;
};

/* What the payload of a packet is. */
enum bfd_content {
	BFD_CONTENT_CONTROL,
	BFD_CONTENT_MALFORMED,	/* where only control packets belong */
	BFD_CONTENT_OTHER,
};

bool bfd_frame_of(const struct sk_buff *skb, __be16 protocol, const void *ip,
		  struct bfd_frame *frame);
bool bfd_frame_came(const struct sk_buff *skb, struct bfd_frame *frame);
bool bfd_is_tagged(const struct sk_buff *skb);
bool bfd_is_own(const struct sk_buff *skb, const struct net_device *dev);
const struct net_device *bfd_device_of(const struct sk_buff *skb,
				       const struct bfd_frame *frame);
void bfd_key_of(struct bfd_key *key, const struct bfd_frame *frame,
		const struct net_device *dev, bool sent);
enum bfd_content bfd_content_of(const struct sk_buff *skb,
				const struct bfd_frame *frame,
				struct bfd_wire *wire,
				struct bfd_control *control);

/**
 * bfd_is_it() - does a packet go to a port of BFD?
 * @protocol: of the packet: what @ip is
 * @ip: its IP header, if it is one
 *
 * All that a packet costs which is not BFD's. Nothing but its linear part is looked
 * at, and no more than 28 bytes of that are asked for: a longer header leads to at
 * most 64 bytes behind its begin, which are in memory, as skb_shared_info is behind
 * each packet. bfd_frame_of() checks it.
 *
 * Context: any.
 */
static __always_inline bool bfd_is_it(__be16 protocol, const void *ip)
{
	const struct ipv6hdr *ip6 = ip;
	const struct iphdr *ip4 = ip;
	const struct udphdr *udp;

	if (likely(protocol == htons(ETH_P_IP))) {
		udp = ip + ip4->ihl * 4;
		return ip4->protocol == IPPROTO_UDP && bfd_port(udp->dest);
	}
	if (protocol == htons(ETH_P_IPV6)) {
		udp = ip + sizeof(*ip6);
		return ip6->nexthdr == IPPROTO_UDP && bfd_port(udp->dest);
	}
	return false;
}

/* Bytes of the shortest packet that is looked at. */
#define BFD_LEAST_LEN	(sizeof(struct iphdr) + sizeof(struct udphdr))

/**
 * bfd_frame_is_plain() - the headers of a packet, if they are as usual
 * @skb: the packet, bfd_is_it() true
 * @ip: its IP header
 * @frame: result
 *
 * No options, no fragment, and a whole control packet in the linear part.
 *
 * Context: any.
 */
static __always_inline bool bfd_frame_is_plain(const struct sk_buff *skb,
					       const void *ip,
					       struct bfd_frame *frame)
{
	const struct iphdr *ip4 = ip;

	frame->ip = ip;
	frame->tag = NULL;
	if (likely(skb->protocol == htons(ETH_P_IP))) {
		frame->family = AF_INET;
		frame->udp = ip + sizeof(*ip4);
		if (ip4->ihl != 5 || ip4->frag_off & htons(IP_OFFSET))
			return false;
	} else {
		frame->family = AF_INET6;
		frame->udp = ip + sizeof(struct ipv6hdr);
	}
	return (void *)(frame->udp + 1) + sizeof(struct bfd_wire) <=
	       (void *)skb_tail_pointer(skb);
}

/**
 * bfd_key_fits() - does a packet belong to the session of a key?
 * @key: of the session
 * @frame: the packet
 * @sent: we sent it; else it came in
 *
 * The device is for the caller to compare.
 *
 * Context: any.
 */
static __always_inline bool bfd_key_fits(const struct bfd_key *key,
					 const struct bfd_frame *frame,
					 bool sent)
{
	const struct in6_addr *source = sent ? &key->source : &key->destination;
	const struct in6_addr *destination = sent ? &key->destination :
						    &key->source;
	const struct ipv6hdr *ip6 = frame->ip;
	const struct iphdr *ip4 = frame->ip;

	if (key->family != frame->family ||
	    key->port != be16_to_cpu(frame->udp->dest))
		return false;
	if (frame->family == AF_INET)
		return source->s6_addr32[0] == ip4->saddr &&
		       destination->s6_addr32[0] == ip4->daddr;
	return ipv6_addr_equal(source, &ip6->saddr) &&
	       ipv6_addr_equal(destination, &ip6->daddr);
}

/**
 * bfd_frame_hash() - a number for a packet's session
 * @frame: the packet
 * @sent: we sent it; else it came in: both have the same number
 * @bits: of the number
 *
 * Context: any.
 */
static __always_inline unsigned int
bfd_frame_hash(const struct bfd_frame *frame, bool sent, unsigned int bits)
{
	const struct ipv6hdr *ip6 = frame->ip;
	const struct iphdr *ip4 = frame->ip;
	u32 from, to;

	if (frame->family == AF_INET) {
		from = (__force u32)ip4->saddr;
		to = (__force u32)ip4->daddr;
	} else {
		from = (__force u32)(ip6->saddr.s6_addr32[0] ^
				     ip6->saddr.s6_addr32[3]);
		to = (__force u32)(ip6->daddr.s6_addr32[0] ^
				   ip6->daddr.s6_addr32[3]);
	}
	if (!sent)
		swap(from, to);
	return hash_32(from ^ rol32(to, 7) ^ (__force u16)frame->udp->dest,
		       bits);
}

/**
 * bfd_is_as_before() - does a packet say what the one before said?
 * @half: what that said
 * @frame: the packet, plain
 *
 * Context: any.
 */
static __always_inline bool bfd_is_as_before(const struct bfd_half *half,
					     const struct bfd_frame *frame)
{
	const u64 *a = (const u64 *)&half->wire;
	const u64 *b = (const u64 *)(frame->udp + 1);

	static_assert(sizeof(half->wire) == 3 * sizeof(*a));

	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) &&
	       half->len == frame->udp->len;
}

#endif /* STALL_BFD_SKB_H */
