// SPDX-License-Identifier: GPL-2.0
/*
 * table - rows of one moment, and text that is safe to show
 */
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "table.h"

/**
 * stall_rows_add() - append a row
 * @rows: rows; row_size must be set
 *
 * Context: process, may sleep.
 * Return: the new row, zeroed, valid until the next call; NULL without memory.
 */
void *stall_rows_add(struct stall_rows *rows)
{
	if (rows->nr == rows->room) {
		unsigned int room = rows->room ? 2 * rows->room : 16;
		void *data = kvcalloc(room, rows->row_size, GFP_KERNEL);

		if (!data)
			return NULL;
		if (rows->nr)
			memcpy(data, rows->data, rows->nr * rows->row_size);
		kvfree(rows->data);
		rows->data = data;
		rows->room = room;
	}
	return rows->data + rows->row_size * rows->nr++;
}

/**
 * stall_rows_free() - give back the memory of rows
 * @rows: rows, possibly none
 */
void stall_rows_free(struct stall_rows *rows)
{
	kvfree(rows->data);
	memset(rows, 0, sizeof(*rows));
}

/**
 * stall_escape() - make text of bytes that anybody may have chosen
 * @text: result, always terminated
 * @room: its size, at least 1
 * @raw: bytes, a NUL ends them
 * @len: at most so many
 * @blanks: let blanks stand
 *
 * What is not printable ASCII, and the backslash itself, becomes \ooo: a task
 * may call itself anything, a line feed or a terminal's control code included.
 *
 * Context: any.
 * Return: length of @text.
 */
size_t stall_escape(char *text, size_t room, const char *raw, size_t len,
		    bool blanks)
{
	size_t i, at = 0;

	for (i = 0; i < len && raw[i]; i++) {
		unsigned char c = raw[i];

		if ((isascii(c) && isgraph(c) && c != '\\') ||
		    (blanks && c == ' ')) {
			if (at + 1 >= room)
				break;
			text[at++] = c;
			continue;
		}
		if (at + 4 >= room)
			break;
		text[at++] = '\\';
		text[at++] = '0' + (c >> 6);
		text[at++] = '0' + ((c >> 3) & 7);
		text[at++] = '0' + (c & 7);
	}
	text[at] = '\0';
	return at;
}
