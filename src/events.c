// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of hooks: which functions of the kernel have one, and what a call of
 * each means for the table and the listeners.
 *
 *   do_seccomp                  a listener is made; TSYNC
 *   wake_up_new_task            a fork has succeeded
 *   do_exit                     a live task departs
 *   put_seccomp_filter          a task's tie is cut (level never)
 *   seccomp_filter_release      a task's tie is cut (level at-reap)
 *   seccomp_notify_poll         EPOLLHUP is added; a listener is discovered
 *   seccomp_notify_ioctl        RECV on an orphan ends; a listener is discovered
 *   seccomp_notify_release      a listener is closed
 *
 * A task without a filter pays one test in a hook.
 *
 * Only the hook on seccomp_notify_release() must not miss a call: it keeps the
 * memory of a listener's filter and file (listener.h, lock).  Any other may miss
 * one, for want of memory or of a kretprobe instance: orphan.c believes no count
 * alone, and an audit repairs the counts.
 */
#include <linux/fdtable.h>
#include <linux/kernel.h>
#include <linux/poll.h>
#include <linux/seccomp.h>

#include "adopt.h"
#include "events.h"
#include "fault.h"
#include "hooks.h"
#include "hush.h"
#include "layout.h"
#include "listener.h"
#include "notify.h"
#include "orphan.h"
#include "proof.h"
#include "recv.h"
#include "state.h"
#include "table.h"
#include "witness.h"
#include "worker.h"

static void fork_observed(unsigned long first, unsigned long second)
{
	struct task_struct *child = (struct task_struct *)first;

	shup_fault_delay(SHUP_POINT_FORK);
	if (shup_task_filter(child) && shup_listener_any() &&
	    !shup_fault_drop())
		shup_table_fork(current, child);
}

static void exit_observed(unsigned long first, unsigned long second)
{
	shup_fault_delay(SHUP_POINT_EXIT);
	if (shup_task_filter(current) && shup_listener_any() &&
	    !shup_fault_drop())
		shup_table_leave(current);
}

static void cut_observed(unsigned long first, unsigned long second)
{
	struct task_struct *task = (struct task_struct *)first;

	if (shup_task_filter(task) && shup_listener_any() &&
	    !shup_fault_drop())
		shup_table_cut(task);
}

static void release_observed(unsigned long first, unsigned long second)
{
	if (shup_listener_any())
		shup_listener_close((struct file *)second);
}

/*
 * @ret: of a try to discover a listener.  Without memory for it, no other call
 *	may ever come to it, and without a known listener there are no audits: so
 *	an adoption retries.
 * Return: @ret.
 */
static int retried(int ret)
{
	if (ret == -ENOMEM)
		shup_worker_request(SHUP_REQUEST_ADOPTION);
	return ret;
}

/*
 * A poll or an ioctl has come to a listener.  An unknown listener is discovered.
 * Return: whether the listener is an orphan.
 */
static bool is_orphan_now(struct file *file, gfp_t gfp)
{
	bool known;
	bool orphan = shup_notify_late(file, &known);

	if (!known && shup_is_listener(file))
		retried(shup_adopt_file(file, gfp));
	return orphan;
}

static void ioctl_observed(unsigned long first, unsigned long second)
{
	struct file *file = (struct file *)first;

	if (is_orphan_now(file, GFP_ATOMIC) &&
	    (u32)second == (u32)SECCOMP_IOCTL_NOTIF_RECV)
		shup_recv_end_one(file);
}

static struct shup_hook hooks[];

/*
 * Places in the table of hooks, below, in the order of placing.  The hook on the
 * close must be there before a listener is discovered, and the hook on a fork
 * before an exit is reported.
 */
enum {
	HOOK_RELEASE,
	HOOK_POLL,
	HOOK_IOCTL,
	HOOK_ATTACH,
	HOOK_FORK,
	HOOK_EXIT,
	HOOK_CUT,
	HOOK_COUNT,
};

/* As many calls of do_seccomp() as this had no return probe; see below. */
static unsigned long attaches_missed;

/*
 * Anybody can have all return probes in use, by calls that wait for a page.  A
 * listener that is made meanwhile goes unseen until it is polled; whichever call
 * returns next has an adoption look for it.  Two that return at once may both.
 */
static void adopt_missed(void)
{
	unsigned long missed = shup_hook_missed(&hooks[HOOK_ATTACH]);

	if (missed == READ_ONCE(attaches_missed))
		return;
	WRITE_ONCE(attaches_missed, missed);
	shup_worker_request(SHUP_REQUEST_ADOPTION);
}

static bool attach_entered(struct pt_regs *regs, struct shup_call *call)
{
	unsigned long operation = regs_get_kernel_argument(regs, 0);

	call->word = regs_get_kernel_argument(regs, 1);
	return (u32)operation == SECCOMP_SET_MODE_FILTER &&
	       (call->word & (SECCOMP_FILTER_FLAG_NEW_LISTENER |
			      SECCOMP_FILTER_FLAG_TSYNC));
}

/*
 * Make the caller of seccomp() a member of each listener in its chain.
 * @made: the call has made the listener of the caller's newest filter, under
 *	which there is no other task yet, but for TSYNC.
 * @tsync: TSYNC has put the caller's other threads there, too, and no event
 *	reports them.
 * Return: whether the caller is under any listener.
 */
static bool caller_attached(bool made, bool tsync)
{
	const void *head = shup_task_filter(current);
	struct shup_listener *listener;
	const void *filter;
	unsigned int left;
	bool any = false;

	shup_for_each_filter(filter, head, left) {
		listener = shup_listener_of_filter(filter);
		if (!listener)
			continue;
		any = true;
		if (!shup_table_join(current, listener))
			shup_listener_mark_candidate(listener);
		if (tsync)
			set_bit(SHUP_UNCOUNTED, &listener->flags);
		else if (made && filter == head)
			clear_bit(SHUP_UNCOUNTED, &listener->flags);
	}
	return any;
}

static bool is_marked_orphan(const struct file *file)
{
	bool known;

	return shup_notify_late(file, &known);
}

/*
 * A task has just made a listener, and the module has an orphan with the same
 * file and filter.  The orphan must be stale: the hook has missed its release,
 * and the kernel has used the memory again.  Close it and discover the new
 * listener.
 */
static void replace_stale(struct file *file)
{
	shup_listener_close(file);
	retried(shup_adopt_file(file, GFP_ATOMIC));
}

/* Return: whether a filter is in the caller's chain. */
static bool is_own_filter(const void *wanted)
{
	const void *filter;
	unsigned int left;

	shup_for_each_filter(filter, shup_task_filter(current), left)
		if (filter == wanted)
			return true;
	return false;
}

/*
 * Called by iterate_fd() under the lock of the fd table, which keeps the file
 * open.  A reference to the file would make a close() by another thread not the
 * last one.
 * Return: nonzero, which ends iterate_fd().
 */
static int listener_made(const void *made, struct file *file, unsigned int fd)
{
	/* Another thread may have closed the fd, and another file may have it. */
	if (fd != *(const unsigned int *)made || !shup_is_listener(file))
		return 1;
	if (shup_layout_check(file->private_data)) {
		shup_state_disarm();
		return 1;
	}
	if (!is_own_filter(file->private_data))
		return 1;
	if (file->private_data == shup_task_filter(current))
		shup_witness_see_new(file->private_data);
	/* The pass that is kicked begins the audits, if it is the first listener. */
	if (retried(shup_listener_discover(file, GFP_ATOMIC)))
		shup_worker_kick();
	else if (is_marked_orphan(file))
		replace_stale(file);
	return 1;
}

static void attach_left(const struct shup_call *call, long returned)
{
	bool made = call->word & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	bool tsync = call->word & SECCOMP_FILTER_FLAG_TSYNC;

	adopt_missed();
	/* Positive, and no listener: the id of a thread for which TSYNC failed. */
	if (returned < 0 || (returned && !made))
		return;
	if (shup_fault_drop())
		return;
	shup_fault_delay(SHUP_POINT_ATTACH);
	if (made) {
		unsigned int fd = returned;

		iterate_fd(current->files, fd, listener_made, &fd);
	}
	if (!shup_listener_any() || !shup_layout_known())
		return;
	if (caller_attached(made, tsync) && tsync)
		shup_worker_request(SHUP_REQUEST_CENSUS);
}

typedef __poll_t notify_poll_fn(struct file *file,
				struct poll_table_struct *table);

/*
 * The module is being unloaded, and has interrupted a poll that waited for
 * notify_lock.  The kernel's poll then reports EPOLLERR, which would be false.
 * So this poll reports nothing, and the waiters are woken to poll again, without
 * the wrapper.
 */
static __poll_t poll_again(const struct file *file)
{
	shup_notify_again(file);
	return 0;
}

static __poll_t poll_wrapper(struct file *file,
			     struct poll_table_struct *table)
{
	notify_poll_fn *original;
	struct shup_wrapped call;
	__poll_t mask;

	shup_wrapper_enter(&call);
	original = (notify_poll_fn *)hooks[HOOK_POLL].original;
	mask = original(file, table);
	shup_fault_delay(SHUP_POINT_POLL);
	/*
	 * After the original, which has put the caller on the wait queue: a
	 * notification either finds the caller there, or has set the mark
	 * before.  Pairs with the queue's lock in shup_notify().
	 */
	if (is_orphan_now(file, GFP_KERNEL) || shup_orphan_decide_now(file))
		mask |= EPOLLHUP;
	else if (mask == EPOLLERR && shup_wrapper_interrupted(&call))
		mask = poll_again(file);
	shup_wrapper_leave(&call);
	return mask;
}

static struct shup_hook hooks[HOOK_COUNT] = {
	[HOOK_RELEASE] = {
		.symbol = "seccomp_notify_release",
		.kind = SHUP_OBSERVE,
		.purpose = "so closed listeners would not be noticed",
		.observe = release_observed,
	},
	[HOOK_POLL] = {
		.symbol = "seccomp_notify_poll",
		.kind = SHUP_REDIRECT,
		.purpose = "so no poll could report EPOLLHUP",
		.wrapper = poll_wrapper,
	},
	[HOOK_IOCTL] = {
		.symbol = "seccomp_notify_ioctl",
		.kind = SHUP_OBSERVE,
		.purpose = "so RECV could not be made to return",
		.observe = ioctl_observed,
	},
	[HOOK_ATTACH] = {
		.symbol = "do_seccomp",
		.kind = SHUP_RETURN,
		.purpose = "so new listeners would not be noticed",
		.enter = attach_entered,
		.leave = attach_left,
	},
	[HOOK_FORK] = {
		.symbol = "wake_up_new_task",
		.kind = SHUP_OBSERVE,
		.purpose = "so new tasks would not be noticed",
		.observe = fork_observed,
	},
	[HOOK_EXIT] = {
		.symbol = "do_exit",
		.kind = SHUP_OBSERVE,
		.purpose = "so exits would not be noticed",
		.observe = exit_observed,
	},
	[HOOK_CUT] = {
		/* .symbol by level: see shup_events_on() */
		.kind = SHUP_OBSERVE,
		.purpose = "so freed tasks would not be noticed",
		.observe = cut_observed,
	},
};

/* The hooks were off for a while: listeners may have been made meanwhile. */
static void find_missed(void)
{
	shup_worker_request(SHUP_REQUEST_ADOPTION);
}

/**
 * shup_events_on() - begin to see what happens
 * @level: which kernel this is
 *
 * Context: may sleep; at load.
 * Return: 0; or an error, with a message in the log and nothing left placed.
 */
int shup_events_on(enum shup_level level)
{
	int ret;

	hooks[HOOK_CUT].symbol = level == SHUP_LEVEL_NEVER ?
		"put_seccomp_filter" : "seccomp_filter_release";

	ret = shup_proof_begin(find_missed);
	if (ret)
		return ret;
	ret = shup_hooks_place(hooks, ARRAY_SIZE(hooks));
	if (ret)
		goto err_proof;
	ret = shup_proof_repeat();
	if (ret)
		goto err_hooks;
	shup_hooks_trust();
	shup_hush_init(level == SHUP_LEVEL_AT_REAP && !shup_proof_watches());
	/* Until now no listener could be told from another file. */
	shup_listener_init(hooks[HOOK_POLL].original,
			   hooks[HOOK_RELEASE].original);
	return 0;

err_hooks:
	shup_hooks_take_away(hooks, ARRAY_SIZE(hooks));
err_proof:
	shup_proof_end();
	return ret;
}

/**
 * shup_events_off() - see nothing any more
 *
 * When it returns, no handler runs or will run again.
 *
 * Context: may sleep.
 */
void shup_events_off(void)
{
	shup_hooks_remove(hooks, ARRAY_SIZE(hooks));
	shup_proof_end();
}

/**
 * shup_events_for_each() - visit each hook
 * @visit: called for each, in the order of placing
 * @arg: given to it
 *
 * Context: any.
 */
void shup_events_for_each(shup_hook_visit *visit, void *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		visit(&hooks[i], arg);
}
