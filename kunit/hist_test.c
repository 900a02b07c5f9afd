// SPDX-License-Identifier: GPL-2.0
/* hist_test - the arithmetic of histograms */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "../module/hist.c"
#include "random.h"
#include "suites.h"

static void bucket_holds_its_bounds(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < STALL_HIST_BUCKETS; b++) {
		KUNIT_EXPECT_EQ_MSG(test, stall_hist_bucket(stall_hist_lower(b)),
				    b, "lower bound of %u", b);
		KUNIT_EXPECT_EQ_MSG(test, stall_hist_bucket(stall_hist_upper(b)),
				    b, "upper bound of %u", b);
	}
}

static void buckets_leave_no_gap(struct kunit *test)
{
	unsigned int b;

	KUNIT_EXPECT_EQ(test, stall_hist_lower(0), 0ULL);
	for (b = 1; b < STALL_HIST_BUCKETS; b++)
		KUNIT_EXPECT_EQ_MSG(test, stall_hist_lower(b),
				    stall_hist_upper(b - 1) + 1, "bucket %u", b);
	KUNIT_EXPECT_EQ(test, stall_hist_upper(STALL_HIST_BUCKETS - 1), U64_MAX);
}

static void bucket_is_at_most_an_eighth_wide(struct kunit *test)
{
	unsigned int b;

	for (b = 8; b < STALL_HIST_BUCKETS; b++)
		KUNIT_EXPECT_LE_MSG(test, stall_hist_upper(b) -
				    stall_hist_lower(b),
				    stall_hist_lower(b) / 8, "bucket %u", b);
}

static void part_of_layout_saturates(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, stall_hist_clamp(0, 143, 114), 0U);
	KUNIT_EXPECT_EQ(test, stall_hist_clamp(143, 143, 114), 0U);
	KUNIT_EXPECT_EQ(test, stall_hist_clamp(144, 143, 114), 1U);
	KUNIT_EXPECT_EQ(test, stall_hist_clamp(256, 143, 114), 113U);
	KUNIT_EXPECT_EQ(test, stall_hist_clamp(495, 143, 114), 113U);
}

static void empty_histogram_has_no_quantile(struct kunit *test)
{
	u64 *buckets = kunit_kzalloc(test, STALL_HIST_BUCKETS * sizeof(u64),
				     GFP_KERNEL);
	struct stall_hist_view view = { buckets, 0, STALL_HIST_BUCKETS,
					U64_MAX, 0 };

	KUNIT_ASSERT_NOT_NULL(test, buckets);
	KUNIT_EXPECT_EQ(test, stall_hist_quantile(&view, 500000), 0ULL);
}

static void rank_does_not_overflow(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, quantile_rank(1, 0), 1ULL);
	KUNIT_EXPECT_EQ(test, quantile_rank(10, 500000), 5ULL);
	KUNIT_EXPECT_EQ(test, quantile_rank(11, 500000), 6ULL);
	KUNIT_EXPECT_EQ(test, quantile_rank(1000, 999000), 999ULL);
	KUNIT_EXPECT_EQ(test, quantile_rank(U64_MAX, 1000000), U64_MAX);
}

#define NR_SAMPLES	4096

struct samples {
	u64 values[NR_SAMPLES];
	u64 buckets[STALL_HIST_BUCKETS];
	struct stall_hist_view view;
};

static u64 uniform_sample(u64 *state, unsigned int i)
{
	return test_random(state) % 1000000;
}

static u64 log_sample(u64 *state, unsigned int i)
{
	return test_random(state) >> (test_random(state) % 64);
}

static u64 bimodal_sample(u64 *state, unsigned int i)
{
	return i % 100 ? 300000000 + test_random(state) % 100000000 :
	       1300000000 + test_random(state) % 7000000;
}

static u64 constant_sample(u64 *state, unsigned int i)
{
	return 400000001;
}

static const struct {
	const char *name;
	u64 (*sample)(u64 *state, unsigned int i);
} distributions[] = {
	{ "uniform", uniform_sample },
	{ "all magnitudes", log_sample },
	{ "hellos and stalls", bimodal_sample },
	{ "constant", constant_sample },
};

static int by_value(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void fill_samples(struct samples *samples,
			 u64 (*sample)(u64 *state, unsigned int i))
{
	u64 state = 88172645463325252ULL;
	unsigned int i;

	memset(samples->buckets, 0, sizeof(samples->buckets));
	for (i = 0; i < NR_SAMPLES; i++) {
		samples->values[i] = sample(&state, i);
		samples->buckets[stall_hist_bucket(samples->values[i])]++;
	}
	sort(samples->values, NR_SAMPLES, sizeof(u64), by_value, NULL);
	samples->view.buckets = samples->buckets;
	samples->view.first = 0;
	samples->view.nr = STALL_HIST_BUCKETS;
	samples->view.min = samples->values[0];
	samples->view.max = samples->values[NR_SAMPLES - 1];
}

/* Every thousandth of each distribution, against the sorted samples. */
static void quantile_is_within_a_sixteenth(struct kunit *test)
{
	struct samples *samples = kunit_kzalloc(test, sizeof(*samples),
						GFP_KERNEL);
	unsigned int d;
	u32 ppm;

	KUNIT_ASSERT_NOT_NULL(test, samples);
	for (d = 0; d < ARRAY_SIZE(distributions); d++) {
		fill_samples(samples, distributions[d].sample);
		for (ppm = 0; ppm <= 1000000; ppm += 1000) {
			u64 rank = quantile_rank(NR_SAMPLES, ppm);
			u64 truth = samples->values[rank - 1];
			u64 got = stall_hist_quantile(&samples->view, ppm);
			u64 error = got > truth ? got - truth : truth - got;

			KUNIT_EXPECT_LE_MSG(test, error, truth / 16,
					    "%s, %u ppm: %llu for %llu",
					    distributions[d].name, ppm, got,
					    truth);
		}
	}
}

static const struct {
	u64 value;
	unsigned int bucket;
	u64 upper;
} vectors[] = {
#include "hist_vectors.h"	/* made of tests/hist.vectors by Kbuild */
};

/* The reporter is held to the same list. */
static void buckets_are_those_of_the_abi(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_GT(test, ARRAY_SIZE(vectors), (size_t)20);
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		KUNIT_EXPECT_EQ_MSG(test, stall_hist_bucket(vectors[i].value),
				    vectors[i].bucket, "%llu",
				    vectors[i].value);
		KUNIT_EXPECT_EQ_MSG(test, stall_hist_upper(vectors[i].bucket),
				    vectors[i].upper, "%llu",
				    vectors[i].value);
	}
}

static struct kunit_case hist_cases[] = {
	KUNIT_CASE(bucket_holds_its_bounds),
	KUNIT_CASE(buckets_leave_no_gap),
	KUNIT_CASE(bucket_is_at_most_an_eighth_wide),
	KUNIT_CASE(part_of_layout_saturates),
	KUNIT_CASE(empty_histogram_has_no_quantile),
	KUNIT_CASE(rank_does_not_overflow),
	KUNIT_CASE(quantile_is_within_a_sixteenth),
	KUNIT_CASE(buckets_are_those_of_the_abi),
	{}
};

struct kunit_suite stall_hist_suite = {
	.name = "stallmeter_hist",
	.test_cases = hist_cases,
};
