// SPDX-License-Identifier: GPL-2.0
/* epoll_mirror_test - instances of epoll as they ought to be, and broken */
#include <kunit/test.h>
#include <linux/vmalloc.h>

#include "../module/collectors/epoll_mirror.c"
#include "random.h"
#include "suites.h"

#define FUZZ_TURNS	20000

/* No function is called, so any numbers will do. */
static const struct epoll_functions functions = {
	.callback = 0x1111,
	.wake = 0x2222,
	.release = 0x3333,
};

/* struct eventpoll of v5.10; with a spinlock; and with a seqcount, since v7. */
struct ep_rwlock {
	struct epoll_head head;
	rwlock_t lock;
	struct rb_root_cached rbr;
	void *ovflist;
};

struct ep_spinlock {
	struct epoll_head head;
	spinlock_t lock;	/* never taken */
	struct rb_root_cached rbr;
	void *ovflist;
};

struct ep_seqcount {
	struct epoll_head head;
	spinlock_t lock;	/* never taken */
	seqcount_spinlock_t seq;
	struct rb_root_cached rbr;
	void *ovflist;
};

#define LAYOUT(_struct)							\
	{ #_struct, { offsetof(struct _struct, rbr),			\
		      offsetof(struct _struct, ovflist) } }

static const struct {
	const char *name;
	struct epoll_tail tail;
} layouts[] = {
	LAYOUT(ep_rwlock), LAYOUT(ep_spinlock), LAYOUT(ep_seqcount),
};

/**
 * struct fake - an instance with two items, and two entries in each list
 * @head: the instance
 * @bytes: it, and room for each tail behind it
 * @tail: which it has
 * @rbr: its tree: the second item is the root's left child
 * @ovflist: its list of a harvest
 * @items: they have one hook each
 * @hooks: of the items
 * @sleepers: entries of a wait queue
 * @pollers: those of another
 * @other: a list that is none of these
 */
struct fake {
	union {
		struct epoll_head head;
		u8 bytes[sizeof(struct ep_rwlock) + sizeof(struct ep_spinlock) +
			 sizeof(struct ep_seqcount)];
	};
	struct epoll_tail tail;
	struct rb_root_cached *rbr;
	void **ovflist;
	struct epoll_item items[2];
	struct epoll_hook hooks[2];
	wait_queue_entry_t sleepers[2];
	wait_queue_entry_t pollers[2];
	struct list_head other;
};

/* Where nothing can be read, but for the first byte of the last one. */
static unsigned long nowhere[] = {
	0, 8, 0x7fff00001000, 0xdead000000000100, -1UL, -4096UL, 0,
};

static int mirror_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	void *area = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	KUNIT_ASSERT_NOT_NULL(test, area);
	/* Its guard page begins in the middle of what would be there. */
	nowhere[ARRAY_SIZE(nowhere) - 1] = (unsigned long)area + PAGE_SIZE - 1;
	vfree(area);
	test->priv = fake;
	return 0;
}

static void fake_entries(struct fake *fake, unsigned int i)
{
	struct epoll_item *item = &fake->items[i];

	memset(item, 0, sizeof(*item));
	list_add_tail(&item->rdllink, &fake->head.rdllist);
	list_add(&fake->sleepers[i].entry, &fake->head.wq.head);
	list_add(&fake->pollers[i].entry, &fake->head.poll_wait.head);
	item->ep = &fake->head;
	item->ovflist_next = EPOLL_NO_HARVEST;
	item->fd = i;
	item->hooks = &fake->hooks[i];
	memset(&fake->hooks[i], 0, sizeof(fake->hooks[i]));
	fake->hooks[i].item = item;
	fake->hooks[i].wait.func = (wait_queue_func_t)functions.callback;
}

static void fake_make(struct fake *fake, unsigned int layout)
{
	memset(fake, 0x5a, sizeof(*fake));
	fake->tail = layouts[layout].tail;
	fake->rbr = (void *)fake->bytes + fake->tail.rbr;
	fake->ovflist = (void *)fake->bytes + fake->tail.ovflist;
	INIT_LIST_HEAD(&fake->other);
	INIT_LIST_HEAD(&fake->head.wq.head);
	INIT_LIST_HEAD(&fake->head.poll_wait.head);
	INIT_LIST_HEAD(&fake->head.rdllist);
	fake_entries(fake, 0);
	fake_entries(fake, 1);
	fake->rbr->rb_root.rb_node = &fake->items[0].rbn;
	fake->rbr->rb_leftmost = &fake->items[1].rbn;
	fake->items[0].rbn.rb_left = &fake->items[1].rbn;
	*fake->ovflist = EPOLL_NO_HARVEST;
}

static enum epoll_check check(const struct fake *fake, struct epoll_tail *tail)
{
	enum epoll_check check;

	rcu_read_lock();
	check = epoll_mirror_check(&functions, &fake->head, tail);
	rcu_read_unlock();
	return check;
}

static void well_formed_instance_fits_with_each_tail(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_tail tail;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		fake_make(fake, i);
		KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail), EPOLL_FITS, "%s",
				    layouts[i].name);
		KUNIT_EXPECT_EQ_MSG(test, tail.rbr, layouts[i].tail.rbr, "%s",
				    layouts[i].name);
		KUNIT_EXPECT_EQ_MSG(test, tail.ovflist, layouts[i].tail.ovflist,
				    "%s", layouts[i].name);
	}
}

static void idle_instance_with_one_item_fits(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_tail tail;

	fake_make(fake, 0);
	INIT_LIST_HEAD(&fake->head.wq.head);
	INIT_LIST_HEAD(&fake->head.poll_wait.head);
	INIT_LIST_HEAD(&fake->head.rdllist);
	fake->items[0].rbn.rb_left = NULL;
	fake->rbr->rb_leftmost = &fake->items[0].rbn;
	KUNIT_EXPECT_EQ(test, check(fake, &tail), EPOLL_FITS);
}

static void instance_without_items_is_empty(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_tail tail;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		fake_make(fake, i);
		*fake->rbr = RB_ROOT_CACHED;
		KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail), EPOLL_EMPTY, "%s",
				    layouts[i].name);
	}
}

/**
 * struct word - a pointer that the comparison depends on
 * @name: of the member
 * @at: where it is
 * @wrong: what could be there, but ought not
 */
struct word {
	const char *name;
	void *at;
	const void *wrong;
};

#define NR_WORDS	19

static void fake_words(struct fake *fake, struct word *words)
{
	struct epoll_head *ep = &fake->head;
	const struct word all[NR_WORDS] = {
		{ "wq.next", &ep->wq.head.next, &fake->other },
		{ "wq.prev", &ep->wq.head.prev, &fake->other },
		{ "poll_wait.next", &ep->poll_wait.head.next, &fake->other },
		{ "poll_wait.prev", &ep->poll_wait.head.prev, &fake->other },
		{ "rdllist.next", &ep->rdllist.next, &fake->other },
		{ "rdllist.prev", &ep->rdllist.prev, &fake->other },
		{ "first's prev", &fake->sleepers[1].entry.prev, &fake->other },
		{ "last's next", &fake->sleepers[0].entry.next, &fake->other },
		{ "rb_node", &fake->rbr->rb_root.rb_node, &fake->other },
		{ "rb_leftmost", &fake->rbr->rb_leftmost, &fake->other },
		{ "ovflist", fake->ovflist, &fake->items[0] },
		{ "root's instance", &fake->items[0].ep, &fake->other },
		{ "leftmost's instance", &fake->items[1].ep, &fake->other },
		{ "root's hook", &fake->items[0].hooks, &fake->hooks[1] },
		{ "leftmost's hook", &fake->items[1].hooks, &fake->hooks[0] },
		{ "root's hook's item", &fake->hooks[0].item, &fake->items[1] },
		{ "leftmost's hook's item", &fake->hooks[1].item,
		  &fake->items[0] },
		{ "root's hook's function", &fake->hooks[0].wait.func,
		  (void *)functions.wake },
		{ "leftmost's hook's function", &fake->hooks[1].wait.func,
		  (void *)functions.wake },
	};

	memcpy(words, all, sizeof(all));
}

static void expect_differs_with(struct kunit *test, unsigned int layout,
				unsigned int word, unsigned long value)
{
	struct fake *fake = test->priv;
	struct word words[NR_WORDS];
	struct epoll_tail tail;

	fake_make(fake, layout);
	fake_words(fake, words);
	if (*(unsigned long *)words[word].at == value)
		return;
	*(unsigned long *)words[word].at = value;
	KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail), EPOLL_DIFFERS,
			    "%s, %s is %lx", layouts[layout].name,
			    words[word].name, value);
}

static void instance_differs_if_one_pointer_is_another(struct kunit *test)
{
	struct word words[NR_WORDS];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		fake_make(test->priv, i);
		fake_words(test->priv, words);
		for (j = 0; j < NR_WORDS; j++)
			expect_differs_with(test, i, j,
					    (unsigned long)words[j].wrong);
	}
}

static void pointers_into_nowhere_do_not_fault(struct kunit *test)
{
	unsigned int i, j, k;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		for (j = 0; j < NR_WORDS; j++)
			for (k = 0; k < ARRAY_SIZE(nowhere); k++)
				expect_differs_with(test, i, j, nowhere[k]);
}

static void instance_nowhere_differs(struct kunit *test)
{
	struct epoll_tail tail;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		KUNIT_EXPECT_EQ_MSG(test, check((void *)nowhere[i], &tail),
				    EPOLL_DIFFERS, "%lx", nowhere[i]);
}

static void descriptor_is_no_negative_number(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_tail tail;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fake->items); i++) {
		fake_make(fake, 0);
		fake->items[i].fd = -1;
		KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail), EPOLL_DIFFERS,
				    "item %u", i);
	}
}

static void harvest_that_goes_on_differs(struct kunit *test)
{
	struct fake *fake = test->priv;
	void *const lists[] = { NULL, &fake->items[0], EPOLL_NO_HARVEST - 1 };
	struct epoll_tail tail;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		for (j = 0; j < ARRAY_SIZE(lists); j++) {
			fake_make(fake, i);
			*fake->ovflist = lists[j];
			KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail),
					    EPOLL_DIFFERS, "%s, list %u",
					    layouts[i].name, j);
			*fake->rbr = RB_ROOT_CACHED;
			KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail),
					    EPOLL_DIFFERS, "%s, empty, %u",
					    layouts[i].name, j);
		}
	}
}

static void zeros_differ(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct epoll_tail tail;

	memset(fake, 0, sizeof(*fake));
	KUNIT_EXPECT_EQ(test, check(fake, &tail), EPOLL_DIFFERS);
}

static void random_bytes_never_fit(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 state = 362436069, *words = (u64 *)fake->bytes;
	struct epoll_tail tail;
	unsigned int i, j;

	for (i = 0; i < FUZZ_TURNS; i++) {
		for (j = 0; j < sizeof(fake->bytes) / sizeof(u64); j++)
			words[j] = test_random(&state);
		KUNIT_ASSERT_NE_MSG(test, check(fake, &tail), EPOLL_FITS,
				    "turn %u", i);
	}
}

/* They lead to all kinds of memory, or to the other item, which is as good. */
static void flipped_bits_of_pointers_do_not_fit(struct kunit *test)
{
	unsigned long before[NR_WORDS], now;
	struct fake *fake = test->priv;
	struct word words[NR_WORDS];
	const char *changed;
	unsigned int turn, i;
	struct epoll_tail tail;
	u64 state = 123456789;

	for (turn = 0; turn < FUZZ_TURNS; turn++) {
		fake_make(fake, turn % ARRAY_SIZE(layouts));
		fake_words(fake, words);
		for (i = 0; i < NR_WORDS; i++)
			before[i] = *(unsigned long *)words[i].at;
		if (turn % 2)
			change_bit(test_random(&state) % 64,
				   words[test_random(&state) % NR_WORDS].at);
		change_bit(test_random(&state) % (8 * sizeof(fake->bytes)),
			   (unsigned long *)fake->bytes);
		for (changed = NULL, i = 0; i < NR_WORDS; i++) {
			now = *(unsigned long *)words[i].at;
			if (now != before[i] &&
			    now != (unsigned long)&fake->items[0] &&
			    now != (unsigned long)&fake->items[1])
				changed = words[i].name;
		}
		KUNIT_EXPECT_EQ_MSG(test, check(fake, &tail),
				    changed ? EPOLL_DIFFERS : EPOLL_FITS,
				    "turn %u, %s", turn, changed);
	}
}

static struct kunit_case mirror_cases[] = {
	KUNIT_CASE(well_formed_instance_fits_with_each_tail),
	KUNIT_CASE(idle_instance_with_one_item_fits),
	KUNIT_CASE(instance_without_items_is_empty),
	KUNIT_CASE(instance_differs_if_one_pointer_is_another),
	KUNIT_CASE(pointers_into_nowhere_do_not_fault),
	KUNIT_CASE(instance_nowhere_differs),
	KUNIT_CASE(descriptor_is_no_negative_number),
	KUNIT_CASE(harvest_that_goes_on_differs),
	KUNIT_CASE(zeros_differ),
	KUNIT_CASE(random_bytes_never_fit),
	KUNIT_CASE(flipped_bits_of_pointers_do_not_fit),
	{}
};

struct kunit_suite stall_epoll_mirror_suite = {
	.name = "stallmeter_epoll_mirror",
	.init = mirror_init,
	.test_cases = mirror_cases,
};
