/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * stallmeter.h - layout of the binary snapshot, the one thing that the kernel
 * module and its readers share
 */
#ifndef _UAPI_STALLMETER_H
#define _UAPI_STALLMETER_H

#include <linux/types.h>

/**
 * DOC: the snapshot
 *
 * /sys/kernel/debug/stallmeter/snapshot is built when it is opened: one file
 * descriptor is one moment. It describes itself, so that a reader needs to
 * know neither collectors nor series:
 *
 *	header | series descriptors | column descriptors | data
 *
 * A series is a number of rows, each of @row_size bytes; its columns say what
 * stands where in a row. A counter and a histogram are a series of one row and
 * one column. All values are in the byte order of the machine that wrote the
 * file; @magic tells which that is.
 *
 * Growth: a new minor version only appends (fields to a structure, types,
 * flags). Readers go from one descriptor to the next by the header's strides,
 * take a missing tail as zero, and skip types that they do not know. A new
 * major version breaks the layout, and a reader refuses it. Names are stable:
 * a series or column whose meaning changes gets a new name.
 *
 * All text is NUL-terminated within its field and printable ASCII. Names have no
 * blanks; sentences (help, reason, allowed, subject, note) have. Other bytes
 * stand as \ooo.
 */

/* "STLL", read as a little-endian number. */
#define STALLMETER_MAGIC	0x4c4c5453U

#define STALLMETER_ABI_MAJOR	1
#define STALLMETER_ABI_MINOR	0

#define STALLMETER_NAME_LEN	32
#define STALLMETER_UNIT_LEN	16
#define STALLMETER_HELP_LEN	96

/**
 * struct stallmeter_header - start of a snapshot
 * @magic: STALLMETER_MAGIC in the writer's byte order
 * @abi_major: layout; readers refuse one that is newer than theirs
 * @abi_minor: additions to it
 * @header_size: bytes of this structure
 * @crc32: of the whole file with this field zero (IEEE 802.3, as zlib's)
 * @desc_size: bytes from one series descriptor to the next
 * @nr_descs: how many there are
 * @column_size: bytes from one column descriptor to the next
 * @nr_columns: how many there are, of all series
 * @desc_offset: first series descriptor, in bytes from the file's start
 * @column_offset: first column descriptor
 * @data_offset: first byte of data; everything before it is descriptive
 * @total_size: bytes of the file
 * @generation: counts each reset and each change of what is collected;
 *	counters of two snapshots compare only if it is the same in both
 * @mono_ns: CLOCK_MONOTONIC of the snapshot, the clock of all times in it
 * @boot_ns: CLOCK_BOOTTIME of the same instant
 * @real_ns: CLOCK_REALTIME of the same instant
 * @instance: random bytes, new each time the module is loaded
 * @release: the kernel's release, as uname -r says it
 * @version: the module's version
 */
struct stallmeter_header {
	__u32 magic;
	__u16 abi_major;
	__u16 abi_minor;
	__u32 header_size;
	__u32 crc32;
	__u32 desc_size;
	__u32 nr_descs;
	__u32 column_size;
	__u32 nr_columns;
	__aligned_u64 desc_offset;
	__aligned_u64 column_offset;
	__aligned_u64 data_offset;
	__aligned_u64 total_size;
	__aligned_u64 generation;
	__aligned_u64 mono_ns;
	__aligned_u64 boot_ns;
	__aligned_u64 real_ns;
	__u8 instance[16];
	char release[64];
	char version[32];
};

/* What a series is, struct stallmeter_desc's @kind. */
#define STALLMETER_COUNTER	1	/* one value, only grows */
#define STALLMETER_GAUGE	2	/* one value, goes up and down */
#define STALLMETER_HISTOGRAM	3	/* one histogram */
#define STALLMETER_TABLE	4	/* any number of rows */

/**
 * struct stallmeter_desc - one series
 * @kind: STALLMETER_COUNTER and so on
 * @flags: zero
 * @offset: first row, in bytes from the file's start, a multiple of 8
 * @nr_rows: rows present
 * @row_size: bytes from one row to the next, a multiple of 8
 * @first_column: index of the first column descriptor
 * @nr_columns: how many columns
 * @group: the collector, or "stallmeter" for what the module says of itself
 * @name: of the series, unique in its group
 * @unit: of a counter's, gauge's or histogram's values: "ns", "packets"...
 * @help: one line on what it means
 */
struct stallmeter_desc {
	__u32 kind;
	__u32 flags;
	__aligned_u64 offset;
	__u32 nr_rows;
	__u32 row_size;
	__u32 first_column;
	__u32 nr_columns;
	char group[STALLMETER_NAME_LEN];
	char name[STALLMETER_NAME_LEN];
	char unit[STALLMETER_UNIT_LEN];
	char help[STALLMETER_HELP_LEN];
};

/* What stands in a column, struct stallmeter_column's @type. */
#define STALLMETER_U64		1	/* __u64 */
#define STALLMETER_S64		2	/* __s64 */
#define STALLMETER_TEXT		3	/* char[@size], NUL-terminated */
#define STALLMETER_HIST		4	/* struct stallmeter_hist, @size bytes */

/**
 * struct stallmeter_column - one column of a series
 * @type: STALLMETER_U64 and so on
 * @offset: in the row, in bytes, a multiple of 8
 * @size: in bytes, a multiple of 8
 * @first_bucket: of a STALLMETER_HIST: index of its first bucket in the layout
 *	below; that bucket holds all smaller values too, the last one all larger
 * @name: of the column, unique in its series
 * @unit: of its values; empty for text
 * @help: one line on what it means
 */
struct stallmeter_column {
	__u32 type;
	__u32 offset;
	__u32 size;
	__u32 first_bucket;
	char name[STALLMETER_NAME_LEN];
	char unit[STALLMETER_UNIT_LEN];
	char help[STALLMETER_HELP_LEN];
};

/*
 * The histogram's layout is log-linear: 8 buckets to a power of two, 496 in
 * all for the whole range of __u64, each with an inclusive upper bound:
 *
 *	upper(b) = b					for b < 8
 *	upper(b) = ((8 + b % 8 + 1) << (b / 8 - 1)) - 1	else (modulo 2^64)
 */
#define STALLMETER_SUB_BITS	3
#define STALLMETER_NR_BUCKETS	496

/**
 * struct stallmeter_hist - a histogram
 * @sum: of all values; wraps
 * @min: smallest value, all ones if there is none
 * @max: largest value, 0 if there is none
 * @buckets: counts; their sum is the number of values, which is not kept apart
 *	so that a snapshot cannot contradict itself. As many as the column's
 *	@size has room for.
 */
struct stallmeter_hist {
	__aligned_u64 sum;
	__aligned_u64 min;
	__aligned_u64 max;
	__aligned_u64 buckets[];
};

#endif /* _UAPI_STALLMETER_H */
