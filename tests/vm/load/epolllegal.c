// SPDX-License-Identifier: GPL-2.0
/*
 * epolllegal - waits that are long, and that have lost nothing; see epollload.c
 *
 * nothing	nothing is ready
 * rest		edge-triggered, with an unread rest: of a TCP and of a Unix socket
 * oneshot	it has fired, was not armed again, and more came in
 * exclusive	one of two instances, and one of two threads of an instance was woken,
 *		does not read, and does something else; the other sleeps on
 * nested	edge-triggered: the outer one was told of the inner one, which is ready
 * timeout	waits of 3 s, in a loop
 * closed	the instance was closed under the sleeper, in another one what it waits for
 * deleted	what is ready gets deleted from the instance before the sleeper has it
 * churn	processes, threads, instances and items come and go, ready ones too
 * rcvlowat	there is less in a TCP socket than SO_RCVLOWAT asks for
 * urgent	only an urgent byte is in a TCP socket
 * moving	edge-triggered, with an unread rest, beside items that come and go
 * stalled	a pipe's writer waits for a page of its source in the middle of a write
 * writeend	pipes are full of data, and their other ends wait for data and for room
 * pool		three threads of an instance have enough to do, edge-triggered; the
 *		fourth is never needed
 * starved	one of two threads of an instance was woken, and gets no CPU: on CPU 1, a
 *		thread with real-time priority runs; the other sleeps on
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "epollload.h"

enum then { WAIT_ON, TAKE_ONE, PAUSE, SPIN };

struct sleeper {
	int ep;
	struct ends ends;
	enum then then;
	int timeout_ms;
};

static unsigned int woken;

static void *sleeper_main(void *data)
{
	const struct sleeper *sleeper = data;
	struct epoll_event events[8];

	for (;;) {
		wait_for(sleeper->ep, events, sleeper->timeout_ms);
		__atomic_add_fetch(&woken, 1, __ATOMIC_RELAXED);
		if (sleeper->then == TAKE_ONE)
			take(&sleeper->ends);
		while (sleeper->then == PAUSE)
			pause();
		while (sleeper->then == SPIN)
			__asm__ volatile("pause");
	}
	return NULL;
}

/* An instance with one item, and a thread that waits; returns when that sleeps. */
static struct sleeper *make_sleeper(const char *kind, uint32_t events,
				    enum then then)
{
	struct sleeper *sleeper = malloc(sizeof(*sleeper));

	if (!sleeper)
		err(1, "malloc");
	*sleeper = (struct sleeper){ make_epoll(), make_ends(kind), then, -1 };
	change_item(sleeper->ep, EPOLL_CTL_ADD, sleeper->ends.reads,
		    EPOLLIN | events);
	start_thread(sleeper_main, sleeper);
	sleep_ms(100);
	return sleeper;
}

static void hold_nothing(void)
{
	make_sleeper("eventfd", 0, WAIT_ON);
	make_sleeper("tcp", EPOLLET, WAIT_ON);
}

static void hold_rest(void)
{
	static const char * const kinds[] = { "tcp", "unix" };
	struct sleeper *sleeper;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		sleeper = make_sleeper(kinds[i], EPOLLET, TAKE_ONE);
		feed(&sleeper->ends, 4);
	}
}

static void *mover_main(void *data)
{
	const struct sleeper *sleeper = data;
	int fds[100];
	unsigned int i;

	for (i = 0; i < 100; i++)
		fds[i] = make_ends("eventfd").reads;
	for (i = 0; ; i++) {
		if (i >= 100)
			change_item(sleeper->ep, EPOLL_CTL_DEL, fds[i % 100], 0);
		change_item(sleeper->ep, EPOLL_CTL_ADD, fds[i % 100], EPOLLIN);
		if (i % 10 == 0)
			sleep_ms(1);
	}
	return NULL;
}

static void hold_moving(void)
{
	struct sleeper *sleeper = make_sleeper("unix", EPOLLET, TAKE_ONE);

	feed(&sleeper->ends, 4);
	start_thread(mover_main, sleeper);
}

static void hold_oneshot(void)
{
	struct sleeper *sleeper = make_sleeper("tcp", EPOLLONESHOT, WAIT_ON);

	feed(&sleeper->ends, 1);
	sleep_ms(100);
	feed(&sleeper->ends, 1);
}

static void hold_exclusive(void)
{
	static struct sleeper other;
	struct sleeper *sleeper;

	sleeper = make_sleeper("unix", EPOLLEXCLUSIVE, PAUSE);
	other = *sleeper;
	other.ep = make_epoll();
	change_item(other.ep, EPOLL_CTL_ADD, other.ends.reads,
		    EPOLLIN | EPOLLEXCLUSIVE);
	start_thread(sleeper_main, &other);
	sleep_ms(100);
	feed(&other.ends, 1);

	sleeper = make_sleeper("eventfd", EPOLLET, SPIN);
	start_thread(sleeper_main, sleeper);
	sleep_ms(100);
	feed(&sleeper->ends, 1);
}

static void hold_nested(void)
{
	static struct sleeper outer = { .then = WAIT_ON, .timeout_ms = -1 };
	struct ends ends = make_ends("eventfd");
	int inner = make_epoll();

	change_item(inner, EPOLL_CTL_ADD, ends.reads, EPOLLIN);
	outer.ep = make_epoll();
	change_item(outer.ep, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET);
	start_thread(sleeper_main, &outer);
	sleep_ms(100);
	feed(&ends, 1);
}

static void hold_timeout(void)
{
	static struct sleeper sleeper = { .timeout_ms = 3000 };
	struct ends ends = make_ends("unix");

	sleeper.ep = make_epoll();
	change_item(sleeper.ep, EPOLL_CTL_ADD, ends.reads, EPOLLIN);
	start_thread(sleeper_main, &sleeper);
}

static void hold_closed(void)
{
	struct sleeper *sleeper = make_sleeper("unix", 0, WAIT_ON);

	close(make_sleeper("eventfd", 0, WAIT_ON)->ep);
	close(sleeper->ends.reads);
}

/* Each second time, the sleeper gets the time to be woken first. */
static void hold_deleted(void)
{
	struct sleeper *sleeper = make_sleeper("unix", 0, WAIT_ON);
	int fd = sleeper->ends.reads;
	unsigned int i;

	change_item(sleeper->ep, EPOLL_CTL_DEL, fd, 0);
	for (i = 0; i < 100; i++) {
		drain(&sleeper->ends);
		change_item(sleeper->ep, EPOLL_CTL_ADD, fd,
			    EPOLLIN | EPOLLET);
		feed(&sleeper->ends, 1);
		sleep_ms(i % 2);
		change_item(sleeper->ep, EPOLL_CTL_DEL, fd, 0);
	}
}

static void *wait_once(void *data)
{
	struct epoll_event events[8];

	wait_for(*(int *)data, events, -1);
	return NULL;
}

/* In a child. Leaves an instance that is ready, and a thread that sleeps in another. */
static void live_short(void)
{
	static const char * const kinds[] = { "eventfd", "pipe", "unix",
					      "udp", "tcp", "timerfd" };
	struct ends ends;
	unsigned int i;
	pthread_t id;
	int ep;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < 12; i++) {
		ends = make_ends(kinds[i % 6]);
		ep = make_epoll();
		change_item(ep, EPOLL_CTL_ADD, ends.reads,
			    i / 6 ? EPOLLIN | EPOLLET : EPOLLIN);
		if (pthread_create(&id, NULL, wait_once, &ep))
			errx(1, "pthread_create");
		feed(&ends, 1);
		pthread_join(id, NULL);
		close(ends.reads);
		if (ends.writes != ends.reads)
			close(ends.writes);
		close(ep);
	}
	make_sleeper("eventfd", 0, WAIT_ON);
	ends = make_ends("unix");
	change_item(make_epoll(), EPOLL_CTL_ADD, ends.reads, EPOLLIN);
	feed(&ends, 1);
	_exit(0);
}

static void *churn_main(void *data)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid)
			live_short();
		waitpid(pid, NULL, 0);
	}
	return data;
}

static void hold_churn(void)
{
	start_thread(churn_main, NULL);
	start_thread(churn_main, NULL);
}

static void hold_rcvlowat(void)
{
	struct sleeper *sleeper = make_sleeper("tcp", 0, WAIT_ON);
	int least = 1000;
	unsigned int i;

	if (setsockopt(sleeper->ends.reads, SOL_SOCKET, SO_RCVLOWAT, &least,
		       sizeof(least)))
		err(1, "SO_RCVLOWAT");
	for (i = 0; i < 10; i++)
		feed(&sleeper->ends, 1);
}

static void hold_urgent(void)
{
	struct sleeper *sleeper = make_sleeper("tcp", 0, TAKE_ONE);

	if (send(sleeper->ends.writes, "!", 1, MSG_OOB) != 1)
		err(1, "send");
}

static void hold_writeend(void)
{
	struct sleeper *sleeper;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		sleeper = make_sleeper("eventfd", 0, WAIT_ON);
		sleeper->ends = make_ends("pipe");
		change_item(sleeper->ep, EPOLL_CTL_ADD, sleeper->ends.writes,
			    i ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLET);
		sleep_ms(1500);	/* a look at it while it is empty */
		feed(&sleeper->ends, 1);
	}
}

static void *pool_main(void *data)
{
	struct sleeper *sleeper = data;
	uint64_t until;

	for (;;) {
		until = now_ns() + 200000;
		feed(&sleeper->ends, 1);
		while (now_ns() < until)
			;
		sched_yield();
	}
	return NULL;
}

static void hold_pool(void)
{
	struct sleeper *sleeper = make_sleeper("eventfd", EPOLLET, TAKE_ONE);
	unsigned int i;

	for (i = 0; i < 3; i++)
		start_thread(sleeper_main, sleeper);
	sleep_ms(100);
	start_thread(pool_main, sleeper);
}

/* The thread, and those that it starts from here on, run on that CPU. */
static void use_cpu(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
}

static void *hog_main(void *data)
{
	struct sched_param param = { .sched_priority = 10 };

	use_cpu(1);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "sched_setscheduler");
	for (;;)
		__asm__ volatile("pause");
	return data;
}

/* Who sleeps last is woken first. */
static void hold_starved(void)
{
	struct sleeper *sleeper;

	use_cpu(0);
	sleeper = make_sleeper("unix", 0, WAIT_ON);
	use_cpu(1);
	start_thread(sleeper_main, sleeper);
	sleep_ms(100);
	use_cpu(0);	/* before the hog takes the other one for good */
	start_thread(hog_main, NULL);
	sleep_ms(100);
	feed(&sleeper->ends, 1);
}

static const struct legal {
	const char *name;
	void (*hold)(void);
} legals[] = {
	{ "nothing", hold_nothing },
	{ "rest", hold_rest },
	{ "oneshot", hold_oneshot },
	{ "exclusive", hold_exclusive },
	{ "nested", hold_nested },
	{ "timeout", hold_timeout },
	{ "closed", hold_closed },
	{ "deleted", hold_deleted },
	{ "churn", hold_churn },
	{ "rcvlowat", hold_rcvlowat },
	{ "urgent", hold_urgent },
	{ "moving", hold_moving },
	{ "stalled", hold_stalled },
	{ "writeend", hold_writeend },
	{ "pool", hold_pool },
	{ "starved", hold_starved },
};

void hold_legal(const char *name, unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < sizeof(legals) / sizeof(legals[0]); i++) {
		if (strcmp(name, legals[i].name))
			continue;
		legals[i].hold();
		sleep_ms(100);
		printf("ready %s\n", name);
		sleep_ms(1000 * seconds);
		printf("ended %s woken %u\n", name,
		       __atomic_load_n(&woken, __ATOMIC_RELAXED));
		return;
	}
	errx(2, "no such case as %s", name);
}
