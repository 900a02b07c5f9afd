// SPDX-License-Identifier: GPL-2.0
/*
 * epollload - waits in epoll in all the ways that a test wants watched
 *
 * usage: epollload victim KIND [WORD...]   waits for one item, for ever; prints "PID EPFD
 *                                          FD". Each SIGUSR1 has a thread feed the item,
 *                                          and print "sent NS"; when the wait ends, it
 *                                          prints "woken RESULT ERRNO NS", and if there
 *                                          was an event, reads all that there is
 *        epollload truth NR US [BUSY]      NR times an eventfd is written, US after it
 *                                          was read; prints "count NR p50 NS p99 NS max
 *                                          NS" of the time until epoll_wait() returned.
 *                                          With BUSY, the writer keeps the reader's CPU
 *                                          for BUSY to 2 BUSY us each time
 *        epollload calls NR TIMEOUTS INTERRUPTS   as many waits, of 3 events each; waits
 *                                          of 1 ms that time out; and waits that a signal
 *                                          interrupts. Prints "events N timeouts N
 *                                          interrupts N"
 *        epollload instances NR [use]      makes NR instances, with one item each, prints
 *                                          "ready NR", and holds them until SIGTERM; with
 *                                          "use", each has had an event collected before
 *        epollload legal CASE SECONDS      a wait that is long, and lost nothing; prints
 *                                          "ready CASE" and at the end "ended CASE woken NR",
 *                                          the waits that returned; see epolllegal.c
 *        epollload cost NR                 prints ns a turn of writing to an eventfd, and
 *                                          of epoll_wait() getting the edge, best of five
 *        epollload cost-read NR            the same by level, with a read in each turn
 *        epollload cost-syscall NR         prints ns a getppid()
 *        epollload pingpong NR             two threads wake each other, NR rounds; prints
 *                                          rounds a second
 *
 * KIND is one of eventfd pipe unix udp tcp timerfd. WORD is one of
 *        et oneshot exclusive   as of EPOLLET etc.; a oneshot is armed again after reading
 *        rest                   with et: two bytes (or datagrams) come each time, and one
 *                               gets read; of an eventfd or a timerfd, nothing
 *        fin                    of tcp: not data come, but the end
 *        timeout                waits of 300 ms, again and again, that say nothing
 *        rt                     the victim has real-time priority
 * NS is CLOCK_MONOTONIC.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "epollload.h"

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

unsigned int number(char **args, unsigned int i)
{
	unsigned int n;

	for (n = 0; n <= i; n++)
		if (!args[n])
			errx(2, "see the head of epollload.c");
	return strtoul(args[i], NULL, 0);
}

struct truth {
	struct ends ends;
	unsigned int nr;
	unsigned int pause_us;
	unsigned int busy_us;
	uint64_t written_ns;
	sem_t taken;
};

/* On one CPU, the writer is before the reader until it sleeps. */
static void go_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "sched_setscheduler");
}

static void *truth_main(void *data)
{
	struct truth *truth = data;
	unsigned int i;
	uint64_t busy_ns;

	if (truth->busy_us)
		go_first();
	for (i = 0; i < truth->nr; i++) {
		usleep(truth->pause_us);
		busy_ns = truth->busy_us * (1000ULL + rand() % 1000);
		truth->written_ns = now_ns();
		feed(&truth->ends, 1);
		while (busy_ns && now_ns() - truth->written_ns < busy_ns)
			;
		while (sem_wait(&truth->taken))
			;
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

static void run_truth(char **args)
{
	static struct truth truth;
	struct epoll_event event;
	unsigned int nr, i;
	uint64_t *took;
	cpu_set_t cpus;
	int ep;

	nr = number(args, 0);
	truth.nr = nr;
	truth.pause_us = number(args, 1);
	truth.busy_us = args[2] ? number(args, 2) : 0;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (truth.busy_us && sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	took = calloc(nr + 1, sizeof(*took));
	if (!took || !nr || sem_init(&truth.taken, 0, 0))
		err(1, "room for %u", nr);
	truth.ends = make_ends("eventfd");
	ep = make_epoll();
	change_item(ep, EPOLL_CTL_ADD, truth.ends.reads, EPOLLIN);
	start_thread(truth_main, &truth);
	for (i = 0; i < nr; i++) {
		while (epoll_wait(ep, &event, 1, -1) != 1)
			;
		took[i] = now_ns() - truth.written_ns;
		drain(&truth.ends);
		sem_post(&truth.taken);
	}
	qsort(took, nr, sizeof(*took), compare);
	printf("count %u p50 %llu p99 %llu max %llu\n", nr,
	       (unsigned long long)took[nr / 2],
	       (unsigned long long)took[(uint64_t)nr * 99 / 100],
	       (unsigned long long)took[nr - 1]);
}

static void on_signal(int signal_nr)
{
	(void)signal_nr;
}

/* A tick that came before the wait began does not matter: there is a next one. */
static void tick(unsigned int us)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval every = { { 0, us }, { 0, us } };

	if (sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &every, NULL))
		err(1, "setitimer");
}

static void run_calls(char **args)
{
	unsigned int nr = number(args, 0), timeouts = number(args, 1);
	unsigned int interrupts = number(args, 2), i, j;
	struct epoll_event got[8];
	struct ends ends[3];
	int ep = make_epoll();

	for (j = 0; j < 3; j++) {
		ends[j] = make_ends("eventfd");
		change_item(ep, EPOLL_CTL_ADD, ends[j].reads, EPOLLIN);
	}
	for (i = 0; i < nr; i++) {
		for (j = 0; j < 3; j++)
			feed(&ends[j], 1);
		if (wait_for(ep, got, -1) != 3)
			errx(1, "not three events");
		for (j = 0; j < 3; j++)
			take(&ends[j]);
	}
	for (i = 0; i < timeouts; i++)
		if (wait_for(ep, got, 1))
			errx(1, "no timeout");
	if (interrupts)
		tick(5000);
	for (i = 0; i < interrupts; i++)
		if (wait_for(ep, got, -1) != -1)
			errx(1, "not interrupted");
	tick(0);
	printf("events %u timeouts %u interrupts %u\n", 3 * nr, timeouts,
	       interrupts);
}

static void run_legal(char **args)
{
	unsigned int seconds = number(args, 1);

	hold_legal(args[0], seconds);
}

static void turn_edge(int ep, int fd)
{
	const uint64_t one = 1;
	struct epoll_event event;

	if (write(fd, &one, sizeof(one)) != sizeof(one) ||
	    epoll_wait(ep, &event, 1, 0) != 1)
		err(1, "turn");
}

static void turn_level(int ep, int fd)
{
	uint64_t count;

	turn_edge(ep, fd);
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		err(1, "read");
}

static void turn_syscall(int ep, int fd)
{
	(void)ep;
	(void)fd;
	syscall(SYS_getppid);
}

static void run_cost(char **args)
{
	void (*turn)(int ep, int fd) = turn_edge;
	uint64_t best = UINT64_MAX, took;
	unsigned int nr = number(args, 0), round, i;
	int fd = eventfd(0, 0), ep = make_epoll();

	if (!strcmp(args[-1], "cost-read"))
		turn = turn_level;
	else if (!strcmp(args[-1], "cost-syscall"))
		turn = turn_syscall;
	change_item(ep, EPOLL_CTL_ADD, fd,
		    turn == turn_edge ? EPOLLIN | EPOLLET : EPOLLIN);
	for (round = 0; round < 5; round++) {
		took = now_ns();
		for (i = 0; i < nr; i++)
			turn(ep, fd);
		took = now_ns() - took;
		if (took < best)
			best = took;
	}
	printf("%llu\n", (unsigned long long)(best / nr));
}

struct side {
	int ep;
	int waits_for;
	int writes_to;
	unsigned int nr;
};

static void *side_main(void *data)
{
	struct side *side = data;
	const uint64_t one = 1;
	struct epoll_event event;
	uint64_t count;

	while (side->nr--) {
		if (epoll_wait(side->ep, &event, 1, -1) != 1 ||
		    read(side->waits_for, &count, sizeof(count)) < 0 ||
		    write(side->writes_to, &one, sizeof(one)) < 0)
			err(1, "pingpong");
	}
	return NULL;
}

static void run_pingpong(char **args)
{
	unsigned int nr = number(args, 0), i;
	int fds[2] = { eventfd(0, 0), eventfd(1, 0) };
	struct side sides[2];
	pthread_t ids[2];
	uint64_t took;

	took = now_ns();
	for (i = 0; i < 2; i++) {
		sides[i] = (struct side){ make_epoll(), fds[i], fds[!i], nr };
		change_item(sides[i].ep, EPOLL_CTL_ADD, fds[i], EPOLLIN);
		if (pthread_create(&ids[i], NULL, side_main, &sides[i]))
			errx(1, "pthread_create");
	}
	for (i = 0; i < 2; i++)
		pthread_join(ids[i], NULL);
	took = now_ns() - took;
	printf("%llu\n", (unsigned long long)(nr * 1000000000ULL / took));
}

static const struct verb {
	const char *name;
	void (*run)(char **args);
} verbs[] = {
	{ "victim", run_victim },
	{ "truth", run_truth },
	{ "calls", run_calls },
	{ "instances", run_instances },
	{ "legal", run_legal },
	{ "cost", run_cost },
	{ "cost-read", run_cost },
	{ "cost-syscall", run_cost },
	{ "pingpong", run_pingpong },
};

int main(int argc, char **argv)
{
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; argc > 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(argv[1], verbs[i].name)) {
			verbs[i].run(argv + 2);
			return 0;
		}
	}
	errx(2, "see the head of epollload.c");
}
