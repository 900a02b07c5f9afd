// SPDX-License-Identifier: GPL-2.0
/*
 * sample.c - snapshots to test with, the same bytes each time
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "builder.h"
#include "sample.h"
#include "util.h"

#define N(_number)	((__u64)(_number))
#define MS		1000000ULL
#define SECOND		1000000000ULL

#define MONO_NS		(5000 * SECOND)
/* 2026-11-21 12:00:00.123 UTC */
#define REAL_NS		(1795262400 * SECOND + 123 * MS)

#define TEXT		STALLMETER_TEXT
#define U64		STALLMETER_U64

/* A type and a kind that this version does not have. */
#define UNKNOWN		77

/* The first and the last are beyond the part of the layout that holds them. */
static const u64 gaps[] = {
	1000, 300 * MS, 310 * MS, 330 * MS, 350 * MS, 361 * MS, 361 * MS,
	1310 * MS, 60 * SECOND,
};

static const u64 delays[] = {
	0, 3, 8, 9, 9, 10, 4000, 4100, 1ULL << 40, ~0ULL,
};

static const struct values gap_values = { gaps, ARRAY_SIZE(gaps) };
static const struct values delay_values = { delays, ARRAY_SIZE(delays) };
static const struct values no_values = { NULL, 0 };

static void add_counter(struct builder *b, const char *group, const char *name,
			const char *unit, __u64 value)
{
	builder_series(b, STALLMETER_COUNTER, group, name, unit);
	builder_column(b, U64, "value", unit, 8);
	builder_row(b, value);
}

static void add_histogram(struct builder *b, const char *group,
			  const char *name, unsigned int first, unsigned int nr,
			  const struct values *values)
{
	builder_series(b, STALLMETER_HISTOGRAM, group, name, "ns");
	builder_histogram(b, "hist", "ns", first, nr);
	builder_row(b, values);
}

static void add_sessions(struct builder *b, unsigned int flags)
{
	const char *device = flags & SAMPLE_EVIL_TEXT ? "ve\033[2J\nth\xff" :
							"veth-a";

	builder_series(b, STALLMETER_TABLE, "bfd", "sessions", "");
	builder_column(b, TEXT, "source", "", 16);
	builder_column(b, TEXT, "destination", "", 16);
	builder_column(b, TEXT, "device", "", 16);
	if (flags & SAMPLE_NEWER_MINOR)
		builder_column(b, UNKNOWN, "colour", "", 24);
	builder_column(b, U64, "packets", "packets", 8);
	builder_histogram(b, "gap_ns", "ns", 143, 114);
	builder_row(b, "10.0.0.1", "10.0.0.2", device, N(8), &gap_values);
	builder_row(b, "10.0.0.1", "10.0.0.3", "", N(0), &no_values);
}

static void add_collections(struct builder *b, unsigned int flags)
{
	add_counter(b, "bfd", "sends", "packets", 12345678901234567890ULL);
	add_counter(b, "bfd", "packets", "packets", 42);
	add_histogram(b, "bfd", "tx_gap_ns", 143, 114, &gap_values);
	add_histogram(b, "bfd", "tx_delay_ns", 0, 496, &delay_values);
	add_sessions(b, flags);

	builder_series(b, STALLMETER_GAUGE, "reclaim", "balance", "pages");
	builder_column(b, STALLMETER_S64, "value", "pages", 8);
	builder_row(b, N(-5));
	add_histogram(b, "reclaim", "stall_ns", 0, 496, &no_values);
	if (flags & SAMPLE_NEWER_MINOR) {
		builder_series(b, UNKNOWN, "reclaim", "weather", "");
		builder_column(b, UNKNOWN, "sky", "", 40);
		builder_row(b);
	}
}

static void add_collectors(struct builder *b, unsigned int flags)
{
	const char *on = flags & SAMPLE_NOTHING_ON ? "off" : "on";
	const char *state = flags & SAMPLE_DEGRADED ? "unavailable" : on;
	const char *reason = flags & SAMPLE_DEGRADED ?
			     "no tracepoint mm_vmscan_direct_reclaim_begin" : "";
	__u64 enabled = !(flags & SAMPLE_NOTHING_ON);
	bool dropped = flags & SAMPLE_DROPPED;

	builder_series(b, STALLMETER_TABLE, "stallmeter", "collectors", "");
	builder_column(b, TEXT, "name", "", 32);
	builder_column(b, TEXT, "state", "", 16);
	builder_column(b, TEXT, "reason", "", 96);
	builder_column(b, U64, "enabled", "", 8);
	builder_column(b, U64, "generation", "", 8);
	builder_column(b, U64, "dropped", "", 8);
	builder_column(b, U64, "missed", "", 8);
	builder_column(b, U64, "memory_bytes", "bytes", 8);
	builder_column(b, U64, "memory_cpu_bytes", "bytes", 8);
	builder_column(b, TEXT, "help", "", 96);
	builder_row(b, "bfd", on, "", enabled, N(3), N(dropped ? 100 : 0),
		    N(dropped ? 3 : 2), N(65536), N(16384),
		    "hellos of BFD daemons");
	builder_row(b, "reclaim", state, reason, enabled, N(1), N(0), N(0),
		    N(32768), N(8192), "direct reclaim");
	builder_row(b, "epoll", "off", "", N(0), N(0), N(0), N(0), N(0), N(0),
		    "lost wakeups");
}

static void add_probes(struct builder *b, unsigned int flags)
{
	bool degraded = flags & SAMPLE_DEGRADED;

	builder_series(b, STALLMETER_TABLE, "stallmeter", "probes", "");
	builder_column(b, TEXT, "collector", "", 32);
	builder_column(b, TEXT, "kind", "", 16);
	builder_column(b, TEXT, "wanted", "", 64);
	builder_column(b, TEXT, "target", "", 64);
	builder_column(b, TEXT, "hook", "", 16);
	builder_column(b, TEXT, "need", "", 16);
	builder_column(b, TEXT, "state", "", 16);
	builder_column(b, TEXT, "reason", "", 96);
	builder_column(b, U64, "hits", "", 8);
	builder_column(b, U64, "cost_ns", "ns", 8);
	builder_row(b, "bfd", "entry", "udp_sendmsg", "udp_sendmsg", "ftrace",
		    "required", "on", "", N(123456), N(41));
	builder_row(b, "bfd", "tracepoint", "net_dev_xmit,net_dev_start_xmit",
		    degraded ? "-" : "net_dev_xmit",
		    degraded ? "-" : "tracepoint", "optional",
		    degraded ? "missing" : "on",
		    degraded ? "none of these is there" : "", N(99), N(0));
	builder_row(b, "bfd", "none", "d_walk", "-", "-", "optional", "none",
		    "nothing to hook", N(0), N(0));
	builder_row(b, "bfd", "entry", "udp_recvmsg", "-", "-", "optional",
		    "off", "a parameter is none", N(0), N(0));
	builder_row(b, "epoll", "entry", "ep_poll_callback", "-", "-",
		    "required", "off", "", N(0), N(0));
}

static void add_module(struct builder *b, unsigned int flags)
{
	builder_series(b, STALLMETER_TABLE, "stallmeter", "parameters", "");
	builder_column(b, TEXT, "name", "", 32);
	builder_column(b, TEXT, "value", "", 64);
	builder_column(b, TEXT, "allowed", "", 64);
	builder_row(b, "collectors", "bfd,reclaim", "names with , between");

	builder_series(b, STALLMETER_TABLE, "stallmeter", "module", "");
	builder_column(b, U64, "memory_bytes", "bytes", 8);
	builder_column(b, U64, "memory_cpu_bytes", "bytes", 8);
	builder_column(b, U64, "nr_cpus", "", 8);
	builder_column(b, TEXT, "clock", "", 16);
	builder_column(b, U64, "events_recorded", "", 8);
	builder_column(b, U64, "events_lost", "", 8);
	builder_column(b, TEXT, "ticks", "", 16);
	builder_row(b, N(98304), N(24576), N(2), "monotonic", N(7),
		    N(flags & SAMPLE_LOST ? 17 : 0), "tsc");
}

struct event {
	__u64 at_ns;
	__u64 lasted_ns;
	__u64 inside_ns;
	const char *collector;
	const char *subject;
	const char *note;
	__u64 key;
	__u64 tgid;
	const char *comm;
	__u64 cpu;
};

#define SESSION	"hello 10.0.0.1 > 10.0.0.2 port 3784 dev veth-a netns 4026532175"
#define OTHER	"hello 10.0.0.1 > 10.0.0.3 port 3784 dev veth-b netns 4026532175"
#define RECLAIM	"direct reclaim of postgres"
#define STOPPED	"the session had been taken down"

/* Of the same key in two collectors, and in no order that a reader wants. */
static const struct event events[] = {
	{ 4000 * SECOND, 1400 * MS, 0, "bfd", SESSION, "", 7, 1376, "bird", 0 },
	{ 4100 * SECOND, 9000 * MS, 0, "bfd", OTHER, STOPPED, 8, 1376, "bird",
	  1 },
	{ 4200 * SECOND, 2 * SECOND, 500 * MS, "bfd", SESSION, "", 7, 1376,
	  "bird", 1 },
	{ 4300 * SECOND, 800 * MS, 20 * MS, "bfd", SESSION, STOPPED, 7, 1376,
	  "bird", 1 },
	{ 4400 * SECOND, 5 * SECOND + 40 * MS, 400 * MS, "reclaim", RECLAIM, "",
	  7, 2200, "postgres", 0 },
	{ 4500 * SECOND, 730 * MS, 0, "bfd", SESSION, "", 7, 1376, "bird", 0 },
	{ 4600 * SECOND, 1 * SECOND, 0, "bfd", OTHER, STOPPED, 8, 1376, "bird",
	  1 },
};

static void add_event(struct builder *b, const struct event *event,
		      unsigned int flags)
{
	bool doubtful = *event->note || flags & SAMPLE_DOUBTFUL;
	const char *comm = flags & SAMPLE_EVIL_TEXT ? "a\nb\"\\\r" :
						      event->comm;

	builder_row(b, event->at_ns, event->lasted_ns, 720 * MS,
		    event->inside_ns, event->collector, event->subject,
		    N(doubtful), doubtful ? STOPPED : "", event->key,
		    event->tgid + 1, event->tgid, comm, N(4242), event->cpu);
}

static void add_events(struct builder *b, unsigned int flags)
{
	size_t i;

	builder_series(b, STALLMETER_TABLE, "stallmeter", "events", "");
	builder_column(b, U64, "at_ns", "ns", 8);
	builder_column(b, U64, "lasted_ns", "ns", 8);
	builder_column(b, U64, "limit_ns", "ns", 8);
	builder_column(b, U64, "inside_ns", "ns", 8);
	builder_column(b, TEXT, "collector", "", 32);
	builder_column(b, TEXT, "subject", "", 128);
	builder_column(b, U64, "doubt", "", 8);
	builder_column(b, TEXT, "note", "", 64);
	builder_column(b, U64, "key", "", 8);
	builder_column(b, U64, "pid", "", 8);
	builder_column(b, U64, "tgid", "", 8);
	builder_column(b, TEXT, "comm", "", 64);
	builder_column(b, U64, "cgroup_id", "", 8);
	builder_column(b, U64, "cpu", "", 8);
	if (flags & SAMPLE_NO_EVENTS)
		return;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		add_event(b, &events[i], flags);
}

static void add_small(struct builder *b)
{
	builder_series(b, STALLMETER_GAUGE, "a", "gauge", "pages");
	builder_column(b, STALLMETER_S64, "value", "pages", 8);
	builder_row(b, N(-5));
	add_histogram(b, "a", "hist", 16, 8, &delay_values);
	builder_series(b, STALLMETER_TABLE, "a", "table", "");
	builder_column(b, TEXT, "who", "", 8);
	builder_column(b, U64, "many", "", 8);
	builder_row(b, "me", N(1));
	builder_row(b, "you", N(2));
}

#define VAST_TEXT	0x100000
#define VAST_COLUMNS	64
#define WIDE_COLUMNS	1000
#define VAST_ROWS	16384

/* Each byte of the text prints as four, each bucket as forty. */
static void add_vast_row(struct builder *b, unsigned int nr_columns)
{
	unsigned char *row;
	unsigned int i;
	char name[16];

	builder_series(b, STALLMETER_TABLE, "vast", "row", "");
	builder_column(b, TEXT, "text", "", VAST_TEXT);
	for (i = 1; i < nr_columns; i++) {
		snprintf(name, sizeof(name), "hist%u", i);
		builder_histogram(b, name, "ns", 0, STALLMETER_NR_BUCKETS);
	}
	row = builder_empty_row(b);
	memset(row, 1, b->nr_data);
	row[VAST_TEXT - 1] = 0;
}

/* All the columns that must be there, and as small as they can be. */
static void add_vast_tables(struct builder *b, unsigned int nr_rows)
{
	char name[8];
	unsigned int i;

	builder_series(b, STALLMETER_TABLE, "stallmeter", "collectors", "");
	builder_column(b, TEXT, "name", "", sizeof(name));
	builder_column(b, TEXT, "state", "", 8);
	builder_column(b, U64, "enabled", "", 8);
	for (i = 0; i < nr_rows; i++) {
		snprintf(name, sizeof(name), "c%u", i % 1000000);
		builder_row(b, name, "on", N(1));
	}
	builder_series(b, STALLMETER_TABLE, "stallmeter", "probes", "");
	builder_column(b, TEXT, "collector", "", sizeof(name));
	builder_column(b, TEXT, "wanted", "", 8);
	builder_column(b, TEXT, "state", "", 8);
	for (i = 0; i < nr_rows; i++) {
		snprintf(name, sizeof(name), "c%u", i % 1000000);
		builder_row(b, name, "probe", "missing");
	}
	builder_series(b, STALLMETER_TABLE, "stallmeter", "events", "");
	builder_column(b, U64, "at_ns", "ns", 8);
	builder_column(b, U64, "lasted_ns", "ns", 8);
	builder_column(b, U64, "limit_ns", "ns", 8);
	builder_column(b, U64, "key", "", 8);
	builder_column(b, TEXT, "collector", "", 8);
	builder_column(b, TEXT, "subject", "", 8);
	for (i = 0; i < nr_rows; i++)
		builder_row(b, N(i), N(i), N(0), N(i), "c0", "subject");
	builder_series(b, STALLMETER_TABLE, "stallmeter", "module", "");
}

static void set_header(struct stallmeter_header *header, unsigned int flags)
{
	unsigned int i;

	header->generation = 4;
	header->mono_ns = MONO_NS;
	header->boot_ns = MONO_NS + 7 * SECOND;
	header->real_ns = REAL_NS;
	for (i = 0; i < sizeof(header->instance); i++)
		header->instance[i] = i * 17;
	memset(header->release, 0, sizeof(header->release));
	memset(header->version, 0, sizeof(header->version));
	strcpy(header->release, "6.1.0-test-amd64");
	strcpy(header->version, "9.8.7");
	if (flags & SAMPLE_NEWER_MINOR)
		header->abi_minor++;
	if (flags & SAMPLE_NEWER_MAJOR)
		header->abi_major++;
}

void *sample_build(unsigned int flags, size_t *size)
{
	struct builder *b = calloc(1, sizeof(*b));
	unsigned char *file;

	if (!b)
		abort();
	if (flags & SAMPLE_SMALL) {
		add_small(b);
	} else if (flags & SAMPLE_WIDE) {
		add_vast_row(b, WIDE_COLUMNS);
	} else if (flags & SAMPLE_VAST) {
		add_vast_row(b, VAST_COLUMNS);
		add_vast_tables(b, VAST_ROWS);
	} else if (flags & SAMPLE_LONG) {
		add_vast_tables(b, VAST_ROWS + 1);
	} else {
		add_collections(b, flags);
		if (!(flags & SAMPLE_NO_TABLES)) {
			add_collectors(b, flags);
			add_probes(b, flags);
			add_module(b, flags);
			add_events(b, flags);
		}
	}
	file = builder_finish(b, flags & SAMPLE_NEWER_MINOR ? 40 : 0, size);
	free(b);
	set_header((struct stallmeter_header *)file, flags);
	sample_seal(file, *size);
	return file;
}

void sample_seal(void *data, size_t size)
{
	struct stallmeter_header *header = data;

	if (size < sizeof(*header))
		return;
	header->crc32 = 0;
	header->crc32 = crc32_z(0, data, size);
}
