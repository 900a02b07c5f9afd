// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_receive - are the peer's hellos there in time?
 *
 * A packet that comes in is seen at tracepoint netif_receive_skb, which is where
 * tcpdump looks. It makes no session: whoever can send packets could make as many as he
 * likes.
 */
#include <linux/netdevice.h>
#include <trace/events/net.h>

#include "bfd.h"
#include "bfd_skb.h"

/**
 * bfd_receive_late() - a record of a hello that came in, or was read, late
 * @bfd: the collector's state
 * @session: of the hello
 * @gap_ns: since the one before
 * @pace: that was due
 * @number: result: of the record, for bfd_late_end()
 *
 * Context: any, preemption off.
 * Return: the record, to be filled in: a stack has no room for one.
 */
struct bfd_late *bfd_receive_late(struct bfd_state *bfd,
				  const struct bfd_session *session, u64 gap_ns,
				  const struct bfd_pace *pace, u32 *number)
{
	struct bfd_late *late = bfd_late_begin(&bfd->lates, number);

	late->session = stall_map_number(&bfd->sessions, session);
	late->ended = true;
	late->at_ns = stall_clock();
	late->gap_ns = gap_ns;
	late->interval_ns = pace->interval_ns;
	late->detection_ns = pace->detection_ns;
	return late;
}

/*
 * A thread takes packets in where an interrupt does not, and may wait for a CPU. Never is
 * that the idle task, which is interrupted most often.
 */
static __always_inline bool maybe_by_thread(void)
{
	return (current->flags & (PF_KTHREAD | PF_IDLE)) == PF_KTHREAD;
}

static bool is_by_thread(void)
{
	return maybe_by_thread() &&
	       (str_has_prefix(current->comm, "ksoftirqd/") ||
		str_has_prefix(current->comm, "napi/") ||
		str_has_prefix(current->comm, "irq/"));
}

static noinline void receive_by_thread(struct bfd_session *session)
{
	if (!is_by_thread())
		return;
	session->rx_thread = current->pid;
	session->rx_waited_ns = bfd_task_waited_ns(current);
}

/* Has it waited for so long since it took in one of this session before, or ever? */
static bool thread_waited(const struct bfd_session *session, u64 late_ns)
{
	u64 before_ns = session->rx_thread == current->pid ?
			session->rx_waited_ns : 0;

	return is_by_thread() &&
	       bfd_task_waited_ns(current) >= before_ns + late_ns;
}

/* It came in late, so that is not this host's doing, as far as this host can tell. */
static noinline void came_late(struct stall_run *run,
			       struct bfd_session *session, u64 gap_ns,
			       const struct bfd_patience *patience)
{
	struct bfd_late *late;
	u32 number;

	late = bfd_receive_late(run->priv, session, gap_ns, &patience->pace,
				&number);
	late->verdict = BFD_CAME_LATE;
	late->reason = thread_waited(session, gap_ns - patience->limit_ns) ?
		       BFD_THREAD : BFD_NO_REASON;
	late->parts.rest = gap_ns;
	bfd_tell(run, late, patience->limit_ns, 0);
	bfd_late_end(late, number);
}

static void receive_gap(struct stall_run *run, struct bfd_session *session,
			u64 gap_ns)
{
	struct bfd_patience patience;
	u64 interval_ns;

	stall_record(run, RX_GAP, gap_ns);
	bfd_half_judge(&session->rx, &session->tx, gap_ns,
		       bfd_overdue_percent(), &patience);
	interval_ns = patience.pace.interval_ns;
	if (unlikely(interval_ns && gap_ns > interval_ns))
		stall_record(run, RX_LATE, gap_ns - interval_ns);
	if (unlikely(gap_ns > patience.limit_ns))
		came_late(run, session, gap_ns, &patience);
}

/* A valid packet of a session whose incoming half this CPU has claimed. */
static void receive_update(struct stall_run *run, struct bfd_session *session,
			   u64 now)
{
	struct bfd_half *half = &session->rx;

	if (likely(half->last &&
		   half->last >= bfd_port_since(session->key.port)))
		receive_gap(run, session, stall_ticks_since(half->last, now));
	receive_by_thread(session);
	half->nr_packets++;
	WRITE_ONCE(half->last, now);
	if (unlikely(half->seen != READ_ONCE(session->tx.changes)))
		bfd_half_agree(half, &session->tx);
}

static void receive_says(struct bfd_session *session,
			 const struct bfd_wire *wire,
			 const struct bfd_control *control)
{
	if (memcmp(&session->rx.wire, wire, sizeof(*wire))) {
		session->rx.wire = *wire;
		session->rx.said = *control;
		WRITE_ONCE(session->rx.changes, session->rx.changes + 1);
	}
	bfd_half_agree(&session->rx, &session->tx);
}

/*
 * Is it to be thrown away? Of a session by one hop is nothing that came from farther
 * away (RFC 5881, 5), and who knows our discriminator says it (RFC 5880, 6.8.6): once
 * the peer has done so, others are not taken for it.
 */
static bool is_strange(const struct bfd_session *session,
		       const struct bfd_frame *frame,
		       const struct bfd_control *control)
{
	const struct bfd_control *ours = &session->tx.said;
	const struct ipv6hdr *ip6 = frame->ip;
	const struct iphdr *ip4 = frame->ip;
	u8 hops = frame->family == AF_INET ? ip4->ttl : ip6->hop_limit;

	if (!ours->multiplier || session->rx.said.yours != READ_ONCE(ours->mine))
		return false;
	if (session->key.port == BFD_SINGLE_HOP && hops != U8_MAX &&
	    !(control->flags & BFD_AUTHENTICATED))
		return true;
	return control->yours && control->yours != READ_ONCE(ours->mine);
}

/* Any packet. */
static noinline void bfd_came_any(struct stall_run *run,
				  const struct sk_buff *skb, u64 now)
{
	struct bfd_state *bfd = run->priv;
	const struct net_device *dev;
	struct bfd_session *session;
	struct bfd_control control;
	enum bfd_content content;
	struct bfd_frame frame;
	struct bfd_wire wire;
	u64 before;

	if (!bfd_frame_came(skb, &frame))
		return;
	dev = bfd_device_of(skb, &frame);
	/* Of another packet, which had the same memory and was never read. */
	bfd_arrival_take(&bfd->arrivals, skb->head, &before);
	if (!dev)
		return;
	stall_count(run, RECEIVED);
	content = bfd_content_of(skb, &frame, &wire, &control);
	if (content == BFD_CONTENT_MALFORMED) {
		stall_count(run, MALFORMED);
		return;
	}
	session = bfd_find(bfd, &frame, dev, false);
	if (!session || (content == BFD_CONTENT_CONTROL &&
			 is_strange(session, &frame, &control))) {
		stall_count(run, STRANGERS);
		return;
	}
	if (!bfd_arrival_note(&bfd->arrivals, skb->head, now, session))
		stall_missed(run);
	if (content == BFD_CONTENT_OTHER)
		return;
	if (!bfd_claim(&session->rx_sequence)) {
		stall_missed(run);
		return;
	}
	session->rx_dev = skb->dev;
	session->rx_ifindex = skb->dev->ifindex;
	receive_update(run, session, now);
	session->rx.len = frame.udp->len;
	receive_says(session, &wire, &control);
	bfd_release(&session->rx_sequence);
}

/*
 * Is it a packet like the one before, in time, and nothing has happened since? Never
 * where no packet is due, as the interval is 0 then. The half is claimed.
 */
static __always_inline bool
is_as_usual(const struct bfd_session *session, const struct sk_buff *skb,
	    const struct bfd_frame *frame, u64 gap_ns)
{
	return session->rx_dev == skb->dev &&
	       session->rx_ifindex == skb->dev->ifindex &&
	       !skb_vlan_tag_present(skb) && skb->pkt_type == PACKET_HOST &&
	       bfd_key_fits(&session->key, frame, false) &&
	       bfd_is_as_before(&session->rx, frame) &&
	       gap_ns < session->rx.pace.interval_ns &&
	       session->rx.seen == READ_ONCE(session->tx.changes) &&
	       READ_ONCE(bfd_params_are_plain);
}

/* False if it is not as usual, and nothing was done. */
static __always_inline bool bfd_came_usual(struct stall_run *run,
					   const struct sk_buff *skb, u64 now)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	struct bfd_frame frame;
	u64 gap_ns;

	if (!bfd_frame_is_plain(skb, skb->data, &frame))
		return false;
	session = bfd_recent(bfd, &frame, false);
	if (!session || !bfd_claim(&session->rx_sequence))
		return false;
	gap_ns = stall_ticks_since(session->rx.last, now);
	/* Only now does the pace stay: another CPU may have had a packet. */
	if (!is_as_usual(session, skb, &frame, gap_ns)) {
		bfd_release(&session->rx_sequence);
		return false;
	}
	stall_count(run, RECEIVED);
	stall_record(run, RX_GAP, gap_ns);
	bfd_half_used(&session->rx, gap_ns, session->rx.pace.detection_ns);
	if (unlikely(maybe_by_thread()))
		receive_by_thread(session);
	session->rx.nr_packets++;
	WRITE_ONCE(session->rx.last, now);
	bfd_release(&session->rx_sequence);
	if (unlikely(!bfd_arrival_note(&bfd->arrivals, skb->head, now, session)))
		stall_missed(run);
	return true;
}

static __always_inline bool receive_wants(const struct sk_buff *skb)
{
	return skb_headlen(skb) >= BFD_LEAST_LEN &&
	       bfd_is_it(skb->protocol, skb->data);
}

/* Not inlined, so that other packets do not pay for a stack frame. */
static noinline void bfd_receive(struct stall_hook *hook,
				 const struct sk_buff *skb)
{
	u64 began = stall_hook_begin(false), now = stall_ticks();

	if (!bfd_came_usual(hook->run, skb, now))
		bfd_came_any(hook->run, skb, now);
	stall_hook_exit(hook, began);
}

static noinline void bfd_receive_tagged(struct stall_hook *hook,
					const struct sk_buff *skb)
{
	u64 began = stall_hook_begin(false);

	if (bfd_is_tagged(skb))
		bfd_came_any(hook->run, skb, stall_ticks());
	stall_hook_exit(hook, began);
}

static __always_inline void receive_sort(struct stall_hook *hook,
					 const struct sk_buff *skb)
{
	if (unlikely(receive_wants(skb)))
		bfd_receive(hook, skb);
	else if (unlikely(eth_type_vlan(skb->protocol)))
		bfd_receive_tagged(hook, skb);
}

static noinline void bfd_receive_timed(struct stall_hook *hook,
				       const struct sk_buff *skb)
{
	u64 began = stall_hook_begin(true);

	receive_sort(hook, skb);
	stall_hook_exit(hook, began);
}

/**
 * bfd_on_receive() - a packet comes in at a device
 * @data: the hook
 * @skb: the packet; its IP header is where its data begins
 *
 * Context: tracepoint.
 */
void bfd_on_receive(void *data, struct sk_buff *skb)
{
	if (unlikely(stall_hook_hit(data)))
		bfd_receive_timed(data, skb);
	else
		receive_sort(data, skb);
}
