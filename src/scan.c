// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scans of all tasks.  One of them, shup_scan(), is exact: for a filter F that
 * is installed and has no user but by fork and TSYNC, it visits F with a live
 * task if there is one under F at the end of the scan.  Why, for a task list
 * without locks that changes all the while:
 *
 *  - A process is visited in one piece, under its siglock.  TSYNC, the attach
 *    of a filter, the addition and the removal of threads all take that lock.
 *    So if a process is visited and no live thread of it is under F, none ever
 *    will be: fork and TSYNC need one that is.  Of most processes that is seen
 *    without the lock: has_no_filter().
 *  - In that piece a filter is passed over only if the visitor wants to know
 *    no more of it, nor of those below it.  It is known by its address, which
 *    holds as long as the lock is held: the tasks visited stay on the thread
 *    list, and keep their filters.  Afterwards that memory can be another's.
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
 * tests/model/hup.pml has the first three, and what follows if a visit is not
 * in one piece.
 *
 * Chains are safe to read in a visit.  Before 5.9 a task's tie is cut in
 * free_task(), a grace period after it left the task list; from then on under
 * the siglock, by a task that has lost its sighand, or (6.10.10 and later) is
 * PF_EXITING.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "compat.h"
#include "fault.h"
#include "layout.h"
#include "scan.h"
#include "sighand.h"
#include "state.h"
#include "stats.h"
#include "table.h"

/* Tasks and filters between two looks at the scheduler, at the most. */
#define STRIDE 256

/* A scan that must start again this often leaves it for later. */
#define RESTARTS 32

/*
 * Without the lock: @leader lives, is the one thread of its process, and has
 * no filter; so nobody in the process is under F, and none ever will be.  In
 * this order: another thread can put @leader under F by TSYNC and then be
 * gone, so that there is none comes first.  That it lives comes last: a live
 * task's filter is never taken away, so it had none when it was alone, and a
 * live leader has only dead threads before it in the list, after an exec.
 */
static bool has_no_filter(const struct task_struct *leader)
{
	if (READ_ONCE(leader->thread_node.next) != &leader->signal->thread_head)
		return false;
	shup_fault_hold(leader);
	smp_rmb();	/* alone, then without a filter */
	if (shup_task_filter(leader))
		return false;
	smp_rmb();	/* without a filter, and then still not exiting */
	return !(READ_ONCE(leader->flags) & PF_EXITING);
}

enum visited {
	GO_ON,
	LOOK_AGAIN,
	STOP,
	START_AGAIN,
	UNREADABLE,
};

/**
 * struct plan - what a scan does
 * @visit: with each filter of a task; or NULL
 * @visit_task: with each task, if that is all
 * @arg: for either
 * @marks: to visit processes in one piece; NULL: task by task
 * @wanted: the filters to visit; NULL: all
 * @count: visits since the last look at the scheduler
 */
struct plan {
	shup_visit *visit;
	shup_visit_task *visit_task;
	void *arg;
	struct shup_marks *marks;
	const struct shup_wanted *wanted;
	unsigned int count;
};

/*
 * Of the filters that the chains of a process have in common, one in four is
 * marked.  A chain that shares filters with chains walked before then ends its
 * walk soon.  Without marks, a process of thousands of threads on a chain of
 * thousands of filters would have interrupts off for a second.
 */
#define SPARSE_BITS 2

/* One hash serves both; it is computed for each filter, with interrupts off. */
#define FILTER_HASH_BITS (SHUP_MARK_BITS + SPARSE_BITS)
static_assert(SHUP_WANTED_BITS <= FILTER_HASH_BITS);

static u32 hash_of(const void *filter)
{
	return hash_ptr(filter, FILTER_HASH_BITS);
}

static u32 wanted_bit(u32 hash)
{
	return hash >> (FILTER_HASH_BITS - SHUP_WANTED_BITS);
}

/**
 * shup_wanted_clear() - want no filter
 * @wanted: what is wanted
 *
 * Context: any.
 */
void shup_wanted_clear(struct shup_wanted *wanted)
{
	bitmap_zero(wanted->bits, 1 << SHUP_WANTED_BITS);
}

/**
 * shup_wanted_add() - want a filter
 * @wanted: what is wanted
 * @filter: compared, never followed
 *
 * Context: any.
 */
void shup_wanted_add(struct shup_wanted *wanted, const void *filter)
{
	__set_bit(wanted_bit(hash_of(filter)), wanted->bits);
}

static bool is_wanted(const struct plan *plan, u32 hash)
{
	return !plan->wanted || test_bit(wanted_bit(hash), plan->wanted->bits);
}

/**
 * struct settled - filters that need no second look while a siglock is held,
 *	nor do those further down their chains
 * @head: the head of the last chain of which that is true; NULL: of none
 * @marks: more of them, at the place each has; see plan
 * @marked: @marks is of this process
 * @departed: a task that looked live was found departed; its chain has settled
 *	nothing, and there may be thousands like it
 */
struct settled {
	const void *head;
	struct shup_marks *marks;
	bool marked;
	bool departed;
};

/* Mostly all threads have one chain, and one head is enough. */
static bool begin_marking(struct settled *settled)
{
	if (!settled->head)
		return false;
	if (!settled->marked)
		memset(settled->marks, 0, sizeof(*settled->marks));
	settled->marked = true;
	return true;
}

/* Return: whether the filter was marked before. */
static bool mark(struct settled *settled, const void *filter, u32 hash)
{
	const void **place;

	if (hash >= ARRAY_SIZE(settled->marks->filters))
		return false;
	place = &settled->marks->filters[hash];
	if (*place == filter)
		return true;
	*place = filter;
	return false;
}

/*
 * With @task's siglock held.  A filter is marked before it is known whether its
 * chain settles anything; if not, which is rare, all marks go.
 */
static enum visited walk_chain(struct task_struct *task, const void *head,
			       struct plan *plan, struct settled *settled)
{
	bool marking = begin_marking(settled);
	unsigned int left = SHUP_CHAIN_MAX;
	enum shup_verdict verdict;
	const void *filter;
	bool all = true;
	u32 hash;

	shup_for_each_filter(filter, head, left) {
		hash = hash_of(filter);
		if (filter == settled->head ||
		    (marking && mark(settled, filter, hash)))
			break;
		if (!is_wanted(plan, hash))
			continue;
		verdict = plan->visit(task, filter, plan->arg);
		if (verdict == SHUP_ENOUGH)
			return STOP;
		all &= verdict == SHUP_SETTLED;
	}
	plan->count += SHUP_CHAIN_MAX - left;
	/* A chain too long to be true. */
	if (WARN_ON_ONCE(!left))
		return UNREADABLE;
	if (all) {
		settled->head = head;
	} else {
		settled->departed = true;
		settled->marked = false;
	}
	return GO_ON;
}

/* With @task's siglock held. */
static enum visited visit_task(struct task_struct *task, struct plan *plan,
			       struct settled *settled)
{
	const void *head = shup_task_filter(task);

	if (!head || head == settled->head ||
	    (READ_ONCE(task->flags) & PF_EXITING))
		return GO_ON;
	/* Asked only after a walk in vain: of most processes no task is. */
	if (settled->departed && shup_table_departed(task))
		return GO_ON;
	return walk_chain(task, head, plan, settled);
}

/*
 * All threads of a process in one piece.  Out of line, as is what else tasks
 * without a filter do not need: those are what most scans mostly pass by.
 */
static noinline enum visited look_together(struct task_struct *leader,
					   struct plan *plan)
{
	struct settled settled = { .marks = plan->marks };
	struct sighand_struct *sighand;
	enum visited result = GO_ON;
	struct task_struct *task;
	unsigned long flags;

	sighand = shup_sighand_lock(leader, &flags, true);
	if (!sighand)
		return START_AGAIN;

	for_each_thread(leader, task) {
		result = visit_task(task, plan, &settled);
		if (result != GO_ON)
			break;
	}
	shup_sighand_unlock(sighand, flags);

	/* The flags first, then the next process: a child is seen after all. */
	smp_rmb();
	return result;
}

static bool must_breathe(struct plan *plan)
{
	return ++plan->count >= STRIDE || need_resched();
}

/*
 * Leave the read-side section for a moment.
 * Return: whether @leader, and its thread @task, are still listed, and the scan
 * is still wanted.
 */
static noinline bool breathe(struct task_struct *leader,
			     struct task_struct *task, struct plan *plan)
{
	bool listed;

	plan->count = 0;
	get_task_struct(leader);
	get_task_struct(task);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	/* Not reaped, and not replaced by exec, before this section began. */
	listed = pid_alive(leader) && thread_group_leader(leader) &&
		 pid_alive(task);
	put_task_struct(task);
	put_task_struct(leader);
	return listed && !shup_state_stopping();
}

static enum visited visit_filters_of(struct task_struct *task,
				     struct plan *plan)
{
	struct settled settled = { };
	struct sighand_struct *sighand;
	enum visited result;
	unsigned long flags;

	sighand = shup_sighand_lock(task, &flags, true);
	if (!sighand)
		return GO_ON;
	result = visit_task(task, plan, &settled);
	shup_sighand_unlock(sighand, flags);
	return result;
}

static enum visited visit_alone(struct task_struct *task, struct plan *plan)
{
	if (plan->visit)
		return visit_filters_of(task, plan);

	switch (plan->visit_task(task, plan->arg)) {
	case SHUP_SETTLED:
		return GO_ON;
	case SHUP_UNSETTLED:
		return LOOK_AGAIN;
	default:
		return STOP;
	}
}

/* The threads of a process one by one. */
static noinline enum visited look_at_each(struct task_struct *leader,
					  struct plan *plan)
{
	struct task_struct *task;
	enum visited result;

	for_each_thread(leader, task) {
		do {
			if (must_breathe(plan) && !breathe(leader, task, plan))
				return START_AGAIN;
			result = visit_alone(task, plan);
		} while (result == LOOK_AGAIN);
		if (result != GO_ON)
			return result;
	}
	return GO_ON;
}

static enum visited scan_once(struct plan *plan)
{
	struct task_struct *leader;
	enum visited result;

	for_each_process(leader) {
		if (must_breathe(plan) && !breathe(leader, leader, plan))
			return START_AGAIN;
		if (READ_ONCE(leader->flags) & PF_KTHREAD)
			continue;
		if (plan->visit && has_no_filter(leader))
			continue;
		result = plan->marks ? look_together(leader, plan) :
				       look_at_each(leader, plan);
		if (result != GO_ON)
			return result;
	}
	return STOP;
}

static int scan(struct plan *plan)
{
	unsigned int left = RESTARTS;
	enum visited result;

	do {
		rcu_read_lock();
		result = scan_once(plan);
		rcu_read_unlock();
		if (result == UNREADABLE)
			return -ELOOP;
		if (result != START_AGAIN)
			return 0;
		shup_stat_inc(scan_restarts);
		cond_resched();
	} while (--left && !shup_state_stopping());
	return -EAGAIN;
}

/**
 * shup_scan() - visit the filters of all live tasks, exactly
 * @visit: called for each, with a task that has it; in a process not again for
 *	one that is settled, as all of its chain is
 * @arg: given to it
 * @marks: for this scan alone, as long as it takes
 * @wanted: the filters to visit; others may be visited, too; NULL: all
 *
 * A filter may be visited more than once, with the same task or others.
 *
 * Context: process context; may sleep.
 * Return: 0 if all were visited, or @visit ended it; -EAGAIN if the task list
 * changed too fast, or the module is stopping, -ELOOP if a chain cannot be read:
 * some were not.
 */
int shup_scan(shup_visit *visit, void *arg, struct shup_marks *marks,
	      const struct shup_wanted *wanted)
{
	return scan(&(struct plan){
		.visit = visit,
		.arg = arg,
		.marks = marks,
		.wanted = wanted,
	});
}

/**
 * shup_scan_filters() - visit the filters of each task
 * @visit: called for each filter of each live task, settled or not
 * @arg: given to it
 *
 * No process is visited in one piece: what TSYNC moves from task to task
 * meanwhile may be missed, and a task that is made meanwhile.
 *
 * Context: process context; may sleep.
 * Return: as shup_scan().
 */
int shup_scan_filters(shup_visit *visit, void *arg)
{
	return scan(&(struct plan){ .visit = visit, .arg = arg });
}

/**
 * shup_scan_tasks() - visit every task
 * @visit: called for each
 * @arg: given to it
 *
 * A task may be visited more than once; one that is forked, or executes
 * another program by a thread, meanwhile may be missed.
 *
 * Context: process context; may sleep.
 * Return: as shup_scan().
 */
int shup_scan_tasks(shup_visit_task *visit, void *arg)
{
	return scan(&(struct plan){ .visit_task = visit, .arg = arg });
}
