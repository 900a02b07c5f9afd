// SPDX-License-Identifier: GPL-2.0
/*
 * udp_read - who reads a datagram, and was there room for all of it?
 *
 * udp_recvmsg() ends in skb_consume_udp(), which is told how much was copied, as a
 * negative number if it was only looked at - but the whole length, if the reader
 * asked for that (MSG_TRUNC). What such a reader has room for is noted as it calls.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/sock.h>

#include "udp.h"
#include "udp_compat.h"

/* Somebody may have asked for the true length. */
static bool any_asked;

/*
 * Reads of datagrams matter to so many: rows, chosen ports, readers who ask for the
 * true length. While it is 0, a read that has room for all of it is not looked at.
 */
atomic_t udp_watched;

static void receiver_merge(void *into, const void *from)
{
	struct udp_receiver *sum = into;
	const struct udp_receiver *other = from;

	sum->lost_bytes += other->lost_bytes;
	sum->largest_bytes = max(sum->largest_bytes, other->largest_bytes);
	sum->buffer_bytes = min(sum->buffer_bytes, other->buffer_bytes);
}

/**
 * udp_reads_init() - get memory for readers
 * @udp: the collector's own
 *
 * Return: 0, or -ENOMEM: udp_reads_free() is called all the same.
 */
int udp_reads_init(struct udp_state *udp)
{
	any_asked = false;
	atomic_set(&udp_watched, udp_ports_wanted());
	udp->asked = kvcalloc(UDP_ASKED_WAYS << UDP_ASKED_BITS,
			      sizeof(*udp->asked), GFP_KERNEL);
	udp->waits = kvcalloc(UDP_WAITS, sizeof(*udp->waits), GFP_KERNEL);
	if (!udp->asked || !udp->waits)
		return -ENOMEM;
	return stall_tally_init(&udp->receivers, sizeof(struct udp_receiver),
				receiver_merge);
}

/**
 * udp_reads_free() - give back what udp_reads_init() took
 * @udp: the collector's own; not all of it may be there
 */
void udp_reads_free(struct udp_state *udp)
{
	stall_tally_free(&udp->receivers);
	kvfree(udp->waits);
	kvfree(udp->asked);
}

/**
 * udp_reads_bytes() - memory of readers, but for what is each CPU's
 */
size_t udp_reads_bytes(void)
{
	return (UDP_ASKED_WAYS << UDP_ASKED_BITS) * sizeof(struct udp_asked) +
	       UDP_WAITS * sizeof(struct udp_wait);
}

static struct udp_asked *asked_set(const struct udp_state *udp)
{
	return &udp->asked[hash_ptr(current, UDP_ASKED_BITS) * UDP_ASKED_WAYS];
}

static struct udp_asked *asked_find(const struct udp_state *udp)
{
	struct udp_asked *asked = asked_set(udp), *end = asked + UDP_ASKED_WAYS;

	do {
		if (READ_ONCE(asked->task) == current)
			return asked;
	} while (++asked != end);
	return NULL;
}

/* Others that sleep in such a read, or have ended in one, are in the way. */
static noinline void asked_note(struct stall_run *run, u64 len)
{
	struct udp_state *udp = run->priv;
	struct udp_asked *asked = asked_find(udp);
	unsigned int i;

	if (!xchg(&any_asked, true))
		atomic_inc(&udp_watched);
	for (i = 0; !asked && i < UDP_ASKED_WAYS; i++) {
		struct udp_asked *free = &asked_set(udp)[i];

		if (!cmpxchg(&free->task, NULL, current))
			asked = free;
	}
	if (!asked) {
		asked = &asked_set(udp)[current->pid % UDP_ASKED_WAYS];
		WRITE_ONCE(asked->task, current);
		stall_dropped(run);
	}
	WRITE_ONCE(asked->len, len);
}

/* udp_recvmsg(sk, msg, len, ..., flags, ...) and the same of IPv6 */
static __always_inline bool recvmsg_wants(struct pt_regs *regs)
{
	return (long)udp_arg(regs, UDP_RECVMSG_FLAGS) & MSG_TRUNC ||
	       READ_ONCE(any_asked);
}

void udp_on_recvmsg(struct stall_run *run, struct pt_regs *regs)
{
	int flags = (long)udp_arg(regs, UDP_RECVMSG_FLAGS);
	struct udp_state *udp = run->priv;
	struct udp_asked *asked;

	if (unlikely((flags & (MSG_TRUNC | MSG_PEEK | MSG_ERRQUEUE)) ==
		     MSG_TRUNC)) {
		asked_note(run, (u64)udp_arg(regs, 2));
		return;
	}
	/* Of a read before that found nothing. */
	asked = asked_find(udp);
	if (asked)
		WRITE_ONCE(asked->task, NULL);
}

NOKPROBE_SYMBOL(udp_on_recvmsg);
STALL_MAKE_CALLBACK(udp_recvmsg_callback, recvmsg_wants, udp_on_recvmsg);

static u64 asked_take(const struct udp_state *udp, u64 len)
{
	struct udp_asked *asked = asked_find(udp);
	u64 room;

	if (!asked)
		return len;
	room = READ_ONCE(asked->len);
	WRITE_ONCE(asked->task, NULL);
	return min(len, room);
}

static u64 receiver_key(const struct sock *sk)
{
	u64 comm, more;

	stall_comm_words(&comm, &more);
	comm = stall_tally_mix(comm, more);
	comm = stall_tally_mix(comm, (u64)current->tgid << 32 | sk->sk_num);
	return stall_tally_key(stall_tally_mix(comm, sock_net(sk)->ns.inum));
}

static noinline void read_truncated(struct stall_run *run,
				    const struct sock *sk, u64 len, u64 room)
{
	struct udp_state *udp = run->priv;
	u64 key = receiver_key(sk);
	struct stall_tally_entry *entry;
	struct udp_receiver *receiver;

	stall_count(run, UDP_TRUNCATED);
	udp_row_inc(run, sk, UDP_TRUNCATED);
	entry = stall_tally_claim(&udp->receivers, key);
	if (!entry) {
		stall_missed(run);
		return;
	}
	receiver = entry->row;
	if (stall_tally_is_new(entry)) {
		memcpy(receiver->comm, current->comm, TASK_COMM_LEN);
		receiver->tgid = current->tgid;
		receiver->netns = sock_net(sk)->ns.inum;
		receiver->port = sk->sk_num;
		receiver->buffer_bytes = room;
	}
	receiver->pid = current->pid;
	receiver->lost_bytes += len - room;
	receiver->largest_bytes = max(receiver->largest_bytes, len);
	receiver->buffer_bytes = min(receiver->buffer_bytes, room);
	stall_tally_release(&udp->receivers, entry, key, 1);
}

static __always_inline void read_by(struct udp_state *udp,
				    const struct sock *sk)
{
	int i = udp_find(udp, sk);

	if (i >= 0 && unlikely(udp->rows[i].reader.pid != current->pid))
		stall_who_current(&udp->rows[i].reader);
}

/* skb_consume_udp(sk, skb, len): a look, less than all of it, or somebody wants it. */
static __always_inline bool consume_wants(struct pt_regs *regs)
{
	const struct sk_buff *skb = udp_arg(regs, 1);

	return (long)(int)(long)udp_arg(regs, 2) < (long)skb->len ||
	       atomic_read(&udp_watched);
}

/* A look at nothing of it has length 0, too, but leaves the datagram in its queue. */
void udp_on_consume(struct stall_run *run, struct pt_regs *regs)
{
	const struct sk_buff *skb = udp_arg(regs, 1);
	const struct sock *sk = udp_arg(regs, 0);
	int copied = (long)udp_arg(regs, 2);
	struct udp_state *udp = run->priv;
	u64 room = copied;

	if (copied < 0 || unlikely(!copied && READ_ONCE(skb->next)))
		return;
	if (unlikely(READ_ONCE(any_asked)))
		room = asked_take(udp, copied);
	if (unlikely(room < skb->len))
		read_truncated(run, sk, skb->len, room);
	if (atomic_read(&udp->nr_live))
		read_by(udp, sk);
	if (unlikely(udp_ports_wanted()))
		udp_wait_ends(run, sk, skb);
}

NOKPROBE_SYMBOL(udp_on_consume);
STALL_MAKE_CALLBACK(udp_consume_callback, consume_wants, udp_on_consume);
