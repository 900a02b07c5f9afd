// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_skb - BFD packets at a device
 *
 * A packet passes more than one device if it is that of a VLAN, bond, team, bridge
 * or macvlan; it is counted at the one that has the address.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <net/dsa.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "bfd_skb.h"

/* RFC 7130: of each port of a bundle. */
#define MICRO_BFD	6784

/**
 * bfd_frame_of() - the headers of a packet
 * @skb: the packet
 * @protocol: what @ip is
 * @ip: its IP header
 * @frame: result
 *
 * Whoever made the packet, its headers may not be where they ought.
 *
 * Context: any.
 * Return: false if it is none to a port of BFD.
 */
bool bfd_frame_of(const struct sk_buff *skb, __be16 protocol, const void *ip,
		  struct bfd_frame *frame)
{
	const void *end = skb->data + skb_headlen(skb);
	const struct iphdr *ip4 = ip;

	frame->ip = ip;
	frame->tag = NULL;
	if (ip + BFD_LEAST_LEN > end || !bfd_is_it(protocol, ip))
		return false;
	if (protocol == htons(ETH_P_IP)) {
		if (ip4->ihl < 5 || ip4->frag_off & htons(IP_OFFSET))
			return false;
		frame->family = AF_INET;
		frame->udp = ip + ip4->ihl * 4;
	} else {
		frame->family = AF_INET6;
		frame->udp = ip + sizeof(struct ipv6hdr);
	}
	return (void *)(frame->udp + 1) <= end;
}

/**
 * bfd_is_tagged() - has a packet that comes in a VLAN's tag before its IP header?
 * @skb: the packet, a VLAN's by its protocol
 *
 * A device that does not take the tag out leaves that to the kernel, which does it
 * behind the place where packets are seen.
 *
 * Context: any.
 * Return: true if that is so, and it may be BFD's.
 */
bool bfd_is_tagged(const struct sk_buff *skb)
{
	const struct vlan_hdr *tag = (void *)skb->data;

	return skb_headlen(skb) >= sizeof(*tag) + BFD_LEAST_LEN &&
	       bfd_is_it(tag->h_vlan_encapsulated_proto, tag + 1);
}

/**
 * bfd_frame_came() - the headers of a packet that comes in
 * @skb: the packet
 * @frame: result
 *
 * Context: any.
 * Return: as bfd_frame_of().
 */
bool bfd_frame_came(const struct sk_buff *skb, struct bfd_frame *frame)
{
	const struct vlan_hdr *tag = (void *)skb->data;

	if (likely(!eth_type_vlan(skb->protocol)))
		return bfd_frame_of(skb, skb->protocol, skb->data, frame);
	if (!bfd_is_tagged(skb) ||
	    !bfd_frame_of(skb, tag->h_vlan_encapsulated_proto, tag + 1, frame))
		return false;
	frame->tag = tag;
	return true;
}

/*
 * Does a device pass on a packet of another one, above it? Of a port that has
 * no address, its own packets are those of a socket that is bound to it, as
 * micro-BFD's (RFC 7130) are. What has macvlans on top is a device like any
 * other: those have addresses of their own.
 */
static bool bfd_is_passed_on(const struct sk_buff *skb,
			     const struct net_device *dev)
{
	if (netif_is_macvlan_port(dev))
		return skb_network_offset(skb) >= ETH_HLEN &&
		       !ether_addr_equal(skb->data + ETH_ALEN, dev->dev_addr);
	if (!netif_is_lag_port(dev) && !netif_is_any_bridge_port(dev) &&
	    !netdev_uses_dsa(dev))
		return false;
	return READ_ONCE(skb->sk->sk_bound_dev_if) != dev->ifindex;
}

/**
 * bfd_is_own() - does a packet that goes out begin its way here?
 * @skb: the packet
 * @dev: the device
 *
 * Was it sent by a UDP socket of this namespace, and is this the device that it
 * was sent by, not one below it? What is forwarded has no socket, what a container
 * sends another namespace, a virtual machine's frame the socket of its tap.
 *
 * Context: any, under RCU.
 */
bool bfd_is_own(const struct sk_buff *skb, const struct net_device *dev)
{
	const struct sock *sk = skb->sk;

	return sk && sk->sk_protocol == IPPROTO_UDP &&
	       sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       net_eq(sock_net(sk), dev_net(dev)) &&
	       !skb_vlan_tag_present(skb) && !netif_is_l3_master(dev) &&
	       !bfd_is_passed_on(skb, dev);
}

/**
 * bfd_device_of() - which device does a packet come in by?
 * @skb: the packet, where the lowest device hands it over
 * @frame: of it
 *
 * Context: any, under RCU.
 * Return: the one that has the address; NULL if it is another's, and comes by
 * once more.
 */
const struct net_device *bfd_device_of(const struct sk_buff *skb,
				       const struct bfd_frame *frame)
{
	struct net_device *dev = skb->dev;
	u16 id;

	if (netif_is_any_bridge_port(dev) || netdev_uses_dsa(dev))
		return NULL;
	if (skb->pkt_type != PACKET_HOST && skb->pkt_type != PACKET_LOOPBACK)
		return NULL;
	/* Of a bond's or team's port, what finds a VLAN looks on top of that. */
	id = skb_vlan_tag_present(skb) ? skb_vlan_tag_get_id(skb) : 0;
	if (id)
		dev = __vlan_find_dev_deep_rcu(dev, skb->vlan_proto, id);
	id = frame->tag ? be16_to_cpu(frame->tag->h_vlan_TCI) & VLAN_VID_MASK : 0;
	if (id && dev)
		dev = __vlan_find_dev_deep_rcu(dev, skb->protocol, id);
	if (!dev || is_vlan_dev(dev))
		return dev;
	if (netif_is_lag_port(dev) && frame->udp->dest != htons(MICRO_BFD))
		return netdev_master_upper_dev_get_rcu(dev);
	return dev;
}

/*
 * A session over several hops belongs to no device, but to its table of routes: its
 * packets go and come as those say (RFC 5883).
 */
static u32 key_ifindex(const struct net_device *dev, u16 port)
{
	const struct net_device *vrf;

	if (port != BFD_MULTIHOP)
		return dev->ifindex;
	vrf = netif_is_l3_slave(dev) ?
	      netdev_master_upper_dev_get_rcu((struct net_device *)dev) : NULL;
	return vrf ? vrf->ifindex : 0;
}

/**
 * bfd_key_of() - which session a packet belongs to
 * @key: result
 * @frame: the packet
 * @dev: its device
 * @sent: we sent it; else it came in
 *
 * Context: any, under RCU.
 */
void bfd_key_of(struct bfd_key *key, const struct bfd_frame *frame,
		const struct net_device *dev, bool sent)
{
	struct in6_addr *source = sent ? &key->source : &key->destination;
	struct in6_addr *destination = sent ? &key->destination : &key->source;
	const struct ipv6hdr *ip6 = frame->ip;
	const struct iphdr *ip4 = frame->ip;

	memset(key, 0, sizeof(*key));
	key->netns = dev_net(dev)->ns.inum;
	key->family = frame->family;
	key->port = be16_to_cpu(frame->udp->dest);
	key->ifindex = key_ifindex(dev, key->port);
	if (frame->family == AF_INET) {
		source->s6_addr32[0] = ip4->saddr;
		destination->s6_addr32[0] = ip4->daddr;
	} else {
		*source = ip6->saddr;
		*destination = ip6->daddr;
	}
}

/**
 * bfd_content_of() - what a packet says
 * @skb: the packet
 * @frame: of it
 * @wire: result, a copy, if it is a control packet
 * @control: result, what that says
 *
 * Context: any.
 */
enum bfd_content bfd_content_of(const struct sk_buff *skb,
				const struct bfd_frame *frame,
				struct bfd_wire *wire,
				struct bfd_control *control)
{
	int offset = (const u8 *)(frame->udp + 1) - skb->data;
	size_t len = be16_to_cpu(frame->udp->len);
	const struct bfd_wire *here;

	here = skb_header_pointer(skb, offset, sizeof(*wire), wire);
	len = len < sizeof(*frame->udp) ? 0 : len - sizeof(*frame->udp);
	len = min_t(size_t, len, skb->len - offset);
	if (here && len >= sizeof(*wire) &&
	    bfd_packet_parse(here, len, control)) {
		if (here != wire)
			*wire = *here;
		return BFD_CONTENT_CONTROL;
	}
	return bfd_port_is_control(be16_to_cpu(frame->udp->dest)) ?
	       BFD_CONTENT_MALFORMED : BFD_CONTENT_OTHER;
}
