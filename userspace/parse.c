// SPDX-License-Identifier: GPL-2.0
/*
 * parse.c - check a snapshot through and through
 *
 * The file may be cut off, damaged or made by an enemy. It is sound if each
 * structure lies inside the file, aligned, behind the one before it; if all
 * text ends inside its field; and if no byte of data or column belongs to more
 * than the sum of what there is, so that nothing which later walks over it
 * takes longer than in proportion to the file's size.
 *
 * The order of the checks makes the message the most useful one: what is no
 * snapshot at all, or too new, is not called damaged.
 */
#include <assert.h>
#include <byteswap.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "snapshot.h"

/* This program reads the layout at these places; see uapi/stallmeter.h. */
static_assert(sizeof(struct stallmeter_header) == 208, "header has changed");
static_assert(sizeof(struct stallmeter_desc) == 208, "desc has changed");
static_assert(sizeof(struct stallmeter_column) == 160, "column has changed");
static_assert(sizeof(struct stallmeter_hist) == 24, "hist has changed");
static_assert(STALLMETER_NR_BUCKETS == STALL_HIST_BUCKETS, "layouts differ");

/*
 * A row that is printed as JSON becomes one object in memory, which takes half
 * a KiB for each bucket of a histogram. The module makes 24 columns at most.
 */
#define MOST_COLUMNS	64

/* What is being checked, and how much of it is still to be given out. */
struct check {
	const struct snapshot *snap;
	const char *name;
	struct failure *why;
	__u64 columns_left;
	__u64 bytes_left;
};

__printf(2, 3)
static enum stallmeter_exit damaged(const struct check *check,
				    const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return fail(check->why, STALLMETER_ERROR,
		    "%s: corrupt snapshot: %s; take a new one", check->name,
		    what);
}

static bool aligned(__u64 value)
{
	return value % sizeof(__u64) == 0;
}

static bool terminated(const char *text, size_t size)
{
	return memchr(text, 0, size);
}

/* Whether @nr items of @stride bytes from @offset end at @end or before. */
static bool fits(__u64 offset, __u32 nr, __u32 stride, __u64 end)
{
	return offset <= end && (__u64)nr * stride <= end - offset;
}

static enum stallmeter_exit check_version(const struct check *check)
{
	const struct stallmeter_header *header = check->snap->header;
	size_t size = check->snap->size;

	if (size < offsetof(struct stallmeter_header, header_size))
		return damaged(check, "%zu bytes are no header", size);
	if (header->magic == bswap_32(STALLMETER_MAGIC))
		return fail(check->why, STALLMETER_ERROR,
			    "%s: has the other byte order; read it on a machine like the one that wrote it",
			    check->name);
	if (header->magic != STALLMETER_MAGIC)
		return fail(check->why, STALLMETER_ERROR,
			    "%s: not a stallmeter snapshot; give a file that \"stallmeter snapshot\" wrote",
			    check->name);
	if (header->abi_major > STALLMETER_ABI_MAJOR)
		return fail(check->why, STALLMETER_NEWER,
			    "%s: layout %u.%u is newer than %u.%u, which this program reads; update stallmeter",
			    check->name, header->abi_major, header->abi_minor,
			    STALLMETER_ABI_MAJOR, STALLMETER_ABI_MINOR);
	if (header->abi_major < STALLMETER_ABI_MAJOR)
		return damaged(check, "there never was a layout %u",
			       header->abi_major);
	return STALLMETER_OK;
}

static enum stallmeter_exit check_size(const struct check *check)
{
	const struct stallmeter_header *header = check->snap->header;
	size_t size = check->snap->size;

	if (size < sizeof(*header))
		return damaged(check, "%zu bytes are no header", size);
	if (header->total_size != size)
		return damaged(check, "has %zu bytes and should have %llu", size,
			       (unsigned long long)header->total_size);
	if (header->header_size < sizeof(*header) ||
	    header->header_size > size || !aligned(header->header_size))
		return damaged(check, "bad header size %u", header->header_size);
	return STALLMETER_OK;
}

static enum stallmeter_exit check_crc(const struct check *check)
{
	const size_t at = offsetof(struct stallmeter_header, crc32);
	const struct snapshot *snap = check->snap;
	const __u32 zero = 0;
	__u32 crc;

	crc = crc32_z(0, snap->data, at);
	crc = crc32_z(crc, (const unsigned char *)&zero, sizeof(zero));
	crc = crc32_z(crc, snap->data + at + sizeof(zero),
		      snap->size - at - sizeof(zero));
	if (crc != snap->header->crc32)
		return damaged(check, "checksum is %08x and should be %08x", crc,
			       snap->header->crc32);
	return STALLMETER_OK;
}

static enum stallmeter_exit check_header(const struct check *check)
{
	const struct stallmeter_header *header = check->snap->header;
	__u64 desc = header->desc_offset;
	__u64 column = header->column_offset;
	__u64 data = header->data_offset;

	if (data > header->total_size || !aligned(data) || !aligned(desc) ||
	    !aligned(column))
		return damaged(check, "bad offsets");
	if (header->desc_size < sizeof(struct stallmeter_desc) ||
	    header->column_size < sizeof(struct stallmeter_column) ||
	    !aligned(header->desc_size) || !aligned(header->column_size))
		return damaged(check, "bad descriptor size");
	if (desc < header->header_size ||
	    !fits(desc, header->nr_descs, header->desc_size, column))
		return damaged(check, "series descriptors do not fit");
	if (!fits(column, header->nr_columns, header->column_size, data))
		return damaged(check, "column descriptors do not fit");
	if (!terminated(header->release, sizeof(header->release)) ||
	    !terminated(header->version, sizeof(header->version)))
		return damaged(check, "text without an end");
	return STALLMETER_OK;
}

static bool type_sound(const struct stallmeter_column *column)
{
	__u32 nr;

	switch (column->type) {
	case STALLMETER_U64:
	case STALLMETER_S64:
		return column->size == sizeof(__u64);
	case STALLMETER_HIST:
		if (column->size <= sizeof(struct stallmeter_hist))
			return false;
		nr = (column->size - sizeof(struct stallmeter_hist)) /
		     sizeof(__u64);
		return column->first_bucket < STALLMETER_NR_BUCKETS &&
		       nr <= STALLMETER_NR_BUCKETS - column->first_bucket;
	default:
		return column->size > 0;
	}
}

static bool column_sound(const struct stallmeter_column *column, __u32 row_size)
{
	return aligned(column->offset) && aligned(column->size) &&
	       fits(column->offset, 1, column->size, row_size) &&
	       terminated(column->name, sizeof(column->name)) &&
	       terminated(column->unit, sizeof(column->unit)) &&
	       terminated(column->help, sizeof(column->help)) &&
	       column->name[0] && type_sound(column);
}

static enum stallmeter_exit check_columns(struct check *check,
					  const struct stallmeter_desc *desc)
{
	const struct stallmeter_header *header = check->snap->header;
	const struct stallmeter_column *column;
	__u64 left = desc->row_size;
	__u32 i;

	if (desc->first_column > header->nr_columns ||
	    desc->nr_columns > header->nr_columns - desc->first_column ||
	    desc->nr_columns > check->columns_left)
		return damaged(check, "columns of %s/%s do not exist",
			       desc->group, desc->name);
	if (desc->nr_columns > MOST_COLUMNS)
		return damaged(check, "%s/%s has %u columns, at most %u are read",
			       desc->group, desc->name, desc->nr_columns,
			       MOST_COLUMNS);
	check->columns_left -= desc->nr_columns;

	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(check->snap, desc, i);
		if (!column_sound(column, desc->row_size) ||
		    column->size > left)
			return damaged(check, "bad column %u of %s/%s", i,
				       desc->group, desc->name);
		left -= column->size;
	}
	return STALLMETER_OK;
}

/* All but a table have one cell, of a type that goes with the kind. */
static bool kind_sound(const struct snapshot *snap,
		       const struct stallmeter_desc *desc)
{
	__u32 type;

	if (desc->kind < STALLMETER_COUNTER || desc->kind >= STALLMETER_TABLE)
		return true;
	if (desc->nr_rows != 1 || !desc->nr_columns)
		return false;
	type = snapshot_column(snap, desc, 0)->type;
	if (desc->kind == STALLMETER_HISTOGRAM)
		return type == STALLMETER_HIST;
	return type == STALLMETER_U64 || type == STALLMETER_S64;
}

static enum stallmeter_exit check_texts(const struct check *check,
					const struct stallmeter_desc *desc)
{
	const struct snapshot *snap = check->snap;
	const struct stallmeter_column *column;
	__u32 i, row;

	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(snap, desc, i);
		if (column->type != STALLMETER_TEXT)
			continue;
		for (row = 0; row < desc->nr_rows; row++)
			if (!terminated(cell_text(snapshot_row(snap, desc, row),
						  column), column->size))
				return damaged(check,
					       "text without an end in %s/%s",
					       desc->group, desc->name);
	}
	return STALLMETER_OK;
}

static enum stallmeter_exit check_series(struct check *check,
					 const struct stallmeter_desc *desc)
{
	const struct stallmeter_header *header = check->snap->header;
	enum stallmeter_exit code;
	__u64 bytes;

	if (!terminated(desc->group, sizeof(desc->group)) ||
	    !terminated(desc->name, sizeof(desc->name)) ||
	    !terminated(desc->unit, sizeof(desc->unit)) ||
	    !terminated(desc->help, sizeof(desc->help)) ||
	    !desc->group[0] || !desc->name[0])
		return damaged(check, "a series without a name");

	bytes = (__u64)desc->nr_rows * desc->row_size;
	if (desc->offset < header->data_offset || !aligned(desc->offset) ||
	    !aligned(desc->row_size) || (desc->nr_rows && !desc->row_size) ||
	    !fits(desc->offset, desc->nr_rows, desc->row_size,
		  header->total_size) || bytes > check->bytes_left)
		return damaged(check, "rows of %s/%s do not fit", desc->group,
			       desc->name);
	check->bytes_left -= bytes;

	code = check_columns(check, desc);
	if (code)
		return code;
	if (!kind_sound(check->snap, desc))
		return damaged(check, "%s/%s is not of its kind", desc->group,
			       desc->name);
	return check_texts(check, desc);
}

/* Kinds that are not known are checked too: layout is not what may change. */
static enum stallmeter_exit check_all_series(struct check *check)
{
	const struct stallmeter_header *header = check->snap->header;
	const unsigned char *desc = check->snap->data + header->desc_offset;
	enum stallmeter_exit code;
	__u32 i;

	for (i = 0; i < header->nr_descs; i++, desc += header->desc_size) {
		code = check_series(check, (const void *)desc);
		if (code)
			return code;
	}
	return STALLMETER_OK;
}

enum stallmeter_exit snapshot_parse(struct snapshot *snap, const void *data,
				    size_t size, const char *name,
				    struct failure *why)
{
	static enum stallmeter_exit (*const steps[])(const struct check *) = {
		check_version, check_size, check_crc, check_header,
	};
	struct check check = { .snap = snap, .name = name, .why = why };
	enum stallmeter_exit code;
	size_t i;

	snap->data = data;
	snap->size = size;
	snap->header = data;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		code = steps[i](&check);
		if (code)
			return code;
	}
	check.columns_left = snap->header->nr_columns;
	check.bytes_left = snap->header->total_size - snap->header->data_offset;
	return check_all_series(&check);
}
