/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_LAYOUT_H
#define SHUP_LAYOUT_H

#include "compat.h"

/*
 * struct seccomp_filter is private to the kernel.  Of its fields the module
 * needs three consecutive pointers: prev, prog and notif, and the wait queue of
 * its listener.
 */

int shup_layout_hear(const void *btf, size_t size);
int shup_layout_check(const void *filter);
bool shup_layout_known(void);
void *shup_layout_notif(const void *filter);
wait_queue_head_t *shup_layout_queue(const void *filter);
int shup_layout_check_queue(const void *filter);

/* Where prog is; 0 until proved, then never changes.  Written with a release. */
extern unsigned int shup_layout_prog;

/**
 * shup_layout_prev() - the next older filter of a chain
 * @filter: a filter; see shup_for_each_filter() for what keeps it alive
 *
 * Inline: a scan calls it for each filter with interrupts off.
 *
 * Context: any, once shup_layout_known().
 * Return: the filter, or NULL if @filter is the oldest.
 */
static inline const void *shup_layout_prev(const void *filter)
{
	return READ_ONCE(*(void **)(filter + shup_layout_prog - sizeof(void *)));
}

/* More filters than one chain can hold: the kernel allows 2^18 bytes of code. */
#define SHUP_CHAIN_MAX 8192

/**
 * shup_for_each_filter() - walk a chain from its head towards the oldest filter
 * @filter: the loop's cursor
 * @head: from shup_task_filter()
 * @left: an unsigned int, counts down to 0 on a chain that does not end
 *
 * Context: the chain must be kept alive.  A task's own chain is, as long as it
 * runs; another's while its siglock is held and it is on its thread list.
 */
#define shup_for_each_filter(filter, head, left)			\
	for ((left) = SHUP_CHAIN_MAX, (filter) = (head);		\
	     (filter) && --(left); (filter) = shup_layout_prev(filter))

#endif /* SHUP_LAYOUT_H */
