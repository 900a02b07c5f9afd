// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_watch - a timer that looks when a hello is due
 *
 * As long as hellos go out in time it fires about once an interval, finds that none
 * is due, and sleeps until the next may be. While one is due it looks at the task
 * that sends it some hundred times until the peer gives up, and if that waits for a
 * CPU, who has it. The interrupt comes in while preemption is off; while interrupts
 * are off it comes late.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "bfd.h"
#include "bfd_holder.h"
#include "bfd_params.h"

/* Looks in an interval, and the bounds of the time between two. */
#define LOOKS			64
#define LEAST_PERIOD_NS		(1 * (u64)NSEC_PER_MSEC)
#define MOST_PERIOD_NS		(10 * (u64)NSEC_PER_MSEC)

/* Of one stall are waits for a CPU that follow each other so soon, but not for ever. */
#define EPISODE_NS		(200 * (u64)NSEC_PER_MSEC)
#define MOST_EPISODE_NS		(10 * (u64)NSEC_PER_SEC)

/* Records that are taken in one interrupt; others wait for the next. */
#define MOST_RECORDS		8

/* A session that sends nothing for so long, and whose task is well, may be gone. */
#define SILENT_NS		(10 * (u64)NSEC_PER_SEC)
#define SILENT_DETECTIONS	8

/**
 * struct bfd_watch_cpu - the timer that looks who has this CPU
 * @watch: for whom
 * @csd: sets the timer, from another CPU
 * @asked: it is set already
 * @timer: looks
 */
struct bfd_watch_cpu {
	struct bfd_watch *watch;
	call_single_data_t csd;
	u32 asked;
	struct hrtimer timer;
};

static struct bfd_state *watch_bfd(const struct bfd_watch *watch)
{
	return watch->run->priv;
}

static struct stall_hook *watch_hook(const struct bfd_watch *watch)
{
	return &watch->run->hooks[BFD_TIMER];
}

static enum hrtimer_restart watch_cpu_fires(struct hrtimer *timer)
{
	struct bfd_watch_cpu *cpu = container_of(timer, struct bfd_watch_cpu,
						 timer);
	struct stall_hook *hook = watch_hook(cpu->watch);
	u64 began = stall_hook_enter_timer(hook);

	if (READ_ONCE(cpu->watch->on))
		bfd_holders_sample(&watch_bfd(cpu->watch)->tasks,
				   stall_clock());
	stall_hook_exit(hook, began);
	WRITE_ONCE(cpu->asked, 0);
	return HRTIMER_NORESTART;
}

/* On the CPU that is looked at. A timer's interrupt tells what it interrupts. */
static void watch_cpu_called(void *info)
{
	struct bfd_watch_cpu *cpu = info;

	if (READ_ONCE(cpu->watch->on))
		hrtimer_start(&cpu->timer, 0, HRTIMER_MODE_REL_PINNED_HARD);
}

static void watch_ask_cpu(struct bfd_watch *watch, unsigned int nr)
{
	struct bfd_watch_cpu *cpu = per_cpu_ptr(watch->cpus, nr);

	if (nr == smp_processor_id()) {
		bfd_holders_sample(&watch_bfd(watch)->tasks, stall_clock());
		return;
	}
	if (cmpxchg(&cpu->asked, 0, 1))
		return;
	if (smp_call_function_single_async(nr, &cpu->csd))
		WRITE_ONCE(cpu->asked, 0);
}

/*
 * Once the task has sent or read, who had the CPU before is forgotten - unless that was
 * only just now: a daemon that ran again may read before it sends, and send for many
 * sessions, and wait for a CPU in between.
 */
static void watch_begin(struct bfd_task *row, u64 now)
{
	if (now - row->holders.last_ns < EPISODE_NS &&
	    now - row->holders.began_ns < MOST_EPISODE_NS)
		return;
	if (cmpxchg(&row->busy, 0, 1))
		return;
	row->holders.began_ns = 0;
	row->holders.nr = 0;
	row->holders.nr_samples = 0;
	/* Pairs with the cmpxchg() of whoever comes next. */
	smp_store_release(&row->busy, 0);
}

static void watch_look_task(struct bfd_watch *watch, struct bfd_task *row,
			    u64 now)
{
	u64 used = READ_ONCE(row->used);
	struct task_struct *task;
	u32 waits_on;

	rcu_read_lock();
	task = bfd_task_of(row);
	if (task) {
		if (row->looked_used != used)
			watch_begin(row, now);
		row->looked_used = used;
		bfd_task_look(row, task, now);
	}
	rcu_read_unlock();
	waits_on = task ? READ_ONCE(row->waits_on) : 0;
	if (waits_on)
		watch_ask_cpu(watch, waits_on - 1);
}

/* No hello of a session is due any more, or none may ever come. */
static u32 watch_silent(struct bfd_watch *watch, u32 number)
{
	WRITE_ONCE(watch->due[number], 0);
	bfd_overdue_silent(watch_bfd(watch), number);
	return BFD_NR_TASKS;
}

/*
 * Look at a session that is due; @tasks are known to live. Return: the task to be looked
 * at, or BFD_NR_TASKS if there is none.
 */
static u32 watch_look_session(struct bfd_watch *watch, u32 number,
			      const unsigned long *tasks, u64 *period_ns)
{
	struct bfd_state *bfd = watch_bfd(watch);
	struct bfd_session *session = stall_map_row(&bfd->sessions, number);
	u32 task = session->account.task;
	const struct bfd_task *row = &bfd->tasks.rows[task];
	u64 silent_ns = stall_ticks_since(READ_ONCE(session->last),
					  stall_ticks());
	struct bfd_pace pace;
	u64 limit_ns;

	bfd_pace_of(&session->tx.said, &session->rx.said, &pace);
	if (!pace.interval_ns || !session->account.at ||
	    session->account.epoch != READ_ONCE(row->epoch) ||
	    (!test_bit(task, tasks) && !bfd_task_lives(row)) ||
	    !bfd_port(cpu_to_be16(session->key.port)))
		return watch_silent(watch, number);
	if (pace.interval_ns < session->tx.pace.interval_ns)
		pace = session->tx.pace;
	*period_ns = clamp(pace.interval_ns / LOOKS, LEAST_PERIOD_NS,
			   MOST_PERIOD_NS);
	if (silent_ns > max(SILENT_NS, SILENT_DETECTIONS * pace.detection_ns) &&
	    row->looked_at == BFD_AT_WORK)
		return watch_silent(watch, number);
	limit_ns = bfd_threshold_ns() ?:
		   bfd_session_limit_ns(session,
					bfd_pace_limit_ns(&pace, bfd_overdue_percent()));
	if (silent_ns > limit_ns && !READ_ONCE(session->overdue) &&
	    watch->nr_records < MOST_RECORDS) {
		watch->nr_records++;
		bfd_overdue_record(watch_bfd(watch), number, silent_ns, &pace);
	}
	return task;
}

/* False if somebody has set it since the timer looks. */
static bool watch_set_next(struct bfd_watch *watch, u64 in_ns)
{
	return !cmpxchg(&watch->next, 0,
			stall_ticks() + stall_ns_to_ticks(in_ns));
}

/* Return: when to look again, 0 if the timer is not to be set for that. */
static u64 watch_look(struct bfd_watch *watch, u64 now)
{
	u64 due, period_ns, least_ns = MOST_PERIOD_NS, soonest = U64_MAX;
	u64 next_ns, ticks = stall_ticks();
	DECLARE_BITMAP(tasks, BFD_NR_TASKS) = {};
	u32 i, task;

	watch->nr_records = 0;
	WRITE_ONCE(watch->next, 0);
	/* What is due from now on kicks. Pairs with bfd_watch_due(). */
	smp_mb();
	for (i = 0; i < watch->nr_due; i++) {
		due = READ_ONCE(watch->due[i]);
		if (!due)
			continue;
		if (due > ticks) {
			soonest = min(soonest, due);
			continue;
		}
		task = watch_look_session(watch, i, tasks, &period_ns);
		if (task == BFD_NR_TASKS)
			continue;
		__set_bit(task, tasks);
		least_ns = min(least_ns, period_ns);
	}
	for_each_set_bit(task, tasks, BFD_NR_TASKS)
		watch_look_task(watch, &watch_bfd(watch)->tasks.rows[task],
				now);
	if (!bitmap_empty(tasks, BFD_NR_TASKS))
		next_ns = now + least_ns;
	else if (soonest != U64_MAX)
		next_ns = now + stall_ticks_since(ticks, soonest);
	else
		return 0;
	next_ns = max(next_ns, now + LEAST_PERIOD_NS);
	/* Whoever kicked meanwhile has set the timer. */
	return watch_set_next(watch, next_ns - now) ? next_ns : 0;
}

static enum hrtimer_restart watch_fires(struct hrtimer *timer)
{
	struct bfd_watch *watch = container_of(timer, struct bfd_watch, timer);
	u64 began, next_ns;

	if (!READ_ONCE(watch->on))
		return HRTIMER_NORESTART;
	began = stall_hook_enter_timer(watch_hook(watch));
	next_ns = watch_look(watch, ktime_get_ns());
	stall_hook_exit(watch_hook(watch), began);
	/* Not by HRTIMER_RESTART: it may have been set from elsewhere just now. */
	if (next_ns)
		hrtimer_start(timer, ns_to_ktime(next_ns),
			      HRTIMER_MODE_ABS_HARD);
	return HRTIMER_NORESTART;
}

/* A hello is due sooner than the timer fires: it fires now, and finds out when. */
static void watch_kicked(struct irq_work *kick)
{
	struct bfd_watch *watch = container_of(kick, struct bfd_watch, kick);

	if (!READ_ONCE(watch->on))
		return;
	WRITE_ONCE(watch->next,
		   stall_ticks() + stall_ns_to_ticks(LEAST_PERIOD_NS));
	hrtimer_start(&watch->timer, ns_to_ktime(LEAST_PERIOD_NS),
		      HRTIMER_MODE_REL_HARD);
}

/**
 * bfd_watch_bytes() - memory of a timer
 * @nr: of how many sessions
 */
size_t bfd_watch_bytes(u32 nr)
{
	return nr * sizeof(u64);
}

/**
 * bfd_watch_init() - make a timer that does not look yet
 * @watch: it
 * @run: the collector's
 * @nr: of how many sessions
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM; bfd_watch_free() in any case.
 */
int bfd_watch_init(struct bfd_watch *watch, struct stall_run *run, u32 nr)
{
	const struct irq_work kick = IRQ_WORK_INIT_HARD(watch_kicked);
	int cpu;

	watch->run = run;
	watch->kick = kick;
	hrtimer_setup(&watch->timer, watch_fires, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	watch->due = kvcalloc(nr, sizeof(u64), GFP_KERNEL);
	watch->cpus = alloc_percpu(struct bfd_watch_cpu);
	if (!watch->due || !watch->cpus)
		return -ENOMEM;
	watch->nr_due = nr;
	for_each_possible_cpu(cpu) {
		struct bfd_watch_cpu *this = per_cpu_ptr(watch->cpus, cpu);

		this->watch = watch;
		this->csd.func = watch_cpu_called;
		this->csd.info = this;
		hrtimer_setup(&this->timer, watch_cpu_fires, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
	}
	return 0;
}

/**
 * bfd_watch_start() - look from now on
 * @watch: the timer
 */
void bfd_watch_start(struct bfd_watch *watch)
{
	WRITE_ONCE(watch->on, true);
	irq_work_queue(&watch->kick);
	irq_work_sync(&watch->kick);
}

static void watch_flush(void *info)
{
}

/**
 * bfd_watch_stop() - look no more
 * @watch: the timer, stopped already or not
 *
 * Hellos that are not seen any more are not overdue. Probes may still hang, but
 * what they ask for is not done.
 *
 * Context: process, may sleep.
 */
void bfd_watch_stop(struct bfd_watch *watch)
{
	int cpu;

	WRITE_ONCE(watch->on, false);
	irq_work_sync(&watch->kick);
	/*
	 * Calls of a CPU are made in their order: those before have been made. First those
	 * that set the timer, then those that it made.
	 */
	on_each_cpu(watch_flush, NULL, 1);
	hrtimer_cancel(&watch->timer);
	on_each_cpu(watch_flush, NULL, 1);
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(watch->cpus, cpu)->timer);
}

/**
 * bfd_watch_free() - give back what bfd_watch_init() took
 * @watch: stopped, and no probe hangs; or zero
 */
void bfd_watch_free(struct bfd_watch *watch)
{
	if (watch->run)
		irq_work_sync(&watch->kick);
	free_percpu(watch->cpus);
	kvfree(watch->due);
	memset(watch, 0, sizeof(*watch));
}
