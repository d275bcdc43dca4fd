// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which tasks hold which listeners: a search of the fd tables of all tasks.
 */
#include <linux/fdtable.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "compat.h"
#include "fault.h"
#include "holders.h"
#include "listener.h"
#include "scan.h"
#include "state.h"

/* Open fds that are visited before the table's lock is released for a moment. */
#define FDS_AT_A_TIME 4096

#define SEEN_BITS 5

/**
 * struct search - a search of all fd tables
 * @visit: called for each listener
 * @arg: given to @visit
 * @until_ns: when the search gives up, by ktime_get_ns(); 0: never
 * @ret: what @visit has returned; or -EAGAIN: the search has given up
 * @task: the task whose table is being searched
 * @next: the fd with which to go on in that table; 0: it is not begun
 * @left: how many more fds are visited before the lock is released
 * @process: @task's process
 * @seen: tables of that process that were visited, each at a place by hash
 */
struct search {
	shup_visit_holder *visit;
	void *arg;
	u64 until_ns;
	int ret;
	struct task_struct *task;
	unsigned int next;
	unsigned int left;
	const struct signal_struct *process;
	const void *seen[1 << SEEN_BITS];
};

/* The table's lock is held, so that the file stays open. */
static int visit_file(const void *arg, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)arg;

	if (shup_is_listener(file))
		search->ret = search->visit(search->task, fd, file, search->arg);
	search->next = fd + 1;
	return search->ret || !--search->left;
}

static enum shup_verdict visit_table(struct search *search)
{
	struct task_struct *task = search->task;
	int more = 0;

	search->left = FDS_AT_A_TIME;
	task_lock(task);
	if (task->files)
		more = iterate_fd(task->files, search->next, visit_file, search);
	task_unlock(task);
	if (search->ret)
		return SHUP_ENOUGH;
	if (more)
		return SHUP_UNSETTLED;
	search->next = 0;
	return SHUP_SETTLED;
}

/*
 * The threads of most processes share one table, which is visited once.  Each
 * thread is looked at, and not the leader alone: a leader that has exited has
 * no table any more.  @files is compared, and never followed.
 */
static bool seen_table(struct search *search)
{
	const void *files = READ_ONCE(search->task->files);
	const void **place = &search->seen[hash_ptr(files, SEEN_BITS)];

	if (search->process != search->task->signal) {
		memset(search->seen, 0, sizeof(search->seen));
		search->process = search->task->signal;
	}
	if (*place == files)
		return true;
	*place = files;
	return false;
}

/* A user with millions of fds could make a load or an unload take minutes. */
static bool must_end(const struct search *search)
{
	return shup_state_stopping() ||
	       (search->until_ns && ktime_get_ns() >= search->until_ns);
}

static enum shup_verdict visit_tables_of(struct task_struct *task, void *arg)
{
	struct search *search = arg;

	if (must_end(search)) {
		search->ret = -EAGAIN;
		return SHUP_ENOUGH;
	}
	if (shup_fault_stall())
		return SHUP_UNSETTLED;
	if (search->task != task || !search->next) {
		search->task = task;
		search->next = 0;
		if (seen_table(search))
			return SHUP_SETTLED;
	}
	return visit_table(search);
}

/**
 * shup_holders() - visit every fd of a listener, known or unknown
 * @visit: called for each fd.  A table that threads share is mostly visited once
 * @arg: given to @visit
 * @until_ns: when to give up, by ktime_get_ns(); 0: never
 *
 * Not exact: an fd that moves from table to table during the search, by a fork
 * or over a socket, may be missed, or visited twice.
 *
 * Context: process context; may sleep.
 * Return: 0; what @visit has returned; or -EAGAIN if not all tables were
 * visited.
 */
int shup_holders(shup_visit_holder *visit, void *arg, u64 until_ns)
{
	struct search search = {
		.visit = visit,
		.arg = arg,
		.until_ns = until_ns,
	};

	return shup_scan_tasks(visit_tables_of, &search) ?: search.ret;
}
