/* SPDX-License-Identifier: GPL-2.0 */
/*
 * span.h - the time between two hooks
 */
#ifndef STALL_SPAN_H
#define STALL_SPAN_H

#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/types.h>

/* How deep the spans of one key may nest. */
#define STALL_SPAN_DEPTH	3

/**
 * struct stall_span_frame - a begun span
 * @start: when
 * @data: the caller's
 * @check: of @start, @data and the key; wrong if two CPUs wrote here at once
 * @kind: what is being timed
 */
struct stall_span_frame {
	u64 start;
	u64 data;
	u64 check;
	u64 kind;
};

/**
 * struct stall_span_stack - begun spans of one key, the innermost last
 * @key: whose; 0 if it is free
 * @depth: how many there are, those included for which there was no room; 0 if
 *	it is free
 * @spilled: a key that belongs here found it taken, and went elsewhere
 * @frames: the spans
 */
struct stall_span_stack {
	u64 key;
	u32 depth;
	u32 spilled;
	struct stall_span_frame frames[STALL_SPAN_DEPTH];
} __aligned(128);

/**
 * struct stall_spans - begun and not yet ended spans
 * @stacks: a hash table, by key
 * @bits: it has 2^@bits stacks
 * @shift: 64 - @bits, of the hash
 */
struct stall_spans {
	struct stall_span_stack *stacks;
	unsigned int bits;
	unsigned int shift;
};

/**
 * struct stall_span - a span that has ended
 * @ended: 1, or more if the ends of some inside of it were not seen; 0 if its
 *	begin was not seen or was overwritten. The caller counts all but 1 as
 *	missed.
 * @outer: kind of the span around it, 0 if there is none
 * @start: when it began, as the caller of stall_span_begin() told
 * @data: what that caller wanted to know at the end
 */
struct stall_span {
	u32 ended;
	u32 outer;
	u64 start;
	u64 data;
};

int stall_spans_init(struct stall_spans *spans, unsigned int bits);
void stall_spans_free(struct stall_spans *spans);
size_t stall_spans_bytes(const struct stall_spans *spans);
u32 stall_span_inside(struct stall_spans *spans, u64 key);
unsigned int stall_span_forget(struct stall_spans *spans, u64 key);

/* What follows is the hot path; these are its rare turns. */
struct stall_span_stack *stall_span_room(struct stall_spans *spans, u64 key);
struct stall_span_stack *stall_span_find(struct stall_spans *spans, u64 key);
u32 stall_span_drop_inner(struct stall_span_stack *stack, u32 kind);

static __always_inline struct stall_span_stack *
stall_span_home(const struct stall_spans *spans, u64 key)
{
	/* hash_64() with a table's own number of bits */
	return &spans->stacks[(key * GOLDEN_RATIO_64) >> spans->shift];
}

static __always_inline u64 stall_span_check(const struct stall_span_frame *frame,
					    u64 key)
{
	return key ^ frame->start ^ frame->data;
}

/**
 * stall_span_begin() - a span begins
 * @spans: the table
 * @key: not 0. Its spans begin and end one after the other, as those of a task
 *	do
 * @kind: what is being timed, not 0
 * @start: when, in any unit
 * @data: kept until the end
 *
 * Spans of a key nest, also those of one kind.
 *
 * Context: any, preemption off.
 * Return: false if there was no room: the caller counts it as dropped.
 */
static __always_inline bool stall_span_begin(struct stall_spans *spans, u64 key,
					     u32 kind, u64 start, u64 data)
{
	struct stall_span_stack *stack = stall_span_home(spans, key);
	u64 holder = READ_ONCE(stack->key);
	struct stall_span_frame *frame;
	u32 depth;

	if (unlikely(holder ? holder != key : stack->spilled)) {
		stack = stall_span_room(spans, key);
		if (!stack)
			return false;
		holder = READ_ONCE(stack->key);
	}
	/* A free one may just be taken by another CPU: that one's is not ours. */
	depth = holder ? stack->depth : 0;
	stack->depth = depth + 1;
	if (unlikely(depth >= STALL_SPAN_DEPTH))
		return false;
	frame = &stack->frames[depth];
	frame->start = start;
	frame->data = data;
	frame->kind = kind;
	frame->check = stall_span_check(frame, key);
	WRITE_ONCE(stack->key, key);
	return true;
}

/**
 * stall_span_end() - a span ends
 * @spans: the table
 * @key: as at its begin
 * @kind: as at its begin
 *
 * Context: any, preemption off.
 * Return: the span; nothing in it is valid if its @ended is 0.
 */
static __always_inline struct stall_span
stall_span_end(struct stall_spans *spans, u64 key, u32 kind)
{
	struct stall_span_stack *stack = stall_span_home(spans, key);
	const struct stall_span_frame *frame;
	struct stall_span span = { .ended = 1 };
	u32 depth;

	if (unlikely(READ_ONCE(stack->key) != key)) {
		stack = stall_span_find(spans, key);
		if (!stack)
			return (struct stall_span){};
	}
	frame = &stack->frames[stack->depth - 1];
	if (unlikely(stack->depth - 1 >= STALL_SPAN_DEPTH ||
		     frame->kind != kind)) {
		span.ended += stall_span_drop_inner(stack, kind);
		if (span.ended == 1)
			return (struct stall_span){};
		frame = &stack->frames[stack->depth - 1];
	}
	depth = stack->depth - 1;
	span.start = frame->start;
	span.data = frame->data;
	span.outer = depth ? frame[-1].kind : 0;
	if (unlikely(frame->check != stall_span_check(frame, key)))
		span.ended = 0;
	stack->depth = depth;
	if (!depth) {
		/* All is read and written before another CPU may take it. */
		smp_store_release(&stack->key, 0);
	}
	return span;
}

#endif /* STALL_SPAN_H */
