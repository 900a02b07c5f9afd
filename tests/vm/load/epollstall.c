// SPDX-License-Identifier: GPL-2.0
/*
 * epollstall - a writer that is stalled in the middle of a write; see epolllegal.c
 */
#include <err.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "epollload.h"

/* Two pages: the first one is there, who reads the second waits for ever. */
static char *make_stalling(size_t page)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (uffd < 0 || pages == MAP_FAILED)
		err(1, "userfaultfd");
	pages[0] = 1;
	range.range.start = (unsigned long)pages + page;
	range.range.len = page;
	if (ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &range))
		err(1, "UFFDIO_REGISTER");
	return pages;
}

static void *writer_main(void *data)
{
	const struct ends *ends = data;
	size_t page = sysconf(_SC_PAGESIZE);

	if (write(ends->writes, make_stalling(page), 2 * page) < 0)
		err(1, "write");
	return NULL;
}

static void *waiter_main(void *data)
{
	struct epoll_event events[8];

	wait_for(*(int *)data, events, -1);
	return NULL;
}

void hold_stalled(void)
{
	static const uint32_t hows[] = { EPOLLIN, EPOLLIN | EPOLLET };
	static struct ends ends[2];
	static int eps[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ends[i] = make_ends("pipe");
		eps[i] = make_epoll();
		change_item(eps[i], EPOLL_CTL_ADD, ends[i].reads, hows[i]);
		start_thread(waiter_main, &eps[i]);
	}
	sleep_ms(1500);	/* a look at them while they are empty */
	for (i = 0; i < 2; i++)
		start_thread(writer_main, &ends[i]);
}
