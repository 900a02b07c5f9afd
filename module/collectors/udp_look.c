// SPDX-License-Identifier: GPL-2.0
/*
 * udp_look - looks at all UDP sockets, at a low rate and in process context
 *
 * The kernel's table of bound sockets is walked under RCU, as its own lookups do.
 * A socket that moves to another bucket meanwhile may be missed, or seen twice: then
 * the next look tells.
 */
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include "udp.h"
#include "udp_compat.h"

/* So many buckets, or sockets, before others may have the CPU. */
#define LOOK_BUCKETS	1024
#define LOOK_SOCKETS	512

static void tell(struct udp_state *udp, const struct udp_row *row,
		 const struct udp_episode *episode, u64 now)
{
	u32 place = udp->nr_told++ % UDP_TOLD;
	struct stall_event event = {
		.at_ns = now,
		.lasted_ns = episode->lasted_ns,
		.limit_ns = udp_full_ns(),
		.collector = udp->run->index,
		.key = place,
	};

	if (!row->reader.pid)
		udp_owners(udp);
	event.who = row->reader;
	udp->told[place] = (struct udp_told){
		.at_ns = now,
		.name = row->name,
		.episode = *episode,
		.room_bytes = row->room_bytes,
	};
	preempt_disable();
	stall_events_add(&event);
	preempt_enable();
}

/* With what the handlers have counted by now. */
static void sample_row(struct udp_state *udp, u32 i, u64 queued_bytes, u64 now)
{
	struct udp_row *row = &udp->rows[i];
	struct udp_sample sample = {
		.queued_bytes = queued_bytes,
		.room_bytes = row->room_bytes,
		.drops = READ_ONCE(row->drops),
		.full_drops = udp_row_count(udp, i, UDP_NO_ROOM),
		.before_ns = udp->looked_ns,
		.now_ns = now,
	};
	struct udp_episode episode;
	u64 ended_ns;

	row->queued_bytes = queued_bytes;
	ended_ns = udp_fill_sample(&row->fill, &sample, udp_full_ns(), &episode);
	if (ended_ns) {
		preempt_disable();
		stall_record(udp->run, UDP_OVER_HALF, ended_ns);
		preempt_enable();
	}
	if (episode.lasted_ns)
		tell(udp, row, &episode, now);
}

/* What it lost before anybody watched is no reason's. */
static void scan_row(struct udp_state *udp, struct udp_row *row, u32 i)
{
	u64 counted = 0;
	unsigned int what;

	if (row->scanned)
		return;
	row->scanned = true;
	if (udp->looks > 1)
		return;
	for (what = 0; what < UDP_REASONS; what++)
		counted += udp_row_count(udp, i, what);
	row->before = row->drops - min(row->drops, counted);
	row->fill.drops = row->before;
}

static void look_socket(struct udp_state *udp, struct sock *sk)
{
	u64 queued = max(udp_rqueue_get(sk), 0), drops = udp_drops_of(sk);
	u64 room = READ_ONCE(sk->sk_rcvbuf);
	struct udp_row *row;
	int i;

	i = udp_find(udp, sk);
	if (i < 0 && !drops && queued <= room / 2)
		return;
	if (i < 0)
		i = udp_add(udp, sk);
	if (i < 0) {
		preempt_disable();
		stall_dropped(udp->run);
		preempt_enable();
		return;
	}
	row = &udp->rows[i];
	/* Somebody else may be about to make it. */
	if (!smp_load_acquire(&row->ready))
		return;
	udp_name_socket(sk, &row->name);
	row->drops = drops;
	row->room_bytes = room;
	row->queued_bytes = queued;
	row->looked = udp->looks;
	scan_row(udp, row, i);
}

/* From a bucket on; where the next turn has to begin. */
static u32 look_buckets(struct udp_state *udp, const struct udp_table *table,
			u32 from)
{
	u32 i, end = min(table->mask + 1, from + LOOK_BUCKETS), seen = 0;
	struct sock *sk;

	rcu_read_lock();
	for (i = from; i < end && seen < LOOK_SOCKETS; i++) {
		u32 in_bucket = 0;

		sk_for_each_rcu(sk, &table->hash[i].head) {
			/* One that moves can lead in a circle. */
			if (++in_bucket > LOOK_SOCKETS)
				break;
			look_socket(udp, sk);
		}
		seen += in_bucket;
	}
	rcu_read_unlock();
	return i;
}

static void look_table(struct udp_state *udp, const struct udp_table *table)
{
	u32 i = 0;

	while (i <= table->mask) {
		i = look_buckets(udp, table, i);
		cond_resched();
	}
}

/* Namespaces do not come or go meanwhile, nor do tables of their own. */
static void look_tables(struct udp_state *udp)
{
	const struct udp_table *shared = udp_table_of(&init_net);
	const struct net *net;

	look_table(udp, shared);
	down_read(&net_rwsem);
	for_each_net(net)
		if (udp_table_of(net) != shared)
			look_table(udp, udp_table_of(net));
	up_read(&net_rwsem);
}

/* Rows whose socket was not found hold nothing: it is not bound, or closed. */
static void sample_rows(struct udp_state *udp, u64 now)
{
	u32 i;

	for (i = 0; i < UDP_ROWS; i++) {
		struct udp_row *row = &udp->rows[i];

		/* Pairs with the release in udp_add(). */
		if (!smp_load_acquire(&row->ready))
			continue;
		sample_row(udp, i, row->looked == udp->looks ?
			   row->queued_bytes : 0, now);
		if (i % 64 == 0)
			cond_resched();
	}
}

/**
 * udp_look() - look at all sockets
 * @udp: the collector's own, its look_lock is held
 *
 * Context: process, may sleep.
 */
void udp_look(struct udp_state *udp)
{
	u64 now = stall_clock();

	lockdep_assert_held(&udp->look_lock);
	if (!udp->looked_ns)
		udp->looked_ns = now;
	udp->looks++;
	look_tables(udp);
	sample_rows(udp, now);
	udp_make_room(udp);
	udp->looked_ns = now;
}

static void look_work(struct work_struct *work)
{
	struct udp_state *udp = container_of(to_delayed_work(work),
					     struct udp_state, work);
	u32 ms;

	mutex_lock(&udp->look_lock);
	udp_look(udp);
	ms = udp_check_ms();
	/* On any CPU: some are kept free of such work. */
	if (ms && !udp->stopped)
		queue_delayed_work(system_dfl_wq, &udp->work,
				   msecs_to_jiffies(ms));
	mutex_unlock(&udp->look_lock);
}

/**
 * udp_look_init() - prepare looks
 * @udp: the collector's own
 */
void udp_look_init(struct udp_state *udp)
{
	mutex_init(&udp->look_lock);
	INIT_DELAYED_WORK(&udp->work, look_work);
	udp->stopped = true;
}

/**
 * udp_look_begin() - look now, and from here on
 * @udp: the collector's own
 *
 * Context: process, may sleep, under the stall lock.
 */
void udp_look_begin(struct udp_state *udp)
{
	mutex_lock(&udp->look_lock);
	udp->stopped = false;
	mutex_unlock(&udp->look_lock);
	mod_delayed_work(system_dfl_wq, &udp->work, 0);
}

/**
 * udp_look_stop() - no more looks
 * @udp: the collector's own
 *
 * Context: process, may sleep, under the stall lock.
 */
void udp_look_stop(struct udp_state *udp)
{
	mutex_lock(&udp->look_lock);
	udp->stopped = true;
	mutex_unlock(&udp->look_lock);
	cancel_delayed_work_sync(&udp->work);
}
