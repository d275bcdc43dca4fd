// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exact scan: every live task with a filter, with none missed.
 *
 * For a filter F that is installed and has no user but by fork and TSYNC, the
 * scan visits a live task under F if there is one at the end of the scan.
 * Why, for a task list without locks that changes all the while:
 *
 *  - A process is visited in one piece, under its siglock.  TSYNC, the attach
 *    of a filter, the addition and the removal of threads all take that lock.
 *    So if a process is visited and no live thread of it is under F, none ever
 *    will be: fork and TSYNC need one that is.
 *  - A new process goes to the tail of the task list.  If its creator is under
 *    F, the creator's process has not been visited, so it is still ahead of
 *    the scan, and the tail more so.
 *  - exec by a thread puts another task_struct in its process's place in the
 *    list (list_replace_rcu() in de_thread()).  A scan that stands on the old
 *    one still reaches the process's threads, by the signal_struct, while the
 *    old one is not released.  If it is released, the scan starts again.
 *  - A next pointer is followed out of a node only while that node is, or was
 *    a moment ago, in the list: RCU keeps what it points to, and a scan that
 *    has left its read-side section checks the node before it goes on.
 *
 * tests/model/hup.pml has the first two, and what follows if a visit is not in
 * one piece.
 *
 * Chains are safe to read in a visit: on 5.9 and later a task's tie is cut
 * after it has lost its sighand, under the siglock; before, in free_task(),
 * a grace period after it left the task list.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "scan.h"
#include "stats.h"

/* Processes between two looks at the scheduler, at the most. */
#define STRIDE 256

/* A scan that must start again this often leaves it for later. */
#define RESTARTS 32

/* As __lock_task_sighand(), which modules cannot call. */
static struct sighand_struct *lock_sighand(struct task_struct *task,
					   unsigned long *flags)
{
	struct sighand_struct *sighand;

	for (;;) {
		sighand = rcu_dereference(task->sighand);
		if (!sighand)
			return NULL;
		spin_lock_irqsave(&sighand->siglock, *flags);
		/* exec may have given the task another one meanwhile. */
		if (likely(sighand == rcu_access_pointer(task->sighand)))
			return sighand;
		spin_unlock_irqrestore(&sighand->siglock, *flags);
	}
}

/*
 * Without the lock: @leader is the one thread of its process, and has no
 * filter.  In this order: a thread that exec puts in @leader's place stood
 * behind it in the list before @leader lost its filter by being released, and
 * @leader's next pointer has named a thread, not the head, ever since.
 */
static bool has_no_filter(struct task_struct *leader)
{
	struct list_head *threads = &leader->signal->thread_head;

	if (shup_task_filter(leader))
		return false;
	smp_rmb();	/* the filter, then the threads: see above */
	if (READ_ONCE(leader->thread_node.next) != threads)
		return false;
	smp_rmb();	/* alone, and then still in the list */
	return READ_ONCE(threads->next) == &leader->thread_node;
}

enum visited {
	GO_ON,
	STOP,
	START_AGAIN,
};

/* What to do with each process: either of the two. */
struct plan {
	shup_visit *visit;
	shup_visit_process *visit_process;
	void *arg;
};

static enum visited visit_tasks(struct task_struct *leader,
				const struct plan *plan)
{
	struct sighand_struct *sighand;
	enum visited result = GO_ON;
	struct task_struct *task;
	unsigned long flags;

	if (has_no_filter(leader))
		return GO_ON;

	sighand = lock_sighand(leader, &flags);
	if (!sighand)
		return START_AGAIN;

	for_each_thread(leader, task) {
		if (!shup_task_filter(task) ||
		    (READ_ONCE(task->flags) & PF_EXITING))
			continue;
		if (!plan->visit(task, plan->arg)) {
			result = STOP;
			break;
		}
	}
	spin_unlock_irqrestore(&sighand->siglock, flags);

	/* The flags first, then the next process: a child is seen after all. */
	smp_rmb();
	return result;
}

/* Leave the read-side section for a moment.  Return: @leader is still listed. */
static bool breathe(struct task_struct *leader)
{
	bool listed;

	get_task_struct(leader);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	/* Not reaped, and not replaced by exec, before this section began. */
	listed = pid_alive(leader) && thread_group_leader(leader);
	put_task_struct(leader);
	return listed;
}

static enum visited visit_process(struct task_struct *leader,
				  const struct plan *plan)
{
	if (READ_ONCE(leader->flags) & PF_KTHREAD)
		return GO_ON;
	if (plan->visit)
		return visit_tasks(leader, plan);
	return plan->visit_process(leader, plan->arg) ? GO_ON : STOP;
}

static enum visited scan_once(const struct plan *plan)
{
	unsigned int count = 0;
	struct task_struct *leader;
	enum visited result;

	for_each_process(leader) {
		if ((++count % STRIDE == 0 || need_resched()) &&
		    !breathe(leader))
			return START_AGAIN;
		result = visit_process(leader, plan);
		if (result != GO_ON)
			return result;
	}
	return STOP;
}

static int scan(const struct plan *plan)
{
	unsigned int left = RESTARTS;
	enum visited result;

	do {
		rcu_read_lock();
		result = scan_once(plan);
		rcu_read_unlock();
		if (result != START_AGAIN)
			return 0;
		shup_stat_inc(scan_restarts);
		cond_resched();
	} while (--left);
	return -EAGAIN;
}

/**
 * shup_scan() - visit every live task that has a filter
 * @visit: called for each
 * @arg: given to it
 *
 * A task may be visited more than once.
 *
 * Context: process context; may sleep.
 * Return: 0 if all were visited, or @visit ended it; -EAGAIN if the task list
 * changed too fast, in which case some were not.
 */
int shup_scan(shup_visit *visit, void *arg)
{
	return scan(&(struct plan){ .visit = visit, .arg = arg });
}

/**
 * shup_scan_processes() - visit every process
 * @visit: called for each; not for kernel threads
 * @arg: given to it
 *
 * A process may be visited more than once; one that is forked, or executes
 * another program by a thread, meanwhile may be missed.
 *
 * Context: process context; may sleep.
 * Return: as shup_scan().
 */
int shup_scan_processes(shup_visit_process *visit, void *arg)
{
	return scan(&(struct plan){ .visit_process = visit, .arg = arg });
}
