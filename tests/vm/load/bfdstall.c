// SPDX-License-Identifier: GPL-2.0
/*
 * bfdstall - what makes a peer late
 *
 * A stall that is wanted is always told. A write is told if it took long: it is
 * done before each hello, and only somebody else makes it stall.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bfdload.h"

#define LONG_WRITE	(10 * MS)

void tell(const char *what, int64_t begin_ns)
{
	printf("%s %lld %lld\n", what, (long long)begin_ns, (long long)now_ns());
}

static void write_and_sync(const char *path)
{
	int64_t begin_ns = now_ns();
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0 || write(fd, "hello\n", 6) != 6 || fsync(fd))
		err(1, "%s", path);
	close(fd);
	if (now_ns() - begin_ns >= LONG_WRITE)
		tell("blocked", begin_ns);
}

static void touch_memory(unsigned int mib)
{
	size_t len = (size_t)mib << 20, page = sysconf(_SC_PAGESIZE), at;
	int64_t begin_ns = now_ns();
	char *memory;

	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "%u MiB", mib);
	for (at = 0; at < len; at += page)
		memory[at] = 1;
	munmap(memory, len);
	tell("touched", begin_ns);
}

static void compute(int64_t busy_ns)
{
	int64_t begin_ns = now_ns();

	while (now_ns() - begin_ns < busy_ns)
		;
	tell("busy", begin_ns);
}

static void sleep_for(int64_t ns)
{
	struct timespec pause = { ns / SECOND, ns % SECOND };
	int64_t begin_ns = now_ns();

	nanosleep(&pause, NULL);
	tell("slept", begin_ns);
}

static bool is_its_turn(const struct stalls *stalls, unsigned int number)
{
	return number && number % stalls->every == 0;
}

/* Number counts while the session is Up, from 1 on; 0 if it is not. */
void stall_before_hello(const struct stalls *stalls, unsigned int number)
{
	if (stalls->write_file)
		write_and_sync(stalls->write_file);
	if (!is_its_turn(stalls, number))
		return;
	if (stalls->touch_mib)
		touch_memory(stalls->touch_mib);
	if (stalls->busy_ns)
		compute(stalls->busy_ns);
	if (stalls->sleep_ns)
		sleep_for(stalls->sleep_ns);
}

bool stalls_reading(const struct stalls *stalls, unsigned int number)
{
	return stalls->no_read_ns && is_its_turn(stalls, number);
}
