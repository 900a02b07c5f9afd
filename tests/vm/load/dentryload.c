// SPDX-License-Identifier: GPL-2.0
/*
 * dentryload - makes dentries, and has them freed, in all the ways that a test wants
 *
 * usage: dentryload missing DIR NR [CPUS]  looks up NR names that are not there
 *        dentryload create DIR NR [CPUS]   creates NR files and unlinks each at once
 *        dentryload rewrite DIR NR [CPUS]  writes NR new files, and renames each a while
 *                                          later over one of the same 16 in turn
 *        dentryload spool DIR NR [CPUS]    creates NR files in DIR/in, renames each to
 *                                          DIR/out, and unlinks it there
 *        dentryload scan DIR NR [CPUS]     NR missing names, and NR times what is there
 *        dentryload unnamed DIR NR         opens NR pipes, and NR files without a name in
 *                                          DIR, and then closes them
 *        dentryload storm DIR [CPU]        all of it on few names, until it is killed
 *        dentryload cost DIR NR            prints ns a lookup of a missing name: the
 *                                          median of NR
 *        dentryload reclaim DIR NR         prints ns that it takes to drop all caches, of
 *                                          one missing name, the best of NR
 *        dentryload watch DIR              asks inotify for DIR, and prints how many ns
 *                                          that took
 *        dentryload drop DIR PRIORITY      drops all caches as a real-time task (SCHED_FIFO),
 *                                          and prints how many ns that took
 *
 * With CPUS, there are as many threads, each on a CPU and with NR names of its own.
 * No name is the same in two calls, but for those of "rewrite" and "storm".
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct thread {
	pthread_t id;
	const char *what;
	int dir;
	unsigned int nr;
	unsigned int cpu;
};

/* All names have the same length, as a longer one costs more. */
static const char *name_of(char *name, unsigned int cpu, unsigned int i)
{
	sprintf(name, "name-%07u-%u-%09u", getpid() % 10000000, cpu % 10, i);
	return name;
}

static void look_up(int dir, const char *name)
{
	if (!faccessat(dir, name, F_OK, 0) || errno != ENOENT)
		err(1, "%s is there", name);
}

static void make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0)
		err(1, "cannot create %s", name);
	close(fd);
	if (unlinkat(dir, name, 0))
		err(1, "cannot unlink %s", name);
}

/* The rename frees the old file's dentry, one and a half rounds after it was made. */
static void rewrite_file(int dir, unsigned int cpu, unsigned int i)
{
	char draft[64], name[64];
	int fd;

	snprintf(draft, sizeof(draft), "draft-%u-%u", cpu, i % 16);
	fd = openat(dir, draft, O_CREAT | O_WRONLY, 0600);
	if (fd < 0)
		err(1, "cannot create %s", draft);
	close(fd);
	if (i < 8)
		return;
	snprintf(draft, sizeof(draft), "draft-%u-%u", cpu, (i - 8) % 16);
	snprintf(name, sizeof(name), "file-%u-%u", cpu, (i - 8) % 16);
	if (renameat(dir, draft, dir, name))
		err(1, "cannot rename %s", draft);
}

static void spool_file(int dir, const char *name)
{
	char in[80], out[80];
	int fd;

	snprintf(in, sizeof(in), "in/%s", name);
	snprintf(out, sizeof(out), "out/%s", name);
	fd = openat(dir, in, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd < 0)
		err(1, "cannot create %s", in);
	close(fd);
	if (renameat(dir, in, dir, out) || unlinkat(dir, out, 0))
		err(1, "cannot rename or unlink %s", in);
}

/* What is there, over and over; a process that has gone meanwhile is no error. */
static void stat_all(int dir, unsigned int nr)
{
	struct dirent *entry;
	struct stat st;
	DIR *list;

	while (nr) {
		list = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
		if (!list)
			err(1, "cannot read the directory");
		while (nr && (entry = readdir(list))) {
			fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
			nr--;
		}
		closedir(list);
	}
}

static void pin(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
}

static void *thread_main(void *data)
{
	struct thread *thread = data;
	char name[64];
	unsigned int i;

	pin(thread->cpu);
	for (i = 0; i < thread->nr; i++) {
		name_of(name, thread->cpu, i);
		if (!strcmp(thread->what, "create"))
			make_file(thread->dir, name);
		else if (!strcmp(thread->what, "rewrite"))
			rewrite_file(thread->dir, thread->cpu, i);
		else if (!strcmp(thread->what, "spool"))
			spool_file(thread->dir, name);
		else
			look_up(thread->dir, name);
	}
	if (!strcmp(thread->what, "scan"))
		stat_all(thread->dir, thread->nr);
	return NULL;
}

static void run(const char *what, int dir, unsigned int nr, unsigned int cpus)
{
	struct thread threads[16];
	unsigned int i;

	if (cpus > 16)
		errx(2, "too many CPUs");
	for (i = 0; i < cpus; i++) {
		threads[i] = (struct thread){ .what = what, .dir = dir,
					      .nr = nr, .cpu = i };
		if (pthread_create(&threads[i].id, NULL, thread_main,
				   &threads[i]))
			errx(1, "pthread_create");
	}
	for (i = 0; i < cpus; i++)
		pthread_join(threads[i].id, NULL);
}

static void unnamed(int dir, unsigned int nr)
{
	const struct rlimit files = { 3 * nr + 64, 3 * nr + 64 };
	unsigned int i;
	int ends[2];

	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "room for %u", nr);
	for (i = 0; i < nr; i++)
		if (pipe(ends) || openat(dir, ".", O_TMPFILE | O_WRONLY, 0600) < 0)
			err(1, "pipe or file");
	closefrom(dir);
}

/*
 * Where nothing can be created, the rest is done. A program that never waits would have
 * who detaches wait for it, for seconds.
 */
static void storm(int dir, unsigned int cpu)
{
	char name[64];
	unsigned int i;
	int fd;

	pin(cpu);
	for (i = 0;; i++) {
		name_of(name, cpu, i % 1000);
		faccessat(dir, name, F_OK, 0);
		if (i % 32 == 31)
			usleep(5000);
		if (i % 4)
			continue;
		fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			continue;
		close(fd);
		unlinkat(dir, name, 0);
	}
}

static void drop_all(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	if (pwrite(fd, "2", 1, 0) != 1)
		err(1, "drop_caches");
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/*
 * The directory and its block are in memory. Now and then a lookup pays for an interrupt
 * or a page of new dentries as well, hence the median.
 */
static void cost(int dir, unsigned int nr)
{
	uint64_t *took = calloc(nr, sizeof(*took)), began;
	char name[64];
	unsigned int i;

	if (!took)
		err(1, "calloc");
	drop_all();
	look_up(dir, name_of(name, 1, 0));
	for (i = 0; i < nr; i++) {
		name_of(name, 0, i);
		began = now_ns();
		look_up(dir, name);
		took[i] = now_ns() - began;
	}
	qsort(took, nr, sizeof(*took), compare);
	printf("%llu\n", (unsigned long long)took[nr / 2]);
	drop_all();
}

static void reclaim(int dir, unsigned int nr)
{
	uint64_t best = UINT64_MAX, took;
	char name[64];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		look_up(dir, name_of(name, 0, i));
		took = now_ns();
		drop_all();
		took = now_ns() - took;
		if (took < best)
			best = took;
	}
	printf("%llu\n", (unsigned long long)best);
}

/* The kernel marks each dentry of the directory, and lets nobody else run meanwhile. */
static void watch(const char *path)
{
	int fd = inotify_init();
	uint64_t began = now_ns();

	if (fd < 0 || inotify_add_watch(fd, path, IN_ALL_EVENTS) < 0)
		err(1, "inotify of %s", path);
	printf("%llu\n", (unsigned long long)(now_ns() - began));
}

/* It ends as any other task, as it may wait then. */
static void drop(unsigned int priority)
{
	const struct sched_param param = { .sched_priority = priority }, none = { 0 };
	uint64_t began;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "sched_setscheduler");
	began = now_ns();
	drop_all();
	printf("%llu\n", (unsigned long long)(now_ns() - began));
	sched_setscheduler(0, SCHED_OTHER, &none);
}

int main(int argc, char **argv)
{
	unsigned int nr, cpus;
	int dir;

	if (argc < 3)
		errx(2, "see the head of dentryload.c");
	dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		err(1, "%s", argv[2]);
	nr = argc > 3 ? atoi(argv[3]) : 0;
	cpus = argc > 4 ? atoi(argv[4]) : 1;
	if (!strcmp(argv[1], "unnamed"))
		unnamed(dir, nr);
	else if (!strcmp(argv[1], "storm"))
		storm(dir, nr);
	else if (!strcmp(argv[1], "cost"))
		cost(dir, nr);
	else if (!strcmp(argv[1], "reclaim"))
		reclaim(dir, nr);
	else if (!strcmp(argv[1], "watch"))
		watch(argv[2]);
	else if (!strcmp(argv[1], "drop"))
		drop(nr);
	else
		run(argv[1], dir, nr, cpus);
	return 0;
}
