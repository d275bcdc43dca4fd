// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: the listeners that were there before the module, or whose making
 * was missed, are found in the fd tables of all tasks.
 *
 * It need not be exact.  A listener that it misses, as it is in flight over a
 * socket or moves from table to table just now, gets known when it is polled,
 * asked for a notification, or found by the next audit.
 */
#include <linux/fdtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "adopt.h"
#include "compat.h"
#include "listener.h"
#include "orphan.h"
#include "scan.h"
#include "stats.h"

/* The table's lock is held, so that the file is open and stays so. */
static int adopt_file(const void *arg, struct file *file, unsigned int fd)
{
	int ret;

	if (!shup_is_listener(file))
		return 0;
	ret = shup_listener_adopt(file, GFP_ATOMIC);
	if (ret > 0) {
		shup_stat_inc(adoptions);
		shup_orphan_recount(file);
	}
	return min(ret, 0);
}

/* Threads mostly share one table. */
static bool shares_table(struct task_struct *task, struct task_struct *leader)
{
	return task != leader &&
	       READ_ONCE(task->files) == READ_ONCE(leader->files);
}

static int adopt_task(struct task_struct *task)
{
	int ret = 0;

	task_lock(task);
	if (task->files)
		ret = iterate_fd(task->files, 0, adopt_file, NULL);
	task_unlock(task);
	return ret;
}

static bool adopt_process(struct task_struct *leader, void *ret)
{
	struct task_struct *task;

	for_each_thread(leader, task) {
		if (shares_table(task, leader))
			continue;
		*(int *)ret = adopt_task(task);
		if (*(int *)ret)
			return false;
	}
	return true;
}

/**
 * shup_adopt() - get to know every listener in any task's fd table
 *
 * The hooks are in place: what happens to a listener once it is known is seen.
 *
 * Context: process context; may sleep.
 * Return: 0; -EAGAIN if not all tables were seen, or hooks are missing;
 * -ENOMEM; -ENOEXEC if this kernel's filters cannot be read (layout.c).
 */
int shup_adopt(void)
{
	int ret = 0;

	return shup_scan_processes(adopt_process, &ret) ?: ret;
}
