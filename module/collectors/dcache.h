/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dcache.h - what the parts of collector dcache share
 */
#ifndef STALL_DCACHE_H
#define STALL_DCACHE_H

#include "../collector.h"

struct dentry;
struct super_block;
struct task_struct;
struct dcache_walk;

/* Dentries that a CPU remembers in case they are freed soon; a power of two. */
#define DCACHE_FRESH	512

/**
 * struct dcache_window - dentries that are counted until a window is over
 * @nr: how many so far
 * @since: start of the window, or last of its dentries, in ticks
 * @task: who frees them
 */
struct dcache_window {
	u64 nr;
	u64 since;
	const struct task_struct *task;
};

/**
 * struct dcache_asked - an allocation whose dentry was not yet seen
 * @task: who asked, NULL for none
 * @sb: on which file system
 * @name: hash and length of the name
 * @at: when, in ticks
 */
struct dcache_asked {
	const struct task_struct *task;
	const struct super_block *sb;
	u64 name;
	u64 at;
};

/**
 * struct dcache_fresh - a dentry that was made or unlinked of late
 * @dentry: its address, not to be followed
 * @maker: key of who made it
 * @turner: key of who made it negative: another one if it was renamed before
 * @pid: whose thread did it; a number, as the address of a task that is gone
 *	soon is another's
 * @negative: it stands for no file
 * @made: it was made, not only unlinked
 */
struct dcache_fresh {
	const struct dentry *dentry;
	u64 maker;
	u64 turner;
	pid_t pid;
	bool negative;
	bool made;
};

/**
 * struct dcache_cpu - what a CPU is in the middle of
 * @burst: allocations
 * @batch: frees
 * @asked: the last allocation
 * @fresh: dentries that were made of late, by the hash of their address: a newer
 *	one takes the place of an older one
 */
struct dcache_cpu {
	struct dcache_window burst;
	struct dcache_window batch;
	struct dcache_asked asked;
	struct dcache_fresh fresh[DCACHE_FRESH];
};

/* Bytes of a directory's path that are kept. */
#define DCACHE_PATH	96

/**
 * struct dcache_maker - what is kept beside the number of dentries
 * @who: one of the processes
 * @filesystem: of the directory, raw bytes
 * @directory: its path on that file system, raw bytes
 * @negative: dentries that were made, or made negative by unlink, and stand
 *	for no file, less those that got one
 * @passing: dentries that their maker freed soon, or that are never kept
 * @passing_negative: of them, those that stood for no file
 */
struct dcache_maker {
	struct stall_who who;
	char filesystem[STALL_FS_NAME];
	char directory[DCACHE_PATH];
	s64 negative;
	u64 passing;
	u64 passing_negative;
};

/**
 * struct dcache_numbers - the kernel's own count of dentries
 * @known: it could be read
 * @dentries: all
 * @unused: those that reclaim may take
 * @negative: of the unused, those that stand for no file
 */
struct dcache_numbers {
	bool known;
	s64 dentries;
	s64 unused;
	s64 negative;
};

/**
 * struct dcache_state - the collector's own
 * @cpus: what each CPU is in the middle of
 * @window_ticks: length of a window
 * @makers: who made dentries, and where
 * @walks: trees that are being taken down
 * @at_start: the kernel's count when we began to look
 */
struct dcache_state {
	struct dcache_cpu __percpu *cpus;
	u64 window_ticks;
	struct stall_tally makers;
	struct dcache_walk *walks;
	struct dcache_numbers at_start;
};

/* Index of the series. */
enum {
	DCACHE_ALLOCATED, DCACHE_FREED, DCACHE_NEGATIVE_MADE,
	DCACHE_TURNED_POSITIVE, DCACHE_LIVE, DCACHE_BURST, DCACHE_BATCH,
	DCACHE_WALK, DCACHE_NUMBERS, DCACHE_MAKERS,
};

extern const struct stall_table dcache_maker_table;
extern const struct stall_table dcache_numbers_table;

int dcache_makers_init(struct stall_tally *makers);
void dcache_made(struct stall_run *run, const struct dentry *dentry,
		 bool negative);
void dcache_made_passing(struct stall_run *run, const struct dentry *dentry);
void dcache_turned(struct stall_run *run, const struct dentry *dentry,
		   bool negative);
void dcache_gone(struct stall_run *run, const struct dentry *dentry);

void dcache_new_burst(struct stall_run *run, u64 now);
void dcache_new_batch(struct stall_run *run);
void dcache_flush(struct stall_run *run);

int dcache_walks_init(struct dcache_state *dcache);
size_t dcache_walks_bytes(void);
void dcache_walk_begins(struct dcache_state *dcache, const void *tree);
bool dcache_walk_ends(struct dcache_state *dcache, const void *tree,
		      u64 *lasted_ns);

void dcache_read_numbers(struct dcache_numbers *numbers);

/* Is it longer ago than a window, or has the counter begun anew since? */
static inline bool dcache_is_past(const struct dcache_state *dcache, u64 then,
				  u64 now)
{
	return now - then + dcache->window_ticks >= 2 * dcache->window_ticks;
}

static inline bool dcache_is_over(const struct dcache_state *dcache,
				  const struct dcache_window *window, u64 now)
{
	return dcache_is_past(dcache, READ_ONCE(window->since), now);
}

#endif /* STALL_DCACHE_H */
