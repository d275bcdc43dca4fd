// SPDX-License-Identifier: GPL-2.0-only
/*
 * The witness: the kernel's own count of references to a filter, as a proof
 * that no live task is under it.  It looks at the tasks that died, and at no
 * other.
 *
 * While the listener of a filter F is open, F's count is
 *
 *	1 (the listener's file) + tasks whose head is F + filters whose prev is
 *	F + references taken for a moment
 *
 * and each of these terms is zero or more.  So if at one instant the count is
 * 1 + |S|, where S is a set of different dead tasks that each have the head F
 * at that instant, no live task is under F: it would have F as its head, or
 * have on its chain a filter whose prev is F.  And none ever will be: a fork,
 * an attach or a TSYNC that puts a task under F needs a live task under F.
 *
 * S is found by hints: the processes of which a task was seen to exit under F.
 * A hint may be wrong, late, or missing; then the equation does not hold, and
 * a scan decides.  Under RCU:
 *
 *  A. Each process named by a hint is visited under its siglock.  If one of its
 *     threads is not dead the process is left out.  Otherwise its threads with
 *     the head F are counted.
 *  t. F's count is read.  It must be 1 + all that A has counted.
 *  B. Each process counted in A is counted again under its siglock, and must
 *     give the same number.
 *
 * A process whose threads are all dead gets no new thread, and none of them
 * calls TSYNC, so its set of threads with the head F only shrinks.  Equal
 * numbers are equal sets: all of S had the head F from A to B, and so at t.  A
 * thread that is listed, has a sighand and the head F under the siglock still
 * holds its reference: 5.9 to 6.10.9 take the sighand away first and then drop
 * the reference; 6.10.10 and later set the head to NULL under the siglock
 * first; before 5.9 the reference is dropped in free_task(), a grace period
 * after the task has left the list, which RCU holds off.
 *
 * Before 5.9 a task that is reaped, and so in no thread list, holds its reference
 * until it is freed, a grace period or more later.  Those that departed last are
 * looked up in the table, before A and again after B; they are different from
 * what A counts, since a task without a sighand gets none again.  The count
 * must then be 1 + what A has counted + those.
 *
 * Two hooks are believed: the one on the exit, if it reports a task departed,
 * which scans believe, too; and the one on the close.
 *
 * tests/model/witness.pml searches this, and what goes wrong without a step.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/threads.h>
#include <linux/uaccess.h>

#include "btf.h"
#include "compat.h"
#include "fault.h"
#include "hooks.h"
#include "listener.h"
#include "sighand.h"
#include "state.h"
#include "stats.h"
#include "table.h"
#include "witness.h"

static bool enabled = true;
module_param_named(witness, enabled, bool, 0644);
MODULE_PARM_DESC(witness,
		 "let the kernel's count of a filter's references decide at the exit, where it can; 0: scans decide (default: 1)");

/* Threads visited in one question, by enum shup_patience. */
static const unsigned int thread_limits[] = {
	[SHUP_AT_EXIT] = 128,
	[SHUP_IN_WORKER] = 4096,
};

/* Scans that must agree with the witness before it is trusted. */
#define PROBATION 8

/*
 * Whether the first word of a filter is its count of references: what BTF says,
 * what a filter says whose count is known, and what scans have said.  One
 * contradiction is for good.  Written by hooks and the worker, with
 * WRITE_ONCE(); a lost update of @agreed only prolongs the probation.
 */
static bool contradicted;
static bool seen_new;
static unsigned int agreed;

static_assert(!offsetof(struct shup_filter, refs));

/**
 * shup_witness_hear() - let BTF say where a filter's count is
 * @btf: BTF; any bytes will do
 * @size: bytes of it
 *
 * Context: at load, before anything is hooked.
 */
void shup_witness_hear(const void *btf, size_t size)
{
	int offset = shup_btf_offset(btf, size, "seccomp_filter",
				     SHUP_REFS_NAME);

	/* -ENOENT and -EINVAL: this is no BTF, or lacks the structure. */
	if (shup_btf_offset(btf, size, "seccomp_filter", "prog") < 0 || !offset)
		return;
	contradicted = true;
	pr_notice("the kernel's BTF has the count of a filter's references at %d, not at 0: scans decide, and listeners are notified later"
		  SHUP_REPORT "\n",
		  offset);
}

/**
 * shup_witness_see_new() - look at a filter whose count is known
 * @filter: made by the current task, which returns from seccomp(), with a
 *	listener: the task and the listener's file have a reference each
 *
 * Another module may hold a reference for a moment, so that another value
 * proves nothing.
 *
 * Context: any that keeps @filter; from the hook on do_seccomp().
 */
void shup_witness_see_new(const void *filter)
{
	const struct shup_filter *seen = filter;

	if (!READ_ONCE(seen_new) && refcount_read(&seen->refs) == 2 &&
	    shup_filter_users(filter) == 1)
		WRITE_ONCE(seen_new, true);
}

/**
 * shup_witness_kernel_told() - whether the kernel itself has reported the HUP
 * @listener: an orphan; its lock is held, and it is open
 *
 * At level at-reap the last reap, which can come before the decision, makes the
 * kernel wake the listener's waiters.
 *
 * Context: any.
 * Return: true if it has woken them, or is about to.
 */
bool shup_witness_kernel_told(const struct shup_listener *listener)
{
	return shup_state_level() == SHUP_LEVEL_AT_REAP &&
	       READ_ONCE(seen_new) && !READ_ONCE(contradicted) &&
	       !shup_filter_users(listener->filter);
}

/**
 * shup_witness_judge() - compare a testimony with what a scan has found
 * @agrees: whether the scan has found no live task, either
 *
 * Context: from a pass only.
 */
void shup_witness_judge(bool agrees)
{
	if (agrees) {
		if (agreed < PROBATION)
			WRITE_ONCE(agreed, agreed + 1);
		return;
	}
	if (READ_ONCE(contradicted))
		return;
	WRITE_ONCE(contradicted, true);
	pr_notice("a scan contradicts the count of a filter's references: from now on scans decide, and listeners are notified later"
		  SHUP_REPORT "\n");
}

/**
 * struct visit - a process whose threads are all dead
 * @leader: its leader; RCU keeps the memory
 * @ties: threads of it whose head is the filter
 */
struct visit {
	const struct task_struct *leader;
	unsigned int ties;
};

/**
 * struct holder - a dead task that is reaped and not freed
 * @task: compared, never followed
 * @born: its start time
 */
struct holder {
	const struct task_struct *task;
	u64 born;
};

/**
 * struct inquiry - one question to the witness
 * @listener: about which listener
 * @patience: what it may cost
 * @threads_left: how many threads may still be visited
 * @ties: sum over @visits, and @holder_count
 * @visit_count: of @visits in use
 * @visits: the processes that A has counted
 * @holder_count: of @holders in use
 * @holders: the tasks that were reaped before A, and not freed
 */
struct inquiry {
	const struct shup_listener *listener;
	enum shup_patience patience;
	unsigned int threads_left;
	unsigned int ties;
	unsigned int visit_count;
	struct visit visits[SHUP_HINTS + 1];
	unsigned int holder_count;
	struct holder holders[SHUP_HINTS];
};

static bool is_dead(const struct task_struct *task)
{
	return READ_ONCE(task->flags) & PF_EXITING || shup_table_departed(task);
}

/* With the siglock held.  Return: false if a thread is not dead, or unvisited. */
static bool count_threads(const struct task_struct *leader,
			  struct inquiry *inquiry, unsigned int *ties)
{
	const struct task_struct *task;

	*ties = 0;
	for_each_thread(leader, task) {
		if (!inquiry->threads_left)
			return false;
		inquiry->threads_left--;
		if (!is_dead(task))
			return false;
		if (shup_task_filter(task) == inquiry->listener->filter)
			++*ties;
	}
	return true;
}

static bool count_process(const struct task_struct *leader,
			  struct inquiry *inquiry, unsigned int *ties)
{
	bool wait = inquiry->patience != SHUP_AT_EXIT;
	struct sighand_struct *sighand;
	unsigned long flags;
	bool counted;

	sighand = shup_sighand_lock(leader, &flags, wait);
	if (!sighand)
		return false;
	counted = count_threads(leader, inquiry, ties);
	shup_sighand_unlock(sighand, flags);
	return counted;
}

static bool is_visited(const struct inquiry *inquiry,
		       const struct task_struct *leader)
{
	unsigned int i;

	for (i = 0; i < inquiry->visit_count; i++)
		if (inquiry->visits[i].leader->signal == leader->signal)
			return true;
	return false;
}

/* A, for one hint. */
static void visit_hinted(struct inquiry *inquiry, pid_t hint)
{
	struct visit *visit = &inquiry->visits[inquiry->visit_count];
	const struct task_struct *leader;

	if (!hint)
		return;
	leader = pid_task(find_pid_ns(hint, &init_pid_ns), PIDTYPE_PID);
	if (!leader || is_visited(inquiry, leader))
		return;
	visit->leader = leader;
	if (!count_process(leader, inquiry, &visit->ties) || !visit->ties)
		return;
	inquiry->ties += visit->ties;
	inquiry->visit_count++;
}

static bool is_held(const struct inquiry *inquiry,
		    const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < inquiry->holder_count; i++)
		if (inquiry->holders[i].task == task)
			return true;
	return false;
}

/* Before A, for one hint. */
static void note_holder(struct inquiry *inquiry, const struct task_struct *task)
{
	struct holder *holder = &inquiry->holders[inquiry->holder_count];

	if (!task || is_held(inquiry, task) ||
	    !shup_table_holds(task, inquiry->listener, &holder->born))
		return;
	holder->task = task;
	inquiry->holder_count++;
	inquiry->ties++;
}

/* After B. */
static bool holders_still_hold(const struct inquiry *inquiry)
{
	unsigned int i;
	u64 born;

	for (i = 0; i < inquiry->holder_count; i++) {
		const struct holder *holder = &inquiry->holders[i];

		if (!shup_table_holds(holder->task, inquiry->listener, &born) ||
		    born != holder->born)
			return false;
	}
	return true;
}

/* B. */
static bool visits_still_hold(struct inquiry *inquiry)
{
	unsigned int i, ties;

	for (i = 0; i < inquiry->visit_count; i++) {
		const struct visit *visit = &inquiry->visits[i];

		if (!count_process(visit->leader, inquiry, &ties) ||
		    ties != visit->ties)
			return false;
	}
	return true;
}

/*
 * The filter may be freed at any moment.  What is read is believed only if the
 * listener is found open after it.
 */
static bool read_count(const struct shup_listener *listener, unsigned int *count)
{
	const struct shup_filter *filter = listener->filter;

	if (copy_from_kernel_nofault(count, &filter->refs, sizeof(*count)))
		return false;
	/*
	 * The count, then that the listener is open, and so the filter's memory
	 * was its own.  Pairs with close_locked(), and with the barrier of
	 * shup_hooks_gap_begin(), after which a close may be missed.
	 */
	smp_rmb();
	return !shup_listener_test(listener, SHUP_CLOSED) &&
	       shup_hooks_sound(listener->epoch);
}

/* Before A and A: everything that the hints lead to. */
static void look_at_hinted(struct inquiry *inquiry)
{
	const struct shup_hints *hints = &inquiry->listener->hints;
	unsigned int i;

	if (shup_state_level() == SHUP_LEVEL_NEVER)
		for (i = 0; i < SHUP_HINTS; i++)
			note_holder(inquiry, READ_ONCE(hints->tasks[i]));
	/*
	 * The holders, then A.  Pairs with the siglock in __exit_signal(), under
	 * which a task leaves its thread list and loses its sighand: a task that
	 * is a holder is not counted in A.
	 */
	smp_rmb();
	for (i = 0; i < SHUP_HINTS; i++)
		visit_hinted(inquiry, READ_ONCE(hints->processes[i]));
	visit_hinted(inquiry, READ_ONCE(hints->init));
}

/* Return: whether it is proved that no live task is under the filter. */
static bool inquire(struct inquiry *inquiry)
{
	const struct shup_listener *listener = inquiry->listener;
	unsigned int count;

	if (!read_count(listener, &count) || count > PID_MAX_LIMIT)
		return false;
	/* The file alone: no task is looked at. */
	if (count == 1)
		return true;
	look_at_hinted(inquiry);
	if (!inquiry->ties)
		return false;

	shup_fault_delay(SHUP_POINT_COUNTED);
	/*
	 * A, then t.  Pairs with TSYNC, which takes a reference before it stores
	 * the head: the count has the reference of each task in A.
	 */
	smp_mb();
	if (!read_count(listener, &count) || count != 1 + inquiry->ties)
		return false;
	/*
	 * t, then B.  Pairs with the drop of a reference, which comes after the
	 * cut of the tie: a reference that the count lacks is not found in B.
	 */
	smp_rmb();
	shup_fault_delay(SHUP_POINT_READ);
	return visits_still_hold(inquiry) && holders_still_hold(inquiry);
}

/**
 * shup_witness_ask() - whether the kernel's count proves a listener unused
 * @listener: a candidate
 * @patience: what the question may cost
 *
 * Context: any that keeps @listener; interrupts on or off.  With SHUP_AT_EXIT
 * no lock is waited for that others hold for long.
 * Return: the testimony.  SHUP_UNUSED is for ever.
 */
enum shup_testimony shup_witness_ask(const struct shup_listener *listener,
				     enum shup_patience patience)
{
	struct inquiry inquiry = {
		.listener = listener,
		.patience = patience,
		.threads_left = thread_limits[patience],
	};
	bool unused;

	if (!READ_ONCE(enabled) || READ_ONCE(contradicted) ||
	    !READ_ONCE(seen_new))
		return SHUP_UNDECIDED;
	rcu_read_lock();
	unused = inquire(&inquiry);
	rcu_read_unlock();
	if (!unused) {
		shup_stat_inc(undecided);
		return SHUP_UNDECIDED;
	}
	return READ_ONCE(agreed) < PROBATION ? SHUP_ON_PROBATION : SHUP_UNUSED;
}
