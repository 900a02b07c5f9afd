// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_params - how often to look for lost wakeups, and when one is lost
 */
#include <linux/kernel.h>

#include "epoll.h"

#define MIN_MS	10
#define MAX_MS	3600000

static unsigned int check_ms = 1000;
static unsigned int lost_ms = 1000;

/**
 * epoll_check_ms() - time between two checks
 */
u32 epoll_check_ms(void)
{
	return READ_ONCE(check_ms);
}

/**
 * epoll_lost_ns() - a wakeup that did not come for so long is lost
 */
u64 epoll_lost_ns(void)
{
	return READ_ONCE(lost_ms) * (u64)NSEC_PER_MSEC;
}

static int set_check(const char *value)
{
	return stall_parse_uint(value, MIN_MS, MAX_MS, &check_ms);
}

static int get_check(char *text, size_t room)
{
	return scnprintf(text, room, "%u", check_ms);
}

static int set_lost(const char *value)
{
	return stall_parse_uint(value, MIN_MS, MAX_MS, &lost_ms);
}

static int get_lost(char *text, size_t room)
{
	return scnprintf(text, room, "%u", lost_ms);
}

static const struct stall_param check_param = {
	.name = "epoll_check_ms",
	.allowed = "10 to 3600000",
	.set = set_check,
	.get = get_check,
};

STALL_PARAM(epoll_check_ms, check_param, 0644);
MODULE_PARM_DESC(epoll_check_ms,
		 "time between two looks for lost wakeups (default 1000)");

static const struct stall_param lost_param = {
	.name = "epoll_lost_ms",
	.allowed = "10 to 3600000",
	.set = set_lost,
	.get = get_lost,
};

STALL_PARAM(epoll_lost_ms, lost_param, 0644);
MODULE_PARM_DESC(epoll_lost_ms,
		 "a wakeup that did not come for so long is lost (default 1000)");
