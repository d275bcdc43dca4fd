// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifying: the mark on an orphan, the end of its RECVs, and the wake of its
 * waiters.  Upstream wakes in __seccomp_filter_orphan().
 *
 * No reference to the listener's file is taken: it would make a close() in
 * another thread not the last one, and epoll would report EPOLLHUP for a
 * listener that its manager has closed.  The listener's lock keeps file, filter
 * and queue instead (listener.h).
 */
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/sched.h>

#include "compat.h"
#include "fault.h"
#include "layout.h"
#include "listener.h"
#include "notify.h"
#include "recv.h"
#include "stats.h"
#include "trace.h"
#include "witness.h"

/*
 * Wake all waiters, exclusive ones too: there is no second event.  No event is
 * named, so that each waiter polls for itself: from 6.6 to 6.10 RECV waits on
 * this queue, too, and ignores a named EPOLLHUP.
 */
static void wake(struct shup_listener *listener)
{
	/*
	 * A second wake would be a second event to an edge-triggered epoll set.
	 * But the kernel's own does not wake a RECV that waits on the queue.
	 */
	if (shup_witness_kernel_told(listener) &&
	    !shup_recv_waits_on_queue(listener->file))
		return;
	shup_hush_begin(&listener->hush, listener->queue);
	__wake_up(listener->queue, TASK_NORMAL, 0, NULL);
}

/* Return: whether it is open and was not marked before. */
static bool mark(struct shup_listener *listener, unsigned long *calls)
{
	unsigned long flags;
	bool marked;

	if (!shup_listener_lock(listener, &flags))
		return false;
	marked = !test_and_set_bit(SHUP_ORPHAN, &listener->flags);
	if (marked) {
		WRITE_ONCE(listener->unused_ns, ktime_get_ns());
		*calls = shup_recv_calls(listener->file);
	}
	shup_listener_unlock(listener, flags);
	return marked;
}

/*
 * One step of what follows the mark.  The lock is released between two steps,
 * as there may be many calls, and each may wake a task.
 * Return: whether it was the last.
 */
static bool notify_step(struct shup_listener *listener, unsigned long *calls)
{
	unsigned long flags;

	if (!shup_listener_lock(listener, &flags))
		return true;
	*calls -= shup_recv_end(listener->file, *calls);
	if (!*calls)
		wake(listener);
	shup_listener_unlock(listener, flags);
	return !*calls;
}

/**
 * shup_notify() - mark a listener as orphan, end its RECVs, wake its waiters
 * @listener: no live task is under it
 * @witnessed: the witness has decided it, not a scan
 *
 * The mark comes before the wake, and a poll enters the wait queue before it
 * reads the mark (shup_notify_late()).  The queue's lock pairs the two: a poll
 * that enters before the wake is woken, and a poll that enters after it reads
 * the mark.
 *
 * Context: any that keeps @listener, interrupts on or off; not with a wait
 * queue's lock, nor with a runqueue's.
 * Return: false if it was closed meanwhile, or notified before.
 */
bool shup_notify(struct shup_listener *listener, bool witnessed)
{
	unsigned long calls;
	bool marked;

	rcu_read_lock();
	marked = mark(listener, &calls);
	if (marked) {
		shup_stat_inc(hups);
		trace_listener_unused(listener->id, witnessed);
		shup_fault_delay(SHUP_POINT_MARKED);
		while (!notify_step(listener, &calls))
			;
	}
	rcu_read_unlock();
	return marked;
}

static void move_hush(struct shup_listener *listener)
{
	unsigned long flags;

	if (!shup_listener_lock(listener, &flags))
		return;
	shup_hush_again(&listener->hush, listener->queue);
	shup_listener_unlock(listener, flags);
}

/**
 * shup_notify_late() - whether a call that has come to a listener must see HUP
 * @file: the listener's file, kept open by the call.  A poll is on the
 *	listener's wait queue already: pairs with the wake in shup_notify().
 * @known: set to whether the listener is known
 *
 * Context: any; from the hooks on seccomp_notify_poll() and
 * seccomp_notify_ioctl().
 * Return: whether the listener is an orphan.
 */
bool shup_notify_late(const struct file *file, bool *known)
{
	struct shup_listener *listener;
	bool orphan;

	rcu_read_lock();
	listener = shup_listener_of_file(file);
	*known = listener;
	orphan = listener && shup_listener_test(listener, SHUP_ORPHAN);
	/* Most polls of an orphan find no entry to move, and need no lock. */
	if (orphan && READ_ONCE(listener->hush.placed))
		move_hush(listener);
	rcu_read_unlock();
	return orphan;
}

/**
 * shup_notify_again() - wake the waiters of a listener, orphan or not
 * @file: the listener's file, kept open by a call, as filter and queue are
 *
 * For a waiter whose poll could not say what there is: each polls again.  Of use
 * while the module is being unloaded, too, when no listener is known any more.
 *
 * Context: any.
 */
void shup_notify_again(const struct file *file)
{
	const void *filter = file->private_data;

	if (shup_layout_known() && !shup_layout_check_queue(filter))
		__wake_up(shup_layout_queue(filter), TASK_NORMAL, 0, NULL);
}

static void end_hush(struct shup_listener *listener, void *arg)
{
	unsigned long flags;

	spin_lock_irqsave(&listener->lock, flags);
	shup_hush_end(&listener->hush, listener->queue);
	spin_unlock_irqrestore(&listener->lock, flags);
}

/**
 * shup_notify_stop() - leave every wait queue of the kernel, for ever
 *
 * While the hooks are in place: a listener that is visited has not been
 * released, or its release waits for its lock.
 *
 * Context: any.
 */
void shup_notify_stop(void)
{
	shup_hush_stop();
	rcu_read_lock();
	shup_listener_for_each(end_hush, NULL);
	rcu_read_unlock();
}
