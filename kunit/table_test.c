// SPDX-License-Identifier: GPL-2.0
/* table_test - rows, and text that is safe to show */
#include <kunit/test.h>

#include "../module/table.c"
#include "suites.h"

static const struct {
	const char *name;
	const char *raw;
	size_t len;
	size_t room;
	bool blanks;
	const char *want;
} escapes[] = {
	{ "plain", "bird", 16, 64, false, "bird" },
	{ "blank", "a b", 16, 64, false, "a\\040b" },
	{ "blank that may stand", "a b", 16, 64, true, "a b" },
	{ "line feed", "a\nb", 16, 64, true, "a\\012b" },
	{ "escape sequence", "\033[2J", 16, 64, false, "\\033[2J" },
	{ "backslash", "\\012", 16, 64, false, "\\134012" },
	{ "not ASCII", "\303\251", 16, 64, false, "\\303\\251" },
	{ "not terminated", "abcdef", 3, 64, false, "abc" },
	{ "empty", "", 16, 64, false, "" },
	{ "no room", "abcdef", 16, 4, false, "abc" },
	{ "no room for an escape", "ab\n", 16, 6, false, "ab" },
	{ "room for an escape", "ab\n", 16, 7, false, "ab\\012" },
	{ "no room at all", "abc", 16, 1, false, "" },
};

static void bytes_become_safe_text(struct kunit *test)
{
	char text[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(escapes); i++) {
		size_t len;

		memset(text, 'X', sizeof(text));
		len = stall_escape(text, escapes[i].room, escapes[i].raw,
				   escapes[i].len, escapes[i].blanks);
		KUNIT_EXPECT_EQ_MSG(test, strcmp(text, escapes[i].want), 0,
				    "%s: got %s", escapes[i].name, text);
		KUNIT_EXPECT_EQ_MSG(test, len, strlen(escapes[i].want), "%s",
				    escapes[i].name);
	}
}

static void rows_grow_and_keep_their_contents(struct kunit *test)
{
	struct stall_rows rows = { .row_size = 3 * sizeof(u64) };
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		u64 *row = stall_rows_add(&rows);

		KUNIT_ASSERT_NOT_NULL(test, row);
		KUNIT_EXPECT_EQ(test, row[0] | row[1] | row[2], 0ULL);
		row[2] = i;
	}
	KUNIT_EXPECT_EQ(test, rows.nr, 1000U);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, ((u64 *)rows.data)[3 * i + 2], (u64)i);
	stall_rows_free(&rows);
	KUNIT_EXPECT_EQ(test, rows.nr, 0U);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(bytes_become_safe_text),
	KUNIT_CASE(rows_grow_and_keep_their_contents),
	{}
};

struct kunit_suite stall_table_suite = {
	.name = "stallmeter_table",
	.test_cases = table_cases,
};
