// SPDX-License-Identifier: GPL-2.0
/*
 * span - the time between two hooks
 *
 * A bounded hash table from a key (most often a task's address) to the time at
 * which its span began. A span may end on another CPU than it began on, so the
 * table is shared, but only in the sense that its memory is: a slot is taken
 * with plain stores and no lock or locked instruction. Two CPUs that take the
 * same free slot at the same instant overwrite each other; the check word
 * makes the loser's end find nothing instead of a wrong time, and the caller
 * counts it as missed.
 */
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "span.h"

/* How far from its hash a key may stand: the bound of every search. */
#define SPAN_REACH	8

/**
 * struct stall_span_slot - one span
 * @key: who began it, 0 for a free slot
 * @start: when
 * @check: @key ^ @start; differs if two CPUs wrote here at once
 */
struct stall_span_slot {
	u64 key;
	u64 start;
	u64 check;
};

/**
 * stall_spans_init() - make an empty table
 * @spans: the table
 * @bits: room for 2^@bits spans, at least 3
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_spans_init(struct stall_spans *spans, unsigned int bits)
{
	spans->bits = bits;
	spans->slots = kvcalloc(1UL << bits, sizeof(*spans->slots), GFP_KERNEL);
	return spans->slots ? 0 : -ENOMEM;
}

/**
 * stall_spans_free() - give back what stall_spans_init() took
 * @spans: the table, possibly never initialised but zero
 */
void stall_spans_free(struct stall_spans *spans)
{
	kvfree(spans->slots);
	spans->slots = NULL;
}

/**
 * stall_spans_bytes() - memory of a table
 * @spans: the table
 */
size_t stall_spans_bytes(const struct stall_spans *spans)
{
	return sizeof(*spans->slots) << spans->bits;
}

static struct stall_span_slot *span_slot(struct stall_spans *spans, u64 key,
					 unsigned int i)
{
	u64 mask = (1ULL << spans->bits) - 1;

	return &spans->slots[(hash_64(key, spans->bits) + i) & mask];
}

/**
 * stall_span_begin() - a span begins
 * @spans: the table
 * @key: not 0; a second begin of a key starts its span anew
 * @now: time in ns
 *
 * Context: any, preemption off.
 * Return: false if there was no room: the caller counts it as dropped.
 */
bool stall_span_begin(struct stall_spans *spans, u64 key, u64 now)
{
	struct stall_span_slot *slot, *room = NULL;
	unsigned int i;
	u64 holder;

	for (i = 0; i < SPAN_REACH; i++) {
		slot = span_slot(spans, key, i);
		holder = READ_ONCE(slot->key);
		if (holder == key) {
			room = slot;
			break;
		}
		if (!holder && !room)
			room = slot;
	}
	if (!room)
		return false;
	WRITE_ONCE(room->start, now);
	WRITE_ONCE(room->check, key ^ now);
	/* Pairs with the acquire in stall_span_end(). */
	smp_store_release(&room->key, key);
	return true;
}

/**
 * stall_span_end() - a span ends
 * @spans: the table
 * @key: as at its begin
 * @now: time in ns, of the same clock
 * @lasted: result in ns
 *
 * Context: any, preemption off.
 * Return: false if its begin was not seen or was overwritten: the caller
 * counts it as missed.
 */
bool stall_span_end(struct stall_spans *spans, u64 key, u64 now, u64 *lasted)
{
	struct stall_span_slot *slot;
	u64 start, check;
	unsigned int i;

	for (i = 0; i < SPAN_REACH; i++) {
		slot = span_slot(spans, key, i);
		/* Pairs with the release in stall_span_begin(). */
		if (smp_load_acquire(&slot->key) != key)
			continue;
		start = READ_ONCE(slot->start);
		check = READ_ONCE(slot->check);
		WRITE_ONCE(slot->key, 0);
		if (check != (key ^ start))
			return false;
		/* The clocks of two CPUs may differ by a little. */
		*lasted = now > start ? now - start : 0;
		return true;
	}
	return false;
}
