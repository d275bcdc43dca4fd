// SPDX-License-Identifier: GPL-2.0-only
/*
 * The orphan decision and the waking: one worker, and the only place that
 * speaks.
 *
 * A listener whose count reaches zero becomes a candidate.  A pass takes all
 * candidates there are, scans the machine once for live tasks under any
 * listener, and makes those members that were missing.  A candidate under
 * which a complete pass found nobody, and whose count is still zero, is an
 * orphan for ever: its waiters are woken, and its polls report EPOLLHUP.
 * Upstream does so in __seccomp_filter_orphan().
 *
 * Passes are paced: whoever may install a filter may make candidates as fast
 * as it can fork, and must not buy a scan of the machine with each.
 *
 * Adoption is work of its own, as a look at every fd of the machine takes
 * many times as long as a pass, and nobody's HUP is to wait for it.
 */
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "adopt.h"
#include "compat.h"
#include "hush.h"
#include "layout.h"
#include "orphan.h"
#include "recv.h"
#include "scan.h"
#include "seccomp_hup.h"
#include "selfcheck.h"
#include "stats.h"
#include "status.h"
#include "table.h"
#include "trace.h"

/* A pass of t is followed by this many t without one: 5 % of one CPU. */
#define REST 19

/*
 * But never so long without one.  What looks like a long pass has been held
 * up, by real-time tasks or by the host of a virtual machine.
 */
#define REST_MAX_NS NSEC_PER_SEC

/* Nor so long without an adoption, each of which rests as passes do. */
#define ADOPTION_REST_MAX_NS (600 * NSEC_PER_SEC)

/* Passes too short for a timer tick may follow each other for so long. */
#define BURST_NS (4 * NSEC_PER_MSEC)

/* How soon that is looked at again on which a pass, or an adoption, failed. */
#define RETRY_MS 100

static unsigned int audit_ms = 10000;
static int audit_ms_set(const char *value, const struct kernel_param *param);
static const struct kernel_param_ops audit_ms_ops = {
	.set = audit_ms_set,
	.get = param_get_uint,
};
module_param_cb(audit_ms, &audit_ms_ops, &audit_ms, 0644);
MODULE_PARM_DESC(audit_ms,
		 "milliseconds between passes that repair what missed events left, while there are listeners; 0: none (default: 10000)");

static void orphan_work(struct work_struct *work);
static void adoption_work(struct work_struct *work);
static void orphan_irq(struct irq_work *work);

static struct workqueue_struct *queue;
static DECLARE_DELAYED_WORK(orphan_dwork, orphan_work);
static DECLARE_DELAYED_WORK(adoption_dwork, adoption_work);
static DEFINE_IRQ_WORK(kick_work, orphan_irq);

/* Whether there is a worker; written under the lock of the module's parameters. */
static bool running;

/* Worker only, but for looks from orphan_irq(). */
static u64 pass_paid_ns;
static u64 audited_ns;
static bool must_sweep;

/* Adoption only. */
static u64 adoption_paid_ns;

/* Listeners may have gone unseen: for the worker, which has them adopted. */
static bool must_adopt;

/* Return: in how many jiffies that may begin again which is paid off then. */
static unsigned long pace(const u64 *paid_ns)
{
	u64 now = ktime_get_ns();
	u64 until = READ_ONCE(*paid_ns);

	if (until <= now + BURST_NS)
		return 0;
	return nsecs_to_jiffies(until - now);
}

/* Return: how long it took, in nanoseconds. */
static u64 pay(u64 *paid_ns, u64 started, u64 rest_max_ns)
{
	u64 now = ktime_get_ns();
	u64 spent = now - started;
	u64 until = max(*paid_ns, started) + spent * (1 + REST);

	WRITE_ONCE(*paid_ns, min_t(u64, until, now + rest_max_ns));
	return spent;
}

/*
 * In a hard interrupt of its own, so that the exit hook, which may run with
 * any lock of the kernel held, takes none of the workqueue's.
 */
static void orphan_irq(struct irq_work *work)
{
	if (READ_ONCE(running))
		mod_delayed_work(queue, &orphan_dwork, pace(&pass_paid_ns));
}

/**
 * shup_orphan_kick() - have the worker run soon
 *
 * Context: any; takes no lock.
 */
void shup_orphan_kick(void)
{
	irq_work_queue(&kick_work);
}

/**
 * shup_orphan_ask() - have the next pass look for tasks under a listener
 * @listener: one whose count is zero, or not to be relied on
 *
 * Context: any that keeps @listener; takes no lock.
 */
void shup_orphan_ask(struct shup_listener *listener)
{
	set_bit(SHUP_CANDIDATE, &listener->flags);
	shup_orphan_kick();
}

/**
 * struct pass - one look at all tasks
 * @number: from shup_table_pass()
 * @complete: every live task was visited, and its whole chain seen
 * @retry: something is left to decide
 * @told: listeners were found unused
 * @candidates: how many it was to decide on
 * @joined: live tasks that were no members
 */
struct pass {
	u32 number;
	bool complete;
	bool retry;
	bool told;
	unsigned int candidates;
	unsigned int joined;
};

static void count_task(struct task_struct *task,
		       struct shup_listener *listener, struct pass *pass)
{
	enum shup_census census;

	census = shup_table_census(task, listener, pass->number);
	if (census == SHUP_DEPARTED)
		return;
	listener->seen = pass->number;
	if (census == SHUP_JOINED)
		pass->joined++;
	/* Its count may stay zero with a live task under it: ask again. */
	if (census == SHUP_NO_MEMORY) {
		set_bit(SHUP_CANDIDATE, &listener->flags);
		pass->retry = true;
	}
}

static bool visit_task(struct task_struct *task, void *arg)
{
	struct shup_listener *listener;
	struct pass *pass = arg;
	const void *filter;
	unsigned int left;

	shup_for_each_filter(filter, shup_task_filter(task), left) {
		listener = shup_listener_of_filter(filter);
		if (listener)
			count_task(task, listener, pass);
	}
	/* A chain too long to be true: nothing may be decided by it. */
	if (WARN_ON_ONCE(!left))
		pass->complete = false;
	return true;
}

/* Callback and table in one, to get hold of a listener's wait queue. */
struct queue_finder {
	struct poll_table_struct table;
	wait_queue_head_t *head;
};

static void queue_found(struct file *file, wait_queue_head_t *head,
			struct poll_table_struct *table)
{
	container_of(table, struct queue_finder, table)->head = head;
}

/*
 * No layout is needed for the wait queue: the kernel's own poll names it.  The
 * pinned file keeps it.
 */
static wait_queue_head_t *queue_of(struct file *file)
{
	struct queue_finder finder = { };

	init_poll_funcptr(&finder.table, queue_found);
	vfs_poll(file, &finder.table);
	return finder.head;
}

static void wake(struct shup_listener *listener, struct file *file)
{
	wait_queue_head_t *queue = queue_of(file);

	if (WARN_ON_ONCE(!queue))
		return;
	shup_hush_begin(listener, queue);
	/*
	 * All of them, exclusive waiters too: there is no second event.  And
	 * without saying which event it is, so that all look for themselves:
	 * RECV waits here from 6.6 on, and up to 6.10 does not heed EPOLLHUP.
	 */
	__wake_up(queue, TASK_NORMAL, 0, NULL);
}

static void speak(struct shup_listener *listener)
{
	struct file *file;

	/*
	 * The mark first: a poll that has not seen it is on the queue by then
	 * (shup_orphan_test()), or takes the queue's lock after the waking.
	 */
	WRITE_ONCE(listener->unused_ns, ktime_get_ns());
	set_bit(SHUP_ORPHAN, &listener->flags);
	shup_stat_inc(hups);
	trace_listener_unused(listener->id);
	shup_selfcheck_delay(SHUP_POINT_MARKED);

	file = shup_listener_pin(listener);
	if (!file)
		return;
	shup_selfcheck_delay(SHUP_POINT_PINNED);
	shup_recv_end_all(file);
	wake(listener, file);
	fput(file);
}

/* Return: how many candidates the pass is to decide on. */
static unsigned int take_candidates(u32 number)
{
	struct shup_listener *listener;
	unsigned int count = 0;

	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		if (!test_and_clear_bit(SHUP_CANDIDATE, &listener->flags) ||
		    shup_listener_test(listener, SHUP_CLOSED) ||
		    shup_listener_test(listener, SHUP_ORPHAN))
			continue;
		listener->asked = number;
		count++;
	}
	return count;
}

static void decide(struct shup_listener *listener, struct pass *pass)
{
	if (listener->asked != pass->number ||
	    shup_listener_test(listener, SHUP_CLOSED))
		return;
	if (!pass->complete) {
		set_bit(SHUP_CANDIDATE, &listener->flags);
		pass->retry = true;
		return;
	}
	if (listener->seen == pass->number)
		return;
	/* Two witnesses, or silence: memberships are left of tasks long gone. */
	if (atomic_read(&listener->live)) {
		must_sweep = true;
		pass->retry = true;
		return;
	}
	speak(listener);
	pass->told = true;
}

static unsigned int sweep(const struct pass *pass)
{
	audited_ns = ktime_get_ns();
	must_sweep = false;
	return shup_table_sweep(pass->number);
}

static void count_repairs(const struct pass *pass, unsigned int swept)
{
	if (!pass->joined && !swept)
		return;
	shup_stat_add(repairs, pass->joined + swept);
	trace_repair(pass->number, pass->joined, swept);
}

static void adopt_in(unsigned long delay)
{
	queue_delayed_work(queue, &adoption_dwork, delay);
}

/* Asked for while it runs, it runs once more. */
static void adoption_work(struct work_struct *work)
{
	unsigned long rest = pace(&adoption_paid_ns);
	u64 started = ktime_get_ns();
	int ret;

	if (rest) {
		adopt_in(rest);
		return;
	}

	ret = shup_adopt();
	pay(&adoption_paid_ns, started, ADOPTION_REST_MAX_NS);
	if (ret && shup_state() != SHUP_REFUSED)
		adopt_in(msecs_to_jiffies(RETRY_MS));
}

static bool audit_due(void)
{
	unsigned int period = READ_ONCE(audit_ms);

	return must_sweep || (period && ktime_get_ns() - audited_ns >=
					(u64)period * NSEC_PER_MSEC);
}

static void scan(struct pass *pass)
{
	u64 started = ktime_get_ns();
	u64 spent;

	if (shup_scan(visit_task, pass))
		pass->complete = false;
	shup_selfcheck_delay(SHUP_POINT_SCANNED);
	if (pass->complete)
		shup_stat_inc(scans);
	spent = pay(&pass_paid_ns, started, REST_MAX_NS);
	shup_scan_max_us = max_t(u64, shup_scan_max_us,
				 div_u64(spent, NSEC_PER_USEC));
	trace_pass(pass->number, pass->candidates, pass->complete, spent);
}

/* Return: whether something is left to decide. */
static bool run_pass(void)
{
	struct pass pass = { .number = shup_table_pass(), .complete = true };
	struct shup_listener *listener;
	bool audit = audit_due();
	unsigned int swept = 0;

	/* Before the first, it may not even be known how to read a chain. */
	if (list_empty(&shup_listeners))
		return false;
	if (audit)
		adopt_in(0);
	pass.candidates = take_candidates(pass.number);
	if (!pass.candidates && !audit)
		return false;

	scan(&pass);

	list_for_each_entry_lockless(listener, &shup_listeners, all)
		decide(listener, &pass);
	if (audit && pass.complete)
		swept = sweep(&pass);
	count_repairs(&pass, swept);
	if (pass.told)
		shup_status_told();
	return pass.retry;
}

static void run_again(bool retry)
{
	unsigned int delay = READ_ONCE(audit_ms);

	if (!READ_ONCE(running) || shup_state() == SHUP_REFUSED)
		return;
	if (list_empty(&shup_listeners))
		return;
	if (retry)
		delay = RETRY_MS;
	if (delay)
		queue_delayed_work(queue, &orphan_dwork,
				   msecs_to_jiffies(delay));
}

static void orphan_work(struct work_struct *work)
{
	unsigned long rest = pace(&pass_paid_ns);
	bool retry;

	if (rest) {
		queue_delayed_work(queue, &orphan_dwork, rest);
		return;
	}

	/* One that is closed meanwhile has this work run again. */
	if (shup_listener_reap() || READ_ONCE(must_adopt)) {
		WRITE_ONCE(must_adopt, false);
		adopt_in(0);
	}
	retry = run_pass();
	run_again(retry);
}

/**
 * shup_orphan_test() - whether a listener is known to be an orphan
 * @file: the listener's file, kept open by a call; one that is to poll is on
 *	its queue already
 * @gfp: how memory may be had
 *
 * Also how a listener gets known that was made unseen.
 *
 * Context: any, with @gfp to match; from the hooks on seccomp_notify_poll() and
 * seccomp_notify_ioctl().
 */
bool shup_orphan_test(struct file *file, gfp_t gfp)
{
	struct shup_listener *listener;
	bool orphan;

	rcu_read_lock();
	listener = shup_listener_of_file(file);
	orphan = listener && shup_listener_test(listener, SHUP_ORPHAN);
	if (orphan)
		shup_hush_again(listener);
	rcu_read_unlock();

	if (!listener && shup_is_listener(file) &&
	    shup_listener_adopt(file, gfp) > 0)
		shup_orphan_recount(file);
	return orphan;
}

/**
 * shup_orphan_recount() - have the next pass look for tasks under a listener
 * @file: its file, which the caller keeps open
 *
 * Context: any.
 */
void shup_orphan_recount(struct file *file)
{
	struct shup_listener *listener;

	rcu_read_lock();
	listener = shup_listener_of_file(file);
	if (listener)
		shup_orphan_ask(listener);
	rcu_read_unlock();
}

/**
 * shup_orphan_adopt() - have the worker look for listeners soon
 *
 * Context: any; takes no lock.
 */
void shup_orphan_adopt(void)
{
	WRITE_ONCE(must_adopt, true);
	shup_orphan_kick();
}

/* By the kernel, under the lock of the module's parameters. */
static int audit_ms_set(const char *value, const struct kernel_param *param)
{
	int ret = param_set_uint(value, param);

	/* The worker goes by the new period from now on. */
	if (!ret && running)
		shup_orphan_kick();
	return ret;
}

static void set_running(bool now)
{
	kernel_param_lock(THIS_MODULE);
	WRITE_ONCE(running, now);
	kernel_param_unlock(THIS_MODULE);
}

/**
 * shup_orphan_init() - make the worker, and that of adoption
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int shup_orphan_init(void)
{
	queue = alloc_workqueue("seccomp_hup", WQ_UNBOUND, 2);
	if (!queue)
		return -ENOMEM;
	set_running(true);
	return 0;
}

/**
 * shup_orphan_exit() - end the worker
 *
 * Context: may sleep; no hook may run any more.
 */
void shup_orphan_exit(void)
{
	set_running(false);
	irq_work_sync(&kick_work);
	cancel_delayed_work_sync(&orphan_dwork);
	/* Queued by nobody but itself from now on. */
	cancel_delayed_work_sync(&adoption_dwork);
	/* Its last run, and grace periods it has asked for, kick it in vain. */
	rcu_barrier();
	irq_work_sync(&kick_work);
	destroy_workqueue(queue);
}
