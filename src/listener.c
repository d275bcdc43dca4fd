// SPDX-License-Identifier: GPL-2.0-only
/*
 * The listeners that the module knows.  A listener is discovered when it is
 * made, in an fd table (adopt.c), or by a poll or an ioctl.  It is closed by the
 * hook on seccomp_notify_release(), before the kernel frees anything.  The
 * module holds no reference to its file or filter.
 */
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "fault.h"
#include "hooks.h"
#include "hush.h"
#include "layout.h"
#include "listener.h"
#include "state.h"
#include "stats.h"
#include "trace.h"
#include "worker.h"

#define LISTENER_BITS 12

/*
 * Both hashes, and changes of shup_listeners.  A leaf, interrupts off; never
 * taken from do_exit().
 */
static DEFINE_RAW_SPINLOCK(listeners_lock);
static DEFINE_HASHTABLE(by_file, LISTENER_BITS);
static DEFINE_HASHTABLE(by_filter, LISTENER_BITS);

/*
 * Every listener that is known, or closed and not retired yet.
 *
 * Changed under listeners_lock: additions are at the tail, and only a pass
 * removes.  So a pass walks the list without the lock.
 */
LIST_HEAD(shup_listeners);

/* Closed listeners, until they can be freed; passes only. */
static LIST_HEAD(closed_listeners);

/* Candidates that were marked on each processor and are to be decided there. */
static DEFINE_PER_CPU(struct llist_head, fresh_candidates);

/* Candidates that were not decided at the exit: the worker decides them. */
static LLIST_HEAD(put_back_candidates);

/*
 * How many listeners are in the hashes, so not closed; listeners_lock to write.
 * A hook that reads 0 just after a listener was discovered misses an event; a
 * census counts its task.
 */
unsigned int shup_open_listeners;

/* The last number given; listeners_lock. */
static u64 last_id;

/*
 * The kernel's functions, by which a listener's file is recognised; 0: no file
 * is.  Their order does not matter: with one of them alone no file is.
 */
static unsigned long notify_poll;
static unsigned long notify_release;

/**
 * shup_listener_init() - tell listeners from other files
 * @poll: the address of seccomp_notify_poll()
 * @release: the address of seccomp_notify_release()
 *
 * Context: at load.  Hooks may run already; until this returns they find that
 * no file is a listener.
 */
void shup_listener_init(unsigned long poll, unsigned long release)
{
	WRITE_ONCE(notify_release, release);
	WRITE_ONCE(notify_poll, poll);
}

/**
 * shup_is_listener() - whether a file is a seccomp listener
 * @file: any file the caller keeps open
 *
 * The file of an attach that has failed has no filter, and is none.
 *
 * Context: any.
 */
bool shup_is_listener(const struct file *file)
{
	unsigned long poll = READ_ONCE(notify_poll);

	return poll && (unsigned long)file->f_op->poll == poll &&
	       (unsigned long)file->f_op->release == READ_ONCE(notify_release) &&
	       file->private_data;
}

/**
 * shup_listener_of_file() - the listener of an open file
 * @file: a file the caller keeps open
 *
 * Context: RCU read side, or preemption off.
 * Return: the listener, or NULL if it is not known.  It may be used until that
 * context ends.
 */
struct shup_listener *shup_listener_of_file(const struct file *file)
{
	struct shup_listener *listener;

	hash_for_each_possible_rcu(by_file, listener, by_file,
				   (unsigned long)file)
		if (listener->file == file &&
		    listener->filter == file->private_data &&
		    shup_hooks_sound(listener->epoch))
			return listener;
	return NULL;
}

/**
 * shup_listener_of_filter() - the listener of a filter
 * @filter: a live filter
 *
 * Context: RCU read side, or preemption off.
 * Return: as shup_listener_of_file().
 */
struct shup_listener *shup_listener_of_filter(const void *filter)
{
	struct shup_listener *listener;

	hash_for_each_possible_rcu(by_filter, listener, by_filter,
				   (unsigned long)filter)
		if (listener->filter == filter &&
		    shup_hooks_sound(listener->epoch))
			return listener;
	return NULL;
}

/**
 * shup_listener_for_each() - visit each open listener
 * @visit: called for each, in no order; must not sleep
 * @arg: given to it
 *
 * Context: RCU read side.
 */
void shup_listener_for_each(shup_listener_visit *visit, void *arg)
{
	struct shup_listener *listener;
	unsigned int bucket;

	hash_for_each_rcu(by_file, bucket, listener, by_file)
		visit(listener, arg);
}

static void close_locked(struct shup_listener *listener)
{
	lockdep_assert_held(&listeners_lock);
	hash_del_rcu(&listener->by_file);
	hash_del_rcu(&listener->by_filter);
	set_bit(SHUP_CLOSED, &listener->flags);
	/*
	 * The mark, then the kernel frees the filter.  Pairs with the barrier in
	 * read_count(), witness.c.
	 */
	smp_mb__after_atomic();
	WRITE_ONCE(shup_open_listeners, shup_open_listeners - 1);
	trace_listener_closed(listener->id);
}

/*
 * No hook has seen the release of a listener with the file, or the filter, of
 * @new: that memory has been reused.
 */
static void close_stale(const struct shup_listener *new)
{
	struct shup_listener *old;
	struct hlist_node *next;

	hash_for_each_possible_safe(by_file, old, next, by_file,
				    (unsigned long)new->file)
		if (old->file == new->file)
			close_locked(old);
	hash_for_each_possible_safe(by_filter, old, next, by_filter,
				    (unsigned long)new->filter)
		if (old->filter == new->filter)
			close_locked(old);
}

static bool add_listener(struct shup_listener *listener)
{
	unsigned long flags;
	bool inserted = false;

	raw_spin_lock_irqsave(&listeners_lock, flags);
	rcu_read_lock();
	if (!shup_listener_of_file(listener->file)) {
		close_stale(listener);
		listener->id = ++last_id;
		hash_add_rcu(by_file, &listener->by_file,
			     (unsigned long)listener->file);
		hash_add_rcu(by_filter, &listener->by_filter,
			     (unsigned long)listener->filter);
		list_add_tail(&listener->all, &shup_listeners);
		WRITE_ONCE(shup_open_listeners, shup_open_listeners + 1);
		trace_listener_known(listener->id);
		inserted = true;
	}
	rcu_read_unlock();
	raw_spin_unlock_irqrestore(&listeners_lock, flags);
	return inserted;
}

/**
 * shup_listener_discover() - begin to count for a listener
 * @file: a listener's file; the caller keeps it open
 * @gfp: how memory may be had
 *
 * No task has been counted for it yet.  The caller joins the tasks it knows
 * of, or marks the listener as candidate and requests a census.
 *
 * Context: any, with @gfp to match.
 * Return: 1; 0 if it is known already; -EAGAIN while hooks are switched off;
 * -ENOMEM; -ENOEXEC if this kernel's filters cannot be read (layout.c).
 */
int shup_listener_discover(struct file *file, gfp_t gfp)
{
	struct shup_listener *listener = NULL;
	bool known;
	int ret;

	if (!shup_hooks_sound(shup_hooks_epoch()))
		return -EAGAIN;
	rcu_read_lock();
	known = shup_listener_of_file(file);
	rcu_read_unlock();
	if (known)
		return 0;
	ret = shup_layout_check(file->private_data) ?:
	      shup_layout_check_queue(file->private_data);
	if (ret) {
		shup_state_disarm();
		return ret;
	}

	if (!shup_fault_starve())
		listener = kzalloc(sizeof(*listener), gfp | __GFP_NOWARN);
	if (!listener) {
		shup_stat_inc(missed);
		return -ENOMEM;
	}
	listener->file = file;
	listener->filter = file->private_data;
	listener->queue = shup_layout_queue(listener->filter);
	spin_lock_init(&listener->lock);
	listener->epoch = shup_hooks_epoch();
	listener->known_ns = ktime_get_ns();
	__set_bit(SHUP_UNCOUNTED, &listener->flags);

	if (add_listener(listener))
		return 1;
	kfree(listener);
	return 0;
}

/**
 * shup_listener_close() - a listener is being released
 * @file: its file; the last reference is gone
 *
 * Context: any; from the hook on seccomp_notify_release(), before the kernel
 * does anything.
 */
void shup_listener_close(struct file *file)
{
	struct shup_listener *listener;
	unsigned long flags;

	rcu_read_lock();
	raw_spin_lock_irqsave(&listeners_lock, flags);
	listener = shup_listener_of_file(file);
	if (listener)
		close_locked(listener);
	raw_spin_unlock_irqrestore(&listeners_lock, flags);

	if (listener) {
		/* Wait for a notification under way: it uses the queue. */
		spin_lock_irqsave(&listener->lock, flags);
		shup_hush_end(&listener->hush, listener->queue);
		spin_unlock_irqrestore(&listener->lock, flags);
		shup_worker_kick();
	}
	rcu_read_unlock();
}

/* After the mark.  Pairs with the barrier in shup_listener_unqueue(). */
static void queue_in(struct shup_listener *listener, struct llist_head *list)
{
	if (!test_and_set_bit(SHUP_QUEUED, &listener->flags))
		llist_add(&listener->fresh, list);
}

/**
 * shup_listener_mark_candidate() - have a listener decided on
 * @listener: its count is zero, or unsure
 *
 * At once, on this processor, if the witness can; else by the worker.
 *
 * Context: any that keeps @listener, even an oops in do_exit(); takes no lock.
 */
void shup_listener_mark_candidate(struct shup_listener *listener)
{
	/*
	 * A closed listener is about to be freed, and must be in no list then.
	 * Pairs with the grace period of shup_listener_retire(): if the test
	 * fails to see a close, shup_listener_take_quiesced() finds it queued.
	 */
	if (shup_listener_test(listener, SHUP_CLOSED))
		return;
	set_bit(SHUP_CANDIDATE, &listener->flags);
	preempt_disable();
	queue_in(listener, this_cpu_ptr(&fresh_candidates));
	shup_worker_decide();
	preempt_enable();
}

/**
 * shup_listener_take_fresh() - take the candidates marked on this processor
 *
 * Context: interrupts off, RCU read side.
 * Return: a list by @fresh, of which the caller unqueues each.
 */
struct llist_node *shup_listener_take_fresh(void)
{
	return llist_del_all(this_cpu_ptr(&fresh_candidates));
}

/**
 * shup_listener_take_put_back() - take the candidates left to the worker
 *
 * Context: the worker only.
 * Return: as shup_listener_take_fresh().
 */
struct llist_node *shup_listener_take_put_back(void)
{
	return llist_del_all(&put_back_candidates);
}

/**
 * shup_listener_unqueue() - note that a candidate is in no list any more
 * @listener: from a list that was taken
 *
 * The caller decides on the listener after this.  If the listener is marked
 * again meanwhile, it is queued anew.
 *
 * Context: RCU read side, at whose end the listener may be freed.
 */
void shup_listener_unqueue(struct shup_listener *listener)
{
	clear_bit(SHUP_QUEUED, &listener->flags);
	/*
	 * Unqueued, then the decision.  Pairs with test_and_set_bit() in
	 * queue_in(), after the mark: either a new mark queues the listener
	 * anew, or the decision sees the mark and the exit before it.
	 */
	smp_mb__after_atomic();
}

/**
 * shup_listener_put_back() - leave a candidate to the worker
 * @listener: it is open
 *
 * Context: any that keeps @listener; takes no lock.
 */
void shup_listener_put_back(struct shup_listener *listener)
{
	if (!shup_listener_test(listener, SHUP_CLOSED))
		queue_in(listener, &put_back_candidates);
}

/**
 * shup_listener_hint() - remember of which process a task has departed
 * @listener: the listener the task was under
 * @task: the task
 *
 * Context: any; from the hook on do_exit().
 */
void shup_listener_hint(struct shup_listener *listener,
			const struct task_struct *task)
{
	struct shup_hints *hints = &listener->hints;
	unsigned int last = READ_ONCE(hints->last_task) + 1;

	WRITE_ONCE(hints->tasks[last % SHUP_HINTS], task);
	WRITE_ONCE(hints->last_task, last);

	/* Threads of one process mostly exit one after the other. */
	last = READ_ONCE(hints->last_process);
	if (READ_ONCE(hints->processes[last % SHUP_HINTS]) == task->tgid)
		return;
	last++;
	WRITE_ONCE(hints->processes[last % SHUP_HINTS], task->tgid);
	WRITE_ONCE(hints->last_process, last);
	if (shup_is_namespace_init(task))
		WRITE_ONCE(hints->init, task->tgid);
}

/**
 * shup_listener_lock() - lock a listener, if its file, filter and queue exist
 * @listener: found under RCU
 * @flags: for shup_listener_unlock()
 *
 * All three exist until the unlock.  The hook on the release marks the listener
 * closed and then waits for the lock, and no hook is switched off meanwhile.
 *
 * Context: any, RCU read side; not with a wait queue's lock.
 * Return: false, and nothing is locked, if it is closed, or may be.
 */
bool shup_listener_lock(struct shup_listener *listener, unsigned long *flags)
{
	spin_lock_irqsave(&listener->lock, *flags);
	if (!shup_listener_test(listener, SHUP_CLOSED) &&
	    shup_hooks_rely(listener->epoch))
		return true;
	spin_unlock_irqrestore(&listener->lock, *flags);
	return false;
}

/**
 * shup_listener_unlock() - unlock a listener
 * @listener: locked by shup_listener_lock()
 * @flags: from there
 *
 * Context: as shup_listener_lock().
 */
void shup_listener_unlock(struct shup_listener *listener, unsigned long flags)
{
	shup_hooks_relied();
	spin_unlock_irqrestore(&listener->lock, flags);
}

/* Return: whether hooks can have missed the close.  Then it counts as closed. */
static bool close_unsound(struct shup_listener *listener)
{
	unsigned long flags;

	if (shup_hooks_sound(listener->epoch))
		return false;
	raw_spin_lock_irqsave(&listeners_lock, flags);
	if (!shup_listener_test(listener, SHUP_CLOSED))
		close_locked(listener);
	raw_spin_unlock_irqrestore(&listeners_lock, flags);
	return true;
}

/* A grace period after the listener was retired. */
static void grace_period_over(struct rcu_head *rcu)
{
	struct shup_listener *listener;

	listener = container_of(rcu, struct shup_listener, rcu);
	set_bit(SHUP_QUIESCED, &listener->flags);
	shup_worker_kick();
}

/**
 * shup_listener_retire() - set the closed listeners apart
 *
 * Each needs a grace period before it is freed.  This does not wait for it, as
 * other listeners wait for their notification.  The worker is kicked when a
 * grace period has ended.
 *
 * Context: from a pass only; may sleep.
 * Return: whether a listener was closed that may still be open, as hooks were
 * off.
 */
bool shup_listener_retire(void)
{
	struct shup_listener *listener, *next;
	bool unsound = false;
	unsigned long flags;

	list_for_each_entry_safe(listener, next, &shup_listeners, all) {
		cond_resched();
		unsound |= close_unsound(listener);
		if (!shup_listener_test(listener, SHUP_CLOSED))
			continue;
		raw_spin_lock_irqsave(&listeners_lock, flags);
		list_move(&listener->all, &closed_listeners);
		raw_spin_unlock_irqrestore(&listeners_lock, flags);
		call_rcu(&listener->rcu, grace_period_over);
	}
	return unsound;
}

/**
 * shup_listener_take_quiesced() - take the listeners that can be freed
 * @taken: an empty list; they are moved there
 *
 * Nothing else uses such a listener, or adds a membership to it: the hooks that
 * had found it have ended, and later hooks do not find it.
 *
 * Context: from a pass only.
 * Return: whether any has memberships left, which the caller must drop before it
 * frees the listeners.
 */
bool shup_listener_take_quiesced(struct list_head *taken)
{
	struct shup_listener *listener, *next;
	bool members = false;

	list_for_each_entry_safe(listener, next, &closed_listeners, all) {
		/* Marked just before its close: it is still in a list. */
		if (!shup_listener_test(listener, SHUP_QUIESCED) ||
		    shup_listener_test(listener, SHUP_QUEUED))
			continue;
		list_move(&listener->all, taken);
		members |= atomic_read(&listener->members);
	}
	return members;
}

/**
 * shup_listener_free() - free listeners that have no membership
 * @taken: from shup_listener_take_quiesced()
 *
 * Context: from a pass only.
 */
void shup_listener_free(struct list_head *taken)
{
	struct shup_listener *listener, *next;

	list_for_each_entry_safe(listener, next, taken, all)
		kfree_rcu(listener, rcu);
}

static void free_all(struct list_head *listeners)
{
	struct shup_listener *listener, *next;

	list_for_each_entry_safe(listener, next, listeners, all)
		kfree(listener);
	INIT_LIST_HEAD(listeners);
}

/**
 * shup_listener_exit() - forget every listener
 *
 * Context: no hook, and no worker, may run any more; after shup_table_exit().
 */
void shup_listener_exit(void)
{
	int cpu;

	/* The candidates are in shup_listeners or closed_listeners, too. */
	for_each_possible_cpu(cpu)
		llist_del_all(per_cpu_ptr(&fresh_candidates, cpu));
	llist_del_all(&put_back_candidates);
	free_all(&shup_listeners);
	free_all(&closed_listeners);
}
