// SPDX-License-Identifier: GPL-2.0
/* ticks_test - a cheap clock for durations */
#include <kunit/test.h>
#include <linux/delay.h>

#include "../module/ticks.c"
#include "suites.h"

static int ticks_init(struct kunit *test)
{
	stall_ticks_init();
	return 0;
}

static void a_name_tells_which_clock_it_is(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, stall_ticks_name(),
			   counter_khz() ? "tsc" : "monotonic");
	KUNIT_EXPECT_FALSE(test, stall_ticks_lost());
}

/* Another task or the host may come in between: some try will be undisturbed. */
static void duration_is_that_of_the_kernels_clock(struct kunit *test)
{
	u64 began, start, ticks_ns, clock_ns;
	unsigned int tries = 20;

	do {
		began = ktime_get_mono_fast_ns();
		start = stall_ticks();
		mdelay(5);
		ticks_ns = stall_ticks_since(start, stall_ticks());
		clock_ns = ktime_get_mono_fast_ns() - began;
	} while (--tries && (ticks_ns > clock_ns ||
			     clock_ns - ticks_ns > clock_ns / 50));
	KUNIT_EXPECT_GT(test, tries, 0U);
}

static void limit_in_ticks_is_that_limit(struct kunit *test)
{
	const u64 limit_ns = 10 * NSEC_PER_MSEC;
	u64 back = stall_ticks_since(0, stall_ns_to_ticks(limit_ns));

	KUNIT_EXPECT_LE(test, back, limit_ns);
	KUNIT_EXPECT_GT(test, back, limit_ns - limit_ns / 1000);
}

/* By another way from 2^32 ticks on, and without a seam. */
static void long_duration_is_not_cut_off(struct kunit *test)
{
	const u64 seam = 1ULL << 32, hour_ns = 3600 * NSEC_PER_SEC;
	u64 hour = 240 * stall_ns_to_ticks(hour_ns / 240);

	KUNIT_EXPECT_LE(test, stall_ticks_since(0, hour), hour_ns);
	KUNIT_EXPECT_GT(test, stall_ticks_since(0, hour),
			hour_ns - hour_ns / 1000);
	KUNIT_EXPECT_LE(test, stall_ticks_since(0, seam) -
			stall_ticks_since(0, seam - 1), 1000ULL);
}

static void clock_that_steps_back_gives_zero(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, stall_ticks_since(1000, 999), 0ULL);
	KUNIT_EXPECT_EQ(test, stall_ticks_since(1000, 1000), 0ULL);
}

static void untrusted_counter_is_not_used(struct kunit *test)
{
	stall_ticks_rate.counter = false;
	stall_ticks_rate.mult = 1U << STALL_TICKS_SHIFT;
	KUNIT_EXPECT_STREQ(test, stall_ticks_name(), "monotonic");
	KUNIT_EXPECT_EQ(test, stall_ticks_since(1000, 3000), 2000ULL);
	stall_ticks_init();
}

static struct kunit_case ticks_cases[] = {
	KUNIT_CASE(a_name_tells_which_clock_it_is),
	KUNIT_CASE(duration_is_that_of_the_kernels_clock),
	KUNIT_CASE(limit_in_ticks_is_that_limit),
	KUNIT_CASE(long_duration_is_not_cut_off),
	KUNIT_CASE(clock_that_steps_back_gives_zero),
	KUNIT_CASE(untrusted_counter_is_not_used),
	{}
};

struct kunit_suite stall_ticks_suite = {
	.name = "stallmeter_ticks",
	.init = ticks_init,
	.test_cases = ticks_cases,
};
