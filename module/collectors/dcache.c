// SPDX-License-Identifier: GPL-2.0
/*
 * dcache - who makes dentries, how many of them stand for no file, and which
 * of them stay?
 *
 * Each dentry is allocated by __d_alloc() and ends in dentry_free(). In between
 * it gets its place in a directory by d_splice_alias() or d_add(), without an
 * inode if there is no such file: a negative dentry, which most file systems
 * keep. Unlinking makes a file's dentry negative (d_delete()), creating one
 * turns a negative dentry positive (__d_instantiate()).
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "dcache.h"

/* __d_alloc(sb, name). The new dentry has no parent yet. */
static void dcache_on_alloc(struct stall_run *run, struct pt_regs *regs)
{
	u64 now = stall_ticks();
	struct dcache_state *dcache = run->priv;
	struct dcache_cpu *mine = this_cpu_ptr(dcache->cpus);
	const struct qstr *name = (void *)regs_get_kernel_argument(regs, 1);

	mine->asked.task = name ? current : NULL;
	mine->asked.sb = (void *)regs_get_kernel_argument(regs, 0);
	mine->asked.name = name ? name->hash_len : 0;
	mine->asked.at = now;

	stall_count(run, DCACHE_ALLOCATED);
	stall_gauge_add(run, DCACHE_LIVE, 1);
	if (likely(!dcache_is_over(dcache, &mine->burst, now)))
		this_cpu_inc(dcache->cpus->burst.nr);
	else
		dcache_new_burst(run, now);
}

NOKPROBE_SYMBOL(dcache_on_alloc);

/* dentry_free(dentry) */
static void dcache_on_free(struct stall_run *run, struct pt_regs *regs)
{
	struct dcache_state *dcache = run->priv;
	struct dcache_window *batch = &this_cpu_ptr(dcache->cpus)->batch;
	u64 now = stall_ticks();

	stall_count(run, DCACHE_FREED);
	stall_gauge_add(run, DCACHE_LIVE, -1);
	if (batch->task != current ||
	    unlikely(dcache_is_over(dcache, batch, now)))
		dcache_new_batch(run);
	WRITE_ONCE(batch->since, now);
	this_cpu_inc(dcache->cpus->batch.nr);

	dcache_gone(run, (void *)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(dcache_on_free);

static void dcache_added(struct stall_run *run, const struct dentry *dentry,
			 const struct inode *inode)
{
	if (!inode) {
		stall_count(run, DCACHE_NEGATIVE_MADE);
		dcache_made(run, dentry, true);
	} else if (!IS_ERR(inode)) {
		dcache_made(run, dentry, false);
	}
}

/* d_splice_alias(inode, dentry) */
static void dcache_on_splice(struct stall_run *run, struct pt_regs *regs)
{
	dcache_added(run, (void *)regs_get_kernel_argument(regs, 1),
		     (void *)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(dcache_on_splice);

/* d_add(dentry, inode) */
static void dcache_on_add(struct stall_run *run, struct pt_regs *regs)
{
	dcache_added(run, (void *)regs_get_kernel_argument(regs, 0),
		     (void *)regs_get_kernel_argument(regs, 1));
}

NOKPROBE_SYMBOL(dcache_on_add);

/*
 * __d_instantiate(dentry, inode). What nobody could find before is made only
 * here. If it has no directory, as a socket, or its file no name, nobody ever
 * will.
 */
static void dcache_on_instantiate(struct stall_run *run, struct pt_regs *regs)
{
	const struct dentry *dentry = (void *)regs_get_kernel_argument(regs, 0);
	const struct inode *inode = (void *)regs_get_kernel_argument(regs, 1);

	if (d_unhashed(dentry)) {
		if (IS_ROOT(dentry) || (inode && !inode->i_nlink))
			dcache_made_passing(run, dentry);
		else
			dcache_made(run, dentry, false);
		return;
	}
	stall_count(run, DCACHE_TURNED_POSITIVE);
	dcache_turned(run, dentry, false);
}

NOKPROBE_SYMBOL(dcache_on_instantiate);

/*
 * d_delete(dentry), after unlink and rmdir. A dentry that is used elsewhere is
 * unhashed instead of becoming negative.
 */
static void dcache_on_delete(struct stall_run *run, struct pt_regs *regs)
{
	const struct dentry *dentry = (void *)regs_get_kernel_argument(regs, 0);
	u64 lasted_ns;

	if (d_is_dir(dentry) &&
	    dcache_walk_ends(run->priv, dentry, &lasted_ns))
		stall_record(run, DCACHE_WALK, lasted_ns);
	if (dentry->d_lockref.count != 1 || d_unhashed(dentry))
		return;
	stall_count(run, DCACHE_NEGATIVE_MADE);
	dcache_turned(run, dentry, true);
}

NOKPROBE_SYMBOL(dcache_on_delete);

/* shrink_dcache_parent(dentry): rmdir goes on to d_delete() of the same. */
static void dcache_on_rmdir(struct stall_run *run, struct pt_regs *regs)
{
	dcache_walk_begins(run->priv,
			   (void *)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(dcache_on_rmdir);

/* shrink_dcache_for_umount(sb): umount goes on to sync_filesystem(). */
static void dcache_on_umount(struct stall_run *run, struct pt_regs *regs)
{
	dcache_walk_begins(run->priv,
			   (void *)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(dcache_on_umount);

/* sync_filesystem(sb) */
static void dcache_on_sync(struct stall_run *run, struct pt_regs *regs)
{
	const void *sb = (void *)regs_get_kernel_argument(regs, 0);
	u64 lasted_ns;

	if (dcache_walk_ends(run->priv, sb, &lasted_ns))
		stall_record(run, DCACHE_WALK, lasted_ns);
}

NOKPROBE_SYMBOL(dcache_on_sync);

static void dcache_teardown(struct stall_run *run)
{
	struct dcache_state *dcache = run->priv;

	kfree(dcache->walks);
	stall_tally_free(&dcache->makers);
	free_percpu(dcache->cpus);
	kfree(dcache);
}

static int dcache_setup(struct stall_run *run)
{
	struct dcache_state *dcache = kzalloc(sizeof(*dcache), GFP_KERNEL);

	if (!dcache)
		return -ENOMEM;
	run->priv = dcache;
	dcache->window_ticks = stall_ns_to_ticks(10 * NSEC_PER_MSEC);
	dcache->cpus = alloc_percpu(struct dcache_cpu);
	if (!dcache->cpus || dcache_makers_init(&dcache->makers) ||
	    dcache_walks_init(dcache)) {
		dcache_teardown(run);
		return -ENOMEM;
	}
	run->memory_bytes += sizeof(*dcache) + dcache_walks_bytes();
	run->memory_cpu_bytes += sizeof(struct dcache_cpu) +
				 stall_tally_cpu_bytes(&dcache->makers);
	return 0;
}

static void dcache_attached(struct stall_run *run)
{
	struct dcache_state *dcache = run->priv;

	/* Some were counted while the last probes were attached. */
	dcache_read_numbers(&dcache->at_start);
	dcache->at_start.dentries -= stall_run_counter(run, DCACHE_LIVE);
}

static const struct stall_series dcache_series[] = {
	[DCACHE_ALLOCATED] = {
		STALL_COUNTER("allocated", "dentries", "dentries allocated")
	},
	[DCACHE_FREED] = {
		STALL_COUNTER("freed", "dentries", "dentries freed")
	},
	[DCACHE_NEGATIVE_MADE] = {
		STALL_COUNTER("negative_made", "dentries",
			      "became negative, by a lookup without result or by unlink")
	},
	[DCACHE_TURNED_POSITIVE] = {
		STALL_COUNTER("turned_positive", "dentries",
			      "negative dentries that got a file")
	},
	[DCACHE_LIVE] = {
		STALL_GAUGE("live", "dentries",
			    "allocated less freed, since the start")
	},
	[DCACHE_BURST] = {
		STALL_HISTOGRAM("burst_dentries", "dentries",
				"allocated by a CPU in each 10 ms in which any was")
	},
	[DCACHE_BATCH] = {
		STALL_HISTOGRAM("batch_dentries", "dentries",
				"freed by a task on a CPU without a pause of 10 ms")
	},
	[DCACHE_WALK] = {
		STALL_HISTOGRAM("walk_ns", "ns",
				"to take down a tree of dentries, by rmdir or umount")
	},
	[DCACHE_NUMBERS] = {
		STALL_ROWS("state", dcache_numbers_table,
			   "live dentries beside the kernel's own count (dentry-state)")
	},
	[DCACHE_MAKERS] = {
		STALL_ROWS("makers", dcache_maker_table,
			   "who made dentries in which directory, and how many stay")
	},
};

/*
 * d_splice_alias() and d_add() rather than __d_add(), which is inlined by v6.18
 * and cannot be traced before. v6.17 has d_splice_alias_ops(), which the former
 * calls.
 */
static const struct stall_probe dcache_probes[] = {
	{ STALL_FUNCTION(dcache_on_free, "dentry_free") },
	{ STALL_FUNCTION(dcache_on_alloc, "__d_alloc"), .hot = true },
	{ STALL_FUNCTION(dcache_on_splice, "d_splice_alias_ops",
			 "d_splice_alias"), .hot = true },
	{ STALL_FUNCTION(dcache_on_add, "d_add") },
	{ STALL_FUNCTION(dcache_on_instantiate, "__d_instantiate"),
	  .optional = true },
	{ STALL_FUNCTION(dcache_on_delete, "d_delete"), .optional = true },
	{ STALL_FUNCTION(dcache_on_sync, "sync_filesystem"), .optional = true },
	{ STALL_FUNCTION(dcache_on_rmdir, "shrink_dcache_parent"),
	  .optional = true },
	{ STALL_FUNCTION(dcache_on_umount, "shrink_dcache_for_umount"),
	  .optional = true },
	{ STALL_NO_HOOK("shrink_dcache_sb", "nothing to hook at its end") },
	{ STALL_NO_HOOK("d_walk", "nothing to hook at its end") },
};

const struct stall_collector stall_dcache = {
	STALL_COLLECTOR("dcache", "dentries: who makes them, and which stay?",
			dcache_series, dcache_probes),
	.setup = dcache_setup,
	.teardown = dcache_teardown,
	.attached = dcache_attached,
	.flush = dcache_flush,
};
