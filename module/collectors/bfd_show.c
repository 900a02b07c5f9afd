// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_show - sessions and their gaps for those who read
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "bfd.h"

struct bfd_row {
	u64 netns;
	char source[48];
	char destination[48];
	u64 port;
	char device[64];
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
	STALL_U64(bfd_row, netns, NULL, "network namespace, as lsns -t net"),
	STALL_TEXT(bfd_row, source, "address of the sender"),
	STALL_TEXT(bfd_row, destination, "address of the peer"),
	STALL_U64(bfd_row, port, NULL, "UDP port of the peer"),
	STALL_TEXT(bfd_row, device, "that packets go out by"),
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

static u64 bfd_packets(const struct bfd_state *bfd, u32 number)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bfd->packets, cpu)[number]);
	return sum;
}

static void bfd_address(char *text, size_t room, const struct bfd_key *key,
			const struct in6_addr *address)
{
	scnprintf(text, room, key->family == AF_INET ? "%pI4" : "%pI6c",
		  address);
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

static void bfd_fill_once(const struct bfd_state *bfd, u32 number,
			  const struct bfd_session *session,
			  struct bfd_row *row)
{
	const struct bfd_key *key = &session->key;

	row->netns = key->netns;
	row->ifindex = key->ifindex;
	row->port = key->port;
	bfd_address(row->source, sizeof(row->source), key, &key->source);
	bfd_address(row->destination, sizeof(row->destination), key,
		    &key->destination);
	stall_escape(row->device, sizeof(row->device), session->device,
		     sizeof(session->device), false);
	row->packets = bfd_packets(bfd, number);
	row->first_ns = session->first_ns;
	row->last_ns = session->last_ns;
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
		moment = bfd_session_moment(session);
		bfd_fill_once(bfd, number, session, row);
	} while (bfd_session_changed(session, moment) && --tries);
}

static int bfd_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct bfd_state *bfd = run->priv;
	u32 i, nr = stall_map_nr(&bfd->sessions);

	for (i = 0; i < nr; i++) {
		const struct bfd_session *session =
			stall_map_row(&bfd->sessions, i);
		struct bfd_row *row;

		/* Pairs with the release in bfd_session_sent(). */
		if (!smp_load_acquire(&session->first_ns))
			continue;
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		bfd_fill(bfd, i, session, row);
	}
	return 0;
}

/*
 * RFC 5880, 6.8.3 and 6.8.7: a session that is not up sends at an interval of
 * one second or more, less a jitter of up to a quarter. Timers may add a tenth.
 */
#define SLOW_LEAST_NS	(750 * (u64)NSEC_PER_MSEC)
#define SLOW_MOST_NS	(1100 * (u64)NSEC_PER_MSEC)

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
	const struct bfd_key *key = &session->key;
	char source[48], destination[48], device[64];

	bfd_address(source, sizeof(source), key, &key->source);
	bfd_address(destination, sizeof(destination), key, &key->destination);
	stall_escape(device, sizeof(device), session->device,
		     sizeof(session->device), false);
	scnprintf(story->subject, sizeof(story->subject),
		  "hello from %s to %s port %u dev %s netns %u", source,
		  destination, key->port, device, key->netns);
	if (event->lasted_ns < SLOW_LEAST_NS || event->lasted_ns > SLOW_MOST_NS)
		return;
	story->doubt = true;
	strscpy(story->note,
		"a session that is not up sends once a second (RFC 5880, 6.8.3), and its state is not known",
		sizeof(story->note));
}

const struct stall_table bfd_session_table =
	STALL_TABLE(bfd_row, bfd_columns, bfd_collect);
