// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ending SECCOMP_IOCTL_NOTIF_RECV on an orphan, whether it is blocked already
 * or called later.
 *
 * RECV waits until a request is posted, looks for a notification, and returns
 * ENOENT if there is none.  An orphan has none and will get none, so a request
 * posted for a call ends it: one for each call that comes after the orphan
 * mark, by the hook on seccomp_notify_ioctl(), and as many as there can be for
 * the calls that came before.  Upstream ends them in recv_wait_event(), since
 * 6.11.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/semaphore.h>
#include <linux/threads.h>

#include "compat.h"
#include "layout.h"
#include "recv.h"

/*
 * struct notification, private to kernel/seccomp.c, in its two forms.  6.6
 * brought the second; vendors may have taken it into kernels of any version,
 * so the object itself says which it is.
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

/* The counter form is the shorter one, so it is asked about first. */
static_assert(sizeof(struct counter_form) < sizeof(struct semaphore_form));

/* Requests posted between two looks at the scheduler. */
#define STRIDE 1024UL

/* An orphan's notifications are; no other word looks like an empty list. */
static bool is_empty_list(const struct list_head *list)
{
	struct list_head copy;

	return !copy_from_kernel_nofault(&copy, list, sizeof(copy)) &&
	       copy.next == list && copy.prev == list;
}

static void post(struct file *file, unsigned long count)
{
	void *notif = shup_layout_notif(file->private_data);
	struct semaphore_form *by_semaphore = notif;
	struct counter_form *by_counter = notif;

	if (is_empty_list(&by_counter->notifications)) {
		atomic_add(count, &by_counter->requests);
		return;
	}
	if (!is_empty_list(&by_semaphore->notifications)) {
		pr_warn_once("RECV on a listener without tasks can block: struct notification of this kernel is not known; report this kernel's version\n");
		return;
	}
	while (count--)
		up(&by_semaphore->requests);
}

/**
 * shup_recv_end_one() - let the RECV that is being entered return ENOENT
 * @file: an orphan's file, kept open by the call
 *
 * Context: any without a runqueue's lock; from the hook on
 * seccomp_notify_ioctl().
 */
void shup_recv_end_one(struct file *file)
{
	post(file, 1);
}

/**
 * shup_recv_end_all() - let each RECV under way return ENOENT
 * @file: an orphan's file, pinned; SHUP_ORPHAN is set
 *
 * The caller wakes the listener's queue after this: from 6.6 on RECV waits
 * there, too.
 *
 * Context: process context; the worker only.
 */
void shup_recv_end_all(struct file *file)
{
	unsigned long left, step;

	/*
	 * A call that has missed SHUP_ORPHAN holds a reference to the file, or
	 * is the one user of the fd table that holds it: there are no more
	 * calls than references.  The mark first, then the count.
	 */
	smp_mb__after_atomic();
	left = min_t(unsigned long, file_count(file), PID_MAX_LIMIT);
	while (left) {
		step = min(left, STRIDE);
		post(file, step);
		left -= step;
		cond_resched();
	}
}
