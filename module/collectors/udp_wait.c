// SPDX-License-Identifier: GPL-2.0
/*
 * udp_wait - how long does a datagram wait from its arrival to its read?
 *
 * Of chosen ports only: this is on the way of each datagram that comes in. A set-
 * associative table by address keeps when those came that wait. One that is freed
 * unread leaves its entry behind, until the address is another datagram's.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "udp.h"

static struct udp_wait *wait_set(const struct udp_state *udp,
				 const struct sk_buff *skb)
{
	return &udp->waits[hash_ptr(skb, UDP_WAIT_BITS) * UDP_WAIT_WAYS];
}

static struct udp_wait *wait_find(const struct udp_state *udp,
				  const struct sk_buff *skb)
{
	struct udp_wait *wait = wait_set(udp, skb), *end = wait + UDP_WAIT_WAYS;

	do {
		if (READ_ONCE(wait->skb) == skb)
			return wait;
	} while (++wait != end);
	return NULL;
}

/* Its own place, a free one, or that of the one that came first. */
static struct udp_wait *wait_place(struct stall_run *run,
				   const struct sk_buff *skb)
{
	struct udp_state *udp = run->priv;
	struct udp_wait *set = wait_set(udp, skb), *wait = wait_find(udp, skb);
	unsigned int i;

	if (wait)
		return wait;
	wait = set;
	for (i = 0; i < UDP_WAIT_WAYS; i++) {
		if (!cmpxchg(&set[i].skb, NULL, skb))
			return &set[i];
		if (READ_ONCE(set[i].came) < READ_ONCE(wait->came))
			wait = &set[i];
	}
	stall_dropped(run);
	return wait;
}

/*
 * __udp_enqueue_schedule_skb(sk, skb). What finds the queue full is dropped in there,
 * and is not noted.
 */
void udp_on_enqueue(struct stall_run *run, struct pt_regs *regs)
{
	const struct sk_buff *skb = udp_arg(regs, 1);
	const struct sock *sk = udp_arg(regs, 0);
	struct udp_wait *wait;

	if (!udp_port_chosen(sk->sk_num) ||
	    atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf))
		return;
	wait = wait_place(run, skb);
	WRITE_ONCE(wait->skb, skb);
	WRITE_ONCE(wait->sk, sk);
	WRITE_ONCE(wait->came, stall_ticks());
}

NOKPROBE_SYMBOL(udp_on_enqueue);

/**
 * udp_wait_ends() - a datagram is read
 * @run: the collector
 * @sk: from where
 * @skb: it
 *
 * Context: any, preemption off.
 */
void udp_wait_ends(struct stall_run *run, const struct sock *sk,
		   const struct sk_buff *skb)
{
	struct udp_wait *wait = wait_find(run->priv, skb);
	u64 came;

	if (!wait)
		return;
	came = READ_ONCE(wait->came);
	if (READ_ONCE(wait->sk) == sk && udp_port_chosen(sk->sk_num))
		stall_record(run, UDP_QUEUED,
			     stall_ticks_since(came, stall_ticks()));
	WRITE_ONCE(wait->skb, NULL);
}

/**
 * udp_waits_forget() - a socket ends
 * @udp: the collector's own
 * @sk: it. What is unread in its queue is freed
 *
 * Context: any.
 */
void udp_waits_forget(struct udp_state *udp, const struct sock *sk)
{
	struct udp_wait *wait = udp->waits, *end = wait + UDP_WAITS;

	if (!skb_queue_len_lockless(&sk->sk_receive_queue) &&
	    !atomic_read(&sk->sk_rmem_alloc))
		return;
	for (; wait != end; wait++)
		if (READ_ONCE(wait->sk) == sk)
			WRITE_ONCE(wait->skb, NULL);
}
