// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot - all series of one moment in one binary file
 *
 * First all series are looked at, then their sizes are known and the file is
 * laid out: header, series descriptors, column descriptors, data.
 */
#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "collector.h"
#include "self.h"
#include "snapshot.h"
#include "view.h"

static_assert(sizeof(struct stallmeter_header) == 208);
static_assert(sizeof(struct stallmeter_desc) == 208);
static_assert(sizeof(struct stallmeter_column) == 160);
static_assert(sizeof(struct stallmeter_hist) == 24);
static_assert(STALLMETER_SUB_BITS == STALL_HIST_SUB_BITS);
static_assert(STALLMETER_NR_BUCKETS == STALL_HIST_BUCKETS);

/**
 * struct layout - the file as it is planned
 * @views: all series
 * @nr_views: how many there are
 * @nr_columns: of all of them together
 * @data_bytes: rows of all of them together
 */
struct layout {
	struct stall_view *views;
	unsigned int nr_views;
	unsigned int nr_columns;
	size_t data_bytes;
};

static int layout_add(struct layout *layout, const char *group,
		      struct stall_run *run, const struct stall_series *series,
		      unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		struct stall_view *view = &layout->views[layout->nr_views++];

		err = stall_view_read(view, group, run, &series[i]);
		if (err)
			return err;
		layout->nr_columns += view->nr_columns;
		layout->data_bytes += view->rows.nr * view->rows.row_size;
	}
	return 0;
}

static int layout_fill(struct layout *layout)
{
	unsigned int i;
	int err;

	err = layout_add(layout, STALL_SELF_GROUP, NULL, stall_self_series,
			 stall_nr_self_series);
	for (i = 0; i < stall_nr_runs() && !err; i++) {
		struct stall_run *run = stall_run_at(i);

		if (stall_series_readable(run))
			err = layout_add(layout, run->collector->name, run,
					 run->collector->series,
					 run->collector->nr_series);
	}
	return err;
}

static int layout_init(struct layout *layout)
{
	unsigned int i, nr = stall_nr_self_series;

	for (i = 0; i < stall_nr_runs(); i++)
		nr += stall_run_at(i)->collector->nr_series;
	memset(layout, 0, sizeof(*layout));
	layout->views = kvcalloc(nr, sizeof(*layout->views), GFP_KERNEL);
	return layout->views ? 0 : -ENOMEM;
}

static void layout_free(struct layout *layout)
{
	unsigned int i;

	for (i = 0; i < layout->nr_views; i++)
		stall_view_free(&layout->views[i]);
	kvfree(layout->views);
}

static const u8 *instance(void)
{
	static u8 bytes[16];
	static bool made;

	if (!made)
		get_random_bytes(bytes, sizeof(bytes));
	made = true;
	return bytes;
}

static void write_header(struct stallmeter_header *header,
			 const struct layout *layout)
{
	ktime_t now = ktime_get();

	header->magic = STALLMETER_MAGIC;
	header->abi_major = STALLMETER_ABI_MAJOR;
	header->abi_minor = STALLMETER_ABI_MINOR;
	header->header_size = sizeof(*header);
	header->desc_size = sizeof(struct stallmeter_desc);
	header->nr_descs = layout->nr_views;
	header->column_size = sizeof(struct stallmeter_column);
	header->nr_columns = layout->nr_columns;
	header->desc_offset = sizeof(*header);
	header->column_offset = header->desc_offset +
		(u64)header->nr_descs * header->desc_size;
	header->data_offset = header->column_offset +
		(u64)header->nr_columns * header->column_size;
	header->total_size = header->data_offset + layout->data_bytes;
	header->generation = stall_generation();
	header->mono_ns = now;
	header->boot_ns = ktime_mono_to_any(now, TK_OFFS_BOOT);
	header->real_ns = ktime_mono_to_real(now);
	memcpy(header->instance, instance(), sizeof(header->instance));
	strscpy(header->release, init_utsname()->release,
		sizeof(header->release));
	strscpy(header->version, THIS_MODULE->version ?: "",
		sizeof(header->version));
}

static void write_column(struct stallmeter_column *to,
			 const struct stall_column *from)
{
	to->type = from->type;
	to->offset = from->offset;
	to->size = from->size;
	to->first_bucket = from->first_bucket;
	strscpy(to->name, from->name, sizeof(to->name));
	strscpy(to->unit, from->unit ?: "", sizeof(to->unit));
	strscpy(to->help, from->help ?: "", sizeof(to->help));
}

static void write_desc(struct stallmeter_desc *to, const struct stall_view *view)
{
	to->kind = view->series->kind;
	to->nr_rows = view->rows.nr;
	to->row_size = view->rows.row_size;
	to->nr_columns = view->nr_columns;
	strscpy(to->group, view->group, sizeof(to->group));
	strscpy(to->name, view->series->name, sizeof(to->name));
	strscpy(to->unit, view->series->unit ?: "", sizeof(to->unit));
	strscpy(to->help, view->series->help ?: "", sizeof(to->help));
}

static void write_file(void *data, const struct layout *layout)
{
	struct stallmeter_header *header = data;
	struct stallmeter_column *column;
	struct stallmeter_desc *desc;
	unsigned int i, j, first = 0;
	u64 at;

	write_header(header, layout);
	desc = data + header->desc_offset;
	column = data + header->column_offset;
	at = header->data_offset;
	for (i = 0; i < layout->nr_views; i++, desc++) {
		const struct stall_view *view = &layout->views[i];
		size_t bytes = view->rows.nr * view->rows.row_size;

		write_desc(desc, view);
		desc->offset = at;
		desc->first_column = first;
		for (j = 0; j < view->nr_columns; j++)
			write_column(column++, &view->columns[j]);
		first += view->nr_columns;
		if (bytes)
			memcpy(data + at, view->rows.data, bytes);
		at += bytes;
	}
	/* Seed and final inversion make it the CRC that zlib computes. */
	header->crc32 = ~crc32_le(~0U, data, header->total_size);
}

/**
 * stall_snapshot_build() - look at everything now
 * @snapshot: result, to be given to stall_snapshot_free()
 *
 * Context: process, may sleep; takes the stall lock.
 * Return: 0 or -ENOMEM.
 */
int stall_snapshot_build(struct stall_snapshot *snapshot)
{
	struct layout layout;
	int err;

	mutex_lock(&stall_lock);
	err = layout_init(&layout);
	if (!err)
		err = layout_fill(&layout);
	if (!err) {
		snapshot->size = sizeof(struct stallmeter_header) +
			layout.nr_views * sizeof(struct stallmeter_desc) +
			layout.nr_columns * sizeof(struct stallmeter_column) +
			layout.data_bytes;
		snapshot->data = kvzalloc(snapshot->size, GFP_KERNEL);
		if (snapshot->data)
			write_file(snapshot->data, &layout);
		else
			err = -ENOMEM;
	}
	layout_free(&layout);
	mutex_unlock(&stall_lock);
	return err;
}

/**
 * stall_snapshot_free() - give back what stall_snapshot_build() took
 * @snapshot: the file
 */
void stall_snapshot_free(struct stall_snapshot *snapshot)
{
	kvfree(snapshot->data);
	snapshot->data = NULL;
}
