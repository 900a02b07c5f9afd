/* SPDX-License-Identifier: GPL-2.0 */
/* udpdrop.h - what the parts of udpdrop share */
#ifndef UDPDROP_H
#define UDPDROP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define MAX_SIZE	65000

struct receiver {
	int fd;
	int family;
	unsigned int port;
};

/* Each datagram begins with it, as far as it is long enough. */
struct stamp {
	uint32_t number;
	uint64_t ns;
} __attribute__((packed));

extern struct receiver *receiver;
extern unsigned long nr_truncated, nr_read;
extern char buffer[MAX_SIZE];

static inline uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

void read_some(const char *way, unsigned long nr, size_t len);
void read_timed(unsigned long nr, size_t len);
void read_badly(unsigned long nr);

#endif
