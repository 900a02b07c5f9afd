// SPDX-License-Identifier: GPL-2.0
/*
 * out_text.c - series as text
 *
 * Each series starts with a line of '#', its name and what it means. A table's
 * second such line names the columns, which are aligned and separated by
 * blanks; text that is empty shows as "-". Numbers are in their unit, so that
 * the output can be calculated with.
 */
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "text.h"

#define BAR_WIDTH	40

const struct quantile quantiles[NR_QUANTILES] = {
	{ "p50", "p50", 500000 },
	{ "p90", "p90", 900000 },
	{ "p99", "p99", 990000 },
	{ "p99.9", "p999", 999000 },
};

/* The quantiles that stand for a histogram in a table's column. */
static const unsigned int summary[] = { 0, 2 };

/* A printed column: a column of the table, or a quantile of it. */
struct field {
	const struct stallmeter_column *column;
	const struct quantile *quantile;
	size_t width;
};

/* What is printed of a table, and memory to write one cell after the other. */
struct grid {
	struct field *fields;
	size_t nr;
	FILE *scratch;
	char *text;
	size_t size;
};

static void put_if_any(FILE *to, const struct histogram *hist, __u64 value)
{
	if (hist->count)
		fprintf(to, "%llu", (unsigned long long)value);
	else
		putc('-', to);
}

static void put_quantile(FILE *to, const void *row, const struct field *field)
{
	struct histogram hist;

	cell_histogram(&hist, row, field->column);
	put_if_any(to, &hist,
		   stall_hist_quantile(&hist.view, field->quantile->ppm));
}

static void put_cell(FILE *to, const void *row, const struct field *field)
{
	const struct stallmeter_column *column = field->column;
	const char *text;

	switch (column->type) {
	case STALLMETER_U64:
		fprintf(to, "%llu", (unsigned long long)cell_u64(row, column));
		break;
	case STALLMETER_S64:
		fprintf(to, "%lld", (long long)cell_s64(row, column));
		break;
	case STALLMETER_TEXT:
		text = cell_text(row, column);
		text_put(to, *text ? text : "-");
		break;
	case STALLMETER_HIST:
		put_quantile(to, row, field);
		break;
	}
}

static void put_title(FILE *to, const struct field *field, bool first)
{
	if (first)
		putc('#', to);
	text_put(to, field->column->name);
	if (field->quantile)
		fprintf(to, "_%s", field->quantile->label);
}

/* A cell's text, or the title's if @row is NULL; valid until the next call. */
static const char *field_text(struct grid *grid, size_t index, const void *row)
{
	const struct field *field = &grid->fields[index];

	rewind(grid->scratch);
	if (row)
		put_cell(grid->scratch, row, field);
	else
		put_title(grid->scratch, field, index == 0);
	putc('\0', grid->scratch);
	fflush(grid->scratch);
	return grid->text;
}

static void grid_measure(struct grid *grid, const void *row)
{
	size_t i, width;

	for (i = 0; i < grid->nr; i++) {
		width = strlen(field_text(grid, i, row));
		if (width > grid->fields[i].width)
			grid->fields[i].width = width;
	}
}

static void grid_line(FILE *to, struct grid *grid, const void *row)
{
	const char *text;
	bool left, last;
	size_t i;
	int pad;

	for (i = 0; i < grid->nr; i++) {
		/* Titles of numbers stand above them, but '#' comes first. */
		left = grid->fields[i].column->type == STALLMETER_TEXT ||
		       (!row && !i);
		last = i + 1 == grid->nr;
		text = field_text(grid, i, row);
		pad = grid->fields[i].width - strlen(text);
		/* No blanks at the end of a line. */
		fprintf(to, "%*s%s%*s", left ? 0 : pad, "", text,
			left && !last ? pad : 0, "");
		fputs(last ? "\n" : "  ", to);
	}
}

static bool wanted(const struct stallmeter_column *column,
		   const struct text_style *style)
{
	const char *const *name;

	if (column->type < STALLMETER_U64 || column->type > STALLMETER_HIST)
		return false;
	if (!style->only)
		return true;
	for (name = style->only; *name; name++)
		if (!strcmp(*name, column->name))
			return true;
	return false;
}

static void grid_add(struct grid *grid, const struct stallmeter_column *column)
{
	size_t i;

	if (column->type != STALLMETER_HIST) {
		grid->fields[grid->nr++].column = column;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(summary); i++) {
		grid->fields[grid->nr].quantile = &quantiles[summary[i]];
		grid->fields[grid->nr++].column = column;
	}
}

static void put_table(FILE *to, const struct snapshot *snap,
		      const struct stallmeter_desc *desc,
		      const struct text_style *style)
{
	const struct stallmeter_column *column;
	struct grid grid = { 0 };
	__u32 i;

	grid.fields = text_alloc((size_t)desc->nr_columns * ARRAY_SIZE(summary),
				 sizeof(*grid.fields));
	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(snap, desc, i);
		if (wanted(column, style))
			grid_add(&grid, column);
	}
	grid.scratch = text_open(&grid.text, &grid.size);
	grid_measure(&grid, NULL);
	for (i = 0; i < desc->nr_rows; i++)
		grid_measure(&grid, snapshot_row(snap, desc, i));
	grid_line(to, &grid, NULL);
	for (i = 0; i < desc->nr_rows; i++)
		grid_line(to, &grid, snapshot_row(snap, desc, i));
	text_close(grid.scratch);
	free(grid.text);
	free(grid.fields);
}

/* Whether any bucket is filled in the power of two around bucket @index. */
static bool octave_filled(const struct histogram *hist, unsigned int index)
{
	unsigned int octave = (hist->view.first + index) >> STALLMETER_SUB_BITS;
	unsigned int i;

	for (i = 0; i < hist->view.nr; i++)
		if ((hist->view.first + i) >> STALLMETER_SUB_BITS == octave &&
		    hist->view.buckets[i])
			return true;
	return false;
}

static void put_range(FILE *to, const struct histogram *hist,
		      unsigned int index)
{
	unsigned long long upper = histogram_upper(hist, index);

	fprintf(to, "%20llu..",
		(unsigned long long)histogram_lower(hist, index));
	if (upper == ~0ULL)
		fprintf(to, "%-20s", "max");
	else
		fprintf(to, "%-20llu", upper);
}

static void put_bars(FILE *to, const struct histogram *hist)
{
	const __u64 *buckets = (const __u64 *)hist->view.buckets;
	unsigned int i, j, length;
	__u64 most = 1;

	for (i = 0; i < hist->view.nr; i++)
		if (buckets[i] > most)
			most = buckets[i];
	for (i = 0; i < hist->view.nr; i++) {
		if (!octave_filled(hist, i))
			continue;
		put_range(to, hist, i);
		/* What is there at all shows. */
		length = (double)buckets[i] / (double)most * BAR_WIDTH;
		if (buckets[i] && !length)
			length = 1;
		fprintf(to, " %12llu |", (unsigned long long)buckets[i]);
		for (j = 0; j < BAR_WIDTH; j++)
			putc(j < length ? '#' : ' ', to);
		fputs("|\n", to);
	}
}

void out_text_histogram(FILE *to, const struct histogram *hist)
{
	unsigned int i;

	fprintf(to, "count %llu\nsum   %llu\n", (unsigned long long)hist->count,
		(unsigned long long)hist->sum);
	fputs("min   ", to);
	put_if_any(to, hist, hist->view.min);
	fputs("\nmax   ", to);
	put_if_any(to, hist, hist->view.max);
	for (i = 0; i < NR_QUANTILES; i++) {
		fprintf(to, "\n%-5s ", quantiles[i].label);
		put_if_any(to, hist, stall_hist_quantile(&hist->view,
							 quantiles[i].ppm));
	}
	putc('\n', to);
	put_bars(to, hist);
}

/* A row is known by its texts; numbers would only hide them. */
static void put_row_texts(FILE *to, const struct snapshot *snap,
			  const struct stallmeter_desc *desc, const void *row)
{
	const struct stallmeter_column *column;
	__u32 i;

	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(snap, desc, i);
		if (column->type != STALLMETER_TEXT || !*cell_text(row, column))
			continue;
		putc(' ', to);
		text_put(to, cell_text(row, column));
	}
}

static void put_row_histograms(FILE *to, const struct snapshot *snap,
			       const struct stallmeter_desc *desc, __u32 index)
{
	const void *row = snapshot_row(snap, desc, index);
	const struct stallmeter_column *column;
	struct histogram hist;
	bool first = true;
	__u32 i;

	for (i = 0; i < desc->nr_columns; i++) {
		column = snapshot_column(snap, desc, i);
		if (column->type != STALLMETER_HIST)
			continue;
		fputs("\n# ", to);
		text_put(to, column->name);
		/* All texts for all histograms would be work without a limit. */
		fputs(first ? " of" : " of the same", to);
		if (first)
			put_row_texts(to, snap, desc, row);
		first = false;
		putc('\n', to);
		cell_histogram(&hist, row, column);
		out_text_histogram(to, &hist);
	}
}

static void put_single(FILE *to, const struct snapshot *snap,
		       const struct stallmeter_desc *desc)
{
	const struct field field = { .column = snapshot_column(snap, desc, 0) };
	const void *row = snapshot_row(snap, desc, 0);
	struct histogram hist;

	if (desc->kind == STALLMETER_HISTOGRAM) {
		cell_histogram(&hist, row, field.column);
		out_text_histogram(to, &hist);
		return;
	}
	put_cell(to, row, &field);
	putc('\n', to);
}

static void put_heading(FILE *to, const struct stallmeter_desc *desc)
{
	fputs("# ", to);
	text_put(to, desc->group);
	putc('/', to);
	text_put(to, desc->name);
	if (*desc->unit) {
		fputs(", ", to);
		text_put(to, desc->unit);
	}
	fputs(": ", to);
	text_put(to, desc->help);
	putc('\n', to);
}

void out_text_series(FILE *to, const struct snapshot *snap,
		     const struct stallmeter_desc *desc,
		     const struct text_style *style)
{
	__u32 row;

	put_heading(to, desc);
	if (desc->kind != STALLMETER_TABLE) {
		put_single(to, snap, desc);
		return;
	}
	put_table(to, snap, desc, style);
	for (row = 0; style->full && row < desc->nr_rows; row++)
		put_row_histograms(to, snap, desc, row);
}
