// SPDX-License-Identifier: GPL-2.0
/*
 * udpload - sends datagrams in all the ways that a test wants counted
 *
 * usage: udpload sessions PORT NR ROUNDS   to 127.1.x.y, NR of them, ROUNDS times
 *        udpload WAY PORT NR               NR datagrams to loopback; WAY is one of
 *                                          v4 v4-connected v4-mapped v4-mapped-connected
 *                                          v6 v6-connected v4-mmsg
 *        udpload to PORT NR HOST           NR datagrams to an IPv4 address, whoever has it
 *        udpload pace PORT NR MICROSECONDS one session, with pauses
 *        udpload threads PORT NR           two threads on two CPUs, a session each
 *        udpload same PORT NR              two threads on two CPUs, one session
 *        udpload cost PORT NR [HOST]       prints ns a send, the best of five rounds; to
 *                                          loopback, or to HOST, where nobody listens
 *
 * They are BFD control packets of a session that is Up; with "cost" it is five bytes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bfdpacket.h"

struct target {
	struct sockaddr_storage address;
	socklen_t len;
};

static struct target target4(const char *host, unsigned int port)
{
	struct target target = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *in = (struct sockaddr_in *)&target.address;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		errx(2, "bad address %s", host);
	return target;
}

static struct target target6(const char *host, unsigned int port)
{
	struct target target = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&target.address;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		errx(2, "bad address %s", host);
	return target;
}

static int udp_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

/* Nobody listens: an ICMP error may come back first, and is not ours to mind. */
static void send_one(int fd, const struct target *target, int connected)
{
	struct bfd_packet packet = bfd_packet_up();
	int tries;

	for (tries = 0; tries < 3; tries++)
		if (sendto(fd, &packet, sizeof(packet), 0,
			   connected ? NULL : (void *)&target->address,
			   connected ? 0 : target->len) == sizeof(packet))
			return;
	err(1, "sendto");
}

/* Something that takes what is sent, so that no ICMP error makes noise. */
static void sink(int family, const struct target *target)
{
	int fd = udp_socket(family);

	if (bind(fd, (void *)&target->address, target->len))
		err(1, "bind");
}

static void send_sessions(unsigned int port, unsigned int nr,
			  unsigned int rounds)
{
	int fd = udp_socket(AF_INET);
	struct target target;
	char host[32];
	unsigned int i;

	while (rounds--) {
		for (i = 0; i < nr; i++) {
			snprintf(host, sizeof(host), "127.1.%u.%u", i >> 8,
				 i & 255);
			target = target4(host, port);
			send_one(fd, &target, 0);
		}
	}
}

static void send_mmsg(int fd, struct target *target, unsigned int nr)
{
	struct bfd_packet packet = bfd_packet_up();
	struct iovec data = { &packet, sizeof(packet) };
	struct mmsghdr batch[10];
	unsigned int i;

	memset(batch, 0, sizeof(batch));
	for (i = 0; i < 10; i++) {
		batch[i].msg_hdr.msg_name = &target->address;
		batch[i].msg_hdr.msg_namelen = target->len;
		batch[i].msg_hdr.msg_iov = &data;
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < nr; i += 10)
		if (sendmmsg(fd, batch, 10, 0) != 10)
			err(1, "sendmmsg");
}

static const struct way {
	const char *name;
	int family;
	const char *host;
	int connected;
} ways[] = {
	{ "v4", AF_INET, "127.0.0.1", 0 },
	{ "v4-connected", AF_INET, "127.0.0.1", 1 },
	{ "v4-mapped", AF_INET6, "::ffff:127.0.0.1", 0 },
	{ "v4-mapped-connected", AF_INET6, "::ffff:127.0.0.1", 1 },
	{ "v4-mmsg", AF_INET, "127.0.0.1", 0 },
	{ "v6", AF_INET6, "::1", 0 },
	{ "v6-connected", AF_INET6, "::1", 1 },
};

static void send_way(const struct way *way, unsigned int port, unsigned int nr)
{
	struct target target = way->family == AF_INET ?
		target4(way->host, port) : target6(way->host, port);
	int fd = udp_socket(way->family);

	sink(way->family, &target);
	if (way->connected &&
	    connect(fd, (void *)&target.address, target.len))
		err(1, "connect");
	if (!strcmp(way->name, "v4-mmsg")) {
		send_mmsg(fd, &target, nr);
		return;
	}
	while (nr--)
		send_one(fd, &target, way->connected);
}

static void send_to(unsigned int port, unsigned int nr, const char *host)
{
	struct target target = target4(host, port);
	int fd = udp_socket(AF_INET);

	while (nr--)
		send_one(fd, &target, 0);
}

static void send_pace(unsigned int port, unsigned int nr, unsigned int us)
{
	struct target target = target4("127.0.0.1", port);
	int fd = udp_socket(AF_INET);

	sink(AF_INET, &target);
	while (nr--) {
		send_one(fd, &target, 0);
		usleep(us);
	}
}

struct thread {
	pthread_t id;
	struct target target;
	unsigned int nr;
	unsigned int cpu;
};

static void *thread_main(void *data)
{
	struct thread *thread = data;
	int fd = udp_socket(AF_INET);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(thread->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	while (thread->nr--)
		send_one(fd, &thread->target, 0);
	return NULL;
}

static void send_threads(unsigned int port, unsigned int nr, int same)
{
	struct thread threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		threads[i].target = target4(i && !same ? "127.0.0.2" :
					    "127.0.0.1", port);
		threads[i].nr = nr;
		threads[i].cpu = i;
		if (i == 0 || !same)
			sink(AF_INET, &threads[i].target);
		if (pthread_create(&threads[i].id, NULL, thread_main,
				   &threads[i]))
			errx(1, "pthread_create");
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i].id, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void cost(unsigned int port, unsigned int nr, const char *host)
{
	struct target target = target4(host ? host : "127.0.0.1", port);
	uint64_t best = UINT64_MAX, took;
	int fd = udp_socket(AF_INET);
	unsigned int i, round;

	if (!host)
		sink(AF_INET, &target);
	for (round = 0; round < 5; round++) {
		took = now_ns();
		for (i = 0; i < nr; i++)
			if (sendto(fd, "hello", 5, 0, (void *)&target.address,
				   target.len) != 5)
				err(1, "sendto");
		took = now_ns() - took;
		if (took < best)
			best = took;
	}
	printf("%llu\n", (unsigned long long)(best / nr));
}

int main(int argc, char **argv)
{
	unsigned int port, nr, extra, i;

	if (argc < 4)
		errx(2, "see the head of udpload.c");
	port = atoi(argv[2]);
	nr = atoi(argv[3]);
	extra = argc > 4 ? atoi(argv[4]) : 0;
	if (!strcmp(argv[1], "sessions"))
		send_sessions(port, nr, extra);
	else if (!strcmp(argv[1], "to") && argc > 4)
		send_to(port, nr, argv[4]);
	else if (!strcmp(argv[1], "pace"))
		send_pace(port, nr, extra);
	else if (!strcmp(argv[1], "threads") || !strcmp(argv[1], "same"))
		send_threads(port, nr, !strcmp(argv[1], "same"));
	else if (!strcmp(argv[1], "cost"))
		cost(port, nr, argv[4]);
	else
		for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			if (!strcmp(argv[1], ways[i].name))
				send_way(&ways[i], port, nr);
	return 0;
}
