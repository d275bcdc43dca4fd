// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision: which candidates are orphans.  Nothing else notifies.
 *
 * There are three attempts to decide a candidate:
 *
 *  1. The exit that made it a candidate has an irq_work, which consults the
 *     witness (witness.c), at little cost.
 *  2. The worker consults the witness once more, with more patience.
 *  3. A pass takes all candidates that are left, and scans the machine once for
 *     a live task under each.  The count and the scan must agree: a candidate
 *     under which a complete scan found no live task, and whose count is still
 *     zero, is an orphan for ever.
 *
 * A poll of a candidate does not wait for that: it scans for itself, see
 * shup_orphan_decide_now().
 *
 * A count of zero alone is never believed: hooks can miss events.
 *
 * A census repairs what missed events have done to the counts.  It need not be
 * exact, since no count is believed, so it may look at tasks one by one.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "adopt.h"
#include "compat.h"
#include "fault.h"
#include "layout.h"
#include "listener.h"
#include "notify.h"
#include "orphan.h"
#include "scan.h"
#include "state.h"
#include "stats.h"
#include "status.h"
#include "table.h"
#include "trace.h"
#include "witness.h"
#include "worker.h"

/* The pass only. */
static struct shup_marks marks;
static struct shup_wanted wanted;

/**
 * struct pass - one run of the decision
 * @number: from shup_table_pass()
 * @complete: the scan for its candidates has looked at every live task
 * @retry: something is left to do
 * @candidates: how many the scan under way is to decide on
 * @joined: live tasks that were no members, though an event should have made
 *	them so
 * @swept: live memberships that belonged to no live task
 */
struct pass {
	u32 number;
	bool complete;
	bool retry;
	unsigned int candidates;
	unsigned int joined;
	unsigned int swept;
};

/* Return: whether a live task may be no member yet though no event was missed. */
static bool is_announced(const struct task_struct *task,
			 const struct shup_listener *listener,
			 const struct pass *pass)
{
	return shup_task_is_new(task) ||
	       shup_listener_test(listener, SHUP_UNCOUNTED) ||
	       listener->counted_pass == pass->number;
}

static enum shup_verdict count_task(struct task_struct *task,
				    struct shup_listener *listener,
				    struct pass *pass)
{
	/*
	 * Before the look in the table: the hook on a fork makes the child a
	 * member before the child is awake, and so no longer new.
	 */
	bool announced = is_announced(task, listener, pass);
	enum shup_found found;

	found = shup_table_found(task, listener, pass->number);
	if (found == SHUP_DEPARTED)
		return SHUP_UNSETTLED;
	listener->live_pass = pass->number;
	if (found == SHUP_JOINED && !announced)
		pass->joined++;
	/* The count may stay zero with a live task: keep it a candidate. */
	if (found == SHUP_NO_MEMORY) {
		set_bit(SHUP_CANDIDATE, &listener->flags);
		pass->retry = true;
	}
	return SHUP_SETTLED;
}

static int scan_exactly(shup_visit *visit, void *arg)
{
	return shup_scan(visit, arg, &marks, &wanted);
}

/* One live task decides a candidate; the scan looks for no other under it. */
static enum shup_verdict visit_for_candidates(struct task_struct *task,
					      const void *filter, void *arg)
{
	struct shup_listener *listener = shup_listener_of_filter(filter);
	struct pass *pass = arg;

	if (!listener || listener->candidate_pass != pass->number ||
	    listener->live_pass == pass->number)
		return SHUP_SETTLED;
	return count_task(task, listener, pass);
}

static enum shup_verdict visit_for_census(struct task_struct *task,
					  const void *filter, void *arg)
{
	struct shup_listener *listener = shup_listener_of_filter(filter);

	return listener ? count_task(task, listener, arg) : SHUP_SETTLED;
}

static void notify(struct shup_listener *listener, bool witnessed)
{
	if (!shup_notify(listener, witnessed))
		return;
	if (witnessed)
		shup_stat_inc(witnessed);
	else
		shup_stat_inc(scanned);
	shup_status_hups_changed();
}

/* One read of the flags: a pass moves a candidate from one of the two to the other. */
static bool has_any(const struct shup_listener *listener, unsigned long bits)
{
	unsigned long flags = READ_ONCE(listener->flags);

	return flags & bits && !(flags & (BIT(SHUP_CLOSED) | BIT(SHUP_ORPHAN)));
}

static bool needs_decision(const struct shup_listener *listener)
{
	return has_any(listener, BIT(SHUP_CANDIDATE));
}

/* A candidate, or one that a pass has taken and has not decided on yet. */
static bool is_undecided(const struct shup_listener *listener)
{
	return has_any(listener, BIT(SHUP_CANDIDATE) | BIT(SHUP_DECIDING));
}

/* Return: whether it is still to be decided on. */
static bool ask_witness(struct shup_listener *listener,
			enum shup_patience patience)
{
	if (!is_undecided(listener))
		return false;
	if (shup_witness_ask(listener, patience) != SHUP_UNUSED)
		return true;
	notify(listener, true);
	return false;
}

/* In a hard interrupt.  Return: whether the worker has something to do. */
static bool decide_at_exit(void)
{
	/* After an oops any lock of the kernel may be held for ever. */
	bool trusted = !test_taint(TAINT_DIE);
	struct shup_listener *listener, *next;
	bool left = false;

	rcu_read_lock();
	llist_for_each_entry_safe(listener, next, shup_listener_take_fresh(),
				  fresh) {
		shup_listener_unqueue(listener);
		if (!trusted || ask_witness(listener, SHUP_AT_EXIT)) {
			shup_listener_put_back(listener);
			left = true;
		}
		/* While it was queued, no pass could free it: have one do so. */
		left |= shup_listener_test(listener, SHUP_CLOSED);
	}
	rcu_read_unlock();
	return left;
}

static void retry_in_worker(void)
{
	struct shup_listener *listener, *next;

	/* @next is queued, and so not freed, while the section is left. */
	llist_for_each_entry_safe(listener, next,
				  shup_listener_take_put_back(), fresh) {
		rcu_read_lock();
		shup_listener_unqueue(listener);
		ask_witness(listener, SHUP_IN_WORKER);
		rcu_read_unlock();
		cond_resched();
	}
}

/* A witness on probation is judged by the scan.  Return: whether it has decided. */
static bool ask_witness_in_pass(struct shup_listener *listener, u32 number)
{
	switch (shup_witness_ask(listener, SHUP_IN_WORKER)) {
	case SHUP_UNUSED:
		notify(listener, true);
		return true;
	case SHUP_ON_PROBATION:
		listener->witness_pass = number;
		return false;
	default:
		return false;
	}
}

/* Return: how many candidates the pass is to decide on by a scan. */
static unsigned int take_candidates(u32 number)
{
	struct shup_listener *listener;
	unsigned int count = 0;

	shup_wanted_clear(&wanted);
	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		if (!needs_decision(listener))
			continue;
		/* A poll meanwhile must not take it for decided. */
		set_bit(SHUP_DECIDING, &listener->flags);
		clear_bit(SHUP_CANDIDATE, &listener->flags);
		/*
		 * Cleared, then the look at tasks.  Pairs with the barrier in
		 * uncount(), table.c, between an exit and the mark: the task of
		 * a mark that is cleared here is found dead.
		 */
		smp_mb__after_atomic();
		if (ask_witness_in_pass(listener, number)) {
			clear_bit(SHUP_DECIDING, &listener->flags);
			continue;
		}
		listener->candidate_pass = number;
		shup_wanted_add(&wanted, listener->filter);
		count++;
	}
	return count;
}

static void decide(struct shup_listener *listener, struct pass *pass)
{
	if (listener->candidate_pass != pass->number ||
	    shup_listener_test(listener, SHUP_CLOSED))
		return;
	if (!pass->complete) {
		set_bit(SHUP_CANDIDATE, &listener->flags);
		pass->retry = true;
		return;
	}
	if (listener->witness_pass == pass->number)
		shup_witness_judge(listener->live_pass != pass->number);
	if (listener->live_pass == pass->number)
		return;
	/* The scan found nobody, but the count is not zero: let a census repair it. */
	if (atomic_read(&listener->live)) {
		shup_worker_postpone(SHUP_REQUEST_CENSUS);
		return;
	}
	notify(listener, false);
}

static int run_scan(struct pass *pass, int (*scan_all)(shup_visit *, void *),
		    shup_visit *visit)
{
	u64 started = ktime_get_ns();
	int ret = scan_all(visit, pass);
	u64 spent = ktime_get_ns() - started;

	shup_fault_delay(SHUP_POINT_SCANNED);
	if (!ret)
		shup_stat_inc(scans);
	shup_scan_max_us = max_t(u64, shup_scan_max_us,
				 div_u64(spent, NSEC_PER_USEC));
	trace_pass(pass->number, pass->candidates, !ret, spent);
	return ret;
}

static void decide_all(struct pass *pass)
{
	struct shup_listener *listener;

	pass->candidates = take_candidates(pass->number);
	if (!pass->candidates)
		return;
	pass->complete = !run_scan(pass, scan_exactly, visit_for_candidates);
	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		decide(listener, pass);
		/* Only passes set it, and this one has decided, or marked it again. */
		if (shup_listener_test(listener, SHUP_DECIDING))
			clear_bit(SHUP_DECIDING, &listener->flags);
	}
}

/*
 * Before a census: @counted is true, and listeners are counted from now on.
 * After a census that failed: false, and what the first call did is undone.
 */
static void take_uncounted(u32 number, bool counted)
{
	struct shup_listener *listener;

	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		if (counted && test_and_clear_bit(SHUP_UNCOUNTED, &listener->flags))
			listener->counted_pass = number;
		else if (!counted && listener->counted_pass == number)
			set_bit(SHUP_UNCOUNTED, &listener->flags);
	}
}

/*
 * Make each live task under a listener a member, and drop the memberships of
 * other tasks.  A live task that the scan does not come by loses its
 * membership, and its listener may become a candidate: the next pass finds the
 * task.
 */
static void take_census(struct pass *pass)
{
	struct shup_listener *listener;

	pass->candidates = 0;
	take_uncounted(pass->number, true);
	if (run_scan(pass, shup_scan_filters, visit_for_census)) {
		take_uncounted(pass->number, false);
		shup_worker_postpone(SHUP_REQUEST_CENSUS);
		pass->retry = true;
		return;
	}
	pass->swept = shup_table_sweep(pass->number);
	/* A listener that never had a member never had a last exit, either. */
	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		if (!atomic_read(&listener->live) &&
		    !shup_listener_test(listener, SHUP_ORPHAN))
			shup_listener_mark_candidate(listener);
	}
}

/* Forget the closed listeners. */
static void forget_closed(void)
{
	LIST_HEAD(taken);

	/* One that is given up but still open must be discovered again. */
	if (shup_listener_retire())
		shup_worker_adopt();
	if (shup_listener_take_quiesced(&taken))
		shup_table_sweep(0);
	shup_listener_free(&taken);
}

static void take_census_if_due(struct pass *pass)
{
	bool audit = shup_worker_audit_due();

	if (audit)
		shup_worker_adopt();
	/* A later request sets the flag again, and is covered by the next pass. */
	if (shup_worker_take(SHUP_REQUEST_CENSUS) || audit)
		take_census(pass);
}

static enum shup_next run_pass(void)
{
	struct pass pass = { };

	forget_closed();
	pass.number = shup_table_pass();
	/* Before the first listener, the layout of a chain may be unknown. */
	if (list_empty(&shup_listeners))
		return SHUP_NEXT_REQUEST;

	decide_all(&pass);
	take_census_if_due(&pass);
	if (pass.joined || pass.swept) {
		shup_stat_add(repairs, pass.joined + pass.swept);
		trace_repair(pass.number, pass.joined, pass.swept);
	}
	if (shup_state_get() == SHUP_REFUSED || list_empty(&shup_listeners))
		return SHUP_NEXT_REQUEST;
	return pass.retry ? SHUP_NEXT_RETRY : SHUP_NEXT_AUDIT;
}

static enum shup_next run_adoption(void)
{
	int ret = shup_adopt_all(0);

	return ret && shup_state_get() != SHUP_REFUSED ? SHUP_NEXT_RETRY :
							 SHUP_NEXT_REQUEST;
}

static const struct shup_jobs orphan_jobs = {
	.decide = decide_at_exit,
	.retry = retry_in_worker,
	.pass = run_pass,
	.adopt = run_adoption,
};

/**
 * struct search - a scan for one filter
 * @filter: which; its listener's file is open
 * @found: a live task is under it
 */
struct search {
	const void *filter;
	bool found;
};

static enum shup_verdict visit_for_one(struct task_struct *task,
				       const void *filter, void *arg)
{
	struct search *search = arg;

	if (filter != search->filter)
		return SHUP_SETTLED;
	if (shup_table_departed(task))
		return SHUP_UNSETTLED;
	search->found = true;
	return SHUP_ENOUGH;
}

/* Return: whether a complete scan finds no live task under it. */
static bool finds_nobody(const void *filter)
{
	struct search search = { .filter = filter };
	struct shup_wanted own_wanted;
	struct shup_marks *own;
	int ret;

	own = kmalloc(sizeof(*own), GFP_KERNEL | __GFP_NOWARN);
	if (!own)
		return false;
	shup_wanted_clear(&own_wanted);
	shup_wanted_add(&own_wanted, filter);
	ret = shup_scan(visit_for_one, &search, own, &own_wanted);
	kfree(own);
	return !ret && !search.found;
}

/**
 * shup_orphan_decide_now() - decide on a candidate that is being polled
 * @file: a listener's file, kept open by the poll
 *
 * Upstream, the listener reports HUP before the death of its last task can be
 * waited for.  So a poll that comes after such a death must report it, too, even
 * if the witness could not decide at the exit.  It scans, at the expense of its
 * caller, as a reader of /proc does.  A candidate with a live task is left to
 * the next pass, which clears the mark.
 *
 * Context: process context; may sleep.
 * Return: whether the listener has become an orphan.
 */
bool shup_orphan_decide_now(const struct file *file)
{
	struct shup_listener *listener;
	bool undecided, orphan, unused;

	/* Most polls come to a listener that is decided: one look-up is enough. */
	rcu_read_lock();
	listener = shup_listener_of_file(file);
	undecided = listener && ask_witness(listener, SHUP_IN_WORKER);
	/* Last: what another has decided meanwhile counts, too. */
	orphan = listener && shup_listener_test(listener, SHUP_ORPHAN);
	rcu_read_unlock();
	if (!undecided || orphan)
		return orphan;

	unused = finds_nobody(file->private_data);
	rcu_read_lock();
	listener = shup_listener_of_file(file);
	if (listener && unused && !atomic_read(&listener->live))
		notify(listener, false);
	orphan = listener && shup_listener_test(listener, SHUP_ORPHAN);
	rcu_read_unlock();
	return orphan;
}

/**
 * shup_orphan_init() - begin to decide
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int shup_orphan_init(void)
{
	return shup_worker_init(&orphan_jobs);
}

/**
 * shup_orphan_exit() - decide nothing any more
 *
 * Context: may sleep; no hook may run any more.
 */
void shup_orphan_exit(void)
{
	shup_worker_exit();
}
