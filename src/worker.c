// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: when its jobs run.  What they do is given to it as functions.
 *
 * Passes and adoptions are work items of their own: an adoption looks at every
 * fd of the machine and takes many times as long as a pass, and no HUP may wait
 * for it.
 *
 * Jobs are paced.  Any user who may install a filter can make candidates as
 * fast as that user can fork, and must not buy a scan of the machine with each.
 *
 * The exit hook may run with any lock of the kernel held, so it takes none.  It
 * queues an irq_work of its processor, which runs in a hard interrupt of its
 * own, before the exiting task goes on.  There candidates are decided that can
 * be decided at once.  For what is left the irq_work queues a pass.
 *
 * A pass that must rest still retries first what needs no scan: nobody's HUP
 * waits for the rest that another's scan has cost.
 */
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "state.h"
#include "worker.h"

/* A run of t is followed by 24 t of rest: 4 % of a processor, 5 % with the overhead. */
#define REST 24

/* The longest rest.  A run that seems longer was held up, by real-time tasks or by a host. */
#define PASS_REST_MAX_NS NSEC_PER_SEC
#define ADOPTION_REST_MAX_NS (600 * NSEC_PER_SEC)

/* Runs too short for a timer tick may follow each other for this long. */
#define BURST_NS (4 * NSEC_PER_MSEC)

/* Delay before a failed pass or adoption is retried. */
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

static void pass_work(struct work_struct *work);
static void adoption_work(struct work_struct *work);
static void kick_irq(struct irq_work *work);

/* Written at load and unload only. */
static struct workqueue_struct *queue;
static const struct shup_jobs *jobs;

static DECLARE_DELAYED_WORK(pass_dwork, pass_work);
static DECLARE_DELAYED_WORK(adoption_dwork, adoption_work);
/* Made by shup_worker_init(): a module's per-CPU data cannot name a function. */
static DEFINE_PER_CPU(struct irq_work, kick_work);

/* Whether a pass is requested, and not only a decision; atomic. */
static atomic_t pass_wanted;

/* Whether the queue exists; written under the lock of the module's parameters. */
static bool running;

/* The requests, a bit each; atomic. */
static unsigned long requests;

/* pass_work() only. */
static struct shup_pace pass_pace = { .rest_max_ns = PASS_REST_MAX_NS };

/* adoption_work() only. */
static struct shup_pace adoption_pace = { .rest_max_ns = ADOPTION_REST_MAX_NS };

/* The begin of the last audit; pass_work() only. */
static u64 audited_ns;

/**
 * shup_pace_rest() - how long a job must rest before its next run
 * @pace: the job's
 * @now_ns: the time, by ktime_get_ns()
 *
 * Context: any.
 * Return: nanoseconds; 0: it may run now.
 */
u64 shup_pace_rest(const struct shup_pace *pace, u64 now_ns)
{
	u64 until = READ_ONCE(pace->paid_until_ns);

	return until <= now_ns + BURST_NS ? 0 : until - now_ns;
}

/**
 * shup_pace_pay() - charge a job for a run
 * @pace: the job's
 * @started_ns: when the run began, by ktime_get_ns()
 * @now_ns: when it ended
 *
 * Context: the job's own work.
 */
void shup_pace_pay(struct shup_pace *pace, u64 started_ns, u64 now_ns)
{
	u64 until = max(pace->paid_until_ns, started_ns) +
		    (now_ns - started_ns) * (1 + REST);

	WRITE_ONCE(pace->paid_until_ns,
		   min_t(u64, until, now_ns + pace->rest_max_ns));
}

static unsigned long rest_jiffies(const struct shup_pace *pace)
{
	return nsecs_to_jiffies(shup_pace_rest(pace, ktime_get_ns()));
}

/* In a hard interrupt; see the head of this file. */
static void kick_irq(struct irq_work *work)
{
	bool left;

	if (!READ_ONCE(running))
		return;
	left = jobs->decide();
	if (atomic_xchg(&pass_wanted, 0) || left)
		mod_delayed_work(queue, &pass_dwork, 0);
}

/**
 * shup_worker_decide() - have candidates of this processor decided soon
 *
 * Context: preemption off; even an oops in do_exit(); takes no lock.
 */
void shup_worker_decide(void)
{
	if (READ_ONCE(running))
		irq_work_queue(this_cpu_ptr(&kick_work));
}

/**
 * shup_worker_kick() - have a pass run soon
 *
 * Context: any; takes no lock.
 */
void shup_worker_kick(void)
{
	atomic_set(&pass_wanted, 1);
	/*
	 * The request, then the irq_work.  Pairs with the exchange in
	 * kick_irq(): if the irq_work is pending already, its run sees this.
	 */
	smp_mb__after_atomic();
	preempt_disable();
	shup_worker_decide();
	preempt_enable();
}

/**
 * shup_worker_request() - have the next pass do more than decide, soon
 * @request: what
 *
 * Context: any; takes no lock.
 */
void shup_worker_request(enum shup_request request)
{
	set_bit(request, &requests);
	shup_worker_kick();
}

/**
 * shup_worker_take() - take a request over
 * @request: which
 *
 * The caller's work covers every request that was made before this call.  The
 * bit pairs with shup_worker_request(), which kicks after it has set the bit: a
 * request that comes too late for this call gets a pass of its own.
 *
 * Context: any.
 * Return: whether it was requested since it was last taken.
 */
bool shup_worker_take(enum shup_request request)
{
	return test_and_clear_bit(request, &requests);
}

/**
 * shup_worker_postpone() - leave a request to the pass after this one
 * @request: which
 *
 * Kicks nobody, so that what fails always is not tried without a pause.
 *
 * Context: any.
 */
void shup_worker_postpone(enum shup_request request)
{
	set_bit(request, &requests);
}

static void adopt_in(unsigned long delay)
{
	queue_delayed_work(queue, &adoption_dwork, delay);
}

/**
 * shup_worker_adopt() - start an adoption
 *
 * One that is requested while an adoption runs is run after it.
 *
 * Context: process context; from a pass only.
 */
void shup_worker_adopt(void)
{
	adopt_in(0);
}

/**
 * shup_worker_audit_due() - whether an audit is due; if so, it begins now
 *
 * Context: from a pass only.
 * Return: true at most once in audit_ms.
 */
bool shup_worker_audit_due(void)
{
	unsigned int period = READ_ONCE(audit_ms);
	u64 now = ktime_get_ns();

	if (!period || now - audited_ns < (u64)period * NSEC_PER_MSEC)
		return false;
	audited_ns = now;
	return true;
}

static void pass_again(enum shup_next next)
{
	unsigned int delay = READ_ONCE(audit_ms);

	if (next == SHUP_NEXT_REQUEST || !READ_ONCE(running))
		return;
	if (next == SHUP_NEXT_RETRY)
		delay = RETRY_MS;
	if (delay)
		queue_delayed_work(queue, &pass_dwork, msecs_to_jiffies(delay));
}

static void pass_work(struct work_struct *work)
{
	unsigned long rest = rest_jiffies(&pass_pace);
	u64 started = ktime_get_ns();
	enum shup_next next;

	jobs->retry();
	if (rest) {
		queue_delayed_work(queue, &pass_dwork, rest);
		return;
	}

	if (shup_worker_take(SHUP_REQUEST_ADOPTION))
		adopt_in(0);
	next = jobs->pass();
	shup_pace_pay(&pass_pace, started, ktime_get_ns());
	pass_again(next);
}

static void adoption_work(struct work_struct *work)
{
	unsigned long rest = rest_jiffies(&adoption_pace);
	u64 started = ktime_get_ns();
	enum shup_next next;

	if (rest) {
		adopt_in(rest);
		return;
	}

	next = jobs->adopt();
	shup_pace_pay(&adoption_pace, started, ktime_get_ns());
	if (next == SHUP_NEXT_RETRY)
		adopt_in(msecs_to_jiffies(RETRY_MS));
}

/* Called by the kernel, under the lock of the module's parameters. */
static int audit_ms_set(const char *value, const struct kernel_param *param)
{
	int ret = param_set_uint(value, param);

	/* The next pass schedules itself by the new period. */
	if (!ret && running)
		shup_worker_kick();
	return ret;
}

static void set_running(bool now)
{
	kernel_param_lock(THIS_MODULE);
	WRITE_ONCE(running, now);
	kernel_param_unlock(THIS_MODULE);
}

/**
 * shup_worker_init() - make the worker
 * @given: its jobs; must stay
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int shup_worker_init(const struct shup_jobs *given)
{
	int cpu;

	queue = alloc_workqueue("seccomp_hup", WQ_UNBOUND, 2);
	if (!queue)
		return -ENOMEM;
	jobs = given;
	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&kick_work, cpu), kick_irq);
	set_running(true);
	return 0;
}

static void wait_for_kicks(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&kick_work, cpu));
}

/**
 * shup_worker_exit() - end the worker
 *
 * Context: may sleep; no hook may run any more.
 */
void shup_worker_exit(void)
{
	set_running(false);
	wait_for_kicks();
	cancel_delayed_work_sync(&pass_dwork);
	/* From now on nobody but adoption_work() queues an adoption. */
	cancel_delayed_work_sync(&adoption_dwork);
	/*
	 * The last pass, and RCU callbacks that it queued (listener.c), may
	 * still kick.  Wait for both: kick_irq() then finds no worker.
	 */
	rcu_barrier();
	wait_for_kicks();
	destroy_workqueue(queue);
}
