// SPDX-License-Identifier: GPL-2.0
/*
 * bfdload - speaks BFD, well or badly, in all the ways that a test wants watched
 *
 * usage: bfdload peer [OPTION...] LOCAL REMOTE    one end of a session, until SIGTERM,
 *                                                 which takes it to AdminDown; see bfdpeer.c
 *        bfdload fuzz [OPTION...] LOCAL REMOTE    packets that a receiver must discard, the
 *                                                 same for a seed; prints "sent NR"; see
 *                                                 bfdfuzz.c
 *        bfdload cost-send [OPTION...] LOCAL REMOTE      prints ns a send of a valid packet,
 *                                                 the best of five rounds
 *        bfdload cost-receive [OPTION...] LOCAL REMOTE   both are this host's: prints ns a
 *                                                 send with all that it takes to arrive,
 *                                                 and ns a read, each the best of five
 *
 * LOCAL and REMOTE are addresses, both of IPv4 or both of IPv6. OPTIONs of all:
 *        --port PORT        3784; the destination's
 *        --device DEV       sends and receives by this device only
 *        --ttl TTL          255; of a session by one hop, no less is received either
 *        --count NR         packets of fuzz (10,000) and cost-* (5,000 a round)
 *        --seed SEED        of all that is random, 1
 * and of a peer:
 *        --interval MS      400; Desired Min TX and Required Min RX
 *        --rx MS            Required Min RX, if it is another
 *        --change MS        at SIGUSR1, the interval becomes this one, by a poll
 *        --multiplier NR    3
 *        --seconds S        ends by itself, as by SIGTERM
 *        --trace            prints "sent NS" and "read NS" of each packet as well
 *        --write FILE       before each hello, FILE is written and synced
 *        --every NR         (20) before the NRth hello that the session is Up, the 2 NRth
 *                           and so on, it stalls, by
 *        --touch MIB        taking so much memory, writing to it, and giving it back
 *        --busy S           computing
 *        --sleep S          sleeping
 *        --no-read S        not reading what comes in; hellos are sent
 *
 * S may have a fraction. Times that are printed are CLOCK_MONOTONIC, in ns.
 */
#include <err.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bfdload.h"

#define FIRST_SOURCE_PORT	49152	/* RFC 5881, 4 */

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* Marsaglia's xorshift64, "Xorshift RNGs", 2003. */
uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct endpoint make_endpoint(const struct options *options, const char *host, unsigned int port)
{
	struct endpoint endpoint = { 0 };
	struct sockaddr_in *in = (void *)&endpoint.address;
	struct sockaddr_in6 *in6 = (void *)&endpoint.address;

	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		endpoint.len = sizeof(*in);
		return endpoint;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		errx(2, "bad address %s", host);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	if (options->device && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		in6->sin6_scope_id = if_nametoindex(options->device);
	endpoint.len = sizeof(*in6);
	return endpoint;
}

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		err(1, "setsockopt %d %d", level, option);
}

/* Takes what comes to an address of this host. */
int bound_socket(const struct options *options, const struct endpoint *local)
{
	int family = local->address.any.sa_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(1, "socket");
	if (options->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->device,
					  strlen(options->device)))
		err(1, "%s", options->device);
	if (family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_TTL, options->ttl);
	else
		set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, options->ttl);
	/* RFC 5881, 5: nobody further away can have sent it. */
	if (options->ttl == 255 && family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_MINTTL, 255);
	else if (options->ttl == 255)
		set_option(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 255);
	if (bind(fd, &local->address.any, local->len))
		err(1, "bind");
	return fd;
}

/* Each has a source port of its own. */
int sending_socket(const struct options *options)
{
	unsigned int port = FIRST_SOURCE_PORT + getpid() % (65536 - FIRST_SOURCE_PORT);
	struct endpoint local = make_endpoint(options, options->local, port);

	return bound_socket(options, &local);
}

/* What an option is kept as: a text, whether it is there, or a number of a unit. */
enum kind { TEXT, IS_THERE, COUNT, TIME };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t unit;
} settings[] = {
	{ "port", COUNT, offsetof(struct options, port), 1 },
	{ "device", TEXT, offsetof(struct options, device), 0 },
	{ "ttl", COUNT, offsetof(struct options, ttl), 1 },
	{ "count", COUNT, offsetof(struct options, count), 1 },
	{ "seed", COUNT, offsetof(struct options, seed), 1 },
	{ "interval", TIME, offsetof(struct options, tx_ns), MS },
	{ "rx", TIME, offsetof(struct options, rx_ns), MS },
	{ "change", TIME, offsetof(struct options, change_ns), MS },
	{ "multiplier", COUNT, offsetof(struct options, multiplier), 1 },
	{ "seconds", TIME, offsetof(struct options, seconds_ns), SECOND },
	{ "trace", IS_THERE, offsetof(struct options, trace), 0 },
	{ "write", TEXT, offsetof(struct options, stalls.write_file), 0 },
	{ "every", COUNT, offsetof(struct options, stalls.every), 1 },
	{ "touch", COUNT, offsetof(struct options, stalls.touch_mib), 1 },
	{ "busy", TIME, offsetof(struct options, stalls.busy_ns), SECOND },
	{ "sleep", TIME, offsetof(struct options, stalls.sleep_ns), SECOND },
	{ "no-read", TIME, offsetof(struct options, stalls.no_read_ns), SECOND },
};

#define NR_SETTINGS	(sizeof(settings) / sizeof(settings[0]))

static double positive(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > 0 && value < 1e9))
		errx(2, "bad number %s", text);
	return value;
}

static void take_option(struct options *options, const struct setting *setting)
{
	void *place = (char *)options + setting->offset;

	switch (setting->kind) {
	case TEXT:
		*(const char **)place = optarg;
		break;
	case IS_THERE:
		*(bool *)place = true;
		break;
	case COUNT:
		*(unsigned int *)place = positive(optarg);
		break;
	case TIME:
		*(int64_t *)place = positive(optarg) * setting->unit;
		break;
	}
}

/* The first of those that are no options. */
static int take_options(struct options *options, int argc, char **argv)
{
	struct option names[NR_SETTINGS + 1] = { 0 };
	unsigned int i;
	int which;

	for (i = 0; i < NR_SETTINGS; i++) {
		names[i].name = settings[i].name;
		names[i].has_arg = settings[i].kind == IS_THERE ? no_argument : required_argument;
		names[i].val = i;
	}
	optind = 2;
	while ((which = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (which == '?')
			exit(2);
		take_option(options, &settings[which]);
	}
	return optind;
}

static const struct verb {
	const char *name;
	void (*run)(const struct options *options);
	unsigned int count;
} verbs[] = {
	{ "peer", run_peer, 0 },
	{ "fuzz", run_fuzz, 10000 },
	{ "cost-send", run_cost_send, 5000 },
	{ "cost-receive", run_cost_receive, 5000 },
};

int main(int argc, char **argv)
{
	struct options options = {
		.port = 3784,
		.tx_ns = 400 * MS,
		.multiplier = 3,
		.ttl = 255,
		.seed = 1,
		.stalls.every = 20,
	};
	const struct verb *verb = NULL;
	unsigned int i;
	int first;

	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name))
			verb = &verbs[i];
	if (!verb)
		errx(2, "see the head of bfdload.c");
	options.count = verb->count;
	first = take_options(&options, argc, argv);
	if (argc - first != 2)
		errx(2, "see the head of bfdload.c");
	options.local = argv[first];
	options.remote = argv[first + 1];
	if (!options.rx_ns)
		options.rx_ns = options.tx_ns;
	setvbuf(stdout, NULL, _IOLBF, 0);
	verb->run(&options);
	return 0;
}
