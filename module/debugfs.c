// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs - the files that people read
 *
 * All are 0400: under lockdown a file with a write bit cannot even be read.
 * Controls are module parameters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "collector.h"
#include "debugfs.h"
#include "self.h"
#include "snapshot.h"
#include "text.h"

/**
 * struct series_file - what a file shows
 * @run: the collector, NULL for the module's own series
 * @series: which
 * @column: of a table: show only this histogram of each row
 */
struct series_file {
	struct stall_run *run;
	const struct stall_series *series;
	const struct stall_column *column;
};

static struct dentry *root;
static struct series_file *files;
static unsigned int nr_files;
static int first_error;

/* Nothing is lost silently: a last line, if there is anything to tell. */
static void show_losses(struct seq_file *m, const struct stall_run *run)
{
	struct stall_losses losses;

	stall_run_losses(run, &losses);
	if (losses.dropped || losses.missed)
		seq_printf(m, "# %s: this is not all: %llu dropped, %llu missed\n",
			   run->collector->name, losses.dropped,
			   losses.missed);
}

/* Of the module's own series: what is theirs, and what no collector saw. */
static void show_all_losses(struct seq_file *m,
			    const struct stall_series *series)
{
	u64 lost = series->lost ? series->lost() : 0;
	unsigned int i;

	if (lost)
		seq_printf(m, "# this is not all: %llu older ones are lost\n",
			   lost);
	for (i = 0; i < stall_nr_runs(); i++)
		show_losses(m, stall_run_at(i));
}

static int show_series(struct seq_file *m, struct stall_run *run,
		       const struct stall_series *series,
		       const struct stall_column *column)
{
	struct stall_view view;
	int err;

	if (!stall_series_readable(run)) {
		seq_printf(m, "# %s is %s%s%s\n", run->collector->name,
			   stall_state_name(run->state),
			   run->reason[0] ? ": " : "", run->reason);
		return 0;
	}
	err = stall_view_read(&view, run ? run->collector->name :
			      STALL_SELF_GROUP, run, series);
	if (err)
		goto free;
	if (column)
		stall_text_column(m, &view, column);
	else
		stall_text_view(m, &view);
free:
	stall_view_free(&view);
	return err;
}

static int series_show(struct seq_file *m, void *unused)
{
	const struct series_file *file = m->private;
	u32 kind = file->series->kind;
	int err;

	mutex_lock(&stall_lock);
	err = show_series(m, file->run, file->series, file->column);
	if (!err && !file->run)
		show_all_losses(m, file->series);
	/* A file that is one number stays that. */
	else if (!err && kind != STALLMETER_COUNTER && kind != STALLMETER_GAUGE)
		show_losses(m, file->run);
	mutex_unlock(&stall_lock);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(series);

/* The module's own tables, but for those that are long and have a file. */
static int status_show(struct seq_file *m, void *unused)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&stall_lock);
	seq_printf(m, "stallmeter %s\n", THIS_MODULE->version ?: "");
	for (i = 0; i < stall_nr_self_series && !err; i++) {
		const struct stall_series *series = &stall_self_series[i];

		if (!series->in_status)
			continue;
		seq_printf(m, "\n%s: %s\n", series->name, series->help);
		err = show_series(m, NULL, series, NULL);
	}
	mutex_unlock(&stall_lock);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(status);

static void readme_collector(struct seq_file *m,
			     const struct stall_collector *collector)
{
	unsigned int i, j;

	seq_printf(m, "\n%s/ - %s\n", collector->name, collector->help);
	for (i = 0; i < collector->nr_series; i++) {
		const struct stall_series *series = &collector->series[i];
		const struct stall_table *table = series->table;

		seq_printf(m, "  %-20s %s\n", series->name, series->help);
		for (j = 0; table && j < table->nr_columns; j++)
			seq_printf(m, "    %-18s %s%s%s\n",
				   table->columns[j].name,
				   table->columns[j].help,
				   table->columns[j].unit ? ", in " : "",
				   table->columns[j].unit ?: "");
	}
}

static int readme_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	seq_puts(m,
		 "stallmeter tells what stalled this machine, for how long, and who caused it.\n"
		 "\n"
		 "README    this text\n"
		 "status    what is on, by which hook, what is missing and why; memory; controls\n"
		 "events    single stalls, the newest last\n"
		 "timeline  each histogram second by second, the last ten minutes\n"
		 "cost      what each hook costs\n"
		 "snapshot  all of it in binary, for the command stallmeter\n"
		 "\n"
		 "A table's first line begins with # and names its columns; columns are only ever\n"
		 "appended. Times are in ns of CLOCK_MONOTONIC. A histogram's rows are\n"
		 "  from  to (inclusive)  count  bar\n"
		 "and octaves without a value are left out. SERIES_COLUMN is the histogram COLUMN\n"
		 "of each row of table SERIES. If anything was lost, a last line with # says so.\n"
		 "\n"
		 "Controls are module parameters: /sys/module/stallmeter/parameters\n");
	for (i = 0; i < stall_nr_runs(); i++)
		readme_collector(m, stall_run_at(i)->collector);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(readme);

/* One open file is one moment. */
static int snapshot_open(struct inode *inode, struct file *file)
{
	struct stall_snapshot *snapshot;
	int err;

	snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);
	if (!snapshot)
		return -ENOMEM;
	err = stall_snapshot_build(snapshot);
	if (err) {
		kfree(snapshot);
		return err;
	}
	file->private_data = snapshot;
	return 0;
}

static ssize_t snapshot_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	const struct stall_snapshot *snapshot = file->private_data;

	return simple_read_from_buffer(buf, len, pos, snapshot->data,
				       snapshot->size);
}

static int snapshot_release(struct inode *inode, struct file *file)
{
	struct stall_snapshot *snapshot = file->private_data;

	stall_snapshot_free(snapshot);
	kfree(snapshot);
	return 0;
}

static const struct file_operations snapshot_fops = {
	.owner = THIS_MODULE,
	.open = snapshot_open,
	.read = snapshot_read,
	.llseek = default_llseek,
	.release = snapshot_release,
};

static unsigned int series_nr_files(const struct stall_series *series)
{
	const struct stall_table *table = series->table;
	unsigned int i, nr = 1;

	for (i = 0; table && i < table->nr_columns; i++)
		nr += table->columns[i].type == STALLMETER_HIST;
	return nr;
}

/* Keeps the first error, so that no file is missing unnoticed. */
static struct dentry *check(struct dentry *made)
{
	if (IS_ERR(made) && !first_error)
		first_error = PTR_ERR(made);
	return made;
}

static void create_file(const char *name, struct dentry *dir,
			struct stall_run *run,
			const struct stall_series *series,
			const struct stall_column *column)
{
	struct series_file *file = &files[nr_files++];

	file->run = run;
	file->series = series;
	file->column = column;
	check(debugfs_create_file(name, 0400, dir, file, &series_fops));
}

static void create_series(struct dentry *dir, struct stall_run *run,
			  const struct stall_series *series)
{
	const struct stall_table *table = series->table;
	char name[2 * STALLMETER_NAME_LEN];
	unsigned int i;

	create_file(series->name, dir, run, series, NULL);
	for (i = 0; table && i < table->nr_columns; i++) {
		if (table->columns[i].type != STALLMETER_HIST)
			continue;
		scnprintf(name, sizeof(name), "%s_%s", series->name,
			  table->columns[i].name);
		create_file(name, dir, run, series, &table->columns[i]);
	}
}

static void create_collectors(void)
{
	unsigned int i, j;

	for (i = 0; i < stall_nr_runs(); i++) {
		struct stall_run *run = stall_run_at(i);
		struct dentry *dir;

		dir = check(debugfs_create_dir(run->collector->name, root));
		for (j = 0; j < run->collector->nr_series; j++)
			create_series(dir, run, &run->collector->series[j]);
	}
}

static unsigned int count_files(void)
{
	unsigned int i, j, nr = stall_nr_self_series;

	for (i = 0; i < stall_nr_runs(); i++) {
		const struct stall_collector *collector =
			stall_run_at(i)->collector;

		for (j = 0; j < collector->nr_series; j++)
			nr += series_nr_files(&collector->series[j]);
	}
	return nr;
}

/**
 * stall_debugfs_init() - make the files
 *
 * Without debugfs there are none, and that is no error: collectors work and
 * can be controlled all the same.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_debugfs_init(void)
{
	unsigned int i;

	files = kcalloc(count_files(), sizeof(*files), GFP_KERNEL);
	if (!files)
		return -ENOMEM;
	root = check(debugfs_create_dir("stallmeter", NULL));
	check(debugfs_create_file("README", 0400, root, NULL, &readme_fops));
	check(debugfs_create_file("status", 0400, root, NULL, &status_fops));
	check(debugfs_create_file("snapshot", 0400, root, NULL,
				  &snapshot_fops));
	for (i = 0; i < stall_nr_self_series; i++)
		if (!stall_self_series[i].in_status)
			create_file(stall_self_series[i].name, root, NULL,
				    &stall_self_series[i], NULL);
	create_collectors();
	if (first_error == -ENOMEM) {
		stall_debugfs_exit();
		return -ENOMEM;
	}
	if (first_error)
		pr_warn("files in debugfs are missing: error %d\n",
			first_error);
	return 0;
}

/**
 * stall_debugfs_exit() - remove them, and wait for those who read
 */
void stall_debugfs_exit(void)
{
	debugfs_remove(root);
	kfree(files);
	files = NULL;
	nr_files = 0;
}
