/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_session.h - a BFD session as one end of it sees it
 */
#ifndef STALL_BFD_SESSION_H
#define STALL_BFD_SESSION_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "bfd_protocol.h"
#include "bfd_task.h"

struct bfd_call;
struct net_device;
struct sock;

/* Gaps that the running median is taken of, odd so that one is the middle. */
#define BFD_WINDOW		15U

/* Fewer gaps than this have no median to be compared with. */
#define BFD_WINDOW_LEAST	7U

/*
 * A gap below this is no interval. Polls are answered at once (RFC 5880, 6.8.7),
 * and a session that comes up answers a burst of them; daemons allow intervals
 * of 10 ms and more.
 */
#define BFD_ANSWER_NS		(5 * (u64)NSEC_PER_MSEC)

/* Of a gap below this nobody asks why: timers of sessions in software are longer. */
#define BFD_WORTH_NS		((u64)NSEC_PER_MSEC)

/*
 * A session's histogram is the part of the layout from 1 ms to 17 s, as a full
 * one for each of 1,024 sessions would be 4 MiB. Hellos in software are some
 * milliseconds apart at the least, and the largest gap is kept apart.
 */
#define BFD_FIRST_BUCKET	143U
#define BFD_NR_BUCKETS		114U

/**
 * struct bfd_key - what tells sessions apart
 * @netns: inode number of the network namespace
 * @ifindex: of the device that packets go out by; of a session over several hops, which
 *	may be any, that of its VRF, or 0
 * @family: AF_INET or AF_INET6
 * @port: destination port, in host order
 * @source: our address; an IPv4 one stands in the first word
 * @destination: the peer's
 *
 * Hashed and compared as bytes: zero it first.
 */
struct bfd_key {
	u32 netns;
	u32 ifindex;
	u16 family;
	u16 port;
	struct in6_addr source;
	struct in6_addr destination;
};

/**
 * struct bfd_reading - how a session's packets are read
 * @sequence: odd while it is updated
 * @account: the reader's at its latest read
 */
struct bfd_reading {
	u32 sequence;
	struct bfd_account account;
};

/**
 * struct bfd_session - a session's hellos
 * @key: which session
 * @sequence: odd while a CPU updates what we send; see bfd_claim()
 * @rx_sequence: the same for what comes in
 * @first_ns: first packet
 * @last: latest packet, in ticks; 0 before the first
 * @gap_sum_ns: of all gaps
 * @min_gap_ns: smallest gap
 * @max_gap_ns: largest gap
 * @max_gap_at_ns: when that ended
 * @nr_late: gaps that were too long
 * @nr_over: gaps over 1.25, 2 and 3 running medians
 * @nr_recent: gaps so far, up to BFD_WINDOW
 * @oldest: place in @recent of the one that goes next
 * @recent: latest gaps in microseconds, a ring
 * @sorted: the same in order
 * @buckets: histogram of gaps
 * @who: sender of the latest packet
 * @device: name of the device that the latest packet left by
 * @ifindex: its number
 * @account: the sender's at its latest call
 * @tx: what we send, by the protocol
 * @rx: what comes in, by the protocol
 * @reading: how that is read
 * @overdue: number of the record that was taken as the next packet is overdue, 0
 *	if there is none
 * @too_late: when a packet of ours came last after the peer's detection time, in
 *	ticks; 0 for never
 * @late: when a packet of ours came last that was late, in ticks; 0 for never
 * @interval: the interval agreed for what we send, in ticks
 * @sk: the socket that sent the latest packet, to be compared only
 * @tag: of it and of where it sends to
 * @call: the place where its calls are noted
 * @rx_dev: the lowest device that the latest packet came in by, to be compared only
 * @rx_ifindex: its number
 * @rx_thread: the kernel's thread that took in a packet last, 0 if none did
 * @rx_waited_ns: how long it had waited for a CPU then, in all its life
 * @nr_changes: of our state
 * @nr_flaps: times that it was Up and no longer is, and not by our administrator
 * @nr_caused: of them, by our own lateness
 */
struct bfd_session {
	struct bfd_key key;
	u32 sequence;
	u32 rx_sequence;
	u32 overdue;
	u64 first_ns;
	u64 last;
	u64 gap_sum_ns;
	u64 min_gap_ns;
	u64 max_gap_ns;
	u64 max_gap_at_ns;
	u32 nr_late;
	u32 nr_over[3];
	u16 nr_recent;
	u16 oldest;
	u32 recent[BFD_WINDOW];
	u32 sorted[BFD_WINDOW];
	u32 buckets[BFD_NR_BUCKETS];
	struct stall_who who;
	char device[16];
	int ifindex;
	struct bfd_account account;
	struct bfd_half tx;
	struct bfd_half rx;
	struct bfd_reading reading;
	u64 too_late;
	u64 late;
	u64 interval;
	const struct sock *sk;
	u64 tag;
	struct bfd_call *call;
	const struct net_device *rx_dev;
	int rx_ifindex;
	s32 rx_thread;
	u64 rx_waited_ns;
	u64 nr_changes;
	u64 nr_flaps;
	u64 nr_caused;
};

/**
 * bfd_claim() - begin an update
 * @sequence: of the part of a session that is to be updated
 *
 * Nothing orders the packets of one session if two threads send them, so the
 * fields are written by one CPU at a time. Nobody waits: who finds a part
 * claimed, by another CPU or by what it has interrupted, counts a miss. The
 * locked instruction is on the path of BFD packets only, some a second.
 *
 * Context: any, preemption off.
 * Return: false if it is claimed already.
 */
static inline bool bfd_claim(u32 *sequence)
{
	u32 now = READ_ONCE(*sequence);

	/* Orders what is written next after it, for bfd_changed(). */
	return !(now & 1) && cmpxchg(sequence, now, now + 1) == now;
}

/**
 * bfd_release() - end an update
 * @sequence: claimed by the caller
 */
static inline void bfd_release(u32 *sequence)
{
	/* Pairs with the acquire in bfd_moment(). */
	smp_store_release(sequence, *sequence + 1);
}

/**
 * bfd_moment() - begin to read
 * @sequence: of the part that is read
 *
 * Return: what bfd_changed() wants.
 */
static inline u32 bfd_moment(const u32 *sequence)
{
	/* Pairs with the release in bfd_release(). */
	return smp_load_acquire(sequence);
}

/**
 * bfd_changed() - was it updated while it was read?
 * @sequence: of the part that was read
 * @moment: what bfd_moment() said
 *
 * Return: true if what was read may be of two moments.
 */
static inline bool bfd_changed(const u32 *sequence, u32 moment)
{
	/* Pairs with the order of bfd_claim(). */
	smp_rmb();
	return moment & 1 || READ_ONCE(*sequence) != moment;
}

u64 bfd_median_ns(const struct bfd_session *session);
u64 bfd_session_limit_ns(const struct bfd_session *session, u64 limit_ns);
void bfd_session_first(struct bfd_session *session);
bool bfd_session_gap(struct bfd_session *session, u64 gap_ns,
		     unsigned int bucket, u64 *limit_ns);
void bfd_session_largest(struct bfd_session *session, u64 gap_ns);
void bfd_session_paused(struct bfd_session *session, u64 gap_ns);
void bfd_session_says(struct bfd_session *session, const struct bfd_wire *wire,
		      const struct bfd_control *control, u64 now);

/**
 * bfd_session_count() - count a gap, too long or not
 * @session: which
 * @gap_ns: the gap
 * @bucket: that gap's in a histogram
 *
 * Context: any, preemption off, the session claimed.
 */
static __always_inline void bfd_session_count(struct bfd_session *session,
					      u64 gap_ns, unsigned int bucket)
{
	session->buckets[stall_hist_clamp(bucket, BFD_FIRST_BUCKET,
					  BFD_NR_BUCKETS)]++;
	session->gap_sum_ns += gap_ns;
	if (unlikely(gap_ns < session->min_gap_ns))
		session->min_gap_ns = gap_ns;
	if (unlikely(gap_ns > session->max_gap_ns))
		bfd_session_largest(session, gap_ns);
	if (gap_ns >= BFD_ANSWER_NS)
		bfd_session_paused(session, gap_ns);
}

#endif /* STALL_BFD_SESSION_H */
