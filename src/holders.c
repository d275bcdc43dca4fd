// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds which listener: a look at the fd tables of all tasks.
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

/* Open fds that are looked at before the table's lock is let go. */
#define FDS_AT_A_TIME 4096

#define SEEN_BITS 5

/**
 * struct search - a look at all fd tables
 * @visit: called for each listener
 * @arg: given to it
 * @until_ns: when it is given up, by ktime_get_ns(); 0: never
 * @ret: what @visit returned; or -EAGAIN: it was given up
 * @task: whose table it is
 * @next: the fd to go on with in that table; 0: it is not begun
 * @left: how many are looked at before a pause
 * @process: @task's
 * @seen: tables of that process, at the place each has by hash
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

/* The table's lock is held, so that the file is open and stays so. */
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
 * Threads mostly share a table.  By the table and not by the leader's, as a
 * leader that has exited has none.
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

/* A user can make it take minutes, and neither load nor unload may. */
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
 * shup_holders() - visit every fd that is a listener, known or not
 * @visit: called for each; once for a table that threads share
 * @arg: given to it
 * @until_ns: when to give up, by ktime_get_ns(); 0: never
 *
 * Not exact: an fd that moves from table to table just now, by a fork or over
 * a socket, may be missed, or visited twice.
 *
 * Context: process context; may sleep.
 * Return: 0; what @visit returned; or -EAGAIN if not all tables were seen.
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
