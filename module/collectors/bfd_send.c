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
#include <net/net_namespace.h>
#include <trace/events/net.h>

#include "bfd.h"
#include "bfd_params.h"
#include "bfd_skb.h"

/* No longer interval is watched: nine minutes, as stall_ns_to_ticks() has it. */
#define BFD_MOST_NS	BIT_ULL(39)

static struct bfd_session *bfd_add(struct bfd_state *bfd,
				   const struct bfd_frame *frame,
				   const struct net_device *dev)
{
	struct bfd_key key;

	bfd_key_of(&key, frame, dev, true);
	return stall_map_add(&bfd->sessions, &key);
}

/* One over several hops may leave by another device as routes change. */
static void bfd_leaves_by(struct bfd_session *session,
			  const struct net_device *dev)
{
	if (likely(session->ifindex == dev->ifindex))
		return;
	memcpy(session->device, dev->name, sizeof(session->device));
	session->ifindex = dev->ifindex;
}

/* What changed with this packet, or with one that came in since the last one. */
static noinline void bfd_agree(struct bfd_session *session)
{
	u64 interval_ns;

	bfd_half_agree(&session->tx, &session->rx);
	interval_ns = session->tx.pace.interval_ns;
	/* What the peer asked for is not known, but how we go by it is. */
	if (interval_ns && bfd_is_unheard(&session->tx, &session->rx))
		interval_ns = max(interval_ns, bfd_median_ns(session));
	session->interval = stall_ns_to_ticks(min(interval_ns, BFD_MOST_NS));
}

/* A packet of a session that this CPU has claimed; of a new one, if @anew. */
static void bfd_update(struct stall_run *run, struct bfd_session *session,
		       u64 tag, bool anew, u64 now)
{
	if (likely(!anew && session->last &&
		   session->last >= bfd_port_since(session->key.port))) {
		bfd_gap(run, session, tag, now);
	} else {
		bfd_session_first(session);
		bfd_take_call(run, session, tag, now);
	}
	WRITE_ONCE(session->last, now);
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

/* Who ended a session and made it again was not late in between. */
static bool is_anew(const struct bfd_session *session,
		    const struct bfd_control *control)
{
	return session->tx.said.multiplier &&
	       control->mine != session->tx.said.mine;
}

/*
 * Does another process send for the same addresses? A session that is made again begins
 * with Down (RFC 5880, 6.8.1).
 */
static bool is_another(const struct bfd_session *session,
		       const struct bfd_control *control, u64 now)
{
	const struct bfd_half *tx = &session->tx;

	return is_anew(session, control) && control->state > BFD_DOWN &&
	       stall_ticks_since(session->last, now) < tx->pace.detection_ns;
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
	bool anew;

	if (!bfd_frame_of(skb, skb->protocol, skb_network_header(skb),
			  &frame) ||
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
	if (content == BFD_CONTENT_CONTROL &&
	    is_another(session, &control, now)) {
		stall_count(run, STRANGERS);
		bfd_release(&session->sequence);
		return;
	}
	session->sk = skb->sk;
	session->tag = frame_tag(skb, &frame);
	bfd_leaves_by(session, dev);
	anew = content == BFD_CONTENT_CONTROL && is_anew(session, &control);
	if (anew)
		bfd_overdue_silent(bfd, stall_map_number(&bfd->sessions,
							 session));
	bfd_update(run, session, session->tag, anew, now);
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
 * little is to be done, by the same task, for the same socket and device. Never where
 * no packet is due, as the interval is 0 then. The session is claimed.
 */
static __always_inline bool
is_as_usual(const struct bfd_session *session, const struct sk_buff *skb,
	    const struct net_device *dev, const struct bfd_frame *frame,
	    u64 gap_ns)
{
	return session->sk == skb->sk &&
	       session->ifindex == dev->ifindex &&
	       session->key.netns == dev_net(dev)->ns.inum &&
	       bfd_key_fits(&session->key, frame, true) &&
	       bfd_is_as_before(&session->tx, frame) &&
	       gap_ns < session->tx.pace.interval_ns &&
	       session->tx.seen == READ_ONCE(session->rx.changes) &&
	       !READ_ONCE(session->overdue) &&
	       READ_ONCE(bfd_params_are_plain);
}

/* Return: how long ago send was called; U64_MAX if that is long, or not known by whom. */
static __always_inline u64 usual_call(struct bfd_session *session, u64 now)
{
	struct bfd_call *call = session->call;
	u64 called, waited_ns;

	if (unlikely(!call || !bfd_sender_is(call, session->tag) ||
		     call->who.pid != session->who.pid ||
		     call->account.epoch != session->account.epoch))
		return U64_MAX;
	called = READ_ONCE(call->waiting);
	waited_ns = called ? stall_ticks_since(called, now) : 0;
	if (unlikely(waited_ns > BFD_WORTH_NS))
		return U64_MAX;
	bfd_account_copy(&session->account, &call->account);
	if (unlikely(!bfd_sender_is(call, session->tag)))
		return U64_MAX;
	WRITE_ONCE(call->waiting, 0);
	return waited_ns;
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
	if (!session || !bfd_claim(&session->sequence))
		return false;
	gap_ns = stall_ticks_since(session->last, now);
	/* Only now does the pace stay: another CPU may have had a packet. */
	waited_ns = is_as_usual(session, skb, dev, &frame, gap_ns) ?
		    usual_call(session, now) : U64_MAX;
	if (likely(waited_ns != U64_MAX))
		usual_gap(run, session, gap_ns, waited_ns, now);
	bfd_release(&session->sequence);
	return waited_ns != U64_MAX;
}

static __always_inline bool xmit_wants(const struct sk_buff *skb)
{
	u32 tail = skb_tail_pointer(skb) - skb->head;

	/* A header that is not set lies behind the end. */
	return skb->network_header + BFD_LEAST_LEN <= tail &&
	       bfd_is_it(skb->protocol, skb_network_header(skb));
}

/* Not inlined, so that other packets do not pay for a stack frame. */
static noinline void bfd_xmit(struct stall_hook *hook,
			      const struct sk_buff *skb,
			      const struct net_device *dev)
{
	u64 began = stall_hook_begin(false), now = stall_ticks();

	if (!bfd_sent_usual(hook->run, skb, dev, now))
		bfd_sent_any(hook->run, skb, dev, now);
	stall_hook_exit(hook, began);
}

static noinline void bfd_xmit_timed(struct stall_hook *hook,
				    const struct sk_buff *skb,
				    const struct net_device *dev)
{
	u64 began = stall_hook_begin(true);

	if (xmit_wants(skb))
		bfd_xmit(hook, skb, dev);
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
	if (unlikely(stall_hook_hit(data)))
		bfd_xmit_timed(data, skb, dev);
	else if (unlikely(xmit_wants(skb)))
		bfd_xmit(data, skb, dev);
}
