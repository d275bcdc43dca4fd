// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: discovering listeners that were made before the module was loaded,
 * or whose making the hooks missed.
 *
 * An adoption looks at the fd tables of all tasks.  It need not be exact.  It
 * misses a listener that is in flight over a socket, or that moves from table
 * to table meanwhile.  Such a listener is discovered when it is polled, when
 * it is asked for a notification, or by the adoption of a later audit.
 */
#include "adopt.h"
#include "holders.h"
#include "listener.h"
#include "stats.h"
#include "worker.h"

/**
 * shup_adopt_file() - discover a listener whose tasks are not counted yet
 * @file: a listener's file; the caller keeps it open
 * @gfp: how memory may be had
 *
 * Marks the listener as candidate, and requests the census that counts its
 * tasks.
 *
 * Context: any, with @gfp to match.
 * Return: as shup_listener_discover().
 */
int shup_adopt_file(struct file *file, gfp_t gfp)
{
	struct shup_listener *listener;
	int ret = shup_listener_discover(file, gfp);

	if (ret <= 0)
		return ret;
	rcu_read_lock();
	listener = shup_listener_of_file(file);
	if (listener)
		shup_listener_mark_candidate(listener);
	rcu_read_unlock();
	shup_worker_request(SHUP_REQUEST_CENSUS);
	return ret;
}

static int adopt_holder(struct task_struct *task, unsigned int fd,
			struct file *file, void *arg)
{
	int ret = shup_adopt_file(file, GFP_ATOMIC);

	if (ret > 0)
		shup_stat_inc(adoptions);
	return min(ret, 0);
}

/**
 * shup_adopt_all() - discover every listener in any task's fd table
 * @until_ns: when to give up, by ktime_get_ns(); 0: never
 *
 * The hooks must be in place: otherwise the close of a listener that was just
 * discovered could be missed.
 *
 * Context: process context; may sleep; at load, and from the worker.
 * Return: 0; -EAGAIN if not all tables were visited, or hooks are switched off;
 * -ENOMEM; -ENOEXEC if this kernel's filters cannot be read (layout.c).
 */
int shup_adopt_all(u64 until_ns)
{
	return shup_holders(adopt_holder, NULL, until_ns);
}
