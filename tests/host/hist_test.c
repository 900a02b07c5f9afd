// SPDX-License-Identifier: GPL-2.0
/*
 * hist_test.c - the histogram's arithmetic, which the kernel shares
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/hist.h"
#include "../../uapi/stallmeter.h"
#include "tap.h"

#define SAMPLES		20000

static u64 seed = 0x9e3779b97f4a7c15ULL;

static u64 random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void test_bounds(void)
{
	unsigned int b, bad = 0;
	u64 lower, upper;

	for (b = 0; b < STALLMETER_NR_BUCKETS; b++) {
		lower = stall_hist_lower(b);
		upper = stall_hist_upper(b);
		if (lower > upper || stall_hist_bucket(lower) != b ||
		    stall_hist_bucket(upper) != b ||
		    (b && stall_hist_upper(b - 1) + 1 != lower) ||
		    (b >= 16 && (upper - lower + 1) > lower / 8)) {
			note("bucket %u", b);
			bad++;
		}
	}
	ok(!bad, "both bounds of each bucket belong to it, and nothing else");
	ok(stall_hist_lower(0) == 0, "the first bucket starts at 0");
	ok(stall_hist_upper(STALLMETER_NR_BUCKETS - 1) == ~(u64)0,
	   "the last bucket ends at the largest number");
}

static void test_range(void)
{
	unsigned int i, b, bad = 0;
	u64 value;

	for (i = 0; i < 1000000; i++) {
		value = random_u64() >> random_u64() % 64;
		b = stall_hist_bucket(value);
		if (b >= STALLMETER_NR_BUCKETS || value < stall_hist_lower(b) ||
		    value > stall_hist_upper(b))
			bad++;
	}
	ok(!bad, "a million values of all sizes lie in their buckets");
}

static void test_vectors(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long long value, upper;
	unsigned int bucket, nr = 0, bad = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		nr++;
		if (sscanf(line, "%llu %u %llu", &value, &bucket, &upper) == 3 &&
		    stall_hist_bucket(value) == bucket &&
		    stall_hist_upper(bucket) == upper)
			continue;
		note("%s", line);
		bad++;
	}
	if (file)
		fclose(file);
	ok(nr > 50 && !bad, "%u vectors of %s agree", nr, path);
}

static int order(const void *a, const void *b)
{
	u64 one = *(const u64 *)a;
	u64 other = *(const u64 *)b;

	return one < other ? -1 : one > other;
}

static u64 distribution(int which)
{
	static const u64 modes[] = { 3, 900, 70000, 1310000000 };

	switch (which) {
	case 0:		/* uniform and small: exact buckets take part */
		return random_u64() % 50;
	case 1:		/* uniform */
		return random_u64() % 1000000;
	case 2:		/* each order of magnitude as often */
		return random_u64() >> random_u64() % 64;
	case 3:		/* a long tail */
		return 1000000000 / (1 + random_u64() % 100000);
	case 4:		/* few values, far apart */
		return modes[random_u64() % 4];
	default:	/* all the same */
		return 300000000;
	}
}

static const char *const distributions[] = {
	"small", "uniform", "log-uniform", "long-tailed", "multimodal",
	"constant",
};

static void view_values(struct stall_hist_view *view, u64 *buckets,
			const u64 *sorted, size_t nr)
{
	size_t i;

	memset(buckets, 0, STALLMETER_NR_BUCKETS * sizeof(*buckets));
	for (i = 0; i < nr; i++)
		buckets[stall_hist_bucket(sorted[i])]++;
	*view = (struct stall_hist_view) {
		.buckets = buckets, .nr = STALLMETER_NR_BUCKETS,
		.min = sorted[0], .max = sorted[nr - 1],
	};
}

static size_t rank_of(size_t nr, u32 ppm)
{
	size_t rank = ((u64)nr * ppm + 999999) / 1000000;

	return rank ? rank - 1 : 0;
}

static void test_quantiles(int which, size_t nr)
{
	static const u32 parts[] = {
		0, 1, 1000, 10000, 250000, 500000, 900000, 990000, 999000,
		999999, 1000000,
	};
	static u64 values[SAMPLES], buckets[STALLMETER_NR_BUCKETS];
	struct stall_hist_view view;
	u64 got, wanted, error, worst = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		values[i] = distribution(which);
	qsort(values, nr, sizeof(*values), order);
	view_values(&view, buckets, values, nr);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		got = stall_hist_quantile(&view, parts[i]);
		wanted = values[rank_of(nr, parts[i])];
		error = got > wanted ? got - wanted : wanted - got;
		/* At most a sixteenth, 6.25 %, without rounding. */
		if (error > wanted / 16) {
			note("%u ppm: %llu, not %llu", parts[i],
			     (unsigned long long)got,
			     (unsigned long long)wanted);
			worst = error;
		}
	}
	ok(!worst, "quantiles of %zu %s values are at most 6.25 %% off", nr,
	   distributions[which]);
}

static void test_partial(void)
{
	u64 buckets[4] = { 0 };
	struct stall_hist_view view = {
		.buckets = buckets, .first = 100, .nr = 4, .min = 5,
		.max = ~(u64)0,
	};
	u64 value;

	ok(stall_hist_clamp(5, 100, 4) == 0 &&
	   stall_hist_clamp(100, 100, 4) == 0 &&
	   stall_hist_clamp(102, 100, 4) == 2 &&
	   stall_hist_clamp(103, 100, 4) == 3 &&
	   stall_hist_clamp(495, 100, 4) == 3,
	   "what is beyond a part goes to its ends");
	ok(stall_hist_quantile(&view, 500000) == 0, "an empty part has no median");
	buckets[1] = 3;
	value = stall_hist_quantile(&view, 500000);
	ok(stall_hist_bucket(value) == 101, "a median inside is in its bucket");
	buckets[1] = 0;
	buckets[3] = 1;
	value = stall_hist_quantile(&view, 500000);
	ok(value >= stall_hist_lower(103), "a median behind the end is there");
	buckets[3] = 0;
	buckets[0] = 1;
	value = stall_hist_quantile(&view, 500000);
	ok(value >= 5 && value <= stall_hist_upper(100),
	   "a median before the start is there");
}

static void test_extremes(void)
{
	u64 buckets[2] = { ~(u64)0, ~(u64)0 };
	struct stall_hist_view view = {
		.buckets = buckets, .first = 494, .nr = 2, .min = ~(u64)0,
		.max = 0,
	};

	ok(stall_hist_count(buckets, 2) == ~(u64)0 - 1, "a count wraps");
	stall_hist_quantile(&view, 999000);
	stall_hist_quantile(&view, 1000000);
	ok(true, "counts and bounds that make no sense do no harm");
}

int main(int argc, char **argv)
{
	const char *vectors = argc > 1 ? argv[1] : getenv("HIST_VECTORS");
	int i;

	test_bounds();
	test_range();
	test_vectors(vectors ? vectors : "tests/hist.vectors");
	for (i = 0; i < (int)ARRAY_SIZE(distributions); i++) {
		test_quantiles(i, SAMPLES);
		test_quantiles(i, 7);
		test_quantiles(i, 1);
	}
	test_partial();
	test_extremes();
	return done();
}
