// SPDX-License-Identifier: GPL-2.0-only
/*
 * The orphan decision and the waking: one worker, and the only place that
 * speaks.
 *
 * A listener whose count reaches zero becomes a candidate.  A pass takes all
 * candidates there are, and scans the machine once for a live task under each.
 * A candidate under which a complete pass found nobody, and whose count is
 * still zero, is an orphan for ever: its waiters are woken, and its polls
 * report EPOLLHUP.  Upstream does so in __seccomp_filter_orphan().
 *
 * A census puts right what missed events have done to the counts.  It need not
 * be exact, as no count is believed, so it may look at tasks one by one.
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
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "adopt.h"
#include "compat.h"
#include "hush.h"
#include "layout.h"
#include "orphan.h"
#include "recv.h"
#include "scan.h"
#include "fault.h"
#include "state.h"
#include "stats.h"
#include "status.h"
#include "table.h"
#include "trace.h"

/*
 * A run of t is followed by this many t without one: 4 % of one CPU, and 5 %
 * with what it takes to start it.
 */
#define REST 24

/*
 * But never so long without one.  What looks like a long run has been held
 * up, by real-time tasks or by the host of a virtual machine.
 */
#define REST_MAX_NS NSEC_PER_SEC

/* Nor so long without an adoption, each of which rests as passes do. */
#define ADOPTION_REST_MAX_NS (600 * NSEC_PER_SEC)

/* Runs too short for a timer tick may follow each other for so long. */
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
		 "milliseconds between audits, which repair what missed events left, while there are listeners; 0: none (default: 10000)");

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
/* The counts are not to be relied on: for the worker, which takes a census. */
static bool must_census;

/* Worker only. */
static struct shup_marks marks;

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

static void pay(u64 *paid_ns, u64 started, u64 rest_max_ns)
{
	u64 now = ktime_get_ns();
	u64 until = max(*paid_ns, started) + (now - started) * (1 + REST);

	WRITE_ONCE(*paid_ns, min_t(u64, until, now + rest_max_ns));
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
 * shup_orphan_census() - have all live tasks counted soon
 *
 * For tasks that got under a listener without an event for each.
 *
 * Context: any; takes no lock.
 */
void shup_orphan_census(void)
{
	WRITE_ONCE(must_census, true);
	shup_orphan_kick();
}

/**
 * struct pass - one run of the worker
 * @number: from shup_table_pass()
 * @complete: its candidates were looked for under every live task
 * @retry: something is left to do
 * @told: listeners were found unused
 * @candidates: how many the scan under way is to decide on
 * @joined: live tasks that were no members
 * @swept: live memberships that were of no live task
 */
struct pass {
	u32 number;
	bool complete;
	bool retry;
	bool told;
	unsigned int candidates;
	unsigned int joined;
	unsigned int swept;
};

static enum shup_verdict count_task(struct task_struct *task,
				    struct shup_listener *listener,
				    struct pass *pass)
{
	enum shup_found found;

	found = shup_table_found(task, listener, pass->number);
	if (found == SHUP_DEPARTED)
		return SHUP_UNSETTLED;
	listener->seen = pass->number;
	if (found == SHUP_JOINED)
		pass->joined++;
	/* Its count may stay zero with a live task under it: ask again. */
	if (found == SHUP_NO_MEMORY) {
		set_bit(SHUP_CANDIDATE, &listener->flags);
		pass->retry = true;
	}
	return SHUP_SETTLED;
}

static int scan_exactly(shup_visit *visit, void *arg)
{
	return shup_scan(visit, arg, &marks);
}

/* One live task is enough to keep a candidate, and nobody else is looked for. */
static enum shup_verdict visit_for_candidates(struct task_struct *task,
					      const void *filter, void *arg)
{
	struct shup_listener *listener = shup_listener_of_filter(filter);
	struct pass *pass = arg;

	if (!listener || listener->asked != pass->number ||
	    listener->seen == pass->number)
		return SHUP_SETTLED;
	return count_task(task, listener, pass);
}

static enum shup_verdict visit_for_census(struct task_struct *task,
					  const void *filter, void *arg)
{
	struct shup_listener *listener = shup_listener_of_filter(filter);

	return listener ? count_task(task, listener, arg) : SHUP_SETTLED;
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
	/*
	 * The kernel's poll names the queue first, and then takes a mutex that
	 * whoever has the fd can hold for as long as it is kept from running.
	 * As if for a signal, that is not waited for.
	 */
	set_thread_flag(TIF_SIGPENDING);
	vfs_poll(file, &finder.table);
	clear_thread_flag(TIF_SIGPENDING);
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
	shup_fault_delay(SHUP_POINT_MARKED);

	file = shup_listener_pin(listener);
	if (!file)
		return;
	shup_fault_delay(SHUP_POINT_PINNED);
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
		cond_resched();
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
		WRITE_ONCE(must_census, true);
		return;
	}
	speak(listener);
	pass->told = true;
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
	if (ret && shup_state_get() != SHUP_REFUSED)
		adopt_in(msecs_to_jiffies(RETRY_MS));
}

static int scan(struct pass *pass, int (*scan_all)(shup_visit *, void *),
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
	pass->complete = !scan(pass, scan_exactly, visit_for_candidates);
	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		decide(listener, pass);
	}
	if (pass->told)
		shup_status_told();
}

/*
 * Make each live task under a listener a member, and drop the memberships of
 * others.  A live task that the scan does not come by loses its membership,
 * and its listener may become a candidate: the next pass finds the task.
 */
static void take_census(struct pass *pass)
{
	struct shup_listener *listener;

	pass->candidates = 0;
	if (scan(pass, shup_scan_filters, visit_for_census)) {
		WRITE_ONCE(must_census, true);
		pass->retry = true;
		return;
	}
	pass->swept = shup_table_sweep(pass->number);
	/* One that never had a member has had no last one. */
	list_for_each_entry_lockless(listener, &shup_listeners, all) {
		cond_resched();
		if (!atomic_read(&listener->live) &&
		    !shup_listener_test(listener, SHUP_ORPHAN))
			shup_orphan_ask(listener);
	}
}

/* Return: whether a census is due, with adoption, that no event called for. */
static bool audit_begins(void)
{
	unsigned int period = READ_ONCE(audit_ms);
	u64 now = ktime_get_ns();

	if (!period || now - audited_ns < (u64)period * NSEC_PER_MSEC)
		return false;
	audited_ns = now;
	adopt_in(0);
	return true;
}

/* Return: whether something is left to do. */
static bool run_pass(void)
{
	struct pass pass = { .number = shup_table_pass() };
	bool audit;

	/* Before the first, it may not even be known how to read a chain. */
	if (list_empty(&shup_listeners))
		return false;

	decide_all(&pass);
	audit = audit_begins();
	/* All that called for one before this moment is counted by it. */
	if (xchg(&must_census, false) || audit)
		take_census(&pass);
	if (pass.joined || pass.swept) {
		shup_stat_add(repairs, pass.joined + pass.swept);
		trace_repair(pass.number, pass.joined, pass.swept);
	}
	return pass.retry;
}

static void run_again(bool retry)
{
	unsigned int delay = READ_ONCE(audit_ms);

	if (!READ_ONCE(running) || shup_state_get() == SHUP_REFUSED)
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
	u64 started = ktime_get_ns();
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
	/* All of it: who keeps many listeners open makes walks of them long. */
	pay(&pass_paid_ns, started, REST_MAX_NS);
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
 * shup_orphan_recount() - count the tasks under a listener that has just got known
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
	shup_orphan_census();
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
