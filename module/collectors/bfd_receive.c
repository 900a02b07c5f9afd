// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_receive - are the peer's hellos there in time, and are they read?
 *
 * A packet that comes in is seen at tracepoint netif_receive_skb, which is where
 * tcpdump looks, and once more as the daemon reads it, at skb_consume_udp(). It
 * makes no session: whoever can send packets could make as many as he likes.
 */
#include <linux/netdevice.h>
#include <net/inet_sock.h>
#include <trace/events/net.h>

#include "bfd.h"
#include "bfd_skb.h"

/* What a packet waits at the least that could be read late. */
#define READ_NS		((u64)NSEC_PER_MSEC)

/* A packet that comes in changes what was agreed for some 100 instructions. */
#define READ_TRIES	8

/* A record, to be filled in: a stack has no room for one. */
static struct bfd_late *receive_late(struct bfd_state *bfd,
				     struct bfd_session *session, u64 gap_ns,
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

/* It came in late, so that is not this host's doing. */
static noinline void came_late(struct stall_run *run,
			       struct bfd_session *session, u64 gap_ns,
			       const struct bfd_patience *patience)
{
	struct bfd_late *late;
	u32 number;

	late = receive_late(run->priv, session, gap_ns, &patience->pace, &number);
	late->verdict = BFD_CAME_LATE;
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

	if (!bfd_frame_of(skb, skb->data, &frame))
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
	if (!session) {
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
	session->rx.nr_packets++;
	WRITE_ONCE(session->rx.last, now);
	bfd_release(&session->rx_sequence);
	if (unlikely(!bfd_arrival_note(&bfd->arrivals, skb->head, now, session)))
		stall_missed(run);
	return true;
}

static __always_inline bool receive_wants(const struct sk_buff *skb)
{
	return skb_headlen(skb) >= BFD_LEAST_LEN && bfd_is_it(skb, skb->data);
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

static noinline void bfd_receive_timed(struct stall_hook *hook,
				       const struct sk_buff *skb)
{
	u64 began = stall_hook_begin(true);

	if (receive_wants(skb))
		bfd_receive(hook, skb);
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
	else if (unlikely(receive_wants(skb)))
		bfd_receive(data, skb);
}

/* Was a hello of ours late in a gap between two reads, or is it now? */
static bool own_is_late(const struct bfd_session *session, u64 now, u64 gap_ns)
{
	u64 last = READ_ONCE(session->last), late = READ_ONCE(session->late);
	u64 limit_ns = bfd_threshold_ns() ?:
		       bfd_pace_limit_ns(&session->tx.pace,
					 bfd_overdue_percent());

	return (last && stall_ticks_since(last, now) > limit_ns) ||
	       (late && stall_ticks_since(late, now) < gap_ns);
}

/*
 * Without the time between device and read it would have been there in time: the
 * reader is to blame for what it did since its read before. If it sent late as well,
 * that is the event.
 */
static noinline void read_late(struct stall_run *run,
			       struct bfd_session *session, u64 gap_ns,
			       const struct bfd_pace *pace, u64 limit_ns,
			       const struct bfd_account *account)
{
	struct bfd_state *bfd = run->priv;
	const struct bfd_task *task = &bfd->tasks.rows[account->task];
	struct bfd_late *late;
	u32 number;

	late = receive_late(bfd, session, gap_ns, pace, &number);
	late->verdict = BFD_READ_LATE;
	bfd_parts_of(&session->reading.account, account, gap_ns, 0,
		     &late->parts);
	late->reason = bfd_reason_of(&late->parts, late->interval_ns);
	stall_who_current(&late->who);
	if (late->reason == BFD_NO_CPU &&
	    READ_ONCE(task->holders.last_ns) > late->at_ns - gap_ns)
		late->holders = task->holders;
	if (!own_is_late(session, account->at, gap_ns))
		bfd_tell(run, late, limit_ns, 0);
	bfd_late_end(late, number);
}

/* What was due since the read before; false if packets come in all the time. */
static bool read_pace(const struct bfd_session *session, struct bfd_pace *pace)
{
	unsigned int tries;
	u32 moment;

	for (tries = 0; tries < READ_TRIES; tries++) {
		moment = bfd_moment(&session->rx_sequence);
		bfd_half_pace_since(&session->rx, session->reading.account.at,
				    pace);
		if (!bfd_changed(&session->rx_sequence, moment))
			return true;
	}
	return false;
}

static noinline void read_judge(struct stall_run *run,
				struct bfd_session *session, u64 now,
				u64 delay_ns)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_account account = {};
	struct bfd_pace pace;
	u64 gap_ns, limit_ns;

	if (!read_pace(session, &pace)) {
		stall_missed(run);
		return;
	}
	gap_ns = stall_ticks_since(session->reading.account.at, now);
	limit_ns = bfd_pace_limit_ns(&pace, bfd_overdue_percent());
	bfd_account_current(&bfd->tasks, now, &account);
	if (gap_ns > limit_ns && delay_ns > gap_ns - limit_ns)
		read_late(run, session, gap_ns, &pace, limit_ns, &account);
}

static __always_inline void bfd_read(struct stall_run *run,
				     const struct sk_buff *skb)
{
	struct bfd_state *bfd = run->priv;
	struct bfd_session *session;
	u64 now = stall_ticks(), came, delay_ns;

	session = bfd_arrival_take(&bfd->arrivals, skb->head, &came);
	/* One that came in before we looked, or for no session. */
	if (unlikely(!session))
		return;
	delay_ns = stall_ticks_since(came, now);
	stall_record(run, RX_DELAY, delay_ns);
	if (unlikely(!bfd_claim(&session->reading.sequence))) {
		stall_missed(run);
		return;
	}
	if (unlikely(delay_ns > READ_NS && session->reading.account.at))
		read_judge(run, session, now, delay_ns);
	bfd_account_current(&bfd->tasks, now, &session->reading.account);
	bfd_release(&session->reading.sequence);
}

/* skb_consume_udp(sk, skb, len); a negative len is that of a peek. */
static __always_inline bool read_wants(struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);

	return bfd_port(inet_sk(sk)->inet_sport) &&
	       (int)regs_get_kernel_argument(regs, 2) >= 0;
}

static __always_inline void read_packet(struct stall_run *run,
					struct pt_regs *regs)
{
	bfd_read(run, (void *)regs_get_kernel_argument(regs, 1));
}

STALL_MAKE_CALLBACK(bfd_read_callback, read_wants, read_packet);

/**
 * bfd_on_read() - the entry of skb_consume_udp()
 * @run: the collector's run
 * @regs: with the arguments
 *
 * Context: that of the reader, preemption off.
 */
void bfd_on_read(struct stall_run *run, struct pt_regs *regs)
{
	if (read_wants(regs))
		read_packet(run, regs);
}

NOKPROBE_SYMBOL(bfd_on_read);
