// SPDX-License-Identifier: GPL-2.0
/*
 * udp_table - sockets with something to tell
 *
 * A socket gets a row when it first loses something, or is seen over half full; most
 * never do. It keeps the row until its end, and the row stays to be read until there
 * is no room for others.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/slab.h>

#include "udp.h"
#include "udp_compat.h"

/**
 * udp_rows_init() - get memory for rows
 * @udp: the collector's own
 *
 * Return: 0, or -ENOMEM: udp_rows_free() is called all the same.
 */
int udp_rows_init(struct udp_state *udp)
{
	unsigned int i;

	udp->keys = kvcalloc(UDP_ROWS, sizeof(*udp->keys), GFP_KERNEL);
	udp->rows = kvcalloc(UDP_ROWS, sizeof(*udp->rows), GFP_KERNEL);
	udp->told = kvcalloc(UDP_TOLD, sizeof(*udp->told), GFP_KERNEL);
	if (!udp->keys || !udp->rows || !udp->told)
		return -ENOMEM;
	for (i = 0; i < UDP_COUNTS; i++) {
		udp->counts[i] = __alloc_percpu(UDP_ROWS * sizeof(u64),
						sizeof(u64));
		if (!udp->counts[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * udp_rows_free() - give back what udp_rows_init() took
 * @udp: the collector's own; the table may be incomplete
 */
void udp_rows_free(struct udp_state *udp)
{
	unsigned int i;

	for (i = 0; i < UDP_COUNTS; i++)
		free_percpu(udp->counts[i]);
	kvfree(udp->told);
	kvfree(udp->rows);
	kvfree(udp->keys);
}

/**
 * udp_name_socket() - which socket that is
 * @sk: it
 * @name: result
 *
 * Its inode is not asked for by sock_i_ino(), which takes a lock: RCU keeps it.
 *
 * Context: any, under rcu_read_lock().
 */
void udp_name_socket(const struct sock *sk, struct udp_name *name)
{
	struct socket *socket = READ_ONCE(sk->sk_socket);

	name->netns = sock_net(sk)->ns.inum;
	name->family = sk->sk_family;
	name->port = READ_ONCE(sk->sk_num);
	if (socket)
		name->inode = SOCK_INODE(socket)->i_ino;
	memset(&name->local, 0, sizeof(name->local));
	if (sk->sk_family == AF_INET)
		name->local.s6_addr32[3] = sk->sk_rcv_saddr;
#if IS_ENABLED(CONFIG_IPV6)
	else
		name->local = sk->sk_v6_rcv_saddr;
#endif
}

/**
 * udp_add() - a row for a socket that has none
 * @udp: the collector's own
 * @sk: it
 *
 * Once in a socket's life. Two CPUs that want one for the same socket take the same
 * place.
 *
 * Context: any; somebody keeps the socket.
 * Return: number of the row, negative if there is no room.
 */
noinline int udp_add(struct udp_state *udp, const struct sock *sk)
{
	u32 i = hash_ptr(sk, UDP_SET_BITS) * UDP_WAYS, end = i + UDP_WAYS;
	struct udp_row *row;

	for (; i < end; i++) {
		const struct sock *was = cmpxchg(&udp->keys[i], NULL, sk);

		if (was == sk)
			return i;
		if (!was)
			break;
	}
	if (i == end)
		return -1;
	row = &udp->rows[i];
	rcu_read_lock();
	udp_name_socket(sk, &row->name);
	rcu_read_unlock();
	row->room_bytes = READ_ONCE(sk->sk_rcvbuf);
	atomic_inc(&udp->nr_live);
	atomic_inc(&udp_watched);
	/* Pairs with the acquire of those who read. */
	smp_store_release(&row->ready, true);
	return i;
}

/**
 * udp_close() - a socket ends
 * @udp: the collector's own
 * @sk: it; nobody else has it any more
 *
 * Context: any.
 */
void udp_close(struct udp_state *udp, const struct sock *sk)
{
	int i = udp_find(udp, sk);
	struct udp_row *row;

	if (i < 0)
		return;
	row = &udp->rows[i];
	WRITE_ONCE(row->drops, udp_drops_of(sk));
	WRITE_ONCE(row->closed_ns, stall_clock());
	atomic_dec(&udp->nr_live);
	atomic_dec(&udp_watched);
	/* Another socket may have the address. Pairs with udp_make_room(). */
	smp_store_release(&udp->keys[i], UDP_CLOSED);
}

/**
 * udp_row_count() - what was counted for a socket
 * @udp: the collector's own
 * @row: number of its row
 * @what: UDP_NO_ROOM and so on, less than UDP_COUNTS
 */
u64 udp_row_count(const struct udp_state *udp, u32 row, unsigned int what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(udp->counts[what], cpu)[row]);
	return sum;
}

/**
 * udp_row_inc() - count for a socket
 * @run: the collector
 * @sk: it
 * @what: UDP_NO_ROOM and so on, less than UDP_COUNTS
 *
 * Context: any, preemption off; somebody keeps the socket.
 */
void udp_row_inc(struct stall_run *run, const struct sock *sk,
		 unsigned int what)
{
	struct udp_state *udp = run->priv;
	int i = udp_find(udp, sk);

	if (unlikely(i < 0))
		i = udp_add(udp, sk);
	if (unlikely(i < 0))
		stall_dropped(run);
	else
		this_cpu_inc(udp->counts[what][i]);
}

/* No handler has its socket any more, so nobody counts meanwhile. */
static void give_up(struct udp_state *udp, u32 i)
{
	unsigned int what;
	int cpu;

	for (what = 0; what < UDP_COUNTS; what++)
		for_each_possible_cpu(cpu)
			per_cpu_ptr(udp->counts[what], cpu)[i] = 0;
	memset(&udp->rows[i], 0, sizeof(udp->rows[i]));
	udp->nr_given_up++;
	/* Who takes the place finds it clean. */
	smp_store_release(&udp->keys[i], NULL);
}

/**
 * udp_make_room() - give up rows of closed sockets where others have no room
 * @udp: the collector's own, its look_lock is held
 */
void udp_make_room(struct udp_state *udp)
{
	u32 set, i;

	lockdep_assert_held(&udp->look_lock);
	for (set = 0; set < UDP_ROWS; set += UDP_WAYS) {
		u32 oldest = UDP_ROWS;

		for (i = set; i < set + UDP_WAYS; i++) {
			/* Pairs with the release in udp_close(). */
			const struct sock *key = smp_load_acquire(&udp->keys[i]);

			if (!key)
				break;
			if (key == UDP_CLOSED && (oldest == UDP_ROWS ||
						  udp->rows[i].closed_ns <
						  udp->rows[oldest].closed_ns))
				oldest = i;
		}
		if (i == set + UDP_WAYS && oldest != UDP_ROWS)
			give_up(udp, oldest);
	}
}
