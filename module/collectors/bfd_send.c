// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_send - are our hellos sent in time?
 *
 * A hello is seen twice. Where the daemon calls send, at the entry of
 * udp_sendmsg() and udpv6_sendmsg(), the sender, its times and the time are noted
 * by socket and destination. Where the packet goes to the driver, at tracepoint
 * net_dev_start_xmit, which is where tcpdump looks, the session is known in full,
 * and the time since its last packet is a gap.
 */
#include <linux/netdevice.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <trace/events/net.h>

#include "bfd.h"
#include "bfd_params.h"
#include "bfd_skb.h"

/* Of a gap below this nobody asks why: timers of sessions in software are longer. */
#define BFD_WORTH_NS	((u64)NSEC_PER_MSEC)

/* No longer interval is watched, as ticks are counted in 64 bits: nine minutes. */
#define BFD_MOST_NS	(1ULL << 39)

static struct bfd_session *bfd_add(struct bfd_state *bfd,
				   const struct bfd_frame *frame,
				   const struct net_device *dev)
{
	struct bfd_session *session;
	struct bfd_key key;

	bfd_key_of(&key, frame, dev, true);
	session = stall_map_add(&bfd->sessions, &key);
	if (session)
		memcpy(session->device, dev->name, sizeof(session->device));
	return session;
}

/**
 * bfd_tell() - make an event of a late hello
 * @run: the collector's run
 * @late: the hello
 * @limit_ns: from when on it was late
 * @inside_ns: how much of the gap passed after the call of send
 *
 * Context: any, preemption off.
 */
void bfd_tell(struct stall_run *run, const struct bfd_late *late, u64 limit_ns,
	      u64 inside_ns)
{
	struct stall_event event = {
		.at_ns = late->at_ns,
		.lasted_ns = late->gap_ns,
		.limit_ns = limit_ns,
		.inside_ns = inside_ns,
		.who = late->who,
		.collector = run->index,
		.key = late->session,
	};

	stall_events_add(&event);
}

/* Where the gap was lost, if we know who called send. */
static void late_blame(struct bfd_state *bfd, struct bfd_late *late,
		       const struct bfd_account *before,
		       const struct bfd_account *after)
{
	const struct bfd_task *task = &bfd->tasks.rows[after->task];
	u64 called_ns = bfd_called_ns(before, after);
	u64 gap_ns = late->gap_ns, kernel_ns;

	/* What passed behind the call, more than in the gap before. */
	kernel_ns = called_ns && gap_ns > called_ns ? gap_ns - called_ns : 0;
	bfd_parts_of(before, after, gap_ns, kernel_ns, &late->parts);
	if (!called_ns)
		return;
	if (kernel_ns > called_ns - min(called_ns, late->interval_ns)) {
		late->verdict = BFD_LEFT_LATE;
		return;
	}
	late->verdict = BFD_CALLED_LATE;
	late->reason = bfd_reason_of(&late->parts, late->interval_ns);
	if (late->reason == BFD_NO_CPU &&
	    READ_ONCE(task->holders.last_ns) > late->at_ns - gap_ns)
		late->holders = task->holders;
}

/**
 * struct bfd_ending - a gap that ends with a packet of ours
 * @now: in ticks
 * @gap_ns: how long it was
 * @limit_ns: from when on it is late
 * @waited_ns: from the call of send to the device, 0 if not known
 * @patience: what it took of the peer's
 */
struct bfd_ending {
	u64 now;
	u64 gap_ns;
	u64 limit_ns;
	u64 waited_ns;
	struct bfd_patience patience;
};

/* Complete the record that was taken while it lasted, or take one. */
static noinline void bfd_late(struct stall_run *run,
			      struct bfd_session *session,
			      const struct bfd_ending *gap,
			      const struct bfd_account *before)
{
	struct bfd_state *bfd = run->priv;
	u32 number = xchg(&session->overdue, 0);
	struct bfd_late *late = bfd_late_again(&bfd->lates, number);

	if (!late)
		late = bfd_late_begin(&bfd->lates, &number);
	late->session = stall_map_number(&bfd->sessions, session);
	late->sent = true;
	late->ended = true;
	late->at_ns = stall_clock();
	late->gap_ns = gap->gap_ns;
	late->interval_ns = gap->patience.pace.interval_ns;
	late->detection_ns = gap->patience.pace.detection_ns;
	late->verdict = BFD_UNKNOWN;
	late->who = session->who;
	memset(&late->holders, 0, sizeof(late->holders));
	late_blame(bfd, late, before, &session->account);
	bfd_tell(run, late, gap->limit_ns, min(gap->waited_ns, gap->gap_ns));
	bfd_late_end(late, number);
}

/*
 * Take over who called send, and when. The task that runs here need not be the
 * sender, so it is never taken for that: better nobody is blamed than the wrong
 * one. Return: how long ago it was called, 0 if that is not known.
 */
static u64 bfd_take_call(struct stall_run *run, struct bfd_session *session,
			 u64 tag, u64 now)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_call *call = bfd_sender_find(&bfd->senders, tag);
	u64 called;

	if (likely(call)) {
		session->call = call;
		called = READ_ONCE(call->waiting);
		session->who = call->who;
		bfd_account_copy(&session->account, &call->account);
		if (likely(bfd_sender_is(call, tag))) {
			WRITE_ONCE(call->waiting, 0);
			return called ? stall_ticks_since(called, now) : 0;
		}
	}
	stall_count(run, UNKNOWN);
	session->account.at = 0;
	return 0;
}

/* What the protocol says of a gap; @gap->limit_ns is how long it may be. */
static void bfd_judge(struct bfd_session *session, struct bfd_ending *gap)
{
	struct bfd_half *tx = &session->tx;
	u64 threshold_ns = bfd_threshold_ns();

	gap->limit_ns = threshold_ns;
	gap->patience.pace.interval_ns = 0;
	gap->patience.pace.detection_ns = 0;
	if (!tx->said.multiplier)
		return;
	bfd_half_judge(tx, &session->rx, gap->gap_ns, bfd_overdue_percent(),
		       &gap->patience);
	if (!gap->patience.pace.interval_ns) {
		gap->limit_ns = U64_MAX;
		return;
	}
	if (!threshold_ns)
		gap->limit_ns = gap->patience.limit_ns;
	if (unlikely(gap->gap_ns > gap->patience.pace.detection_ns))
		session->too_late = gap->now;
}

/* @before_at: when the call before was made, in ticks; 0 if it is not known. */
static bool bfd_record_gap(struct stall_run *run, struct bfd_session *session,
			   struct bfd_ending *gap, u64 before_at)
{
	u64 interval_ns, called_ns;
	unsigned int bucket = stall_hist_bucket(gap->gap_ns);

	bfd_judge(session, gap);
	/* Of the first packet, the call may be of one before we looked. */
	if (gap->waited_ns)
		stall_record(run, TX_DELAY, gap->waited_ns);
	stall_record_in(run, TX_GAP, bucket, gap->gap_ns);
	interval_ns = gap->patience.pace.interval_ns;
	if (interval_ns && before_at && session->account.at) {
		called_ns = stall_ticks_since(before_at, session->account.at);
		if (unlikely(called_ns > interval_ns))
			stall_record(run, CALL_LATE, called_ns - interval_ns);
	}
	return bfd_session_gap(session, gap->gap_ns, bucket, &gap->limit_ns);
}

static void bfd_gap(struct stall_run *run, struct bfd_session *session,
		    u64 tag, u64 now)
{
	u64 before_at = session->account.at;
	struct bfd_account before;
	struct bfd_ending gap = { .now = now };

	gap.gap_ns = stall_ticks_since(session->last, now);
	/* Rare, and what is taken over next is needed to tell why. */
	if (unlikely(gap.gap_ns > BFD_WORTH_NS))
		before = session->account;
	gap.waited_ns = bfd_take_call(run, session, tag, now);
	if (unlikely(bfd_record_gap(run, session, &gap, before_at)))
		bfd_late(run, session, &gap,
			 gap.gap_ns > BFD_WORTH_NS ? &before :
						     &session->account);
	else if (unlikely(READ_ONCE(session->overdue)))
		WRITE_ONCE(session->overdue, 0);
}

/* What changed with this packet, or with one that came in since the last one. */
static noinline void bfd_agree(struct bfd_session *session)
{
	bfd_half_agree(&session->tx, &session->rx);
	session->interval = stall_ns_to_ticks(min(session->tx.pace.interval_ns,
						  BFD_MOST_NS));
}

/* A packet of a session that this CPU has claimed. */
static void bfd_update(struct stall_run *run, struct bfd_session *session,
		       u64 tag, u64 now)
{
	if (unlikely(session->last < bfd_port_since(session->key.port)))
		session->last = 0;
	if (likely(session->last)) {
		bfd_gap(run, session, tag, now);
	} else {
		bfd_session_first(session);
		bfd_take_call(run, session, tag, now);
	}
	session->last = now;
}

/* When the next packet is due, at the latest. */
static void bfd_expect(struct bfd_state *bfd, struct bfd_session *session,
		       u64 now)
{
	if (session->tx.said.multiplier)
		bfd_watch_due(&bfd->watch,
			      stall_map_number(&bfd->sessions, session),
			      session->interval ? now + session->interval : 0);
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

static u64 frame_tag(const struct sk_buff *skb, const struct bfd_frame *frame)
{
	const struct ipv6hdr *ip6 = frame->ip;
	const struct iphdr *ip4 = frame->ip;

	if (frame->family == AF_INET)
		return bfd_sender_tag(skb->sk, (__force u32)ip4->daddr, 0,
				      frame->udp->dest);
	return bfd_sender_tag(skb->sk, bfd_address_half(&ip6->daddr, 0),
			      bfd_address_half(&ip6->daddr, 1),
			      frame->udp->dest);
}

/* A packet that @session->tx.nr_packets does not count. */
static void bfd_count_other(struct bfd_state *bfd,
			    const struct bfd_session *session)
{
	this_cpu_inc(bfd->others[stall_map_number(&bfd->sessions, session)]);
}

/* Any packet. */
static noinline void bfd_sent_any(struct stall_run *run,
				  const struct sk_buff *skb,
				  const struct net_device *dev, u64 now)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_control control;
	enum bfd_content content;
	struct bfd_session *session;
	struct bfd_frame frame;
	struct bfd_wire wire;

	if (!bfd_frame_of(skb, skb_network_header(skb), &frame) ||
	    !bfd_is_own(skb, dev))
		return;
	stall_count(run, PACKETS);
	content = bfd_content_of(skb, &frame, &wire, &control);
	if (content == BFD_CONTENT_MALFORMED) {
		stall_count(run, MALFORMED);
		return;
	}
	session = bfd_find(bfd, &frame, dev, true) ?: bfd_add(bfd, &frame, dev);
	if (!session) {
		bfd_no_session(run);
		return;
	}
	if (!bfd_claim(&session->sequence)) {
		bfd_count_other(bfd, session);
		stall_missed(run);
		return;
	}
	session->sk = skb->sk;
	session->tag = frame_tag(skb, &frame);
	bfd_update(run, session, session->tag, now);
	if (content == BFD_CONTENT_CONTROL) {
		session->tx.nr_packets++;
		session->tx.len = frame.udp->len;
		bfd_session_says(session, &wire, &control, now);
	} else {
		bfd_count_other(bfd, session);
	}
	bfd_agree(session);
	bfd_expect(bfd, session, now);
	bfd_release(&session->sequence);
}

/*
 * Is it a packet like the one before, in time, and nothing has happened since? Then
 * little is to be done, by the same task, for the same socket and device.
 */
static __always_inline bool
is_as_usual(const struct bfd_session *session, const struct sk_buff *skb,
	    const struct net_device *dev, const struct bfd_frame *frame,
	    u64 gap_ns)
{
	return session->sk == skb->sk &&
	       session->key.ifindex == dev->ifindex &&
	       session->key.netns == dev_net(dev)->ns.inum &&
	       bfd_key_fits(&session->key, frame, true) &&
	       bfd_is_as_before(&session->tx, frame) &&
	       gap_ns <= session->tx.pace.interval_ns &&
	       session->tx.seen == READ_ONCE(session->rx.changes) &&
	       !READ_ONCE(session->overdue) &&
	       READ_ONCE(bfd_params_are_plain);
}

/* Return: how long ago send was called; U64_MAX if it is not known who did. */
static __always_inline u64 usual_call(struct bfd_session *session, u64 now)
{
	struct bfd_call *call = session->call;
	u64 called;

	if (unlikely(!call || !bfd_sender_is(call, session->tag) ||
		     call->who.pid != session->who.pid))
		return U64_MAX;
	called = READ_ONCE(call->waiting);
	bfd_account_copy(&session->account, &call->account);
	if (unlikely(!bfd_sender_is(call, session->tag)))
		return U64_MAX;
	WRITE_ONCE(call->waiting, 0);
	return called ? stall_ticks_since(called, now) : 0;
}

static __always_inline void usual_gap(struct stall_run *run,
				      struct bfd_session *session,
				      u64 gap_ns, u64 waited_ns, u64 now)
{
	struct bfd_state *bfd = run->priv;
	u32 number = stall_map_number(&bfd->sessions, session);
	unsigned int bucket = stall_hist_bucket(gap_ns);

	stall_count(run, PACKETS);
	if (waited_ns)
		stall_record(run, TX_DELAY, waited_ns);
	stall_record_in(run, TX_GAP, bucket, gap_ns);
	bfd_half_used(&session->tx, gap_ns, session->tx.pace.detection_ns);
	bfd_session_count(session, gap_ns, bucket);
	session->tx.nr_packets++;
	session->last = now;
	bfd_watch_due(&bfd->watch, number, now + session->interval);
}

/* False if it is not as usual, and nothing was done. */
static __always_inline bool bfd_sent_usual(struct stall_run *run,
					   const struct sk_buff *skb,
					   const struct net_device *dev,
					   u64 now)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	u64 gap_ns, waited_ns;
	struct bfd_frame frame;

	if (!bfd_frame_is_plain(skb, skb_network_header(skb), &frame))
		return false;
	session = bfd_recent(bfd, &frame, true);
	if (!session)
		return false;
	gap_ns = stall_ticks_since(READ_ONCE(session->last), now);
	if (!is_as_usual(session, skb, dev, &frame, gap_ns) ||
	    !bfd_claim(&session->sequence))
		return false;
	waited_ns = usual_call(session, now);
	if (likely(waited_ns != U64_MAX))
		usual_gap(run, session, gap_ns, waited_ns, now);
	bfd_release(&session->sequence);
	return waited_ns != U64_MAX;
}

/* Not inlined, so that other packets do not pay for a stack frame. */
static noinline void bfd_xmit(struct stall_hook *hook,
			      const struct sk_buff *skb,
			      const struct net_device *dev, bool timed)
{
	u64 began = stall_hook_begin(timed), now = stall_ticks();

	if (unlikely(timed && !bfd_is_it(skb, skb_network_header(skb))))
		goto out;
	if (!bfd_sent_usual(hook->run, skb, dev, now))
		bfd_sent_any(hook->run, skb, dev, now);
out:
	stall_hook_exit(hook, began);
}

/**
 * bfd_on_xmit() - a packet goes to the driver
 * @data: the hook
 * @skb: the packet
 * @dev: the device
 *
 * Context: tracepoint.
 */
void bfd_on_xmit(void *data, const struct sk_buff *skb,
		 const struct net_device *dev)
{
	/* A header that is not set, or lies behind the end, wraps around. */
	u32 room = skb_tail_pointer(skb) - skb->head - skb->network_header;
	bool timed = stall_hook_hit(data);

	if (unlikely(timed || (room - BFD_LEAST_LEN <= U16_MAX &&
			       bfd_is_it(skb, skb_network_header(skb)))))
		bfd_xmit(data, skb, dev, timed);
}

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
