// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_items - the items of an instance, read from its tree without a lock
 *
 * Their memory is freed by RCU. Items that come and go meanwhile turn the tree:
 * some may then be missed. Two walks that met the same items have met all that
 * stayed.
 */
#include <linux/sched.h>

#include "epoll_find.h"

/* As deep as a red-black tree of 2^32 items can be. */
#define TREE_DEPTH	64

/* So many items before others may have the CPU. */
#define ITEMS_AT_ONCE	256U

/* A tree that is turned so often under a walk is left. */
#define TURNS_MOST	16

/**
 * struct walk - on the way through a tree, in order
 * @ep: the instance
 * @last: the item that was visited last
 * @enough: the visitor has seen enough
 * @stack: nodes that are yet to be visited, the next one last
 * @depth: how many
 */
struct walk {
	const struct epoll_head *ep;
	struct epoll_item last;
	bool enough;
	const struct rb_node *stack[TREE_DEPTH];
	unsigned int depth;
};

/* As ep_cmp_ffd() orders them. */
static bool item_is_before(const struct epoll_item *item,
			   const struct epoll_item *other)
{
	return item->file < other->file ||
	       (item->file == other->file && item->fd < other->fd);
}

static bool item_peek(const struct epoll_head *ep, const struct rb_node *node,
		      struct epoll_item *item)
{
	return epoll_peek(item, rb_entry(node, struct epoll_item, rbn)) &&
	       item->ep == ep;
}

/**
 * epoll_items_have() - is an item still there?
 * @ep: the instance
 * @tail: where its tree is
 * @where: address of the item
 * @item: a copy of it
 *
 * Its memory may look as if it were long after it is gone.
 *
 * Context: process, under rcu_read_lock().
 */
bool epoll_items_have(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      const struct epoll_item *where,
		      const struct epoll_item *item)
{
	const struct rb_root_cached *tree = epoll_tree(ep, tail);
	unsigned int depth = TREE_DEPTH;
	const struct rb_node *node;
	struct epoll_item other;

	if (!epoll_peek(&node, &tree->rb_root.rb_node))
		return false;
	while (node && node != &where->rbn && --depth) {
		if (!item_peek(ep, node, &other))
			return false;
		if (item_is_before(&other, item))
			node = other.rbn.rb_right;
		else
			node = other.rbn.rb_left;
	}
	return node == &where->rbn;
}

/* Down from a node to the first item behind @last, or to the first of all. */
static bool walk_down(struct walk *walk, const struct rb_node *node,
		      const struct epoll_item *last)
{
	unsigned int steps = TREE_DEPTH;
	struct epoll_item item;

	for (; node; steps--) {
		if (!steps || walk->depth == TREE_DEPTH ||
		    !item_peek(walk->ep, node, &item))
			return false;
		if (last && !item_is_before(last, &item)) {
			node = item.rbn.rb_right;
			continue;
		}
		walk->stack[walk->depth++] = node;
		node = item.rbn.rb_left;
	}
	return true;
}

static bool walk_begin(struct walk *walk, const struct epoll_tail *tail,
		       const struct epoll_visits *visits)
{
	const struct rb_node *root;

	walk->depth = 0;
	return epoll_peek(&root, &epoll_tree(walk->ep, tail)->rb_root.rb_node) &&
	       walk_down(walk, root, visits->nr ? &walk->last : NULL);
}

/* The next items, up to ITEMS_AT_ONCE; false if the tree was turned. */
static bool walk_on(struct walk *walk, struct epoll_visits *visits,
		    epoll_visit_fn visit, void *data)
{
	unsigned int left = min(ITEMS_AT_ONCE, visits->limit - visits->nr);
	const struct rb_node *node;
	struct epoll_item item;

	while (walk->depth && left--) {
		node = walk->stack[--walk->depth];
		if (!item_peek(walk->ep, node, &item) ||
		    (visits->nr && !item_is_before(&walk->last, &item)))
			return false;
		walk->last = item;
		visits->nr++;
		visits->sum = visits->sum * 31 + (unsigned long)node;
		walk->enough = !visit(rb_entry(node, struct epoll_item, rbn),
				      &item, data);
		if (walk->enough)
			return true;
		if (!walk_down(walk, item.rbn.rb_right, NULL))
			return false;
	}
	return true;
}

static void rest(void)
{
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
}

/**
 * epoll_items_walk() - visit the items of an instance
 * @ep: the instance
 * @tail: where its tree is
 * @visit: called for each
 * @data: for @visit
 * @visits: limit and result
 *
 * Without the instance's mutex: what comes or goes meanwhile may be missed, and
 * seldom others. Where the tree was turned, it goes on behind the last item.
 *
 * Context: process, may sleep; under rcu_read_lock(), which it leaves and takes
 * again now and then.
 * Return: true if all were visited, as far as can be seen.
 */
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      epoll_visit_fn visit, void *data,
		      struct epoll_visits *visits)
{
	struct walk walk = { .ep = ep };
	unsigned int turns = 0;

	visits->nr = 0;
	visits->sum = 0;
	do {
		if (visits->nr)
			rest();
		if (!walk_begin(&walk, tail, visits) ||
		    !walk_on(&walk, visits, visit, data)) {
			if (++turns == TURNS_MOST)
				return false;
			walk.depth = 1;
		}
	} while (walk.depth && visits->nr < visits->limit && !walk.enough);
	return !walk.depth && !turns;
}
