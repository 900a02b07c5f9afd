// SPDX-License-Identifier: GPL-2.0
/*
 * provoke - does on purpose what the harness has to notice
 *
 *	insmod provoke.ko what=uaf|atomic_sleep|lock_inversion|leak|warn|panic
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what = "";
module_param(what, charp, 0400);
MODULE_PARM_DESC(what, "the bug to have");

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);

static void use_after_free(void)
{
	char *p = kzalloc(32, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);	/* or the compiler sees it, too */
	if (p)
		READ_ONCE(p[7]);
}

static void sleep_in_atomic(void)
{
	spin_lock(&lock_a);
	msleep(20);
	spin_unlock(&lock_a);
}

static void invert_locks(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);

	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

/* Several: a stale register or stack slot may still point to one. */
static void leak(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		void *p = kmalloc(64, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(p);
	}
}

static void warn(void)
{
	WARN_ON(1);
}

static void die(void)
{
	panic("provoked");
}

static const struct {
	const char *name;
	void (*provoke)(void);
} bugs[] = {
	{ "uaf", use_after_free },
	{ "atomic_sleep", sleep_in_atomic },
	{ "lock_inversion", invert_locks },
	{ "leak", leak },
	{ "warn", warn },
	{ "panic", die },
};

static int __init provoke_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(what, bugs[i].name)) {
			bugs[i].provoke();
			return 0;
		}
	}
	pr_err("what=%s: not a bug that is known here\n", what);
	return -EINVAL;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);

MODULE_DESCRIPTION("Negative controls of the VM tests");
MODULE_LICENSE("GPL");
