// SPDX-License-Identifier: GPL-2.0
/* epoll_show - who waits, and whose wakeup was lost, for those who read */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "epoll.h"

/* Both tables have it; the last two are of a report. */
struct waiter_row {
	char comm[64];
	u64 pid;
	u64 tgid;
	s64 epoll_fd;
	char state[16];
	char kind[8];
	u64 slept_ns;
	u64 since_ns;
	u64 age_ns;
	u64 exact;
	s64 fd;
	char target[16];
	char name[96];
	u64 unread_bytes;
	char trigger[24];
	char last_wakeup[64];
	u64 waiters;
	u64 cgroup_id;
	u64 reported_ns;
	u64 over_ns;
};

static const struct stall_column waiter_columns[] = {
	STALL_TEXT(waiter_row, comm, "who sleeps in epoll_wait"),
	STALL_U64(waiter_row, pid, NULL, "its thread"),
	STALL_U64(waiter_row, tgid, NULL, "its process"),
	STALL_S64(waiter_row, epoll_fd, NULL, "descriptor of the instance"),
	STALL_TEXT(waiter_row, state,
		   "lost, over, suspect (not yet confirmed), woken (another waiter), or unread"),
	STALL_TEXT(waiter_row, kind,
		   "K1: ready, nobody woken; K2: the callback did not run"),
	STALL_U64(waiter_row, slept_ns, "ns", "how long it sleeps"),
	STALL_U64(waiter_row, since_ns, "ns",
		  "since when something is ready or unread, monotonic"),
	STALL_U64(waiter_row, age_ns, "ns", "how long that was ago"),
	STALL_U64(waiter_row, exact, NULL,
		  "1 if that is known, 0 if it is when it was first seen"),
	STALL_S64(waiter_row, fd, NULL, "descriptor that is ready or unread"),
	STALL_TEXT(waiter_row, target, "its kind: tcp, pipe, eventfd and so on"),
	STALL_TEXT(waiter_row, name, "addresses and ports, or the inode"),
	STALL_U64(waiter_row, unread_bytes, "bytes",
		  "unread at least, 0 if that is not known"),
	STALL_TEXT(waiter_row, trigger, "level or edge, oneshot, exclusive"),
	STALL_TEXT(waiter_row, last_wakeup,
		   "how the latest wakeup since then went"),
	STALL_U64(waiter_row, waiters, NULL,
		  "who sleeps on the instance, up to 1024"),
	STALL_U64(waiter_row, cgroup_id, NULL,
		  "its cgroup in the v2 hierarchy"),
	STALL_U64(waiter_row, reported_ns, "ns",
		  "when it was confirmed, of which moment a row of lost is"),
	STALL_U64(waiter_row, over_ns, "ns",
		  "when the waiter was seen to sleep no longer, 0 if it still does"),
};

static void fill_trigger(u32 events, struct waiter_row *row)
{
	scnprintf(row->trigger, sizeof(row->trigger), "%s%s%s",
		  events & (__force u32)EPOLLET ? "edge" : "level",
		  events & (__force u32)EPOLLONESHOT ? ",oneshot" : "",
		  events & (__force u32)EPOLLEXCLUSIVE ? ",exclusive" : "");
}

static void fill_wakeup(const struct epoll_finding *finding,
			struct waiter_row *row)
{
	if (!finding->woken_pid)
		strscpy(row->last_wakeup, "none", sizeof(row->last_wakeup));
	else
		scnprintf(row->last_wakeup, sizeof(row->last_wakeup),
			  "of %d, %llu ms ago%s", finding->woken_pid,
			  div_u64(finding->woken_ago_ns, NSEC_PER_MSEC),
			  finding->evidence.kind == EPOLL_OTHER_WOKEN ?
			  "" : ": it still slept");
}

static void fill_finding(const struct epoll_finding *finding,
			 struct waiter_row *row)
{
	const struct epoll_waiter *waiter = &finding->waiter;

	stall_escape(row->comm, sizeof(row->comm), waiter->who.comm,
		     sizeof(waiter->who.comm), false);
	row->pid = waiter->who.pid;
	row->tgid = waiter->who.tgid;
	row->cgroup_id = waiter->who.cgroup_id;
	row->epoll_fd = waiter->epfd;
	row->slept_ns = waiter->slept_ns;
	row->waiters = finding->nr_waiters;
	row->fd = finding->target.fd;
	strscpy(row->target, finding->target.kind, sizeof(row->target));
	strscpy(row->name, finding->target.name, sizeof(row->name));
	row->unread_bytes = finding->target.bytes;
	if (epoll_is_lost(finding->evidence.kind))
		strscpy(row->kind, finding->evidence.kind == EPOLL_K1 ? "K1" : "K2",
			sizeof(row->kind));
	fill_trigger(finding->target.events, row);
	fill_wakeup(finding, row);
}

/* The begin may be known to the checks only, or to nobody yet. */
static void fill_since(const struct epoll_finding *finding,
		       const struct epoll_suspect *suspect,
		       struct waiter_row *row)
{
	u64 now = stall_clock();

	row->exact = finding->since_ns != 0;
	row->since_ns = finding->since_ns ?: now;
	if (epoll_is_same(suspect, finding)) {
		row->exact = suspect->exact;
		row->since_ns = suspect->since_ns;
	}
	row->age_ns = now - min(now, row->since_ns);
}

static const char *waiter_state(const struct epoll_finding *finding,
				const struct epoll_suspect *suspect)
{
	if (finding->evidence.kind == EPOLL_UNREAD)
		return "unread";
	if (finding->evidence.kind == EPOLL_OTHER_WOKEN)
		return "woken";
	return epoll_is_same(suspect, finding) && suspect->loss ?
	       "lost" : "suspect";
}

static int waiter_add(struct epoll_state *epoll, u32 number,
		      struct stall_rows *rows)
{
	const struct epoll_suspect *suspect = &epoll->suspects[number];
	struct epoll_finding finding;
	struct waiter_row *row;

	epoll_find(epoll, number, &finding);
	cond_resched();
	if (finding.evidence.kind == EPOLL_WELL)
		return 0;
	row = stall_rows_add(rows);
	if (!row)
		return -ENOMEM;
	fill_finding(&finding, row);
	fill_since(&finding, suspect, row);
	strscpy(row->state, waiter_state(&finding, suspect),
		sizeof(row->state));
	if (epoll_is_same(suspect, &finding) && suspect->loss)
		row->reported_ns = epoll_loss(epoll, suspect->loss)->reported_ns;
	return 0;
}

static int waiter_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct epoll_state *epoll = run->priv;
	u32 number;
	int err = 0;

	if (!epoll_is_at_work(epoll))
		return 0;
	epoll->budget = EPOLL_BUDGET;
	for (number = 0; number < EPOLL_INSTANCES && !err; number++)
		if (READ_ONCE(epoll->keys[number]))
			err = waiter_add(epoll, number, rows);
	return err;
}

static int lost_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct epoll_state *epoll = run->priv;
	u32 kept = min_t(u32, epoll->nr_losses, EPOLL_LOSSES), i;

	for (i = epoll->nr_losses - kept + 1; i <= epoll->nr_losses; i++) {
		const struct epoll_loss *loss = epoll_loss(epoll, i);
		struct waiter_row *row = stall_rows_add(rows);

		if (!row)
			return -ENOMEM;
		fill_finding(&loss->finding, row);
		strscpy(row->state, loss->over_ns ? "over" : "lost",
			sizeof(row->state));
		row->exact = loss->exact;
		row->since_ns = loss->finding.since_ns;
		row->age_ns = loss->reported_ns - row->since_ns;
		row->reported_ns = loss->reported_ns;
		row->over_ns = loss->over_ns;
	}
	return 0;
}

/**
 * epoll_describe() - a lost wakeup in words
 * @run: the collector's run
 * @event: the loss
 * @story: result
 */
void epoll_describe(struct stall_run *run, const struct stall_event *event,
		    struct stall_story *story)
{
	const struct epoll_state *epoll = run->priv;
	const struct epoll_loss *loss = &epoll->losses[event->key];
	const struct epoll_target *target = &loss->finding.target;

	/* Its place may be another's by now. */
	if (loss->reported_ns != event->at_ns) {
		strscpy(story->subject, "wakeup of epoll_wait, lost,",
			sizeof(story->subject));
		return;
	}
	scnprintf(story->subject, sizeof(story->subject),
		  "wakeup of epoll_wait on fd %d for fd %d (%s%s%s), lost (%s),",
		  loss->finding.waiter.epfd, target->fd, target->kind,
		  target->name[0] ? " " : "", target->name,
		  loss->finding.evidence.kind == EPOLL_K1 ?
		  "K1: it is ready and nobody was woken" :
		  "K2: its callback did not run");
}

const struct stall_table epoll_waiter_table =
	STALL_TABLE(waiter_row, waiter_columns, waiter_collect);

const struct stall_table epoll_lost_table =
	STALL_TABLE(waiter_row, waiter_columns, lost_collect);
