// SPDX-License-Identifier: GPL-2.0
/*
 * dcache_state - what we counted beside what the kernel counted
 *
 * The kernel's count is in no symbol that a module could reach, but in a file.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/magic.h>

#include "dcache.h"

#define DENTRY_STATE	"/proc/sys/fs/dentry-state"

/**
 * dcache_read_numbers() - the kernel's own count of dentries
 * @numbers: result; not known where the reader has no /proc
 *
 * Context: process, may sleep.
 */
void dcache_read_numbers(struct dcache_numbers *numbers)
{
	/* Whatever else the reader's root may have there must not block. */
	struct file *file = filp_open(DENTRY_STATE, O_RDONLY | O_NONBLOCK, 0);
	char text[128] = "";
	loff_t at = 0;

	numbers->known = false;
	if (IS_ERR(file))
		return;
	/* nr_dentry, nr_unused, age_limit, want_pages, nr_negative */
	if (file_inode(file)->i_sb->s_magic == PROC_SUPER_MAGIC &&
	    kernel_read(file, text, sizeof(text) - 1, &at) > 0)
		numbers->known = sscanf(text, "%lld %lld %*d %*d %lld",
					&numbers->dentries, &numbers->unused,
					&numbers->negative) == 3;
	filp_close(file, NULL);
}

struct numbers_row {
	s64 live;
	s64 kernel_dentries;
	s64 kernel_unused;
	s64 kernel_negative;
	s64 kernel_dentries_since;
	s64 kernel_negative_since;
};

static const struct stall_column numbers_columns[] = {
	STALL_S64(numbers_row, live, "dentries",
		  "allocated less freed since the start, as we saw it"),
	STALL_S64(numbers_row, kernel_dentries, "dentries",
		  "the kernel's count of all dentries"),
	STALL_S64(numbers_row, kernel_unused, "dentries",
		  "of them, those that reclaim may take"),
	STALL_S64(numbers_row, kernel_negative, "dentries",
		  "of the unused, those that stand for no file"),
	STALL_S64(numbers_row, kernel_dentries_since, "dentries",
		  "how many more than at the start, to compare with live"),
	STALL_S64(numbers_row, kernel_negative_since, "dentries",
		  "how many more negative ones than at the start"),
};

static int numbers_collect(struct stall_run *run, struct stall_rows *rows)
{
	struct dcache_state *dcache = run->priv;
	struct numbers_row *row = stall_rows_add(rows);
	struct dcache_numbers now;

	if (!row)
		return -ENOMEM;
	dcache_read_numbers(&now);
	row->live = stall_run_counter(run, DCACHE_LIVE);
	if (!now.known)
		return 0;
	row->kernel_dentries = now.dentries;
	row->kernel_unused = now.unused;
	row->kernel_negative = now.negative;
	if (!dcache->at_start.known)
		return 0;
	row->kernel_dentries_since = now.dentries - dcache->at_start.dentries;
	row->kernel_negative_since = now.negative - dcache->at_start.negative;
	return 0;
}

const struct stall_table dcache_numbers_table =
	STALL_TABLE(numbers_row, numbers_columns, numbers_collect);
