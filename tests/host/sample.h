/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sample.h - snapshots to test with, the same bytes each time
 */
#ifndef _STALLMETER_SAMPLE_H
#define _STALLMETER_SAMPLE_H

#include <stddef.h>

/* What the sample is to show; any of these together. */
#define SAMPLE_SMALL		0x001	/* one series of each kind */
#define SAMPLE_NO_EVENTS	0x002	/* nothing was late */
#define SAMPLE_DOUBTFUL		0x004	/* no event is a stall for sure */
#define SAMPLE_DEGRADED		0x008	/* a collector and probes missing */
#define SAMPLE_NEWER_MINOR	0x010	/* larger strides, unknown types */
#define SAMPLE_NEWER_MAJOR	0x020	/* a layout of the future */
#define SAMPLE_LOST		0x040	/* events were lost */
#define SAMPLE_EVIL_TEXT	0x080	/* texts that fool terminals */
#define SAMPLE_NO_TABLES	0x100	/* no group "stallmeter" at all */
#define SAMPLE_NOTHING_ON	0x200	/* no collector is on */
#define SAMPLE_DROPPED		0x400	/* a collector dropped observations */
#define SAMPLE_VAST		0x800	/* more of everything than ever comes */
#define SAMPLE_WIDE		0x1000	/* more columns than are read */
#define SAMPLE_LONG		0x2000	/* more rows than are read */

/**
 * sample_build() - make a snapshot
 * @flags: SAMPLE_SMALL and so on
 * @size: gets its size
 *
 * Return: the snapshot; free() it.
 */
void *sample_build(unsigned int flags, size_t *size);

/**
 * sample_seal() - set the checksum
 * @data: a snapshot
 * @size: of it; nothing is done if that is too small for a checksum
 */
void sample_seal(void *data, size_t size);

#endif /* _STALLMETER_SAMPLE_H */
