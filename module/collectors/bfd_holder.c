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

/* The interrupt's own frames, and all of the task's. */
#define SAMPLE_DEPTH	64U

/**
 * struct holder_sample - what the running task was at
 * @nr: entries of @stack, 0 if in user mode
 * @stack: addresses in the functions of the kernel that it was in, the innermost first
 */
struct holder_sample {
	unsigned int nr;
	unsigned long stack[SAMPLE_DEPTH];
};

/* Where the function begins, so that samples of it are alike. */
static unsigned long function_of(unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN], *plus;
	unsigned long offset;

	sprint_symbol(name, ip);
	plus = strchr(name, '+');
	return plus && sscanf(plus, "+%lx", &offset) == 1 ? ip - offset : ip;
}

/* Leave out what the interrupt put on top. */
static void sample_take(struct holder_sample *sample)
{
	struct pt_regs *regs = get_irq_regs();
	unsigned int i, nr;
	unsigned long ip;

	sample->nr = 0;
	if (!regs || user_mode(regs))
		return;
	ip = instruction_pointer(regs);
	nr = stack_trace_save(sample->stack, SAMPLE_DEPTH, 0);
	for (i = 0; i < nr && sample->stack[i] != ip; i++)
		;
	sample->nr = max(nr - i, 1U);
	memmove(sample->stack, sample->stack + i,
		(nr - i) * sizeof(*sample->stack));
	sample->stack[0] = function_of(ip);
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
	holders->nr++;
	return row;
}

/* It may get a name later, and lose its real-time policy in the end. */
static void holder_add(struct bfd_holder *row,
		       const struct holder_sample *sample)
{
	stall_who_current(&row->who);
	if (!row->nr_samples || rt_task(current)) {
		row->policy = current->policy;
		row->priority = rt_task(current) ? current->rt_priority : 0;
	}
	row->nr_samples++;
	if (sample->nr)
		bfd_path_add(&row->path, sample->stack, sample->nr);
	else
		row->nr_user++;
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

	/* It is about to go. */
	if (is_idle_task(current))
		return;

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
