/* SPDX-License-Identifier: GPL-2.0 */
/*
 * out.h - how a series is printed: as text for people, as JSON for programs
 */
#ifndef _STALLMETER_OUT_H
#define _STALLMETER_OUT_H

#include <stdio.h>

#include "snapshot.h"

struct json_object;

/**
 * struct quantile - a quantile that every output shows
 * @label: in text
 * @key: in JSON
 * @ppm: the part of the values below it, in millionths
 */
struct quantile {
	const char *label;
	const char *key;
	__u32 ppm;
};

#define NR_QUANTILES	4
extern const struct quantile quantiles[NR_QUANTILES];

/**
 * struct text_style - how a table is printed as text
 * @only: names of the columns to print, ended by NULL; or NULL for all
 * @full: whether histograms in a table follow it one by one
 */
struct text_style {
	const char *const *only;
	bool full;
};

/**
 * out_text_series() - print one series for people
 * @to: where to
 * @snap: the snapshot
 * @desc: the series
 * @style: how
 */
void out_text_series(FILE *to, const struct snapshot *snap,
		     const struct stallmeter_desc *desc,
		     const struct text_style *style);

/**
 * out_text_histogram() - print a histogram: summary and bars
 * @to: where to
 * @hist: the histogram
 */
void out_text_histogram(FILE *to, const struct histogram *hist);

/**
 * out_json_series() - print one series as JSON, one object a line
 * @to: where to
 * @snap: the snapshot
 * @desc: the series
 */
void out_json_series(FILE *to, const struct snapshot *snap,
		     const struct stallmeter_desc *desc);

/**
 * out_json_new() - start an object of a line
 * @type: what it is
 *
 * Return: the object, with schema_version and type.
 */
struct json_object *out_json_new(const char *type);

/**
 * out_json_snapshot() - start an object that says which snapshot this is
 * @type: what it is
 * @snap: the snapshot
 *
 * Return: the object.
 */
struct json_object *out_json_snapshot(const char *type,
				      const struct snapshot *snap);

/**
 * out_json_text() - add text from a snapshot to an object
 * @object: the object
 * @key: its key
 * @text: the text; escaped, so that it is valid whatever its bytes are
 */
void out_json_text(struct json_object *object, const char *key,
		   const char *text);

/**
 * out_json_u64() - add a number to an object
 * @object: the object
 * @key: its key
 * @value: the number
 */
void out_json_u64(struct json_object *object, const char *key, __u64 value);

/**
 * out_json_time() - add a time of day to an object
 * @object: the object
 * @key: its key
 * @real_ns: the time, as CLOCK_REALTIME has it
 */
void out_json_time(struct json_object *object, const char *key, __u64 real_ns);

/**
 * out_json_row() - a row of a table as an object
 * @snap: the snapshot
 * @desc: the table
 * @row: which row
 *
 * Return: the object.
 */
struct json_object *out_json_row(const struct snapshot *snap,
				 const struct stallmeter_desc *desc, __u32 row);

/**
 * out_json_end() - print an object as a line, and free it
 * @to: where to
 * @object: the object
 */
void out_json_end(FILE *to, struct json_object *object);

#endif /* _STALLMETER_OUT_H */
