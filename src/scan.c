// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scans of all tasks.
 *
 * One of them, shup_scan(), is exact.  Let F be an installed filter.  If a live
 * task is under F at the end of the scan, the scan has visited F with a live
 * task.  It needs no lock on the task list, which changes all the while,
 * because a new task under F comes from a live task under F, by fork or by
 * TSYNC, and from nothing else:
 *
 *  - A process is visited in one piece, under its siglock.  TSYNC, the attach
 *    of a filter, and the addition and removal of threads take that lock, too.
 *    So if no live thread of the process is under F during the visit, none ever
 *    will be.  has_no_filter() finds this out for most processes without the
 *    lock.
 *  - During that visit a filter is passed over only if the visitor needs no
 *    other task for this filter and for all filters below it.  The scan
 *    recognises a filter by its address.  The address names one filter for as
 *    long as the siglock is held, because the visited tasks stay on the thread
 *    list and keep their filters.  Afterwards the memory can be another
 *    filter's, so the marks do not outlive the visit.
 *  - A new process goes to the tail of the task list.  If its parent is a live
 *    task under F that the scan has not visited, the parent is still ahead of
 *    the scan, and so is the tail.
 *  - exec by a thread puts another task_struct in the process's place in the
 *    list (list_replace_rcu() in de_thread()).  A scan that stands on the old
 *    task_struct still reaches the process's threads by its signal_struct,
 *    until the old task_struct is released.  If it is released, the scan starts
 *    again.
 *  - A scan follows the next pointer of a node that was in the list at some
 *    moment of the present RCU read-side section: RCU then keeps the next
 *    node.  After breathe() has left that section, it checks that the node is
 *    still listed.
 *
 * tests/model/hup.pml has the first three points, and shows what goes wrong if
 * a visit is not in one piece.
 *
 * A visit may read chains.  Before 5.9 the kernel cuts a task's tie in
 * free_task(), a grace period after the task has left the task list.  From 5.9
 * on it cuts the tie of a task that has lost its sighand, so that its siglock
 * cannot be taken.  From 6.10.10 on it cuts the tie under the siglock, of a task
 * that is PF_EXITING.
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

/* Tasks and filters that a scan visits before it checks need_resched() again. */
#define STRIDE 256

/* Starts after which a scan gives up: its caller retries it later. */
#define RESTARTS 32

/*
 * Find out without the siglock that no live thread of a process is under F, and
 * that none ever will be: @leader is the only thread, has no filter, and is not
 * exiting.
 *
 * The three reads must be in this order.
 * (1) No thread comes after @leader.  From here on no other thread can put
 *     @leader under F by TSYNC.  Threads before @leader in the list, after an
 *     exec, are dead.
 * (2) @leader has no filter.
 * (3) @leader is not exiting.  A task keeps its filter until it exits, so
 *     @leader had none at (1), either: a thread that it has made since then is
 *     not under F.
 */
static bool has_no_filter(const struct task_struct *leader)
{
	if (READ_ONCE(leader->thread_node.next) != &leader->signal->thread_head)
		return false;
	shup_fault_hold(leader);
	/*
	 * (1), then (2).  Pairs with the siglock of a thread that has set
	 * @leader's filter by TSYNC and has then left the list, both under it.
	 */
	smp_rmb();
	if (shup_task_filter(leader))
		return false;
	/*
	 * (2), then (3).  Pairs with the kernel's locks between setting
	 * PF_EXITING and clearing the filter: the siglock in exit_signals() and
	 * in seccomp_filter_release() (6.10.10 and later), or those of a reap.
	 */
	smp_rmb();
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
 * @visit: called for each filter of a task; NULL: @visit_task is used instead
 * @visit_task: called for each task
 * @arg: given to @visit or @visit_task
 * @marks: to visit each process in one piece; NULL: visit task by task
 * @wanted: the filters to visit; NULL: all
 * @count: visits since need_resched() was last checked
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
 * One filter in four is marked, when it is visited in a process whose threads
 * have different chains.  The walk of a later chain ends at the first marked
 * filter, as the rest of that chain has been visited.  Without marks, a process
 * of thousands of threads on a chain of thousands of filters would have
 * interrupts off for a second.
 */
#define SPARSE_BITS 2

/* One hash serves marks and wanted filters: it is computed with interrupts off. */
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
 * @filter: its address is used, and never followed
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
 * struct settled - filters that need no second visit while a siglock is held;
 *	nor do the filters below them
 * @head: the head of the last chain that needs none; NULL: there is no such
 *	chain yet
 * @marks: further filters that need none
 * @marked: @marks has been cleared for this process
 * @departed: a visitor has found a departed task of this process that is not
 *	PF_EXITING.  There may be thousands like it, so visit_task() looks for
 *	them before it walks their chains
 */
struct settled {
	const void *head;
	struct shup_marks *marks;
	bool marked;
	bool departed;
};

/* The threads of most processes have one chain: @head is enough for them. */
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
 * With @task's siglock held.  A filter is marked before the visitor has settled
 * the filters below it.  If one of them is unsettled, which is rare, all marks
 * are dropped.
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
	/* The kernel allows no chain of that length: do not trust the scan. */
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
	/* Most processes have no departed task: do not look in the table for all. */
	if (settled->departed && shup_table_departed(task))
		return GO_ON;
	return walk_chain(task, head, plan, settled);
}

/*
 * Visit all threads of a process in one piece.  Not inlined, like breathe() and
 * look_at_each(): the loop over processes without a filter stays small.
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

	/*
	 * The threads' state, then the next process.  Pairs with the siglock in
	 * copy_process(), under which a child is listed before its parent can
	 * exit.  Without, a parent could be passed over as exiting, and the end
	 * of the list be read before its last child was there.
	 */
	smp_rmb();
	return result;
}

static bool must_breathe(struct plan *plan)
{
	return ++plan->count >= STRIDE || need_resched();
}

/*
 * Leave the RCU read-side section for a moment.
 * Return: whether the scan can go on from @leader and its thread @task: both are
 * still listed, and the module is not stopping.
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
	/* Neither was reaped, or replaced by exec, before this section began. */
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

/* Visit the threads of a process one by one, each under its own siglock. */
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
 * @visit: called for a filter and a task under it.  Once a filter is settled,
 *	it may be left out for the other tasks of that process
 * @arg: given to @visit
 * @marks: no other scan may use it meanwhile
 * @wanted: the filters to visit; others may be visited, too; NULL: all
 *
 * A filter may be visited more than once, with one task or with several.
 *
 * Context: process context; may sleep.  Takes the siglock of each process that
 * may have a filter.
 * Return: 0 if all were visited, or @visit ended the scan.  Otherwise the scan
 * is incomplete: -EAGAIN if the task list changed too fast or the module is
 * stopping, -ELOOP if a chain cannot be read.
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
 * @visit: called for each filter of each live task
 * @arg: given to @visit
 *
 * Not exact, as no process is visited in one piece: a filter that TSYNC moves
 * from task to task during the scan may be missed, and so may a new thread.
 *
 * Context: process context; may sleep.  Takes the siglock of each task whose
 * process may have a filter.
 * Return: as shup_scan().
 */
int shup_scan_filters(shup_visit *visit, void *arg)
{
	return scan(&(struct plan){ .visit = visit, .arg = arg });
}

/**
 * shup_scan_tasks() - visit every task
 * @visit: called for each task that is no kernel thread
 * @arg: given to @visit
 *
 * Not exact.  A task may be visited more than once.  A task that is forked, or
 * whose process calls exec by a thread, during the scan may be missed.
 *
 * Context: process context; may sleep.
 * Return: as shup_scan().
 */
int shup_scan_tasks(shup_visit_task *visit, void *arg)
{
	return scan(&(struct plan){ .visit_task = visit, .arg = arg });
}
