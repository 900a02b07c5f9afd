// SPDX-License-Identifier: GPL-2.0
/*
 * bfd - are the hellos that keep BFD sessions up sent, and received, in time?
 *
 * bfd_send.c sees what goes out, bfd_receive.c what comes in, bfd_read.c that it is read,
 * and bfd_watch.c looks at the daemon while a hello is due. This file puts them together.
 *
 * A session is one row of a map, and is made by what we send. Each direction is
 * updated by one CPU at a time: see bfd_claim().
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <trace/events/net.h>
#include <trace/events/vmscan.h>

#include "bfd.h"
#include "bfd_params.h"
#include "bfd_skb.h"

/* An event has 16 bits for the number of its session. */
static_assert(BFD_NR_SESSIONS <= 65536);

/**
 * bfd_find() - the session of a packet, to be found at once next time
 * @bfd: the collector's state
 * @frame: the packet
 * @dev: its device
 * @sent: we sent it; else it came in
 *
 * Context: any.
 * Return: the session, NULL if there is none.
 */
struct bfd_session *bfd_find(struct bfd_state *bfd,
			     const struct bfd_frame *frame,
			     const struct net_device *dev, bool sent)
{
	struct bfd_session **recent, *session;
	struct bfd_key key;

	recent = &bfd->recent[bfd_frame_hash(frame, sent, BFD_RECENT_BITS)];
	bfd_key_of(&key, frame, dev, sent);
	session = stall_map_find(&bfd->sessions, &key);
	if (session)
		WRITE_ONCE(*recent, session);
	return session;
}

static void bfd_reclaim(struct stall_hook *hook)
{
	u64 began = stall_hook_enter(hook);
	struct bfd_state *bfd = hook->run->priv;

	bfd_task_reclaim(&bfd->tasks, hook->probe->arg);
	stall_hook_exit(hook, began);
}

/* v7.1 swapped the first two arguments of begin, and added a cgroup to both. */
static void __maybe_unused bfd_on_reclaim(void *data, gfp_t flags, int order,
					  struct mem_cgroup *memcg)
{
	bfd_reclaim(data);
}

static void __maybe_unused bfd_on_reclaim_before_7_1(void *data, int order,
						     gfp_t flags)
{
	bfd_reclaim(data);
}

static void __maybe_unused bfd_on_reclaimed(void *data, unsigned long freed,
					    struct mem_cgroup *memcg)
{
	bfd_reclaim(data);
}

static void __maybe_unused bfd_on_reclaimed_before_7_1(void *data,
						       unsigned long freed)
{
	bfd_reclaim(data);
}

static void bfd_attached(struct stall_run *run)
{
	struct bfd_state *bfd = run->priv;

	bfd_watch_start(&bfd->watch);
}

static void bfd_detaching(struct stall_run *run)
{
	struct bfd_state *bfd = run->priv;

	bfd_watch_stop(&bfd->watch);
}

static void bfd_teardown(struct stall_run *run)
{
	struct bfd_state *bfd = run->priv;

	bfd_watch_free(&bfd->watch);
	bfd_lates_free(&bfd->lates);
	bfd_arrivals_free(&bfd->arrivals);
	bfd_tasks_free(&bfd->tasks);
	bfd_senders_free(&bfd->senders);
	free_percpu(bfd->others);
	stall_map_free(&bfd->sessions);
	kvfree(bfd);
}

static int bfd_make_tables(struct stall_run *run, struct bfd_state *bfd)
{
	bfd->others = __alloc_percpu(BFD_NR_SESSIONS * sizeof(u64),
				     sizeof(u64));
	if (!bfd->others)
		return -ENOMEM;
	return bfd_senders_init(&bfd->senders) ?:
	       bfd_tasks_init(&bfd->tasks, run) ?:
	       bfd_arrivals_init(&bfd->arrivals) ?:
	       bfd_lates_init(&bfd->lates) ?:
	       bfd_watch_init(&bfd->watch, run, BFD_NR_SESSIONS) ?:
	       stall_map_init(&bfd->sessions, BFD_NR_SESSIONS,
			      sizeof(struct bfd_session),
			      sizeof(struct bfd_key));
}

static int bfd_setup(struct stall_run *run)
{
	struct bfd_state *bfd = kvzalloc(sizeof(*bfd), GFP_KERNEL);
	int err;

	if (!bfd)
		return -ENOMEM;
	run->priv = bfd;
	bfd_ports_begin();
	err = bfd_make_tables(run, bfd);
	if (err) {
		bfd_teardown(run);
		return err;
	}
	run->memory_bytes += sizeof(*bfd) + bfd_senders_bytes() +
			     bfd_tasks_bytes() + bfd_arrivals_bytes() +
			     bfd_lates_bytes() +
			     bfd_watch_bytes(BFD_NR_SESSIONS) +
			     stall_map_bytes(&bfd->sessions) + BFD_PORT_BYTES;
	run->memory_cpu_bytes += BFD_NR_SESSIONS * sizeof(u64);
	return 0;
}

static const struct stall_series bfd_series[] = {
	[SENDS] = { STALL_COUNTER("sends", "calls",
				  "calls of send to a BFD port") },
	[PACKETS] = { STALL_COUNTER("packets", "packets",
				    "packets to a BFD port that were handed to a device") },
	[UNKNOWN] = { STALL_COUNTER("senders_unknown", "packets",
				    "of them, whose call of send was not seen") },
	[TX_GAP] = { STALL_HISTOGRAM("tx_gap_ns", "ns",
				     "time between two packets of a session, all sessions") },
	[TX_DELAY] = { STALL_HISTOGRAM("tx_delay_ns", "ns",
				       "time from the call of send to the device") },
	[SESSIONS] = { STALL_ROWS("sessions", bfd_session_table,
				  "sessions that this host sends for, each device apart") },
	[RECEIVED] = { STALL_COUNTER("received", "packets",
				     "packets to a BFD port that came in at a device") },
	[MALFORMED] = { STALL_COUNTER("malformed", "packets",
				      "in and out, to be discarded (RFC 5880, 6.8.6)") },
	[STRANGERS] = { STALL_COUNTER("strangers", "packets",
				      "valid ones, in and out, of no session of this host") },
	[RX_GAP] = { STALL_HISTOGRAM("rx_gap_ns", "ns",
				     "time between two packets of a session that came in") },
	[RX_DELAY] = { STALL_HISTOGRAM("rx_delay_ns", "ns",
				       "time from the device to the daemon's read") },
	[CALL_LATE] = { STALL_HISTOGRAM("call_late_ns", "ns",
					"send was called so long after the interval was over") },
	[RX_LATE] = { STALL_HISTOGRAM("rx_late_ns", "ns",
				      "a packet came in so long after the interval was over") },
	[PROTOCOL] = { STALL_ROWS("protocol", bfd_protocol_table,
				  "what both ends of each session agreed, and its state") },
	[PATIENCE] = { STALL_ROWS("patience", bfd_patience_table,
				  "how much of the detection times was used") },
	[LATE] = { STALL_ROWS("late", bfd_late_table,
			      "the latest late hellos: where they lost their time") },
	[HOLDERS] = { STALL_ROWS("holders", bfd_holder_table,
				 "who had the CPU that the daemon waited for then") },
};

#define BFD_RECLAIM(_tp, _new, _old, _begins)				\
	{ STALL_TP_BY_SIGNATURE(_tp, _new, _old),			\
	  .optional = true, .arg = (_begins) }

/* Calls first, so that the first packets that are seen have a sender. */
static const struct stall_probe bfd_probes[] = {
	[BFD_TIMER] = { STALL_OWN_TIMER("hrtimer"), .optional = true },
	{ STALL_FUNCTION(bfd_on_send4, "udp_sendmsg"),
	  .callback = &bfd_send4_callback,
	  .optional = true, .hot = true },
#if IS_ENABLED(CONFIG_IPV6)
	{ STALL_FUNCTION(bfd_on_send6, "udpv6_sendmsg"),
	  .callback = &bfd_send6_callback,
	  .optional = true, .hot = true },
#endif
	{ STALL_TP(net_dev_start_xmit, bfd_on_xmit) },
	{ STALL_TP(netif_receive_skb, bfd_on_receive), .optional = true },
	{ STALL_FUNCTION(bfd_on_read, "skb_consume_udp"),
	  .callback = &bfd_read_callback,
	  .optional = true, .hot = true },
	BFD_RECLAIM(mm_vmscan_direct_reclaim_begin, bfd_on_reclaim,
		    bfd_on_reclaim_before_7_1, true),
	BFD_RECLAIM(mm_vmscan_direct_reclaim_end, bfd_on_reclaimed,
		    bfd_on_reclaimed_before_7_1, false),
	BFD_RECLAIM(mm_vmscan_memcg_reclaim_begin, bfd_on_reclaim,
		    bfd_on_reclaim_before_7_1, true),
	BFD_RECLAIM(mm_vmscan_memcg_reclaim_end, bfd_on_reclaimed,
		    bfd_on_reclaimed_before_7_1, false),
};

const struct stall_collector stall_bfd = {
	STALL_COLLECTOR("bfd", "BFD hellos: are they sent and received in time?",
			bfd_series, bfd_probes),
	.setup = bfd_setup,
	.teardown = bfd_teardown,
	.attached = bfd_attached,
	.detaching = bfd_detaching,
	.describe = bfd_describe,
};
