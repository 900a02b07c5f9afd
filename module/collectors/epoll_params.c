// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_params - how often to look for lost wakeups, and when one is lost
 */
#include <linux/kernel.h>

#include "epoll.h"

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

/* From 10 ms to an hour. */
#define MS_PARAM(_name, _number)					\
	{ .name = (_name), .allowed = "10 to 3600000",			\
	  .number = &(_number), .min = 10, .max = 3600000 }

static const struct stall_param check_param =
	MS_PARAM("epoll_check_ms", check_ms);

STALL_PARAM(epoll_check_ms, check_param, 0644);
MODULE_PARM_DESC(epoll_check_ms,
		 "time between two looks for lost wakeups (default 1000)");

static const struct stall_param lost_param =
	MS_PARAM("epoll_lost_ms", lost_ms);

STALL_PARAM(epoll_lost_ms, lost_param, 0644);
MODULE_PARM_DESC(epoll_lost_ms,
		 "a wakeup that did not come for so long is lost (default 1000)");
