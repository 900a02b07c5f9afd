// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_items - the items of an instance, read from its tree without a lock
 *
 * Their memory is freed by RCU. Items that come and go meanwhile turn the tree:
 * some may then be missed, or seen twice.
 */
#include "epoll.h"

/* As deep as a red-black tree of 2^32 items can be. */
#define TREE_DEPTH	64

/**
 * epoll_items_have() - is an item still there?
 * @ep: the instance
 * @tail: where its tree is
 * @where: address of the item
 * @item: a copy of it
 *
 * Its memory may look as if it were long after it is gone. The tree is in the
 * order of ep_cmp_ffd().
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
		if (!epoll_peek(&other, rb_entry(node, struct epoll_item, rbn)) ||
		    other.ep != ep)
			return false;
		if (item->file > other.file ||
		    (item->file == other.file && item->fd > other.fd))
			node = other.rbn.rb_right;
		else
			node = other.rbn.rb_left;
	}
	return node == &where->rbn;
}

/**
 * epoll_items_walk() - visit the items of an instance
 * @ep: the instance
 * @tail: where its tree is
 * @visit: called with the address and a copy of each, until it returns false
 * @data: for @visit
 * @nr: result, how many were visited, EPOLL_ITEMS at most
 *
 * Without the instance's mutex: items that come and go meanwhile may be missed,
 * or visited twice.
 *
 * Context: process, under rcu_read_lock(), which keeps the items' memory.
 * Return: true if all were visited, as far as can be seen.
 */
bool epoll_items_walk(const struct epoll_head *ep,
		      const struct epoll_tail *tail,
		      epoll_visit_fn visit, void *data, unsigned int *nr)
{
	const struct rb_node *stack[TREE_DEPTH];
	const struct epoll_item *where;
	struct epoll_item item;
	unsigned int depth;

	*nr = 0;
	if (!epoll_peek(&stack[0], &epoll_tree(ep, tail)->rb_root.rb_node))
		return false;
	depth = stack[0] ? 1 : 0;
	while (depth) {
		where = rb_entry(stack[--depth], struct epoll_item, rbn);
		if (*nr == EPOLL_ITEMS || depth + 2 > TREE_DEPTH ||
		    !epoll_peek(&item, where) || item.ep != ep)
			return false;
		++*nr;
		if (!visit(where, &item, data))
			return false;
		if (item.rbn.rb_left)
			stack[depth++] = item.rbn.rb_left;
		if (item.rbn.rb_right)
			stack[depth++] = item.rbn.rb_right;
	}
	return true;
}
