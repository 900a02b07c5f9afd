/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_find_cases.h - instances of epoll, and what is to be said of them
 */
#ifndef STALL_EPOLL_FIND_CASES_H
#define STALL_EPOLL_FIND_CASES_H

#include <linux/eventpoll.h>
#include <linux/types.h>

#include "../module/collectors/epoll_find.h"

#define IN	((__force u32)EPOLLIN)
#define OUT	((__force u32)EPOLLOUT)
#define ET	((__force u32)EPOLLET)
#define ONESHOT	((__force u32)EPOLLONESHOT)
#define EXCL	((__force u32)EPOLLEXCLUSIVE)

enum target { UNKNOWN, EMPTY_PIPE, FULL_PIPE, HELD_PIPE, TCP, FIN };
enum woken { NOBODY, SLEEPER, LIVE, DEAD };

/**
 * struct find_case - an instance, in ms ago, and what is to be said of it
 * @name: of the case
 * @events: of its item
 * @listed: the item is in the ready list
 * @gone: it is in the tree no more
 * @harvest: somebody collects
 * @slept: when the waiter went to sleep, 0 if there is none
 * @ready: when the callback was called, 0 if it was not
 * @woken: who was woken, if anybody
 * @woken_at: when
 * @collected: when that was done last, 0 for never
 * @target: what the item watches
 * @arrived: when data came over TCP, 0 if there is none
 * @kind: is to be found
 * @since: the time of @ready or @arrived is, too
 * @clean: nothing is wrong, and nothing was left out
 */
struct find_case {
	const char *name;
	u32 events;
	bool listed, gone, harvest;
	u32 slept, ready;
	enum woken woken;
	u32 woken_at, collected;
	enum target target;
	u32 arrived;
	enum epoll_kind kind;
	bool since, clean;
};

static const struct find_case cases[] = {
	{ "nothing is ready", IN, .slept = 2000, .clean = true },
	{ "listed, nobody woken", IN, .listed = true, .slept = 2000,
	  .ready = 500, .kind = EPOLL_K1, .since = true },
	{ "listed, the waiter was called and sleeps", IN, .listed = true,
	  .slept = 2000, .ready = 500, .woken = SLEEPER, .woken_at = 500,
	  .kind = EPOLL_K1, .since = true },
	{ "listed, another was woken", IN, .listed = true, .slept = 2000,
	  .ready = 500, .woken = LIVE, .woken_at = 400,
	  .kind = EPOLL_OTHER_WOKEN, .since = true },
	{ "listed, who was woken is dead", IN, .listed = true, .slept = 2000,
	  .ready = 500, .woken = DEAD, .woken_at = 400,
	  .kind = EPOLL_K1, .since = true },
	{ "listed, another was woken before, and has not come", IN,
	  .listed = true, .slept = 2000, .ready = 500, .woken = LIVE,
	  .woken_at = 800, .kind = EPOLL_OTHER_WOKEN, .since = true },
	{ "listed, ready before it slept", IN, .listed = true, .slept = 2000,
	  .ready = 3000, .kind = EPOLL_K1 },
	{ "listed, no callback seen", IN, .listed = true, .slept = 2000,
	  .kind = EPOLL_K1 },
	{ "listed, no callback seen, another woken in its sleep", IN,
	  .listed = true, .slept = 2000, .woken = LIVE, .woken_at = 1900,
	  .kind = EPOLL_OTHER_WOKEN },
	{ "listed, no callback seen, another woken before its sleep", IN,
	  .listed = true, .slept = 2000, .woken = LIVE, .woken_at = 2100,
	  .kind = EPOLL_OTHER_WOKEN },
	{ "called as it went to sleep, and deleted", IN, .slept = 2000,
	  .ready = 2000, .clean = true },
	{ "listed, nobody sleeps", IN, .listed = true, .ready = 500 },
	{ "listed, a harvest goes on", IN, .listed = true, .harvest = true,
	  .slept = 2000, .ready = 500 },
	{ "called, a harvest goes on", IN, .harvest = true, .slept = 2000,
	  .ready = 500 },
	{ "called, not listed", IN, .slept = 2000, .ready = 500,
	  .kind = EPOLL_K2, .since = true },
	{ "called, not listed, another was woken", IN, .slept = 2000,
	  .ready = 500, .woken = LIVE, .woken_at = 400,
	  .kind = EPOLL_OTHER_WOKEN, .since = true },
	{ "called, not listed, the item is gone", IN, .gone = true,
	  .slept = 2000, .ready = 500, .clean = true },
	{ "called, disarmed", ONESHOT | ET, .slept = 2000, .ready = 500,
	  .clean = true },
	{ "called, nobody sleeps", IN, .ready = 500 },
	{ "called before it slept", IN, .slept = 2000, .ready = 3000,
	  .clean = true },
	{ "called before it slept, to be read", IN | ET, .slept = 2000,
	  .ready = 3000, .target = FULL_PIPE, .kind = EPOLL_K2, .since = true },
	{ "called, read by others since", IN, .slept = 2000, .ready = 500,
	  .target = EMPTY_PIPE, .clean = true },
	{ "called, to be written, nothing to read", IN | OUT, .slept = 2000,
	  .ready = 500, .target = EMPTY_PIPE, .kind = EPOLL_K2, .since = true },
	{ "called, to be read", IN | ET, .slept = 2000, .ready = 500,
	  .target = FULL_PIPE, .kind = EPOLL_K2, .since = true },
	{ "level, to be read, nothing heard", IN, .slept = 2000,
	  .target = FULL_PIPE, .kind = EPOLL_K2 },
	{ "level, to be read, another was woken", IN, .slept = 2000,
	  .woken = LIVE, .woken_at = 100, .target = FULL_PIPE,
	  .kind = EPOLL_OTHER_WOKEN },
	{ "level, to be read, it sleeps for a moment", IN, .slept = 1,
	  .target = FULL_PIPE },
	{ "level, empty", IN, .slept = 2000, .target = EMPTY_PIPE,
	  .clean = true },
	{ "level, a writer has the pipe", IN, .slept = 2000,
	  .target = HELD_PIPE, .clean = true },
	{ "edge, a writer has the pipe", IN | ET, .slept = 2000,
	  .target = HELD_PIPE },
	{ "level, to be read, which nobody wants", OUT, .slept = 2000,
	  .target = FULL_PIPE, .clean = true },
	{ "disarmed, to be read", ONESHOT, .slept = 2000, .target = FULL_PIPE,
	  .clean = true },
	{ "exclusive, to be read", IN | EXCL, .slept = 2000,
	  .target = FULL_PIPE, .clean = true },
	{ "edge, a rest in a pipe", IN | ET, .slept = 2000,
	  .target = FULL_PIPE, .kind = EPOLL_UNREAD },
	{ "level, came over TCP", IN, .slept = 2000, .target = TCP,
	  .arrived = 500, .kind = EPOLL_K2, .since = true },
	{ "level, came over TCP before it slept", IN, .slept = 2000,
	  .target = TCP, .arrived = 3000, .kind = EPOLL_K2, .since = true },
	{ "level, came over TCP, collected since", IN, .slept = 2000,
	  .collected = 2500, .target = TCP, .arrived = 3000,
	  .kind = EPOLL_K2 },
	{ "level, nothing came over TCP", IN, .slept = 2000, .target = TCP,
	  .clean = true },
	{ "edge, came over TCP in its sleep", IN | ET, .slept = 2000,
	  .target = TCP, .arrived = 500, .kind = EPOLL_K2, .since = true },
	{ "edge, came over TCP before it slept", IN | ET, .slept = 2000,
	  .target = TCP, .arrived = 3000, .kind = EPOLL_K2, .since = true },
	{ "edge, came over TCP before it slept, collected since", IN | ET,
	  .slept = 2000, .collected = 2500, .target = TCP, .arrived = 3000,
	  .kind = EPOLL_UNREAD, .since = true },
	{ "edge, the end came over TCP", IN | ET, .slept = 2000,
	  .target = FIN, .kind = EPOLL_UNREAD },
	{ "level, the end came over TCP", IN, .slept = 2000, .target = FIN,
	  .kind = EPOLL_K2 },
	{ "edge, came over TCP, collected since", IN | ET, .slept = 2000,
	  .collected = 200, .target = TCP, .arrived = 500,
	  .kind = EPOLL_UNREAD, .since = true },
	{ "edge, came over TCP, collected before", IN | ET, .slept = 2000,
	  .collected = 1000, .target = TCP, .arrived = 500,
	  .kind = EPOLL_K2, .since = true },
	{ "exclusive edge, came over TCP", IN | ET | EXCL, .slept = 2000,
	  .target = TCP, .arrived = 500, .kind = EPOLL_UNREAD, .since = true },
};

#endif /* STALL_EPOLL_FIND_CASES_H */
