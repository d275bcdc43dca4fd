// SPDX-License-Identifier: GPL-2.0-only
/*
 * The orphan decision: real files, queues and worker, over tasks that are only
 * memory and a scan that finds those of them that a test names.
 */
#include <linux/anon_inodes.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/stringify.h>

#include "hooks.h"
#include "layout.h"
#include "listener.h"
#include "notify.h"
#include "objects.h"
#include "orphan.h"
#include "stats.h"
#include "table.h"
#include "worker.h"

/* A worker that takes longer hangs, however busy the machine is. */
#define PATIENCE_MS 120000

/* Silence for this long can pass by mistake, but never fail by mistake. */
#define SILENCE_MS 300

/* Between audits, in these tests; see set_audit_ms(). */
#define AUDIT_MS 1000

/**
 * struct box - a listener with all that belongs to it
 * @filter: its filter, in the first place so that the one names the other
 * @lock: what a poll of it takes, as the kernel's does
 * @queue: its wait queue, in the filter
 * @waiter: somebody who waits there
 * @woken: how often
 * @file: its file
 * @released: that file is closed
 */
struct box {
	u8 filter[FILTER_BYTES] __aligned(8);
	struct mutex lock;	/* by its owner */
	wait_queue_head_t *queue;
	wait_queue_entry_t waiter;
	atomic_t woken;
	struct file *file;
	struct completion released;
};

static __poll_t box_poll(struct file *file, struct poll_table_struct *table)
{
	struct box *box = file->private_data;

	poll_wait(file, box->queue, table);
	if (mutex_lock_interruptible(&box->lock))
		return EPOLLERR;
	mutex_unlock(&box->lock);
	return 0;
}

static int box_release(struct inode *inode, struct file *file)
{
	struct box *box = file->private_data;

	shup_listener_close(file);
	complete(&box->released);
	return 0;
}

static const struct file_operations box_operations = {
	.owner = THIS_MODULE,
	.poll = box_poll,
	.release = box_release,
};

static int count_waking(wait_queue_entry_t *entry, unsigned int mode, int flags,
			void *key)
{
	struct box *box = container_of(entry, struct box, waiter);

	atomic_inc(&box->woken);
	return 0;
}

static struct box *open_box(struct kunit *test, const void *prev)
{
	struct box *box = kunit_kzalloc(test, sizeof(*box), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, box);
	memcpy(box->filter, new_filter_with(test, EXPECTED, prev), FILTER_BYTES);
	mutex_init(&box->lock);
	init_queue(box->filter);
	box->queue = &((struct shup_filter *)box->filter)->wqh;
	init_waitqueue_func_entry(&box->waiter, count_waking);
	add_wait_queue(box->queue, &box->waiter);
	init_completion(&box->released);
	box->file = anon_inode_getfile("shup_test", &box_operations, box, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(box->file));
	KUNIT_ASSERT_EQ(test, shup_listener_discover(box->file, GFP_KERNEL), 1);
	return box;
}

static void close_box(struct box *box)
{
	fput(box->file);
	wait_for_completion(&box->released);
}

static struct shup_listener *listener_of(struct kunit *test, struct box *box)
{
	struct shup_listener *listener;

	rcu_read_lock();
	listener = shup_listener_of_file(box->file);
	rcu_read_unlock();
	KUNIT_ASSERT_NOT_NULL(test, listener);
	return listener;
}

static void let_scan_find(struct kunit *test, struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stub_scan.tasks); i++) {
		if (stub_scan.tasks[i])
			continue;
		WRITE_ONCE(stub_scan.tasks[i], task);
		return;
	}
	KUNIT_ASSERT_TRUE_MSG(test, false, "stub_scan has no more room");
}

static void let_scan_miss(const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stub_scan.tasks); i++)
		if (stub_scan.tasks[i] == task)
			WRITE_ONCE(stub_scan.tasks[i], NULL);
}

/* A live task under a filter, which no event has told of. */
static struct task_struct *live_task(struct kunit *test, const void *filter)
{
	struct task_struct *task = new_task(test);

	task->seccomp.filter = (void *)filter;
	let_scan_find(test, task);
	return task;
}

/* One of which an event has told. */
static struct task_struct *join(struct kunit *test, struct box *box)
{
	struct task_struct *task = live_task(test, box->filter);

	KUNIT_ASSERT_TRUE(test, shup_table_join(task, listener_of(test, box)));
	/* As when a listener is made: audits begin. */
	shup_worker_kick();
	return task;
}

static void die(struct task_struct *task)
{
	shup_table_leave(task);
	task->flags |= PF_EXITING;
	let_scan_miss(task);
	shup_table_cut(task);
}

static bool is_told(struct kunit *test, struct box *box)
{
	return shup_listener_test(listener_of(test, box), SHUP_ORPHAN);
}

static void expect_told(struct kunit *test, struct box *box)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(PATIENCE_MS);

	/* The waking comes after the mark. */
	while (!atomic_read(&box->woken) && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_EXPECT_TRUE(test, is_told(test, box));
	KUNIT_EXPECT_EQ(test, atomic_read(&box->woken), 1);
}

static void expect_silence(struct kunit *test, struct box *box)
{
	msleep(SILENCE_MS);
	KUNIT_EXPECT_FALSE(test, is_told(test, box));
	KUNIT_EXPECT_EQ(test, atomic_read(&box->woken), 0);
}

static void wait_for_scan(struct kunit *test, unsigned int after)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(PATIENCE_MS);

	while (READ_ONCE(stub_scan.scans) == after && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_ASSERT_GT(test, READ_ONCE(stub_scan.scans), after);
}

static void the_last_exit_is_told(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *first = join(test, box);
	struct task_struct *last = join(test, box);
	bool known = false;

	die(first);
	expect_silence(test, box);
	die(last);
	expect_told(test, box);
	KUNIT_EXPECT_TRUE(test, shup_notify_late(box->file, &known));
	KUNIT_EXPECT_TRUE(test, known);
	close_box(box);
}

/* The count says zero, and is wrong: a join was missed. */
static void a_live_task_that_was_missed_keeps_it(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *missed = live_task(test, box->filter);
	struct task_struct *known = join(test, box);

	die(known);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->live), 1);
	die(missed);
	expect_told(test, box);
	close_box(box);
}

/* By its own filter, or by one further down its chain. */
static void a_live_task_under_a_later_filter_keeps_it(struct kunit *test)
{
	struct box *older = open_box(test, NULL);
	struct box *newer = open_box(test, older->filter);
	struct task_struct *missed = live_task(test, newer->filter);
	struct task_struct *known = join(test, older);

	die(known);
	expect_silence(test, older);
	die(missed);
	expect_told(test, older);
	expect_told(test, newer);
	close_box(newer);
	close_box(older);
}

/* Past the hook on do_exit(), and not PF_EXITING yet: it may stay so for long. */
static void a_task_held_in_do_exit_does_not(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *held = join(test, box);

	shup_table_leave(held);
	expect_told(test, box);
	die(held);
	close_box(box);
}

static void an_incomplete_scan_decides_nothing(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *task = join(test, box);

	WRITE_ONCE(stub_scan.ret, -EAGAIN);
	die(task);
	expect_silence(test, box);
	WRITE_ONCE(stub_scan.ret, 0);
	expect_told(test, box);
	close_box(box);
}

/* Nobody is found, but the count does not agree until a census. */
static void memberships_of_nobody_are_swept_first(struct kunit *test)
{
	struct box *box = open_box(test, NULL);

	let_scan_miss(join(test, box));
	shup_listener_mark_candidate(listener_of(test, box));
	expect_told(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->members), 0);
	close_box(box);
}

/* As TSYNC does, or the load: not each task under the listener had an event. */
static void a_census_counts_all(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *tasks[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = live_task(test, box->filter);
	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->live),
			(int)ARRAY_SIZE(tasks));
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		die(tasks[i]);
	expect_told(test, box);
	close_box(box);
}

static unsigned long repairs(void)
{
	return shup_stat_sum(SHUP_STAT_repairs);
}

/* It is for those that had no event; after it, each has one. */
static void a_requested_census_repairs_nothing(struct kunit *test)
{
	unsigned long before = repairs();
	struct box *box = open_box(test, NULL);
	struct task_struct *first = live_task(test, box->filter);
	struct task_struct *missed;

	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->live), 1);
	KUNIT_EXPECT_EQ(test, repairs() - before, 0UL);

	missed = live_task(test, box->filter);
	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->live), 2);
	KUNIT_EXPECT_EQ(test, repairs() - before, 1UL);
	die(first);
	die(missed);
	expect_told(test, box);
	close_box(box);
}

/* Its hook is just being called. */
static void a_child_found_before_its_event_is_no_repair(struct kunit *test)
{
	unsigned long before = repairs();
	struct box *box = open_box(test, NULL);
	struct task_struct *parent = join(test, box), *child;

	clear_bit(SHUP_UNCOUNTED, &listener_of(test, box)->flags);
	child = new_task(test);
	WRITE_ONCE(shup_task_state_field(child), TASK_NEW);
	child->seccomp.filter = (void *)box->filter;
	let_scan_find(test, child);
	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->live), 2);
	KUNIT_EXPECT_EQ(test, repairs() - before, 0UL);
	die(parent);
	die(child);
	expect_told(test, box);
	close_box(box);
}

static void a_failed_census_is_taken_again(struct kunit *test)
{
	struct box *box = open_box(test, NULL);

	WRITE_ONCE(stub_scan.ret, -EAGAIN);
	let_scan_miss(join(test, box));
	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_silence(test, box);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener_of(test, box)->members), 1);
	WRITE_ONCE(stub_scan.ret, 0);
	expect_told(test, box);
	close_box(box);
}

/* Its tasks came and went unseen, so it never was a candidate. */
static void one_that_never_had_a_member_is_told(struct kunit *test)
{
	struct box *box = open_box(test, NULL);

	shup_worker_request(SHUP_REQUEST_CENSUS);
	expect_told(test, box);
	close_box(box);
}

/* Neither event nor exit was seen: that is what audits are for. */
static void an_audit_finds_what_no_event_told(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *task = join(test, box);

	expect_silence(test, box);
	let_scan_miss(task);
	expect_told(test, box);
	close_box(box);
}

static void the_closed_are_not_told(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *task = join(test, box);
	unsigned int before = READ_ONCE(stub_scan.scans);

	WRITE_ONCE(stub_scan.hold, true);
	die(task);
	wait_for_scan(test, before);
	close_box(box);
	WRITE_ONCE(stub_scan.hold, false);
	msleep(SILENCE_MS);
	KUNIT_EXPECT_EQ(test, atomic_read(&box->woken), 0);
}

/* Some kernels run the suites before they look at a module's parameters. */
static int set_audit_ms(const char *value)
{
	unsigned int i;
	int ret = -ENOENT;

	kernel_param_lock(THIS_MODULE);
	for (i = 0; i < THIS_MODULE->num_kp; i++) {
		const struct kernel_param *param = &THIS_MODULE->kp[i];

		if (!strcmp(param->name, "audit_ms"))
			ret = param->ops->set(value, param);
	}
	kernel_param_unlock(THIS_MODULE);
	return ret;
}

#define MANY 20

/* All that die while a pass is under way are decided by the next. */
static void one_pass_decides_all(struct kunit *test)
{
	struct task_struct *tasks[MANY];
	struct box *boxes[MANY];
	unsigned int i, before;

	KUNIT_ASSERT_EQ(test, set_audit_ms("0"), 0);
	for (i = 0; i < MANY; i++) {
		boxes[i] = open_box(test, NULL);
		tasks[i] = join(test, boxes[i]);
	}
	before = READ_ONCE(stub_scan.scans);
	WRITE_ONCE(stub_scan.hold, true);
	die(tasks[0]);
	wait_for_scan(test, before);
	for (i = 1; i < MANY; i++)
		die(tasks[i]);
	WRITE_ONCE(stub_scan.hold, false);
	for (i = 0; i < MANY; i++)
		expect_told(test, boxes[i]);
	KUNIT_EXPECT_EQ(test, READ_ONCE(stub_scan.scans) - before, 2U);
	for (i = 0; i < MANY; i++)
		close_box(boxes[i]);
}

/*
 * Who writes to audit_ms has the worker run.  Until there is a listener the
 * layout of a filter may not be known, and no chain may be walked.
 */
static void nobody_is_looked_for_without_a_listener(struct kunit *test)
{
	live_task(test, new_filter_with(test, EXPECTED, NULL));
	/* Until an audit is due. */
	msleep(AUDIT_MS + 100);
	shup_worker_kick();
	msleep(SILENCE_MS);
	KUNIT_EXPECT_EQ(test, READ_ONCE(stub_scan.scans), 0U);
}

static unsigned int adoptions(void)
{
	return READ_ONCE(stub_adoption.begun);
}

static void wait_for_adoption(struct kunit *test, unsigned int after)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(PATIENCE_MS);

	while (adoptions() == after && time_before(jiffies, deadline))
		msleep(20);
	KUNIT_ASSERT_GT(test, adoptions(), after);
}

static void a_failed_adoption_is_tried_again(struct kunit *test)
{
	unsigned int before;

	stub_adoption.ret = -EAGAIN;
	shup_worker_request(SHUP_REQUEST_ADOPTION);
	wait_for_adoption(test, 0);
	wait_for_adoption(test, adoptions());
	WRITE_ONCE(stub_adoption.ret, 0);
	wait_for_adoption(test, adoptions());
	before = adoptions();
	msleep(SILENCE_MS);
	KUNIT_EXPECT_EQ(test, adoptions(), before);
}

static void nobody_waits_for_an_adoption(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct task_struct *task = join(test, box);
	unsigned int before = adoptions();

	WRITE_ONCE(stub_adoption.hold, true);
	shup_worker_request(SHUP_REQUEST_ADOPTION);
	wait_for_adoption(test, before);
	die(task);
	/* The adoption does not end before this does. */
	expect_told(test, box);
	WRITE_ONCE(stub_adoption.hold, false);
	close_box(box);
}

/* Who has a listener's fd can hold that lock, and be kept from running. */
static void nobody_waits_for_the_lock_of_a_listener(struct kunit *test)
{
	struct box *held = open_box(test, NULL);
	struct box *free = open_box(test, NULL);
	struct task_struct *first = join(test, held);
	struct task_struct *second = join(test, free);

	mutex_lock(&held->lock);
	die(first);
	die(second);
	expect_told(test, held);
	expect_told(test, free);
	mutex_unlock(&held->lock);
	close_box(held);
	close_box(free);
}

static DECLARE_COMPLETION(closed);

static int closer(void *file)
{
	shup_listener_close(file);
	kthread_complete_and_exit(&closed, 0);
}

/* Whoever notifies holds the lock, and uses what the kernel frees at the close. */
static void a_close_waits_for_a_notification(struct kunit *test)
{
	struct box *box = open_box(test, NULL);
	struct shup_listener *listener = listener_of(test, box);
	struct task_struct *task;
	unsigned long flags;
	bool early;

	reinit_completion(&closed);
	task = kthread_create(closer, box->file, "shup_closer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	/* Or it might wait for this processor, and not for the lock. */
	kthread_bind(task, cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id()));
	spin_lock_irqsave(&listener->lock, flags);
	wake_up_process(task);
	mdelay(SILENCE_MS);
	early = completion_done(&closed);
	spin_unlock_irqrestore(&listener->lock, flags);
	KUNIT_EXPECT_FALSE(test, early);
	wait_for_completion(&closed);
	close_box(box);
}

/* Called by KUnit whether begin() has failed or not. */
static bool begun;

static void observe(unsigned long first, unsigned long second)
{
}

/* One hook, so that the hooks are sound, as listeners ask. */
static struct shup_hook hooks[] = { {
	.symbol = "box_poll",
	.kind = SHUP_OBSERVE,
	.purpose = "in a test",
	.observe = observe,
} };

static int begin(struct kunit *test)
{
	int ret = set_audit_ms(__stringify(AUDIT_MS));

	if (ret)
		return ret;
	memset(&stub_scan, 0, sizeof(stub_scan));
	memset(&stub_adoption, 0, sizeof(stub_adoption));
	ret = shup_table_init();
	if (ret)
		return ret;
	ret = shup_hooks_place(hooks, ARRAY_SIZE(hooks));
	if (ret)
		goto err_table;
	shup_hooks_trust();
	shup_listener_init((unsigned long)box_poll, (unsigned long)box_release);
	ret = shup_orphan_init();
	if (ret)
		goto err_hooks;
	begun = true;
	return 0;

err_hooks:
	shup_hooks_remove(hooks, ARRAY_SIZE(hooks));
err_table:
	shup_table_exit();
	return ret;
}

static void end(struct kunit *test)
{
	if (!begun)
		return;
	begun = false;
	shup_hooks_remove(hooks, ARRAY_SIZE(hooks));
	shup_orphan_exit();
	shup_table_exit();
	shup_listener_exit();
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_last_exit_is_told),
	KUNIT_CASE(a_live_task_that_was_missed_keeps_it),
	KUNIT_CASE(a_live_task_under_a_later_filter_keeps_it),
	KUNIT_CASE(a_task_held_in_do_exit_does_not),
	KUNIT_CASE(an_incomplete_scan_decides_nothing),
	KUNIT_CASE(memberships_of_nobody_are_swept_first),
	KUNIT_CASE(a_census_counts_all),
	KUNIT_CASE(a_requested_census_repairs_nothing),
	KUNIT_CASE(a_child_found_before_its_event_is_no_repair),
	KUNIT_CASE(a_failed_census_is_taken_again),
	KUNIT_CASE(one_that_never_had_a_member_is_told),
	KUNIT_CASE(an_audit_finds_what_no_event_told),
	KUNIT_CASE(the_closed_are_not_told),
	KUNIT_CASE(one_pass_decides_all),
	KUNIT_CASE(nobody_is_looked_for_without_a_listener),
	KUNIT_CASE(a_failed_adoption_is_tried_again),
	KUNIT_CASE(nobody_waits_for_an_adoption),
	KUNIT_CASE(nobody_waits_for_the_lock_of_a_listener),
	KUNIT_CASE(a_close_waits_for_a_notification),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_orphan",
	.test_cases = cases,
	.init = begin,
	.exit = end,
};

kunit_test_suite(suite);
