// SPDX-License-Identifier: GPL-2.0
/*
 * epoll - how fast are events collected, and is a wakeup lost?
 *
 * An event comes in by ep_poll_callback(), which puts the item on the ready list
 * and wakes a waiter by ep_autoremove_wake_function(). That one harvests the
 * list, which ends in ep_done_scan() (v5.10: begins in ep_send_events_proc()).
 * Three hooks note when that was. None of them decides that a wakeup is lost: an
 * entry is seen of a call that another module then skips, too. What the kernel's
 * own lists say decides, see epoll_find.c.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "epoll_find.h"

/* Would the callback take this event? As ep_poll_callback() decides. */
static __always_inline bool epoll_is_wanted(const struct epoll_item *item,
					    const void *key)
{
	u32 wanted = epoll_events_of(item), came = (u32)(unsigned long)key;

	return (wanted & ~EPOLL_PRIVATE_BITS) && (!came || (came & wanted));
}

/*
 * Is nothing listed of what became ready? It was deleted before anybody collected
 * it; or it is this item, and never got there. Without a lock: a wrong answer
 * makes one time wrong.
 */
static __always_inline bool epoll_was_emptied(const struct epoll_state *epoll,
					      const struct epoll_instance *instance,
					      const struct epoll_item *item)
{
	const struct epoll_head *ep = item->ep;

	return READ_ONCE(instance->ready_at) &&
	       READ_ONCE(instance->item) != item && list_empty(&ep->rdllist) &&
	       READ_ONCE(*epoll_ovflist(ep, &epoll->tail)) == EPOLL_NO_HARVEST;
}

/* ep_poll_callback(wait, mode, sync, key) */
static void epoll_on_ready(struct stall_run *run, struct pt_regs *regs)
{
	struct epoll_state *epoll = run->priv;
	struct epoll_instance *instance;
	const struct epoll_item *item;
	u64 now;

	if (unlikely(!epoll_is_known(epoll)))
		return;
	item = epoll_item_of(epoll_arg(regs, 0));
	if (!epoll_is_wanted(item, epoll_arg(regs, 3)))
		return;
	instance = epoll_instance(epoll, READ_ONCE(item->ep));
	if (unlikely(!instance)) {
		stall_dropped(run);
		return;
	}
	now = stall_ticks();
	WRITE_ONCE(instance->callback_at, now);
	if (unlikely(epoll_was_emptied(epoll, instance, item))) {
		WRITE_ONCE(instance->edges, 0);
		WRITE_ONCE(instance->ready_at, 0);
	}
	if (!READ_ONCE(instance->ready_at)) {
		WRITE_ONCE(instance->item, item);
		WRITE_ONCE(instance->came,
			   (u32)(unsigned long)epoll_arg(regs, 3));
		WRITE_ONCE(instance->ready_at, now);
	}
	if (epoll_is_listed_once(item) && list_empty(&item->rdllink) &&
	    READ_ONCE(item->ovflist_next) == EPOLL_NO_HARVEST)
		WRITE_ONCE(instance->edges, instance->edges + 1);
}

NOKPROBE_SYMBOL(epoll_on_ready);

/* Under a lock of the instance's own: that of its waiters, or its mutex. */
static __always_inline void epoll_took(struct stall_run *run,
				       struct epoll_instance *instance,
				       unsigned int series, u64 lasted_ns)
{
	struct epoll_times *times = &instance->times[series];

	stall_record(run, series, lasted_ns);
	times->nr++;
	times->sum_ns += lasted_ns;
	if (unlikely(lasted_ns > times->max_ns))
		times->max_ns = lasted_ns;
}

/*
 * ep_autoremove_wake_function(wait, mode, sync, key). Waiters are woken from the
 * head of the instance's queue, and taken out: before each of them stands the
 * head.
 */
static void epoll_on_wake(struct stall_run *run, struct pt_regs *regs)
{
	const wait_queue_entry_t *wait = epoll_arg(regs, 0);
	struct epoll_state *epoll = run->priv;
	struct epoll_instance *instance;
	const struct task_struct *task;
	s32 *woken_pid;
	u64 now;

	if (unlikely(!epoll_is_known(epoll)))
		return;
	instance = epoll_instance(epoll,
				  container_of(READ_ONCE(wait->entry.prev),
					       struct epoll_head, wq.head));
	if (unlikely(!instance)) {
		stall_dropped(run);
		return;
	}
	now = stall_ticks();
	task = wait->private;
	woken_pid = &instance->woken_pid[task->pid % EPOLL_WAKES];
	if (unlikely(*woken_pid && *woken_pid != task->pid))
		stall_missed(run);
	WRITE_ONCE(instance->woken_at[task->pid % EPOLL_WAKES], now);
	WRITE_ONCE(*woken_pid, task->pid);
	if (READ_ONCE(instance->ready_at))
		epoll_took(run, instance, EPOLL_READY_WOKEN,
			   stall_ticks_since(instance->callback_at, now));
}

NOKPROBE_SYMBOL(epoll_on_wake);

/* How many items are on a list, those only that are listed once, or all. */
static u32 epoll_count(const struct list_head *list, bool once)
{
	const struct epoll_item *item;
	const struct list_head *at;
	u32 nr = 0, looked = 0;

	for (at = list->next; at != list && looked < EPOLL_EVENTS_MOST;
	     at = at->next, looked++) {
		item = list_entry(at, struct epoll_item, rdllink);
		nr += !once || epoll_is_listed_once(item);
	}
	return nr;
}

/*
 * At the end of a harvest, level-triggered items that were collected are on the
 * ready list again, while nobody else can put one there; the others became ready
 * since the last one, and are not left over. At its begin (v5.10), all on the
 * list may be collected.
 */
static u32 epoll_events(struct epoll_instance *instance,
			const struct epoll_head *ep,
			const struct list_head *list)
{
	u32 edges = READ_ONCE(instance->edges), left = 0;

	if (EPOLL_HARVEST_BEGINS) {
		WRITE_ONCE(instance->edges, 0);
		return epoll_count(list, false);
	}
	if (unlikely(!list_empty(list)))
		left = min(epoll_count(list, true), edges);
	WRITE_ONCE(instance->edges, left);
	return min_t(u32, edges - left + epoll_count(&ep->rdllist, false),
		     EPOLL_EVENTS_MOST);
}

static __always_inline void epoll_collected(struct stall_run *run,
					    struct epoll_instance *instance,
					    u64 lasted_ns)
{
	epoll_took(run, instance, EPOLL_READY_COLLECTED, lasted_ns);
	if (unlikely(instance->pid != current->pid)) {
		instance->pid = current->pid;
		instance->tgid = current->tgid;
		memcpy(instance->comm, current->comm, TASK_COMM_LEN);
	}
}

/*
 * What became ready while the list was looked at waits for the next harvest; it
 * may be another item's. Who only polls the instance (since v5.11, it comes here
 * too) collects nothing, and what is ready stays so.
 */
static __always_inline void epoll_harvested(struct stall_run *run,
					    struct epoll_instance *instance,
					    const struct epoll_head *ep,
					    const struct list_head *list, u64 now)
{
	const struct epoll_state *epoll = run->priv;
	u64 ready_at = READ_ONCE(instance->ready_at);
	u32 events = epoll_events(instance, ep, list);

	/* Where it has just begun, there may be only old ones. */
	if (events && (!EPOLL_HARVEST_BEGINS || ready_at))
		stall_record(run, EPOLL_EVENTS, events);
	if (!ready_at || (!events && !list_empty(list)))
		return;
	if (READ_ONCE(*epoll_ovflist(ep, &epoll->tail))) {
		WRITE_ONCE(instance->item, NULL);
		WRITE_ONCE(instance->ready_at, instance->callback_at);
	} else {
		WRITE_ONCE(instance->ready_at, 0);
	}
	if (events)
		epoll_collected(run, instance, stall_ticks_since(ready_at, now));
}

/* ep_done_scan(ep, list), or ep_send_events_proc(ep, list, data) */
static void epoll_on_harvest(struct stall_run *run, struct pt_regs *regs)
{
	const struct epoll_head *ep = epoll_arg(regs, 0);
	struct epoll_state *epoll = run->priv;
	struct epoll_instance *instance;
	s32 *woken_pid;
	u64 now, at;

	if (unlikely(!epoll_is_known(epoll)))
		return;
	instance = epoll_instance(epoll, ep);
	if (unlikely(!instance)) {
		stall_dropped(run);
		return;
	}
	now = stall_ticks();
	WRITE_ONCE(instance->collected_at, now);
	WRITE_ONCE(instance->collected_jiffy, (u32)jiffies);
	woken_pid = &instance->woken_pid[current->pid % EPOLL_WAKES];
	if (*woken_pid == current->pid) {
		at = instance->woken_at[current->pid % EPOLL_WAKES];
		epoll_took(run, instance, EPOLL_WOKEN_RUNNING,
			   stall_ticks_since(at, now));
		WRITE_ONCE(*woken_pid, 0);
	}
	epoll_harvested(run, instance, ep, epoll_arg(regs, 1), now);
}

NOKPROBE_SYMBOL(epoll_on_harvest);

/*
 * anon_inode_getfile(name, operations, private, flags): of epoll, if it is
 * released as that.
 */
static void epoll_on_create(struct stall_run *run, struct pt_regs *regs)
{
	const struct epoll_state *epoll = run->priv;
	const struct file_operations *operations = epoll_arg(regs, 1);

	if ((unsigned long)operations->release != epoll->functions.release)
		return;
	/* One that never got a file ended unseen. */
	if (unlikely(epoll_instance(epoll, epoll_arg(regs, 2))))
		epoll_instance_remove(run, epoll_arg(regs, 2));
	if (!epoll_instance_add(run, epoll_arg(regs, 2)))
		epoll_instance_refused(run, epoll_arg(regs, 2));
}

NOKPROBE_SYMBOL(epoll_on_create);

/* ep_eventpoll_release(inode, file) */
static void epoll_on_release(struct stall_run *run, struct pt_regs *regs)
{
	const struct file *file = epoll_arg(regs, 1);

	epoll_instance_remove(run, file->private_data);
}

NOKPROBE_SYMBOL(epoll_on_release);

static void epoll_teardown(struct stall_run *run)
{
	struct epoll_state *epoll = run->priv;

	epoll_check_stop(epoll);
	epoll_instances_free(epoll);
	kfree(epoll->losses);
	kfree(epoll);
}

static int epoll_setup(struct stall_run *run)
{
	struct epoll_state *epoll = kzalloc(sizeof(*epoll), GFP_KERNEL);

	if (!epoll)
		return -ENOMEM;
	run->priv = epoll;
	epoll->run = run;
	epoll->functions = (struct epoll_functions) {
		.callback = stall_function_address("ep_poll_callback"),
		.wake = stall_function_address("ep_autoremove_wake_function"),
		.release = stall_function_address("ep_eventpoll_release"),
	};
	epoll_check_init(epoll);
	epoll->losses = kcalloc(EPOLL_LOSSES, sizeof(*epoll->losses),
				GFP_KERNEL);
	if (epoll_instances_init(epoll) || !epoll->losses) {
		epoll_teardown(run);
		return -ENOMEM;
	}
	run->memory_bytes += sizeof(*epoll) + epoll_instances_bytes() +
			     EPOLL_LOSSES * sizeof(*epoll->losses);
	return 0;
}

static void epoll_attached(struct stall_run *run)
{
	epoll_instances_scan(run);
	epoll_check_begin(run->priv);
}

static const struct stall_series epoll_series[] = {
	[EPOLL_READY_WOKEN] = {
		STALL_HISTOGRAM("ready_to_woken_ns", "ns",
				"from the callback until a waiter is made runnable")
	},
	[EPOLL_WOKEN_RUNNING] = {
		STALL_HISTOGRAM("woken_to_running_ns", "ns",
				"from there until that waiter has its events")
	},
	[EPOLL_READY_COLLECTED] = {
		STALL_HISTOGRAM("ready_to_collected_ns", "ns",
				"from the first callback until events are collected, asleep or not")
	},
	[EPOLL_EVENTS] = {
		STALL_HISTOGRAM("events", "events",
				"collected by a call, up to 64; by edge if a callback came")
	},
	[EPOLL_TIMEOUTS] = {
		STALL_COUNTER("timeouts", "calls",
			      "of epoll_wait that slept until their timeout")
	},
	[EPOLL_INTERRUPTED] = {
		STALL_COUNTER("interrupted", "calls",
			      "of epoll_wait that returned EINTR")
	},
	[EPOLL_HELD] = {
		STALL_GAUGE("held", "instances", "that are watched")
	},
	[EPOLL_NOT_HELD] = {
		STALL_GAUGE("not_held", "instances",
			    "for which there was no room: nothing is known of them")
	},
	[EPOLL_LOST_WAKEUPS] = {
		STALL_COUNTER("lost_wakeups", "wakeups",
			      "that did not come, confirmed by two checks")
	},
	[EPOLL_INSTANCE_ROWS] = {
		STALL_ROWS("instances", epoll_instance_table,
			   "instances whose events waited longest to be collected")
	},
	[EPOLL_WAITER_ROWS] = {
		STALL_ROWS("waiters", epoll_waiter_table,
			   "who sleeps in epoll_wait although something is ready or unread")
	},
	[EPOLL_LOST_ROWS] = {
		STALL_ROWS("lost", epoll_lost_table,
			   "lost wakeups, the latest last")
	},
};

static const struct stall_probe epoll_probes[] = {
	{ STALL_FUNCTION(epoll_on_release, "ep_eventpoll_release") },
	{ STALL_FUNCTION(epoll_on_create, "anon_inode_getfile") },
	{ STALL_FUNCTION(epoll_on_harvest, "ep_done_scan",
			 "ep_send_events_proc"), .hot = true },
	{ STALL_FUNCTION(epoll_on_wake, "ep_autoremove_wake_function"),
	  .hot = true },
	{ STALL_FUNCTION(epoll_on_ready, "ep_poll_callback"), .hot = true },
	{ STALL_FUNCTION(epoll_on_timeout, "hrtimer_wakeup"),
	  .optional = true },
	{ STALL_FUNCTION(epoll_on_signal, "get_signal"), .optional = true },
	{ STALL_NO_HOOK("poll, io_uring, epoll on epoll",
			"only who sleeps in epoll_wait itself is looked at") },
	{ STALL_NO_HOOK("level-triggered EPOLLEXCLUSIVE",
			"K2 only if the callback was called: another may be told") },
	{ STALL_NO_HOOK("eventfd, timerfd, signalfd",
			"K2 only if the callback was called: what they hold is private") },
	{ STALL_NO_HOOK("arrival of data, but for TCP",
			"K2 of it only from the second look in a sleep on, and no begin") },
};

const struct stall_collector stall_epoll = {
	STALL_COLLECTOR("epoll", "epoll: how fast are events collected, is a wakeup lost?",
			epoll_series, epoll_probes),
	.setup = epoll_setup,
	.teardown = epoll_teardown,
	.attached = epoll_attached,
	.describe = epoll_describe,
};
