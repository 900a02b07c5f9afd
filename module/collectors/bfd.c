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
 * A session is one row of a map. It is sent by one thread, or by several that
 * its socket puts in order, so its fields are written with plain stores. Two
 * CPUs that send for one session at the same instant may lose an update; that
 * is noticed and counted as missed.
 */
#include <linux/if_bridge.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <trace/events/net.h>

#include "bfd_params.h"
#include "bfd_sender.h"
#include "bfd_session.h"

#define BFD_NR_SESSIONS	1024

enum { SENDS, PACKETS, TX_GAP, TX_DELAY, SESSIONS };

/**
 * struct bfd_state - all that the collector keeps
 * @sessions: rows of struct bfd_session
 * @packets: how many went out, by CPU and session
 * @senders: who called send last
 */
struct bfd_state {
	struct stall_map sessions;
	u64 __percpu *packets;
	struct bfd_senders senders;
};

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
 * Was the packet sent by a socket of this namespace, and is this the device
 * that it was sent by, not one below it? A packet that is forwarded has no
 * socket, one from a container another namespace; VLAN, bond, team and bridge
 * pass a packet on to a lower device, which calls the tracepoint once more.
 */
static bool bfd_is_own(const struct sk_buff *skb, const struct net_device *dev)
{
	return skb->sk && net_eq(sock_net(skb->sk), dev_net(dev)) &&
	       !skb_vlan_tag_present(skb) && !netif_is_lag_port(dev) &&
	       !netif_is_bridge_port(dev);
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

/* The sender and how long ago it called send, as far as they are known. */
static u64 bfd_sender(struct bfd_state *bfd, const struct sk_buff *skb,
		      const struct bfd_key *key, const struct udphdr *udp,
		      u64 now, struct stall_who *who)
{
	u64 tag = bfd_sender_tag(skb->sk, &key->destination, udp->dest);
	u64 called_ns;

	if (bfd_sender_find(&bfd->senders, tag, who, &called_ns))
		return now > called_ns ? now - called_ns : 0;
	if (in_task())
		stall_who_current(who);
	else
		memset(who, 0, sizeof(*who));
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

static void bfd_sent(struct stall_run *run, const struct sk_buff *skb,
		     const struct net_device *dev, const struct udphdr *udp)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	struct bfd_key key;
	struct bfd_gap gap;
	u64 now, delay_ns, writer;

	bfd_key_of(skb, dev, udp, &key);
	now = stall_clock();
	stall_count(run, PACKETS);
	session = bfd_session(bfd, &key, dev);
	if (!session) {
		stall_dropped(run);
		return;
	}
	writer = now << 12 | (smp_processor_id() & 0xfff);
	WRITE_ONCE(session->writer, writer);
	this_cpu_inc(bfd->packets[stall_map_number(&bfd->sessions, session)]);
	delay_ns = bfd_sender(bfd, skb, &key, udp, now, &session->who);
	if (delay_ns)
		stall_record(run, TX_DELAY, delay_ns);
	if (bfd_session_sent(session, now, bfd_threshold_ns(), &gap))
		bfd_late(run, now, &gap, delay_ns, session);
	if (gap.gap_ns)
		stall_record(run, TX_GAP, gap.gap_ns);
	/* Another CPU, or an interrupt of this one, was here meanwhile. */
	if (READ_ONCE(session->writer) != writer)
		stall_missed(run);
}

static void bfd_on_xmit(void *data, const struct sk_buff *skb,
			const struct net_device *dev)
{
	struct stall_hook *hook = data;
	u64 began = stall_hook_enter(hook);
	const struct udphdr *udp = bfd_udp(skb);

	if (udp && unlikely(bfd_port(udp->dest)) && bfd_is_own(skb, dev)) {
		preempt_disable_notrace();
		bfd_sent(hook->run, skb, dev, udp);
		preempt_enable_notrace();
	}
	stall_hook_exit(hook, began);
}

static void bfd_called(struct stall_run *run, const struct sock *sk,
		       const struct in6_addr *to, __be16 port)
{
	struct bfd_state *bfd = run->priv;

	stall_count(run, SENDS);
	bfd_sender_note(&bfd->senders, bfd_sender_tag(sk, to, port),
			stall_clock());
}

/* udp_sendmsg(sk, msg, len): the address in msg is a copy of the kernel's. */
static void bfd_on_send4(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);
	const struct sockaddr_in *name = msg->msg_name;
	struct in6_addr to = {};
	__be16 port;

	if (!name) {
		port = inet_sk(sk)->inet_dport;
		to.s6_addr32[0] = inet_sk(sk)->inet_daddr;
	} else if (msg->msg_namelen >= (int)sizeof(*name)) {
		port = name->sin_port;
		to.s6_addr32[0] = name->sin_addr.s_addr;
	} else {
		return;
	}
	if (unlikely(bfd_port(port)))
		bfd_called(run, sk, &to, port);
}
NOKPROBE_SYMBOL(bfd_on_send4);

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
			     stall_map_bytes(&bfd->sessions);
	run->memory_cpu_bytes += cpu_bytes;
	return 0;
}

struct bfd_row {
	u64 netns;
	char source[48];
	char destination[48];
	u64 port;
	char device[64];
	u64 ifindex;
	u64 packets;
	u64 first_ns;
	u64 last_ns;
	u64 median_ns;
	u64 max_gap_ns;
	u64 max_gap_at_ns;
	u64 over_1_25;
	u64 over_2;
	u64 over_3;
	u64 late;
	s64 pid;
	s64 tgid;
	char comm[64];
	struct {
		u64 sum;
		u64 min;
		u64 max;
		u64 buckets[BFD_NR_BUCKETS];
	} gap_ns;
};

static const struct stall_column bfd_columns[] = {
	STALL_U64(bfd_row, netns, NULL, "network namespace, as lsns -t net"),
	STALL_TEXT(bfd_row, source, "address of the sender"),
	STALL_TEXT(bfd_row, destination, "address of the peer"),
	STALL_U64(bfd_row, port, NULL, "UDP port of the peer"),
	STALL_TEXT(bfd_row, device, "that packets go out by"),
	STALL_U64(bfd_row, ifindex, NULL, "its number"),
	STALL_U64(bfd_row, packets, "packets", "sent"),
	STALL_U64(bfd_row, first_ns, "ns", "time of the first packet"),
	STALL_U64(bfd_row, last_ns, "ns", "time of the latest packet"),
	STALL_U64(bfd_row, median_ns, "ns", "running median of the gaps"),
	STALL_U64(bfd_row, max_gap_ns, "ns", "largest gap"),
	STALL_U64(bfd_row, max_gap_at_ns, "ns", "when that ended"),
	STALL_U64(bfd_row, over_1_25, "gaps", "over 1.25 running medians"),
	STALL_U64(bfd_row, over_2, "gaps", "over 2 running medians"),
	STALL_U64(bfd_row, over_3, "gaps", "over 3 running medians"),
	STALL_U64(bfd_row, late, "gaps", "over the threshold: events"),
	STALL_S64(bfd_row, pid, NULL, "thread that sent the latest packet"),
	STALL_S64(bfd_row, tgid, NULL, "its process"),
	STALL_TEXT(bfd_row, comm, "its name"),
	STALL_HIST(bfd_row, gap_ns, BFD_FIRST_BUCKET, "ns",
		   "time between two packets"),
};

static u64 bfd_packets(const struct bfd_state *bfd, u32 number)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bfd->packets, cpu)[number]);
	return sum;
}

static void bfd_address(char *text, size_t room, const struct bfd_key *key,
			const struct in6_addr *address)
{
	scnprintf(text, room, key->family == AF_INET ? "%pI4" : "%pI6c",
		  address);
}

static void bfd_fill_gaps(const struct bfd_session *session,
			  struct bfd_row *row)
{
	unsigned int i;

	row->median_ns = bfd_median_ns(session);
	row->max_gap_ns = session->max_gap_ns;
	row->max_gap_at_ns = session->max_gap_at_ns;
	row->over_1_25 = session->nr_over[0];
	row->over_2 = session->nr_over[1];
	row->over_3 = session->nr_over[2];
	row->late = session->nr_late;
	row->gap_ns.sum = session->gap_sum_ns;
	row->gap_ns.min = session->min_gap_ns;
	row->gap_ns.max = session->max_gap_ns;
	for (i = 0; i < BFD_NR_BUCKETS; i++)
		row->gap_ns.buckets[i] = READ_ONCE(session->buckets[i]);
}

static void bfd_fill(const struct bfd_state *bfd, u32 number,
		     const struct bfd_session *session, struct bfd_row *row)
{
	const struct bfd_key *key = &session->key;

	row->netns = key->netns;
	row->ifindex = key->ifindex;
	row->port = key->port;
	bfd_address(row->source, sizeof(row->source), key, &key->source);
	bfd_address(row->destination, sizeof(row->destination), key,
		    &key->destination);
	stall_escape(row->device, sizeof(row->device), session->device,
		     sizeof(session->device), false);
	row->packets = bfd_packets(bfd, number);
	row->first_ns = session->first_ns;
	row->last_ns = session->last_ns;
	row->pid = session->who.pid;
	row->tgid = session->who.tgid;
	stall_escape(row->comm, sizeof(row->comm), session->who.comm,
		     sizeof(session->who.comm), false);
	bfd_fill_gaps(session, row);
}

static int bfd_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct bfd_state *bfd = run->priv;
	u32 i, nr = stall_map_nr(&bfd->sessions);

	for (i = 0; i < nr; i++) {
		const struct bfd_session *session =
			stall_map_row(&bfd->sessions, i);
		struct bfd_row *row;

		if (!READ_ONCE(session->first_ns))
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		bfd_fill(bfd, i, session, row);
	}
	return 0;
}

/*
 * RFC 5880, 6.8.3 and 6.8.7: a session that is not up sends at an interval of
 * one second or more, less a jitter of up to a quarter. Timers may add a tenth.
 */
#define SLOW_LEAST_NS	(750 * (u64)NSEC_PER_MSEC)
#define SLOW_MOST_NS	(1100 * (u64)NSEC_PER_MSEC)

static void bfd_describe(struct stall_run *run, const struct stall_event *event,
			 struct stall_story *story)
{
	const struct bfd_state *bfd = run->priv;
	const struct bfd_session *session =
		stall_map_row(&bfd->sessions, event->key);
	const struct bfd_key *key = &session->key;
	char source[48], destination[48], device[64];

	bfd_address(source, sizeof(source), key, &key->source);
	bfd_address(destination, sizeof(destination), key, &key->destination);
	stall_escape(device, sizeof(device), session->device,
		     sizeof(session->device), false);
	scnprintf(story->subject, sizeof(story->subject),
		  "hello from %s to %s port %u dev %s netns %u", source,
		  destination, key->port, device, key->netns);
	if (event->lasted_ns < SLOW_LEAST_NS || event->lasted_ns > SLOW_MOST_NS)
		return;
	story->doubt = true;
	strscpy(story->note,
		"a session that is not up sends once a second (RFC 5880, 6.8.3), and its state is not known",
		sizeof(story->note));
}

static const struct stall_table bfd_session_table =
	STALL_TABLE(bfd_row, bfd_columns, bfd_collect);

static const struct stall_series bfd_series[] = {
	[SENDS] = { "sends", STALLMETER_COUNTER, "calls",
		    "calls of send to a BFD port" },
	[PACKETS] = { "packets", STALLMETER_COUNTER, "packets",
		      "packets to a BFD port that were handed to a device" },
	[TX_GAP] = { "tx_gap_ns", STALLMETER_HISTOGRAM, "ns",
		     "time between two packets of a session, all sessions" },
	[TX_DELAY] = { "tx_delay_ns", STALLMETER_HISTOGRAM, "ns",
		       "time from the call of send to the device" },
	[SESSIONS] = { "sessions", STALLMETER_TABLE, NULL,
		       "sessions, each direction and device apart",
		       &bfd_session_table },
};

static const struct stall_probe bfd_probes[] = {
	{ STALL_TP(net_dev_start_xmit, bfd_on_xmit) },
	{ STALL_FUNCTION(bfd_on_send4, "udp_sendmsg"), .optional = true },
	{ STALL_FUNCTION(bfd_on_send6, "udpv6_sendmsg"), .optional = true },
};

const struct stall_collector stall_bfd = {
	STALL_COLLECTOR("bfd", "BFD hellos: are they sent in time?",
			bfd_series, bfd_probes),
	.setup = bfd_setup,
	.teardown = bfd_teardown,
	.describe = bfd_describe,
};
