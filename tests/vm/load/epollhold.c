// SPDX-License-Identifier: GPL-2.0
/*
 * epollhold - waits for ever, of a victim and of many instances; see epollload.c
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "epollload.h"

struct victim {
	struct ends ends;
	uint32_t events;
	bool rest;
	bool fin;
	int timeout_ms;
	int ep;
};

static void block(int signal_nr)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal_nr);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *feeder_main(void *data)
{
	const struct victim *victim = data;
	sigset_t set;
	uint64_t ns;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (!sigwait(&set, &got)) {
		ns = now_ns();
		if (victim->fin)
			shutdown(victim->ends.writes, SHUT_WR);
		else
			feed(&victim->ends, victim->rest ? 2 : 1);
		if (victim->rest && !strcmp(victim->ends.kind, "udp"))
			feed(&victim->ends, 1);
		printf("sent %llu\n", (unsigned long long)ns);
	}
	return NULL;
}

static void read_victim(const struct victim *victim)
{
	const char *kind = victim->ends.kind;

	if (!victim->rest)
		drain(&victim->ends);
	else if (strcmp(kind, "eventfd") && strcmp(kind, "timerfd"))
		take(&victim->ends);
	if (victim->events & EPOLLONESHOT)
		change_item(victim->ep, EPOLL_CTL_MOD, victim->ends.reads,
			    victim->events);
}

static void go_real_time(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "sched_setscheduler");
}

static void victim_is(struct victim *victim, const char *word)
{
	if (!strcmp(word, "et"))
		victim->events |= EPOLLET;
	else if (!strcmp(word, "oneshot"))
		victim->events |= EPOLLONESHOT;
	else if (!strcmp(word, "exclusive"))
		victim->events |= EPOLLEXCLUSIVE;
	else if (!strcmp(word, "rest"))
		victim->rest = true;
	else if (!strcmp(word, "fin"))
		victim->fin = true;
	else if (!strcmp(word, "timeout"))
		victim->timeout_ms = 300;
	else if (!strcmp(word, "rt"))
		go_real_time();
	else
		errx(2, "no such word as %s", word);
}

void run_victim(char **args)
{
	static struct victim victim = { .events = EPOLLIN, .timeout_ms = -1 };
	struct epoll_event event;
	int nr;

	number(args, 0);
	victim.ends = make_ends(*args);
	while (*++args)
		victim_is(&victim, *args);
	if (victim.rest && (victim.events & (EPOLLET | EPOLLONESHOT)) != EPOLLET)
		errx(2, "rest needs et, and no oneshot, else it never sleeps");
	victim.ep = make_epoll();
	change_item(victim.ep, EPOLL_CTL_ADD, victim.ends.reads, victim.events);
	block(SIGUSR1);
	start_thread(feeder_main, &victim);
	printf("%d %d %d\n", getpid(), victim.ep, victim.ends.reads);
	for (;;) {
		errno = 0;
		nr = epoll_wait(victim.ep, &event, 1, victim.timeout_ms);
		if (!nr)
			continue;
		printf("woken %d %d %llu\n", nr, errno,
		       (unsigned long long)now_ns());
		if (nr > 0)
			read_victim(&victim);
	}
}

/* In a child: as many as there is room for, until it is killed. */
static void hold_instances(unsigned int nr, bool use, int ready)
{
	struct ends ends = make_ends("eventfd");
	struct epoll_event got[8];
	int *eps = calloc(nr + 1, sizeof(*eps));
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!eps)
		err(1, "room for %u", nr);
	for (i = 0; i < nr; i++) {
		eps[i] = make_epoll();
		change_item(eps[i], EPOLL_CTL_ADD, ends.reads, EPOLLIN);
	}
	if (use)
		feed(&ends, 1);
	for (i = 0; use && i < nr; i++)
		if (wait_for(eps[i], got, 0) != 1)
			errx(1, "no event");
	if (use)
		drain(&ends);
	if (write(ready, "", 1) != 1)
		err(1, "write");
	for (;;)
		pause();
}

static unsigned int most_instances(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(1, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "setrlimit");
	return limit.rlim_cur - 16;
}

void run_instances(char **args)
{
	unsigned int nr = number(args, 0), most = most_instances(), left, share;
	bool use = args[1] && !strcmp(args[1], "use");
	unsigned int children = nr / most + 1, i;
	pid_t *pids = calloc(children, sizeof(*pids));
	int ready[2], got;
	sigset_t set;
	char byte;

	if (!pids || pipe(ready))
		err(1, "pipe");
	for (i = 0, left = nr; i < children; i++, left -= share) {
		share = left < most ? left : most;
		pids[i] = fork();
		if (pids[i] < 0)
			err(1, "fork");
		if (!pids[i])
			hold_instances(share, use, ready[1]);
	}
	close(ready[1]);
	for (i = 0; i < children; i++)
		if (read(ready[0], &byte, 1) != 1 || byte)
			errx(1, "a child failed");
	block(SIGTERM);
	printf("ready %u\n", nr);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigwait(&set, &got);
	for (i = 0; i < children; i++)
		kill(pids[i], SIGTERM);
	for (i = 0; i < children; i++)
		waitpid(pids[i], NULL, 0);
}
