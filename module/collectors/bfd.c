// SPDX-License-Identifier: GPL-2.0
/*
 * bfd - are the hellos that keep BFD sessions up sent in time?
 *
 * A hello is seen twice. Where the daemon calls send, at the entry of
 * udp_sendmsg() and udpv6_sendmsg(), the sender and the time are noted by
 * socket and destination. Where the packet goes to the driver, at tracepoint
 * net_dev_start_xmit, which is where tcpdump looks, the session is known in
 * full, and the time since its last packet is a gap.
 *
 * A session is one row of a map, updated by one CPU at a time: see
 * bfd_session_claim().
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/dsa.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <trace/events/net.h>

#include "bfd.h"
#include "bfd_params.h"

enum { SENDS, PACKETS, UNKNOWN, TX_GAP, TX_DELAY, SESSIONS };

/* An event has 16 bits for the number of its session. */
static_assert(BFD_NR_SESSIONS <= 65536);

/* The UDP header of a datagram, NULL for anything else. */
static const struct udphdr *bfd_udp(const struct sk_buff *skb)
{
	const void *network = skb_network_header(skb);
	int offset = skb_network_offset(skb);
	int room = (int)skb_headlen(skb) - offset;
	const struct ipv6hdr *ip6 = network;
	const struct iphdr *ip4 = network;
	int len;

	/* Whoever made the packet, its headers may not be where they ought. */
	if (skb->protocol == htons(ETH_P_IP)) {
		if (offset < 0 || room < (int)sizeof(*ip4) ||
		    ip4->protocol != IPPROTO_UDP ||
		    ip4->frag_off & htons(IP_OFFSET))
			return NULL;
		len = ip4->ihl * 4;
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		if (offset < 0 || room < (int)sizeof(*ip6) ||
		    ip6->nexthdr != IPPROTO_UDP)
			return NULL;
		len = sizeof(*ip6);
	} else {
		return NULL;
	}
	return room < len + (int)sizeof(struct udphdr) ? NULL : network + len;
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

/*
 * Was the packet sent by a UDP socket of this namespace, and is this the
 * device that it was sent by, not one below it? What is forwarded has no
 * socket, what a container sends another namespace, a virtual machine's frame
 * the socket of its tap. VLAN, bond, team, bridge and macvlan pass a packet on
 * to a lower device, which calls the tracepoint once more.
 */
static bool bfd_is_own(const struct sk_buff *skb, const struct net_device *dev)
{
	const struct sock *sk = skb->sk;

	return sk && sk->sk_protocol == IPPROTO_UDP &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       net_eq(sock_net(sk), dev_net(dev)) &&
	       !skb_vlan_tag_present(skb) && !bfd_is_passed_on(skb, dev);
}

static void bfd_key_of(const struct sk_buff *skb, const struct net_device *dev,
		       const struct udphdr *udp, struct bfd_key *key)
{
	memset(key, 0, sizeof(*key));
	key->netns = dev_net(dev)->ns.inum;
	key->ifindex = dev->ifindex;
	key->port = be16_to_cpu(udp->dest);
	if (skb->protocol == htons(ETH_P_IP)) {
		key->family = AF_INET;
		key->source.s6_addr32[0] = ip_hdr(skb)->saddr;
		key->destination.s6_addr32[0] = ip_hdr(skb)->daddr;
	} else {
		key->family = AF_INET6;
		key->source = ipv6_hdr(skb)->saddr;
		key->destination = ipv6_hdr(skb)->daddr;
	}
}

static struct bfd_session *bfd_session(struct bfd_state *bfd,
				       const struct bfd_key *key,
				       const struct net_device *dev)
{
	struct bfd_session *session = stall_map_find(&bfd->sessions, key);

	if (likely(session))
		return session;
	session = stall_map_add(&bfd->sessions, key);
	if (session)
		memcpy(session->device, dev->name, sizeof(session->device));
	return session;
}

/*
 * Note who sent a packet, and find how long ago that was asked for; 0 if it is
 * not known. The task that runs here need not be the sender, so it is never
 * taken for that: better nobody is blamed than the wrong one.
 */
static u64 bfd_sender(struct stall_run *run, const struct sk_buff *skb,
		      __be16 port, u64 now, struct bfd_session *session)
{
	struct bfd_state *bfd = run->priv;
	u64 called_ns, tag;

	tag = bfd_sender_tag(skb->sk, &session->key.destination, port);
	if (bfd_sender_take(&bfd->senders, tag, &session->who, &called_ns))
		return called_ns && now > called_ns ? now - called_ns : 0;
	stall_count(run, UNKNOWN);
	return 0;
}

static void bfd_late(struct stall_run *run, u64 now, const struct bfd_gap *gap,
		     u64 delay_ns, const struct bfd_session *session)
{
	struct bfd_state *bfd = run->priv;
	struct stall_event event = {
		.at_ns = now,
		.lasted_ns = gap->gap_ns,
		.limit_ns = gap->limit_ns,
		.inside_ns = delay_ns,
		.who = session->who,
		.collector = run->index,
		.key = stall_map_number(&bfd->sessions, session),
	};

	stall_events_add(&event);
}

/* A packet of a session that this CPU has claimed. */
static void bfd_update(struct stall_run *run, const struct sk_buff *skb,
		       __be16 port, u64 now, struct bfd_session *session)
{
	u64 delay_ns = bfd_sender(run, skb, port, now, session);
	struct bfd_gap gap;
	bool late;

	if (session->last_ns < bfd_port_since(session->key.port))
		session->last_ns = 0;
	late = bfd_session_sent(session, now, bfd_threshold_ns(), &gap);
	if (gap.first)
		return;
	/* Of the first packet, the call may be of one before we looked. */
	if (delay_ns)
		stall_record(run, TX_DELAY, delay_ns);
	stall_record(run, TX_GAP, gap.gap_ns);
	if (late)
		bfd_late(run, now, &gap, min(delay_ns, gap.gap_ns), session);
}

/* A packet without a row: for want of room, or of this moment. */
static void bfd_no_session(struct stall_run *run)
{
	const struct bfd_state *bfd = run->priv;

	if (stall_map_full(&bfd->sessions))
		stall_dropped(run);
	else
		stall_missed(run);
}

/* Not inlined, so that other packets do not pay for its stack frame. */
static noinline void bfd_sent(struct stall_run *run, const struct sk_buff *skb,
			      const struct net_device *dev,
			      const struct udphdr *udp)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	u64 now = stall_clock();
	struct bfd_key key;

	if (!bfd_is_own(skb, dev))
		return;
	stall_count(run, PACKETS);
	bfd_key_of(skb, dev, udp, &key);
	session = bfd_session(bfd, &key, dev);
	if (!session) {
		bfd_no_session(run);
		return;
	}
	this_cpu_inc(bfd->packets[stall_map_number(&bfd->sessions, session)]);
	if (!bfd_session_claim(session)) {
		stall_missed(run);
		return;
	}
	bfd_update(run, skb, udp->dest, now, session);
	bfd_session_release(session);
}

static void bfd_on_xmit(void *data, const struct sk_buff *skb,
			const struct net_device *dev)
{
	struct stall_hook *hook = data;
	u64 began = stall_hook_enter(hook);
	const struct udphdr *udp = bfd_udp(skb);

	if (udp && unlikely(bfd_port(udp->dest)))
		bfd_sent(hook->run, skb, dev, udp);
	stall_hook_exit(hook, began);
}

static noinline void bfd_called(struct stall_run *run, const struct sock *sk,
				const struct in6_addr *to, __be16 port)
{
	struct bfd_state *bfd = run->priv;

	stall_count(run, SENDS);
	bfd_sender_note(&bfd->senders, bfd_sender_tag(sk, to, port),
			stall_clock());
}

static noinline void bfd_called4(struct stall_run *run, const struct sock *sk,
				 __be32 address, __be16 port)
{
	struct in6_addr to = { .s6_addr32 = { address } };

	bfd_called(run, sk, &to, port);
}

/* udp_sendmsg(sk, msg, len): the address in msg is a copy of the kernel's. */
static void bfd_on_send4(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);
	const struct sockaddr_in *name = msg->msg_name;
	__be32 address;
	__be16 port;

	if (!name) {
		port = inet_sk(sk)->inet_dport;
		address = inet_sk(sk)->inet_daddr;
	} else if (msg->msg_namelen >= (int)sizeof(*name)) {
		port = name->sin_port;
		address = name->sin_addr.s_addr;
	} else {
		return;
	}
	if (unlikely(bfd_port(port)))
		bfd_called4(run, sk, address, port);
}

NOKPROBE_SYMBOL(bfd_on_send4);

#if IS_ENABLED(CONFIG_IPV6)

/*
 * udpv6_sendmsg(sk, msg, len). IPv4 destinations, mapped or not, go on to
 * udp_sendmsg() and are seen there.
 */
static void bfd_on_send6(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);
	const struct sockaddr_in6 *name = msg->msg_name;
	const struct in6_addr *to;
	__be16 port;

	if (!name) {
		port = inet_sk(sk)->inet_dport;
		to = &sk->sk_v6_daddr;
	} else if (msg->msg_namelen >= SIN6_LEN_RFC2133 &&
		   name->sin6_family == AF_INET6) {
		port = name->sin6_port;
		to = &name->sin6_addr;
	} else {
		return;
	}
	if (unlikely(bfd_port(port)) && !ipv6_addr_v4mapped(to))
		bfd_called(run, sk, to, port);
}

NOKPROBE_SYMBOL(bfd_on_send6);

#endif

static void bfd_teardown(struct stall_run *run)
{
	struct bfd_state *bfd = run->priv;

	bfd_senders_free(&bfd->senders);
	free_percpu(bfd->packets);
	stall_map_free(&bfd->sessions);
	kfree(bfd);
}

static int bfd_setup(struct stall_run *run)
{
	const size_t cpu_bytes = BFD_NR_SESSIONS * sizeof(u64);
	struct bfd_state *bfd = kzalloc(sizeof(*bfd), GFP_KERNEL);

	if (!bfd)
		return -ENOMEM;
	run->priv = bfd;
	bfd->packets = __alloc_percpu(cpu_bytes, sizeof(u64));
	if (!bfd->packets || bfd_senders_init(&bfd->senders) ||
	    stall_map_init(&bfd->sessions, BFD_NR_SESSIONS,
			   sizeof(struct bfd_session),
			   sizeof(struct bfd_key))) {
		bfd_teardown(run);
		return -ENOMEM;
	}
	run->memory_bytes += sizeof(*bfd) + bfd_senders_bytes() +
			     stall_map_bytes(&bfd->sessions) + BFD_PORT_BYTES;
	run->memory_cpu_bytes += cpu_bytes;
	return 0;
}

static const struct stall_series bfd_series[] = {
	[SENDS] = { STALL_COUNTER("sends", "calls",
				  "calls of send to a BFD port") },
	[PACKETS] = { STALL_COUNTER("packets", "packets",
				    "packets to a BFD port that were handed to a device") },
	[UNKNOWN] = { STALL_COUNTER("senders_unknown", "packets",
				    "of them, whose call of send was not seen") },
	[TX_GAP] = { STALL_HISTOGRAM("tx_gap_ns", "ns",
				     "time between two packets of a session, all sessions") },
	[TX_DELAY] = { STALL_HISTOGRAM("tx_delay_ns", "ns",
				       "time from the call of send to the device") },
	[SESSIONS] = { STALL_ROWS("sessions", bfd_session_table,
				  "sessions, each direction and device apart") },
};

/* Calls first, so that the first packets that are seen have a sender. */
static const struct stall_probe bfd_probes[] = {
	{ STALL_FUNCTION(bfd_on_send4, "udp_sendmsg"),
	  .optional = true, .hot = true },
#if IS_ENABLED(CONFIG_IPV6)
	{ STALL_FUNCTION(bfd_on_send6, "udpv6_sendmsg"),
	  .optional = true, .hot = true },
#endif
	{ STALL_TP(net_dev_start_xmit, bfd_on_xmit) },
};

const struct stall_collector stall_bfd = {
	STALL_COLLECTOR("bfd", "BFD hellos: are they sent in time?",
			bfd_series, bfd_probes),
	.setup = bfd_setup,
	.teardown = bfd_teardown,
	.describe = bfd_describe,
};
