// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_show - sessions and their gaps for those who read
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "bfd.h"
#include "bfd_show.h"

struct bfd_row {
	struct bfd_row_name name;
	u64 ifindex;
	u64 packets;
	u64 first_ns;
	u64 last_ns;
	u64 median_ns;
	u64 max_gap_ns;
	u64 max_gap_at_ns;
	u64 over_1_25;
	u64 over_2;
	u64 over_3;
	u64 late;
	u64 pid;
	u64 tgid;
	char comm[64];
	struct {
		u64 sum;
		u64 min;
		u64 max;
		u64 buckets[BFD_NR_BUCKETS];
	} gap_ns;
};

static_assert(offsetof(struct bfd_row, gap_ns.buckets) -
	      offsetof(struct bfd_row, gap_ns) ==
	      sizeof(struct stallmeter_hist));

static const struct stall_column bfd_columns[] = {
	BFD_NAME_COLUMN(STALLMETER_U64, bfd_row, netns,
			"network namespace, as lsns -t net"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, bfd_row, source, "our address"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, bfd_row, destination, "the peer's"),
	BFD_NAME_COLUMN(STALLMETER_U64, bfd_row, port, "UDP port"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, bfd_row, device, "that they leave by"),
	STALL_U64(bfd_row, ifindex, NULL, "its number"),
	STALL_U64(bfd_row, packets, "packets", "sent"),
	STALL_U64(bfd_row, first_ns, "ns", "time of the first packet"),
	STALL_U64(bfd_row, last_ns, "ns", "time of the latest packet"),
	STALL_U64(bfd_row, median_ns, "ns", "running median of the gaps"),
	STALL_U64(bfd_row, max_gap_ns, "ns", "largest gap"),
	STALL_U64(bfd_row, max_gap_at_ns, "ns", "when that ended"),
	STALL_U64(bfd_row, over_1_25, "gaps", "over 1.25 running medians"),
	STALL_U64(bfd_row, over_2, "gaps", "over 2 running medians"),
	STALL_U64(bfd_row, over_3, "gaps", "over 3 running medians"),
	STALL_U64(bfd_row, late, "gaps", "over the threshold: events"),
	STALL_U64(bfd_row, pid, NULL, "thread that sent the latest packet"),
	STALL_U64(bfd_row, tgid, NULL, "its process"),
	STALL_TEXT(bfd_row, comm, "its name"),
	STALL_HIST(bfd_row, gap_ns, BFD_FIRST_BUCKET, "ns",
		   "time between two packets"),
};

static u64 bfd_packets(const struct bfd_state *bfd, u32 number,
		       const struct bfd_session *session)
{
	u64 sum = READ_ONCE(session->tx.nr_packets);
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bfd->others, cpu)[number]);
	return sum;
}

static void bfd_address(char *text, size_t room, const struct bfd_key *key,
			const struct in6_addr *address)
{
	scnprintf(text, room, key->family == AF_INET ? "%pI4" : "%pI6c",
		  address);
}

/**
 * bfd_row_name() - say which session it is
 * @session: it
 * @name: result
 */
void bfd_row_name(const struct bfd_session *session, struct bfd_row_name *name)
{
	const struct bfd_key *key = &session->key;

	name->netns = key->netns;
	name->port = key->port;
	bfd_address(name->source, sizeof(name->source), key, &key->source);
	bfd_address(name->destination, sizeof(name->destination), key,
		    &key->destination);
	stall_escape(name->device, sizeof(name->device), session->device,
		     sizeof(session->device), false);
}

static void bfd_fill_gaps(const struct bfd_session *session,
			  struct bfd_row *row)
{
	unsigned int i;

	row->median_ns = bfd_median_ns(session);
	row->max_gap_ns = session->max_gap_ns;
	row->max_gap_at_ns = session->max_gap_at_ns;
	row->over_1_25 = session->nr_over[0];
	row->over_2 = session->nr_over[1];
	row->over_3 = session->nr_over[2];
	row->late = session->nr_late;
	row->gap_ns.sum = session->gap_sum_ns;
	row->gap_ns.min = session->min_gap_ns;
	row->gap_ns.max = session->max_gap_ns;
	for (i = 0; i < BFD_NR_BUCKETS; i++)
		row->gap_ns.buckets[i] = READ_ONCE(session->buckets[i]);
}

/* A point in time in ticks as one of the clock of all times. */
static u64 bfd_ticks_to_ns(u64 ticks)
{
	u64 ago_ns = stall_ticks_since(ticks, stall_ticks());

	return stall_clock() - ago_ns;
}

static void bfd_fill_once(const struct bfd_state *bfd, u32 number,
			  const struct bfd_session *session,
			  struct bfd_row *row)
{
	bfd_row_name(session, &row->name);
	row->ifindex = session->ifindex;
	row->packets = bfd_packets(bfd, number, session);
	row->first_ns = session->first_ns;
	row->last_ns = bfd_ticks_to_ns(session->last);
	row->pid = session->who.pid;
	row->tgid = session->who.tgid;
	stall_escape(row->comm, sizeof(row->comm), session->who.comm,
		     sizeof(session->who.comm), false);
	bfd_fill_gaps(session, row);
}

/*
 * Fields may change while they are read, so all of them are read again then. A
 * session that is updated each time is shown with a mix of two updates.
 */
static void bfd_fill(const struct bfd_state *bfd, u32 number,
		     const struct bfd_session *session, struct bfd_row *row)
{
	unsigned int tries = 8;
	u32 moment;

	do {
		moment = bfd_moment(&session->sequence);
		bfd_fill_once(bfd, number, session, row);
	} while (bfd_changed(&session->sequence, moment) && --tries);
}

static int bfd_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct bfd_state *bfd = run->priv;
	u32 i, nr = stall_map_nr(&bfd->sessions);

	for (i = 0; i < nr; i++) {
		const struct bfd_session *session =
			stall_map_row(&bfd->sessions, i);
		struct bfd_row *row;

		/* Pairs with the release in bfd_session_first(). */
		if (!smp_load_acquire(&session->first_ns))
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		bfd_fill(bfd, i, session, row);
	}
	return 0;
}

/* Of a hello that came in late, this host knows only how it came. */
static const char *bfd_came_note(const struct bfd_late *late)
{
	if (!late)
		return "it came in late";
	if (late->reason == BFD_THREAD)
		return "it came in late, by ksoftirqd or the like: network, peer, or no CPU for it";
	return "it came in late: that is the network or the peer, not this host";
}

/* The record may be gone: what the event itself knows is said all the same. */
static void bfd_describe_why(const struct bfd_state *bfd,
			     const struct stall_event *event,
			     struct stall_story *story)
{
	struct bfd_late *late = kvzalloc(sizeof(*late), GFP_KERNEL);
	bool found = late && bfd_late_find(&bfd->lates, event->key,
					   event->at_ns, late);

	if (event->kind == BFD_CAME_LATE) {
		story->doubt = true;
		strscpy(story->note, bfd_came_note(found ? late : NULL),
			sizeof(story->note));
	} else if (found) {
		bfd_story_note(late, story->note, sizeof(story->note));
	}
	kvfree(late);
}

/**
 * bfd_describe() - a gap in words
 * @run: the collector's run
 * @event: the gap
 * @story: result
 */
void bfd_describe(struct stall_run *run, const struct stall_event *event,
		  struct stall_story *story)
{
	const struct bfd_state *bfd = run->priv;
	const struct bfd_session *session =
		stall_map_row(&bfd->sessions, event->key);
	bool sent = event->kind != BFD_CAME_LATE && event->kind != BFD_READ_LATE;
	struct bfd_row_name name;

	bfd_describe_why(bfd, event, story);
	bfd_row_name(session, &name);
	scnprintf(story->subject, sizeof(story->subject),
		  "%shello from %s to %s port %llu dev %s netns %llu%s",
		  sent ? "" : "incoming ",
		  sent ? name.source : name.destination,
		  sent ? name.destination : name.source, name.port,
		  name.device, name.netns,
		  event->kind == BFD_READ_LATE ? ", read" : "");
}

const struct stall_table bfd_session_table =
	STALL_TABLE(bfd_row, bfd_columns, bfd_collect);
