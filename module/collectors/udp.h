/* SPDX-License-Identifier: GPL-2.0 */
/*
 * udp.h - what the parts of the collector share
 */
#ifndef STALL_UDP_H
#define STALL_UDP_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "../collector.h"
#include "udp_fill.h"

struct sk_buff;
struct sock;

enum {
	UDP_NO_ROOM,
	UDP_NO_MEMORY,
	UDP_FILTERED,
	UDP_BAD_CHECKSUM,
	UDP_TRUNCATED,
	UDP_QUEUED,
	UDP_OVER_HALF,
	UDP_SOCKETS,
	UDP_RECEIVERS,
	NR_UDP_SERIES
};

/* The first series are counted for each socket, too. */
#define UDP_REASONS	(UDP_BAD_CHECKSUM + 1)
#define UDP_COUNTS	(UDP_TRUNCATED + 1)

/* Sockets with something to tell: a set-associative table of their addresses. */
#define UDP_SET_BITS	7
#define UDP_WAYS	8
#define UDP_ROWS	(UDP_WAYS << UDP_SET_BITS)

/* Not the address of any socket: the one of this row is gone. */
#define UDP_CLOSED	((const struct sock *)1)

/**
 * struct udp_name - which socket
 * @netns: inode number of its network namespace
 * @family: AF_INET or AF_INET6
 * @port: bound to, host order
 * @inode: number of the socket, as in /proc/net/udp
 * @local: address bound to; of IPv4, the last word
 */
struct udp_name {
	u32 netns;
	u16 family;
	u16 port;
	u64 inode;
	struct in6_addr local;
};

/**
 * struct udp_row - a socket with something to tell
 * @ready: the rest can be read
 * @scanned: its drops before the first look are known
 * @name: which
 * @reader: who read last, or has a descriptor; unknown if its pid is 0
 * @drops: the socket's own count, at the latest look or at its end
 * @before: of them, those before it was watched
 * @queued_bytes: at the latest look, as /proc/net/udp has it
 * @room_bytes: SO_RCVBUF as the kernel has it
 * @looked: number of the latest look that found it bound
 * @closed_ns: when it ended, 0 if it has not
 * @fill: how full it was
 *
 * Whoever finds its socket first makes it; from then on it belongs to looks, but for
 * @reader, and @drops as it ends.
 */
struct udp_row {
	bool ready;
	bool scanned;
	struct udp_name name;
	struct stall_who reader;
	u64 drops;
	u64 before;
	u64 queued_bytes;
	u64 room_bytes;
	u64 looked;
	u64 closed_ns;
	struct udp_fill fill;
};

/* Reads that ask for the true length: what they had room for. */
#define UDP_ASKED_BITS	8
#define UDP_ASKED_WAYS	4

struct udp_asked {
	const struct task_struct *task;
	u64 len;
};

/* Datagrams that wait, of chosen ports. */
#define UDP_WAIT_BITS	10
#define UDP_WAIT_WAYS	4
#define UDP_WAITS	(UDP_WAIT_WAYS << UDP_WAIT_BITS)

struct udp_wait {
	const struct sk_buff *skb;
	const struct sock *sk;
	u64 came;
};

/* Told episodes that can be described. */
#define UDP_TOLD	256

struct udp_told {
	u64 at_ns;
	struct udp_name name;
	struct udp_episode episode;
	u64 room_bytes;
};

/* Ends of which a socket was told, so that they are not counted again. */
#define UDP_ENDS_BITS	6

/**
 * struct udp_state - the collector's own
 * @run: the collector
 * @keys: addresses of the sockets that have a row
 * @rows: one for each key
 * @counts: by row, of what is counted for each socket
 * @nr_live: rows whose socket there is
 * @nr_given_up: rows of closed sockets that are gone
 * @nr_told: how many episodes were told
 * @told: the latest of them
 * @asked: by task
 * @waits: by address of the datagram
 * @receivers: who reads too short
 * @ends: datagrams with a bad checksum, by address, as a read finds them
 * @work: looks now and then
 * @look_lock: one look at a time; taken under the stall lock, or without
 * @looks: how many there were
 * @looked_ns: when the latest was
 * @stopped: no more looks
 */
struct udp_state {
	struct stall_run *run;
	const struct sock **keys;
	struct udp_row *rows;
	u64 __percpu *counts[UDP_COUNTS];
	atomic_t nr_live;
	u64 nr_given_up;
	u32 nr_told;
	struct udp_told *told;
	struct udp_asked *asked;
	struct udp_wait *waits;
	struct stall_tally receivers;
	const struct sk_buff *ends[1 << UDP_ENDS_BITS];
	struct delayed_work work;
	struct mutex look_lock; /* of looks, and of rows but for their counts */
	u64 looks;
	u64 looked_ns;
	bool stopped;
};

#define udp_arg(_regs, _i)	((void *)regs_get_kernel_argument(_regs, _i))

/**
 * udp_find() - the row of a socket
 * @udp: the collector's own
 * @sk: its address
 *
 * Context: any.
 * Return: number of the row, negative if it has none.
 */
static __always_inline int udp_find(const struct udp_state *udp,
				    const struct sock *sk)
{
	u32 i = hash_ptr(sk, UDP_SET_BITS) * UDP_WAYS, end = i + UDP_WAYS;

	do {
		if (READ_ONCE(udp->keys[i]) == sk)
			return i;
	} while (++i != end);
	return -1;
}

int udp_rows_init(struct udp_state *udp);
void udp_rows_free(struct udp_state *udp);
int udp_add(struct udp_state *udp, const struct sock *sk);
void udp_close(struct udp_state *udp, const struct sock *sk);
void udp_make_room(struct udp_state *udp);
void udp_name_socket(const struct sock *sk, struct udp_name *name);
u64 udp_row_count(const struct udp_state *udp, u32 row, unsigned int what);
void udp_row_inc(struct stall_run *run, const struct sock *sk,
		 unsigned int what);

const struct sock *udp_socket_of(const struct sk_buff *skb, bool *is_udp);

extern atomic_t udp_watched;

int udp_reads_init(struct udp_state *udp);
void udp_reads_free(struct udp_state *udp);
size_t udp_reads_bytes(void);
void udp_on_recvmsg(struct stall_run *run, struct pt_regs *regs);
void udp_on_consume(struct stall_run *run, struct pt_regs *regs);
extern const struct stall_callback udp_recvmsg_callback;
extern const struct stall_callback udp_consume_callback;

void udp_on_enqueue(struct stall_run *run, struct pt_regs *regs);
void udp_wait_ends(struct stall_run *run, const struct sock *sk,
		   const struct sk_buff *skb);
void udp_waits_forget(struct udp_state *udp, const struct sock *sk);

void udp_look_init(struct udp_state *udp);
void udp_look_begin(struct udp_state *udp);
void udp_look_stop(struct udp_state *udp);
void udp_look(struct udp_state *udp);
void udp_owners(struct udp_state *udp);

bool udp_port_chosen(u16 port);
bool udp_ports_wanted(void);
u32 udp_check_ms(void);
u64 udp_full_ns(void);
void udp_params_run(struct stall_run *run);

void udp_describe(struct stall_run *run, const struct stall_event *event,
		  struct stall_story *story);
size_t udp_print_address(const struct udp_name *name, char *text, size_t room);

extern const struct stall_table udp_socket_table;
extern const struct stall_table udp_receiver_table;

/* What is kept of who reads too short. */
struct udp_receiver {
	char comm[TASK_COMM_LEN];
	u32 tgid;
	u32 pid;
	u32 netns;
	u32 port;
	u64 lost_bytes;
	u64 largest_bytes;
	u64 buffer_bytes;
};

#endif /* STALL_UDP_H */
