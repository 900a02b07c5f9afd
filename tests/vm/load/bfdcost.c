// SPDX-License-Identifier: GPL-2.0
/*
 * bfdcost - what a valid packet costs whoever sends and whoever receives it
 *
 * A receive is measured as it is with a daemon: a packet is read before the next one
 * comes. It arrives within the send of one that goes to this host itself, in the
 * interrupt that the send ends with.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "bfdload.h"

#define ROUNDS	5

static void send_up(int fd, const struct endpoint *to)
{
	static struct bfd_packet packet;

	if (!packet.length)
		packet = bfd_packet_up();
	if (sendto(fd, &packet, sizeof(packet), 0, &to->address.any, to->len) != sizeof(packet))
		err(1, "sendto");
}

static void keep_least(int64_t *best, int64_t took_ns, unsigned int count)
{
	if (!*best || took_ns / count < *best)
		*best = took_ns / count;
}

void run_cost_send(const struct options *options)
{
	struct endpoint remote = make_endpoint(options, options->remote, options->port);
	int fd = sending_socket(options);
	unsigned int i, round;
	int64_t begin, best = 0;

	for (round = 0; round < ROUNDS; round++) {
		begin = now_ns();
		for (i = 0; i < options->count; i++)
			send_up(fd, &remote);
		keep_least(&best, now_ns() - begin, options->count);
	}
	printf("%lld\n", (long long)best);
}

/* Whoever reads is one end of the session: it has sent something, too. */
static int open_receiver(const struct options *options, const struct endpoint *remote)
{
	struct endpoint back = make_endpoint(options, options->local, options->port);
	int fd = bound_socket(options, remote);

	send_up(fd, &back);
	return fd;
}

void run_cost_receive(const struct options *options)
{
	struct endpoint remote = make_endpoint(options, options->remote, options->port);
	int in = open_receiver(options, &remote), out = sending_socket(options);
	int64_t sent, read, begin, best_sent = 0, best_read = 0;
	struct bfd_packet packet;
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		sent = 0;
		read = 0;
		for (i = 0; i < options->count; i++) {
			begin = now_ns();
			send_up(out, &remote);
			sent += now_ns() - begin;
			begin = now_ns();
			if (recv(in, &packet, sizeof(packet), 0) != sizeof(packet))
				err(1, "recv");
			read += now_ns() - begin;
		}
		keep_least(&best_sent, sent, options->count);
		keep_least(&best_read, read, options->count);
	}
	printf("%lld %lld\n", (long long)best_sent, (long long)best_read);
}
