// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_session - a BFD session as one end of it sees it
 *
 * How often packets ought to go out is what both ends agreed. Of packets that do
 * not say, like those of the echo function, it is learnt: the median of the
 * latest gaps follows a change of interval after half a window, and is not moved
 * by a few late ones.
 */
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "bfd_session.h"

/**
 * bfd_median_ns() - median of the latest gaps
 * @session: the session
 *
 * Return: ns, 0 while there are too few.
 */
u64 bfd_median_ns(const struct bfd_session *session)
{
	unsigned int nr = min_t(unsigned int, READ_ONCE(session->nr_recent),
				BFD_WINDOW);

	if (nr < BFD_WINDOW_LEAST)
		return 0;
	return session->sorted[nr / 2] * (u64)NSEC_PER_USEC;
}

/**
 * bfd_session_limit_ns() - from when on is a hello of ours late?
 * @session: the session
 * @limit_ns: by what its packets say
 *
 * Return: ns since the one before, U64_MAX if that is not known.
 */
u64 bfd_session_limit_ns(const struct bfd_session *session, u64 limit_ns)
{
	u64 median_ns;

	if (likely(!bfd_is_unheard(&session->tx, &session->rx)))
		return limit_ns;
	median_ns = bfd_median_ns(session);
	return median_ns ? max(limit_ns, 2 * median_ns) : U64_MAX;
}

static void sorted_insert(u32 *sorted, unsigned int nr, u32 gap_us)
{
	for (; nr > 0 && sorted[nr - 1] > gap_us; nr--)
		sorted[nr] = sorted[nr - 1];
	sorted[nr] = gap_us;
}

/* Take one out of a full window; false if it is not there. */
static bool sorted_remove(u32 *sorted, u32 gap_us)
{
	unsigned int i = 0;

	while (i < BFD_WINDOW && sorted[i] != gap_us)
		i++;
	if (i == BFD_WINDOW)
		return false;
	for (; i < BFD_WINDOW - 1; i++)
		sorted[i] = sorted[i + 1];
	return true;
}

/* Put a gap into the window and the oldest out; loops are of its length. */
static void window_add(struct bfd_session *session, u64 gap_ns)
{
	u32 gap_us = min_t(u64, div_u64(gap_ns, NSEC_PER_USEC), U32_MAX);
	unsigned int nr = min_t(unsigned int, session->nr_recent, BFD_WINDOW);
	unsigned int at = session->oldest % BFD_WINDOW, i;
	u32 oldest_us = session->recent[at];

	session->recent[at] = gap_us;
	session->oldest = (at + 1) % BFD_WINDOW;
	if (nr < BFD_WINDOW) {
		sorted_insert(session->sorted, nr, gap_us);
		WRITE_ONCE(session->nr_recent, nr + 1);
	} else if (sorted_remove(session->sorted, oldest_us)) {
		sorted_insert(session->sorted, BFD_WINDOW - 1, gap_us);
	} else {
		for (i = 0; i < BFD_WINDOW; i++)
			sorted_insert(session->sorted, i, session->recent[i]);
	}
}

static void count_over(struct bfd_session *session, u64 gap_ns, u64 median_ns)
{
	/* Quarters, as 1.25 is five of them. */
	if (!median_ns)
		return;
	session->nr_over[0] += gap_ns * 4 > median_ns * 5;
	session->nr_over[1] += gap_ns > median_ns * 2;
	session->nr_over[2] += gap_ns > median_ns * 3;
}

/**
 * bfd_session_first() - a session's first packet goes out
 * @session: which
 *
 * Context: any, preemption off, the session claimed.
 */
void bfd_session_first(struct bfd_session *session)
{
	if (session->first_ns)
		return;
	session->min_gap_ns = U64_MAX;
	/* Pairs with the acquire in bfd_collect(). */
	smp_store_release(&session->first_ns, stall_clock());
}

/**
 * bfd_session_largest() - never was a gap so long
 * @session: which
 * @gap_ns: the gap
 */
void bfd_session_largest(struct bfd_session *session, u64 gap_ns)
{
	session->max_gap_ns = gap_ns;
	session->max_gap_at_ns = stall_clock();
}

/**
 * bfd_session_paused() - a gap that is none between answers
 * @session: which
 * @gap_ns: the gap, BFD_ANSWER_NS at least
 *
 * Context: any, preemption off, the session claimed.
 */
void bfd_session_paused(struct bfd_session *session, u64 gap_ns)
{
	count_over(session, gap_ns, bfd_median_ns(session));
	window_add(session, gap_ns);
	/* It goes by what is usual: that is looked at again with the next packet. */
	if (unlikely(session->tx.unheard))
		session->sk = NULL;
}

/**
 * bfd_session_gap() - a packet goes out, not the session's first
 * @session: which
 * @gap_ns: since the one before
 * @bucket: that gap's in a histogram
 * @limit_ns: gaps over this are too long; if 0, changed to two running medians, or
 *	left if that is not known yet
 *
 * Context: any, preemption off, the session claimed.
 * Return: true if the gap was too long.
 */
bool bfd_session_gap(struct bfd_session *session, u64 gap_ns,
		     unsigned int bucket, u64 *limit_ns)
{
	if (!*limit_ns)
		*limit_ns = 2 * bfd_median_ns(session);
	bfd_session_count(session, gap_ns, bucket);
	if (!*limit_ns || gap_ns <= *limit_ns)
		return false;
	session->nr_late++;
	return true;
}

/*
 * Was it us? Either the peer's detection time was over before our packet came; or
 * ours was, and yet the peer's packets had come in: they were not read.
 */
static bool flap_is_ours(const struct bfd_session *session,
			 const struct bfd_control *control, u64 now)
{
	u64 patience_ns = session->rx.pace.detection_ns;
	u64 arrived = READ_ONCE(session->rx.last);

	if (session->too_late && stall_ticks_since(session->too_late, now) <=
	    2 * session->tx.pace.detection_ns)
		return true;
	return control->diag == BFD_DIAG_EXPIRED && arrived && patience_ns &&
	       stall_ticks_since(arrived, now) < patience_ns - patience_ns / 8;
}

/**
 * bfd_session_says() - a packet of ours says something
 * @session: which
 * @wire: the packet
 * @control: what it says
 * @now: when it went out, in ticks
 *
 * Context: any, preemption off, the session claimed.
 */
void bfd_session_says(struct bfd_session *session, const struct bfd_wire *wire,
		      const struct bfd_control *control, u64 now)
{
	const struct bfd_control *before = &session->tx.said;

	if (!memcmp(&session->tx.wire, wire, sizeof(*wire)))
		return;
	if (before->multiplier && before->state != control->state) {
		session->nr_changes++;
		/* Who takes it down, or ends it, on purpose has no flap; the peer has. */
		if (before->state == BFD_UP && before->mine == control->mine &&
		    control->state != BFD_ADMIN_DOWN) {
			session->nr_flaps++;
			session->nr_caused += flap_is_ours(session, control,
							   now);
		}
	}
	session->tx.wire = *wire;
	session->tx.said = *control;
	WRITE_ONCE(session->tx.changes, session->tx.changes + 1);
}
