// SPDX-License-Identifier: GPL-2.0
/* hist_percpu_test - recording on all CPUs, and folding */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "../module/hist.h"
#include "../uapi/stallmeter.h"
#include "random.h"
#include "suites.h"

#define NR_RECORDS	20000
#define NR_INTERRUPTS	400

struct fixture {
	struct stall_hist __percpu *hist;
	struct stallmeter_hist *total;
};

static int percpu_init(struct kunit *test)
{
	struct fixture *fixture = kunit_kzalloc(test, sizeof(*fixture),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fixture);
	fixture->hist = stall_hist_alloc();
	KUNIT_ASSERT_TRUE(test, fixture->hist);
	fixture->total = kunit_kzalloc(test, sizeof(*fixture->total) +
				       STALL_HIST_BUCKETS * sizeof(u64),
				       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture->total);
	test->priv = fixture;
	return 0;
}

static void percpu_exit(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	stall_hist_free(fixture->hist);
}

struct writer {
	struct stall_hist __percpu *hist;
	struct completion done;
	u64 sum;
};

static int writer_thread(void *data)
{
	struct writer *writer = data;
	u64 state = 1 + raw_smp_processor_id();
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++) {
		u64 value = 1 + test_random(&state) % 1000000;

		writer->sum += value;
		stall_hist_record(writer->hist, value);
		if (i % 256 == 0)
			cond_resched();
	}
	complete(&writer->done);
	return 0;
}

static void record_in_interrupt(void *data)
{
	const struct fixture *fixture = data;

	stall_hist_record(fixture->hist, 2000000);
}

/* Threads on all CPUs record while interrupts come in and record, too. */
static void total_is_exact_under_concurrent_writers(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	unsigned int nr = num_online_cpus(), i = 0, n;
	struct writer *writers = kunit_kcalloc(test, nr, sizeof(*writers),
					       GFP_KERNEL);
	u64 sum = 0;
	int cpu;

	KUNIT_ASSERT_NOT_NULL(test, writers);
	KUNIT_ASSERT_GE_MSG(test, nr, 2U, "boot with two CPUs or more");
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct task_struct *task;

		writers[i].hist = fixture->hist;
		init_completion(&writers[i].done);
		task = kthread_create(writer_thread, &writers[i], "hist/%d",
				      cpu);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
		kthread_bind(task, cpu);
		wake_up_process(task);
		i++;
	}
	for (n = 0; n < NR_INTERRUPTS; n++)
		on_each_cpu(record_in_interrupt, fixture, 1);
	for (i = 0; i < nr; i++) {
		wait_for_completion(&writers[i].done);
		sum += writers[i].sum + NR_INTERRUPTS * 2000000ULL;
	}
	cpus_read_unlock();

	stall_hist_fold(fixture->hist, fixture->total);
	KUNIT_EXPECT_EQ(test, stall_hist_count(fixture->total->buckets,
					       STALL_HIST_BUCKETS),
			(u64)nr * (NR_RECORDS + NR_INTERRUPTS));
	KUNIT_EXPECT_EQ(test, fixture->total->sum, sum);
	KUNIT_EXPECT_EQ(test, fixture->total->max, 2000000ULL);
}

static void extremes_are_exact(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	static const u64 values[] = { 5, 0, U64_MAX, 17 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		stall_hist_record(fixture->hist, values[i]);
	stall_hist_fold(fixture->hist, fixture->total);
	KUNIT_EXPECT_EQ(test, fixture->total->min, 0ULL);
	KUNIT_EXPECT_EQ(test, fixture->total->max, U64_MAX);
	KUNIT_EXPECT_EQ(test, fixture->total->sum, 21ULL);
}

static void empty_histogram_folds_to_nothing(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	stall_hist_fold(fixture->hist, fixture->total);
	KUNIT_EXPECT_EQ(test, stall_hist_count(fixture->total->buckets,
					       STALL_HIST_BUCKETS), 0ULL);
	KUNIT_EXPECT_EQ(test, fixture->total->min, U64_MAX);
	KUNIT_EXPECT_EQ(test, fixture->total->max, 0ULL);
}

static void peak_is_taken_once(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	stall_hist_record(fixture->hist, 7);
	stall_hist_record(fixture->hist, 3);
	KUNIT_EXPECT_EQ(test, stall_hist_take_peak(fixture->hist), 7ULL);
	KUNIT_EXPECT_EQ(test, stall_hist_take_peak(fixture->hist), 0ULL);
	stall_hist_record(fixture->hist, 5);
	KUNIT_EXPECT_EQ(test, stall_hist_take_peak(fixture->hist), 5ULL);
	stall_hist_fold(fixture->hist, fixture->total);
	KUNIT_EXPECT_EQ(test, fixture->total->max, 7ULL);
}

static struct kunit_case percpu_cases[] = {
	KUNIT_CASE(total_is_exact_under_concurrent_writers),
	KUNIT_CASE(extremes_are_exact),
	KUNIT_CASE(empty_histogram_folds_to_nothing),
	KUNIT_CASE(peak_is_taken_once),
	{}
};

struct kunit_suite stall_hist_percpu_suite = {
	.name = "stallmeter_hist_percpu",
	.init = percpu_init,
	.exit = percpu_exit,
	.test_cases = percpu_cases,
};
