// SPDX-License-Identifier: GPL-2.0
/* udp_fill_test - for how long a queue was over half full, as looks see it */
#include <kunit/test.h>

#include "../module/collectors/udp_fill.c"
#include "random.h"
#include "suites.h"

#define MS	1000000ULL
#define ROOM	1000

static struct udp_fill fill;
static struct udp_episode episode;
static u64 now_ns;

/* A look, 100 ms after the one before. */
static u64 look(u64 queued, u64 drops)
{
	struct udp_sample sample = {
		.queued_bytes = queued,
		.room_bytes = ROOM,
		.drops = fill.drops + drops,
		.full_drops = fill.full_drops + drops,
		.before_ns = now_ns,
		.now_ns = now_ns + 100 * MS,
	};

	now_ns = sample.now_ns;
	return udp_fill_sample(&fill, &sample, 1000 * MS, &episode);
}

static int fill_init(struct kunit *test)
{
	memset(&fill, 0, sizeof(fill));
	now_ns = 5000 * MS;
	return 0;
}

static void half_is_not_over_half(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, look(ROOM / 2, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, fill.since_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, fill.fullest_percent, 50U);
	look(ROOM / 2 + 1, 0);
	KUNIT_EXPECT_NE(test, fill.since_ns, 0ULL);
}

static void ends_are_in_the_middle_of_two_looks(struct kunit *test)
{
	look(0, 0);
	KUNIT_EXPECT_EQ(test, look(900, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, fill.since_ns, 5150 * MS);
	KUNIT_EXPECT_EQ(test, look(900, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, fill.longest_ns, 150 * MS);
	KUNIT_EXPECT_EQ(test, look(0, 0), 200 * MS);
	KUNIT_EXPECT_EQ(test, fill.longest_ns, 200 * MS);
	KUNIT_EXPECT_EQ(test, look(0, 0), 0ULL);
}

static const struct {
	unsigned int looks;
	unsigned int drops;
	bool told;
} lasting[] = {
	{ 9, 5, false }, { 10, 5, true }, { 50, 5, true }, { 50, 0, false },
};

static void what_lasts_and_loses_is_told_at_its_end(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lasting); i++) {
		fill_init(test);
		for (j = 0; j < lasting[i].looks; j++) {
			look(900, j ? 0 : lasting[i].drops);
			KUNIT_EXPECT_EQ(test, episode.lasted_ns, 0ULL);
		}
		look(0, 0);
		KUNIT_EXPECT_EQ_MSG(test, episode.lasted_ns, lasting[i].told ?
				    lasting[i].looks * 100 * MS : 0,
				    "%u looks", lasting[i].looks);
		KUNIT_EXPECT_FALSE(test, episode.goes_on);
		if (lasting[i].told)
			KUNIT_EXPECT_EQ(test, episode.drops,
					(u64)lasting[i].drops);
	}
}

static void what_does_not_end_is_told_once(struct kunit *test)
{
	unsigned int i, told = 0;

	for (i = 0; i < 500; i++) {
		look(2000, 1);
		if (!episode.lasted_ns)
			continue;
		told++;
		KUNIT_EXPECT_TRUE(test, episode.goes_on);
		KUNIT_EXPECT_GE(test, episode.lasted_ns, 10000 * MS);
		KUNIT_EXPECT_LE(test, episode.lasted_ns, 10100 * MS);
	}
	look(0, 0);
	KUNIT_EXPECT_EQ(test, episode.lasted_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, told, 1U);
	KUNIT_EXPECT_EQ(test, fill.longest_ns, 50000 * MS);
	for (i = 0; i < 20; i++)
		look(900, 1);
	look(0, 0);
	KUNIT_EXPECT_EQ(test, episode.lasted_ns, 2000 * MS);
	KUNIT_EXPECT_EQ(test, episode.drops, 20ULL);
}

static void drops_before_belong_to_what_came_before(struct kunit *test)
{
	look(0, 7);
	look(0, 0);
	look(900, 3);
	look(900, 2);
	fill.since_ns -= 5000 * MS;
	look(0, 1);
	KUNIT_EXPECT_EQ(test, episode.drops, 6ULL);
	KUNIT_EXPECT_EQ(test, episode.full_drops, 6ULL);
}

static void who_had_no_room_was_full(struct kunit *test)
{
	look(10, 1);
	KUNIT_EXPECT_EQ(test, fill.fullest_percent, 100U);
	look(1250, 0);
	look(10, 1);
	KUNIT_EXPECT_EQ(test, fill.fullest_percent, 125U);
}

/* A socket may have no room at all, and clocks may be read in the wrong order. */
static void odd_samples_are_harmless(struct kunit *test)
{
	struct udp_sample sample;
	u64 state = 362436069;
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		sample = (struct udp_sample){
			.queued_bytes = test_random(&state) >> (i % 64),
			.room_bytes = i % 3 ? test_random(&state) : 0,
			.drops = test_random(&state) % 100,
			.full_drops = test_random(&state) % 100,
			.before_ns = test_random(&state),
			.now_ns = test_random(&state),
		};
		udp_fill_sample(&fill, &sample, test_random(&state),
				&episode);
	}
	fill_init(test);
	KUNIT_EXPECT_EQ(test, look(900, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, look(0, 0), 100 * MS);
}

static struct kunit_case udp_fill_cases[] = {
	KUNIT_CASE(half_is_not_over_half),
	KUNIT_CASE(ends_are_in_the_middle_of_two_looks),
	KUNIT_CASE(what_lasts_and_loses_is_told_at_its_end),
	KUNIT_CASE(what_does_not_end_is_told_once),
	KUNIT_CASE(drops_before_belong_to_what_came_before),
	KUNIT_CASE(who_had_no_room_was_full),
	KUNIT_CASE(odd_samples_are_harmless),
	{}
};

struct kunit_suite stall_udp_fill_suite = {
	.name = "stallmeter_udp_fill",
	.init = fill_init,
	.test_cases = udp_fill_cases,
};
