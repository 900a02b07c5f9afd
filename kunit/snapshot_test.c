// SPDX-License-Identifier: GPL-2.0
/* snapshot_test - the layout of a snapshot of the live registry */
#include <kunit/test.h>

#include "../module/collector.h"
#include "../module/snapshot.h"
#include "../module/timeline.h"
#include "suites.h"

static int snapshot_init(struct kunit *test)
{
	struct stall_snapshot *snapshot;

	snapshot = kunit_kzalloc(test, sizeof(*snapshot), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, snapshot);
	KUNIT_ASSERT_EQ(test, stall_events_init(), 0);
	KUNIT_ASSERT_EQ(test, stall_collectors_init(), 0);
	KUNIT_ASSERT_EQ(test, stall_timeline_init(), 0);
	KUNIT_ASSERT_EQ(test, stall_snapshot_build(snapshot), 0);
	test->priv = snapshot;
	return 0;
}

static void snapshot_exit(struct kunit *test)
{
	stall_timeline_exit();
	stall_collectors_exit();
	stall_events_exit();
	if (test->priv)
		stall_snapshot_free(test->priv);
}

static const struct stallmeter_header *header_of(struct kunit *test)
{
	const struct stall_snapshot *snapshot = test->priv;

	return snapshot->data;
}

static const struct stallmeter_desc *desc_at(struct kunit *test, u32 i)
{
	const struct stallmeter_header *header = header_of(test);

	return (void *)header + header->desc_offset + i * header->desc_size;
}

static const struct stallmeter_column *column_at(struct kunit *test, u32 i)
{
	const struct stallmeter_header *header = header_of(test);

	return (void *)header + header->column_offset +
	       i * header->column_size;
}

static const struct stallmeter_desc *desc_named(struct kunit *test,
						const char *group,
						const char *name)
{
	u32 i;

	for (i = 0; i < header_of(test)->nr_descs; i++)
		if (!strcmp(desc_at(test, i)->group, group) &&
		    !strcmp(desc_at(test, i)->name, name))
			return desc_at(test, i);
	return NULL;
}

static void parts_follow_each_other(struct kunit *test)
{
	const struct stallmeter_header *header = header_of(test);
	const struct stall_snapshot *snapshot = test->priv;
	u64 at = header->data_offset;
	u32 i, column = 0;

	KUNIT_EXPECT_EQ(test, header->magic, STALLMETER_MAGIC);
	KUNIT_EXPECT_EQ(test, (int)header->abi_major, STALLMETER_ABI_MAJOR);
	KUNIT_EXPECT_EQ(test, header->total_size, (u64)snapshot->size);
	KUNIT_EXPECT_EQ(test, header->desc_offset, (u64)header->header_size);
	for (i = 0; i < header->nr_descs; i++) {
		const struct stallmeter_desc *desc = desc_at(test, i);

		KUNIT_EXPECT_EQ_MSG(test, desc->offset, at, "%s", desc->name);
		KUNIT_EXPECT_EQ(test, desc->first_column, column);
		KUNIT_EXPECT_EQ(test, desc->row_size % 8, 0U);
		at += (u64)desc->nr_rows * desc->row_size;
		column += desc->nr_columns;
	}
	KUNIT_EXPECT_EQ(test, at, header->total_size);
	KUNIT_EXPECT_EQ(test, column, header->nr_columns);
}

static void columns_lie_inside_their_rows(struct kunit *test)
{
	u32 i, j;

	for (i = 0; i < header_of(test)->nr_descs; i++) {
		const struct stallmeter_desc *desc = desc_at(test, i);

		for (j = 0; j < desc->nr_columns; j++) {
			const struct stallmeter_column *column =
				column_at(test, desc->first_column + j);

			KUNIT_EXPECT_LE_MSG(test, column->offset + column->size,
					    desc->row_size, "%s %s",
					    desc->name, column->name);
			KUNIT_EXPECT_EQ(test, column->offset % 8, 0U);
			KUNIT_EXPECT_EQ(test, column->size % 8, 0U);
			KUNIT_EXPECT_GE(test, column->type, 1U);
			KUNIT_EXPECT_LE(test, column->type, STALLMETER_HIST + 0U);
		}
	}
}

static void names_are_whole_and_told_once(struct kunit *test)
{
	u32 i;

	for (i = 0; i < header_of(test)->nr_descs; i++) {
		const struct stallmeter_desc *desc = desc_at(test, i);

		KUNIT_EXPECT_GT(test, strlen(desc->name), (size_t)0);
		/* As long as its field: it may have been cut off. */
		KUNIT_EXPECT_LT_MSG(test, strlen(desc->help),
				    sizeof(desc->help) - 1, "%s", desc->name);
		KUNIT_EXPECT_PTR_EQ(test, desc_named(test, desc->group,
						     desc->name), desc);
	}
	for (i = 0; i < header_of(test)->nr_columns; i++)
		KUNIT_EXPECT_LT_MSG(test, strlen(column_at(test, i)->help),
				    sizeof(column_at(test, i)->help) - 1, "%s",
				    column_at(test, i)->name);
}

static void series_of_the_collector_are_there(struct kunit *test)
{
	const struct stallmeter_desc *gaps =
		desc_named(test, "bfd", "tx_gap_ns");

	KUNIT_ASSERT_NOT_NULL(test, gaps);
	KUNIT_EXPECT_EQ(test, gaps->kind, STALLMETER_HISTOGRAM + 0U);
	KUNIT_EXPECT_EQ(test, gaps->nr_rows, 1U);
	KUNIT_EXPECT_STREQ(test, gaps->unit, "ns");
	KUNIT_EXPECT_EQ(test, column_at(test, gaps->first_column)->size,
			8U * (3 + STALLMETER_NR_BUCKETS));
	KUNIT_EXPECT_NOT_NULL(test, desc_named(test, "bfd", "sessions"));
	KUNIT_EXPECT_NOT_NULL(test, desc_named(test, "stallmeter", "probes"));
}

static void collector_that_is_off_is_left_out(struct kunit *test)
{
	struct stall_snapshot *snapshot = test->priv;

	mutex_lock(&stall_lock);
	stall_run_stop(stall_run_at(0));
	mutex_unlock(&stall_lock);
	stall_snapshot_free(snapshot);
	KUNIT_ASSERT_EQ(test, stall_snapshot_build(snapshot), 0);
	KUNIT_EXPECT_NULL(test, desc_named(test, "bfd", "tx_gap_ns"));
	KUNIT_EXPECT_NOT_NULL(test, desc_named(test, "stallmeter",
					       "collectors"));
}

static struct kunit_case snapshot_cases[] = {
	KUNIT_CASE(parts_follow_each_other),
	KUNIT_CASE(columns_lie_inside_their_rows),
	KUNIT_CASE(names_are_whole_and_told_once),
	KUNIT_CASE(series_of_the_collector_are_there),
	KUNIT_CASE(collector_that_is_off_is_left_out),
	{}
};

struct kunit_suite stall_snapshot_suite = {
	.name = "stallmeter_snapshot",
	.init = snapshot_init,
	.exit = snapshot_exit,
	.test_cases = snapshot_cases,
};
