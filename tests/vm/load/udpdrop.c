// SPDX-License-Identifier: GPL-2.0
/*
 * udpdrop - sockets that lose datagrams in all the ways that a test wants counted
 *
 * usage: udpdrop WORD...   each is done in turn; NR, SIZE, LEN and so on are numbers
 *
 *   v4:PORT v6:PORT     the receiver from here on: a new socket, bound to loopback
 *   any:PORT            one bound to [::], that takes both
 *   all:PORT            one bound to loopback's broadcast address
 *   toall:NR:SIZE       datagrams to that address, and the receiver's port
 *   use:N               the Nth that was opened, from 0, is the receiver again
 *   rcvbuf:BYTES        its SO_RCVBUF, more than others may have, too
 *   filter:KIND         all, odd (by the first byte of what is sent), none
 *   send:NR:SIZE        datagrams to it, each with its number and the time
 *   to4:NR:SIZE         the same by IPv4, also to one of any:
 *   pace:NR:SIZE:US     the same with pauses
 *   bad:NR:SIZE         with a wrong checksum, by a raw socket
 *   WAY:NR:LEN          as many reads with a buffer of LEN, without waiting; WAY is
 *                       recv read recvmsg recvmmsg trunc (MSG_TRUNC), peek, peektrunc;
 *                       a LEN of 0 with trunc and peek asks for nothing
 *   fault:NR            reads into memory that is not there
 *   wait:LEN            one read that waits
 *   timed:NR:LEN        reads; prints how long after their send: sum min max, in ns
 *   poll                asks if there is something, which looks at checksums
 *   close sleep:MS hold (until a signal) comm:NAME say:TEXT
 *   inode               prints the receiver's
 *   churn:NR            opens, fills and closes so many sockets
 *   cost:NR             ns a send to the receiver, the best of five rounds
 *   roomcost:NR         the same of one that is read in between
 *   readcost:NR         ns a recv from it, the same
 *
 * At the end, and for each say: "truncated N", "read N", as the program saw it.
 */
#include <err.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "udpdrop.h"

static struct receiver receivers[64];
static unsigned int nr_receivers, number;

struct receiver *receiver = receivers;
char buffer[MAX_SIZE];

static void nap(unsigned long us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

static int is(const char *verb, const char *wanted)
{
	return !strcmp(verb, wanted);
}

static socklen_t loopback(int family, unsigned int port,
			  struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (void *)address;
	struct sockaddr_in *in = (void *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET) {
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static int udp_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static socklen_t broadcast(unsigned int port, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (void *)address;
	socklen_t len = loopback(AF_INET, port, address);

	in->sin_addr.s_addr |= htonl(IN_CLASSA_HOST);
	return len;
}

/* Of what is to several, each of a port may have one. */
static void open_receiver(int family, unsigned int port, const char *kind)
{
	struct sockaddr_storage address;
	socklen_t len = loopback(family, port, &address);
	int one = 1;

	if (nr_receivers == sizeof(receivers) / sizeof(*receivers))
		errx(2, "too many sockets");
	if (is(kind, "any"))
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_any;
	else if (is(kind, "all"))
		broadcast(port, &address);
	receiver = &receivers[nr_receivers++];
	receiver->fd = udp_socket(family);
	receiver->family = family;
	receiver->port = port;
	if (is(kind, "any") || is(kind, "all"))
		setsockopt(receiver->fd, SOL_SOCKET, SO_REUSEADDR, &one,
			   sizeof(one));
	if (bind(receiver->fd, (void *)&address, len))
		err(1, "bind");
}

static void set_filter(const char *kind)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_B | BPF_ABS, 0, 0, sizeof(struct udphdr) },
		{ BPF_JMP | BPF_JSET | BPF_K, 0, 1, kind[0] == 'a' ? 0 : 1 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
		{ BPF_RET | BPF_K, 0, 0, kind[0] == 'a' ? 0 : 0xffff },
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };
	int none = kind[0] == 'n';

	if (setsockopt(receiver->fd, SOL_SOCKET,
		       none ? SO_DETACH_FILTER : SO_ATTACH_FILTER, &program,
		       sizeof(program)) && !none)
		err(1, "filter");
}

static void put_stamp(char *data, size_t size)
{
	struct stamp stamp = { number++, now() };

	memset(data, 0, size);
	memcpy(data, &stamp, size < sizeof(stamp) ? size : sizeof(stamp));
}

static void send_all(int family, int to_all, unsigned long nr, size_t size,
		     unsigned long us)
{
	struct sockaddr_storage address;
	socklen_t len = to_all ? broadcast(receiver->port, &address) :
		       loopback(family, receiver->port, &address);
	int fd = udp_socket(family);

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &to_all, sizeof(to_all));
	while (nr--) {
		put_stamp(buffer, size);
		if (sendto(fd, buffer, size, 0, (void *)&address, len) !=
		    (ssize_t)size)
			err(1, "sendto");
		if (us)
			nap(us);
	}
	close(fd);
}

/* The kernel fills in what is 0 of an IP header, and looks at no checksum of ours. */
static void send_bad(unsigned long nr, size_t size)
{
	int v4 = receiver->family == AF_INET;
	size_t head = v4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	struct udphdr *udp = (void *)(buffer + head);
	struct sockaddr_storage address;
	socklen_t len = loopback(receiver->family, 0, &address);
	int fd = socket(receiver->family, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		err(1, "raw socket");
	while (nr--) {
		struct iphdr *ip = (void *)buffer;
		struct ip6_hdr *ip6 = (void *)buffer;

		memset(buffer, 0, head + sizeof(*udp));
		put_stamp((char *)(udp + 1), size);
		udp->source = htons(receiver->port);
		udp->dest = udp->source;
		udp->len = htons(sizeof(*udp) + size);
		udp->check = htons(0xbad);
		if (v4) {
			ip->version = 4;
			ip->ihl = 5;
			ip->ttl = 1;
			ip->protocol = IPPROTO_UDP;
			ip->saddr = htonl(INADDR_LOOPBACK);
			ip->daddr = ip->saddr;
		} else {
			ip6->ip6_flow = htonl(6 << 28);
			ip6->ip6_plen = udp->len;
			ip6->ip6_nxt = IPPROTO_UDP;
			ip6->ip6_hlim = 1;
			ip6->ip6_src = in6addr_loopback;
			ip6->ip6_dst = in6addr_loopback;
		}
		if (sendto(fd, buffer, head + sizeof(*udp) + size, 0,
			   (void *)&address, len) < 0)
			err(1, "raw send");
	}
	close(fd);
}

static void churn(unsigned long nr)
{
	struct receiver *before = receiver;
	unsigned int opened = nr_receivers;
	int bytes = 2048;

	while (nr--) {
		nr_receivers = opened;
		open_receiver(nr % 2 ? AF_INET : AF_INET6, 20000 + nr % 1000,
			      "churn");
		setsockopt(receiver->fd, SOL_SOCKET, SO_RCVBUF, &bytes,
			   sizeof(bytes));
		send_all(receiver->family, 0, 8, 512, 0);
		close(receiver->fd);
	}
	nr_receivers = opened;
	receiver = before;
}

/* A recv has what to read from a send before it, and a send room by a recv after it. */
static void cost(const char *what, unsigned long nr)
{
	struct sockaddr_storage address;
	socklen_t len = loopback(receiver->family, receiver->port, &address);
	int round, fd = udp_socket(receiver->family);
	uint64_t began, best = UINT64_MAX, sum;
	unsigned long i;

	if (connect(fd, (void *)&address, len))
		err(1, "connect");
	for (round = 0; round < 5; round++) {
		for (i = sum = 0; i < nr; i++) {
			if (!strcmp(what, "readcost"))
				send(fd, "hello", 5, 0);
			began = now();
			if (!strcmp(what, "readcost"))
				recv(receiver->fd, buffer, 64, MSG_DONTWAIT);
			else
				send(fd, "hello", 5, 0);
			sum += now() - began;
			if (*what == 'r')
				recv(receiver->fd, buffer, 64, MSG_DONTWAIT);
		}
		best = sum < best ? sum : best;
	}
	printf("%llu\n", (unsigned long long)(best / nr));
	close(fd);
}

static void print_inode(void)
{
	struct stat stat;

	if (fstat(receiver->fd, &stat))
		err(1, "fstat");
	printf("%lu\n", (unsigned long)stat.st_ino);
}

static void say(const char *text)
{
	printf("%s truncated %lu read %lu\n", text, nr_truncated, nr_read);
	fflush(stdout);
}

static int do_socket(const char *verb, const char *text, unsigned long a)
{
	int bytes = a;

	if (is(verb, "v4") || is(verb, "v6") || is(verb, "any") ||
	    is(verb, "all"))
		open_receiver(is(verb, "v4") || is(verb, "all") ? AF_INET : AF_INET6,
			      a, verb);
	else if (is(verb, "use"))
		receiver = &receivers[a];
	else if (is(verb, "rcvbuf"))
		setsockopt(receiver->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			   sizeof(bytes));
	else if (is(verb, "filter"))
		set_filter(text);
	else if (is(verb, "close"))
		close(receiver->fd);
	else if (is(verb, "inode"))
		print_inode();
	else if (is(verb, "poll"))
		poll(&(struct pollfd){ receiver->fd, POLLIN, 0 }, 1, 0);
	else
		return 0;
	return 1;
}

static int do_load(const char *verb, unsigned long a, unsigned long b,
		   unsigned long c)
{
	if (is(verb, "send") || is(verb, "pace"))
		send_all(receiver->family, 0, a, b, c);
	else if (is(verb, "to4"))
		send_all(AF_INET, 0, a, b, c);
	else if (is(verb, "toall"))
		send_all(AF_INET, 1, a, b, c);
	else if (is(verb, "bad"))
		send_bad(a, b);
	else if (is(verb, "fault"))
		read_badly(a);
	else if (is(verb, "wait"))
		nr_read += recv(receiver->fd, buffer, a, 0) >= 0;
	else if (is(verb, "timed"))
		read_timed(a, b);
	else if (is(verb, "churn"))
		churn(a);
	else if (strstr(verb, "cost"))
		cost(verb, a);
	else
		return 0;
	return 1;
}

static void do_word(char *word)
{
	char *verb = strsep(&word, ":"), *text = word ? word : "";
	unsigned long a = 0, b = 0, c = 0;

	if (*text >= '0' && *text <= '9' &&
	    sscanf(text, "%lu:%lu:%lu", &a, &b, &c) < 1)
		errx(2, "bad number: %s", text);
	if (do_socket(verb, text, a) || do_load(verb, a, b, c))
		return;
	if (is(verb, "sleep"))
		nap(a * 1000);
	else if (is(verb, "hold"))
		pause();
	else if (is(verb, "comm"))
		prctl(PR_SET_NAME, text);
	else if (is(verb, "say"))
		say(text);
	else if (verb[0] == 'r' || verb[0] == 't' || verb[0] == 'p')
		read_some(verb, a, b);
	else
		errx(2, "what is %s?", verb);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		do_word(argv[i]);
	say("end:");
	return 0;
}
