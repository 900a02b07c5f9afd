// SPDX-License-Identifier: GPL-2.0
/*
 * hostile.c - damaged and malicious snapshots are refused, each in one line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "builder.h"
#include "exercise.h"
#include "input.h"
#include "sample.h"
#include "../../uapi/stallmeter.h"
#include "tap.h"

static bool refused(const void *data, size_t size)
{
	struct failure why;
	enum stallmeter_exit code = exercise_parse(data, size, &why);

	return (code == STALLMETER_ERROR || code == STALLMETER_NEWER) &&
	       *why.text && !strchr(why.text, '\n');
}

/* A block of exactly this size lets the sanitizer see a read behind its end. */
static void *exact_copy(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	return copy;
}

static void test_truncation(const void *data, size_t size)
{
	size_t length, failed = 0;
	void *copy;

	for (length = 0; length < size; length++) {
		copy = exact_copy(data, length);
		if (!refused(copy, length)) {
			note("accepted the first %zu bytes", length);
			failed++;
		}
		free(copy);
	}
	ok(!failed, "cut off at each of %zu lengths, it is refused", size);
}

/* The same with a header that says so, and a checksum that is right. */
static void test_sealed_truncation(const void *data, size_t size)
{
	struct stallmeter_header *header;
	size_t length, sound = 0;

	for (length = sizeof(*header); length < size; length++) {
		header = exact_copy(data, length);
		header->total_size = length;
		sample_seal(header, length);
		sound += exercise_verbs(header, length);
		free(header);
	}
	ok(!sound, "cut off and sealed again, it is refused");
}

static void test_bit_flips(const void *data, size_t size)
{
	unsigned char *copy = exact_copy(data, size);
	size_t bit, failed = 0;

	for (bit = 0; bit < size * 8; bit++) {
		copy[bit / 8] ^= 1 << bit % 8;
		if (!refused(copy, size)) {
			note("accepted with bit %zu flipped", bit);
			failed++;
		}
		copy[bit / 8] ^= 1 << bit % 8;
	}
	free(copy);
	ok(!failed, "with each of %zu bits flipped, it is refused", size * 8);
}

/* An enemy can make a checksum: then all that counts is that nothing breaks. */
static void test_sealed_bit_flips(const void *data, size_t size)
{
	size_t bit, sound = 0;
	void *copy;

	for (bit = 0; bit < size * 8; bit++) {
		copy = exact_copy(data, size);
		((unsigned char *)copy)[bit / 8] ^= 1 << bit % 8;
		sample_seal(copy, size);
		sound += exercise_verbs(copy, size);
		free(copy);
	}
	ok(sound && sound < size * 8,
	   "bits flipped and sealed again: %zu sound, %zu refused", sound,
	   size * 8 - sound);
}

/* One field of the header, or of the first descriptor or column. */
struct lie {
	const char *what;
	size_t base;
	size_t offset;
	size_t size;
	__u64 value;
};

enum { IN_HEADER, IN_DESC, IN_COLUMN };

#define FIELD(_in, _type, _field, _value)				\
	{ #_type " " #_field " " #_value, _in, offsetof(struct _type, _field),	\
	  sizeof(((struct _type *)0)->_field), _value }
#define HEADER(_field, _value)	\
	FIELD(IN_HEADER, stallmeter_header, _field, _value)
#define DESC(_field, _value)	FIELD(IN_DESC, stallmeter_desc, _field, _value)
#define COLUMN(_field, _value)	\
	FIELD(IN_COLUMN, stallmeter_column, _field, _value)

static const struct lie lies[] = {
	HEADER(header_size, 0), HEADER(header_size, 200),
	HEADER(header_size, 209), HEADER(header_size, 216),
	HEADER(header_size, 0xfffffff8),
	HEADER(total_size, 0), HEADER(total_size, 1 << 30),
	HEADER(total_size, ~0ULL), HEADER(desc_size, 0),
	HEADER(desc_size, 200), HEADER(desc_size, 0xfffffff8),
	HEADER(nr_descs, 0xffffffff), HEADER(nr_descs, 1 << 22),
	HEADER(column_size, 0), HEADER(column_size, 152),
	HEADER(column_size, 0xfffffff8), HEADER(nr_columns, 0),
	HEADER(nr_columns, 0xffffffff), HEADER(desc_offset, 0),
	HEADER(desc_offset, 1), HEADER(desc_offset, ~7ULL),
	HEADER(column_offset, 0), HEADER(column_offset, 208),
	HEADER(column_offset, ~7ULL), HEADER(data_offset, 0),
	HEADER(data_offset, 208), HEADER(data_offset, 1ULL << 63),
	HEADER(data_offset, ~7ULL), HEADER(abi_major, 0),
	DESC(offset, 0), DESC(offset, 208), DESC(offset, 4),
	DESC(offset, ~7ULL), DESC(offset, 1ULL << 40), DESC(nr_rows, 0),
	DESC(nr_rows, 2), DESC(nr_rows, 0xffffffff), DESC(row_size, 0),
	DESC(row_size, 4), DESC(row_size, 0xfffffff8),
	DESC(first_column, 1), DESC(first_column, 4),
	DESC(first_column, 0xffffffff), DESC(nr_columns, 0),
	DESC(nr_columns, 2), DESC(nr_columns, 0xffffffff),
	DESC(kind, STALLMETER_HISTOGRAM), DESC(group, 0), DESC(name, 0),
	COLUMN(type, STALLMETER_TEXT), COLUMN(type, STALLMETER_HIST),
	COLUMN(offset, 8), COLUMN(offset, 1), COLUMN(offset, 0xfffffff8),
	COLUMN(size, 0), COLUMN(size, 4), COLUMN(size, 16),
	COLUMN(size, 0xfffffff8), COLUMN(name, 0),
};

static void tell_lie(unsigned char *file, const struct lie *lie)
{
	const struct stallmeter_header *header = (const void *)file;
	const size_t bases[] = {
		[IN_HEADER] = 0,
		[IN_DESC] = header->desc_offset,
		[IN_COLUMN] = header->column_offset,
	};
	unsigned char *field = file + bases[lie->base] + lie->offset;

	/* Of a text, the first byte; the hosts are little-endian or like it. */
	if (lie->size > sizeof(lie->value))
		*field = lie->value;
	else
		memcpy(field, &lie->value, lie->size);
}

static void test_lies(const void *data, size_t size)
{
	unsigned char *copy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		copy = exact_copy(data, size);
		tell_lie(copy, &lies[i]);
		sample_seal(copy, size);
		ok(refused(copy, size), "%s with a right checksum is refused",
		   lies[i].what);
		free(copy);
	}
}

/* Fill one field to its last byte, so that its text has no end there. */
static void test_endless(const void *data, size_t size, const char *what,
			 size_t offset, size_t length)
{
	unsigned char *copy = exact_copy(data, size);

	memset(copy + offset, 'x', length);
	sample_seal(copy, size);
	ok(refused(copy, size), "%s without an end is refused", what);
	free(copy);
}

static void test_endless_texts(const void *data, size_t size)
{
	const struct stallmeter_header *header = data;
	const size_t desc = header->desc_offset;
	const size_t column = header->column_offset;

#define ENDLESS(_base, _type, _field)					\
	test_endless(data, size, #_type " " #_field,			\
		     (_base) + offsetof(struct _type, _field),		\
		     sizeof(((struct _type *)0)->_field))

	ENDLESS(0, stallmeter_header, release);
	ENDLESS(0, stallmeter_header, version);
	ENDLESS(desc, stallmeter_desc, group);
	ENDLESS(desc, stallmeter_desc, name);
	ENDLESS(desc, stallmeter_desc, unit);
	ENDLESS(desc, stallmeter_desc, help);
	ENDLESS(column, stallmeter_column, name);
	ENDLESS(column, stallmeter_column, unit);
	ENDLESS(column, stallmeter_column, help);
	/* The last row is a text of 8 bytes and a number. */
	test_endless(data, size, "text in a table", size - 16, 8);
}

/* The small sample's parts: a gauge, a histogram and a table of two columns. */
struct parts {
	struct stallmeter_header *header;
	struct stallmeter_desc *gauge;
	struct stallmeter_desc *table;
	struct stallmeter_column *histogram;
	struct stallmeter_column *who;
};

static void share_data(const struct parts *parts)
{
	__u64 bytes = parts->header->total_size - parts->header->data_offset;

	parts->gauge->kind = STALLMETER_TABLE;
	parts->gauge->offset = parts->header->data_offset;
	parts->gauge->nr_rows = bytes / parts->gauge->row_size;
}

static void share_columns(const struct parts *parts)
{
	*parts->gauge = *parts->table;
	parts->gauge->nr_rows = 0;
}

static void overlap_columns(const struct parts *parts)
{
	parts->who->size = parts->table->row_size;
}

static void rows_of_nothing(const struct parts *parts)
{
	parts->table->nr_columns = 0;
	parts->table->row_size = 0;
	parts->table->nr_rows = 0xffffffff;
}

static void counter_of_text(const struct parts *parts)
{
	parts->table->kind = STALLMETER_COUNTER;
	parts->table->nr_rows = 1;
}

/* What lies behind the columns looks like one more, and is none. */
static void column_too_far(const struct parts *parts)
{
	parts->header->nr_columns--;
	parts->gauge->kind = STALLMETER_TABLE;
	parts->gauge->nr_columns = 0;
}

/* The layout has 496 buckets; the sample's histogram has 8 of them. */
static void bucket_too_far(const struct parts *parts)
{
	parts->histogram->first_bucket = 489;
}

/* Each part is sound by itself; all together would be work without a limit. */
static const struct {
	const char *what;
	void (*spoil)(const struct parts *parts);
} conspiracies[] = {
	{ "two series with the same data", share_data },
	{ "two series with the same columns", share_columns },
	{ "columns larger than their row", overlap_columns },
	{ "four billion rows of nothing", rows_of_nothing },
	{ "a counter of text", counter_of_text },
	{ "the last column one too far", column_too_far },
	{ "the last bucket one too far", bucket_too_far },
};

static void test_conspiracies(const void *data, size_t size)
{
	struct parts parts;
	unsigned char *copy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conspiracies); i++) {
		copy = exact_copy(data, size);
		parts.header = (void *)copy;
		parts.gauge = (void *)(copy + parts.header->desc_offset);
		parts.table = parts.gauge + 2;
		parts.histogram = (void *)(copy + parts.header->column_offset);
		parts.histogram += parts.gauge[1].first_column;
		parts.who = parts.histogram + 1;
		conspiracies[i].spoil(&parts);
		sample_seal(copy, size);
		ok(refused(copy, size), "%s: refused", conspiracies[i].what);
		free(copy);
	}
}

/* A table of one row: a histogram, and numbers for the other columns. */
static void *wide_table(unsigned int nr_columns, unsigned int nr_buckets,
			size_t *size)
{
	struct builder *builder = calloc(1, sizeof(*builder));
	unsigned int i;
	char name[STALLMETER_NAME_LEN];
	void *data;

	if (!builder)
		abort();
	builder_series(builder, STALLMETER_TABLE, "a", "table", "");
	builder_histogram(builder, "hist", "ns", 0, nr_buckets);
	for (i = 1; i < nr_columns; i++) {
		snprintf(name, sizeof(name), "number%u", i);
		builder_column(builder, STALLMETER_U64, name, "", 8);
	}
	builder_empty_row(builder);
	data = builder_finish(builder, 0, size);
	free(builder);
	sample_seal(data, *size);
	return data;
}

/* Nothing in these lies; they are only larger than what is read. */
static const struct {
	unsigned int nr_columns;
	unsigned int nr_buckets;
	const char *why;
} tables[] = {
	{ 1, 496, NULL },
	{ 64, 496, NULL },
	{ 65, 496, "a/table has 65 columns, at most 64 are read" },
	{ 1000, 8, "a/table has 1000 columns, at most 64 are read" },
	{ 1, 497, "bad column 0 of a/table" },
	{ 1, 1 << 20, "bad column 0 of a/table" },
};

static void test_wide_tables(void)
{
	struct failure why;
	size_t i, size;
	void *data;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		data = wide_table(tables[i].nr_columns, tables[i].nr_buckets,
				  &size);
		if (tables[i].why)
			ok(refused(data, size) &&
			   exercise_parse(data, size, &why) &&
			   strstr(why.text, tables[i].why),
			   "%u columns and %u buckets are refused: %s",
			   tables[i].nr_columns, tables[i].nr_buckets,
			   why.text);
		else
			ok(exercise_verbs(data, size),
			   "%u columns and %u buckets are read",
			   tables[i].nr_columns, tables[i].nr_buckets);
		free(data);
	}
}

static long max_rss_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void test_claim(const void *data, size_t size)
{
	char path[] = "/tmp/stallmeter-hostile-XXXXXX";
	struct stallmeter_header *header = exact_copy(data, size);
	struct failure why = { "" };
	struct input input;
	long before = max_rss_kib();
	int fd = mkstemp(path);

	header->total_size = 1 << 30;
	header->nr_descs = (1 << 30) / header->desc_size;
	sample_seal(header, size);
	if (fd < 0 || write(fd, header, size) != (ssize_t)size)
		abort();
	close(fd);
	ok(!input_read(&input, path, &why) && input.size == size,
	   "a small file that claims a GiB is read");
	ok(refused(input.data, input.size), "and refused");
	ok(max_rss_kib() - before < 1024, "with %ld KiB of memory",
	   max_rss_kib() - before);
	unlink(path);
	free(input.data);
	free(header);
}

static void test_too_large(void)
{
	char path[] = "/tmp/stallmeter-hostile-XXXXXX";
	struct failure why = { "" };
	struct input input;
	long before = max_rss_kib();
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, 1 << 30))
		abort();
	close(fd);
	ok(input_read(&input, path, &why) == STALLMETER_ERROR && !input.data,
	   "a file of a GiB is refused: %s", why.text);
	ok(max_rss_kib() - before < 1024, "without reading it");
	unlink(path);
}

int main(void)
{
	size_t size, large;
	void *data = sample_build(SAMPLE_SMALL, &size);
	void *full = sample_build(0, &large);

	ok(exercise_verbs(data, size), "the small sample is sound");
	ok(exercise_verbs(full, large), "the full sample is sound");
	test_truncation(data, size);
	test_sealed_truncation(data, size);
	test_bit_flips(data, size);
	test_sealed_bit_flips(data, size);
	test_lies(data, size);
	test_endless_texts(data, size);
	test_conspiracies(data, size);
	test_claim(data, size);
	test_too_large();
	test_wide_tables();
	free(full);
	free(data);
	return done();
}
