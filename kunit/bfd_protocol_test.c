// SPDX-License-Identifier: GPL-2.0
/* bfd_protocol_test - what two ends agree, and how a gap is taken apart */
#include <kunit/test.h>

#include "../module/collectors/bfd_protocol.c"
#include "../module/collectors/bfd_late.c"
#include "../module/collectors/bfd_task.c"
#include "suites.h"

#define MS	((u64)NSEC_PER_MSEC)

/* Ticks are ns here. */
static int protocol_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(stall_ticks_rate), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	memcpy(test->priv, &stall_ticks_rate, sizeof(stall_ticks_rate));
	stall_ticks_rate.counter = false;
	stall_ticks_rate.mult = 1U << STALL_TICKS_SHIFT;
	return 0;
}

static void protocol_exit(struct kunit *test)
{
	memcpy(&stall_ticks_rate, test->priv, sizeof(stall_ticks_rate));
}

static struct bfd_control control(u8 state, u8 multiplier, u32 tx_ms, u32 rx_ms)
{
	struct bfd_control said = {
		.state = state, .multiplier = multiplier, .mine = 1, .yours = 2,
		.desired_tx_us = tx_ms * 1000, .required_rx_us = rx_ms * 1000,
	};

	return said;
}

/* RFC 5880, 6.8.4 and 6.8.7. */
static void slower_of_both_and_own_multiplier_count(struct kunit *test)
{
	struct bfd_control us = control(BFD_UP, 3, 100, 300);
	struct bfd_control peer = control(BFD_UP, 5, 50, 400);
	struct bfd_pace pace;

	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 400 * MS);
	KUNIT_EXPECT_EQ(test, pace.detection_ns, 1200 * MS);
	bfd_pace_of(&peer, &us, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 300 * MS);
	KUNIT_EXPECT_EQ(test, pace.detection_ns, 1500 * MS);
}

static void who_was_never_heard_agreed_on_nothing(struct kunit *test)
{
	struct bfd_control us = control(BFD_UP, 3, 100, 300);
	struct bfd_patience patience;
	struct bfd_half *tx, *rx;

	tx = kunit_kzalloc(test, sizeof(*tx), GFP_KERNEL);
	rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rx);
	tx->said = us;
	bfd_half_agree(tx, rx);
	KUNIT_EXPECT_TRUE(test, bfd_is_unheard(tx, rx));
	bfd_half_judge(tx, rx, 1000 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, tx->nr_missed, 0ULL);
	KUNIT_EXPECT_EQ(test, tx->used_max, 0ULL);

	/* Whatever was counted does not become the patience of one that is known. */
	bfd_half_used(tx, 150 * MS, 300 * MS);
	tx->said.state = BFD_DOWN;
	bfd_half_agree(tx, rx);
	KUNIT_EXPECT_TRUE(test, tx->unheard);
	tx->said.state = BFD_UP;

	/* S-BFD's initiator asks for no packets, and goes by what it wants. */
	tx->said.flags = BFD_DEMAND;
	bfd_half_agree(tx, rx);
	KUNIT_EXPECT_FALSE(test, bfd_is_unheard(tx, rx));
	KUNIT_EXPECT_FALSE(test, tx->unheard);
	KUNIT_EXPECT_EQ(test, tx->used_sum, 0ULL);
	KUNIT_EXPECT_EQ(test, tx->margin_at_ns, 0ULL);
	bfd_half_judge(tx, rx, 1000 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, patience.limit_ns, 200 * MS);
	KUNIT_EXPECT_GT(test, tx->nr_missed, 0ULL);
}

static void no_packet_is_due_where_none_has_to_come(struct kunit *test)
{
	struct bfd_control us = control(BFD_UP, 3, 400, 400), peer = us;
	struct bfd_pace pace;

	us.state = BFD_DOWN;
	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 0ULL);
	us.state = BFD_UP;
	peer.required_rx_us = 0;
	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 0ULL);
	peer = us;
	peer.flags = BFD_DEMAND;
	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 0ULL);
	peer = control(BFD_ADMIN_DOWN, 3, 400, 400);
	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 0ULL);
	/* It gave up as it heard nothing: of that it is the sender who is asked. */
	peer = control(BFD_DOWN, 3, 1000, 400);
	peer.diag = BFD_DIAG_EXPIRED;
	bfd_pace_of(&us, &peer, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 400 * MS);
}

static void limit_lies_between_interval_and_detection(struct kunit *test)
{
	struct bfd_pace pace = { 400 * MS, 1200 * MS };

	KUNIT_EXPECT_EQ(test, bfd_pace_limit_ns(&pace, 50), 800 * MS);
	KUNIT_EXPECT_EQ(test, bfd_pace_limit_ns(&pace, 100), 1200 * MS);
	pace.interval_ns = 0;
	KUNIT_EXPECT_EQ(test, bfd_pace_limit_ns(&pace, 50), U64_MAX);
}

static void gap_uses_patience(struct kunit *test)
{
	struct bfd_half *half, *other;
	struct bfd_patience patience;

	half = kunit_kzalloc(test, sizeof(*half), GFP_KERNEL);
	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	half->said = control(BFD_UP, 3, 400, 400);
	other->said = half->said;
	bfd_half_agree(half, other);
	bfd_half_judge(half, other, 300 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, half->used[stall_hist_bucket(25)], 1U);
	KUNIT_EXPECT_EQ(test, half->margin_ns, (s64)(900 * MS));
	KUNIT_EXPECT_EQ(test, half->nr_missed, 0ULL);
	KUNIT_EXPECT_EQ(test, patience.limit_ns, 800 * MS);
	bfd_half_judge(half, other, 1500 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, half->used[stall_hist_bucket(125)], 1U);
	KUNIT_EXPECT_EQ(test, half->margin_ns, -(s64)(300 * MS));
	KUNIT_EXPECT_EQ(test, half->nr_missed, 3ULL);

	/* The receiver slowed us down in between, or no longer does. */
	other->said.required_rx_us = 1000000;
	other->changes++;
	bfd_half_judge(half, other, 900 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, patience.limit_ns, 2000 * MS);
	bfd_half_agree(half, other);
	other->said.required_rx_us = 100000;
	other->changes++;
	bfd_half_judge(half, other, 900 * MS, 50, &patience);
	KUNIT_EXPECT_EQ(test, patience.limit_ns, 2000 * MS);
}

static void late_for_the_pace_until_then(struct kunit *test)
{
	struct bfd_half *half, *other;
	struct bfd_pace pace;

	half = kunit_kzalloc(test, sizeof(*half), GFP_KERNEL);
	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	half->said = control(BFD_UP, 3, 400, 400);
	other->said = half->said;
	half->last = 1000;
	bfd_half_agree(half, other);
	bfd_half_pace_since(half, 1, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 400 * MS);
	half->said = control(BFD_DOWN, 3, 1000, 400);
	half->last = 2000;
	bfd_half_agree(half, other);
	bfd_half_pace_since(half, 1999, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 400 * MS);
	bfd_half_pace_since(half, 2000, &pace);
	KUNIT_EXPECT_EQ(test, pace.interval_ns, 0ULL);
}

static u64 sum(const struct bfd_parts *parts)
{
	return parts->on_cpu + parts->waiting + parts->blocked +
	       parts->reclaim + parts->stopped + parts->frozen +
	       parts->asleep + parts->kernel + parts->rest;
}

static struct bfd_account account(u64 at_ms, u64 cpu_ms, u64 waiting_ms)
{
	struct bfd_account result = {
		.at = at_ms * MS, .cpu_ns = cpu_ms * MS,
		.waiting_ns = waiting_ms * MS, .epoch = 1,
	};

	return result;
}

static void parts_add_up_to_the_gap(struct kunit *test)
{
	struct bfd_account before = account(1000, 10, 20);
	struct bfd_account after = account(2600, 15, 1020);
	struct bfd_parts parts;

	bfd_parts_of(&before, &after, 1600 * MS, 0, &parts);
	KUNIT_EXPECT_EQ(test, parts.waiting, 1000 * MS);
	KUNIT_EXPECT_EQ(test, parts.on_cpu, 5 * MS);
	KUNIT_EXPECT_EQ(test, parts.asleep, 595 * MS);
	KUNIT_EXPECT_EQ(test, parts.rest, 0ULL);

	/* Reclaim on a CPU or waiting for one is reclaim. */
	after.rare.reclaim = 900 * MS;
	after.rare.reclaim_waiting = 895 * MS;
	after.rare.reclaim_cpu = 5 * MS;
	bfd_parts_of(&before, &after, 1700 * MS, 100 * MS, &parts);
	KUNIT_EXPECT_EQ(test, parts.kernel, 100 * MS);
	KUNIT_EXPECT_EQ(test, parts.reclaim, 900 * MS);
	KUNIT_EXPECT_EQ(test, parts.waiting, 105 * MS);
	KUNIT_EXPECT_EQ(test, parts.on_cpu, 0ULL);
	KUNIT_EXPECT_EQ(test, sum(&parts), 1700 * MS);

	/* What the timer has seen is cut: the scheduler knows better. */
	after.rare.reclaim = 0;
	after.rare.stopped = 5000 * MS;
	bfd_parts_of(&before, &after, 1600 * MS, 0, &parts);
	KUNIT_EXPECT_EQ(test, parts.waiting, 105 * MS);
	KUNIT_EXPECT_EQ(test, parts.stopped, 1495 * MS);
	KUNIT_EXPECT_EQ(test, sum(&parts), 1600 * MS);

	/* Of another task nothing is known. */
	after.epoch = 2;
	bfd_parts_of(&before, &after, 1600 * MS, 0, &parts);
	KUNIT_EXPECT_EQ(test, parts.rest, 1600 * MS);
}

static void sender_loses_its_cpu_inside_its_call(struct kunit *test)
{
	struct bfd_account before = account(1000, 10, 20);
	struct bfd_account called = account(1400, 11, 100);
	struct bfd_account left = account(2350, 13, 1020);
	struct bfd_parts parts, inside;

	bfd_parts_of(&before, &called, 1350 * MS, 950 * MS, &parts);
	bfd_parts_inside(&called, &left, 950 * MS, &inside);
	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&inside, 0), (int)BFD_NO_CPU);
	bfd_parts_add_inside(&parts, &inside);
	KUNIT_EXPECT_EQ(test, parts.waiting, (80 + 920) * MS);
	KUNIT_EXPECT_EQ(test, parts.kernel, 30 * MS);
	KUNIT_EXPECT_EQ(test, sum(&parts), 1350 * MS);

	/* It slept, or did other work, while the packet was in a queue. */
	left = account(2350, 900, 100);
	bfd_parts_inside(&called, &left, 950 * MS, &inside);
	KUNIT_EXPECT_EQ(test, inside.rest, 950 * MS);
	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&inside, 0),
			(int)BFD_NO_REASON);
}

static void reason_is_what_took_most(struct kunit *test)
{
	struct bfd_parts parts = { .asleep = 500 * MS, .waiting = 200 * MS };

	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&parts, 400 * MS),
			(int)BFD_NO_CPU);
	parts.blocked = 300 * MS;
	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&parts, 400 * MS),
			(int)BFD_BLOCKED);
	parts.asleep = 2000 * MS;
	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&parts, 400 * MS),
			(int)BFD_ASLEEP);
	memset(&parts, 0, sizeof(parts));
	KUNIT_EXPECT_EQ(test, (int)bfd_reason_of(&parts, 400 * MS),
			(int)BFD_NO_REASON);
}

static void newest_records_are_kept(struct kunit *test)
{
	struct bfd_lates lates = {};
	struct bfd_late *late, *copy;
	u32 number = 0, i;

	copy = kunit_kzalloc(test, sizeof(*copy), GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, bfd_lates_init(&lates), 0);
	for (i = 0; i < 2 * BFD_NR_LATE; i++) {
		late = bfd_late_begin(&lates, &number);
		late->at_ns = i;
		late->ended = true;
		KUNIT_EXPECT_FALSE(test, bfd_late_copy(&lates, number, copy));
		bfd_late_end(late, number);
	}
	KUNIT_EXPECT_TRUE(test, bfd_late_find(&lates, 0, i - BFD_NR_LATE, copy));
	KUNIT_EXPECT_FALSE(test, bfd_late_find(&lates, 0, i - BFD_NR_LATE - 1,
					       copy));
	KUNIT_EXPECT_TRUE(test, !bfd_late_again(&lates, 1));
	KUNIT_EXPECT_TRUE(test, !bfd_late_again(&lates, 0));
	KUNIT_EXPECT_TRUE(test, bfd_late_again(&lates, number));
	bfd_lates_free(&lates);
}

static struct kunit_case protocol_cases[] = {
	KUNIT_CASE(slower_of_both_and_own_multiplier_count),
	KUNIT_CASE(who_was_never_heard_agreed_on_nothing),
	KUNIT_CASE(no_packet_is_due_where_none_has_to_come),
	KUNIT_CASE(limit_lies_between_interval_and_detection),
	KUNIT_CASE(gap_uses_patience),
	KUNIT_CASE(late_for_the_pace_until_then),
	KUNIT_CASE(parts_add_up_to_the_gap),
	KUNIT_CASE(sender_loses_its_cpu_inside_its_call),
	KUNIT_CASE(reason_is_what_took_most),
	KUNIT_CASE(newest_records_are_kept),
	{}
};

struct kunit_suite stall_bfd_protocol_suite = {
	.name = "stallmeter_bfd_protocol",
	.init = protocol_init,
	.exit = protocol_exit,
	.test_cases = protocol_cases,
};
