/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_LISTENER_H
#define SHUP_LISTENER_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "compat.h"

/* Bits of struct shup_listener.flags.  Only the first is ever cleared. */
enum {
	SHUP_CANDIDATE,	/* its count is, or may be, zero: a scan must look */
	SHUP_ORPHAN,	/* no live task is under its filter, for ever */
	SHUP_CLOSED,	/* being released: neither file nor filter may be used */
	SHUP_UNSEEN,	/* closed, and no hook can have found it before that */
};

/**
 * struct shup_hush - what keeps the kernel's own EPOLLHUP back (hush.c)
 * @entry: on @queue
 * @queue: the listener's; NULL: @entry is on none
 * @all: in the list of all that are on a queue
 *
 * All fields: hush_lock.
 */
struct shup_hush {
	wait_queue_entry_t entry;
	wait_queue_head_t *queue;
	struct list_head all;
};

/**
 * struct shup_listener - a listener, and how many live tasks are under it
 * @by_file: in the hash by @file; listeners_lock, readers RCU
 * @by_filter: in the hash by @filter; listeners_lock, readers RCU
 * @all: in the list of all listeners; added under listeners_lock, walked and
 *	removed by the worker
 * @file: the listener's file; no reference is held, see shup_listener_pin()
 * @filter: its filter; compared, never followed
 * @epoch: shup_hooks_epoch() when made: whether its closing was surely seen
 * @id: its number since load, from 1
 * @known_ns: ktime_get_ns() when it got known
 * @unused_ns: the same when it was found an orphan; 0: not yet; worker only,
 *	read by others
 * @live: memberships in the state live.  Reaching zero makes a candidate; it
 *	is never a reason to speak
 * @members: memberships in any state; each has a pointer to this
 * @flags: the bits above; atomic
 * @asked: the last pass begun while it was a candidate; worker only
 * @seen: the last pass that found a live task under it; worker only
 * @listed: the last listing it was in; listing_lock
 * @listed_task: a live task under it, for that listing; listing_lock
 * @hush: once it is an orphan; see above
 * @rcu: for SHUP_UNSEEN; then frees it
 *
 * @file, @filter, @epoch, @id and @known_ns do not change.
 */
struct shup_listener {
	struct hlist_node by_file;
	struct hlist_node by_filter;
	struct list_head all;
	struct file *file;
	const void *filter;
	unsigned int epoch;
	u64 id;
	u64 known_ns;
	u64 unused_ns;
	atomic_t live;
	atomic_t members;
	unsigned long flags;
	u32 asked;
	u32 seen;
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
 * shup_listener_count() - how many listeners are kept count for
 *
 * Context: any.
 */
static inline unsigned int shup_listener_count(void)
{
	return READ_ONCE(shup_open_listeners);
}

/**
 * shup_listener_any() - whether there is a listener to keep count for
 *
 * What forks and exits ask before they look anything up; in line, as a call
 * costs them more than the look.
 *
 * Context: any.
 */
static inline bool shup_listener_any(void)
{
	return shup_listener_count();
}

bool shup_is_listener(const struct file *file);
int shup_listener_adopt(struct file *file, gfp_t gfp);
void shup_listener_close(struct file *file);
struct shup_listener *shup_listener_of_file(const struct file *file);
struct shup_listener *shup_listener_of_filter(const void *filter);
struct file *shup_listener_pin(struct shup_listener *listener);

typedef void shup_listener_visit(struct shup_listener *listener, void *arg);
void shup_listener_for_each(shup_listener_visit *visit, void *arg);

extern struct list_head shup_listeners;
bool shup_listener_reap(void);

#endif /* SHUP_LISTENER_H */
