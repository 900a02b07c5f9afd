/* SPDX-License-Identifier: GPL-2.0 */
/*
 * epoll_target.h - what an item watches
 */
#ifndef STALL_EPOLL_TARGET_H
#define STALL_EPOLL_TARGET_H

#include <linux/types.h>

struct epoll_item;

/**
 * enum epoll_read - what can be said of what is there to be read
 * @EPOLL_CANNOT_SAY: nothing, of this kind of file
 * @EPOLL_NOT_NOW: nothing, in the state that it is in
 * @EPOLL_NOTHING: nothing is there
 * @EPOLL_SOMETHING: something is there
 */
enum epoll_read {
	EPOLL_CANNOT_SAY,
	EPOLL_NOT_NOW,
	EPOLL_NOTHING,
	EPOLL_SOMETHING,
};

/**
 * struct epoll_target - what an item watches
 * @fd: number of the descriptor, -1 if it is not known
 * @events: what was asked for, EPOLLET and so on included
 * @kind: "tcp", "pipe" and so on
 * @name: a socket's addresses and ports, or nothing
 * @bytes: unread, where they can be counted; 0 else
 */
struct epoll_target {
	int fd;
	u32 events;
	char kind[16];
	char name[96];
	u64 bytes;
};

/**
 * struct epoll_unread - what is there to be read
 * @bytes: how many at least, 0 if that is not known
 * @mark: changes as soon as anything of it is read
 */
struct epoll_unread {
	u64 bytes;
	u64 mark;
};

enum epoll_read epoll_target_read(const struct epoll_item *item,
				  struct epoll_unread *unread);
void epoll_target_look(const struct epoll_item *item,
		       struct epoll_target *target);
bool epoll_target_is_closing(const struct epoll_item *item);
bool epoll_target_arrived(const struct epoll_item *item, u32 *at);

#endif /* STALL_EPOLL_TARGET_H */
