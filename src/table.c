// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side table: the set of memberships (task, listener), hashed by task.
 *
 * A membership is live from the fork, or the attach, that puts the task under
 * the listener's filter until the task enters do_exit().  Then it is departed
 * until the task's tie to its filter is cut.  A set: joining or leaving twice
 * is joining or leaving once, so events may come twice, late, or not at all.
 *
 * The table never decides that a listener is unused, it only says when to
 * look (orphan.c).  One thing in it is believed by the scan: that a task is
 * departed.  A departed membership therefore names its task beyond doubt, as a
 * task_struct can be used again: by start time and pid, and by a number that
 * each exec raises.  exec by a thread hands a dead leader's start time and pid
 * on to the thread, but a task that has departed executes nothing any more.
 *
 * Entries are found, changed and unlinked under their bucket's lock only.  That
 * lock is a leaf, taken with interrupts off, and nobody else can hold it: it
 * is taken in do_exit(), which may run from an oops with any lock held, and
 * in softirq.
 */
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "fault.h"
#include "listener.h"
#include "stats.h"
#include "table.h"

#define BUCKET_BITS 13

/* The listeners one task can be under; more than one needs a race on 5.0-5.8. */
#define LISTENERS_PER_TASK 4

/**
 * struct membership - a task is, or until it exited was, under a listener
 * @node: in its bucket
 * @task: whose; compared, never followed
 * @listener: which; kept by this membership (listener.c, reap)
 * @born: departed: the task's start time
 * @pid: departed: its pid
 * @execs: departed: its number of exec calls, those of its ancestors included
 * @stamp: the last pass that found the task so, or that ran when it joined
 * @departed: the state: departed, or live
 *
 * All fields: the bucket's lock.
 */
struct membership {
	struct hlist_node node;
	const struct task_struct *task;
	struct shup_listener *listener;
	u64 born;
	pid_t pid;
	u32 execs;
	u32 stamp;
	bool departed;
};

/*
 * One for each live task under a listener.  Not from a cache of its own, which
 * the kernel would merge with another, and leave its name in sysfs for ever.
 */
static_assert(sizeof(struct membership) <= 64);

struct bucket {
	raw_spinlock_t lock;
	struct hlist_head members;
};

static struct bucket *buckets;

/* The pass under way, or the last one; written by the worker only. */
static u32 current_pass;

static struct bucket *bucket_of(const struct task_struct *task)
{
	return &buckets[hash_ptr(task, BUCKET_BITS)];
}

static struct membership *find(struct bucket *bucket,
			       const struct task_struct *task,
			       const struct shup_listener *listener)
{
	struct membership *member;

	lockdep_assert_held(&bucket->lock);
	hlist_for_each_entry(member, &bucket->members, node)
		if (member->task == task && member->listener == listener)
			return member;
	return NULL;
}

static void uncount(struct membership *member)
{
	if (!atomic_dec_return(&member->listener->live))
		shup_listener_mark_candidate(member->listener);
}

static void make_live(struct membership *member)
{
	member->departed = false;
	atomic_inc(&member->listener->live);
}

static void make_departed(struct membership *member)
{
	member->born = member->task->start_time;
	member->pid = member->task->pid;
	member->execs = shup_exec_count(member->task);
	member->departed = true;
	/* First: whoever decides on the candidate looks for this task. */
	shup_listener_hint(member->listener, member->task);
	uncount(member);
}

/* Out of its bucket, into a list for free_dropped(). */
static void drop(struct membership *member, struct hlist_head *dropped)
{
	if (!member->departed)
		uncount(member);
	atomic_dec(&member->listener->members);
	__hlist_del(&member->node);
	hlist_add_head(&member->node, dropped);
}

/*
 * After the bucket's lock, which is raw: on a kernel with PREEMPT_RT kfree() may
 * sleep, and lockdep knows, if it is asked to look at that.
 */
static void free_dropped(const struct hlist_head *dropped)
{
	struct membership *member;
	struct hlist_node *next;

	hlist_for_each_entry_safe(member, next, dropped, node)
		kfree(member);
}

/* A task_struct used again is another task, whatever happened unseen. */
static bool is_departed(const struct membership *member,
			const struct task_struct *task)
{
	return member->departed && member->born == task->start_time &&
	       member->pid == task->pid &&
	       member->execs == shup_exec_count(task);
}

/* Takes *spare if there is no membership yet.  Return: whether it is new. */
static bool add_membership(struct bucket *bucket, struct membership **spare,
			   struct task_struct *task,
			   struct shup_listener *listener)
{
	struct membership *member = find(bucket, task, listener);

	if (member) {
		member->stamp = READ_ONCE(current_pass);
		if (!member->departed)
			return false;
		make_live(member);
		return true;
	}

	/*
	 * Under the lock, so that either this sees the mark or the sweep that
	 * comes a grace period after it sees the membership.
	 */
	if (shup_listener_test(listener, SHUP_CLOSED))
		return false;

	member = *spare;
	*spare = NULL;
	member->task = task;
	member->listener = listener;
	member->stamp = READ_ONCE(current_pass);
	atomic_inc(&listener->members);
	make_live(member);
	hlist_add_head(&member->node, &bucket->members);
	return true;
}

/**
 * shup_table_join() - a task is live under a listener's filter
 * @task: the task; it cannot have begun to exit unless by a lost race, which
 *	the next audit puts right
 * @listener: a listener whose filter is in @task's chain
 *
 * Context: any that keeps @listener (RCU read side, or preemption off); from
 * the hooks on wake_up_new_task() and do_seccomp().
 * Return: false if there was no memory; the membership is then missing, and
 * the listener's next scan finds the task again.
 */
bool shup_table_join(struct task_struct *task, struct shup_listener *listener)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *spare = NULL;
	unsigned long flags;
	bool joined;

	if (!shup_fault_starve())
		spare = kmalloc(sizeof(*spare), GFP_ATOMIC | __GFP_NOWARN);
	if (!spare) {
		shup_stat_inc(missed);
		return false;
	}

	raw_spin_lock_irqsave(&bucket->lock, flags);
	joined = add_membership(bucket, &spare, task, listener);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);

	if (joined)
		shup_stat_inc(joins);
	kfree(spare);
	return true;
}

static unsigned int listeners_of(const struct task_struct *task,
				 struct shup_listener **found)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *member;
	unsigned int count = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(member, &bucket->members, node) {
		if (member->task != task || member->departed)
			continue;
		found[count++] = member->listener;
		if (count == LISTENERS_PER_TASK)
			break;
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return count;
}

/**
 * shup_table_fork() - a child is under the listeners its parent is under
 * @parent: the forking task, current
 * @child: its child, which has not run yet
 *
 * Context: preemption off; from the hook on wake_up_new_task().
 */
void shup_table_fork(struct task_struct *parent, struct task_struct *child)
{
	struct shup_listener *listeners[LISTENERS_PER_TASK];
	unsigned int count = listeners_of(parent, listeners);

	while (count--)
		shup_table_join(child, listeners[count]);
}

/**
 * shup_table_leave() - a task has entered do_exit()
 * @task: current
 *
 * Context: any, even an oops; takes only the bucket's lock and wakes nobody.
 */
void shup_table_leave(struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *member;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(member, &bucket->members, node) {
		/* Twice, if do_exit() itself oopses. */
		if (member->task != task || member->departed)
			continue;
		make_departed(member);
		shup_stat_inc(leaves);
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/**
 * shup_table_cut() - a task's tie to its filter is cut
 * @task: a task about to be freed, or reaped
 *
 * Not believed of a task that is not exiting: LKRG up to 0.9.8 calls
 * put_seccomp_filter() on live tasks.
 *
 * Context: any, softirq included; from the hooks on put_seccomp_filter() and
 * seccomp_filter_release().
 */
void shup_table_cut(struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *member;
	struct hlist_node *next;
	unsigned long flags;
	HLIST_HEAD(dropped);

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry_safe(member, next, &bucket->members, node) {
		if (member->task != task)
			continue;
		if (!(task->flags & PF_EXITING)) {
			shup_stat_inc(untied);
			continue;
		}
		drop(member, &dropped);
		shup_stat_inc(cuts);
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	free_dropped(&dropped);
}

/**
 * shup_table_pass() - begin a pass
 *
 * What the pass finds, and what joins from now on, gets its number as a stamp;
 * shup_table_sweep() then knows what it did not find.
 *
 * Context: the worker only.
 * Return: the pass's number, never 0.
 */
u32 shup_table_pass(void)
{
	u32 pass = current_pass + 1;

	if (!pass)
		pass = 1;
	WRITE_ONCE(current_pass, pass);
	return pass;
}

/**
 * shup_table_found() - a scan has found a task that does not look dead
 * @task: on its thread list, not PF_EXITING, siglock held
 * @listener: a listener whose filter is in @task's chain
 * @pass: from shup_table_pass()
 *
 * Context: interrupts off, RCU read side.
 * Return: SHUP_DEPARTED if the task is past do_exit() all the same; else it is
 * live, and in the table unless SHUP_NO_MEMORY.
 */
enum shup_found shup_table_found(struct task_struct *task,
				 struct shup_listener *listener, u32 pass)
{
	struct bucket *bucket = bucket_of(task);
	enum shup_found result = SHUP_KNOWN;
	struct membership *member;

	raw_spin_lock(&bucket->lock);
	member = find(bucket, task, listener);
	if (member) {
		member->stamp = pass;
		if (is_departed(member, task)) {
			result = SHUP_DEPARTED;
		} else if (member->departed) {
			make_live(member);
			result = SHUP_JOINED;
		}
	}
	raw_spin_unlock(&bucket->lock);

	if (member)
		return result;
	return shup_table_join(task, listener) ? SHUP_JOINED : SHUP_NO_MEMORY;
}

/**
 * shup_table_departed() - whether a task is past do_exit()
 * @task: on its thread list, siglock held
 *
 * Context: interrupts off; from a scan.
 * Return: whether one of its memberships says so, whatever others do.
 */
bool shup_table_departed(const struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *member;
	bool departed = false;

	raw_spin_lock(&bucket->lock);
	hlist_for_each_entry(member, &bucket->members, node) {
		departed = member->task == task && is_departed(member, task);
		if (departed)
			break;
	}
	raw_spin_unlock(&bucket->lock);
	return departed;
}

/**
 * shup_table_holds() - whether a dead task that was reaped is not freed yet
 * @task: a task that departed under @listener; it may be freed, or be another
 *	task's memory, by now
 * @listener: the listener
 * @born: set to its start time, to tell it from another in the same memory
 *
 * Before 5.9 such a task has its reference to its filter until it is freed.
 *
 * Context: any.
 * Return: whether it is that task, reaped, not freed, and its head is the
 * listener's filter.
 */
bool shup_table_holds(const struct task_struct *task,
		      const struct shup_listener *listener, u64 *born)
{
	struct bucket *bucket = bucket_of(task);
	const struct membership *member;
	struct shup_task_view view;
	unsigned long flags;
	bool holds;

	/* With the lock, the hook on put_seccomp_filter() waits for this look. */
	raw_spin_lock_irqsave(&bucket->lock, flags);
	member = find(bucket, task, listener);
	holds = member && member->departed && shup_view_task(task, &view) &&
		view.start_time == member->born && view.pid == member->pid &&
		!view.sighand && view.usage && view.filter == listener->filter;
	if (holds)
		*born = member->born;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return holds;
}

/* Return: how many live memberships were of no live task. */
static unsigned int sweep_bucket(struct bucket *bucket, u32 pass)
{
	unsigned int repaired = 0;
	struct membership *member;
	struct hlist_node *next;
	unsigned long flags;
	HLIST_HEAD(dropped);

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry_safe(member, next, &bucket->members, node) {
		bool closed = shup_listener_test(member->listener, SHUP_CLOSED);

		/* Equal, or newer: the next pass's numbers are not given yet. */
		if (!closed && (!pass || member->stamp == pass))
			continue;
		if (!closed && !member->departed)
			repaired++;
		drop(member, &dropped);
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	free_dropped(&dropped);
	return repaired;
}

/**
 * shup_table_sweep() - drop the memberships of closed listeners
 * @pass: and, if not 0, those that this pass's census did not come by: events
 *	that put an end to them were missed, or they are of no more use
 *
 * A departed task that is PF_EXITING, or gone, needs no membership to be told
 * from a live one; the scan does not come by those.
 *
 * Context: the worker only; may sleep.
 * Return: how many live memberships turned out to be of no live task.
 */
unsigned int shup_table_sweep(u32 pass)
{
	unsigned int repaired = 0;
	unsigned int i;

	for (i = 0; i < 1U << BUCKET_BITS; i++) {
		if (!hlist_empty(&buckets[i].members))
			repaired += sweep_bucket(&buckets[i], pass);
		if (!(i % 256))
			cond_resched();
	}
	return repaired;
}

/**
 * shup_table_peek() - what the table says of a task
 * @task: the task
 * @listener: the listener
 *
 * Context: any; for oracle.c.
 */
enum shup_membership shup_table_peek(struct task_struct *task,
				     struct shup_listener *listener)
{
	struct bucket *bucket = bucket_of(task);
	enum shup_membership state = SHUP_IS_NONE;
	struct membership *member;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	member = find(bucket, task, listener);
	if (member && !member->departed)
		state = SHUP_IS_LIVE;
	else if (member && is_departed(member, task))
		state = SHUP_IS_DEPARTED;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return state;
}

/**
 * shup_table_for_each() - visit each membership
 * @visit: called for each; must not sleep, nor ask the table
 * @arg: given to it
 *
 * Context: any; for oracle.c.
 */
void shup_table_for_each(shup_visit_member *visit, void *arg)
{
	struct membership *member;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < 1U << BUCKET_BITS; i++) {
		raw_spin_lock_irqsave(&buckets[i].lock, flags);
		hlist_for_each_entry(member, &buckets[i].members, node)
			visit(member->task, member->listener, member->departed,
			      arg);
		raw_spin_unlock_irqrestore(&buckets[i].lock, flags);
	}
}

/**
 * shup_table_init() - make an empty table
 *
 * Return: 0 or -ENOMEM.
 */
int shup_table_init(void)
{
	unsigned int i;

	buckets = kvcalloc(1U << BUCKET_BITS, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	for (i = 0; i < 1U << BUCKET_BITS; i++)
		raw_spin_lock_init(&buckets[i].lock);
	return 0;
}

/**
 * shup_table_exit() - free the table and all in it
 *
 * Context: no hook, and no worker, may run any more.
 */
void shup_table_exit(void)
{
	unsigned int i;

	for (i = 0; i < 1U << BUCKET_BITS; i++)
		free_dropped(&buckets[i].members);
	kvfree(buckets);
}
