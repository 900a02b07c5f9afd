// SPDX-License-Identifier: GPL-2.0
/*
 * dcache_makers - who made dentries in which directory, and how many stay
 *
 * A maker is a command in a cgroup, at work in one directory. The process is
 * only noted: what a health check leaves behind in a year of short-lived
 * processes is to be one row. A directory is known by its device, inode number
 * and generation, as the addresses of dentries come to mean others.
 *
 * A dentry is counted when it gets its place in a directory. Not all stay:
 * tmpfs and procfs keep none that stands for no file, and who writes a file
 * anew and renames it over the old one leaves one behind, however often. So a
 * CPU remembers some that it saw made of late, and takes those that their maker
 * frees himself for passing.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "dcache.h"

/* Parts of a directory's path that are kept. */
#define PATH_PARTS	4
/* A short name has as many bytes in the dentry itself: no read goes further. */
#define PATH_NAME	32

static void maker_merge(void *into, const void *from)
{
	const struct dcache_maker *other = from;
	struct dcache_maker *maker = into;

	maker->negative += other->negative;
	maker->passing += other->passing;
	maker->passing_negative += other->passing_negative;
}

/**
 * dcache_makers_init() - nobody made anything yet
 * @makers: the table
 *
 * Return: 0 or -ENOMEM.
 */
int dcache_makers_init(struct stall_tally *makers)
{
	return stall_tally_init(makers, sizeof(struct dcache_maker), maker_merge);
}

/* Whom a dentry in @dir of @sb, or in no directory, is made by just now. */
static __always_inline u64 maker_key_in(const struct super_block *sb,
					const struct inode *dir)
{
	u64 comm, more, sum;

	stall_comm_words(&comm, &more);
	sum = stall_tally_mix(comm, more);
	sum = stall_tally_mix(sum, stall_cgroup_id());
	sum = stall_tally_mix(sum, sb->s_dev);
	if (likely(dir))
		sum = stall_tally_mix(sum, dir->i_ino ^
				      (u64)dir->i_generation << 32);
	return stall_tally_key(sum);
}

static __always_inline u64 maker_key(const struct dentry *dentry)
{
	return maker_key_in(dentry->d_sb, d_inode_rcu(dentry->d_parent));
}

/*
 * Put a name in front of @at, with a slash before it. Names change under our
 * eyes, but their memory stays while preemption is off, and they end with a NUL.
 */
static char *path_prepend(char *at, const struct dentry *dentry)
{
	const unsigned char *name = READ_ONCE(dentry->d_name.name);
	size_t len = strnlen(name, PATH_NAME);

	if (len == PATH_NAME) {	/* or longer */
		len = PATH_NAME - 1;
		*--at = '~';
	}
	at -= len;
	memcpy(at, name, len);
	*--at = '/';
	return at;
}

/* The last parts of a path; "..." stands for those before them. */
static void path_of(char path[DCACHE_PATH], const struct dentry *dir)
{
	char whole[PATH_PARTS * (PATH_NAME + 1) + 4];
	char *end = whole + sizeof(whole) - 1, *at = end;
	const struct dentry *parent;
	unsigned int i;

	*end = '\0';
	for (i = 0; i < PATH_PARTS; i++) {
		parent = READ_ONCE(dir->d_parent);
		if (parent == dir)
			break;
		at = path_prepend(at, dir);
		dir = parent;
	}
	if (at == end)
		*--at = '/';
	if (READ_ONCE(dir->d_parent) != dir) {
		at -= 3;
		memcpy(at, "...", 3);
	}
	/* The end tells most. */
	if (end - at >= DCACHE_PATH) {
		at = end - (DCACHE_PATH - 1);
		memcpy(at, "...", 3);
	}
	memcpy(path, at, end - at + 1);
}

/* Rare: a maker comes into the table. */
static noinline void maker_describe(struct dcache_maker *maker,
				    const struct dentry *dentry)
{
	const struct dentry *parent = dentry->d_parent;

	stall_who_current(&maker->who);
	stall_fs_name(maker->filesystem, dentry->d_sb);
	if (parent == dentry)
		strscpy(maker->directory, "-", sizeof(maker->directory));
	else
		path_of(maker->directory, parent);
}

static __always_inline struct stall_tally_entry *
maker_claim(struct stall_run *run, u64 key, const struct dentry *dentry)
{
	struct dcache_state *dcache = run->priv;
	struct stall_tally_entry *entry = stall_tally_claim(&dcache->makers,
							    key);

	if (unlikely(!entry))
		stall_missed(run);
	else if (unlikely(stall_tally_is_new(entry)))
		maker_describe(entry->row, dentry);
	return entry;
}

static __always_inline struct dcache_fresh *
dcache_place(struct dcache_cpu *mine, const struct dentry *dentry)
{
	return &mine->fresh[hash_ptr(dentry, ilog2(DCACHE_FRESH))];
}

static __always_inline void
dcache_remember(struct dcache_cpu *mine, const struct dentry *dentry, u64 maker,
		bool negative, bool made)
{
	struct dcache_fresh *fresh = dcache_place(mine, dentry);

	fresh->dentry = dentry;
	fresh->maker = maker;
	fresh->turner = maker;
	fresh->pid = current->pid;
	fresh->negative = negative;
	fresh->made = made;
}

/**
 * dcache_made() - a dentry gets its place in a directory
 * @run: the collector
 * @dentry: it, with a parent
 * @negative: it stands for no file
 *
 * Context: any, preemption off.
 */
void dcache_made(struct stall_run *run, const struct dentry *dentry,
		 bool negative)
{
	struct dcache_state *dcache = run->priv;
	struct dcache_cpu *mine = this_cpu_ptr(dcache->cpus);
	u64 key = maker_key(dentry);
	struct stall_tally_entry *entry;
	struct dcache_maker *maker;

	mine->asked.task = NULL;
	entry = maker_claim(run, key, dentry);
	if (!entry)
		return;
	maker = entry->row;
	maker->negative += negative;
	stall_tally_release(&dcache->makers, entry, key, 1);

	dcache_remember(mine, dentry, key, negative, true);
}

static __always_inline struct dcache_fresh *
dcache_fresh(struct dcache_cpu *mine, const struct dentry *dentry)
{
	struct dcache_fresh *fresh = dcache_place(mine, dentry);

	if (fresh->dentry != dentry || fresh->pid != current->pid)
		return NULL;
	return fresh;
}

/**
 * dcache_turned() - a dentry that others can find loses its file, or gets one
 * @run: the collector
 * @dentry: it
 * @negative: it loses it
 *
 * Who unlinks comes into the table with the dentries that he leaves behind,
 * though he made none; who gives a file to a dentry that another task made is
 * part of the row for all others.
 *
 * Context: any, preemption off.
 */
void dcache_turned(struct stall_run *run, const struct dentry *dentry,
		   bool negative)
{
	struct dcache_state *dcache = run->priv;
	struct dcache_cpu *mine = this_cpu_ptr(dcache->cpus);
	struct dcache_fresh *fresh = dcache_fresh(mine, dentry);
	u64 key = maker_key(dentry);
	struct stall_tally_entry *entry;
	struct dcache_maker *maker;

	if (fresh) {
		fresh->negative = negative;
		fresh->turner = key;
	} else if (negative) {	/* tmpfs frees it in a moment */
		dcache_remember(mine, dentry, key, true, false);
	}
	if (negative)
		entry = maker_claim(run, key, dentry);
	else
		entry = stall_tally_find(&dcache->makers, key);
	if (!entry)
		return;
	maker = entry->row;
	maker->negative += negative ? 1 : -1;
	stall_tally_release(&dcache->makers, entry, key, 0);
}

/**
 * dcache_made_passing() - a dentry is made that the cache never keeps
 * @run: the collector
 * @dentry: it, with a parent or, if it is in no directory, its own
 *
 * Context: any, preemption off.
 */
void dcache_made_passing(struct stall_run *run, const struct dentry *dentry)
{
	struct dcache_state *dcache = run->priv;
	u64 key = IS_ROOT(dentry) ? maker_key_in(dentry->d_sb, NULL) :
				    maker_key(dentry);
	struct stall_tally_entry *entry;
	struct dcache_maker *maker;

	this_cpu_ptr(dcache->cpus)->asked.task = NULL;
	entry = maker_claim(run, key, dentry);
	if (!entry)
		return;
	maker = entry->row;
	maker->passing++;
	stall_tally_release(&dcache->makers, entry, key, 1);
}

static void maker_passes(struct dcache_state *dcache, u64 key, bool made,
			 bool negative)
{
	struct stall_tally_entry *entry = stall_tally_find(&dcache->makers, key);
	struct dcache_maker *maker;

	if (!entry)
		return;
	maker = entry->row;
	maker->passing += made;
	maker->passing_negative += negative;
	stall_tally_release(&dcache->makers, entry, key, 0);
}

static void dcache_gone_fresh(struct dcache_state *dcache,
			      struct dcache_fresh *fresh)
{
	bool renamed = fresh->turner != fresh->maker;

	fresh->dentry = NULL;
	maker_passes(dcache, fresh->maker, fresh->made,
		     fresh->negative && !renamed);
	if (unlikely(renamed))
		maker_passes(dcache, fresh->turner, false, fresh->negative);
}

/**
 * dcache_gone() - a dentry is freed
 * @run: the collector
 * @dentry: it; its name is still there
 *
 * Context: any, preemption off.
 */
void dcache_gone(struct stall_run *run, const struct dentry *dentry)
{
	struct dcache_state *dcache = run->priv;
	struct dcache_cpu *mine = this_cpu_ptr(dcache->cpus);
	struct dcache_asked *asked = &mine->asked;
	struct dcache_fresh *fresh = dcache_fresh(mine, dentry);

	/*
	 * Or a lookup failed before the dentry got a place, as procfs does it.
	 * The hash of a name is salted with its directory, which the task is
	 * looking in: so the parent is still there, though a dentry may outlive
	 * its own.
	 */
	if (fresh)
		dcache_gone_fresh(dcache, fresh);
	else if (asked->task == current && asked->sb == dentry->d_sb &&
		 asked->name == dentry->d_name.hash_len &&
		 !dcache_is_past(dcache, asked->at, stall_ticks()))
		dcache_made_passing(run, dentry);
}
