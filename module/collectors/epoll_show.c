// SPDX-License-Identifier: GPL-2.0
/* epoll_show - who waits, and whose wakeup was lost, for those who read */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "epoll_find.h"

/* Rows for what there is at an instance beside its first, of all of them. */
#define MORE_ROWS	4096

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
		  "who sleeps on the instance, up to 1024; in (other), what has no row"),
	STALL_U64(waiter_row, cgroup_id, NULL,
		  "its cgroup in the v2 hierarchy"),
	STALL_U64(waiter_row, reported_ns, "ns",
		  "when it was confirmed, of which moment a row of lost is"),
	STALL_U64(waiter_row, over_ns, "ns",
		  "when it was seen to be over: read, collected, or the sleep; 0 before"),
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
	if (suspect) {
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
	return suspect && suspect->loss ? "lost" : "suspect";
}

/**
 * struct seen - an instance, as it is to be shown
 * @epoll: the collector's own
 * @rows: where to
 * @finding: of its oldest waiter
 * @suspect: what checks know of that, NULL if it is something else
 * @rests: what else is unread
 * @waiters: who else sleeps
 * @room: how many rows there may be for what else there is, of all instances
 * @hidden: what has no row
 */
struct seen {
	struct epoll_state *epoll;
	struct stall_rows *rows;
	struct epoll_finding finding;
	const struct epoll_suspect *suspect;
	struct epoll_rests rests;
	struct epoll_waiters waiters;
	unsigned int room;
	u64 hidden;
};

static int waiter_add(const struct seen *seen,
		      const struct epoll_finding *finding,
		      const struct epoll_suspect *suspect)
{
	struct waiter_row *row = stall_rows_add(seen->rows);

	if (!row)
		return -ENOMEM;
	fill_finding(finding, row);
	fill_since(finding, suspect, row);
	strscpy(row->state, waiter_state(finding, suspect),
		sizeof(row->state));
	if (suspect && suspect->loss)
		row->reported_ns = epoll_loss(seen->epoll,
					      suspect->loss)->reported_ns;
	return 0;
}

static int more_add(struct seen *seen, const struct epoll_finding *finding,
		    const struct epoll_suspect *suspect)
{
	if (!seen->room) {
		seen->hidden++;
		return 0;
	}
	seen->room--;
	return waiter_add(seen, finding, suspect);
}

/* Each waiter of an instance has the same before it. */
static int waiters_add(struct seen *seen)
{
	struct epoll_finding other = seen->finding;
	unsigned int i, left = other.nr_waiters - 1;
	int err = 0;

	for (i = 0; i < seen->waiters.nr && left && !err; i++) {
		other.waiter = seen->waiters.all[i];
		if (other.waiter.who.pid == seen->finding.waiter.who.pid)
			continue;
		left--;
		err = more_add(seen, &other, seen->suspect);
	}
	seen->hidden += left;
	return err;
}

static int rests_add(struct seen *seen)
{
	struct epoll_finding rest = {
		.evidence.kind = EPOLL_UNREAD,
		.waiter = seen->finding.waiter,
		.nr_waiters = seen->finding.nr_waiters,
	};
	unsigned int i, nr = min_t(unsigned int, seen->rests.nr, EPOLL_SHOWN);
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		rest.target = seen->rests.all[i].target;
		rest.since_ns = seen->rests.all[i].since_ns;
		err = more_add(seen, &rest, NULL);
	}
	seen->hidden += seen->rests.nr - nr;
	return err;
}

static int instance_add(struct seen *seen, u32 number)
{
	const struct epoll_suspect *suspect = &seen->epoll->suspects[number];
	const struct epoll_head *ep = READ_ONCE(seen->epoll->keys[number]);
	const struct epoll_finding *finding = &seen->finding;

	epoll_find(seen->epoll, number, &seen->finding, &seen->rests);
	cond_resched();
	if (finding->evidence.kind == EPOLL_WELL)
		return 0;
	seen->suspect = epoll_is_same(suspect, finding) ? suspect : NULL;
	epoll_waiters_list(seen->epoll, ep, &seen->waiters);
	return waiter_add(seen, finding, seen->suspect) ?:
	       waiters_add(seen) ?: rests_add(seen);
}

static int hidden_add(const struct seen *seen)
{
	struct waiter_row *row;

	if (!seen->hidden)
		return 0;
	row = stall_rows_add(seen->rows);
	if (!row)
		return -ENOMEM;
	strscpy(row->comm, "(other)", sizeof(row->comm));
	row->waiters = seen->hidden;
	return 0;
}

static int waiter_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct epoll_state *epoll = run->priv;
	struct seen *seen;
	u32 number;
	int err = 0;

	if (!epoll_is_at_work(epoll))
		return 0;
	seen = kvzalloc(sizeof(*seen), GFP_KERNEL);
	if (!seen)
		return -ENOMEM;
	seen->epoll = epoll;
	seen->rows = rows;
	seen->room = MORE_ROWS;
	/* Who asks for it, gets all. */
	epoll->budget = U32_MAX;
	for (number = 0; number < EPOLL_INSTANCES && !err; number++)
		if (READ_ONCE(epoll->keys[number]))
			err = instance_add(seen, number);
	err = err ?: hidden_add(seen);
	kvfree(seen);
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
