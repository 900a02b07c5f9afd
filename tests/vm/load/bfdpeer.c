// SPDX-License-Identifier: GPL-2.0
/*
 * bfdpeer - one end of a session of RFC 5880, asynchronous, without authentication
 *
 * What it prints:
 *        state STATE NS DIAGNOSTIC   AdminDown, Down, Init or Up, from NS on
 *        agreed TX TX_DETECTION RX RX_DETECTION   in ns, once both ends have said what
 *                                    they want, and when that changes
 *        blocked BEGIN END           the write took 10 ms or more; see bfdstall.c
 *        touched, busy, slept, unread BEGIN END   so long it did as it was told
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bfdload.h"

#define SLOW_US	1000000U	/* not faster than this while it is not Up: 6.8.3 */

/* Diagnostics, 4.1. */
enum { NO_DIAG, EXPIRED, NEIGHBOR_DOWN = 3, BY_ADMIN = 7 };

struct peer {
	const struct options *options;
	struct endpoint remote;
	int in;
	int out;
	enum bfd_state state;
	unsigned int diag;
	uint32_t mine;
	uint32_t yours;
	uint32_t desired_tx_us;
	uint32_t required_rx_us;
	uint32_t wanted_tx_us;		/* when it is Up */
	uint32_t paced_tx_us;		/* sent by, detected by, until a poll has ended */
	uint32_t paced_rx_us;
	bool polls;
	uint32_t remote_tx_us;
	uint32_t remote_rx_us;
	unsigned int remote_multiplier;	/* 0 while it was not heard */
	int64_t heard_ns;
	int64_t next_ns;		/* hello, INT64_MAX if the other wants none */
	unsigned int hellos;		/* while it was Up */
	int64_t unread_from_ns;		/* 0 while it reads */
	int64_t end_ns;
	uint64_t random;
	int64_t agreed[4];
};

static bool ends, changes;

static void on_signal(int signal)
{
	__atomic_store_n(signal == SIGUSR1 ? &changes : &ends, true, __ATOMIC_RELAXED);
}

static bool is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static int64_t detection_ns(const struct peer *peer)
{
	return larger(peer->paced_rx_us, peer->remote_tx_us) * 1000LL * peer->remote_multiplier;
}

static void tell_agreed(struct peer *peer)
{
	int64_t tx = larger(peer->desired_tx_us, peer->remote_rx_us) * 1000LL;
	int64_t rx = larger(peer->remote_tx_us, peer->required_rx_us) * 1000LL;
	int64_t agreed[4] = { tx, tx * peer->options->multiplier, rx,
			      rx * peer->remote_multiplier };

	if (!memcmp(agreed, peer->agreed, sizeof(agreed)))
		return;
	memcpy(peer->agreed, agreed, sizeof(agreed));
	printf("agreed %lld %lld %lld %lld\n", (long long)agreed[0], (long long)agreed[1],
	       (long long)agreed[2], (long long)agreed[3]);
}

/* The next hello is due after the interval, less a jitter: 6.8.7. */
static void schedule(struct peer *peer)
{
	int64_t interval_ns = larger(peer->paced_tx_us, peer->remote_rx_us) * 1000LL;
	unsigned int least = peer->options->multiplier == 1 ? 100 : 0;
	unsigned int permille = least + next_random(&peer->random) % (251 - least);

	peer->next_ns = INT64_MAX;
	if (peer->remote_rx_us)
		peer->next_ns = now_ns() + interval_ns / 1000 * (1000 - permille);
}

static void send_packet(struct peer *peer, unsigned int flags)
{
	struct bfd_packet packet = bfd_packet_up();

	packet.version_diag |= peer->diag;
	packet.state_flags = peer->state << 6 | flags;
	packet.multiplier = peer->options->multiplier;
	packet.mine = htonl(peer->mine);
	packet.yours = htonl(peer->yours);
	packet.desired_tx_us = htonl(peer->desired_tx_us);
	packet.required_rx_us = htonl(peer->required_rx_us);
	if (sendto(peer->out, &packet, sizeof(packet), 0, &peer->remote.address.any,
		   peer->remote.len) != sizeof(packet))
		warn("sendto");
	if (peer->options->trace)
		printf("sent %lld\n", (long long)now_ns());
}

static void send_hello(struct peer *peer)
{
	unsigned int number = peer->state == UP ? ++peer->hellos : 0;
	const struct stalls *stalls = &peer->options->stalls;

	stall_before_hello(stalls, number);
	send_packet(peer, peer->polls ? POLL : 0);
	schedule(peer);
	if (stalls_reading(stalls, number) && !peer->unread_from_ns)
		peer->unread_from_ns = now_ns();
}

/* While it is Up, a slower pace waits until the other has answered a poll: 6.8.3. */
static void want(struct peer *peer, uint32_t tx_us, uint32_t rx_us)
{
	bool up = peer->state == UP;

	peer->polls = up && (tx_us != peer->desired_tx_us || rx_us != peer->required_rx_us);
	peer->desired_tx_us = tx_us;
	peer->required_rx_us = rx_us;
	if (!up || tx_us < peer->paced_tx_us)
		peer->paced_tx_us = tx_us;
	if (!up || rx_us > peer->paced_rx_us)
		peer->paced_rx_us = rx_us;
}

static void poll_ended(struct peer *peer)
{
	peer->polls = false;
	peer->paced_tx_us = peer->desired_tx_us;
	peer->paced_rx_us = peer->required_rx_us;
}

static void set_state(struct peer *peer, enum bfd_state state, unsigned int diag)
{
	static const char * const names[] = { "AdminDown", "Down", "Init", "Up" };

	peer->state = state;
	peer->diag = diag;
	peer->hellos = 0;
	printf("state %s %lld %u\n", names[state], (long long)now_ns(), diag);
	want(peer, state == UP ? peer->wanted_tx_us : larger(peer->wanted_tx_us, SLOW_US),
	     peer->required_rx_us);
}

/* 6.8.6; who has no authentication discards what has. */
static bool is_valid(const struct peer *peer, const struct bfd_packet *packet, ssize_t len)
{
	uint32_t yours = ntohl(packet->yours);

	if (len < (ssize_t)sizeof(*packet) || packet->version_diag >> 5 != 1 ||
	    packet->length < sizeof(*packet) || packet->length > len)
		return false;
	if (!packet->multiplier || packet->state_flags & (MULTIPOINT | AUTHENTICATED) ||
	    !packet->mine)
		return false;
	return yours ? yours == peer->mine : packet->state_flags >> 6 <= DOWN;
}

static void follow_state(struct peer *peer, enum bfd_state remote)
{
	switch (peer->state) {
	case DOWN:
		if (remote == DOWN || remote == INIT)
			set_state(peer, remote == DOWN ? INIT : UP, NO_DIAG);
		break;
	case INIT:
		if (remote == INIT || remote == UP)
			set_state(peer, UP, NO_DIAG);
		break;
	case UP:
		if (remote == DOWN)
			set_state(peer, DOWN, NEIGHBOR_DOWN);
		break;
	default:
		break;
	}
	if (remote == ADMIN_DOWN && peer->state != DOWN)
		set_state(peer, DOWN, NEIGHBOR_DOWN);
}

static void take_packet(struct peer *peer, const struct bfd_packet *packet)
{
	uint32_t remote_rx_us = ntohl(packet->required_rx_us);
	enum bfd_state before = peer->state;

	peer->heard_ns = now_ns();
	peer->yours = ntohl(packet->mine);
	peer->remote_multiplier = packet->multiplier;
	peer->remote_tx_us = ntohl(packet->desired_tx_us);
	if (packet->state_flags & FINAL && peer->polls)
		poll_ended(peer);
	follow_state(peer, packet->state_flags >> 6);
	if (packet->state_flags & POLL)
		send_packet(peer, FINAL);
	if (peer->remote_rx_us != remote_rx_us) {
		peer->remote_rx_us = remote_rx_us;
		schedule(peer);
	}
	if (peer->state != before)
		send_hello(peer);
	tell_agreed(peer);
}

static bool same_host(const struct endpoint *a, const struct endpoint *b)
{
	const struct sockaddr_in6 *a6 = (void *)&a->address, *b6 = (void *)&b->address;
	const struct sockaddr_in *a4 = (void *)&a->address, *b4 = (void *)&b->address;

	if (a->address.any.sa_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

static void read_packets(struct peer *peer)
{
	struct endpoint from;
	struct bfd_packet packet;
	ssize_t len;

	for (;;) {
		from.len = sizeof(from.address);
		len = recvfrom(peer->in, &packet, sizeof(packet), MSG_TRUNC, &from.address.any,
			       &from.len);
		if (len < 0 && errno == EAGAIN)
			return;
		if (len < 0)
			err(1, "recvfrom");
		if (!same_host(&from, &peer->remote) || !is_valid(peer, &packet, len))
			continue;
		if (peer->options->trace)
			printf("read %lld\n", (long long)now_ns());
		take_packet(peer, &packet);
	}
}

static bool is_expired(const struct peer *peer)
{
	return peer->state >= INIT && now_ns() - peer->heard_ns >= detection_ns(peer);
}

/* 6.8.1: what the other said is worth nothing any more. */
static void expire(struct peer *peer)
{
	peer->yours = 0;
	peer->remote_rx_us = 1;
	set_state(peer, DOWN, EXPIRED);
	send_hello(peer);
}

static void change_interval(struct peer *peer)
{
	uint32_t us = peer->options->change_ns / 1000;

	__atomic_store_n(&changes, false, __ATOMIC_RELAXED);
	if (!us)
		return;
	peer->wanted_tx_us = us;
	want(peer, peer->state == UP ? us : larger(us, SLOW_US), us);
	send_hello(peer);
}

static void wait_for_packet(struct peer *peer, const sigset_t *signals)
{
	struct pollfd in = { .fd = peer->unread_from_ns ? -1 : peer->in, .events = POLLIN };
	int64_t until = peer->next_ns, now = now_ns();
	struct timespec timeout;

	if (peer->state >= INIT && peer->heard_ns + detection_ns(peer) < until)
		until = peer->heard_ns + detection_ns(peer);
	if (peer->unread_from_ns &&
	    peer->unread_from_ns + peer->options->stalls.no_read_ns < until)
		until = peer->unread_from_ns + peer->options->stalls.no_read_ns;
	if (peer->end_ns < until)
		until = peer->end_ns;
	if (until < now)
		until = now;
	timeout.tv_sec = (until - now) / SECOND;
	timeout.tv_nsec = (until - now) % SECOND;
	if (ppoll(&in, 1, &timeout, signals) < 0 && errno != EINTR)
		err(1, "ppoll");
}

static void turn(struct peer *peer)
{
	if (is_set(&changes))
		change_interval(peer);
	if (peer->unread_from_ns &&
	    now_ns() - peer->unread_from_ns >= peer->options->stalls.no_read_ns) {
		tell("unread", peer->unread_from_ns);
		peer->unread_from_ns = 0;
	}
	if (!peer->unread_from_ns)
		read_packets(peer);
	if (is_expired(peer))
		expire(peer);
	if (now_ns() >= peer->next_ns)
		send_hello(peer);
}

/* Signals come while it waits, and at no other time. */
static void take_signals(sigset_t *outside)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ours, outside);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

void run_peer(const struct options *options)
{
	struct endpoint local = make_endpoint(options, options->local, options->port);
	struct peer peer = {
		.options = options,
		.remote = make_endpoint(options, options->remote, options->port),
		.in = bound_socket(options, &local),
		.out = sending_socket(options),
		.wanted_tx_us = options->tx_ns / 1000,
		.required_rx_us = options->rx_ns / 1000,
		.remote_rx_us = 1,
		.end_ns = options->seconds_ns ? now_ns() + options->seconds_ns : INT64_MAX,
		.random = options->seed + getpid(),
	};
	sigset_t outside;

	take_signals(&outside);
	peer.mine = (uint32_t)next_random(&peer.random) | 1;
	set_state(&peer, DOWN, NO_DIAG);
	send_hello(&peer);
	while (!is_set(&ends) && now_ns() < peer.end_ns) {
		wait_for_packet(&peer, &outside);
		turn(&peer);
	}
	set_state(&peer, ADMIN_DOWN, BY_ADMIN);
	send_packet(&peer, 0);
}
