// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_show_late - late hellos, and why, for those who read
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "bfd.h"
#include "bfd_show.h"

/* Of an escaped name of a task. */
#define COMM_TEXT	64

struct late_row {
	struct bfd_row_name name;
	u64 at_ns;
	u64 ended;
	char direction[8];
	u64 gap_ns;
	u64 interval_ns;
	u64 detection_ns;
	char verdict[16];
	char reason[16];
	u64 on_cpu_ns;
	u64 waiting_ns;
	u64 blocked_ns;
	u64 reclaim_ns;
	u64 stopped_ns;
	u64 frozen_ns;
	u64 asleep_ns;
	u64 kernel_ns;
	u64 rest_ns;
	u64 pid;
	u64 tgid;
	char comm[COMM_TEXT];
	char holder[160];
	char stack[STALL_MAX_TEXT];
};

static const struct stall_column late_columns[] = {
	STALL_U64(late_row, at_ns, "ns", "when the hello came, or the record was taken"),
	STALL_U64(late_row, ended, NULL, "0 if it has not come yet"),
	STALL_TEXT(late_row, direction, "tx: we send it, rx: it comes in"),
	BFD_NAME_COLUMN(STALLMETER_U64, late_row, netns,
			"network namespace, as lsns -t net"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, late_row, source, "our address"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, late_row, destination, "the peer's"),
	BFD_NAME_COLUMN(STALLMETER_U64, late_row, port, "UDP port"),
	BFD_NAME_COLUMN(STALLMETER_TEXT, late_row, device, "of our address"),
	STALL_U64(late_row, gap_ns, "ns", "since the hello before; while it has not come, so far"),
	STALL_U64(late_row, interval_ns, "ns", "within which it was due"),
	STALL_U64(late_row, detection_ns, "ns", "after which the receiver gives up"),
	STALL_TEXT(late_row, verdict,
		   "called_late, left_late (tx), came_late, read_late (rx), silent, unknown"),
	STALL_TEXT(late_row, reason,
		   "the daemon was stopped, frozen, without cpu, blocked, in reclaim..."),
	STALL_U64(late_row, on_cpu_ns, "ns", "of the gap: its thread ran"),
	STALL_U64(late_row, waiting_ns, "ns", "waited for a CPU"),
	STALL_U64(late_row, blocked_ns, "ns", "in state D"),
	STALL_U64(late_row, reclaim_ns, "ns", "in reclaim"),
	STALL_U64(late_row, stopped_ns, "ns", "by a signal or a tracer"),
	STALL_U64(late_row, frozen_ns, "ns", "by the freezer of its cgroup"),
	STALL_U64(late_row, asleep_ns, "ns", "in any other sleep"),
	STALL_U64(late_row, kernel_ns, "ns", "from the call of send to the device; the rest of it"),
	STALL_U64(late_row, rest_ns, "ns", "not known; all of these add up to the gap"),
	STALL_U64(late_row, pid, NULL, "thread of the daemon"),
	STALL_U64(late_row, tgid, NULL, "its process"),
	STALL_TEXT(late_row, comm, "its name"),
	STALL_TEXT(late_row, holder, "who had most of the CPU that it waited for"),
	STALL_TEXT(late_row, stack,
		   "where it was in the kernel when the hello was overdue"),
};

/* What has no name is not told. */
static void function_name(unsigned long at, char *name)
{
	sprint_symbol_no_offset(name, at);
	if (!strncmp(name, "0x", 2))
		strscpy(name, "?", KSYM_SYMBOL_LEN);
}

static u32 holder_stack(const struct bfd_holder *holder, unsigned long *stack)
{
	return bfd_path_common(&holder->path,
			       holder->nr_samples - holder->nr_user, stack,
			       BFD_STACK_DEPTH);
}

/* Functions from the innermost on. */
static void stack_text(const unsigned long *stack, u32 nr, char *text,
		       size_t room)
{
	char name[KSYM_SYMBOL_LEN];
	size_t len = 0;
	u32 i;

	text[0] = '\0';
	for (i = 0; i < min(nr, BFD_STACK_DEPTH); i++) {
		function_name(stack[i], name);
		if (len + strlen(name) + 2 >= room)
			break;
		len += scnprintf(text + len, room - len, "%s%s",
				 i ? "<-" : "", name);
	}
}

static const char *policy_name(u32 policy)
{
	switch (policy) {
	case SCHED_NORMAL:
		return "normal";
	case SCHED_FIFO:
		return "fifo";
	case SCHED_RR:
		return "rr";
	case SCHED_BATCH:
		return "batch";
	case SCHED_IDLE:
		return "idle";
	case SCHED_DEADLINE:
		return "deadline";
	default:
		return "-";
	}
}

static u32 share_percent(u32 part, u32 all)
{
	return all ? div_u64(part * 100ULL, all) : 0;
}

static const struct bfd_holder *top_holder(const struct bfd_holders *holders)
{
	const struct bfd_holder *top = NULL;
	u32 i;

	for (i = 0; i < min(holders->nr, BFD_NR_HOLDERS); i++)
		if (!top || holders->rows[i].nr_samples > top->nr_samples)
			top = &holders->rows[i];
	return top;
}

/* "rt-hog/201 (rr 50) 98 % in user mode" */
static size_t holder_text(const struct bfd_holders *holders, char *text,
			  size_t room)
{
	const struct bfd_holder *top = top_holder(holders);
	char name[KSYM_SYMBOL_LEN] = "the kernel";
	unsigned long stack[BFD_STACK_DEPTH];
	char comm[COMM_TEXT];
	size_t len;

	text[0] = '\0';
	if (!top)
		return 0;
	if (top->nr_user > top->nr_samples / 2)
		strscpy(name, "user mode", sizeof(name));
	else if (holder_stack(top, stack))
		function_name(stack[0], name);
	stall_escape(comm, sizeof(comm), top->who.comm, sizeof(top->who.comm),
		     false);
	len = scnprintf(text, room, "%s/%d (%s", comm, top->who.tgid,
			policy_name(top->policy));
	if (top->priority)
		len += scnprintf(text + len, room - len, " %u", top->priority);
	len += scnprintf(text + len, room - len, ") had %u %% of it, in %s",
			 share_percent(top->nr_samples, holders->nr_samples),
			 name);
	return len;
}

static void late_fill_parts(const struct bfd_parts *parts,
			    struct late_row *row)
{
	row->on_cpu_ns = parts->on_cpu;
	row->waiting_ns = parts->waiting;
	row->blocked_ns = parts->blocked;
	row->reclaim_ns = parts->reclaim;
	row->stopped_ns = parts->stopped;
	row->frozen_ns = parts->frozen;
	row->asleep_ns = parts->asleep;
	row->kernel_ns = parts->kernel;
	row->rest_ns = parts->rest;
}

static void late_fill(const struct bfd_state *bfd, const struct bfd_late *late,
		      struct late_row *row)
{
	bfd_row_name(stall_map_row(&bfd->sessions, late->session), &row->name);
	row->at_ns = late->at_ns;
	row->ended = late->ended;
	strscpy(row->direction, late->sent ? "tx" : "rx",
		sizeof(row->direction));
	row->gap_ns = late->gap_ns;
	row->interval_ns = late->interval_ns;
	row->detection_ns = late->detection_ns;
	strscpy(row->verdict, bfd_verdict_name(late->verdict),
		sizeof(row->verdict));
	strscpy(row->reason, bfd_reason_name(late->reason),
		sizeof(row->reason));
	late_fill_parts(&late->parts, row);
	row->pid = late->who.pid;
	row->tgid = late->who.tgid;
	stall_escape(row->comm, sizeof(row->comm), late->who.comm,
		     sizeof(late->who.comm), false);
	holder_text(&late->holders, row->holder, sizeof(row->holder));
	stack_text(late->stack, late->nr_stack, row->stack,
		   sizeof(row->stack));
}

struct holder_row {
	u64 at_ns;
	char direction[8];
	char source[BFD_ADDRESS_TEXT];
	char destination[BFD_ADDRESS_TEXT];
	char comm[COMM_TEXT];
	u64 pid;
	u64 tgid;
	char policy[16];
	u64 priority;
	u64 samples;
	u64 share_ppm;
	u64 user_ppm;
	char function[48];
	char stack[STALL_MAX_TEXT];
};

static const struct stall_column holder_columns[] = {
	STALL_U64(holder_row, at_ns, "ns", "of the row of late that it belongs to"),
	STALL_TEXT(holder_row, direction, "of that row"),
	STALL_TEXT(holder_row, source, "of that row"),
	STALL_TEXT(holder_row, destination, "of that row"),
	STALL_TEXT(holder_row, comm, "who had the CPU"),
	STALL_U64(holder_row, pid, NULL, "its thread"),
	STALL_U64(holder_row, tgid, NULL, "its process"),
	STALL_TEXT(holder_row, policy, "normal, fifo, rr, batch, idle, deadline"),
	STALL_U64(holder_row, priority, NULL, "of a real-time task"),
	STALL_U64(holder_row, samples, NULL, "how often it was seen there"),
	STALL_U64(holder_row, share_ppm, NULL, "of all samples, in millionths"),
	STALL_U64(holder_row, user_ppm, NULL, "of its own samples, in user mode"),
	STALL_TEXT(holder_row, function, "of the kernel, that most of its other samples were in"),
	STALL_TEXT(holder_row, stack, "how they came there"),
};

static void holder_fill(const struct bfd_late *late,
			const struct bfd_holder *holder,
			const struct late_row *from, struct holder_row *row)
{
	unsigned long stack[BFD_STACK_DEPTH];
	u32 nr;

	row->at_ns = late->at_ns;
	memcpy(row->direction, from->direction, sizeof(row->direction));
	memcpy(row->source, from->name.source, sizeof(row->source));
	memcpy(row->destination, from->name.destination,
	       sizeof(row->destination));
	stall_escape(row->comm, sizeof(row->comm), holder->who.comm,
		     sizeof(holder->who.comm), false);
	row->pid = holder->who.pid;
	row->tgid = holder->who.tgid;
	strscpy(row->policy, policy_name(holder->policy), sizeof(row->policy));
	row->priority = holder->priority;
	row->samples = holder->nr_samples;
	row->share_ppm = div_u64(holder->nr_samples * 1000000ULL,
				 max(late->holders.nr_samples, 1U));
	row->user_ppm = div_u64(holder->nr_user * 1000000ULL,
				max(holder->nr_samples, 1U));
	nr = holder_stack(holder, stack);
	stack_text(stack, min(nr, 1U), row->function, sizeof(row->function));
	stack_text(stack, nr, row->stack, sizeof(row->stack));
}

static int holders_add(struct stall_rows *rows, const struct bfd_late *late,
		       const struct late_row *from)
{
	struct holder_row *row;
	u32 i;

	for (i = 0; i < min(late->holders.nr, BFD_NR_HOLDERS); i++) {
		row = stall_rows_add(rows);
		if (!row)
			return -ENOMEM;
		holder_fill(late, &late->holders.rows[i], from, row);
	}
	return 0;
}

struct late_buffer {
	struct bfd_late late;
	struct late_row row;
};

/* The oldest first. */
static int late_walk(struct stall_run *run, struct stall_rows *rows,
		     bool holders)
{
	struct bfd_state *bfd = run->priv;
	u32 newest = atomic_read(&bfd->lates.nr), i;
	struct late_buffer *buffer;
	struct late_row *row;
	int err = 0;

	buffer = kvzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	for (i = BFD_NR_LATE; i-- > 0 && !err;) {
		if (!bfd_late_copy(&bfd->lates, newest - i, &buffer->late))
			continue;
		if (!buffer->late.ended && buffer->late.verdict == BFD_UNKNOWN)
			bfd_overdue_live(bfd, &buffer->late);
		row = holders ? &buffer->row : stall_rows_add(rows);
		if (row)
			late_fill(bfd, &buffer->late, row);
		else
			err = -ENOMEM;
		if (holders)
			err = holders_add(rows, &buffer->late, row);
	}
	kvfree(buffer);
	return err;
}

static int late_collect(struct stall_run *run, struct stall_rows *rows)
{
	return late_walk(run, rows, false);
}

static int holder_collect(struct stall_run *run, struct stall_rows *rows)
{
	return late_walk(run, rows, true);
}

/* How long, and in words. */
static size_t note_reason(const struct bfd_late *late, char *note, size_t room)
{
	const struct bfd_parts *parts = &late->parts;
	const struct {
		u64 ns;
		const char *words;
	} reasons[] = {
		[BFD_NO_REASON] = { 0, "" },
		[BFD_STOPPED] = { parts->stopped, "was stopped by a signal for" },
		[BFD_FROZEN] = { parts->frozen, "was frozen for" },
		[BFD_NO_CPU] = { parts->waiting, "waited for a CPU for" },
		[BFD_BLOCKED] = { parts->blocked, "was blocked (state D) for" },
		[BFD_RECLAIM] = { parts->reclaim, "was in reclaim for" },
		[BFD_RUNNING] = { parts->on_cpu, "was busy on a CPU for" },
		[BFD_ASLEEP] = { parts->asleep, "slept for" },
		[BFD_THREAD] = { 0, "" },
	};
	u32 ms = div_u64(reasons[late->reason].ns, NSEC_PER_MSEC);

	if (!ms)
		return 0;
	return scnprintf(note, room, "it %s %u.%03u s",
			 reasons[late->reason].words, ms / 1000, ms % 1000);
}

/**
 * bfd_story_note() - why a hello was late, in words
 * @late: the hello
 * @note: result
 * @room: its size
 *
 * Return: their length.
 */
size_t bfd_story_note(const struct bfd_late *late, char *note, size_t room)
{
	size_t len = note_reason(late, note, room);
	char holder[160];

	if (!len || late->reason != BFD_NO_CPU ||
	    !holder_text(&late->holders, holder, sizeof(holder)))
		return len;
	return len + scnprintf(note + len, room - len, "; %s", holder);
}

const struct stall_table bfd_late_table =
	STALL_TABLE(late_row, late_columns, late_collect);

const struct stall_table bfd_holder_table =
	STALL_TABLE(holder_row, holder_columns, holder_collect);
