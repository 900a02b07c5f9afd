// SPDX-License-Identifier: GPL-2.0
/*
 * bfdfuzz - packets that a receiver of BFD must discard (RFC 5880, 6.8.6)
 *
 * Each is a good one in which something was made wrong, or all random. What is random
 * may be valid by chance; it gets a wrong version then. Fragments are IPv4's only: those
 * of IPv6 do not begin with a header of UDP.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "bfdload.h"

#define ONE_FRAME	1400U

struct datagram {
	size_t len;
	size_t most;
	union {
		struct bfd_packet packet;
		uint8_t bytes[4000];
	};
};

static unsigned int below(uint64_t *random, unsigned int limit)
{
	return next_random(random) % limit;
}

static void cut_short(struct datagram *datagram, uint64_t *random)
{
	datagram->len = below(random, sizeof(struct bfd_packet));
}

static void longer_than_payload(struct datagram *datagram, uint64_t *random)
{
	datagram->len += below(random, 100);
	datagram->packet.length = datagram->len + 1 + below(random, 255 - datagram->len);
}

static void shorter_than_header(struct datagram *datagram, uint64_t *random)
{
	datagram->packet.length = below(random, sizeof(struct bfd_packet));
}

/* More than a frame holds, so most come in fragments. */
static void jumbo(struct datagram *datagram, uint64_t *random)
{
	size_t i;

	datagram->len += below(random, datagram->most - datagram->len);
	for (i = sizeof(struct bfd_packet); i < datagram->len; i++)
		datagram->bytes[i] = next_random(random);
	shorter_than_header(datagram, random);
}

static void wrong_version(struct datagram *datagram, uint64_t *random)
{
	unsigned int version = below(random, 7);

	version += version >= 1;
	datagram->packet.version_diag = version << 5 | below(random, 32);
}

static void no_multiplier(struct datagram *datagram, uint64_t *random)
{
	(void)random;
	datagram->packet.multiplier = 0;
}

static void no_discriminator(struct datagram *datagram, uint64_t *random)
{
	(void)random;
	datagram->packet.mine = 0;
}

static void multipoint(struct datagram *datagram, uint64_t *random)
{
	datagram->packet.state_flags = below(random, 256) | MULTIPOINT;
}

/* No room for the two bytes that each authentication section has. */
static void no_authentication(struct datagram *datagram, uint64_t *random)
{
	datagram->packet.state_flags |= AUTHENTICATED;
	datagram->len += below(random, 2);
	datagram->packet.length = datagram->len;
}

static void up_with_a_stranger(struct datagram *datagram, uint64_t *random)
{
	datagram->packet.state_flags = (INIT + below(random, 2)) << 6;
	datagram->packet.yours = 0;
}

static bool is_valid(const struct datagram *datagram)
{
	const struct bfd_packet *packet = &datagram->packet;
	size_t least = packet->state_flags & AUTHENTICATED ? 26 : 24;

	return datagram->len >= 24 && packet->version_diag >> 5 == 1 &&
	       packet->length >= least && packet->length <= datagram->len &&
	       packet->multiplier && packet->mine && !(packet->state_flags & MULTIPOINT) &&
	       (packet->yours || packet->state_flags >> 6 <= DOWN);
}

static void noise(struct datagram *datagram, uint64_t *random)
{
	size_t i;

	datagram->len = below(random, 100);
	for (i = 0; i < datagram->len; i++)
		datagram->bytes[i] = next_random(random);
	if (is_valid(datagram))
		wrong_version(datagram, random);
}

static void (* const faults[])(struct datagram *datagram, uint64_t *random) = {
	cut_short, longer_than_payload, shorter_than_header, jumbo, wrong_version,
	no_multiplier, no_discriminator, multipoint, no_authentication,
	up_with_a_stranger, noise,
};

void run_fuzz(const struct options *options)
{
	struct endpoint remote = make_endpoint(options, options->remote, options->port);
	int fd = sending_socket(options);
	uint64_t random = options->seed;
	struct datagram datagram;
	unsigned int i;

	for (i = 0; i < options->count; i++) {
		memset(&datagram, 0, sizeof(datagram));
		datagram.packet = bfd_packet_up();
		datagram.most = remote.address.any.sa_family == AF_INET6 ? ONE_FRAME :
									   sizeof(datagram.bytes);
		datagram.len = sizeof(datagram.packet);
		faults[below(&random, sizeof(faults) / sizeof(faults[0]))](&datagram, &random);
		if (is_valid(&datagram))
			errx(1, "packet %u has no fault", i);
		/* One that does not fit waits until there is room. */
		if (sendto(fd, datagram.bytes, datagram.len, 0, &remote.address.any,
			   remote.len) != (ssize_t)datagram.len)
			err(1, "sendto");
	}
	printf("sent %u\n", options->count);
}
