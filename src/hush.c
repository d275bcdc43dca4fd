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

#include "compat.h"
#include "hush.h"

/*
 * All of every struct shup_hush, and the two variables below.  Interrupts off;
 * taken outside of the wait queue's own lock.
 */
static DEFINE_SPINLOCK(hush_lock);
static LIST_HEAD(hushed);
static bool allowed;

/**
 * shup_hush_init() - say whether the kernel has an EPOLLHUP to keep back
 * @level: what this kernel does by itself
 *
 * Where the hooks can miss a close, nothing is kept back.
 *
 * Context: at load, before any hook is placed.
 */
void shup_hush_init(enum shup_level level)
{
	allowed = level == SHUP_LEVEL_AT_REAP && !!SHUP_OPS_PERMANENT;
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
 * @queue: its wait queue; the caller keeps the file, and so the queue
 *
 * The caller wakes the queue after this.
 *
 * Context: process context; the worker only.
 */
void shup_hush_begin(struct shup_hush *hush, wait_queue_head_t *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&hush_lock, flags);
	if (allowed) {
		WRITE_ONCE(hush->queue, queue);
		init_waitqueue_func_entry(&hush->entry, end_kernel_wake);
		add_wait_queue(queue, &hush->entry);
		list_add(&hush->all, &hushed);
	}
	spin_unlock_irqrestore(&hush_lock, flags);
}

/**
 * shup_hush_again() - move the entry before waiters that have come since
 * @hush: an orphan's; a call keeps its file open
 *
 * Context: any; from the hooks on seccomp_notify_poll() and
 * seccomp_notify_ioctl().
 */
void shup_hush_again(struct shup_hush *hush)
{
	unsigned long flags;

	/* Most polls of an orphan find no entry, and need no lock. */
	if (!READ_ONCE(hush->queue))
		return;
	spin_lock_irqsave(&hush_lock, flags);
	if (hush->queue) {
		spin_lock(&hush->queue->lock);
		list_move(&hush->entry.entry, &hush->queue->head);
		spin_unlock(&hush->queue->lock);
	}
	spin_unlock_irqrestore(&hush_lock, flags);
}

static void end_locked(struct shup_hush *hush)
{
	lockdep_assert_held(&hush_lock);
	remove_wait_queue(hush->queue, &hush->entry);
	WRITE_ONCE(hush->queue, NULL);
	list_del(&hush->all);
}

/**
 * shup_hush_end() - take the entry off a listener's queue
 * @hush: that of a listener being released, whose filter is still there
 *
 * Context: any; from the hook on seccomp_notify_release().
 */
void shup_hush_end(struct shup_hush *hush)
{
	unsigned long flags;

	spin_lock_irqsave(&hush_lock, flags);
	if (hush->queue)
		end_locked(hush);
	spin_unlock_irqrestore(&hush_lock, flags);
}

/**
 * shup_hush_end_all() - take every entry off, and put none on any more
 *
 * While the hooks are in place: a listener on the list is not released yet, or
 * its release waits in shup_hush_end().
 *
 * Context: may sleep.
 */
void shup_hush_end_all(void)
{
	unsigned long flags;
	bool more;

	do {
		spin_lock_irqsave(&hush_lock, flags);
		allowed = false;
		more = !list_empty(&hushed);
		if (more)
			end_locked(list_first_entry(&hushed, struct shup_hush,
						    all));
		spin_unlock_irqrestore(&hush_lock, flags);
		cond_resched();
	} while (more);
}
