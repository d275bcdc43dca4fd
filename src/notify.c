// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifying: the mark on an orphan, the wake of its waiters, and the end of
 * its RECVs.  Upstream wakes in __seccomp_filter_orphan().
 */
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "fault.h"
#include "listener.h"
#include "notify.h"
#include "recv.h"
#include "stats.h"
#include "trace.h"

/* A poll table that notes the wait queue it is given. */
struct queue_finder {
	struct poll_table_struct table;
	wait_queue_head_t *head;
};

static void queue_found(struct file *file, wait_queue_head_t *head,
			struct poll_table_struct *table)
{
	container_of(table, struct queue_finder, table)->head = head;
}

/*
 * The wait queue's address needs no layout: the kernel's own poll names it.
 * The caller's reference to the file keeps the queue.
 */
static wait_queue_head_t *queue_of(struct file *file)
{
	struct queue_finder finder = { };

	init_poll_funcptr(&finder.table, queue_found);
	/*
	 * The kernel's poll names the queue first and then takes a mutex.  Any
	 * holder of the fd can hold that mutex for as long as it is kept from
	 * running.  With a signal pending the poll does not wait for it.
	 */
	set_thread_flag(TIF_SIGPENDING);
	vfs_poll(file, &finder.table);
	clear_thread_flag(TIF_SIGPENDING);
	return finder.head;
}

static void wake(struct shup_listener *listener, struct file *file)
{
	wait_queue_head_t *queue = queue_of(file);

	if (WARN_ON_ONCE(!queue))
		return;
	shup_hush_begin(&listener->hush, queue);
	/*
	 * Wake all waiters, exclusive ones too: there is no second event.  No
	 * event is named, so that each waiter polls for itself: from 6.6 to
	 * 6.10 RECV waits on this queue, too, and ignores a named EPOLLHUP.
	 */
	__wake_up(queue, TASK_NORMAL, 0, NULL);
}

/**
 * shup_notify() - mark a listener as orphan and wake its waiters
 * @listener: a pass found no live task under it
 *
 * Context: process context; the worker only.
 */
void shup_notify(struct shup_listener *listener)
{
	struct file *file;

	/*
	 * Mark before the wake.  A poll that has not read the mark is on the
	 * wait queue by then (shup_notify_late()), or will take the queue's
	 * lock after the wake.
	 */
	WRITE_ONCE(listener->unused_ns, ktime_get_ns());
	set_bit(SHUP_ORPHAN, &listener->flags);
	shup_stat_inc(hups);
	trace_listener_unused(listener->id);
	shup_fault_delay(SHUP_POINT_MARKED);

	file = shup_listener_pin(listener);
	if (!file)
		return;
	shup_fault_delay(SHUP_POINT_PINNED);
	shup_recv_end_all(file);
	wake(listener, file);
	fput(file);
}

/**
 * shup_notify_late() - whether a call that has come to a listener must see HUP
 * @file: the listener's file, kept open by the call.  A poll is on the
 *	listener's wait queue already: pairs with the mark in shup_notify().
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
	if (orphan)
		shup_hush_again(&listener->hush);
	rcu_read_unlock();
	return orphan;
}
