// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_check - looks for lost wakeups, at a low rate and in process context
 *
 * What one check finds may be a moment between two steps of the kernel. It is
 * reported if the next one finds the same, and nothing has happened meanwhile.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "epoll_find.h"

/* Until the kernel's structures are known, there is nothing to wait for. */
#define TRUST_MS	50

/* Somebody reads, or changes what is on. */
#define RETRY_MS	5

/* Within this time a change of epoll_check_ms is seen. */
#define PARAM_MS	1000U

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
		epoll->known_jiffy = (u32)jiffies;
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

/*
 * TCP tells of the latest data, by the jiffy: if that moves, what was lost first
 * came before.
 */
static void suspect_stays(struct epoll_suspect *suspect,
			  const struct epoll_finding *finding)
{
	const u64 slack_ns = 2 * TICK_NSEC + EPOLL_SLACK_NS;

	if (finding->since_ns > suspect->since_ns + slack_ns)
		suspect->exact = false;
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
		suspect->seen_ns = stall_clock();
		suspect->unread = false;
		suspect->clean = false;
	}
	suspect->pid = finding->waiter.who.pid;
	suspect->switches = finding->waiter.switches;
	if (finding->clean) {
		suspect->clean = true;
		suspect->clean_at = finding->collected_at;
	}
	suspect->unread |= finding->unread;
}

/*
 * What is wrong in any sleep is so still, and this look was at something else:
 * nobody who sleeps, no time for all items, a moment between two steps. Or there
 * was no time, and the waiter sleeps on.
 */
static bool is_no_news(const struct epoll_suspect *suspect,
		       const struct epoll_finding *finding, bool still_lost)
{
	if (still_lost)
		return suspect->loss || !epoll_is_lost(finding->evidence.kind);
	return finding->skipped && epoll_is_same_sleep(suspect, finding) &&
	       !suspect->evidence.any_sleep;
}

/* What was found is no more. */
static bool is_over(const struct epoll_suspect *suspect,
		    const struct epoll_finding *finding, bool still_lost)
{
	return suspect->evidence.any_sleep ?
	       !still_lost : !epoll_is_same_sleep(suspect, finding);
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
	epoll_find(epoll, i, &again, NULL);
	return epoll_is_same(suspect, &again);
}

static void check_instance(struct epoll_state *epoll, u32 i)
{
	const struct epoll_head *ep = READ_ONCE(epoll->keys[i]);
	struct epoll_suspect *suspect = &epoll->suspects[i];
	struct epoll_finding finding;
	bool still_lost;

	if (suspect->ep != ep)
		suspect_over(epoll, suspect);
	epoll_find(epoll, i, &finding, NULL);
	still_lost = suspect->evidence.any_sleep &&
		     epoll_read_again(epoll, i, &suspect->evidence) !=
		     EPOLL_NOTHING;
	if (is_no_news(suspect, &finding, still_lost))
		return;
	if (is_over(suspect, &finding, still_lost))
		suspect_over(epoll, suspect);
	if (!finding.waiter.who.pid || finding.skipped)
		return;
	suspect_sleeps(suspect, ep, &finding);
	/* What was reported is not over yet. */
	if (suspect->loss)
		return;
	if (!epoll_is_same(suspect, &finding))
		suspect_begin(suspect, &finding);
	else
		suspect_stays(suspect, &finding);
	suspect->checks++;
	if (epoll_is_lost(finding.evidence.kind) && suspect->checks > 1 &&
	    stall_clock() - suspect->since_ns >= epoll_lost_ns() &&
	    is_lasting(epoll, i, suspect))
		report(epoll, suspect, &finding);
	epoll->hurry |= epoll_is_lost(finding.evidence.kind) && !suspect->loss;
}

/* With whom the items came to an end, the next check begins. */
static void check_all(struct epoll_state *epoll)
{
	u32 first = epoll->first, n, i;

	epoll->hurry = false;
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
	queue_delayed_work(system_dfl_wq, &epoll->check, msecs_to_jiffies(ms));
}

/* A loss that is to be confirmed is looked at earlier than all others would be. */
static u64 due_ns(const struct epoll_state *epoll)
{
	u64 wait_ns = epoll_check_ms() * (u64)NSEC_PER_MSEC;

	return epoll->checked_ns + (epoll->hurry ? wait_ns / 2 : wait_ns);
}

/* Checks if it is time to; in how many ms it is time to see again. */
static unsigned int check_if_due(struct epoll_state *epoll)
{
	u64 now = stall_clock(), due;

	if (now >= due_ns(epoll)) {
		epoll->checked_ns = now;
		check_all(epoll);
		now = stall_clock();
	}
	due = due_ns(epoll);
	if (due <= now)
		return 1;
	return min_t(u64, div_u64(due - now, NSEC_PER_MSEC) + 1, PARAM_MS);
}

static void check_work(struct work_struct *work)
{
	struct epoll_state *epoll = container_of(to_delayed_work(work),
						 struct epoll_state, check);
	unsigned int next_ms = PARAM_MS;

	/* Who has it may be waiting for the end of this. */
	if (!mutex_trylock(&stall_lock)) {
		next_ms = RETRY_MS;
		goto again;
	}
	if (epoll->run->state == STALL_ON && epoll->trust == EPOLL_NOT_YET) {
		trust(epoll);
		next_ms = TRUST_MS;
	} else if (epoll_is_at_work(epoll)) {
		next_ms = check_if_due(epoll);
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
