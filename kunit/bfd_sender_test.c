// SPDX-License-Identifier: GPL-2.0
/* bfd_sender_test - who called send, and when */
#include <kunit/test.h>

#include "../module/collectors/bfd_sender.c"
#include "suites.h"

static int sender_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct bfd_senders),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	return bfd_senders_init(test->priv);
}

static void sender_exit(struct kunit *test)
{
	bfd_senders_free(test->priv);
}

static u64 tag_of(unsigned long number)
{
	struct in6_addr to = {};

	to.s6_addr32[0] = cpu_to_be32(0x0a000000 + number);
	return bfd_sender_tag((void *)0x1000, &to, cpu_to_be16(3784));
}

static void sender_is_found_by_what_it_sends_to(struct kunit *test)
{
	struct stall_who who;
	u64 called_ns;

	bfd_sender_note(test->priv, tag_of(1), 700);
	KUNIT_ASSERT_TRUE(test, bfd_sender_take(test->priv, tag_of(1), &who,
						&called_ns));
	KUNIT_EXPECT_EQ(test, called_ns, 700ULL);
	KUNIT_EXPECT_EQ(test, who.pid, current->pid);
	KUNIT_EXPECT_STREQ(test, who.comm, current->comm);
	KUNIT_EXPECT_FALSE(test, bfd_sender_take(test->priv, tag_of(2), &who,
						 &called_ns));
}

/* Packets pile up: the first that comes out was asked for by the first call. */
static void what_waits_longest_is_told_once(struct kunit *test)
{
	struct stall_who who;
	u64 called_ns = 1;

	bfd_sender_note(test->priv, tag_of(1), 700);
	bfd_sender_note(test->priv, tag_of(1), 900);
	bfd_sender_take(test->priv, tag_of(1), &who, &called_ns);
	KUNIT_EXPECT_EQ(test, called_ns, 700ULL);
	bfd_sender_take(test->priv, tag_of(1), &who, &called_ns);
	KUNIT_EXPECT_EQ(test, called_ns, 0ULL);
	bfd_sender_note(test->priv, tag_of(1), 1100);
	bfd_sender_take(test->priv, tag_of(1), &who, &called_ns);
	KUNIT_EXPECT_EQ(test, called_ns, 1100ULL);
}

static void tags_differ_by_socket_address_and_port(struct kunit *test)
{
	const __be16 port = cpu_to_be16(1), other_port = cpu_to_be16(2);
	struct in6_addr to = {}, other = {};
	u64 tag;

	other.s6_addr32[3] = cpu_to_be32(1);
	tag = bfd_sender_tag((void *)0x1000, &to, port);
	KUNIT_EXPECT_NE(test, tag, bfd_sender_tag((void *)0x1400, &to, port));
	KUNIT_EXPECT_NE(test, tag,
			bfd_sender_tag((void *)0x1000, &other, port));
	KUNIT_EXPECT_NE(test, tag,
			bfd_sender_tag((void *)0x1000, &to, other_port));
	KUNIT_EXPECT_NE(test, bfd_sender_tag(NULL, &to, 0), 0ULL);
}

/* Sockets come and go: the newest senders are the ones that are known. */
static void the_longest_unused_goes_first(struct kunit *test)
{
	const unsigned long many = 100000, recent = 1024;
	unsigned long i, found = 0;
	struct stall_who who;
	u64 called_ns;

	for (i = 1; i <= many; i++)
		bfd_sender_note(test->priv, tag_of(i), i);
	for (i = many - recent + 1; i <= many; i++)
		found += bfd_sender_take(test->priv, tag_of(i), &who,
					 &called_ns);
	KUNIT_EXPECT_GE(test, found, recent * 98 / 100);
}

static struct kunit_case sender_cases[] = {
	KUNIT_CASE(sender_is_found_by_what_it_sends_to),
	KUNIT_CASE(what_waits_longest_is_told_once),
	KUNIT_CASE(tags_differ_by_socket_address_and_port),
	KUNIT_CASE(the_longest_unused_goes_first),
	{}
};

struct kunit_suite stall_bfd_sender_suite = {
	.name = "stallmeter_bfd_sender",
	.init = sender_init,
	.exit = sender_exit,
	.test_cases = sender_cases,
};
