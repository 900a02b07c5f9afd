// SPDX-License-Identifier: GPL-2.0
/* udpdropread - reads of udpdrop, in all ways, and how many of them were too short */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udpdrop.h"

#define BATCH		16

unsigned long nr_truncated, nr_read;

static ssize_t by_recvmsg(size_t len, int flags)
{
	struct iovec part = { buffer, len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = recvmsg(receiver->fd, &msg, flags);

	if (got >= 0)
		nr_truncated += !!(msg.msg_flags & MSG_TRUNC);
	return got;
}

/* As many as fit into one call; how many that were. */
static long by_recvmmsg(unsigned long nr, size_t len)
{
	static char parts[BATCH][2048];
	struct mmsghdr msgs[BATCH] = {};
	struct iovec iovs[BATCH];
	int i, got;

	if (len > sizeof(parts[0]))
		errx(2, "recvmmsg: too long");
	for (i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){ parts[i], len };
		msgs[i].msg_hdr.msg_iov = &iovs[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	got = recvmmsg(receiver->fd, msgs, nr < BATCH ? nr : BATCH,
		       MSG_DONTWAIT, NULL);
	for (i = 0; i < got; i++)
		nr_truncated += !!(msgs[i].msg_hdr.msg_flags & MSG_TRUNC);
	return got;
}

/* What recv() and read() do not tell, a look before does. */
static ssize_t by_call(const char *way, size_t len)
{
	ssize_t whole = recv(receiver->fd, NULL, 0,
			     MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	ssize_t got;

	if (whole < 0)
		return -1;
	got = way[2] == 'a' ? read(receiver->fd, buffer, len) :
	      recv(receiver->fd, buffer, len,
		   MSG_DONTWAIT | (way[0] == 't' ? MSG_TRUNC : 0));
	if (got >= 0)
		nr_truncated += (size_t)whole > len;
	return got;
}

void read_some(const char *way, unsigned long nr, size_t len)
{
	int peek = way[0] == 'p', trunc = peek && way[4];
	ssize_t got;

	if (len > MAX_SIZE)
		errx(2, "too long");
	while (nr) {
		if (!strcmp(way, "recvmmsg"))
			got = by_recvmmsg(nr, len);
		else if (!strcmp(way, "recvmsg"))
			got = by_recvmsg(len, MSG_DONTWAIT);
		else if (peek)
			got = recv(receiver->fd, buffer, len, MSG_PEEK |
				   MSG_DONTWAIT | (trunc ? MSG_TRUNC : 0));
		else
			got = by_call(way, len);
		if (got < 0)
			break;
		if (strcmp(way, "recvmmsg"))
			got = 1;
		nr -= got;
		nr_read += peek ? 0 : got;
	}
}

void read_timed(unsigned long nr, size_t len)
{
	uint64_t sum = 0, min = UINT64_MAX, max = 0, lasted;
	struct stamp stamp;

	while (nr--) {
		if (recv(receiver->fd, buffer, len, 0) < 0)
			err(1, "recv");
		memcpy(&stamp, buffer, sizeof(stamp));
		lasted = now() - stamp.ns;
		sum += lasted;
		min = lasted < min ? lasted : min;
		max = lasted > max ? lasted : max;
		nr_read++;
	}
	printf("timed %llu %llu %llu\n", (unsigned long long)sum,
	       (unsigned long long)min, (unsigned long long)max);
}

void read_badly(unsigned long nr)
{
	while (nr--)
		if (recv(receiver->fd, (void *)16, 64, MSG_DONTWAIT) >= 0 ||
		    errno != EFAULT)
			errx(1, "no fault");
}
