// SPDX-License-Identifier: GPL-2.0
/* bfd_session_test - sessions, their gaps and their median */
#include <kunit/test.h>
#include <linux/sort.h>

#include "../module/collectors/bfd_session.c"
#include "random.h"
#include "suites.h"

#define MS	((u64)NSEC_PER_MSEC)

static int session_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct bfd_session),
				   GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* Send once after each of some gaps; how many were too long. */
static unsigned int send(struct bfd_session *session, u64 limit_ns,
			 u64 gap_ns, unsigned int times)
{
	unsigned int late = 0;
	u64 limit;

	bfd_session_first(session);
	while (times--) {
		limit = limit_ns;
		late += bfd_session_gap(session, gap_ns,
					stall_hist_bucket(gap_ns), &limit);
	}
	return late;
}

static void gap_over_two_medians_is_late(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	u64 limit_ns = 0;

	KUNIT_EXPECT_EQ(test, send(session, 0, 400 * MS, 10), 0U);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 400 * MS);
	KUNIT_EXPECT_EQ(test, send(session, 0, 800 * MS, 1), 0U);
	KUNIT_EXPECT_TRUE(test, bfd_session_gap(session, 1300 * MS,
						stall_hist_bucket(1300 * MS),
						&limit_ns));
	KUNIT_EXPECT_EQ(test, limit_ns, 800 * MS);
	KUNIT_EXPECT_EQ(test, session->max_gap_ns, 1300 * MS);
	KUNIT_EXPECT_EQ(test, session->nr_late, 1U);
}

static void limit_replaces_the_median(struct kunit *test)
{
	struct bfd_session *session = test->priv;

	KUNIT_EXPECT_EQ(test, send(session, 1000 * MS, 900 * MS, 1), 0U);
	KUNIT_EXPECT_EQ(test, send(session, 1000 * MS, 10 * MS, 8), 0U);
	KUNIT_EXPECT_EQ(test, send(session, 1000 * MS, 1000 * MS, 1), 0U);
	KUNIT_EXPECT_EQ(test, send(session, 1000 * MS, 1001 * MS, 1), 1U);
	KUNIT_EXPECT_EQ(test, send(session, U64_MAX, 9000 * MS, 1), 0U);
}

static void without_a_median_nothing_is_late(struct kunit *test)
{
	struct bfd_session *session = test->priv;

	KUNIT_EXPECT_EQ(test, send(session, 0, 10 * MS, BFD_WINDOW_LEAST - 1), 0U);
	KUNIT_EXPECT_EQ(test, send(session, 0, 5000 * MS, 1), 0U);
	KUNIT_EXPECT_EQ(test, session->nr_over[0], 0U);
	KUNIT_EXPECT_EQ(test, send(session, 0, 5000 * MS, 1), 1U);
}

static const struct {
	u64 gap_ms;
	u32 over[3];
} overs[] = {
	{ 500, { 0, 0, 0 } },	{ 501, { 1, 0, 0 } },
	{ 800, { 1, 0, 0 } },	{ 801, { 1, 1, 0 } },
	{ 1200, { 1, 1, 0 } },	{ 1201, { 1, 1, 1 } },
};

static void gaps_are_counted_by_how_much_they_are_over(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(overs); i++) {
		memset(session, 0, sizeof(*session));
		send(session, 0, 400 * MS, 10);
		send(session, 0, overs[i].gap_ms * MS, 1);
		for (j = 0; j < 3; j++)
			KUNIT_EXPECT_EQ_MSG(test, session->nr_over[j],
					    overs[i].over[j], "%llu ms, %u",
					    overs[i].gap_ms, j);
	}
}

static void answers_to_polls_are_no_interval(struct kunit *test)
{
	struct bfd_session *session = test->priv;

	KUNIT_EXPECT_EQ(test, send(session, 0, 2 * MS, 20), 0U);
	KUNIT_EXPECT_EQ(test, send(session, 0, 355 * MS, 10), 0U);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 355 * MS);
	KUNIT_EXPECT_EQ(test, send(session, 0, 2 * MS, 20), 0U);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 355 * MS);
}

static void median_follows_a_change_of_interval(struct kunit *test)
{
	struct bfd_session *session = test->priv;

	send(session, 0, 1000 * MS, 20);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 1000 * MS);
	send(session, 0, 400 * MS, BFD_WINDOW / 2);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 1000 * MS);
	send(session, 0, 400 * MS, 1);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 400 * MS);
}

static int by_value(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The window kept in order by hand is what sorting it anew would give. */
static void window_stays_sorted(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	u64 state = 521288629;
	u32 copy[BFD_WINDOW];
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		send(session, 0, (10 + test_random(&state) % 7) * MS, 1);
		memcpy(copy, session->recent, sizeof(copy));
		if (session->nr_recent < BFD_WINDOW)
			continue;
		sort(copy, BFD_WINDOW, sizeof(u32), by_value, NULL);
		KUNIT_ASSERT_EQ(test, memcmp(copy, session->sorted,
					     sizeof(copy)), 0);
	}
}

/* Whatever the window holds, it must not lead out of it, and it heals. */
static void torn_window_is_harmless(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	u64 state = 88675123;
	unsigned int i;

	send(session, 0, 400 * MS, 20);
	for (i = 0; i < 10000; i++) {
		session->oldest = test_random(&state);
		session->recent[test_random(&state) % BFD_WINDOW] =
			test_random(&state);
		send(session, 0, test_random(&state) % (2000 * MS), 1);
		bfd_median_ns(session);
	}
	send(session, 0, 400 * MS, 2 * BFD_WINDOW);
	KUNIT_EXPECT_EQ(test, bfd_median_ns(session), 400 * MS);
}

static void gaps_fill_the_histogram(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	unsigned int b = stall_hist_bucket(400 * MS) - BFD_FIRST_BUCKET;

	send(session, 0, 400 * MS, 10);
	send(session, 0, 1, 1);
	send(session, 0, 100000 * MS, 1);
	KUNIT_EXPECT_EQ(test, session->buckets[b], 10U);
	KUNIT_EXPECT_EQ(test, session->buckets[0], 1U);
	KUNIT_EXPECT_EQ(test, session->buckets[BFD_NR_BUCKETS - 1], 1U);
	KUNIT_EXPECT_EQ(test, session->min_gap_ns, 1ULL);
}

static void session_is_claimed_once(struct kunit *test)
{
	struct bfd_session *session = test->priv;

	KUNIT_EXPECT_TRUE(test, bfd_claim(&session->sequence));
	KUNIT_EXPECT_FALSE(test, bfd_claim(&session->sequence));
	KUNIT_EXPECT_TRUE(test, bfd_claim(&session->rx_sequence));
	bfd_release(&session->sequence);
	KUNIT_EXPECT_TRUE(test, bfd_claim(&session->sequence));
}

static void reader_knows_that_it_saw_one_moment(struct kunit *test)
{
	struct bfd_session *session = test->priv;
	u32 *sequence = &session->sequence, before, moment;

	before = bfd_moment(sequence);
	KUNIT_EXPECT_FALSE(test, bfd_changed(sequence, before));
	bfd_claim(sequence);
	KUNIT_EXPECT_TRUE(test, bfd_changed(sequence, before));
	moment = bfd_moment(sequence);
	KUNIT_EXPECT_TRUE(test, bfd_changed(sequence, moment));
	bfd_release(sequence);
	KUNIT_EXPECT_TRUE(test, bfd_changed(sequence, before));
	moment = bfd_moment(sequence);
	KUNIT_EXPECT_FALSE(test, bfd_changed(sequence, moment));
}

static void says(struct bfd_session *session, u8 state, u8 diag, u64 now)
{
	struct bfd_control control = {
		.state = state, .diag = diag, .multiplier = 3, .mine = 1,
		.yours = 2, .desired_tx_us = 400000, .required_rx_us = 400000,
	};
	struct bfd_wire wire = {
		.version_diag = diag, .state_flags = state << 6,
	};

	bfd_session_says(session, &wire, &control, now);
	bfd_half_agree(&session->tx, &session->rx);
	session->tx.nr_packets++;
}

/* The peer's packets come in, or did until @last. */
static void peer_says(struct bfd_session *session, u64 last)
{
	session->rx.said = session->tx.said;
	session->rx.said.state = BFD_UP;
	session->rx.changes++;
	session->rx.last = last;
	bfd_half_agree(&session->rx, &session->tx);
}

static void flap_is_whose_lateness_it_was(struct kunit *test)
{
	static const struct {
		const char *what;
		u64 too_late_ms, arrived_ms;
		u8 diag;
		u64 caused;
	} cases[] = {
		{ "nothing came for so long", 0, 8700, BFD_DIAG_EXPIRED, 0 },
		{ "it came and was not read", 0, 9700, BFD_DIAG_EXPIRED, 1 },
		{ "the peer says so", 0, 9700, 3, 0 },
		{ "the peer says so, and we were late", 9900, 9700, 3, 1 },
		{ "we were late long ago", 5000, 9700, 3, 0 },
	};
	const struct stall_ticks_rate rate = stall_ticks_rate;
	struct bfd_session *session = test->priv;
	unsigned int i;

	/* Ticks are ns here. */
	stall_ticks_rate.counter = false;
	stall_ticks_rate.mult = 1U << STALL_TICKS_SHIFT;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(session, 0, sizeof(*session));
		says(session, BFD_UP, 0, 1000 * MS);
		peer_says(session, cases[i].arrived_ms * MS);
		says(session, BFD_UP, 0, 9000 * MS);
		session->too_late = cases[i].too_late_ms * MS;
		says(session, BFD_DOWN, cases[i].diag, 10000 * MS);
		KUNIT_EXPECT_EQ(test, session->nr_flaps, 1ULL);
		KUNIT_EXPECT_EQ_MSG(test, session->nr_caused, cases[i].caused,
				    "%s", cases[i].what);
	}
	stall_ticks_rate = rate;
}

static void neither_coming_up_nor_shutdown_is_a_flap(struct kunit *test)
{
	static const struct {
		u8 states[3];
		u8 diag;
	} cases[] = {
		{ { BFD_DOWN, BFD_INIT, BFD_UP }, 0 },
		{ { BFD_UP, BFD_ADMIN_DOWN, BFD_DOWN }, 7 },
	};
	struct bfd_session *session = test->priv;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(session, 0, sizeof(*session));
		for (k = 0; k < ARRAY_SIZE(cases[i].states); k++)
			says(session, cases[i].states[k], cases[i].diag,
			     (k + 1) * 1000 * MS);
		KUNIT_EXPECT_EQ(test, session->nr_changes, 2ULL);
		KUNIT_EXPECT_EQ(test, session->nr_flaps, 0ULL);
	}
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE(gap_over_two_medians_is_late),
	KUNIT_CASE(limit_replaces_the_median),
	KUNIT_CASE(without_a_median_nothing_is_late),
	KUNIT_CASE(gaps_are_counted_by_how_much_they_are_over),
	KUNIT_CASE(answers_to_polls_are_no_interval),
	KUNIT_CASE(median_follows_a_change_of_interval),
	KUNIT_CASE(window_stays_sorted),
	KUNIT_CASE(torn_window_is_harmless),
	KUNIT_CASE(gaps_fill_the_histogram),
	KUNIT_CASE(session_is_claimed_once),
	KUNIT_CASE(reader_knows_that_it_saw_one_moment),
	KUNIT_CASE(flap_is_whose_lateness_it_was),
	KUNIT_CASE(neither_coming_up_nor_shutdown_is_a_flap),
	{}
};

struct kunit_suite stall_bfd_session_suite = {
	.name = "stallmeter_bfd_session",
	.init = session_init,
	.test_cases = session_cases,
};
