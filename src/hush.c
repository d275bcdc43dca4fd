// SPDX-License-Identifier: GPL-2.0-only
/*
 * Level at-reap: keeping back the kernel's own, later EPOLLHUP.
 *
 * On that level __seccomp_filter_orphan() wakes the listener's wait queue with
 * EPOLLHUP when the last zombie is reaped.  The module has notified at the exit
 * by then.  A manager that leaves the listener in an edge-triggered epoll set
 * would get a second EPOLLHUP for one death.  So the module puts an entry at
 * the head of an orphan's queue, which ends that walk of the queue.
 *
 * No waiter misses a wake-up by it: the entry is there before the module's own
 * wake, and a waiter that comes later reads the orphan mark in its poll.  From
 * 6.10.10 on the kernel's EPOLLHUP comes at the exit, before the module's, and
 * both are seen.
 *
 * The entry is on a queue of the kernel's, so it must be off before the queue
 * is freed.  The listener holds its filter, and with it the queue, until after
 * the hook on seccomp_notify_release(), which takes the entry off.
 */
#include <linux/poll.h>
#include <linux/spinlock.h>

#include "hush.h"

/*
 * Whether entries may be placed.  Written at load; cleared once, after which
 * shup_notify_stop() takes every listener's lock.
 */
static bool allowed;

/**
 * shup_hush_init() - say whether entries may be placed
 * @allow: the kernel has an EPOLLHUP to keep back, and no hook can miss a close
 *
 * Context: at load, before any listener is known.
 */
void shup_hush_init(bool allow)
{
	WRITE_ONCE(allowed, allow);
}

/**
 * shup_hush_stop() - place no entry any more
 *
 * Context: any.
 */
void shup_hush_stop(void)
{
	WRITE_ONCE(allowed, false);
}

/* Called with the queue's lock held.  Return: negative ends the waking. */
static int end_kernel_wake(wait_queue_entry_t *entry, unsigned int mode,
			   int flags, void *key)
{
	/* The module's own wake has no key. */
	return key_to_poll(key) == EPOLLHUP ? -ECANCELED : 0;
}

/**
 * shup_hush_begin() - keep the kernel from waking an orphan's queue again
 * @hush: the orphan's
 * @queue: its wait queue
 *
 * The caller wakes the queue after this.
 *
 * Context: any; the listener's lock held, and the listener open.
 */
void shup_hush_begin(struct shup_hush *hush, wait_queue_head_t *queue)
{
	if (!READ_ONCE(allowed))
		return;
	init_waitqueue_func_entry(&hush->entry, end_kernel_wake);
	/* First: a waiter that comes meanwhile moves the entry after this call. */
	WRITE_ONCE(hush->placed, true);
	add_wait_queue(queue, &hush->entry);
}

/**
 * shup_hush_again() - move the entry before waiters that have come since
 * @hush: an orphan's
 * @queue: its wait queue
 *
 * Context: as shup_hush_begin().
 */
void shup_hush_again(struct shup_hush *hush, wait_queue_head_t *queue)
{
	unsigned long flags;

	if (!hush->placed)
		return;
	spin_lock_irqsave(&queue->lock, flags);
	list_move(&hush->entry.entry, &queue->head);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * shup_hush_end() - take the entry off a listener's queue
 * @hush: the listener's
 * @queue: its wait queue
 *
 * Context: as shup_hush_begin(); the listener may be in its release.
 */
void shup_hush_end(struct shup_hush *hush, wait_queue_head_t *queue)
{
	if (!hush->placed)
		return;
	remove_wait_queue(queue, &hush->entry);
	WRITE_ONCE(hush->placed, false);
}
