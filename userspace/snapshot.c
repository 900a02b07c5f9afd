// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - access to a snapshot that snapshot_parse() found sound
 *
 * Everything is used where it lies in the file. Strides are the writer's, so
 * that fields appended by a newer minor version are stepped over.
 */
#include <string.h>

#include "snapshot.h"

static bool kind_known(const struct stallmeter_desc *desc)
{
	return desc->kind >= STALLMETER_COUNTER &&
	       desc->kind <= STALLMETER_TABLE;
}

const struct stallmeter_desc *snapshot_next(const struct snapshot *snap,
					    const struct stallmeter_desc *desc)
{
	const struct stallmeter_header *header = snap->header;
	const unsigned char *first = snap->data + header->desc_offset;
	const unsigned char *end;
	const unsigned char *next;

	end = first + (size_t)header->nr_descs * header->desc_size;
	next = desc ? (const unsigned char *)desc + header->desc_size : first;
	for (; next < end; next += header->desc_size) {
		desc = (const struct stallmeter_desc *)next;
		if (kind_known(desc))
			return desc;
	}
	return NULL;
}

const struct stallmeter_desc *snapshot_find(const struct snapshot *snap,
					    const char *group, const char *name)
{
	const struct stallmeter_desc *desc = NULL;

	while ((desc = snapshot_next(snap, desc)))
		if (!strcmp(desc->group, group) && !strcmp(desc->name, name))
			return desc;
	return NULL;
}

const struct stallmeter_column *
snapshot_column(const struct snapshot *snap, const struct stallmeter_desc *desc,
		__u32 index)
{
	const struct stallmeter_header *header = snap->header;
	size_t at = (size_t)desc->first_column + index;

	return (const void *)(snap->data + header->column_offset +
			      at * header->column_size);
}

const struct stallmeter_column *
snapshot_column_find(const struct snapshot *snap,
		     const struct stallmeter_desc *desc, const char *name)
{
	const struct stallmeter_column *column;
	__u32 i;

	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(snap, desc, i);
		if (!strcmp(column->name, name))
			return column;
	}
	return NULL;
}

const void *snapshot_row(const struct snapshot *snap,
			 const struct stallmeter_desc *desc, __u32 row)
{
	return snap->data + desc->offset + (size_t)row * desc->row_size;
}

static const void *cell(const void *row, const struct stallmeter_column *column)
{
	return (const unsigned char *)row + column->offset;
}

__u64 cell_u64(const void *row, const struct stallmeter_column *column)
{
	return column ? *(const __u64 *)cell(row, column) : 0;
}

__s64 cell_s64(const void *row, const struct stallmeter_column *column)
{
	return column ? *(const __s64 *)cell(row, column) : 0;
}

const char *cell_text(const void *row, const struct stallmeter_column *column)
{
	return column ? cell(row, column) : "";
}

void cell_histogram(struct histogram *hist, const void *row,
		    const struct stallmeter_column *column)
{
	const struct stallmeter_hist *stored = cell(row, column);

	/* u64 and __u64 may differ in name, never in size. */
	hist->view.buckets = (const u64 *)stored->buckets;
	hist->view.first = column->first_bucket;
	hist->view.nr = (column->size - sizeof(*stored)) /
			sizeof(stored->buckets[0]);
	hist->view.min = stored->min;
	hist->view.max = stored->max;
	hist->count = stall_hist_count(hist->view.buckets, hist->view.nr);
	hist->sum = stored->sum;
}

__u64 histogram_lower(const struct histogram *hist, unsigned int index)
{
	return index ? stall_hist_lower(hist->view.first + index) : 0;
}

__u64 histogram_upper(const struct histogram *hist, unsigned int index)
{
	if (index + 1 == hist->view.nr)
		return ~0ULL;
	return stall_hist_upper(hist->view.first + index);
}

__u64 snapshot_wall_ns(const struct snapshot *snap, __u64 mono_ns)
{
	return snap->header->real_ns - snap->header->mono_ns + mono_ns;
}
