// SPDX-License-Identifier: GPL-2.0
/* epoll_find_test - what is said of fake instances, and that looks end */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/clock.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/sock.h>

#include "../module/collectors/epoll.h"

static bool look_and_release(const struct epoll_state *epoll,
			     const struct epoll_head *ep,
			     struct epoll_finding *finding, s32 *pids);

/* The instance may end after its waiters were looked at. */
#define epoll_waiter_look look_and_release
#include "../module/collectors/epoll_find.c"
#undef epoll_waiter_look

#include "suites.h"

#define MS		((u64)NSEC_PER_MSEC)
#define FD		42
#define SLEEPER_PID	(current->pid)
#define LIVE_PID	1
#define DEAD_PID	(PID_MAX_LIMIT + 8)
#define WAKE		0x2222

#define IN	((__force u32)EPOLLIN)
#define OUT	((__force u32)EPOLLOUT)
#define ET	((__force u32)EPOLLET)
#define ONESHOT	((__force u32)EPOLLONESHOT)
#define EXCL	((__force u32)EPOLLEXCLUSIVE)

/**
 * struct fake - an instance with one item and one sleeper, and what they are of
 * @epoll: a collector that holds nothing else
 * @key: of the instance
 * @release: it ends while it is looked at
 * @instance: what the handlers noted of it
 * @ep: the instance
 * @rbr: its tree
 * @ovflist: its list of a harvest
 * @item: in the tree
 * @sleeper: the sleeper's entry in the queue
 * @task: the sleeper
 * @file: what the item watches, if it is known
 * @inode: its kind
 * @pipe: of a pipe
 * @socket: of a TCP connection
 * @tcp: of a TCP connection
 */
struct fake {
	struct epoll_state epoll;
	const struct epoll_head *key;
	bool release;
	struct epoll_instance instance;
	struct epoll_head ep;
	struct rb_root_cached rbr;
	void *ovflist;
	struct epoll_item item;
	wait_queue_entry_t sleeper;
	struct task_struct task;
	struct file file;
	struct inode inode;
	struct pipe_inode_info pipe;
	struct socket socket;
	struct tcp_sock tcp;
};

static unsigned long nowhere[] = { 8, 0xdead000000000100, -1UL, -4096UL, 0 };

static bool look_and_release(const struct epoll_state *epoll,
			     const struct epoll_head *ep,
			     struct epoll_finding *finding, s32 *pids)
{
	struct fake *fake = container_of(epoll, struct fake, epoll);
	bool sleeps = epoll_waiter_look(epoll, ep, finding, pids);

	if (fake->release)
		fake->key = NULL;
	return sleeps;
}

enum target { UNKNOWN, EMPTY_PIPE, FULL_PIPE, TCP };
enum woken { NOBODY, SLEEPER, LIVE, DEAD };

/**
 * struct find_case - an instance, in ms ago, and what is to be said of it
 * @name: of the case
 * @events: of its item
 * @listed: the item is in the ready list
 * @gone: it is in the tree no more
 * @harvest: somebody collects
 * @slept: when the waiter went to sleep, 0 if there is none
 * @ready: when the callback was called, 0 if it was not
 * @woken: who was woken, if anybody
 * @woken_at: when
 * @collected: when that was done last, 0 for never
 * @target: what the item watches
 * @arrived: when data came over TCP, 0 if there is none
 * @kind: is to be found
 * @since: the time of @ready or @arrived is, too
 * @clean: nothing is wrong, and nothing was left out
 */
struct find_case {
	const char *name;
	u32 events;
	bool listed, gone, harvest;
	u32 slept, ready;
	enum woken woken;
	u32 woken_at, collected;
	enum target target;
	u32 arrived;
	enum epoll_kind kind;
	bool since, clean;
};

static const struct find_case cases[] = {
	{ "nothing is ready", IN, .slept = 2000, .clean = true },
	{ "listed, nobody woken", IN, .listed = true, .slept = 2000,
	  .ready = 500, .kind = EPOLL_K1, .since = true },
	{ "listed, the waiter was called and sleeps", IN, .listed = true,
	  .slept = 2000, .ready = 500, .woken = SLEEPER, .woken_at = 500,
	  .kind = EPOLL_K1, .since = true },
	{ "listed, another was woken", IN, .listed = true, .slept = 2000,
	  .ready = 500, .woken = LIVE, .woken_at = 400,
	  .kind = EPOLL_OTHER_WOKEN, .since = true },
	{ "listed, who was woken is dead", IN, .listed = true, .slept = 2000,
	  .ready = 500, .woken = DEAD, .woken_at = 400,
	  .kind = EPOLL_K1, .since = true },
	{ "listed, another was woken before", IN, .listed = true,
	  .slept = 2000, .ready = 500, .woken = LIVE, .woken_at = 800,
	  .kind = EPOLL_K1, .since = true },
	{ "listed, ready before it slept", IN, .listed = true, .slept = 2000,
	  .ready = 3000, .kind = EPOLL_K1 },
	{ "listed, no callback seen", IN, .listed = true, .slept = 2000,
	  .kind = EPOLL_K1 },
	{ "listed, no callback seen, another woken in its sleep", IN,
	  .listed = true, .slept = 2000, .woken = LIVE, .woken_at = 1900,
	  .kind = EPOLL_OTHER_WOKEN },
	{ "listed, no callback seen, another woken before its sleep", IN,
	  .listed = true, .slept = 2000, .woken = LIVE, .woken_at = 2100,
	  .kind = EPOLL_K1 },
	{ "listed, nobody sleeps", IN, .listed = true, .ready = 500 },
	{ "listed, a harvest goes on", IN, .listed = true, .harvest = true,
	  .slept = 2000, .ready = 500 },
	{ "called, a harvest goes on", IN, .harvest = true, .slept = 2000,
	  .ready = 500 },
	{ "called, not listed", IN, .slept = 2000, .ready = 500,
	  .kind = EPOLL_K2, .since = true },
	{ "called, not listed, another was woken", IN, .slept = 2000,
	  .ready = 500, .woken = LIVE, .woken_at = 400,
	  .kind = EPOLL_OTHER_WOKEN, .since = true },
	{ "called, not listed, the item is gone", IN, .gone = true,
	  .slept = 2000, .ready = 500, .clean = true },
	{ "called, disarmed", ONESHOT | ET, .slept = 2000, .ready = 500,
	  .clean = true },
	{ "called, nobody sleeps", IN, .ready = 500 },
	{ "called before it slept", IN, .slept = 2000, .ready = 3000,
	  .clean = true },
	{ "called, read by others since", IN, .slept = 2000, .ready = 500,
	  .target = EMPTY_PIPE, .clean = true },
	{ "called, to be written, nothing to read", IN | OUT, .slept = 2000,
	  .ready = 500, .target = EMPTY_PIPE, .kind = EPOLL_K2, .since = true },
	{ "called, to be read", IN | ET, .slept = 2000, .ready = 500,
	  .target = FULL_PIPE, .kind = EPOLL_K2, .since = true },
	{ "level, to be read, nothing heard", IN, .slept = 2000,
	  .target = FULL_PIPE, .kind = EPOLL_K2 },
	{ "level, to be read, another was woken", IN, .slept = 2000,
	  .woken = LIVE, .woken_at = 100, .target = FULL_PIPE,
	  .kind = EPOLL_OTHER_WOKEN },
	{ "level, to be read, it sleeps for a moment", IN, .slept = 1,
	  .target = FULL_PIPE },
	{ "level, empty", IN, .slept = 2000, .target = EMPTY_PIPE,
	  .clean = true },
	{ "level, to be read, which nobody wants", OUT, .slept = 2000,
	  .target = FULL_PIPE, .clean = true },
	{ "disarmed, to be read", ONESHOT, .slept = 2000, .target = FULL_PIPE,
	  .clean = true },
	{ "exclusive, to be read", IN | EXCL, .slept = 2000,
	  .target = FULL_PIPE, .clean = true },
	{ "edge, a rest in a pipe", IN | ET, .slept = 2000,
	  .target = FULL_PIPE, .kind = EPOLL_UNREAD },
	{ "level, came over TCP", IN, .slept = 2000, .target = TCP,
	  .arrived = 500, .kind = EPOLL_K2, .since = true },
	{ "level, came over TCP before it slept", IN, .slept = 2000,
	  .target = TCP, .arrived = 3000, .kind = EPOLL_K2 },
	{ "level, nothing came over TCP", IN, .slept = 2000, .target = TCP,
	  .clean = true },
	{ "edge, came over TCP in its sleep", IN | ET, .slept = 2000,
	  .target = TCP, .arrived = 500, .kind = EPOLL_K2, .since = true },
	{ "edge, came over TCP before it slept", IN | ET, .slept = 2000,
	  .target = TCP, .arrived = 3000, .kind = EPOLL_UNREAD, .since = true },
	{ "edge, came over TCP, collected since", IN | ET, .slept = 2000,
	  .collected = 200, .target = TCP, .arrived = 500,
	  .kind = EPOLL_UNREAD, .since = true },
	{ "edge, came over TCP, collected before", IN | ET, .slept = 2000,
	  .collected = 1000, .target = TCP, .arrived = 500,
	  .kind = EPOLL_K2, .since = true },
	{ "exclusive edge, came over TCP", IN | ET | EXCL, .slept = 2000,
	  .target = TCP, .arrived = 500, .kind = EPOLL_UNREAD, .since = true },
};

static int find_init(struct kunit *test)
{
	void *area = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, area);
	nowhere[ARRAY_SIZE(nowhere) - 1] = (unsigned long)area + PAGE_SIZE;
	vfree(area);
	test->priv = kunit_kzalloc(test, sizeof(struct fake), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* In ticks. */
static u64 ms_ago(u32 ms)
{
	return ms ? stall_ticks() - stall_ns_to_ticks(ms * MS) : 0;
}

static void fake_target(struct fake *fake, const struct find_case *find)
{
	struct inet_connection_sock *icsk = &fake->tcp.inet_conn;
	struct sock *sk = &icsk->icsk_inet.sk;

	fake->item.file = (void *)0xdead000000000100;
	if (find->target == UNKNOWN)
		return;
	fake->item.file = &fake->file;
	fake->file.f_inode = &fake->inode;
	fake->inode.i_mode = find->target == TCP ? S_IFSOCK : S_IFIFO;
	fake->file.private_data = find->target == TCP ?
				  (void *)&fake->socket : &fake->pipe;
	fake->pipe.writers = 1;
	fake->pipe.head = find->target == FULL_PIPE;
	fake->socket.sk = sk;
	sk->__sk_common.skc_family = AF_INET;
	sk->__sk_common.skc_state = TCP_ESTABLISHED;
	sk->sk_protocol = IPPROTO_TCP;
	fake->tcp.rcv_nxt = find->arrived ? 77 : 0;
	icsk->icsk_ack.lrcvtime = jiffies - msecs_to_jiffies(find->arrived);
}

static void fake_noted(struct fake *fake, const struct find_case *find)
{
	const s32 pids[] = {
		[NOBODY] = 0, [SLEEPER] = SLEEPER_PID, [LIVE] = LIVE_PID,
		[DEAD] = DEAD_PID,
	};
	s32 pid = pids[find->woken];

	fake->instance.ready_at = ms_ago(find->ready);
	fake->instance.callback_at = fake->instance.ready_at;
	fake->instance.collected_at = ms_ago(find->collected);
	fake->instance.item = find->ready ? &fake->item : NULL;
	fake->instance.wakes[pid % EPOLL_WAKES].pid = pid;
	fake->instance.wakes[pid % EPOLL_WAKES].at = ms_ago(find->woken_at);
}

static struct fake *fake_make(struct kunit *test, const struct find_case *find)
{
	struct fake *fake = test->priv;

	memset(fake, 0, sizeof(*fake));
	fake->epoll.keys = &fake->key;
	fake->epoll.instances = &fake->instance;
	fake->epoll.budget = EPOLL_BUDGET;
	fake->epoll.functions.wake = WAKE;
	fake->epoll.tail.rbr = offsetof(struct fake, rbr) -
			       offsetof(struct fake, ep);
	fake->epoll.tail.ovflist = offsetof(struct fake, ovflist) -
				   offsetof(struct fake, ep);
	fake->key = &fake->ep;
	INIT_LIST_HEAD(&fake->ep.wq.head);
	INIT_LIST_HEAD(&fake->ep.rdllist);
	fake->ovflist = find->harvest ? NULL : EPOLL_NO_HARVEST;
	fake->item.ep = &fake->ep;
	fake->item.fd = FD;
	fake->item.event.events = (__force __poll_t)find->events;
	if (!find->gone)
		fake->rbr.rb_root.rb_node = &fake->item.rbn;
	if (find->listed)
		list_add(&fake->item.rdllink, &fake->ep.rdllist);
	fake->sleeper.private = &fake->task;
	fake->sleeper.func = (wait_queue_func_t)WAKE;
	fake->task.pid = SLEEPER_PID;
	fake->task.sched_info.last_arrival = local_clock() - find->slept * MS;
	if (find->slept)
		list_add(&fake->sleeper.entry, &fake->ep.wq.head);
	fake_target(fake, find);
	fake_noted(fake, find);
	return fake;
}

/* TCP's time is good to a jiffy, the clocks differ by little. */
static void expect_since(struct kunit *test, const struct find_case *find,
			 u64 began, u64 since)
{
	u64 ago = (find->arrived ?: find->ready) * MS;
	u64 slack = SLACK_NS + (find->arrived ? 2 * TICK_NSEC : 0);

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

		epoll_find(&fake->epoll, 0, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.kind, find->kind, "%s",
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
		KUNIT_EXPECT_EQ_MSG(test, finding.waiter.who.pid, SLEEPER_PID,
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

		fake->release = true;
		epoll_find(&fake->epoll, 0, &finding);
		KUNIT_EXPECT_EQ_MSG(test, finding.kind, EPOLL_WELL, "%s",
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
	struct epoll_wake *wakes = fake->instance.wakes;
	struct epoll_finding finding;

	wakes[0] = (struct epoll_wake){ ms_ago(300), LIVE_PID };
	wakes[1] = (struct epoll_wake){ ms_ago(100), SLEEPER_PID };
	wakes[2] = (struct epoll_wake){ ms_ago(200), DEAD_PID };
	wakes[3] = (struct epoll_wake){ ms_ago(1000), LIVE_PID };
	epoll_find(&fake->epoll, 0, &finding);
	KUNIT_EXPECT_EQ(test, finding.kind, EPOLL_OTHER_WOKEN);
	KUNIT_EXPECT_EQ(test, finding.woken_pid, SLEEPER_PID);
	KUNIT_EXPECT_GE(test, finding.woken_ago_ns + SLACK_NS, 100 * MS);
	KUNIT_EXPECT_LT(test, finding.woken_ago_ns, 200 * MS);
	wakes[0].pid = 0;
	epoll_find(&fake->epoll, 0, &finding);
	KUNIT_EXPECT_EQ(test, finding.kind, EPOLL_K1);
	KUNIT_EXPECT_EQ(test, finding.woken_pid, SLEEPER_PID);
}

static struct kunit_case find_cases[] = {
	KUNIT_CASE(instance_is_what_its_lists_say),
	KUNIT_CASE(instance_that_ends_meanwhile_is_well),
	KUNIT_CASE(latest_of_all_calls_is_noted),
	{}
};

struct kunit_suite stall_epoll_find_suite = {
	.name = "stallmeter_epoll_find",
	.init = find_init,
	.test_cases = find_cases,
};
