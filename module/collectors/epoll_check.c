// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_check - looks for lost wakeups, at a low rate and in process context
 *
 * What one check finds may be a moment between two steps of the kernel. It is
 * reported if the next one finds the same, and the waiter has not run meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "epoll.h"

/* Until the kernel's structures are known, there is nothing to wait for. */
#define TRUST_MS	50

/* An instance may be changed while it is compared. So many in a row are not. */
#define TRUST_LIMIT	1000

/* Instances that are looked at before others may have the CPU. */
#define CHECK_BATCH	64

/* Is it one whose items are like ours? Then handlers may begin. */
static void trust_instance(struct epoll_state *epoll, u32 i)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	enum epoll_check check;

	if (!epoll_is_instance(ep))
		return;
	rcu_read_lock();
	check = epoll_mirror_check(&epoll->functions, ep, &epoll->tail);
	rcu_read_unlock();
	if (check == EPOLL_FITS)
		/* Pairs with the acquire in epoll_is_known(). */
		smp_store_release(&epoll->trust, EPOLL_KNOWN);
	else if (check == EPOLL_DIFFERS)
		epoll->differed++;
}

static void trust(struct epoll_state *epoll)
{
	struct stall_run *run = epoll->run;
	u32 i;

	for (i = 0; i < EPOLL_INSTANCES && !epoll_is_known(epoll); i++)
		trust_instance(epoll, i);
	run->reason[0] = '\0';
	if (epoll_is_known(epoll))
		return;
	if (epoll->differed < TRUST_LIMIT) {
		strscpy(run->reason,
			"waits for an instance that is in use, to compare structures with",
			sizeof(run->reason));
		return;
	}
	epoll->trust = EPOLL_UNKNOWN;
	stall_run_give_up(run, "struct eventpoll is not as in any known kernel");
}

static void suspect_over(struct epoll_state *epoll,
			 struct epoll_suspect *suspect)
{
	/* Unless so many came since that its place is another's. */
	if (suspect->loss && epoll->nr_losses - suspect->loss < EPOLL_LOSSES)
		epoll_loss(epoll, suspect->loss)->over_ns = stall_clock();
	memset(suspect, 0, sizeof(*suspect));
}

static void suspect_begin(struct epoll_suspect *suspect,
			  const struct epoll_head *ep,
			  const struct epoll_finding *finding)
{
	suspect->ep = ep;
	suspect->kind = finding->kind;
	suspect->pid = finding->waiter.who.pid;
	suspect->switches = finding->waiter.switches;
	suspect->exact = finding->since_ns;
	suspect->since_ns = finding->since_ns ?: stall_clock();
}

static void report(struct epoll_state *epoll, struct epoll_suspect *suspect,
		   const struct epoll_finding *finding)
{
	u64 now = stall_clock();
	struct stall_event event = {
		.at_ns = now,
		.lasted_ns = now - suspect->since_ns,
		.limit_ns = epoll_lost_ns(),
		.who = finding->waiter.who,
		.collector = epoll->run->index,
		.key = epoll->nr_losses % EPOLL_LOSSES,
	};
	struct epoll_loss *loss;

	suspect->loss = ++epoll->nr_losses;
	loss = epoll_loss(epoll, suspect->loss);
	loss->finding = *finding;
	loss->finding.since_ns = suspect->since_ns;
	loss->exact = suspect->exact;
	loss->reported_ns = now;
	loss->over_ns = 0;
	preempt_disable();
	stall_count(epoll->run, EPOLL_LOST_WAKEUPS);
	stall_events_add(&event);
	preempt_enable();
}

static void check_instance(struct epoll_state *epoll, u32 i)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	struct epoll_suspect *suspect = &epoll->suspects[i];
	struct epoll_finding finding;

	epoll_find(epoll, i, &finding);
	if (suspect->ep != ep || (!finding.skipped &&
				  !epoll_is_same(suspect, &finding)) ||
	    !epoll_is_same_sleep(suspect, &finding))
		suspect_over(epoll, suspect);
	if (finding.skipped || (finding.kind == EPOLL_WELL && !finding.clean))
		return;
	if (!suspect->ep)
		suspect_begin(suspect, ep, &finding);
	suspect->checks++;
	if (finding.kind == EPOLL_WELL)
		suspect->since_ns = stall_clock();
	if (epoll_is_lost(finding.kind) && suspect->checks > 1 &&
	    !suspect->loss &&
	    stall_clock() - suspect->since_ns >= epoll_lost_ns())
		report(epoll, suspect, &finding);
}

/* With whom the items came to an end, the next check begins. */
static void check_all(struct epoll_state *epoll)
{
	u32 first = epoll->first, n, i;

	epoll->budget = EPOLL_BUDGET;
	for (n = 0; n < EPOLL_INSTANCES; n++) {
		i = (first + n) % EPOLL_INSTANCES;
		if (READ_ONCE(epoll->keys[i]) ||
		    epoll->suspects[i].ep)
			check_instance(epoll, i);
		if (epoll->budget)
			epoll->first = i;
		if (n % CHECK_BATCH == 0)
			cond_resched();
	}
}

static void check_work(struct work_struct *work)
{
	struct epoll_state *epoll = container_of(to_delayed_work(work),
						 struct epoll_state, check);
	unsigned int next_ms = epoll_check_ms();

	/* Who has it may be waiting for the end of this. */
	if (!mutex_trylock(&stall_lock)) {
		schedule_delayed_work(&epoll->check, 1);
		return;
	}
	if (epoll->run->state == STALL_ON && epoll->trust == EPOLL_NOT_YET) {
		trust(epoll);
		next_ms = TRUST_MS;
	} else if (epoll->run->state == STALL_ON) {
		check_all(epoll);
	}
	mutex_unlock(&stall_lock);
	schedule_delayed_work(&epoll->check, msecs_to_jiffies(next_ms));
}

/**
 * epoll_check_init() - prepare the checks
 * @epoll: the collector's own
 */
void epoll_check_init(struct epoll_state *epoll)
{
	INIT_DELAYED_WORK(&epoll->check, check_work);
}

/**
 * epoll_check_begin() - from here on, look for lost wakeups
 * @epoll: the collector's own, all instances are known
 *
 * Context: process, may sleep, under the stall lock.
 */
void epoll_check_begin(struct epoll_state *epoll)
{
	trust(epoll);
	schedule_delayed_work(&epoll->check, msecs_to_jiffies(TRUST_MS));
}

/**
 * epoll_check_stop() - no more checks
 * @epoll: the collector's own
 *
 * Context: process, may sleep, under the stall lock.
 */
void epoll_check_stop(struct epoll_state *epoll)
{
	cancel_delayed_work_sync(&epoll->check);
}
