// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ending SECCOMP_IOCTL_NOTIF_RECV on an orphan.
 *
 * RECV waits until a request is posted.  Then it looks for a notification, and
 * returns ENOENT if there is none.  An orphan has no notification and will get
 * none, so a request that the module posts ends one RECV.
 *
 * For each RECV that comes after the orphan mark, the hook on
 * seccomp_notify_ioctl() posts one request.  For those that came before, the
 * notification posts as many as there can be.  A request too many is harmless:
 * it ends a later RECV, which must end, too.
 *
 * Upstream ends RECV in recv_wait_event(), since 6.11.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/semaphore.h>
#include <linux/threads.h>

#include "compat.h"
#include "layout.h"
#include "recv.h"
#include "state.h"

/*
 * struct notification, which is private to kernel/seccomp.c, in its two forms.
 * 6.6 brought the second.  Vendors may have taken it into kernels of any
 * version, so the form is found by looking at the object: is_empty_list().
 */
struct semaphore_form {
	struct semaphore requests;
	u64 next_id;
	struct list_head notifications;
};

struct counter_form {
	atomic_t requests;
	u32 flags;
	u64 next_id;
	struct list_head notifications;
};

/* The counter form is shorter, so a look for it reads within either. */
static_assert(sizeof(struct counter_form) < sizeof(struct semaphore_form));

/*
 * An orphan's notification list is empty, and only an empty list head points to
 * itself.  That tells the two forms apart.
 */
static bool is_empty_list(const struct list_head *list)
{
	struct list_head copy;

	return !copy_from_kernel_nofault(&copy, list, sizeof(copy)) &&
	       copy.next == list && copy.prev == list;
}

/* Tasks woken at a time, at the most: interrupts are off. */
#define WAKES 64UL

static unsigned long post_semaphore(struct semaphore *requests,
				    unsigned long count)
{
	unsigned long flags, left;
	bool idle;

	raw_spin_lock_irqsave(&requests->lock, flags);
	idle = list_empty(&requests->wait_list);
	if (idle)
		requests->count += count;
	raw_spin_unlock_irqrestore(&requests->lock, flags);
	if (idle)
		return count;

	count = min(count, WAKES);
	for (left = count; left; left--)
		up(requests);
	return count;
}

/**
 * shup_recv_waits_on_queue() - whether RECV waits on the listener's wait queue
 * @file: an orphan's file.  The caller keeps it open, or holds the listener's
 *	lock
 *
 * Context: any.
 * Return: whether this kernel's struct notification is the form of 6.6.
 */
bool shup_recv_waits_on_queue(const struct file *file)
{
	struct counter_form *by_counter = shup_layout_notif(file->private_data);

	return is_empty_list(&by_counter->notifications);
}

/* Return: how many of @count RECVs need no further request. */
static unsigned long post(struct file *file, unsigned long count)
{
	void *notif = shup_layout_notif(file->private_data);
	struct semaphore_form *by_semaphore = notif;
	struct counter_form *by_counter = notif;

	if (is_empty_list(&by_counter->notifications)) {
		atomic_add(count, &by_counter->requests);
		return count;
	}
	if (is_empty_list(&by_semaphore->notifications))
		return post_semaphore(&by_semaphore->requests, count);
	pr_warn_once("RECV on a listener without tasks can block: struct notification of this kernel is not known"
		     SHUP_REPORT "\n");
	return count;
}

/**
 * shup_recv_end_one() - let the RECV that is being entered return ENOENT
 * @file: an orphan's file, kept open by the call
 *
 * Context: any, but without a runqueue's lock, as it can wake a task; from the
 * hook on seccomp_notify_ioctl().
 */
void shup_recv_end_one(struct file *file)
{
	post(file, 1);
}

/**
 * shup_recv_calls() - how many RECVs can be under way on an orphan
 * @file: its file; SHUP_ORPHAN has been set, and the listener's lock is held
 *
 * A RECV that has not read the mark holds a reference to the file, or its task
 * is the only user of an fd table that holds one.  So there are no more such
 * RECVs than references.
 *
 * Context: any.
 * Return: a number that is not too small.
 */
unsigned long shup_recv_calls(const struct file *file)
{
	/*
	 * The mark, then the count of references.  Pairs with fdget(), which
	 * takes a reference before shup_notify_late() reads the mark: either the
	 * reference is counted, or the hook sees the mark and ends the call.
	 */
	smp_mb__after_atomic();
	return min_t(unsigned long, file_count(file), PID_MAX_LIMIT);
}

/**
 * shup_recv_end() - let RECVs under way return ENOENT
 * @file: an orphan's file; the listener's lock is held
 * @calls: how many
 *
 * The caller must repeat this until no call is left, and then wake the
 * listener's queue: from 6.6 on RECV waits on that queue.
 *
 * Context: any, but without a runqueue's lock, as it can wake tasks.
 * Return: how many of @calls have ended, or will when the queue is woken.
 */
unsigned long shup_recv_end(struct file *file, unsigned long calls)
{
	return calls ? post(file, calls) : 0;
}
