/* SPDX-License-Identifier: GPL-2.0 */
/*
 * span.h - the time between two hooks
 */
#ifndef STALL_SPAN_H
#define STALL_SPAN_H

#include <linux/types.h>

struct stall_span_slot;

/**
 * struct stall_spans - begun and not yet ended spans
 * @slots: the table
 * @bits: it has 2^@bits slots
 */
struct stall_spans {
	struct stall_span_slot *slots;
	unsigned int bits;
};

int stall_spans_init(struct stall_spans *spans, unsigned int bits);
void stall_spans_free(struct stall_spans *spans);
size_t stall_spans_bytes(const struct stall_spans *spans);
bool stall_span_begin(struct stall_spans *spans, u64 key, u64 now);
bool stall_span_end(struct stall_spans *spans, u64 key, u64 now, u64 *lasted);

#endif /* STALL_SPAN_H */
