// SPDX-License-Identifier: GPL-2.0
/* bfd_sender_test - who called send, and when */
#include <kunit/test.h>

#include "../module/collectors/bfd_sender.c"
#include "suites.h"

struct sender_test {
	struct bfd_senders senders;
	struct bfd_tasks tasks;
};

static int sender_init(struct kunit *test)
{
	struct sender_test *priv;

	priv = kunit_kzalloc(test, sizeof(*priv), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, priv);
	test->priv = priv;
	return bfd_senders_init(&priv->senders) ?:
	       bfd_tasks_init(&priv->tasks, NULL);
}

static void sender_exit(struct kunit *test)
{
	struct sender_test *priv = test->priv;

	bfd_senders_free(&priv->senders);
	bfd_tasks_free(&priv->tasks);
}

static u64 tag_of(unsigned long number)
{
	return bfd_sender_tag((void *)0x1000, 0x0a000000 + number, 0,
			      cpu_to_be16(3784));
}

static void note(struct sender_test *priv, u64 tag, u64 now)
{
	preempt_disable();
	bfd_sender_note(&priv->senders, tag, now, &priv->tasks);
	preempt_enable();
}

static void sender_is_found_by_what_it_sends_to(struct kunit *test)
{
	struct sender_test *priv = test->priv;
	struct bfd_call *call;

	note(priv, tag_of(1), 700);
	call = bfd_sender_find(&priv->senders, tag_of(1));
	KUNIT_ASSERT_NOT_NULL(test, call);
	KUNIT_EXPECT_EQ(test, call->waiting, 700ULL);
	KUNIT_EXPECT_EQ(test, call->account.at, 700ULL);
	KUNIT_EXPECT_EQ(test, call->who.pid, current->pid);
	KUNIT_EXPECT_STREQ(test, call->who.comm, current->comm);
	KUNIT_EXPECT_TRUE(test, bfd_sender_is(call, tag_of(1)));
	KUNIT_EXPECT_TRUE(test, !bfd_sender_find(&priv->senders, tag_of(2)));
}

/* Packets pile up: the first that comes out was asked for by the first call. */
static void what_waits_longest_is_kept(struct kunit *test)
{
	struct sender_test *priv = test->priv;
	struct bfd_call *call;

	note(priv, tag_of(1), 700);
	note(priv, tag_of(1), 900);
	call = bfd_sender_find(&priv->senders, tag_of(1));
	KUNIT_ASSERT_NOT_NULL(test, call);
	KUNIT_EXPECT_EQ(test, call->waiting, 700ULL);
	KUNIT_EXPECT_EQ(test, call->account.at, 700ULL);
	call->waiting = 0;
	note(priv, tag_of(1), 1100);
	KUNIT_EXPECT_EQ(test, call->waiting, 1100ULL);
	KUNIT_EXPECT_EQ(test, call->account.at, 1100ULL);
}

static void tags_differ_by_socket_address_and_port(struct kunit *test)
{
	const __be16 port = cpu_to_be16(1), other_port = cpu_to_be16(2);
	struct in6_addr last = {};
	u64 tag = bfd_sender_tag((void *)0x1000, 0, 0, port);

	last.s6_addr32[3] = cpu_to_be32(1);
	KUNIT_EXPECT_NE(test, tag, bfd_sender_tag((void *)0x1400, 0, 0, port));
	KUNIT_EXPECT_NE(test, tag,
			bfd_sender_tag((void *)0x1000, 0,
				       bfd_address_half(&last, 1), port));
	KUNIT_EXPECT_NE(test, tag,
			bfd_sender_tag((void *)0x1000, 0, 0, other_port));
	KUNIT_EXPECT_NE(test, bfd_sender_tag(NULL, 0, 0, 0), 0ULL);
}

/* Sockets come and go: the newest senders are the ones that are known. */
static void the_longest_unused_goes_first(struct kunit *test)
{
	const unsigned long many = 100000, recent = 1024;
	struct sender_test *priv = test->priv;
	unsigned long i, found = 0;

	for (i = 1; i <= many; i++)
		note(priv, tag_of(i), i);
	for (i = many - recent + 1; i <= many; i++)
		found += !!bfd_sender_find(&priv->senders, tag_of(i));
	KUNIT_EXPECT_GE(test, found, recent * 98 / 100);
}

static struct kunit_case sender_cases[] = {
	KUNIT_CASE(sender_is_found_by_what_it_sends_to),
	KUNIT_CASE(what_waits_longest_is_kept),
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
