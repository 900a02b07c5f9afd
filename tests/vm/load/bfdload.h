/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of bfdload share. */
#ifndef BFDLOAD_H
#define BFDLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bfdpacket.h"

#define MS	1000000LL
#define SECOND	(1000 * MS)

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
	} address;
	socklen_t len;
};

/* What makes a peer late; 0 and NULL are for what is not wanted. */
struct stalls {
	const char *write_file;
	unsigned int touch_mib;
	int64_t busy_ns;
	int64_t sleep_ns;
	int64_t no_read_ns;
	unsigned int every;	/* hello, while the session is Up */
};

struct options {
	unsigned int port;
	int64_t tx_ns;
	int64_t rx_ns;
	int64_t change_ns;	/* the interval after SIGUSR1 */
	unsigned int multiplier;
	const char *device;
	unsigned int ttl;
	int64_t seconds_ns;	/* until it ends, 0 for never */
	bool trace;
	unsigned int seed;
	unsigned int count;
	struct stalls stalls;
	const char *local;
	const char *remote;
};

int64_t now_ns(void);
uint64_t next_random(uint64_t *state);
struct endpoint make_endpoint(const struct options *options, const char *host, unsigned int port);
int bound_socket(const struct options *options, const struct endpoint *local);
int sending_socket(const struct options *options);

/* What happened, and how long it took: "WHAT BEGIN END", in CLOCK_MONOTONIC ns. */
void tell(const char *what, int64_t begin_ns);

void stall_before_hello(const struct stalls *stalls, unsigned int number);
bool stalls_reading(const struct stalls *stalls, unsigned int number);

void run_peer(const struct options *options);
void run_fuzz(const struct options *options);
void run_cost_send(const struct options *options);
void run_cost_receive(const struct options *options);

#endif
