/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_session.h - one direction of a BFD session, and its gaps
 */
#ifndef STALL_BFD_SESSION_H
#define STALL_BFD_SESSION_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "../collector.h"

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
 * @ifindex: of the device that packets go out by
 * @family: AF_INET or AF_INET6
 * @port: destination port, in host order
 * @source: address; an IPv4 one stands in the first word
 * @destination: address
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
 * struct bfd_session - a session's hellos
 * @key: which session
 * @sequence: odd while a CPU updates it; see bfd_session_claim()
 * @first_ns: first packet
 * @last_ns: latest packet, 0 before the first
 * @gap_sum_ns: of all gaps
 * @min_gap_ns: smallest gap
 * @max_gap_ns: largest gap
 * @max_gap_at_ns: when that ended
 * @nr_late: gaps over the threshold
 * @nr_over: gaps over 1.25, 2 and 3 running medians
 * @nr_recent: gaps so far, up to BFD_WINDOW
 * @oldest: place in @recent of the one that goes next
 * @recent: latest gaps in microseconds, a ring
 * @sorted: the same in order
 * @buckets: histogram of gaps
 * @who: sender of the latest packet
 * @device: name of the device when the session was first seen
 */
struct bfd_session {
	struct bfd_key key;
	u32 sequence;
	u64 first_ns;
	u64 last_ns;
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
};

/**
 * struct bfd_gap - the time since a session's packet before
 * @first: there was none
 * @gap_ns: how long
 * @limit_ns: how long is too long, 0 while that is not known
 */
struct bfd_gap {
	bool first;
	u64 gap_ns;
	u64 limit_ns;
};

/**
 * bfd_session_claim() - begin an update
 * @session: which
 *
 * Nothing orders the packets of one session if two threads send them, so the
 * fields are written by one CPU at a time. Nobody waits: who finds a session
 * claimed, by another CPU or by what it has interrupted, counts a miss. The
 * locked instruction is on the path of BFD packets only, some a second.
 *
 * Context: any, preemption off.
 * Return: false if it is claimed already.
 */
static inline bool bfd_session_claim(struct bfd_session *session)
{
	u32 sequence = READ_ONCE(session->sequence);

	/* Orders what is written next after it, for bfd_session_changed(). */
	return !(sequence & 1) &&
	       cmpxchg(&session->sequence, sequence, sequence + 1) == sequence;
}

/**
 * bfd_session_release() - end an update
 * @session: claimed by the caller
 */
static inline void bfd_session_release(struct bfd_session *session)
{
	/* Pairs with the acquire in bfd_session_moment(). */
	smp_store_release(&session->sequence, session->sequence + 1);
}

/**
 * bfd_session_moment() - begin to read
 * @session: which
 *
 * Return: what bfd_session_changed() wants.
 */
static inline u32 bfd_session_moment(const struct bfd_session *session)
{
	/* Pairs with the release in bfd_session_release(). */
	return smp_load_acquire(&session->sequence);
}

/**
 * bfd_session_changed() - was it updated while it was read?
 * @session: which
 * @moment: what bfd_session_moment() said
 *
 * Return: true if what was read may be of two moments.
 */
static inline bool bfd_session_changed(const struct bfd_session *session,
				       u32 moment)
{
	/* Pairs with the order of bfd_session_claim(). */
	smp_rmb();
	return moment & 1 || READ_ONCE(session->sequence) != moment;
}

u64 bfd_median_ns(const struct bfd_session *session);
bool bfd_session_sent(struct bfd_session *session, u64 now, u64 threshold_ns,
		      struct bfd_gap *gap);

#endif /* STALL_BFD_SESSION_H */
