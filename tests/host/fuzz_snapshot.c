// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_snapshot.c - mutated snapshots through all of the reporter
 *
 * The checksum is set right before each run, or no mutation would get past it.
 * With clang, libFuzzer mutates. Without it (FUZZ_STANDALONE), a seeded loop
 * here does, so that any machine can run the same rounds again:
 *
 *	fuzz_snapshot [ROUNDS [SEED [SECONDS]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exercise.h"
#include "sample.h"
#include "../../uapi/stallmeter.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct stallmeter_header *header;
	__u8 *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	/* Magic and total size are as cheap for an enemy as the checksum. */
	if (size >= sizeof(*header)) {
		header = (struct stallmeter_header *)copy;
		header->magic = STALLMETER_MAGIC;
		header->abi_major = STALLMETER_ABI_MAJOR;
		header->total_size = size;
	}
	sample_seal(copy, size);
	exercise_verbs(copy, size);
	free(copy);
	return 0;
}

#ifdef FUZZ_STANDALONE

static __u64 state;

static __u64 draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Numbers at which sizes and offsets tend to go wrong. */
static const __u64 edges[] = {
	0, 1, 2, 3, 4, 7, 8, 16, 24, 160, 208, 255, 495, 496, 497, 1 << 16,
	0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 1ULL << 32, 1ULL << 62,
	1ULL << 63, ~7ULL, ~0ULL,
};

static void put_number(__u8 *file, size_t size, __u64 value)
{
	static const size_t widths[] = { 1, 4, 4, 8 };
	size_t width = widths[draw() % 4];
	size_t at = draw() % (size - width + 1);

	if (draw() % 8)
		at -= at % width;
	memcpy(file + at, &value, width);
}

static void mutate(__u8 *file, size_t size)
{
	size_t at = draw() % size, from, length;

	switch (draw() % 6) {
	case 0:
		file[at] ^= 1 << draw() % 8;
		break;
	case 1:
		file[at] = draw();
		break;
	case 2:
	case 3:
		put_number(file, size, edges[draw() % ARRAY_SIZE(edges)]);
		break;
	case 4:
		put_number(file, size, draw() % (2 * size));
		break;
	case 5:
		from = draw() % size;
		length = draw() % 256;
		if (length < size - at && length < size - from)
			memmove(file + at, file + from, length);
		break;
	}
}

/* Most mutations into the descriptive part; the data is mostly just values. */
static void fuzz_round(void)
{
	static const unsigned int kinds[] = {
		SAMPLE_SMALL, SAMPLE_SMALL, SAMPLE_SMALL | SAMPLE_NEWER_MINOR,
		0, SAMPLE_NEWER_MINOR, SAMPLE_DEGRADED | SAMPLE_LOST,
		SAMPLE_EVIL_TEXT,
	};
	const struct stallmeter_header *header;
	size_t size, part, nr;
	__u8 *file;

	file = sample_build(kinds[draw() % ARRAY_SIZE(kinds)], &size);
	header = (const struct stallmeter_header *)file;
	part = draw() % 3 ? (size_t)header->data_offset : size;
	for (nr = 1 + draw() % 3; nr; nr--)
		mutate(file, part);
	if (draw() % 16 == 0)
		size = draw() % (size + 1);
	LLVMFuzzerTestOneInput(file, size);
	free(file);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	__u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	time_t end = time(NULL) + (argc > 3 ? atoi(argv[3]) : 3600);
	unsigned long i;

	for (i = 0; i < rounds && time(NULL) < end; i++) {
		/* Each round can be run again alone: its seed is its number. */
		state = (seed + i) * 0x9e3779b97f4a7c15ULL | 1;
		draw();
		fuzz_round();
	}
	printf("%lu rounds from seed %llu\n", i, (unsigned long long)seed);
	return 0;
}

#endif /* FUZZ_STANDALONE */
