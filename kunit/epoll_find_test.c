// SPDX-License-Identifier: GPL-2.0
/* epoll_find_test - what is said of fake instances, and that looks end */
#include <kunit/test.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/sock.h>

#include "epoll_fake.h"
#include "epoll_find_cases.h"

static bool look_and_release(const struct epoll_state *epoll,
			     const struct epoll_head *ep,
			     struct epoll_finding *finding);

/* The instance may end after its waiters were looked at. */
#define epoll_waiter_look look_and_release
#include "../module/collectors/epoll_find.c"
#undef epoll_waiter_look

#include "suites.h"

#define FD		42
#define ALIVE_PID	(current->pid)
#define LIVE_PID	1
#define DEAD_PID	(PID_MAX_LIMIT + 8)

/**
 * struct fake - an instance with one item and one sleeper, and what they are of
 * @epoll: a collector that holds nothing else
 * @key: of the instance
 * @instance: what the handlers noted of it
 * @suspect: what the last check found at it
 * @at: the instance
 * @pipe: what the item watches, if it is known
 * @socket: of a TCP connection
 * @tcp: of a TCP connection
 */
struct fake {
	struct epoll_state epoll;
	const struct epoll_head *key;
	struct epoll_instance instance;
	struct epoll_suspect suspect;
	struct fake_instance at;
	struct fake_pipe pipe;
	struct socket socket;
	struct tcp_sock tcp;
};

static unsigned long nowhere[] = { 8, 0xdead000000000100, -1UL, -4096UL, 0 };

/* Of the instance that ends; other suites look at theirs with this, too. */
static const struct epoll_head **key_to_release;

static bool look_and_release(const struct epoll_state *epoll,
			     const struct epoll_head *ep,
			     struct epoll_finding *finding)
{
	bool sleeps = epoll_waiter_look(epoll, ep, finding);

	if (key_to_release)
		*key_to_release = NULL;
	return sleeps;
}

static int find_init(struct kunit *test)
{
	void *area = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, area);
	nowhere[ARRAY_SIZE(nowhere) - 1] = (unsigned long)area + PAGE_SIZE;
	vfree(area);
	test->priv = kunit_kzalloc(test, sizeof(struct fake), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void fake_target(struct fake *fake, const struct find_case *find)
{
	struct inet_connection_sock *icsk = &fake->tcp.inet_conn;
	struct sock *sk = &icsk->icsk_inet.sk;

	fake->at.item.file = (void *)0xdead000000000100;
	if (find->target == UNKNOWN)
		return;
	fake->at.item.file = &fake->pipe.file;
	fake_pipe_make(&fake->pipe);
	fake->pipe.pipe.head = find->target != EMPTY_PIPE;
	if (find->target == HELD_PIPE)
		atomic_long_set(&fake->pipe.pipe.mutex.owner, (long)current);
	if (find->target < TCP)
		return;
	fake->pipe.inode.i_mode = S_IFSOCK;
	fake->pipe.file.private_data = &fake->socket;
	fake->socket.sk = sk;
	sk->__sk_common.skc_family = AF_INET;
	sk->__sk_common.skc_state = TCP_ESTABLISHED;
	sk->sk_protocol = IPPROTO_TCP;
	sk->sk_type = SOCK_STREAM;
	sk->sk_shutdown = find->target == FIN ? RCV_SHUTDOWN : 0;
	fake->tcp.rcv_nxt = find->arrived ? 77 : 0;
	icsk->icsk_ack.lrcvtime = jiffies - msecs_to_jiffies(find->arrived);
}

static void fake_noted(struct fake *fake, const struct find_case *find)
{
	const s32 pids[] = {
		[NOBODY] = 0, [SLEEPER] = ALIVE_PID, [LIVE] = LIVE_PID,
		[DEAD] = DEAD_PID,
	};
	s32 pid = pids[find->woken];

	fake->instance.ready_at = ms_ago(find->ready);
	fake->instance.callback_at = fake->instance.ready_at;
	fake->instance.collected_at = ms_ago(find->collected);
	fake->instance.collected_jiffy = jiffies - msecs_to_jiffies(find->collected);
	fake->instance.item = find->ready ? &fake->at.item : NULL;
	fake_wakeup(&fake->instance, pid % EPOLL_WAKES, find->woken_at, pid);
}

static struct fake *fake_make(struct kunit *test, const struct find_case *find)
{
	struct fake *fake = test->priv;

	memset(fake, 0, sizeof(*fake));
	fake->epoll.keys = &fake->key;
	fake->epoll.instances = &fake->instance;
	fake->epoll.budget = EPOLL_BUDGET;
	fake->epoll.suspects = &fake->suspect;
	fake->key = &fake->at.ep;
	fake_layout(&fake->epoll);
	fake_instance_make(&fake->at);
	if (find->harvest)
		fake->at.ovflist = NULL;
	fake->at.item.fd = FD;
	fake->at.item.event.events = (__force __poll_t)find->events;
	if (find->gone)
		fake->at.rbr = RB_ROOT_CACHED;
	if (find->listed)
		list_add(&fake->at.item.rdllink, &fake->at.ep.rdllist);
	fake_task(&fake->at, ALIVE_PID, find->slept);
	if (find->slept)
		fake_sleeper(&fake->at, &fake->at.sleeper);
	fake_target(fake, find);
	fake_noted(fake, find);
	return fake;
}

/* TCP's time is good to a jiffy, the clocks differ by little. */
static void expect_since(struct kunit *test, const struct find_case *find,
			 u64 began, u64 since)
{
	u64 ago = (find->arrived ?: find->ready) * MS;
	u64 slack = EPOLL_SLACK_NS + (find->arrived ? 2 * TICK_NSEC : 0);

	if (!find->since) {
		KUNIT_EXPECT_EQ_MSG(test, since, 0ULL, "%s", find->name);
		return;
	}
	KUNIT_EXPECT_GE_MSG(test, since + ago + slack, began, "%s", find->name);
	KUNIT_EXPECT_LE_MSG(test, since + ago, stall_clock() + slack, "%s",
			    find->name);
}

static void instance_is_what_its_lists_say(struct kunit *test)
{
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct find_case *find = &cases[i];
		u64 began = stall_clock();
		struct fake *fake = fake_make(test, find);

		epoll_find(&fake->epoll, 0, &finding, NULL);
		KUNIT_EXPECT_EQ_MSG(test, finding.evidence.kind, find->kind, "%s",
				    find->name);
		KUNIT_EXPECT_EQ_MSG(test, finding.clean, find->clean, "%s",
				    find->name);
		KUNIT_EXPECT_EQ_MSG(test, finding.nr_waiters,
				    (unsigned int)!!find->slept, "%s",
				    find->name);
		if (find->kind == EPOLL_WELL)
			continue;
		expect_since(test, find, began, finding.since_ns);
		KUNIT_EXPECT_EQ_MSG(test, finding.target.fd, FD, "%s",
				    find->name);
		KUNIT_EXPECT_EQ_MSG(test, finding.target.events, find->events,
				    "%s", find->name);
		KUNIT_EXPECT_EQ_MSG(test, finding.waiter.who.pid, ALIVE_PID,
				    "%s", find->name);
	}
}

/* Another may have come to its place. */
static void instance_that_ends_meanwhile_is_well(struct kunit *test)
{
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *fake = fake_make(test, &cases[i]);

		key_to_release = &fake->key;
		epoll_find(&fake->epoll, 0, &finding, NULL);
		key_to_release = NULL;
		KUNIT_EXPECT_EQ_MSG(test, finding.evidence.kind, EPOLL_WELL, "%s",
				    cases[i].name);
		KUNIT_EXPECT_FALSE_MSG(test, finding.clean, "%s",
				       cases[i].name);
		KUNIT_EXPECT_EQ_MSG(test, finding.waiter.who.pid, 0, "%s",
				    cases[i].name);
	}
}

/* One who is yet to come is enough, whoever was called after him. */
static void latest_of_all_calls_is_noted(struct kunit *test)
{
	struct fake *fake = fake_make(test, &cases[1]);
	struct epoll_instance *instance = &fake->instance;
	unsigned int alive = ALIVE_PID % EPOLL_WAKES;
	struct epoll_finding finding;

	/* Who sleeps is looked for where the call of him would be noted. */
	fake_wakeup(instance, alive, 100, ALIVE_PID);
	fake_wakeup(instance, alive ^ 1, 300, LIVE_PID);
	fake_wakeup(instance, alive ^ 2, 200, DEAD_PID);
	fake_wakeup(instance, alive ^ 3, 1000, DEAD_PID);
	epoll_find(&fake->epoll, 0, &finding, NULL);
	KUNIT_EXPECT_EQ(test, finding.evidence.kind, EPOLL_OTHER_WOKEN);
	KUNIT_EXPECT_EQ(test, finding.woken_pid, ALIVE_PID);
	KUNIT_EXPECT_GE(test, finding.woken_ago_ns + EPOLL_SLACK_NS, 100 * MS);
	KUNIT_EXPECT_LT(test, finding.woken_ago_ns, 200 * MS);
	instance->woken_pid[alive ^ 1] = 0;
	epoll_find(&fake->epoll, 0, &finding, NULL);
	KUNIT_EXPECT_EQ(test, finding.evidence.kind, EPOLL_K1);
	KUNIT_EXPECT_EQ(test, finding.woken_pid, ALIVE_PID);
}

/* TCP tells when they came, of others the last look knows that they are new. */
static void data_after_a_clean_look_are_new(struct kunit *test)
{
	struct epoll_finding finding;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct find_case *find = &cases[i / 2];
		bool is_new = find->kind == EPOLL_UNREAD && !find->since;
		struct fake *fake = fake_make(test, find);
		bool same = i % 2;

		fake->suspect.ep = same ? &fake->at.ep : NULL;
		fake->suspect.pid = ALIVE_PID;
		fake->suspect.clean = true;
		fake->suspect.clean_at = fake->instance.collected_at;
		epoll_find(&fake->epoll, 0, &finding, NULL);
		KUNIT_EXPECT_EQ_MSG(test, finding.evidence.kind,
				    same && is_new ? EPOLL_K2 : find->kind,
				    "%s, %u", find->name, same);
	}
}

static struct kunit_case find_cases[] = {
	KUNIT_CASE(instance_is_what_its_lists_say),
	KUNIT_CASE(instance_that_ends_meanwhile_is_well),
	KUNIT_CASE(latest_of_all_calls_is_noted),
	KUNIT_CASE(data_after_a_clean_look_are_new),
	{}
};

struct kunit_suite stall_epoll_find_suite = {
	.name = "stallmeter_epoll_find",
	.init = find_init,
	.test_cases = find_cases,
};
