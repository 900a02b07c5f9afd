/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bfd_late.h - the latest hellos that were late, and why
 */
#ifndef STALL_BFD_LATE_H
#define STALL_BFD_LATE_H

#include "bfd_task.h"

#define BFD_NR_LATE		64U

/* Where a hello lost its time. */
enum bfd_verdict {
	BFD_UNKNOWN,		/* nobody was seen to call send */
	BFD_CALLED_LATE,	/* the daemon called send late */
	BFD_LEFT_LATE,		/* it waited between send and the device */
	BFD_CAME_LATE,		/* it came in late: the network, or the peer */
	BFD_READ_LATE,		/* it was there in time, and was read late */
	BFD_SILENT,		/* no packet follows: the session may be gone */
};

/* What the daemon was at, if it was the daemon; or by what a hello came in late. */
enum bfd_reason {
	BFD_NO_REASON,
	BFD_STOPPED,
	BFD_FROZEN,
	BFD_NO_CPU,
	BFD_BLOCKED,
	BFD_RECLAIM,
	BFD_RUNNING,
	BFD_ASLEEP,
	BFD_THREAD,		/* ksoftirqd or the like */
};

/**
 * struct bfd_late - a hello that was late
 * @number: counts them, from 1; 0 while it is written
 * @session: number of its session
 * @sent: we sent it; else it came in
 * @ended: it came at last
 * @verdict: enum bfd_verdict
 * @reason: enum bfd_reason
 * @at_ns: when it came, or when the record was taken
 * @gap_ns: since the hello before
 * @interval_ns: within which it was due
 * @detection_ns: after which the receiver gives up
 * @parts: of the gap
 * @who: the daemon's thread
 * @holders: who had its CPU meanwhile
 * @nr_stack: entries of @stack
 * @stack: where the daemon was in the kernel when the hello was overdue
 */
struct bfd_late {
	u32 number;
	u32 session;
	bool sent;
	bool ended;
	u8 verdict;
	u8 reason;
	u64 at_ns;
	u64 gap_ns;
	u64 interval_ns;
	u64 detection_ns;
	struct bfd_parts parts;
	struct stall_who who;
	struct bfd_holders holders;
	u32 nr_stack;
	unsigned long stack[BFD_STACK_DEPTH];
};

/**
 * struct bfd_lates - a ring of them
 * @rows: the latest ones
 * @nr: how many there were
 */
struct bfd_lates {
	struct bfd_late *rows;
	atomic_t nr;
};

int bfd_lates_init(struct bfd_lates *lates);
void bfd_lates_free(struct bfd_lates *lates);
size_t bfd_lates_bytes(void);
struct bfd_late *bfd_late_begin(struct bfd_lates *lates, u32 *number);
struct bfd_late *bfd_late_again(struct bfd_lates *lates, u32 number);
void bfd_late_end(struct bfd_late *late, u32 number);
bool bfd_late_copy(const struct bfd_lates *lates, u32 number,
		   struct bfd_late *copy);
bool bfd_late_find(const struct bfd_lates *lates, u32 session, u64 at_ns,
		   struct bfd_late *copy);
enum bfd_reason bfd_reason_of(const struct bfd_parts *parts, u64 interval_ns);
const char *bfd_verdict_name(u8 verdict);
const char *bfd_reason_name(u8 reason);

#endif /* STALL_BFD_LATE_H */
