// SPDX-License-Identifier: GPL-2.0
/*
 * epollends - what can be put into an epoll instance, and be fed and read; see
 * epollload.c
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "epollload.h"

/* Two sockets of loopback, connected to each other. */
static void connect_ends(struct ends *ends, int type)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int listener = socket(AF_INET, type, 0);
	socklen_t len = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ends->writes = socket(AF_INET, type, 0);
	if (listener < 0 || ends->writes < 0 ||
	    bind(listener, (void *)&in, len) ||
	    (type == SOCK_STREAM && listen(listener, 1)) ||
	    getsockname(listener, (void *)&in, &len) ||
	    connect(ends->writes, (void *)&in, len))
		err(1, "%s", ends->kind);
	ends->reads = listener;
	if (type != SOCK_STREAM)
		return;
	ends->reads = accept(listener, NULL, NULL);
	if (ends->reads < 0)
		err(1, "accept");
	close(listener);
}

struct ends make_ends(const char *kind)
{
	struct ends ends = { .kind = kind };
	int fds[2] = { -1, -1 };

	if (!strcmp(kind, "eventfd"))
		fds[0] = eventfd(0, 0);
	else if (!strcmp(kind, "timerfd"))
		fds[0] = timerfd_create(CLOCK_MONOTONIC, 0);
	else if (!strcmp(kind, "pipe") && pipe(fds))
		err(1, "pipe");
	else if (!strcmp(kind, "unix") &&
		 socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		err(1, "socketpair");
	ends.reads = fds[0];
	ends.writes = fds[1] < 0 ? fds[0] : fds[1];
	if (!strcmp(kind, "udp"))
		connect_ends(&ends, SOCK_DGRAM);
	else if (!strcmp(kind, "tcp"))
		connect_ends(&ends, SOCK_STREAM);
	if (ends.reads < 0)
		errx(2, "no such kind as %s", kind);
	fcntl(ends.reads, F_SETFL, fcntl(ends.reads, F_GETFL) | O_NONBLOCK);
	return ends;
}

/* Up to eight bytes at once, or one datagram or event; a timer ends at once. */
void feed(const struct ends *ends, unsigned int bytes)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 1 };
	const uint64_t one = 1;
	size_t len = !strcmp(ends->kind, "eventfd") ? sizeof(one) : bytes;

	if (!strcmp(ends->kind, "timerfd")) {
		if (timerfd_settime(ends->writes, 0, &soon, NULL))
			err(1, "timerfd_settime");
	} else if (write(ends->writes, &one, len) != (ssize_t)len) {
		err(1, "write to %s", ends->kind);
	}
}

/* One byte, a datagram, or all that an eventfd or a timerfd has; false if nothing. */
bool take(const struct ends *ends)
{
	bool counts = strstr(ends->kind, "eventfd") ||
		      strstr(ends->kind, "timerfd");
	uint64_t count;

	if (read(ends->reads, &count, counts ? sizeof(count) : 1) > 0)
		return true;
	if (errno != EAGAIN)
		err(1, "read from %s", ends->kind);
	return false;
}

void drain(const struct ends *ends)
{
	while (take(ends))
		;
}

int make_epoll(void)
{
	int ep = epoll_create1(0);

	if (ep < 0)
		err(1, "epoll_create1");
	return ep;
}

void change_item(int ep, int how, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(ep, how, fd, &event))
		err(1, "epoll_ctl %d of %d", how, fd);
}

/* As epoll_wait(), of up to eight; an interrupted one is no error. */
int wait_for(int ep, struct epoll_event *events, int timeout_ms)
{
	int nr = epoll_wait(ep, events, 8, timeout_ms);

	if (nr < 0 && errno != EINTR)
		err(1, "epoll_wait");
	return nr;
}

void start_thread(void *(*run)(void *data), void *data)
{
	pthread_t id;

	if (pthread_create(&id, NULL, run, data) || pthread_detach(id))
		errx(1, "pthread_create");
}

void sleep_ms(unsigned int ms)
{
	struct timespec rest = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}
