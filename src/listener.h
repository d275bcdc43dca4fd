/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listener's life, as the module sees it:
 *
 *            discover              count is 0, or unsure
 *   unknown ---------> known -----------------------------> candidate
 *      ^                 ^                                      |
 *      |                 |        a pass finds a live task      |
 *      |                 +--------------------------------------+
 *      |                                                        | a pass finds
 *      |                 +--------------- orphan <--------------+ no live task
 *      |                 |  notify (notify.c)
 *      |                 v
 *      |   closed <--- last close of the file, from known and candidate, too
 *      |     |         (or the hooks were off: it may still be open, and is
 *      |     |         discovered anew)
 *      |     v
 *      +-- freed       a grace period later, by a pass
 *
 * "known" and "unknown" have no bit: a listener is known while it is in the
 * hashes.  An orphan stays an orphan until it is closed.
 */
#ifndef SHUP_LISTENER_H
#define SHUP_LISTENER_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "compat.h"
#include "hush.h"

/* Bits of struct shup_listener.flags. */
enum {
	SHUP_CANDIDATE,	/* its count is zero, or unsure: a pass must decide */
	SHUP_ORPHAN,	/* no live task is under its filter, nor ever will be */
	SHUP_CLOSED,	/* being released: neither file nor filter may be used */
	SHUP_QUEUED,	/* in a list of fresh candidates; see @fresh */
	SHUP_QUIESCED,	/* closed, and every hook that had found it has ended */
	SHUP_UNCOUNTED,	/* live tasks under it may be no members, though no
			 * event was missed: the attach or a census counts them
			 */
};

/* How many processes, and how many tasks, are remembered of those that exited. */
#define SHUP_HINTS 16

/**
 * struct shup_hints - where dead tasks under a listener may be found
 * @processes: the last different processes of which a task departed, by tgid;
 *	0: none yet
 * @last_process: the place of the last one
 * @init: the init of a pid namespace, if it departed; it is reaped last
 * @tasks: the last tasks that departed; compared, never followed
 * @last_task: the place of the last one
 *
 * Written by any exit, without a lock: a hint may be wrong, late or missing.
 */
struct shup_hints {
	pid_t processes[SHUP_HINTS];
	unsigned int last_process;
	pid_t init;
	const struct task_struct *tasks[SHUP_HINTS];
	unsigned int last_task;
};

/**
 * struct shup_listener - a listener, and how many live tasks are under it
 * @by_file: in the hash by @file; listeners_lock, readers RCU
 * @by_filter: in the hash by @filter; listeners_lock, readers RCU
 * @all: in shup_listeners or closed_listeners; see there
 * @file: the listener's file; no reference is held, see @lock
 * @filter: its filter; no reference is held, see @lock
 * @queue: its wait queue; no reference is held, see @lock
 * @lock: while it is held by shup_listener_lock(), @file, @filter and @queue
 *	may be used.  The hook on seccomp_notify_release() takes it before
 *	the kernel frees anything.  Interrupts off; outside of the queue's own
 *	lock.  Nothing that can sleep, and no hook but that one, waits for it
 * @epoch: shup_hooks_epoch() when it was discovered: tells whether the hooks
 *	can have missed its close since
 * @id: its number since load, from 1
 * @known_ns: ktime_get_ns() when it was discovered
 * @unused_ns: ktime_get_ns() when it was found an orphan; 0: not yet; @lock,
 *	read by others without
 * @live: memberships in the state live.  Zero makes the listener a candidate,
 *	and is no reason to notify
 * @members: memberships in any state; each has a pointer to this listener
 * @flags: the bits above; atomic
 * @fresh: in a list of candidates that are to be decided; SHUP_QUEUED says
 *	whether
 * @hints: for the witness; see struct shup_hints
 * @candidate_pass: the last pass that took it as a candidate; passes only
 * @counted_pass: the last pass that took it as uncounted; passes only
 * @live_pass: the last pass that found a live task under it; passes only
 * @witness_pass: the last pass in which the witness, on probation, found it
 *	unused; passes only
 * @listed: the last listing it was in; listing_lock
 * @listed_task: a live task under it, for that listing; listing_lock
 * @hush: what keeps the kernel's later EPOLLHUP back, see hush.h; @lock
 * @rcu: after the close: sets SHUP_QUIESCED, and later frees this
 *
 * @file, @filter, @queue, @epoch, @id and @known_ns do not change.
 */
struct shup_listener {
	struct hlist_node by_file;
	struct hlist_node by_filter;
	struct list_head all;
	struct file *file;
	const void *filter;
	wait_queue_head_t *queue;
	spinlock_t lock;	/* see above */
	unsigned int epoch;
	u64 id;
	u64 known_ns;
	u64 unused_ns;
	atomic_t live;
	atomic_t members;
	unsigned long flags;
	struct llist_node fresh;
	struct shup_hints hints;
	u32 candidate_pass;
	u32 counted_pass;
	u32 live_pass;
	u32 witness_pass;
	u32 listed;
	pid_t listed_task;
	struct shup_hush hush;
	struct rcu_head rcu;
};

static_assert(sizeof(struct shup_listener) <= 512);

static inline bool shup_listener_test(const struct shup_listener *listener,
				      unsigned int bit)
{
	return test_bit(bit, &listener->flags);
}

void shup_listener_init(unsigned long poll, unsigned long release);
void shup_listener_exit(void);

extern unsigned int shup_open_listeners;

/**
 * shup_listener_count() - how many listeners are known
 *
 * Context: any.
 */
static inline unsigned int shup_listener_count(void)
{
	return READ_ONCE(shup_open_listeners);
}

/**
 * shup_listener_any() - whether any listener is known
 *
 * Forks and exits test this before they look anything up.  It is inline, as a
 * call would cost them more than the test.
 *
 * Context: any.
 */
static inline bool shup_listener_any(void)
{
	return shup_listener_count();
}

bool shup_is_listener(const struct file *file);
int shup_listener_discover(struct file *file, gfp_t gfp);
void shup_listener_close(struct file *file);
void shup_listener_mark_candidate(struct shup_listener *listener);
struct llist_node *shup_listener_take_fresh(void);
struct llist_node *shup_listener_take_put_back(void);
void shup_listener_unqueue(struct shup_listener *listener);
void shup_listener_put_back(struct shup_listener *listener);
void shup_listener_hint(struct shup_listener *listener,
			const struct task_struct *task);
struct shup_listener *shup_listener_of_file(const struct file *file);
struct shup_listener *shup_listener_of_filter(const void *filter);
bool shup_listener_lock(struct shup_listener *listener, unsigned long *flags);
void shup_listener_unlock(struct shup_listener *listener, unsigned long flags);

typedef void shup_listener_visit(struct shup_listener *listener, void *arg);
void shup_listener_for_each(shup_listener_visit *visit, void *arg);

extern struct list_head shup_listeners;
bool shup_listener_retire(void);
bool shup_listener_take_quiesced(struct list_head *taken);
void shup_listener_free(struct list_head *taken);

#endif /* SHUP_LISTENER_H */
