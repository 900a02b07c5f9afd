// SPDX-License-Identifier: GPL-2.0
/*
 * bfd_holder - who has the CPU that a watched task waits for
 *
 * Asked by a timer's interrupt on that CPU: it comes in while preemption is off,
 * and the task that it interrupts is the one that the other waits for.
 */
#include <linux/kallsyms.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include <asm/irq_regs.h>

#include "bfd_holder.h"

/* The interrupt's own frames, and those that are kept. */
#define SAMPLE_DEPTH	(BFD_STACK_DEPTH + 16)

/**
 * struct holder_sample - what the running task was at
 * @ip: where in the kernel, 0 if in user mode
 * @function: that in words
 * @nr_stack: entries of @stack
 * @stack: the same and its callers
 */
struct holder_sample {
	unsigned long ip;
	char function[KSYM_SYMBOL_LEN];
	unsigned int nr_stack;
	unsigned long stack[SAMPLE_DEPTH];
};

/* Leave out what the interrupt put on top. */
static void sample_stack(struct holder_sample *sample)
{
	unsigned int i, nr;

	nr = stack_trace_save(sample->stack, SAMPLE_DEPTH, 0);
	for (i = 0; i < nr && sample->stack[i] != sample->ip; i++)
		;
	nr -= i;
	sample->nr_stack = min(nr, BFD_STACK_DEPTH);
	memmove(sample->stack, sample->stack + i,
		sample->nr_stack * sizeof(*sample->stack));
}

static void sample_take(struct holder_sample *sample)
{
	struct pt_regs *regs = get_irq_regs();

	sample->ip = 0;
	sample->nr_stack = 0;
	sample->function[0] = '\0';
	if (!regs || user_mode(regs))
		return;
	sample->ip = instruction_pointer(regs);
	sprint_symbol_no_offset(sample->function, sample->ip);
	/* Nothing that could be a pointer is told. */
	if (!strncmp(sample->function, "0x", 2))
		strscpy(sample->function, "?", sizeof(sample->function));
	sample_stack(sample);
}

static struct bfd_holder *holder_row(struct bfd_holders *holders)
{
	struct bfd_holder *row = holders->rows;
	unsigned int i;

	for (i = 0; i < holders->nr; i++, row++)
		if (row->who.pid == current->pid)
			return row;
	if (holders->nr == BFD_NR_HOLDERS)
		return NULL;
	memset(row, 0, sizeof(*row));
	stall_who_current(&row->who);
	row->policy = current->policy;
	row->priority = rt_task(current) ? current->rt_priority : 0;
	holders->nr++;
	return row;
}

static void holder_add(struct bfd_holder *row,
		       const struct holder_sample *sample)
{
	row->nr_samples++;
	if (!sample->ip) {
		row->nr_user++;
		return;
	}
	if (row->votes && !strncmp(row->function, sample->function,
				   sizeof(row->function) - 1)) {
		row->votes++;
		return;
	}
	if (row->votes) {
		row->votes--;
		return;
	}
	row->votes = 1;
	strscpy(row->function, sample->function, sizeof(row->function));
	row->nr_stack = sample->nr_stack;
	memcpy(row->stack, sample->stack,
	       sample->nr_stack * sizeof(*sample->stack));
}

static void holders_add(struct bfd_task *task,
			const struct holder_sample *sample, u64 now)
{
	struct bfd_holders *holders = &task->holders;
	struct bfd_holder *row;

	/* The timer may just be beginning a new time of waiting. */
	if (cmpxchg(&task->busy, 0, 1))
		return;
	if (!holders->began_ns)
		holders->began_ns = now;
	holders->last_ns = now;
	holders->nr_samples++;
	row = holder_row(holders);
	if (row)
		holder_add(row, sample);
	/* Pairs with the cmpxchg() of whoever comes next. */
	smp_store_release(&task->busy, 0);
}

/**
 * bfd_holders_sample() - who has this CPU, for all that wait for it
 * @tasks: those that are watched
 * @now: in ns
 *
 * Context: hard interrupt of a timer.
 */
void bfd_holders_sample(struct bfd_tasks *tasks, u64 now)
{
	u32 here = smp_processor_id() + 1;
	struct holder_sample sample;
	bool taken = false;
	unsigned int i;

	for (i = 0; i < BFD_NR_TASKS; i++) {
		struct bfd_task *task = &tasks->rows[i];

		if (READ_ONCE(task->waits_on) != here ||
		    READ_ONCE(task->pid) == current->pid)
			continue;
		if (!taken)
			sample_take(&sample);
		taken = true;
		holders_add(task, &sample, now);
	}
}
