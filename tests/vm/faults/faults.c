// SPDX-License-Identifier: GPL-2.0
/*
 * faults - makes one allocation of the next module's init fail
 *
 * nth=N in /sys/module/faults/parameters: the N-th of kmalloc and the page
 * allocator, by the kernel's own fault injection (CONFIG_FAILSLAB,
 * CONFIG_FAIL_PAGE_ALLOC), which counts down in the task. percpu_nth=N: the N-th
 * of alloc_percpu(), which that does not know. Both fall back to 0 with init;
 * "failed" says whether there was one to fail.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>

static unsigned int nth;
module_param(nth, uint, 0600);
MODULE_PARM_DESC(nth, "which allocation fails, from 1");

static unsigned int percpu_nth;
module_param(percpu_nth, uint, 0600);
MODULE_PARM_DESC(percpu_nth, "which per-CPU allocation fails, from 1");

static bool failed;
module_param(failed, bool, 0400);
MODULE_PARM_DESC(failed, "it was reached, in the last module's init");

static struct task_struct *victim;

static int init_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	victim = current;
	failed = false;
	current->fail_nth = nth;
	return 0;
}

NOKPROBE_SYMBOL(init_begins);

static int init_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (nth)
		failed = !current->fail_nth;
	current->fail_nth = 0;
	victim = NULL;
	nth = 0;
	percpu_nth = 0;
	return 0;
}

NOKPROBE_SYMBOL(init_ends);

static struct kretprobe init = {
	.kp.symbol_name = "do_one_initcall",
	.entry_handler = init_begins,
	.handler = init_ends,
	.maxactive = 4,
};

/* Runs instead of __alloc_percpu(), and returns to its caller. */
static noinline void __percpu *no_memory(void)
{
	return NULL;
}

static int percpu_begins(struct kprobe *kp, struct pt_regs *regs)
{
	if (current != victim || !percpu_nth || --percpu_nth)
		return 0;
	failed = true;
	regs->ip = (unsigned long)no_memory;
	return 1;
}

NOKPROBE_SYMBOL(percpu_begins);

static struct kprobe percpu = {
	.symbol_name = "__alloc_percpu",
	.pre_handler = percpu_begins,
};

static int __init faults_init(void)
{
	int err = register_kprobe(&percpu);

	if (err)
		return err;
	err = register_kretprobe(&init);
	if (err)
		unregister_kprobe(&percpu);
	return err;
}

static void __exit faults_exit(void)
{
	unregister_kretprobe(&init);
	unregister_kprobe(&percpu);
}

module_init(faults_init);
module_exit(faults_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes allocations of a module's init fail");
