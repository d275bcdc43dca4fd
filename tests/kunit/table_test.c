// SPDX-License-Identifier: GPL-2.0-only
/* The side table, with tasks and listeners that are only memory. */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/vmalloc.h>

#include "listener.h"
#include "objects.h"
#include "table.h"

static struct shup_listener *new_listener(struct kunit *test)
{
	struct shup_listener *listener;

	listener = kunit_kzalloc(test, sizeof(*listener), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, listener);
	return listener;
}

static void expect_counts(struct kunit *test, struct shup_listener *listener,
			  int live, int members)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&listener->live), live);
	KUNIT_EXPECT_EQ(test, atomic_read(&listener->members), members);
}

static bool is_candidate(const struct shup_listener *listener)
{
	return shup_listener_test(listener, SHUP_CANDIDATE);
}

static void die(struct task_struct *task)
{
	shup_table_leave(task);
	task->flags |= PF_EXITING;
}

static enum shup_found found(struct task_struct *task,
			     struct shup_listener *listener, u32 pass)
{
	enum shup_found result;

	/* As under the siglock. */
	local_irq_disable();
	result = shup_table_found(task, listener, pass);
	local_irq_enable();
	return result;
}

static bool departed(const struct task_struct *task)
{
	bool result;

	/* As under the siglock. */
	local_irq_disable();
	result = shup_table_departed(task);
	local_irq_enable();
	return result;
}

static void joining_twice_is_joining_once(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	KUNIT_EXPECT_TRUE(test, shup_table_join(task, listener));
	expect_counts(test, listener, 1, 1);
	KUNIT_EXPECT_TRUE(test, shup_table_join(task, listener));
	expect_counts(test, listener, 1, 1);
}

static void leaving_twice_is_leaving_once(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(new_task(test), listener);
	shup_table_join(task, listener);
	shup_table_leave(task);
	expect_counts(test, listener, 1, 2);
	shup_table_leave(task);
	expect_counts(test, listener, 1, 2);
	KUNIT_EXPECT_FALSE(test, is_candidate(listener));
}

static void the_last_to_leave_makes_a_candidate(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct shup_listener *other = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	shup_table_join(new_task(test), other);
	shup_table_leave(task);
	KUNIT_EXPECT_TRUE(test, is_candidate(listener));
	KUNIT_EXPECT_FALSE(test, is_candidate(other));
	KUNIT_EXPECT_FALSE(test, shup_listener_test(listener, SHUP_ORPHAN));
}

static void strangers_change_nothing(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *stranger = new_task(test);

	shup_table_join(new_task(test), listener);
	shup_table_leave(stranger);
	stranger->flags |= PF_EXITING;
	shup_table_cut(stranger);
	shup_table_fork(stranger, new_task(test));
	expect_counts(test, listener, 1, 1);
}

static void a_child_joins_what_its_parent_is_under(struct kunit *test)
{
	struct shup_listener *first = new_listener(test);
	struct shup_listener *second = new_listener(test);
	struct shup_listener *other = new_listener(test);
	struct task_struct *parent = new_task(test);
	struct task_struct *child = new_task(test);

	shup_table_join(parent, first);
	shup_table_join(parent, second);
	shup_table_join(new_task(test), other);
	shup_table_fork(parent, child);
	expect_counts(test, first, 2, 2);
	expect_counts(test, second, 2, 2);
	expect_counts(test, other, 1, 1);

	/* The parent goes, the child holds both. */
	die(parent);
	KUNIT_EXPECT_FALSE(test, is_candidate(first));
	die(child);
	KUNIT_EXPECT_TRUE(test, is_candidate(first));
	KUNIT_EXPECT_TRUE(test, is_candidate(second));
}

static void the_departed_have_no_children(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *parent = new_task(test);

	shup_table_join(parent, listener);
	shup_table_leave(parent);
	shup_table_fork(parent, new_task(test));
	expect_counts(test, listener, 0, 1);
}

static void a_cut_ends_the_departed(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	die(task);
	shup_table_cut(task);
	expect_counts(test, listener, 0, 0);
	shup_table_cut(task);
	expect_counts(test, listener, 0, 0);
}

/* do_exit() was missed. */
static void a_cut_ends_the_live_that_are_exiting(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	task->flags |= PF_EXITING;
	shup_table_cut(task);
	expect_counts(test, listener, 0, 0);
	KUNIT_EXPECT_TRUE(test, is_candidate(listener));
}

static void a_cut_of_a_live_task_is_not_believed(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	shup_table_cut(task);
	expect_counts(test, listener, 1, 1);
	KUNIT_EXPECT_FALSE(test, is_candidate(listener));
}

static void a_found_task_is_live_or_departed(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *known = new_task(test);
	struct task_struct *missed = new_task(test);
	struct task_struct *departed = new_task(test);
	u32 pass = shup_table_pass();

	shup_table_join(known, listener);
	shup_table_join(departed, listener);
	shup_table_leave(departed);

	KUNIT_EXPECT_EQ(test, found(known, listener, pass), SHUP_KNOWN);
	KUNIT_EXPECT_EQ(test, found(missed, listener, pass), SHUP_JOINED);
	KUNIT_EXPECT_EQ(test, found(missed, listener, pass), SHUP_KNOWN);
	KUNIT_EXPECT_EQ(test, found(departed, listener, pass), SHUP_DEPARTED);
	expect_counts(test, listener, 2, 3);
}

static void who_departed_has_done_so_for_all_listeners(struct kunit *test)
{
	struct shup_listener *one = new_listener(test);
	struct shup_listener *other = new_listener(test);
	struct task_struct *task = new_task(test);
	struct task_struct *stranger = new_task(test);

	shup_table_join(stranger, other);
	shup_table_join(task, one);
	KUNIT_EXPECT_FALSE(test, departed(task));
	shup_table_leave(task);
	shup_table_join(task, other);
	KUNIT_EXPECT_TRUE(test, departed(task));
	KUNIT_EXPECT_FALSE(test, departed(stranger));

	task->start_time++;
	KUNIT_EXPECT_FALSE(test, departed(task));
}

/* Its cut was missed, and its memory is another task now. */
static void a_task_struct_used_again_is_another_task(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	shup_table_leave(task);
	task->start_time++;
	KUNIT_EXPECT_EQ(test, found(task, listener, shup_table_pass()),
			SHUP_JOINED);
	expect_counts(test, listener, 1, 1);

	shup_table_leave(task);
	task->pid += 100000;
	KUNIT_EXPECT_TRUE(test, shup_table_join(task, listener));
	expect_counts(test, listener, 1, 1);
}

/*
 * A leader departed, and its cut was missed.  A thread has executed a program,
 * so it has the leader's start time and pid.  A thread of that program, in the
 * leader's memory, has got them by its own exec.
 */
static void a_thread_that_executes_is_not_its_dead_leader(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, listener);
	shup_table_leave(task);
	KUNIT_EXPECT_TRUE(test, departed(task));
	task->self_exec_id += 2;
	KUNIT_EXPECT_FALSE(test, departed(task));
	KUNIT_EXPECT_EQ(test, found(task, listener, shup_table_pass()),
			SHUP_JOINED);
	expect_counts(test, listener, 1, 1);
}

static void a_sweep_drops_whom_the_pass_did_not_see(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *seen = new_task(test);
	struct task_struct *newer = new_task(test);
	u32 pass;

	shup_table_join(seen, listener);
	shup_table_join(new_task(test), listener);
	shup_table_join(new_task(test), listener);
	pass = shup_table_pass();
	found(seen, listener, pass);
	shup_table_join(newer, listener);

	KUNIT_EXPECT_EQ(test, shup_table_sweep(pass), 2U);
	expect_counts(test, listener, 2, 2);
	KUNIT_EXPECT_EQ(test, found(newer, listener, pass), SHUP_KNOWN);
}

static void a_sweep_makes_candidates(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);

	shup_table_join(new_task(test), listener);
	KUNIT_EXPECT_EQ(test, shup_table_sweep(shup_table_pass()), 1U);
	KUNIT_EXPECT_TRUE(test, is_candidate(listener));
	expect_counts(test, listener, 0, 0);
}

static void the_closed_are_swept_and_not_joined(struct kunit *test)
{
	struct shup_listener *closed = new_listener(test);
	struct shup_listener *open = new_listener(test);
	struct task_struct *task = new_task(test);

	shup_table_join(task, closed);
	shup_table_join(task, open);
	set_bit(SHUP_CLOSED, &closed->flags);
	KUNIT_EXPECT_EQ(test, shup_table_sweep(0), 0U);
	expect_counts(test, closed, 0, 0);
	expect_counts(test, open, 1, 1);

	shup_table_join(task, closed);
	expect_counts(test, closed, 0, 0);
}

#define MANY 5000

static void thousands_under_one_listener(struct kunit *test)
{
	struct shup_listener *listener = new_listener(test);
	struct task_struct *tasks;
	int i;

	tasks = vzalloc(array_size(MANY, sizeof(*tasks)));
	KUNIT_ASSERT_NOT_NULL(test, tasks);
	for (i = 0; i < MANY; i++)
		shup_table_join(&tasks[i], listener);
	expect_counts(test, listener, MANY, MANY);
	for (i = 0; i < MANY - 1; i++)
		die(&tasks[i]);
	expect_counts(test, listener, 1, MANY);
	KUNIT_EXPECT_FALSE(test, is_candidate(listener));
	die(&tasks[i]);
	KUNIT_EXPECT_TRUE(test, is_candidate(listener));
	for (i = 0; i < MANY; i++)
		shup_table_cut(&tasks[i]);
	expect_counts(test, listener, 0, 0);
	vfree(tasks);
}

#define THREADS 4
#define TASKS 16
#define ROUNDS 20000

struct crowd {
	struct task_struct *tasks[TASKS];
	struct shup_listener *listener;
	struct completion done;
};

/* All threads at all tasks at once, each step at random. */
static int jostle(void *arg)
{
	struct crowd *crowd = arg;
	u32 seed = (u32)(unsigned long)current, i;

	for (i = 0; i < ROUNDS; i++) {
		struct task_struct *task;

		seed = seed * 1664525 + 1013904223;
		task = crowd->tasks[seed >> 28];
		switch ((seed >> 20) & 3) {
		case 0:
			shup_table_join(task, crowd->listener);
			break;
		case 1:
			shup_table_leave(task);
			break;
		case 2:
			shup_table_cut(task);
			break;
		default:
			found(task, crowd->listener, 1);
		}
		if (!(i % 256))
			cond_resched();
	}
	/* Not by returning: this text may be gone by then. */
	kthread_complete_and_exit(&crowd->done, 0);
}

static void a_crowd_is_counted_right(struct kunit *test)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->listener = new_listener(test);
	init_completion(&crowd->done);
	for (i = 0; i < TASKS; i++) {
		crowd->tasks[i] = new_task(test);
		crowd->tasks[i]->flags = PF_EXITING;
	}
	for (i = 0; i < THREADS; i++)
		kthread_run(jostle, crowd, "jostle/%d", i);
	for (i = 0; i < THREADS; i++)
		wait_for_completion(&crowd->done);

	for (i = 0; i < TASKS; i++)
		shup_table_join(crowd->tasks[i], crowd->listener);
	expect_counts(test, crowd->listener, TASKS, TASKS);
	for (i = 0; i < TASKS; i++)
		shup_table_cut(crowd->tasks[i]);
	expect_counts(test, crowd->listener, 0, 0);
}

static int begin(struct kunit *test)
{
	return shup_table_init();
}

static void end(struct kunit *test)
{
	shup_table_exit();
}

static struct kunit_case cases[] = {
	KUNIT_CASE(joining_twice_is_joining_once),
	KUNIT_CASE(leaving_twice_is_leaving_once),
	KUNIT_CASE(the_last_to_leave_makes_a_candidate),
	KUNIT_CASE(strangers_change_nothing),
	KUNIT_CASE(a_child_joins_what_its_parent_is_under),
	KUNIT_CASE(the_departed_have_no_children),
	KUNIT_CASE(a_cut_ends_the_departed),
	KUNIT_CASE(a_cut_ends_the_live_that_are_exiting),
	KUNIT_CASE(a_cut_of_a_live_task_is_not_believed),
	KUNIT_CASE(a_found_task_is_live_or_departed),
	KUNIT_CASE(who_departed_has_done_so_for_all_listeners),
	KUNIT_CASE(a_task_struct_used_again_is_another_task),
	KUNIT_CASE(a_thread_that_executes_is_not_its_dead_leader),
	KUNIT_CASE(a_sweep_drops_whom_the_pass_did_not_see),
	KUNIT_CASE(a_sweep_makes_candidates),
	KUNIT_CASE(the_closed_are_swept_and_not_joined),
	KUNIT_CASE(thousands_under_one_listener),
	KUNIT_CASE(a_crowd_is_counted_right),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_table",
	.test_cases = cases,
	.init = begin,
	.exit = end,
};

kunit_test_suite(suite);
