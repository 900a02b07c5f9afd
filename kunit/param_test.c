// SPDX-License-Identifier: GPL-2.0
/* param_test - what controls take, and what they refuse */
#include <kunit/test.h>

#include "../module/collectors/bfd_params.c"
#include "random.h"
#include "suites.h"

/*
 * As sysfs writes: through the parameter's own set and get, under the lock.
 * param_set() itself prints a line for each refusal, so the fuzzer calls the
 * parser below it.
 */
static int set(const struct stall_param *param, const char *value)
{
	const struct kernel_param kp = { .arg = (void *)param };

	return stall_param_ops.set(value, &kp);
}

static const char *get(struct kunit *test, const struct stall_param *param)
{
	const struct kernel_param kp = { .arg = (void *)param };
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	stall_param_ops.get(text, &kp);
	return text;
}

static const char * const bad_ports[] = {
	"0", "70000", "65536", "3784,", ",3784", "abc", "3784 3785", "-1", "",
	"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "0x", "3784,,3785",
	"99999999999999999999", "3784,3784a",
	"1,00000000000000000000000000000000000000000000000000000000000000000",
};

static void bad_ports_are_refused_and_the_old_stay(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784,4784"), 0);
	for (i = 0; i < ARRAY_SIZE(bad_ports); i++) {
		KUNIT_EXPECT_EQ_MSG(test, set(&ports_param, bad_ports[i]),
				    -EINVAL, "%s", bad_ports[i]);
		KUNIT_EXPECT_STREQ(test, get(test, &ports_param),
				   "3784,4784\n");
		KUNIT_EXPECT_TRUE(test, bfd_port(cpu_to_be16(4784)));
	}
}

static void good_ports_are_taken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, set(&ports_param, "1,65535\n"), 0);
	KUNIT_EXPECT_TRUE(test, bfd_port(cpu_to_be16(1)));
	KUNIT_EXPECT_TRUE(test, bfd_port(cpu_to_be16(65535)));
	KUNIT_EXPECT_FALSE(test, bfd_port(cpu_to_be16(3784)));
	KUNIT_EXPECT_EQ(test,
			set(&ports_param,
			    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"), 0);
	KUNIT_EXPECT_FALSE(test, bfd_port(cpu_to_be16(65535)));
	KUNIT_EXPECT_EQ(test, set(&ports_param, "3784,3785,4784,6784,7784"), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(bfd_port_bits, NR_UDP_PORTS), 5);
}

/* Only what was added begins anew, be it added for the first time or again. */
static void port_that_stays_is_watched_without_a_break(struct kunit *test)
{
	u64 before = stall_clock(), added;
	unsigned int i;
	char text[16];

	KUNIT_EXPECT_EQ(test, bfd_port_since(3784), 0ULL);
	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784,5000"), 0);
	added = bfd_port_since(5000);
	KUNIT_EXPECT_GE(test, added, before);
	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784,5000,5001"), 0);
	KUNIT_EXPECT_EQ(test, bfd_port_since(3784), 0ULL);
	KUNIT_EXPECT_EQ(test, bfd_port_since(5000), added);
	/* More ports come and go than there are slots. */
	for (i = 6000; i < 6100; i++) {
		scnprintf(text, sizeof(text), "3784,5000,%u", i);
		KUNIT_ASSERT_EQ(test, set(&ports_param, text), 0);
		KUNIT_EXPECT_GE(test, bfd_port_since(i), added);
	}
	KUNIT_EXPECT_EQ(test, bfd_port_since(5000), added);
	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784"), 0);
	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784,5000"), 0);
	KUNIT_EXPECT_GT(test, bfd_port_since(5000), added);
	KUNIT_ASSERT_EQ(test, set(&ports_param, "3784,3785,4784,6784,7784"), 0);
	KUNIT_EXPECT_EQ(test, bfd_port_since(3784), 0ULL);
	KUNIT_EXPECT_GT(test, bfd_port_since(3785), added);
}

static void threshold_has_bounds(struct kunit *test)
{
	static const char * const bad[] = { "-1", "3600001", "1.5", "x", "" };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, set(&threshold_param, "3600000"), 0);
	KUNIT_EXPECT_EQ(test, bfd_threshold_ns(), 3600000000000ULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, set(&threshold_param, bad[i]),
				    -EINVAL, "%s", bad[i]);
	KUNIT_EXPECT_STREQ(test, get(test, &threshold_param), "3600000\n");
	KUNIT_EXPECT_EQ(test, set(&threshold_param, "0"), 0);
	KUNIT_EXPECT_EQ(test, bfd_threshold_ns(), 0ULL);
}

/* Any bytes: refused, or taken and then told back as what was given. */
static void parser_survives_any_bytes(struct kunit *test)
{
	static const char letters[] = "0123456789,,,,- x\n\t\377";
	u64 state = 362436069362436069ULL;
	unsigned int round, i, len, nr, taken = 0;
	u16 result[BFD_MAX_PORTS];
	char text[160];

	for (round = 0; round < 200000; round++) {
		len = test_random(&state) % (sizeof(text) - 1);
		if (round % 2)
			len %= 12;
		for (i = 0; i < len; i++)
			text[i] = letters[test_random(&state) %
					  (sizeof(letters) - 1)];
		text[len] = '\0';
		if (parse_ports(text, result, &nr))
			continue;
		taken++;
		KUNIT_ASSERT_GE(test, nr, 1U);
		KUNIT_ASSERT_LE(test, nr, (unsigned int)BFD_MAX_PORTS);
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_GT(test, result[i], 0);
	}
	KUNIT_EXPECT_GT(test, taken, 0U);
}

static struct kunit_case param_cases[] = {
	KUNIT_CASE(port_that_stays_is_watched_without_a_break),
	KUNIT_CASE(bad_ports_are_refused_and_the_old_stay),
	KUNIT_CASE(good_ports_are_taken),
	KUNIT_CASE(threshold_has_bounds),
	KUNIT_CASE(parser_survives_any_bytes),
	{}
};

struct kunit_suite stall_param_suite = {
	.name = "stallmeter_param",
	.test_cases = param_cases,
};
