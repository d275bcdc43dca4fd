// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side table: the set of memberships (task, listener), hashed by task.
 *
 * A fork or an attach puts a task under a listener's filter.  From then on the
 * membership is live, until the task enters do_exit().  Then it is departed,
 * until the kernel cuts the task's tie to its filter.  As the table is a set,
 * joining twice is joining once, and leaving twice is leaving once: an event may
 * come twice, late, or not at all.
 *
 * The table never decides that a listener is unused.  It only marks listeners
 * as candidates, which orphan.c decides.  Scans and the witness believe one
 * thing of the table: that a task is departed.  A task_struct's memory can be
 * another task's later, so a departed membership also has its task's start
 * time, its pid, and a number that each exec raises.  exec by a thread gives
 * the start time and pid of a dead leader to that thread, and raises its number;
 * a departed task calls exec no more.
 *
 * Memberships are found, changed and unlinked under their bucket's lock.  It is
 * a leaf, and interrupts are off while it is held, as the hooks take it in
 * do_exit() and in softirq.  An oops can enter do_exit() with any lock of the
 * kernel held, but not with this one, which the module alone takes.
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

/* The listeners one task can be under.  Before 5.9 a race can make it several. */
#define LISTENERS_PER_TASK 4

/**
 * struct membership - a task is, or until it exited was, under a listener
 * @node: in its bucket
 * @task: the task; compared.  Followed only by the hook on its own exit
 * @listener: the listener, which is not freed before this membership
 *	(orphan.c, forget_closed)
 * @born: departed: the task's start time
 * @pid: departed: the task's pid
 * @execs: departed: shup_exec_count() of the task
 * @stamp: the number of the last pass that found the task, or of the pass that
 *	was the last when the task joined
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
 * There is one for each live task under a listener.  They do not come from a
 * cache of the module's own: the kernel would merge that cache with another one,
 * and its name would stay in sysfs after the unload.
 */
static_assert(sizeof(struct membership) <= 64);

struct bucket {
	raw_spinlock_t lock;
	struct hlist_head members;
};

static struct bucket *buckets;

/*
 * The number of the pass under way, or of the last one; written by a pass.  The
 * hooks may read an old number: then a census drops the new membership, and the
 * listener becomes a candidate, under which the next pass finds the task.
 */
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
	/*
	 * The task's exit, then the mark.  atomic_dec_return() is the barrier.
	 * Pairs with the one in take_candidates(), orphan.c: a pass that has
	 * cleared this mark finds that the task is dead.
	 */
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
	/* The hint, then the mark: the witness follows the hints of a candidate. */
	shup_listener_hint(member->listener, member->task);
	uncount(member);
}

/* Move a membership from its bucket to a list for free_dropped(). */
static void drop(struct membership *member, struct hlist_head *dropped)
{
	if (!member->departed)
		uncount(member);
	atomic_dec(&member->listener->members);
	__hlist_del(&member->node);
	hlist_add_head(&member->node, dropped);
}

/*
 * Called without the bucket's lock, which is a raw one: with PREEMPT_RT kfree()
 * may sleep, so lockdep warns of kfree() under a raw lock on every kernel that
 * is built to look at that (PROVE_RAW_LOCK_NESTING).
 */
static void free_dropped(const struct hlist_head *dropped)
{
	struct membership *member;
	struct hlist_node *next;

	hlist_for_each_entry_safe(member, next, dropped, node)
		kfree(member);
}

/* Not so if the task_struct's memory is another task's now. */
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
	 * The caller's RCU read side pairs with the grace period between the
	 * mark and the sweep (shup_listener_retire()): either the mark is seen
	 * here, or the sweep sees the membership.
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
 * shup_table_join() - make a task a live member
 * @task: a live task.  If it enters do_exit() just before the membership is
 *	there, the membership stays live until the tie is cut or a census drops
 *	it
 * @listener: a listener whose filter is in @task's chain
 *
 * A listener that is closed gets no member.
 *
 * Context: any that keeps @listener (RCU read side, or preemption off); from
 * the hooks on wake_up_new_task() and do_seccomp(), and from scans, which hold
 * @task's siglock.
 * Return: false if there was no memory.  The membership is then missing: a scan
 * that finds the task makes it.
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
 * shup_table_fork() - make a child a member wherever its parent is a live one
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
 * shup_table_leave() - a task has entered do_exit(): it departs
 * @task: current
 *
 * Context: preemption off; even an oops.  Takes the bucket's lock and no other,
 * and wakes nobody.  From the hook on do_exit().
 */
void shup_table_leave(struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct membership *member;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(member, &bucket->members, node) {
		/* An oops in do_exit() has the task enter it twice. */
		if (member->task != task || member->departed)
			continue;
		make_departed(member);
		shup_stat_inc(leaves);
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/**
 * shup_table_cut() - a task's tie to its filter is cut: forget its memberships
 * @task: a task that is freed (before 5.9), reaped (before 6.10.10), or exits
 *
 * Of a task that is not exiting the cut proves nothing: LKRG up to 0.9.8 calls
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
 * The pass stamps each membership whose task it finds with its number, and each
 * task that joins from now on gets that stamp, too.  shup_table_sweep() drops
 * memberships with other stamps.
 *
 * Context: from a pass only.
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
 * shup_table_found() - what the table has for a task that a scan has found
 * @task: on its thread list, not PF_EXITING, siglock held
 * @listener: a listener whose filter is in @task's chain
 * @pass: from shup_table_pass()
 *
 * A live task without a membership is made a member.
 *
 * Context: interrupts off, RCU read side; from a pass only.
 * Return: SHUP_DEPARTED if the task has entered do_exit() and is not PF_EXITING
 * yet.  Else the task is live, and a member unless SHUP_NO_MEMORY.
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
 * shup_table_departed() - whether a task is known to have entered do_exit()
 * @task: on its thread list, siglock held
 *
 * Context: interrupts off; from a scan or the witness.
 * Return: whether a membership of the task is departed, under any listener.
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
 * @task: the address of a task that departed under @listener.  The task may be
 *	freed, and the memory be another task's, by now
 * @listener: the listener
 * @born: set to the task's start time, if it holds: by it a later call tells the
 *	task from another task in the same memory
 *
 * Before 5.9 such a task has its reference to its filter until it is freed.
 *
 * Context: any; for the witness.
 * Return: whether @task is still that task, is reaped and not freed, and has the
 * listener's filter as its head.
 */
bool shup_table_holds(const struct task_struct *task,
		      const struct shup_listener *listener, u64 *born)
{
	struct bucket *bucket = bucket_of(task);
	const struct membership *member;
	struct shup_task_view view;
	unsigned long flags;
	bool holds;

	/*
	 * While the lock is held, the hook on put_seccomp_filter() waits for it
	 * in shup_table_cut(): a membership that is found is of a task that has
	 * its reference still.
	 */
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

/* Return: how many live memberships were dropped, but for closed listeners. */
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

		/* A task that has joined since the pass began has its number, too. */
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
 * shup_table_sweep() - drop the memberships that are of no use any more
 * @pass: the pass whose census has ended, or 0: drop those of closed listeners
 *	only
 *
 * After a census, memberships are dropped whose task it has not found.  A live
 * one is left over from an exit that no hook noticed, or its task has escaped
 * the census.  A departed one is of a task that is PF_EXITING or gone: scans
 * see without the table that such a task is dead.
 *
 * Context: from a pass only; may sleep.
 * Return: how many live memberships of open listeners were dropped.
 */
unsigned int shup_table_sweep(u32 pass)
{
	unsigned int repaired = 0;
	unsigned int i;

	for (i = 0; i < 1U << BUCKET_BITS; i++) {
		/* Without the lock: a task that joins now is not to be dropped. */
		if (!hlist_empty(&buckets[i].members))
			repaired += sweep_bucket(&buckets[i], pass);
		if (!(i % 256))
			cond_resched();
	}
	return repaired;
}

/**
 * shup_table_peek() - the state of a task's membership
 * @task: the task
 * @listener: the listener
 *
 * Context: any; for listing.c and oracle.c.
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
 * @visit: called for each under its bucket's lock, with interrupts off; must not
 *	sleep, nor call the table
 * @arg: given to @visit
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
 * Context: may sleep; at load.
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
 * shup_table_exit() - free the table and all memberships
 *
 * Context: may sleep; no hook, and no worker, may run any more.
 */
void shup_table_exit(void)
{
	unsigned int i;

	for (i = 0; i < 1U << BUCKET_BITS; i++)
		free_dropped(&buckets[i].members);
	kvfree(buckets);
}
