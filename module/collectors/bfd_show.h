/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_show.h - what the tables of collector bfd share
 */
#ifndef STALL_BFD_SHOW_H
#define STALL_BFD_SHOW_H

#include "bfd.h"

/* Bytes of an address as text. */
#define BFD_ADDRESS_TEXT	48

/**
 * struct bfd_row_name - which session a row is about; a row begins with it
 * @netns: inode number of its network namespace
 * @source: our address
 * @destination: the peer's
 * @port: destination port
 * @device: name of the device
 */
struct bfd_row_name {
	u64 netns;
	char source[BFD_ADDRESS_TEXT];
	char destination[BFD_ADDRESS_TEXT];
	u64 port;
	char device[64];
};

/* A column of a field of struct bfd_row_name, which begins row @_row. */
#define BFD_NAME_COLUMN(_type, _row, _field, _help)			\
	{ .type = (_type),						\
	  .offset = offsetof(struct bfd_row_name, _field) +		\
		    BUILD_BUG_ON_ZERO(offsetof(struct _row, name)),	\
	  .size = sizeof_field(struct bfd_row_name, _field),		\
	  .name = #_field, .help = (_help) }

void bfd_row_name(const struct bfd_session *session,
		  struct bfd_row_name *name);
size_t bfd_story_note(const struct bfd_late *late, char *note, size_t room);

#endif /* STALL_BFD_SHOW_H */
