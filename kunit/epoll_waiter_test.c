// SPDX-License-Identifier: GPL-2.0
/* epoll_waiter_test - tasks that sleep, some of which no kernel has made */
#include <kunit/test.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>

#include "epoll_fake.h"
#include "suites.h"

struct task_struct *fake_tasks[NR_FAKE_TASKS];

static struct task_struct *task_by_number(s32 nr)
{
	unsigned int i;

	for (i = 0; i < NR_FAKE_TASKS; i++)
		if (fake_tasks[i] && fake_tasks[i]->pid == nr)
			return fake_tasks[i];
	return pid_task(find_pid_ns(nr, &init_pid_ns), PIDTYPE_PID);
}

/* Who sleeps may be a fake; all suites look for waiters with this. */
#define find_pid_ns(_nr, _ns) ((struct pid *)(long)(_nr))
#define pid_task(_pid, _type) task_by_number((long)(_pid))
#include "../module/collectors/epoll_waiter.c"
#undef pid_task
#undef find_pid_ns

/* Those of the suite before are gone. */
static int waiter_init(struct kunit *test)
{
	memset(fake_tasks, 0, sizeof(fake_tasks));
	return 0;
}

static void living_task_is_found_by_its_number(struct kunit *test)
{
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, epoll_task(current->pid), current);
	KUNIT_EXPECT_PTR_EQ(test, epoll_task(PID_MAX_LIMIT + 8),
			    (struct task_struct *)NULL);
	rcu_read_unlock();
}

/* How long it ran before counts for those alone of whom it is known. */
static void sleep_begins_when_it_ran_last(struct kunit *test)
{
	struct fake_instance *fake = kunit_kzalloc(test, sizeof(*fake),
						   GFP_KERNEL);
	struct task_struct *task = &fake->task;
	bool exact;
	u64 slept;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	task->sched_info.last_arrival = local_clock() - 3000 * MS;
	task->se.sum_exec_runtime = 9000 * MS;
	task->se.prev_sum_exec_runtime = 8000 * MS;
	task->prio = DEFAULT_PRIO;
	slept = waiter_slept_ns(task, &exact);
	KUNIT_EXPECT_TRUE(test, exact);
	KUNIT_EXPECT_GE(test, slept, 2000 * MS);
	KUNIT_EXPECT_LT(test, slept, 3000 * MS);
	task->prio = 0;
	KUNIT_EXPECT_GE(test, waiter_slept_ns(task, &exact), 3000 * MS);
	KUNIT_EXPECT_FALSE(test, exact);
	/* It was of another class then. */
	task->prio = DEFAULT_PRIO;
	task->se.prev_sum_exec_runtime = 0;
	KUNIT_EXPECT_GE(test, waiter_slept_ns(task, &exact), 3000 * MS);
}

static struct kunit_case waiter_cases[] = {
	KUNIT_CASE(living_task_is_found_by_its_number),
	KUNIT_CASE(sleep_begins_when_it_ran_last),
	{}
};

struct kunit_suite stall_epoll_waiter_suite = {
	.name = "stallmeter_epoll_waiter",
	.init = waiter_init,
	.test_cases = waiter_cases,
};
