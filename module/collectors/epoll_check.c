// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_check - looks for lost wakeups, at a low rate and in process context
 *
 * What one check finds may be a moment between two steps of the kernel. It is
 * reported if the next one finds the same, and nothing has happened meanwhile.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "epoll.h"

/* Until the kernel's structures are known, there is nothing to wait for. */
#define TRUST_MS	50

/* Somebody reads, or changes what is on. */
#define RETRY_MS	5

/* An instance may be changed while it is compared; not so often in a row. */
#define TRUST_LIMIT	100

static enum epoll_check trust_instance(struct epoll_state *epoll, u32 i)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	enum epoll_check check;

	if (!epoll_is_instance(ep))
		return EPOLL_EMPTY;
	rcu_read_lock();
	check = epoll_mirror_check(&epoll->functions, ep, &epoll->tail);
	rcu_read_unlock();
	return check;
}

/* Is there an instance whose items are like ours? Then handlers may begin. */
static void trust(struct epoll_state *epoll)
{
	struct stall_run *run = epoll->run;
	bool differs = false;
	u32 i;

	run->reason[0] = '\0';
	for (i = 0; i < EPOLL_INSTANCES; i++) {
		enum epoll_check check = trust_instance(epoll, i);

		differs |= check == EPOLL_DIFFERS;
		if (check != EPOLL_FITS)
			continue;
		epoll->known_at = stall_ticks();
		/* Pairs with the acquire in epoll_is_known(). */
		smp_store_release(&epoll->trust, EPOLL_KNOWN);
		return;
	}
	epoll->differed = differs ? epoll->differed + 1 : 0;
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
			  const struct epoll_finding *finding)
{
	suspect->evidence = finding->evidence;
	suspect->exact = finding->since_ns;
	suspect->since_ns = finding->since_ns ?: stall_clock();
	suspect->checks = 0;
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

/* What is to be known of a sleep by the next check. */
static void suspect_sleeps(struct epoll_suspect *suspect,
			   const struct epoll_head *ep,
			   const struct epoll_finding *finding)
{
	suspect->ep = ep;
	if (!epoll_is_same_sleep(suspect, finding)) {
		suspect->unread = false;
		suspect->clean_ns = 0;
	}
	suspect->pid = finding->waiter.who.pid;
	suspect->switches = finding->waiter.switches;
	if (finding->clean)
		suspect->clean_ns = stall_clock();
	else if (finding->evidence.kind == EPOLL_UNREAD)
		suspect->unread = true;
}

/*
 * Nobody who sleeps, or no time to look at items: what is wrong in any sleep may
 * be so still.
 */
static bool is_no_news(const struct epoll_suspect *suspect,
		       const struct epoll_finding *finding)
{
	if (suspect->evidence.level &&
	    (finding->skipped || !finding->waiter.who.pid))
		return true;
	return finding->skipped && epoll_is_same_sleep(suspect, finding);
}

/*
 * Two looks may by chance be at two moments of which each looks the same, as
 * memory is used again. A moment does not last for so long.
 */
static bool is_lasting(struct epoll_state *epoll, u32 i,
		       const struct epoll_suspect *suspect)
{
	struct epoll_finding again;

	usleep_range(1000, 2000);
	epoll_find(epoll, i, &again);
	return epoll_is_same(suspect, &again);
}

static void check_instance(struct epoll_state *epoll, u32 i)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	struct epoll_suspect *suspect = &epoll->suspects[i];
	struct epoll_finding finding;

	epoll_find(epoll, i, &finding);
	if (suspect->ep == ep && is_no_news(suspect, &finding))
		return;
	if (suspect->ep != ep || (!epoll_is_same_sleep(suspect, &finding) &&
				  !epoll_is_same(suspect, &finding)))
		suspect_over(epoll, suspect);
	if (!finding.waiter.who.pid || finding.skipped)
		return;
	suspect_sleeps(suspect, ep, &finding);
	/* What was reported is not over before the sleep is. */
	if (suspect->loss)
		return;
	if (!epoll_is_same(suspect, &finding))
		suspect_begin(suspect, &finding);
	suspect->checks++;
	if (epoll_is_lost(finding.evidence.kind) && suspect->checks > 1 &&
	    stall_clock() - suspect->since_ns >= epoll_lost_ns() &&
	    is_lasting(epoll, i, suspect))
		report(epoll, suspect, &finding);
}

/* With whom the items came to an end, the next check begins. */
static void check_all(struct epoll_state *epoll)
{
	u32 first = epoll->first, n, i;

	epoll->budget = EPOLL_BUDGET;
	for (n = 0; n < EPOLL_INSTANCES; n++) {
		i = (first + n) % EPOLL_INSTANCES;
		if (epoll->budget)
			epoll->first = i;
		if (!READ_ONCE(epoll->keys[i]) && !epoll->suspects[i].ep)
			continue;
		check_instance(epoll, i);
		cond_resched();
	}
}

/* On any CPU: some are kept free of such work. */
static void check_later(struct epoll_state *epoll, unsigned int ms)
{
	queue_delayed_work(system_unbound_wq, &epoll->check,
			   msecs_to_jiffies(ms));
}

static void check_work(struct work_struct *work)
{
	struct epoll_state *epoll = container_of(to_delayed_work(work),
						 struct epoll_state, check);
	unsigned int next_ms = epoll_check_ms();

	/* Who has it may be waiting for the end of this. */
	if (!mutex_trylock(&stall_lock)) {
		next_ms = RETRY_MS;
		goto again;
	}
	if (epoll->run->state == STALL_ON && epoll->trust == EPOLL_NOT_YET) {
		trust(epoll);
		next_ms = TRUST_MS;
	} else if (epoll_is_at_work(epoll)) {
		check_all(epoll);
	}
	mutex_unlock(&stall_lock);
again:
	if (epoll->trust != EPOLL_UNKNOWN)
		check_later(epoll, next_ms);
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
	check_later(epoll, TRUST_MS);
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
