// SPDX-License-Identifier: GPL-2.0
/*
 * builder.c - put a snapshot together
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"

static void copy_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static struct stallmeter_desc *last_desc(struct builder *builder)
{
	return &builder->descs[builder->nr_descs - 1];
}

void builder_series(struct builder *builder, unsigned int kind,
		    const char *group, const char *name, const char *unit)
{
	struct stallmeter_desc *desc;

	if (builder->nr_descs == BUILDER_SERIES)
		abort();
	desc = &builder->descs[builder->nr_descs++];
	desc->kind = kind;
	desc->first_column = builder->nr_columns;
	desc->offset = builder->nr_data;
	copy_text(desc->group, sizeof(desc->group), group);
	copy_text(desc->name, sizeof(desc->name), name);
	copy_text(desc->unit, sizeof(desc->unit), unit);
	snprintf(desc->help, sizeof(desc->help), "what %s of %s means", name,
		 group);
}

void builder_column(struct builder *builder, unsigned int type,
		    const char *name, const char *unit, size_t size)
{
	struct stallmeter_desc *desc = last_desc(builder);
	struct stallmeter_column *column;

	if (builder->nr_columns == BUILDER_COLUMNS)
		abort();
	column = &builder->columns[builder->nr_columns++];
	column->type = type;
	column->offset = desc->row_size;
	column->size = size;
	copy_text(column->name, sizeof(column->name), name);
	copy_text(column->unit, sizeof(column->unit), unit);
	snprintf(column->help, sizeof(column->help), "what %s means", name);
	desc->nr_columns++;
	desc->row_size += size;
}

void builder_histogram(struct builder *builder, const char *name,
		       const char *unit, unsigned int first, unsigned int nr)
{
	builder_column(builder, STALLMETER_HIST, name, unit,
		       sizeof(struct stallmeter_hist) + nr * sizeof(__u64));
	builder->columns[builder->nr_columns - 1].first_bucket = first;
}

static void put_histogram(struct stallmeter_hist *hist,
			  const struct stallmeter_column *column,
			  const struct values *values)
{
	unsigned int nr = (column->size - sizeof(*hist)) / sizeof(__u64);
	size_t i;

	hist->min = ~0ULL;
	for (i = 0; i < values->nr; i++) {
		u64 value = values->values[i];

		hist->sum += value;
		if (value < hist->min)
			hist->min = value;
		if (value > hist->max)
			hist->max = value;
		hist->buckets[stall_hist_clamp(stall_hist_bucket(value),
					       column->first_bucket, nr)]++;
	}
}

static void put_cell(unsigned char *cell,
		     const struct stallmeter_column *column, va_list *args)
{
	__u64 number;

	switch (column->type) {
	case STALLMETER_U64:
	case STALLMETER_S64:
		number = va_arg(*args, __u64);
		memcpy(cell, &number, sizeof(number));
		break;
	case STALLMETER_TEXT:
		copy_text((char *)cell, column->size,
			  va_arg(*args, const char *));
		break;
	case STALLMETER_HIST:
		put_histogram((struct stallmeter_hist *)cell, column,
			      va_arg(*args, const struct values *));
		break;
	default:
		memset(cell, 0xa5, column->size);
	}
}

void *builder_empty_row(struct builder *builder)
{
	struct stallmeter_desc *desc = last_desc(builder);
	unsigned char *row;

	if (builder->nr_data + desc->row_size > builder->room) {
		builder->room = 2 * builder->room + desc->row_size;
		builder->data = realloc(builder->data, builder->room);
		if (!builder->data)
			abort();
	}
	row = builder->data + builder->nr_data;
	memset(row, 0, desc->row_size);
	builder->nr_data += desc->row_size;
	desc->nr_rows++;
	return row;
}

void builder_row(struct builder *builder, ...)
{
	const struct stallmeter_desc *desc = last_desc(builder);
	unsigned char *row = builder_empty_row(builder);
	const struct stallmeter_column *column;
	va_list args;
	unsigned int i;

	va_start(args, builder);
	for (i = 0; i < desc->nr_columns; i++) {
		column = &builder->columns[desc->first_column + i];
		put_cell(row + column->offset, column, &args);
	}
	va_end(args);
}

static void put_header(struct stallmeter_header *header,
		       const struct builder *builder, size_t extra)
{
	header->magic = STALLMETER_MAGIC;
	header->abi_major = STALLMETER_ABI_MAJOR;
	header->abi_minor = STALLMETER_ABI_MINOR;
	header->header_size = sizeof(*header) + extra;
	header->desc_size = sizeof(builder->descs[0]) + extra;
	header->nr_descs = builder->nr_descs;
	header->column_size = sizeof(builder->columns[0]) + extra;
	header->nr_columns = builder->nr_columns;
	header->desc_offset = header->header_size;
	header->column_offset = header->desc_offset +
		(__u64)header->nr_descs * header->desc_size;
	header->data_offset = header->column_offset +
		(__u64)header->nr_columns * header->column_size;
	header->total_size = header->data_offset + builder->nr_data;
}

unsigned char *builder_finish(struct builder *builder, size_t extra,
			      size_t *size)
{
	struct stallmeter_header header = { 0 };
	struct stallmeter_desc desc;
	unsigned char *file;
	unsigned int i;

	put_header(&header, builder, extra);
	*size = header.total_size;
	file = malloc(*size);
	if (!file)
		abort();
	/* What a newer version appends is not all zeroes. */
	memset(file, 0xa5, *size);
	memcpy(file, &header, sizeof(header));
	for (i = 0; i < builder->nr_descs; i++) {
		desc = builder->descs[i];
		desc.offset += header.data_offset;
		memcpy(file + header.desc_offset +
		       (size_t)i * header.desc_size, &desc, sizeof(desc));
	}
	for (i = 0; i < builder->nr_columns; i++)
		memcpy(file + header.column_offset +
		       (size_t)i * header.column_size, &builder->columns[i],
		       sizeof(builder->columns[i]));
	if (builder->nr_data)
		memcpy(file + header.data_offset, builder->data,
		       builder->nr_data);
	free(builder->data);
	return file;
}
