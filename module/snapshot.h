/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - all series of one moment in one binary file
 */
#ifndef STALL_SNAPSHOT_H
#define STALL_SNAPSHOT_H

#include <linux/types.h>

/**
 * struct stall_snapshot - a finished file
 * @data: its bytes, laid out as uapi/stallmeter.h says
 * @size: how many
 */
struct stall_snapshot {
	void *data;
	size_t size;
};

int stall_snapshot_build(struct stall_snapshot *snapshot);
void stall_snapshot_free(struct stall_snapshot *snapshot);

#endif /* STALL_SNAPSHOT_H */
