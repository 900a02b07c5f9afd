// SPDX-License-Identifier: GPL-2.0
/*
 * out_json.c - series as JSON, one object a line
 *
 * A line is complete in itself: it names its type and the version of this
 * schema, which changes when a key changes its meaning or goes away. Names of
 * columns are the module's, so they stand in an object of their own ("row").
 */
#include <json-c/json.h>
#include <stdlib.h>

#include "out.h"
#include "text.h"

#define SCHEMA_VERSION	1

static const char *const kind_types[] = {
	[STALLMETER_COUNTER]	= "counter",
	[STALLMETER_GAUGE]	= "gauge",
	[STALLMETER_HISTOGRAM]	= "histogram",
	[STALLMETER_TABLE]	= "row",
};

void out_json_u64(struct json_object *object, const char *key, __u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void out_json_text(struct json_object *object, const char *key,
		   const char *text)
{
	char *escaped;
	size_t size;
	FILE *to;

	to = text_open(&escaped, &size);
	text_put(to, text);
	text_close(to);
	json_object_object_add(object, key, json_object_new_string(escaped));
	free(escaped);
}

void out_json_time(struct json_object *object, const char *key, __u64 real_ns)
{
	char *time;
	size_t size;
	FILE *to;

	to = text_open(&time, &size);
	text_time(to, real_ns, 1);
	text_close(to);
	json_object_object_add(object, key, json_object_new_string(time));
	free(time);
}

struct json_object *out_json_new(const char *type)
{
	struct json_object *object = json_object_new_object();

	out_json_u64(object, "schema_version", SCHEMA_VERSION);
	out_json_text(object, "type", type);
	return object;
}

void out_json_end(FILE *to, struct json_object *object)
{
	const int flags = JSON_C_TO_STRING_PLAIN |
			  JSON_C_TO_STRING_NOSLASHESCAPE;

	fputs(json_object_to_json_string_ext(object, flags), to);
	putc('\n', to);
	json_object_put(object);
}

static void add_instance(struct json_object *object,
			 const struct stallmeter_header *header)
{
	char hex[2 * sizeof(header->instance) + 1];
	size_t i;

	for (i = 0; i < sizeof(header->instance); i++)
		snprintf(hex + 2 * i, 3, "%02x", header->instance[i]);
	out_json_text(object, "instance", hex);
}

struct json_object *out_json_snapshot(const char *type,
				      const struct snapshot *snap)
{
	const struct stallmeter_header *header = snap->header;
	struct json_object *object = out_json_new(type);

	out_json_time(object, "time", header->real_ns);
	out_json_text(object, "release", header->release);
	out_json_text(object, "version", header->version);
	add_instance(object, header);
	out_json_u64(object, "generation", header->generation);
	out_json_u64(object, "mono_ns", header->mono_ns);
	out_json_u64(object, "boot_ns", header->boot_ns);
	out_json_u64(object, "real_ns", header->real_ns);
	return object;
}

static struct json_object *buckets_object(const struct histogram *hist)
{
	struct json_object *buckets = json_object_new_array();
	struct json_object *bucket;
	unsigned int i;

	for (i = 0; i < hist->view.nr; i++) {
		if (!hist->view.buckets[i])
			continue;
		bucket = json_object_new_object();
		out_json_u64(bucket, "le", histogram_upper(hist, i));
		out_json_u64(bucket, "count", hist->view.buckets[i]);
		json_object_array_add(buckets, bucket);
	}
	return buckets;
}

/* What an empty histogram does not have is null, not 0. */
static void add_if_any(struct json_object *object, const char *key,
		       const struct histogram *hist, __u64 value)
{
	if (hist->count)
		out_json_u64(object, key, value);
	else
		json_object_object_add(object, key, NULL);
}

static void add_histogram(struct json_object *object,
			  const struct histogram *hist)
{
	unsigned int i;

	out_json_u64(object, "count", hist->count);
	out_json_u64(object, "sum", hist->sum);
	add_if_any(object, "min", hist, hist->view.min);
	add_if_any(object, "max", hist, hist->view.max);
	for (i = 0; i < NR_QUANTILES; i++)
		add_if_any(object, quantiles[i].key, hist,
			   stall_hist_quantile(&hist->view, quantiles[i].ppm));
	json_object_object_add(object, "buckets", buckets_object(hist));
}

static void add_cell(struct json_object *object, const char *key,
		     const void *row, const struct stallmeter_column *column)
{
	struct histogram hist;
	struct json_object *value;

	switch (column->type) {
	case STALLMETER_U64:
		out_json_u64(object, key, cell_u64(row, column));
		break;
	case STALLMETER_S64:
		value = json_object_new_int64(cell_s64(row, column));
		json_object_object_add(object, key, value);
		break;
	case STALLMETER_TEXT:
		out_json_text(object, key, cell_text(row, column));
		break;
	case STALLMETER_HIST:
		value = json_object_new_object();
		cell_histogram(&hist, row, column);
		add_histogram(value, &hist);
		json_object_object_add(object, key, value);
		break;
	}
}

/* The key comes from the file as well, so it needs its escapes too. */
static void add_named_cell(struct json_object *object, const void *row,
			   const struct stallmeter_column *column)
{
	char *key;
	size_t size;
	FILE *to;

	to = text_open(&key, &size);
	text_put(to, column->name);
	text_close(to);
	add_cell(object, key, row, column);
	free(key);
}

struct json_object *out_json_row(const struct snapshot *snap,
				 const struct stallmeter_desc *desc, __u32 row)
{
	struct json_object *object = json_object_new_object();
	const void *cells = snapshot_row(snap, desc, row);
	__u32 i;

	for (i = 0; i < desc->nr_columns; i++)
		add_named_cell(object, cells, snapshot_column(snap, desc, i));
	return object;
}

static struct json_object *series_object(const struct stallmeter_desc *desc)
{
	struct json_object *object = out_json_new(kind_types[desc->kind]);

	out_json_text(object, "group", desc->group);
	out_json_text(object, "series", desc->name);
	if (desc->kind != STALLMETER_TABLE)
		out_json_text(object, "unit", desc->unit);
	return object;
}

static void put_single(FILE *to, const struct snapshot *snap,
		       const struct stallmeter_desc *desc)
{
	const struct stallmeter_column *column = snapshot_column(snap, desc, 0);
	struct json_object *object = series_object(desc);
	const void *row = snapshot_row(snap, desc, 0);
	struct histogram hist;

	if (desc->kind == STALLMETER_HISTOGRAM) {
		cell_histogram(&hist, row, column);
		add_histogram(object, &hist);
	} else {
		add_cell(object, "value", row, column);
	}
	out_json_end(to, object);
}

void out_json_series(FILE *to, const struct snapshot *snap,
		     const struct stallmeter_desc *desc)
{
	struct json_object *object;
	__u32 row;

	if (desc->kind != STALLMETER_TABLE) {
		put_single(to, snap, desc);
		return;
	}
	for (row = 0; row < desc->nr_rows; row++) {
		object = series_object(desc);
		json_object_object_add(object, "row",
				       out_json_row(snap, desc, row));
		out_json_end(to, object);
	}
}
