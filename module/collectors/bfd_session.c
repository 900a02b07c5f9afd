// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_session - one direction of a BFD session, and its gaps
 *
 * How often hellos ought to come is not known here but learnt: the median of
 * the latest gaps follows a change of interval after half a window, and is not
 * moved by a few late ones.
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
 * bfd_session_sent() - a session's packet goes out
 * @session: which
 * @now: when, in ns
 * @threshold_ns: gaps over this are too long; 0 for two running medians
 * @gap: result
 *
 * Context: any, preemption off, the session claimed.
 * Return: true if the gap was too long.
 */
bool bfd_session_sent(struct bfd_session *session, u64 now, u64 threshold_ns,
		      struct bfd_gap *gap)
{
	u64 last = session->last_ns, median_ns = bfd_median_ns(session);
	unsigned int bucket;

	WRITE_ONCE(session->last_ns, now);
	gap->first = !last;
	gap->gap_ns = 0;
	gap->limit_ns = 0;
	if (gap->first && !session->first_ns) {
		session->min_gap_ns = U64_MAX;
		/* Pairs with the acquire in bfd_collect(). */
		smp_store_release(&session->first_ns, now);
	}
	if (gap->first)
		return false;
	/* The clocks of two CPUs may differ by a little. */
	gap->gap_ns = now > last ? now - last : 0;
	gap->limit_ns = threshold_ns ?: 2 * median_ns;

	bucket = stall_hist_clamp(stall_hist_bucket(gap->gap_ns),
				  BFD_FIRST_BUCKET, BFD_NR_BUCKETS);
	session->buckets[bucket]++;
	session->gap_sum_ns += gap->gap_ns;
	session->min_gap_ns = min(session->min_gap_ns, gap->gap_ns);
	if (gap->gap_ns > session->max_gap_ns) {
		session->max_gap_ns = gap->gap_ns;
		session->max_gap_at_ns = now;
	}
	count_over(session, gap->gap_ns, median_ns);
	if (gap->gap_ns >= BFD_ANSWER_NS)
		window_add(session, gap->gap_ns);
	if (!gap->limit_ns || gap->gap_ns <= gap->limit_ns)
		return false;
	session->nr_late++;
	return true;
}
