/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of epollload share. */
#ifndef EPOLLLOAD_H
#define EPOLLLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Both ends of something, the first one does not block. */
struct ends {
	const char *kind;
	int reads;
	int writes;
};

struct ends make_ends(const char *kind);
void feed(const struct ends *ends, unsigned int bytes);
bool take(const struct ends *ends);
void drain(const struct ends *ends);

int make_epoll(void);
void change_item(int ep, int how, int fd, uint32_t events);
int wait_for(int ep, struct epoll_event *events, int timeout_ms);
void start_thread(void *(*run)(void *data), void *data);
void sleep_ms(unsigned int ms);

uint64_t now_ns(void);
unsigned int number(char **args, unsigned int i);

void run_victim(char **args);
void run_instances(char **args);
void hold_legal(const char *name, unsigned int seconds);
void hold_stalled(void);

#endif
