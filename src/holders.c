// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds which listener: a look at the fd tables of all tasks.
 */
#include <linux/fdtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "holders.h"
#include "listener.h"
#include "scan.h"

struct search {
	shup_visit_holder *visit;
	void *arg;
	struct task_struct *task;
	int ret;
};

/* The table's lock is held, so that the file is open and stays so. */
static int visit_file(const void *arg, struct file *file, unsigned int fd)
{
	const struct search *search = arg;

	if (!shup_is_listener(file))
		return 0;
	return search->visit(search->task, fd, file, search->arg);
}

/* Threads mostly share one table. */
static bool shares_table(struct task_struct *task, struct task_struct *leader)
{
	return task != leader &&
	       READ_ONCE(task->files) == READ_ONCE(leader->files);
}

static int visit_table(struct task_struct *task, struct search *search)
{
	int ret = 0;

	search->task = task;
	task_lock(task);
	if (task->files)
		ret = iterate_fd(task->files, 0, visit_file, search);
	task_unlock(task);
	return ret;
}

static bool visit_process(struct task_struct *leader, void *arg)
{
	struct search *search = arg;
	struct task_struct *task;

	for_each_thread(leader, task) {
		if (shares_table(task, leader))
			continue;
		search->ret = visit_table(task, search);
		if (search->ret)
			return false;
	}
	return true;
}

/**
 * shup_holders() - visit every fd that is a listener, known or not
 * @visit: called for each; once for a table that threads share
 * @arg: given to it
 *
 * Not exact: an fd that moves from table to table just now, by a fork or over
 * a socket, may be missed, or visited twice.
 *
 * Context: process context; may sleep.
 * Return: 0; what @visit returned; or -EAGAIN if not all tables were seen.
 */
int shup_holders(shup_visit_holder *visit, void *arg)
{
	struct search search = { .visit = visit, .arg = arg };

	return shup_scan_processes(visit_process, &search) ?: search.ret;
}
