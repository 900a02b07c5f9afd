// SPDX-License-Identifier: GPL-2.0
/* udp_show - sockets, readers and events, for those who read */
#include <linux/kernel.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "udp.h"

struct socket_row {
	u64 netns;
	char family[8];
	char local[48];
	u64 port;
	u64 inode;
	char state[8];
	u64 pid;
	u64 tgid;
	char comm[64];
	u64 drops;
	u64 drops_before;
	u64 rcvbuf_drops;
	u64 memory_drops;
	u64 filter_drops;
	u64 checksum_drops;
	u64 other_drops;
	u64 queue_bytes;
	u64 rcvbuf_bytes;
	u64 fullest_percent;
	u64 over_half_ns;
	u64 longest_over_half_ns;
	u64 truncated;
	u64 cgroup_id;
};

static const struct stall_column socket_columns[] = {
	STALL_U64(socket_row, netns, NULL,
		  "inode of the network namespace"),
	STALL_TEXT(socket_row, family, "IPv4 or IPv6"),
	STALL_TEXT(socket_row, local, "address that it is bound to"),
	STALL_U64(socket_row, port, NULL, "port that it is bound to"),
	STALL_U64(socket_row, inode, NULL, "as in /proc/net/udp and ss -e"),
	STALL_TEXT(socket_row, state, "bound, unbound, or closed"),
	STALL_U64(socket_row, pid, NULL,
		  "who read from it last, or has a descriptor"),
	STALL_U64(socket_row, tgid, NULL, "its process"),
	STALL_TEXT(socket_row, comm, "its name"),
	STALL_U64(socket_row, drops, "datagrams",
		  "that it lost, as in /proc/net/udp"),
	STALL_U64(socket_row, drops_before, "datagrams",
		  "of them, before it was watched"),
	STALL_U64(socket_row, rcvbuf_drops, "datagrams",
		  "of them, as its receive buffer was full"),
	STALL_U64(socket_row, memory_drops, "datagrams",
		  "of them, for want of memory (udp_mem)"),
	STALL_U64(socket_row, filter_drops, "datagrams",
		  "of them, that its filter did not want; from v5.18 on"),
	STALL_U64(socket_row, checksum_drops, "datagrams",
		  "of them, with a wrong checksum"),
	STALL_U64(socket_row, other_drops, "datagrams",
		  "of them, the rest: policies, bad memory, or what this kernel does not tell"),
	STALL_U64(socket_row, queue_bytes, "bytes",
		  "that wait, with what the kernel needs for them, as in /proc/net/udp"),
	STALL_U64(socket_row, rcvbuf_bytes, "bytes",
		  "that may wait: SO_RCVBUF, which the kernel doubles"),
	STALL_U64(socket_row, fullest_percent, "percent",
		  "how full it was at most, as looks saw it"),
	STALL_U64(socket_row, over_half_ns, "ns",
		  "how long it has been over half full by now, 0 if it is not"),
	STALL_U64(socket_row, longest_over_half_ns, "ns",
		  "the longest time that it was"),
	STALL_U64(socket_row, truncated, "datagrams",
		  "longer than what a reader had room for"),
	STALL_U64(socket_row, cgroup_id, NULL,
		  "of who read last, in the v2 hierarchy"),
};

/**
 * udp_print_address() - the address that a socket is bound to
 * @name: which
 * @text: gets it
 * @room: its size
 *
 * Return: length of the text.
 */
size_t udp_print_address(const struct udp_name *name, char *text, size_t room)
{
	if (name->family == AF_INET)
		return scnprintf(text, room, "%pI4", &name->local.s6_addr32[3]);
	return scnprintf(text, room, "%pI6c", &name->local);
}

static void fill_name(const struct udp_row *known, struct socket_row *row)
{
	const struct udp_name *name = &known->name;
	const struct stall_who *reader = &known->reader;

	row->netns = name->netns;
	strscpy(row->family, name->family == AF_INET ? "IPv4" : "IPv6",
		sizeof(row->family));
	udp_print_address(name, row->local, sizeof(row->local));
	row->port = name->port;
	row->inode = name->inode;
	row->pid = reader->pid;
	row->tgid = reader->tgid;
	row->cgroup_id = reader->cgroup_id;
	stall_escape(row->comm, sizeof(row->comm), reader->comm,
		     sizeof(reader->comm), false);
}

/* The socket's own count first: what is counted beside it comes an instant later. */
static void fill_drops(const struct udp_state *udp, u32 i,
		       struct socket_row *row)
{
	const struct udp_row *known = &udp->rows[i];
	u64 why;

	row->drops = READ_ONCE(known->drops);
	row->rcvbuf_drops = udp_row_count(udp, i, UDP_NO_ROOM);
	row->memory_drops = udp_row_count(udp, i, UDP_NO_MEMORY);
	row->filter_drops = udp_row_count(udp, i, UDP_FILTERED);
	row->checksum_drops = udp_row_count(udp, i, UDP_BAD_CHECKSUM);
	why = row->rcvbuf_drops + row->memory_drops + row->filter_drops +
	      row->checksum_drops;
	why = min(row->drops, why);
	/* One that was on its way as the first look came may be in both. */
	row->drops_before = min(known->before, row->drops - why);
	row->other_drops = row->drops - why - row->drops_before;
	row->truncated = udp_row_count(udp, i, UDP_TRUNCATED);
}

static void fill_socket(const struct udp_state *udp, u32 i,
			struct socket_row *row)
{
	const struct udp_row *known = &udp->rows[i];
	const struct udp_fill *fill = &known->fill;

	fill_name(known, row);
	fill_drops(udp, i, row);
	strscpy(row->state, known->closed_ns ? "closed" :
		known->looked == udp->looks ? "bound" : "unbound",
		sizeof(row->state));
	row->queue_bytes = known->queued_bytes;
	row->rcvbuf_bytes = known->room_bytes;
	row->fullest_percent = fill->fullest_percent;
	if (fill->since_ns)
		row->over_half_ns = udp->looked_ns -
				    min(udp->looked_ns, fill->since_ns);
	row->longest_over_half_ns = fill->longest_ns;
}

static int socket_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct udp_state *udp = run->priv;
	int err = 0;
	u32 i;

	mutex_lock(&udp->look_lock);
	/* Else no hook tells that a socket ends, and its address may be another's. */
	if (run->state == STALL_ON) {
		udp_look(udp);
		udp_owners(udp);
	}
	for (i = 0; i < UDP_ROWS && !err; i++) {
		struct socket_row *row;

		/* Pairs with the release in udp_add(). */
		if (!smp_load_acquire(&udp->rows[i].ready))
			continue;
		row = stall_rows_add(rows);
		if (row)
			fill_socket(udp, i, row);
		else
			err = -ENOMEM;
	}
	mutex_unlock(&udp->look_lock);
	return err;
}

struct receiver_row {
	char comm[64];
	u64 tgid;
	u64 pid;
	u64 netns;
	u64 port;
	u64 truncated;
	u64 over;
	u64 lost_bytes;
	u64 largest_bytes;
	u64 buffer_bytes;
};

static const struct stall_column receiver_columns[] = {
	STALL_TEXT(receiver_row, comm, "who reads"),
	STALL_U64(receiver_row, tgid, NULL, "its process"),
	STALL_U64(receiver_row, pid, NULL, "the thread that did so last"),
	STALL_U64(receiver_row, netns, NULL,
		  "inode of the socket's network namespace"),
	STALL_U64(receiver_row, port, NULL, "port of the socket"),
	STALL_U64(receiver_row, truncated, "datagrams",
		  "longer than the room for them"),
	STALL_U64(receiver_row, over, "datagrams",
		  "of them, how many at most belong to others"),
	STALL_U64(receiver_row, lost_bytes, "bytes", "that were not read"),
	STALL_U64(receiver_row, largest_bytes, "bytes",
		  "the longest datagram of them"),
	STALL_U64(receiver_row, buffer_bytes, "bytes",
		  "the least room that was given"),
};

static void fill_receiver(const struct stall_tally_hitter *hitter,
			  struct receiver_row *row)
{
	const struct udp_receiver *receiver = hitter->row;

	stall_escape(row->comm, sizeof(row->comm), receiver->comm,
		     sizeof(receiver->comm), false);
	row->tgid = receiver->tgid;
	row->pid = receiver->pid;
	row->netns = receiver->netns;
	row->port = receiver->port;
	row->truncated = hitter->count;
	row->over = hitter->over;
	row->lost_bytes = receiver->lost_bytes;
	row->largest_bytes = receiver->largest_bytes;
	row->buffer_bytes = receiver->buffer_bytes;
}

static int receiver_collect(struct stall_run *run, struct stall_rows *rows)
{
	const struct udp_state *udp = run->priv;
	struct stall_tally_top top;
	unsigned int i;
	int err;

	err = stall_tally_merge(&udp->receivers, &top);
	for (i = 0; i < top.nr && !err; i++) {
		struct receiver_row *row = stall_rows_add(rows);

		if (row)
			fill_receiver(&top.hitters[i], row);
		else
			err = -ENOMEM;
	}
	stall_tally_top_free(&top);
	return err;
}

static void describe_told(const struct udp_told *told, struct stall_story *story)
{
	const struct udp_name *name = &told->name;
	const struct udp_episode *episode = &told->episode;
	bool why = episode->full_drops == episode->drops;
	char local[48];

	udp_print_address(name, local, sizeof(local));
	scnprintf(story->subject, sizeof(story->subject),
		  "reader of udp %s%s%s:%u (inode %llu, netns %u), over half full, %llu datagrams dropped %s (%llu bytes)%s,",
		  name->family == AF_INET ? "" : "[", local,
		  name->family == AF_INET ? "" : "]", name->port, name->inode,
		  name->netns, episode->drops,
		  why ? "for want of receive buffer" : "meanwhile, receive buffer",
		  told->room_bytes, episode->goes_on ? " so far" : "");
}

/**
 * udp_describe() - a queue that was over half full, and lost datagrams, in words
 * @run: the collector's run
 * @event: it
 * @story: result
 */
void udp_describe(struct stall_run *run, const struct stall_event *event,
		  struct stall_story *story)
{
	struct udp_state *udp = run->priv;
	const struct udp_told *told = &udp->told[event->key % UDP_TOLD];

	mutex_lock(&udp->look_lock);
	/* Its place may be another's by now. */
	if (told->at_ns == event->at_ns)
		describe_told(told, story);
	else
		strscpy(story->subject, "reader of a full udp socket",
			sizeof(story->subject));
	mutex_unlock(&udp->look_lock);
}

const struct stall_table udp_socket_table =
	STALL_TABLE(socket_row, socket_columns, socket_collect);

const struct stall_table udp_receiver_table =
	STALL_TABLE(receiver_row, receiver_columns, receiver_collect);
