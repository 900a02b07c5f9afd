// SPDX-License-Identifier: GPL-2.0
/*
 * span - the time between two hooks
 *
 * A bounded hash table from a key, most often a task's address, to a small
 * stack of begun spans: reclaim calls a shrinker, whose allocation may reclaim
 * and call a shrinker again. A span may end on another CPU than it began on, so
 * the table is shared, but only in the sense that its memory is: a stack is
 * taken with plain stores and no lock or locked instruction, and then belongs
 * to its key. Two CPUs that take the same free stack at the same instant
 * overwrite each other; the check words make the loser's end find nothing
 * instead of a wrong time, and the caller counts it as missed.
 *
 * A key stands where its hash says, or, where another one stood when it came,
 * up to seven places further; a mark stays behind, so that others need to look
 * at one place only.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "span.h"

/* How far from its hash a key may stand: the bound of every search. */
#define SPAN_REACH	8

/**
 * stall_spans_init() - make an empty table
 * @spans: the table
 * @bits: room for 2^@bits keys, at least 3
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int stall_spans_init(struct stall_spans *spans, unsigned int bits)
{
	spans->bits = bits;
	spans->shift = 64 - bits;
	spans->stacks = kvcalloc(1UL << bits, sizeof(*spans->stacks),
				 GFP_KERNEL);
	return spans->stacks ? 0 : -ENOMEM;
}

/**
 * stall_spans_free() - give back what stall_spans_init() took
 * @spans: the table, possibly never initialised but zero
 */
void stall_spans_free(struct stall_spans *spans)
{
	kvfree(spans->stacks);
	spans->stacks = NULL;
}

/**
 * stall_spans_bytes() - memory of a table
 * @spans: the table
 */
size_t stall_spans_bytes(const struct stall_spans *spans)
{
	return sizeof(*spans->stacks) << spans->bits;
}

static struct stall_span_stack *span_nth(const struct stall_spans *spans,
					 u64 key, unsigned int i)
{
	size_t home = stall_span_home(spans, key) - spans->stacks;

	return &spans->stacks[(home + i) & ((1UL << spans->bits) - 1)];
}

/**
 * stall_span_find() - the stack of a key
 * @spans: the table
 * @key: whose
 *
 * Context: any, preemption off.
 * Return: its stack, NULL if it has none.
 */
struct stall_span_stack *stall_span_find(struct stall_spans *spans, u64 key)
{
	unsigned int i;

	for (i = 0; i < SPAN_REACH; i++) {
		struct stall_span_stack *stack = span_nth(spans, key, i);

		if (READ_ONCE(stack->key) == key)
			return stack;
		if (!i && !READ_ONCE(stack->spilled))
			return NULL;
	}
	return NULL;
}

/**
 * stall_span_room() - the stack of a key, or a free one for it
 * @spans: the table
 * @key: whose
 *
 * Context: any, preemption off.
 * Return: a stack, NULL if there is no room.
 */
struct stall_span_stack *stall_span_room(struct stall_spans *spans, u64 key)
{
	struct stall_span_stack *stack = stall_span_find(spans, key);
	unsigned int i;

	for (i = 0; !stack && i < SPAN_REACH; i++) {
		stack = span_nth(spans, key, i);
		if (READ_ONCE(stack->key))
			stack = NULL;
		else if (i)
			WRITE_ONCE(span_nth(spans, key, 0)->spilled, 1);
	}
	return stack;
}

/**
 * stall_span_drop_inner() - drop what was left open inside of a span
 * @stack: of its key
 * @kind: the span's
 *
 * Context: any, preemption off.
 * Return: how many there were; 0 if there is no span of the kind, or it was not
 * kept.
 */
u32 stall_span_drop_inner(struct stall_span_stack *stack, u32 kind)
{
	u32 top = stack->depth, depth = top;

	/* The end of one that was too deep to be kept. */
	if (top > STALL_SPAN_DEPTH) {
		stack->depth = top - 1;
		return 0;
	}
	while (depth && stack->frames[depth - 1].kind != kind)
		depth--;
	if (!depth)
		return 0;
	stack->depth = depth;
	return top - depth;
}

/**
 * stall_span_inside() - what a key is in the middle of
 * @spans: the table
 * @key: whose spans
 *
 * Context: any, preemption off.
 * Return: kind of the innermost span, 0 if there is none.
 */
u32 stall_span_inside(struct stall_spans *spans, u64 key)
{
	const struct stall_span_stack *stack = stall_span_find(spans, key);
	u32 depth = stack ? min_t(u32, stack->depth, STALL_SPAN_DEPTH) : 0;

	return depth ? stack->frames[depth - 1].kind : 0;
}

/**
 * stall_span_forget() - a key is gone, as a task that exits is
 * @spans: the table
 * @key: whose spans will never end
 *
 * Context: any, preemption off.
 * Return: how many of them there were.
 */
unsigned int stall_span_forget(struct stall_spans *spans, u64 key)
{
	struct stall_span_stack *stack = stall_span_find(spans, key);
	unsigned int nr;

	if (!stack)
		return 0;
	nr = stack->depth;
	stack->depth = 0;
	/* As in stall_span_end(). */
	smp_store_release(&stack->key, 0);
	return nr;
}
