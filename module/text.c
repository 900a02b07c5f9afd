// SPDX-License-Identifier: GPL-2.0
/*
 * text - a series for people
 *
 * A table's first line begins with "#" and names the columns, which stand one
 * below the other; text with blanks stands in double quotes, so that awk and
 * people can both tell the columns apart.
 */
#include <linux/math64.h>
#include <linux/string.h>

#include "text.h"

#define BAR_WIDTH	40

static unsigned int column_buckets(const struct stall_column *column)
{
	return (column->size - sizeof(struct stallmeter_hist)) / sizeof(u64);
}

/* A cell as text; @room is enough for any cell. */
static void cell_text(char *text, size_t room, const struct stall_column *column,
		      const void *row)
{
	const void *cell = row + column->offset;
	const char *string = cell;

	switch (column->type) {
	case STALLMETER_U64:
		scnprintf(text, room, "%llu", *(const u64 *)cell);
		break;
	case STALLMETER_S64:
		scnprintf(text, room, "%lld", *(const s64 *)cell);
		break;
	default:
		if (!string[0])
			string = "-";
		scnprintf(text, room, strchr(string, ' ') ? "\"%s\"" : "%s",
			  string);
	}
}

static const void *view_row(const struct stall_view *view, unsigned int i)
{
	return view->rows.data + i * view->rows.row_size;
}

static int column_width(const struct stall_view *view,
			const struct stall_column *column, char *text,
			size_t room)
{
	size_t width = strlen(column->name);
	unsigned int i;

	for (i = 0; i < view->rows.nr; i++) {
		cell_text(text, room, column, view_row(view, i));
		width = max(width, strlen(text));
	}
	return width;
}

/**
 * stall_text_table() - print a table; histograms in it have their own files
 * @m: where to
 * @view: the table
 */
void stall_text_table(struct seq_file *m, const struct stall_view *view)
{
	int width[STALL_MAX_COLUMNS] = {};
	unsigned int i, j;
	char text[STALL_MAX_TEXT + sizeof("\"\"")];

	seq_putc(m, '#');
	for (j = 0; j < view->nr_columns; j++) {
		const struct stall_column *column = &view->columns[j];

		if (column->type == STALLMETER_HIST)
			continue;
		width[j] = column_width(view, column, text, sizeof(text));
		seq_printf(m, " %-*s", width[j], column->name);
	}
	seq_putc(m, '\n');
	for (i = 0; i < view->rows.nr; i++) {
		seq_putc(m, ' ');
		for (j = 0; j < view->nr_columns; j++) {
			const struct stall_column *column = &view->columns[j];

			if (column->type == STALLMETER_HIST)
				continue;
			cell_text(text, sizeof(text), column,
				  view_row(view, i));
			seq_printf(m, column->type == STALLMETER_TEXT ?
				   " %-*s" : " %*s", width[j], text);
		}
		seq_putc(m, '\n');
	}
}

static void hist_summary(struct seq_file *m, const struct stall_column *column,
			 const struct stallmeter_hist *hist, u64 count)
{
	static const struct {
		const char *name;
		u32 ppm;
	} quantiles[] = {
		{ "p50", 500000 }, { "p90", 900000 },
		{ "p99", 990000 }, { "p99.9", 999000 },
	};
	struct stall_hist_view view = {
		.buckets = hist->buckets,
		.first = column->first_bucket,
		.nr = column_buckets(column),
		.min = hist->min,
		.max = hist->max,
	};
	unsigned int i;

	seq_printf(m, "# unit %s count %llu sum %llu min %llu max %llu",
		   column->unit ?: "-", count, hist->sum,
		   count ? hist->min : 0, hist->max);
	for (i = 0; i < ARRAY_SIZE(quantiles); i++)
		seq_printf(m, " %s %llu", quantiles[i].name,
			   stall_hist_quantile(&view, quantiles[i].ppm));
	seq_putc(m, '\n');
}

static bool octave_empty(const u64 *buckets, unsigned int first,
			 unsigned int nr, unsigned int i)
{
	unsigned int octave = (first + i) >> STALL_HIST_SUB_BITS;
	unsigned int j;

	for (j = 0; j < nr; j++)
		if ((first + j) >> STALL_HIST_SUB_BITS == octave && buckets[j])
			return false;
	return true;
}

static void hist_row(struct seq_file *m, const struct stall_column *column,
		     const u64 *buckets, unsigned int i, u64 most)
{
	static const char bar[BAR_WIDTH + 1] =
		"########################################";
	unsigned int nr = column_buckets(column);
	u64 lower = i ? stall_hist_lower(column->first_bucket + i) : 0;
	u64 upper = i + 1 < nr ?
		stall_hist_upper(column->first_bucket + i) : U64_MAX;
	int width = div64_u64(buckets[i] * BAR_WIDTH + most - 1, most);

	seq_printf(m, "%20llu %20llu %12llu |%-*.*s|\n", lower, upper,
		   buckets[i], BAR_WIDTH, width, bar);
}

/**
 * stall_text_hist() - print a histogram: a summary, then rows with a bar
 * @m: where to
 * @column: says which part of the layout it is, and its unit
 * @hist: the histogram
 *
 * Octaves without a value are left out.
 */
void stall_text_hist(struct seq_file *m, const struct stall_column *column,
		     const struct stallmeter_hist *hist)
{
	unsigned int i, nr = column_buckets(column);
	u64 count = stall_hist_count(hist->buckets, nr);
	u64 most = 1;

	hist_summary(m, column, hist, count);
	if (!count)
		return;
	for (i = 0; i < nr; i++)
		most = max_t(u64, most, hist->buckets[i]);
	seq_printf(m, "# %18s %20s %12s\n", "from", "to", "count");
	for (i = 0; i < nr; i++)
		if (!octave_empty(hist->buckets, column->first_bucket, nr, i))
			hist_row(m, column, hist->buckets, i, most);
}

/**
 * stall_text_column() - print one histogram for each row of a table
 * @m: where to
 * @view: the table
 * @column: one of its columns that holds a histogram
 *
 * Each is headed by the row's text and plain numbers that name it.
 */
void stall_text_column(struct seq_file *m, const struct stall_view *view,
		       const struct stall_column *column)
{
	unsigned int i, j;
	char text[STALL_MAX_TEXT + sizeof("\"\"")];

	for (i = 0; i < view->rows.nr; i++) {
		const void *row = view_row(view, i);

		seq_puts(m, i ? "\n#" : "#");
		for (j = 0; j < view->nr_columns; j++) {
			if (view->columns[j].type == STALLMETER_HIST ||
			    view->columns[j].unit)
				continue;
			cell_text(text, sizeof(text), &view->columns[j], row);
			seq_printf(m, " %s %s", view->columns[j].name, text);
		}
		seq_putc(m, '\n');
		stall_text_hist(m, column, row + column->offset);
	}
}

/**
 * stall_text_view() - print a series as its kind wants it
 * @m: where to
 * @view: the series
 */
void stall_text_view(struct seq_file *m, const struct stall_view *view)
{
	switch (view->series->kind) {
	case STALLMETER_TABLE:
		stall_text_table(m, view);
		break;
	case STALLMETER_HISTOGRAM:
		stall_text_hist(m, view->columns, view_row(view, 0));
		break;
	case STALLMETER_GAUGE:
		seq_printf(m, "%lld\n", *(const s64 *)view_row(view, 0));
		break;
	default:
		seq_printf(m, "%llu\n", *(const u64 *)view_row(view, 0));
	}
}
