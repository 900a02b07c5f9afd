// SPDX-License-Identifier: GPL-2.0
/* bfd_packet_test - control packets, good ones and bad ones */
#include <kunit/test.h>
#include <linux/string.h>

#include "../module/collectors/bfd_packet.c"
#include "random.h"
#include "suites.h"

/* That of a session that is Up, but for what a case says. */
static struct bfd_wire good_packet(void)
{
	struct bfd_wire wire = {
		.version_diag = 1 << 5,
		.state_flags = BFD_UP << 6,
		.multiplier = 3,
		.length = sizeof(wire),
		.mine = cpu_to_be32(0x01020304),
		.yours = cpu_to_be32(0x05060708),
		.desired_tx_us = cpu_to_be32(400000),
		.required_rx_us = cpu_to_be32(300000),
	};

	return wire;
}

static void every_field_is_read(struct kunit *test)
{
	struct bfd_wire wire = good_packet();
	struct bfd_control control;

	wire.version_diag |= 21;
	wire.state_flags |= BFD_POLL;
	KUNIT_ASSERT_TRUE(test, bfd_packet_parse(&wire, 24, &control));
	KUNIT_EXPECT_EQ(test, control.state, (u8)BFD_UP);
	KUNIT_EXPECT_EQ(test, control.diag, (u8)21);
	KUNIT_EXPECT_EQ(test, control.flags, (u8)BFD_POLL);
	KUNIT_EXPECT_EQ(test, control.multiplier, (u8)3);
	KUNIT_EXPECT_EQ(test, control.mine, 0x01020304U);
	KUNIT_EXPECT_EQ(test, control.yours, 0x05060708U);
	KUNIT_EXPECT_EQ(test, control.desired_tx_us, 400000U);
	KUNIT_EXPECT_EQ(test, control.required_rx_us, 300000U);
}

/* The bytes of a real packet, as they are on the wire: BIRD's, in state Init. */
static void byte_order_is_that_of_the_wire(struct kunit *test)
{
	static const u8 bytes[] = {
		0x20, 0x80, 0x03, 0x18, 0x9d, 0x1a, 0x00, 0x5f,
		0x00, 0x00, 0x00, 0x07, 0x00, 0x0f, 0x42, 0x40,
		0x00, 0x06, 0x1a, 0x80, 0x00, 0x00, 0x00, 0x00,
	};
	struct bfd_control control;

	KUNIT_ASSERT_EQ(test, sizeof(bytes), sizeof(struct bfd_wire));
	KUNIT_ASSERT_TRUE(test, bfd_packet_parse((const void *)bytes,
						 sizeof(bytes), &control));
	KUNIT_EXPECT_EQ(test, control.state, (u8)BFD_INIT);
	KUNIT_EXPECT_EQ(test, control.mine, 0x9d1a005fU);
	KUNIT_EXPECT_EQ(test, control.yours, 7U);
	KUNIT_EXPECT_EQ(test, control.desired_tx_us, 1000000U);
	KUNIT_EXPECT_EQ(test, control.required_rx_us, 400000U);
}

/* Bytes of a good packet that a case replaces. */
enum { FIRST, SECOND, MULTIPLIER, LENGTH };

static const struct {
	const char *what;
	unsigned int byte;
	u8 value;
	size_t len;
	bool valid;
} bytes[] = {
	{ "as it is", MULTIPLIER, 3, 24, true },
	{ "version 0", FIRST, 0 << 5, 24, false },
	{ "version 2", FIRST, 2 << 5, 24, false },
	{ "version 3", FIRST, 3 << 5, 24, false },
	{ "version 5", FIRST, 5 << 5, 24, false },
	{ "version 7", FIRST, 7 << 5, 24, false },
	{ "a diagnostic of the future", FIRST, 1 << 5 | 31, 24, true },
	{ "multiplier 0", MULTIPLIER, 0, 24, false },
	{ "multiplier 1", MULTIPLIER, 1, 24, true },
	{ "multiplier 255", MULTIPLIER, 255, 24, true },
	{ "length 0", LENGTH, 0, 24, false },
	{ "length 23", LENGTH, 23, 24, false },
	{ "length 25 of 24", LENGTH, 25, 24, false },
	{ "length 255 of 24", LENGTH, 255, 24, false },
	{ "length 255 of 254", LENGTH, 255, 254, false },
	{ "length 255 of 255", LENGTH, 255, 255, true },
	{ "length 24 of 100", LENGTH, 24, 100, true },
	{ "length 24 of 65,507", LENGTH, 24, 65507, true },
	{ "multipoint", SECOND, BFD_UP << 6 | 0x01, 24, false },
	{ "poll", SECOND, BFD_UP << 6 | 0x20, 24, true },
	{ "final", SECOND, BFD_UP << 6 | 0x10, 24, true },
	{ "poll and final", SECOND, BFD_UP << 6 | 0x30, 24, true },
	{ "control plane independent", SECOND, BFD_UP << 6 | 0x08, 24, true },
	{ "demand", SECOND, BFD_UP << 6 | 0x02, 24, true },
	{ "authenticated by nothing", SECOND, BFD_UP << 6 | 0x04, 24, false },
	{ "authenticated behind the length", SECOND, BFD_UP << 6 | 0x04, 100,
	  false },
};

static void bytes_decide_what_is_valid(struct kunit *test)
{
	struct bfd_control control;
	struct bfd_wire wire;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		wire = good_packet();
		((u8 *)&wire)[bytes[i].byte] = bytes[i].value;
		KUNIT_EXPECT_EQ_MSG(test, bfd_packet_parse(&wire, bytes[i].len,
							   &control),
				    bytes[i].valid, "%s", bytes[i].what);
	}
}

static const struct {
	u8 length;
	size_t len;
	bool valid;
} sections[] = {
	{ 24, 26, false }, { 25, 26, false }, { 26, 25, false },
	{ 26, 26, true }, { 33, 33, true }, { 48, 48, true }, { 48, 47, false },
};

static void authentication_takes_two_bytes_at_least(struct kunit *test)
{
	struct bfd_wire wire = good_packet();
	struct bfd_control control;
	unsigned int i;

	wire.state_flags |= 0x04;
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		wire.length = sections[i].length;
		KUNIT_EXPECT_EQ_MSG(test,
				    bfd_packet_parse(&wire, sections[i].len,
						     &control),
				    sections[i].valid, "length %u of %zu",
				    sections[i].length, sections[i].len);
	}
}

static const struct {
	u8 state;
	u32 mine;
	u32 yours;
	bool valid;
} discriminators[] = {
	{ BFD_ADMIN_DOWN, 1, 0, true }, { BFD_DOWN, 1, 0, true },
	{ BFD_INIT, 1, 0, false }, { BFD_UP, 1, 0, false },
	{ BFD_ADMIN_DOWN, 1, 1, true }, { BFD_DOWN, 1, 1, true },
	{ BFD_INIT, 1, 1, true }, { BFD_UP, 1, 1, true },
	{ BFD_ADMIN_DOWN, 0, 1, false }, { BFD_DOWN, 0, 1, false },
	{ BFD_DOWN, 0, 0, false }, { BFD_UP, 0, 1, false },
	{ BFD_UP, 0x80000000, 0xff000000, true },
};

static void who_comes_up_knows_the_other(struct kunit *test)
{
	struct bfd_wire wire = good_packet();
	struct bfd_control control;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(discriminators); i++) {
		wire.state_flags = discriminators[i].state << 6;
		wire.mine = cpu_to_be32(discriminators[i].mine);
		wire.yours = cpu_to_be32(discriminators[i].yours);
		KUNIT_EXPECT_EQ_MSG(test,
				    bfd_packet_parse(&wire, 24, &control),
				    discriminators[i].valid, "%u: %x %x",
				    discriminators[i].state,
				    discriminators[i].mine,
				    discriminators[i].yours);
	}
}

static void what_is_not_valid_leaves_no_trace(struct kunit *test)
{
	struct bfd_wire wire = good_packet();
	struct bfd_control control, before;

	memset(&control, 0x5a, sizeof(control));
	before = control;
	wire.version_diag = 0;
	KUNIT_EXPECT_FALSE(test, bfd_packet_parse(&wire, 24, &control));
	KUNIT_EXPECT_EQ(test, memcmp(&control, &before, sizeof(before)), 0);
}

/* RFC 5880, 6.8.6, once more, as it is written there: rules that discard. */
static const char *broken_rule(const u8 *packet, size_t len)
{
	u8 flags = packet[1] & 0x3f, state = packet[1] >> 6, length = packet[3];

	if ((packet[0] & 0xe0) != 0x20)
		return "version";
	if (length < 24 || (flags & 4 && length < 26))
		return "length less than the least";
	if (length > len)
		return "length over the payload";
	if (packet[2] == 0)
		return "multiplier";
	if (flags & 1)
		return "multipoint";
	if (!memchr_inv(packet + 4, 0, 4))
		return "my discriminator";
	if (!memchr_inv(packet + 8, 0, 4) && state != 1 && state != 0)
		return "your discriminator";
	return NULL;
}

/* Most of what is random is wrong at once, so half of it is nearly right. */
static void random_packet(u8 *packet, u64 *state)
{
	u64 random[3] = { test_random(state), test_random(state),
			  test_random(state) };

	memcpy(packet, random, sizeof(random));
	if (test_random(state) % 2)
		return;
	packet[0] = 0x20 | (packet[0] & 0x1f);
	packet[2] %= 4;
	packet[3] = 20 + packet[3] % 10;
	if (packet[5] % 8 == 0)
		memset(packet + 4 + 4 * (packet[4] % 2), 0, 4);
}

static_assert(sizeof(struct bfd_wire) == 3 * sizeof(u64));

static void random_packets_pass_only_if_no_rule_is_broken(struct kunit *test)
{
	unsigned int i, passed = 0;
	struct bfd_control control;
	u64 state = 88172645463325252;
	const char *broken;
	struct bfd_wire wire;
	size_t len;

	for (i = 0; i < 100000; i++) {
		random_packet((u8 *)&wire, &state);
		len = 24 + test_random(&state) % 8;
		broken = broken_rule((u8 *)&wire, len);
		if (bfd_packet_parse(&wire, len, &control) == !broken) {
			passed += !broken;
			continue;
		}
		KUNIT_FAIL(test, "%24ph of %zu: %s", &wire, len,
			   broken ?: "no rule is broken");
		return;
	}
	KUNIT_EXPECT_GE(test, passed, 1000U);
	KUNIT_EXPECT_LE(test, passed, 90000U);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(every_field_is_read),
	KUNIT_CASE(byte_order_is_that_of_the_wire),
	KUNIT_CASE(bytes_decide_what_is_valid),
	KUNIT_CASE(authentication_takes_two_bytes_at_least),
	KUNIT_CASE(who_comes_up_knows_the_other),
	KUNIT_CASE(what_is_not_valid_leaves_no_trace),
	KUNIT_CASE(random_packets_pass_only_if_no_rule_is_broken),
	{}
};

struct kunit_suite stall_bfd_packet_suite = {
	.name = "stallmeter_bfd_packet",
	.test_cases = packet_cases,
};
