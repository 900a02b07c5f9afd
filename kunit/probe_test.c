// SPDX-License-Identifier: GPL-2.0
/* probe_test - runs and their hooks, hung into the live kernel */
#include <kunit/test.h>
#include <linux/utsname.h>
#include <trace/events/net.h>

#include "../module/probe.c"
#include "../module/run.c"
#include "suites.h"

enum { HITS, BALANCE, TIMES };

static const struct stall_series series[] = {
	[HITS] = { STALL_COUNTER("hits", "calls", "calls of a function") },
	[BALANCE] = { STALL_GAUGE("balance", "calls", "may be negative") },
	[TIMES] = { STALL_HISTOGRAM("times", "ns", "some times") },
};

static void on_entry(struct stall_run *run, struct pt_regs *regs)
{
	stall_count(run, HITS);
}

static void on_xmit(void *data, const struct sk_buff *skb,
		    const struct net_device *dev)
{
	struct stall_hook *hook = data;

	stall_hook_exit(hook, stall_hook_enter(hook));
}

static const struct stall_probe good[] = {
	{ STALL_TP(net_dev_start_xmit, on_xmit) },
	{ STALL_FUNCTION(on_entry, "stall_no_such_function", "kernel_read") },
};

static const struct stall_probe optional[] = {
	{ STALL_FUNCTION(on_entry, "stall_no_such_function"),
	  .optional = true },
	{ STALL_TP(net_dev_start_xmit, on_xmit) },
};

static const struct stall_probe required[] = {
	{ STALL_TP(net_dev_start_xmit, on_xmit) },
	{ STALL_FUNCTION(on_entry, "stall_no_such_function",
			 "stall_nor_this") },
};

static const struct stall_probe no_tracepoint[] = {
	{ .kind = STALL_TRACEPOINT, .targets = { "stall_no_such_tracepoint" },
	  .tracepoint_fn = on_xmit },
};

static const struct stall_probe untraceable[] = {
	{ STALL_FUNCTION(on_entry, "copy_page") },
};

static const struct stall_collector collectors[] = {
	{ STALL_COLLECTOR("good", "all probes are there", series, good) },
	{ STALL_COLLECTOR("optional", "one may be missing", series, optional) },
	{ STALL_COLLECTOR("required", "one is missing", series, required) },
	{ STALL_COLLECTOR("none", "no tracepoint", series, no_tracepoint) },
	{ STALL_COLLECTOR("kprobe", "no tracer", series, untraceable) },
};

static struct stall_run *start(struct kunit *test, unsigned int i)
{
	struct stall_run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_ASSERT_EQ(test, stall_run_init(run, &collectors[i], 0), 0);
	mutex_lock(&stall_lock);
	stall_run_start(run);
	mutex_unlock(&stall_lock);
	return run;
}

static void stop(struct stall_run *run)
{
	mutex_lock(&stall_lock);
	stall_run_stop(run);
	mutex_unlock(&stall_lock);
	stall_run_exit(run);
}

static int probe_init(struct kunit *test)
{
	return stall_events_init();
}

static void probe_exit(struct kunit *test)
{
	stall_events_exit();
}

static void first_target_that_resolves_wins(struct kunit *test)
{
	struct stall_run *run = start(test, 0);

	KUNIT_EXPECT_EQ(test, run->state, STALL_ON);
	KUNIT_EXPECT_STREQ(test, run->hooks[0].target, "net_dev_start_xmit");
	KUNIT_EXPECT_STREQ(test, stall_hook_how(&run->hooks[0]), "tracepoint");
	KUNIT_EXPECT_STREQ(test, run->hooks[1].target, "kernel_read");
	KUNIT_EXPECT_STREQ(test, stall_hook_how(&run->hooks[1]), "ftrace");
	stop(run);
	KUNIT_EXPECT_EQ(test, run->state, STALL_OFF);
}

static void entry_of_a_function_is_seen(struct kunit *test)
{
	struct stall_run *run = start(test, 0);
	struct stall_hook_cost cost;
	struct file *file = filp_open("/proc/version", O_RDONLY, 0);
	char byte;
	u64 before;
	loff_t at = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	before = stall_run_counter(run, HITS);
	KUNIT_EXPECT_EQ(test, kernel_read(file, &byte, 1, &at), (ssize_t)1);
	KUNIT_EXPECT_EQ(test, stall_run_counter(run, HITS), before + 1);
	stall_hook_fold(&run->hooks[1], &cost);
	KUNIT_EXPECT_EQ(test, cost.hits, before + 1);
	fput(file);
	stop(run);
}

/* copy_page() is assembler: a kprobe can hang there, a tracer cannot. */
static void entry_falls_back_to_a_kprobe(struct kunit *test)
{
	struct stall_run *run = start(test, 4);
	void *from = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, from);
	KUNIT_ASSERT_EQ(test, run->state, STALL_ON);
	KUNIT_EXPECT_STREQ(test, stall_hook_how(&run->hooks[0]), "kprobe");
	copy_page(from + PAGE_SIZE, from);
	KUNIT_EXPECT_GE(test, stall_run_counter(run, HITS), 1ULL);
	stop(run);
}

static void gauge_may_be_negative(struct kunit *test)
{
	struct stall_run *run = start(test, 0);

	preempt_disable();
	stall_gauge_add(run, BALANCE, 2);
	stall_gauge_add(run, BALANCE, -5);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, (s64)stall_run_counter(run, BALANCE), -3LL);
	stop(run);
}

static void optional_probe_may_be_missing(struct kunit *test)
{
	struct stall_run *run = start(test, 1);

	KUNIT_EXPECT_EQ(test, run->state, STALL_ON);
	KUNIT_EXPECT_EQ(test, run->hooks[0].error, -ENOENT);
	KUNIT_EXPECT_NULL(test, run->hooks[0].target);
	KUNIT_EXPECT_EQ(test, run->hooks[1].error, 0);
	stop(run);
}

static void required_probe_missing_takes_the_others_out(struct kunit *test)
{
	struct stall_run *run = start(test, 2);

	KUNIT_EXPECT_EQ(test, run->state, STALL_UNAVAILABLE);
	KUNIT_EXPECT_EQ(test, run->hooks[0].how, STALL_HOW_NONE);
	KUNIT_EXPECT_NOT_NULL(test, strstr(run->reason,
					   "stall_no_such_function"));
	KUNIT_EXPECT_EQ(test, run->memory_bytes, (size_t)0);
	KUNIT_EXPECT_FALSE(test, run->cells[HITS].counter);
	stop(run);
}

static void tracepoint_missing_is_told(struct kunit *test)
{
	struct stall_run *run = start(test, 3);

	KUNIT_EXPECT_EQ(test, run->state, STALL_UNAVAILABLE);
	KUNIT_EXPECT_EQ(test, run->hooks[0].error, -ENOENT);
	stop(run);
}

static void costly_collector_is_throttled_and_can_be_read(struct kunit *test)
{
	struct stall_run *run = start(test, 0);
	struct stall_hook_cost __percpu *cost = run->hooks[0].cost;
	unsigned int i;

	mutex_lock(&stall_lock);
	for (i = 0; i < COST_CHECKS; i++) {
		KUNIT_EXPECT_EQ(test, run->state, STALL_ON);
		preempt_disable();
		this_cpu_add(cost->hits, 1000000);
		this_cpu_add(cost->sampled, 1);
		this_cpu_add(cost->sampled_ns, 1000000);
		preempt_enable();
		stall_run_check_cost(run, NSEC_PER_SEC, 50000);
	}
	mutex_unlock(&stall_lock);
	KUNIT_EXPECT_EQ(test, run->state, STALL_THROTTLED);
	KUNIT_EXPECT_EQ(test, run->hooks[0].how, STALL_HOW_NONE);
	KUNIT_EXPECT_NOT_NULL(test, strstr(run->reason, "cost_limit_ppm"));
	stall_run_counter(run, HITS);
	stop(run);
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE(first_target_that_resolves_wins),
	KUNIT_CASE(entry_of_a_function_is_seen),
	KUNIT_CASE(entry_falls_back_to_a_kprobe),
	KUNIT_CASE(gauge_may_be_negative),
	KUNIT_CASE(optional_probe_may_be_missing),
	KUNIT_CASE(required_probe_missing_takes_the_others_out),
	KUNIT_CASE(tracepoint_missing_is_told),
	KUNIT_CASE(costly_collector_is_throttled_and_can_be_read),
	{}
};

struct kunit_suite stall_probe_suite = {
	.name = "stallmeter_probe",
	.init = probe_init,
	.exit = probe_exit,
	.test_cases = probe_cases,
};
