// SPDX-License-Identifier: GPL-2.0
/*
 * udp - which sockets lose datagrams, why, and who ought to have read them?
 *
 * Nothing here is on the way of a datagram that arrives: hooks are where one is
 * dropped, and where one is read. How full queues are is looked at now and then, see
 * udp_look.c; only chosen ports pay for more, see udp_wait.c.
 */
#include <linux/errno.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <trace/events/skb.h>
#include <trace/events/udp.h>

#include "udp.h"
#include "udp_compat.h"

/* One that is so short has its checksum looked at before its socket is known. */
#define UDP_SHORT	CHECKSUM_BREAK

/* Under the stall lock. */
static struct udp_state *udp_now;

/* UDP-Lite shares the code, and has counters of its own; raw sockets may be of UDP. */
static bool is_udp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

static __always_inline void udp_lost(struct stall_run *run,
				     const struct sock *sk, unsigned int why)
{
	const struct udp_state *udp = run->priv;
	int i;

	if (unlikely(!is_udp(sk)))
		return;
	stall_count(run, why);
	i = udp_find(udp, sk);
	if (likely(i >= 0))
		this_cpu_inc(udp->counts[why][i]);
	else
		udp_row_inc(run, sk, why);
}

static __always_inline void udp_fail(struct stall_hook *hook, int rc,
				     const struct sock *sk)
{
	u64 began = stall_hook_enter(hook);

	udp_lost(hook->run, sk, rc == -ENOMEM ? UDP_NO_ROOM : UDP_NO_MEMORY);
	stall_hook_exit(hook, began);
}

/* v6.11 added the datagram. */
static void __maybe_unused udp_on_fail(void *data, int rc, struct sock *sk,
				       struct sk_buff *skb)
{
	udp_fail(data, rc, sk);
}

static void __maybe_unused udp_on_fail_before_6_11(void *data, int rc,
						   struct sock *sk)
{
	udp_fail(data, rc, sk);
}

static const struct sk_buff **end_place(struct udp_state *udp,
					const struct sk_buff *skb)
{
	return &udp->ends[hash_ptr(skb, UDP_ENDS_BITS)];
}

/*
 * __sk_queue_drop_skb(sk, queue, skb, ...): of UDP, a read has found that the checksum
 * is bad. Later kernels tell that as a reason again, but not of which socket.
 */
static void udp_on_bad_read(struct stall_run *run, struct pt_regs *regs)
{
	const struct sk_buff *skb = udp_arg(regs, 2);
	const struct sock *sk = udp_arg(regs, 0);

	if (!is_udp(sk))
		return;
	udp_lost(run, sk, UDP_BAD_CHECKSUM);
	WRITE_ONCE(*end_place(run->priv, skb), skb);
}

NOKPROBE_SYMBOL(udp_on_bad_read);

#ifdef STALL_HAVE_DROP_REASON
static bool was_counted(struct udp_state *udp, const struct sk_buff *skb)
{
	const struct sk_buff **end = end_place(udp, skb);

	if (READ_ONCE(*end) != skb)
		return false;
	WRITE_ONCE(*end, NULL);
	return true;
}

/* Why is it dropped? Negative if that is nothing to count here. */
static __always_inline int udp_why(enum skb_drop_reason reason)
{
	switch (reason) {
	case SKB_DROP_REASON_SOCKET_FILTER:
		return UDP_FILTERED;
	case SKB_DROP_REASON_UDP_CSUM:
		return UDP_BAD_CHECKSUM;
	case SKB_DROP_REASON_PROTO_MEM:
		return UDP_MEMORY_BY_REASON || UDP6_BY_REASON ?
		       UDP_NO_MEMORY : -1;
	case SKB_DROP_REASON_SOCKET_RCVBUFF:
		return UDP6_BY_REASON ? UDP_NO_ROOM : -1;
	default:
		return -1;
	}
}

/* Of IPv4, the other tracepoint tells what has no room. */
static __always_inline bool udp_end_is_told(const struct sk_buff *skb, int why)
{
	return (why == UDP_NO_ROOM || why == UDP_NO_MEMORY) &&
	       skb->protocol != htons(ETH_P_IPV6);
}

static noinline void udp_end(struct stall_run *run, const struct sk_buff *skb,
			     int why, const struct sock *sk)
{
	if (sk)
		udp_lost(run, sk, why);
	else if (why == UDP_BAD_CHECKSUM && !was_counted(run->priv, skb))
		stall_count(run, why);
}

/* Before v6.11, the socket is not told: it is looked for, and may not be found. */
static noinline void udp_end_unknown(struct stall_run *run,
				     const struct sk_buff *skb, int why)
{
	const struct sock *sk;
	bool is_udp;

	rcu_read_lock();
	sk = udp_socket_of(skb, &is_udp);
	if (why == UDP_BAD_CHECKSUM && skb->len <= UDP_SHORT)
		sk = NULL;
	if (sk)
		udp_lost(run, sk, why);
	else if (is_udp)
		stall_count(run, why);
	rcu_read_unlock();
}

static __always_inline void udp_ends(struct stall_hook *hook,
				     const struct sk_buff *skb,
				     enum skb_drop_reason reason,
				     const struct sock *sk, bool told)
{
	u64 began = stall_hook_enter(hook);
	int why = udp_why(reason);

	if (unlikely(why >= 0)) {
		if (told)
			udp_end(hook->run, skb, why, sk);
		else if (!udp_end_is_told(skb, why))
			udp_end_unknown(hook->run, skb, why);
	}
	stall_hook_exit(hook, began);
}

/* v7.2 has a const socket, v6.11 a socket, and before there is none. */
static void __maybe_unused udp_on_end(void *data, struct sk_buff *skb,
				      void *location,
				      enum skb_drop_reason reason,
				      const struct sock *sk)
{
	udp_ends(data, skb, reason, sk, true);
}

static void __maybe_unused udp_on_end_before_7_2(void *data,
						 struct sk_buff *skb,
						 void *location,
						 enum skb_drop_reason reason,
						 struct sock *sk)
{
	udp_ends(data, skb, reason, sk, true);
}

static void __maybe_unused udp_on_end_before_6_11(void *data,
						  struct sk_buff *skb,
						  void *location,
						  enum skb_drop_reason reason)
{
	udp_ends(data, skb, reason, NULL, false);
}

#define UDP_END_OLDER							\
	__builtin_choose_expr(STALL_TP_FITS(kfree_skb,			\
					    udp_on_end_before_7_2),	\
			      udp_on_end_before_7_2,			\
			      udp_on_end_before_6_11)
#endif /* STALL_HAVE_DROP_REASON */

/* udp_destruct_sock(sk) and the same of IPv6: nobody has it any more. */
static void udp_on_destruct(struct stall_run *run, struct pt_regs *regs)
{
	const struct sock *sk = udp_arg(regs, 0);
	struct udp_state *udp = run->priv;

	if (atomic_read(&udp->nr_live))
		udp_close(udp, sk);
	if (udp_ports_wanted() && udp_port_chosen(inet_sk(sk)->inet_sport ?
		ntohs(inet_sk(sk)->inet_sport) : sk->sk_num))
		udp_waits_forget(udp, sk);
}

NOKPROBE_SYMBOL(udp_on_destruct);

static void udp_teardown(struct stall_run *run)
{
	struct udp_state *udp = run->priv;

	udp_now = NULL;
	udp_look_stop(udp);
	udp_reads_free(udp);
	udp_rows_free(udp);
	kfree(udp);
}

static int udp_setup(struct stall_run *run)
{
	struct udp_state *udp = kzalloc(sizeof(*udp), GFP_KERNEL);

	if (!udp)
		return -ENOMEM;
	run->priv = udp;
	udp_now = udp;
	udp->run = run;
	udp_look_init(udp);
	if (udp_rows_init(udp) || udp_reads_init(udp)) {
		udp_teardown(run);
		return -ENOMEM;
	}
	run->memory_bytes += sizeof(*udp) + udp_reads_bytes() +
			     UDP_ROWS * (sizeof(*udp->keys) +
					 sizeof(*udp->rows)) +
			     UDP_TOLD * sizeof(*udp->told);
	run->memory_cpu_bytes += UDP_ROWS * UDP_COUNTS * sizeof(u64) +
				 stall_tally_cpu_bytes(&udp->receivers);
	return 0;
}

static void udp_attached(struct stall_run *run)
{
	struct udp_state *udp = run->priv;

	udp_params_run(run);
	/* What was lost before is known from here on. */
	mutex_lock(&udp->look_lock);
	udp_look(udp);
	mutex_unlock(&udp->look_lock);
	udp_look_begin(udp);
}

static void udp_detaching(struct stall_run *run)
{
	udp_params_run(NULL);
	udp_look_stop(run->priv);
}

static u64 udp_given_up(void)
{
	return udp_now ? udp_now->nr_given_up : 0;
}

static const struct stall_series udp_series[] = {
	[UDP_NO_ROOM] = {
		STALL_COUNTER("rcvbuf_drops", "datagrams",
			      "the receive buffer of their socket was full: RcvbufErrors")
	},
	[UDP_NO_MEMORY] = {
		STALL_COUNTER("memory_drops", "datagrams",
			      "UDP had no memory for them (udp_mem): MemErrors")
	},
	[UDP_FILTERED] = {
		STALL_COUNTER("filter_drops", "datagrams",
			      "their socket's filter did not want them; from v5.18 on")
	},
	[UDP_BAD_CHECKSUM] = {
		STALL_COUNTER("checksum_drops", "datagrams",
			      "with a wrong checksum; up to v5.17 only those that a read found")
	},
	[UDP_TRUNCATED] = {
		STALL_COUNTER("truncated", "datagrams",
			      "longer than what their reader had room for: the rest is lost")
	},
	[UDP_QUEUED] = {
		STALL_HISTOGRAM("queued_ns", "ns",
				"from arrival to read, of the ports in udp_ports")
	},
	[UDP_OVER_HALF] = {
		STALL_HISTOGRAM("over_half_ns", "ns",
				"how long a queue was over half full, as looks saw it")
	},
	[UDP_SOCKETS] = {
		STALL_ROWS("sockets", udp_socket_table,
			   "sockets that lost datagrams, or were over half full"),
		.lost = udp_given_up,
	},
	[UDP_RECEIVERS] = {
		STALL_ROWS("receivers", udp_receiver_table,
			   "who reads with less room than datagrams have")
	},
};

static_assert(ARRAY_SIZE(udp_series) == NR_UDP_SERIES);

static const struct stall_probe udp_probes[] = {
	{ STALL_TP_BY_SIGNATURE(udp_fail_queue_rcv_skb, udp_on_fail,
				udp_on_fail_before_6_11) },
#ifdef STALL_HAVE_DROP_REASON
	{ STALL_TP_BY_SIGNATURE(kfree_skb, udp_on_end, UDP_END_OLDER),
	  .optional = true },
#else
	{ STALL_NO_HOOK("why kfree_skb",
			"by filter, of IPv6, by checksum at arrival: other_drops") },
#endif
	{ STALL_FUNCTION(udp_on_bad_read, "__sk_queue_drop_skb"),
	  .optional = true },
	{ STALL_FUNCTION(udp_on_destruct, "udp_destruct_sock") },
#if IS_ENABLED(CONFIG_IPV6)
	{ STALL_FUNCTION(udp_on_destruct, "udpv6_destruct_sock"),
	  .optional = true },
#endif
	{ STALL_FUNCTION(udp_on_recvmsg, "udp_recvmsg"),
	  .callback = &udp_recvmsg_callback,
	  .optional = true, .hot = true },
#if IS_ENABLED(CONFIG_IPV6)
	{ STALL_FUNCTION(udp_on_recvmsg, "udpv6_recvmsg"),
	  .callback = &udp_recvmsg_callback,
	  .optional = true, .hot = true },
#endif
	{ STALL_FUNCTION(udp_on_consume, "skb_consume_udp"),
	  .callback = &udp_consume_callback,
	  .optional = true, .hot = true },
	{ STALL_FUNCTION(udp_on_enqueue, "__udp_enqueue_schedule_skb"),
	  .optional = true, .hot = true, .wanted = udp_ports_wanted,
	  .not_wanted = "udp_ports is none" },
};

const struct stall_collector stall_udp = {
	STALL_COLLECTOR("udp", "UDP: what do sockets lose, why, and who reads late or too short?",
			udp_series, udp_probes),
	.setup = udp_setup,
	.teardown = udp_teardown,
	.attached = udp_attached,
	.detaching = udp_detaching,
	.describe = udp_describe,
};
