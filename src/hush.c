// SPDX-License-Identifier: GPL-2.0-only
/*
 * Level at-reap: keeping the kernel's second word back.
 *
 * There __seccomp_filter_orphan() wakes the listener's queue with EPOLLHUP
 * when the last zombie is reaped.  Who was told at the exit would hear it
 * twice: an edge-triggered epoll set in which the listener was left.  An entry
 * of the module's at the head of an orphan's queue ends that walk of the queue.
 * Nobody misses a wake-up by it: the entry is there before the module's own
 * waking, and who comes later is told by the poll itself.  From 6.10.10 on the
 * kernel's word comes at the exit, before the module's, and both are heard.
 *
 * The entry is on a queue of the kernel's, so it must be off before the queue
 * goes: the listener holds its filter, and with it the queue, until after the
 * hook on seccomp_notify_release(), which takes the entry off.
 */
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "hush.h"
#include "listener.h"

/*
 * All of struct shup_hush, and what is below.  Interrupts off; outside of the
 * queue's own lock.
 */
static DEFINE_SPINLOCK(hush_lock);
static LIST_HEAD(hushed);
static bool allowed;

/**
 * shup_hush_init() - say whether there is anything to keep back
 * @level: which kernel this is
 *
 * Where the closing of a listener could be missed, nothing is.
 *
 * Context: at load, before any hook is placed.
 */
void shup_hush_init(enum shup_level level)
{
	allowed = level == SHUP_LEVEL_AT_REAP && !!SHUP_OPS_PERMANENT;
}

/* Called with the queue's lock held.  Return: negative ends the waking. */
static int hush(wait_queue_entry_t *entry, unsigned int mode, int flags,
		void *key)
{
	/* The module's own waking has no key. */
	return key_to_poll(key) == EPOLLHUP ? -ECANCELED : 0;
}

/**
 * shup_hush_begin() - keep the kernel from waking an orphan's queue again
 * @listener: the orphan, whose file is pinned
 * @queue: its queue
 *
 * The caller wakes the queue after this.
 *
 * Context: process context; the worker only.
 */
void shup_hush_begin(struct shup_listener *listener, wait_queue_head_t *queue)
{
	struct shup_hush *own = &listener->hush;
	unsigned long flags;

	spin_lock_irqsave(&hush_lock, flags);
	if (allowed) {
		WRITE_ONCE(own->queue, queue);
		init_waitqueue_func_entry(&own->entry, hush);
		add_wait_queue(queue, &own->entry);
		list_add(&own->all, &hushed);
	}
	spin_unlock_irqrestore(&hush_lock, flags);
}

/**
 * shup_hush_again() - get ahead of who has come to an orphan's queue since
 * @listener: the orphan, whose file a call keeps open
 *
 * Context: any; from the hooks on seccomp_notify_poll() and
 * seccomp_notify_ioctl().
 */
void shup_hush_again(struct shup_listener *listener)
{
	struct shup_hush *own = &listener->hush;
	unsigned long flags;

	/* Where nothing is kept back, or not yet: no lock for each poll. */
	if (!READ_ONCE(own->queue))
		return;
	spin_lock_irqsave(&hush_lock, flags);
	if (own->queue) {
		spin_lock(&own->queue->lock);
		list_move(&own->entry.entry, &own->queue->head);
		spin_unlock(&own->queue->lock);
	}
	spin_unlock_irqrestore(&hush_lock, flags);
}

static void end_locked(struct shup_hush *own)
{
	lockdep_assert_held(&hush_lock);
	remove_wait_queue(own->queue, &own->entry);
	WRITE_ONCE(own->queue, NULL);
	list_del(&own->all);
}

/**
 * shup_hush_end() - leave a listener's queue
 * @listener: one being released, whose filter is still there
 *
 * Context: any; from the hook on seccomp_notify_release().
 */
void shup_hush_end(struct shup_listener *listener)
{
	unsigned long flags;

	spin_lock_irqsave(&hush_lock, flags);
	if (listener->hush.queue)
		end_locked(&listener->hush);
	spin_unlock_irqrestore(&hush_lock, flags);
}

/**
 * shup_hush_end_all() - leave every queue, for ever
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
