// SPDX-License-Identifier: GPL-2.0-only
/*
 * The witness, with filters that are only memory, and with real tasks: kernel
 * threads, each a process of its own, that sleep.  One is dead if the table
 * says that it has departed.  The order of the cases counts: trust is earned
 * in the first ones and lost for good in the last.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "hooks.h"
#include "listener.h"
#include "objects.h"
#include "state.h"
#include "table.h"
#include "witness.h"

#define TASKS 3

/**
 * struct scene - what a case plays with
 * @listener: it is asked about
 * @filter: its filter, 1 (the file) + @TASKS references
 * @tasks: all have departed under @listener, with @filter as their head
 */
static struct scene {
	struct shup_listener *listener;
	struct shup_filter *filter;
	struct task_struct *tasks[TASKS];
} scene;

static int sleeper(void *unused)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void set_head(struct task_struct *task, const void *filter)
{
	WRITE_ONCE(task->seccomp.filter, (void *)filter);
}

static void set_refs(int refs)
{
	refcount_set(&scene.filter->refs, refs);
}

static void depart(struct task_struct *task)
{
	shup_table_join(task, scene.listener);
	shup_table_leave(task);
}

/* As a join that comes late: the task turns out to be live. */
static void revive(struct task_struct *task)
{
	shup_table_join(task, scene.listener);
}

static enum shup_testimony ask(void)
{
	return shup_witness_ask(scene.listener, SHUP_IN_WORKER);
}

static void a_filter_must_have_been_seen_new(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
	shup_witness_see_new(scene.filter);	/* 4 references: not new */
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
	set_refs(2);
	shup_witness_see_new(scene.filter);
	set_refs(1 + TASKS);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_ON_PROBATION);
}

static void scans_must_agree_first(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 100 && ask() == SHUP_ON_PROBATION; i++)
		shup_witness_judge(true);
	KUNIT_EXPECT_EQ(test, i, 8U);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
}

static void all_holders_are_dead(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
	KUNIT_EXPECT_EQ(test, shup_witness_ask(scene.listener, SHUP_AT_EXIT),
			SHUP_UNUSED);
}

static void the_file_alone_holds_it(struct kunit *test)
{
	memset(&scene.listener->hints, 0, sizeof(scene.listener->hints));
	set_refs(1);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
}

static void somebody_else_holds_it(struct kunit *test)
{
	set_refs(2 + TASKS);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_count_too_low_proves_nothing(struct kunit *test)
{
	set_refs(TASKS);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_holder_is_not_hinted_at(struct kunit *test)
{
	memset(&scene.listener->hints, 0, sizeof(scene.listener->hints));
	shup_listener_hint(scene.listener, scene.tasks[0]);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_live_holder_is_not_counted(struct kunit *test)
{
	revive(scene.tasks[1]);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_head_of_another_filter_is_not_counted(struct kunit *test)
{
	set_head(scene.tasks[1], new_filter_with(test, EXPECTED, scene.filter));
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_task_is_counted_once(struct kunit *test)
{
	struct shup_hints *hints = &scene.listener->hints;

	set_head(scene.tasks[1], NULL);
	set_head(scene.tasks[2], NULL);
	hints->processes[7] = scene.tasks[0]->tgid;
	hints->init = scene.tasks[0]->tgid;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
	set_refs(2);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
}

static void hints_that_lie_do_no_harm(struct kunit *test)
{
	struct shup_hints *hints = &scene.listener->hints;

	hints->processes[6] = 1;
	hints->processes[7] = PID_MAX_LIMIT - 1;
	hints->processes[8] = -1;
	hints->init = current->tgid;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
	set_refs(2 + TASKS);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void garbage_is_no_count(struct kunit *test)
{
	static const int garbage[] = { 0, -1, INT_MIN, INT_MAX, PID_MAX_LIMIT + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		set_refs(garbage[i]);
		KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
	}
}

static void count_rises_after_a(enum shup_point point)
{
	if (point == SHUP_POINT_COUNTED)
		set_refs(2 + TASKS);
}

/* A live task that was overlooked forks: its child's reference is in the count. */
static void the_count_is_read_after_the_tasks(struct kunit *test)
{
	stub_fault = count_rises_after_a;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void tie_is_cut_after_t(enum shup_point point)
{
	if (point == SHUP_POINT_READ)
		set_head(scene.tasks[1], NULL);
}

/*
 * What was counted in A may have been cut before t, and its reference been
 * another's by then.
 */
static void ties_are_counted_again(struct kunit *test)
{
	stub_fault = tie_is_cut_after_t;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void task_turns_out_live_after_t(enum shup_point point)
{
	if (point == SHUP_POINT_READ)
		revive(scene.tasks[1]);
}

static void a_process_that_turns_out_live_proves_nothing(struct kunit *test)
{
	stub_fault = task_turns_out_live_after_t;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void listener_is_closed_after_a(enum shup_point point)
{
	if (point == SHUP_POINT_COUNTED)
		set_bit(SHUP_CLOSED, &scene.listener->flags);
}

/* From its close on the filter may be freed, and its memory be anything. */
static void the_count_of_a_closed_listener_is_not_believed(struct kunit *test)
{
	stub_fault = listener_is_closed_after_a;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void a_filter_that_faults_proves_nothing(struct kunit *test)
{
	scene.listener->filter = (void *)0xfffffffffe000000UL;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

/* It has no sighand any more, as it is only memory, and its last user is the kernel. */
static struct task_struct *reaped_task(struct kunit *test)
{
	struct task_struct *task = new_task(test);

	refcount_set(&task->usage, 1);
	set_head(task, scene.filter);
	depart(task);
	set_refs(2 + TASKS);
	return task;
}

static void a_reaped_task_holds_it_until_it_is_freed(struct kunit *test)
{
	struct task_struct *task = reaped_task(test);

	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
	/* It is being freed: its reference is gone, or about to go. */
	refcount_set(&task->usage, 0);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void only_before_5_9_a_reaped_task_holds_it(struct kunit *test)
{
	reaped_task(test);
	shup_state_set_level(SHUP_LEVEL_AT_REAP);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void memory_of_another_task_does_not_hold_it(struct kunit *test)
{
	struct task_struct *task = reaped_task(test);

	task->start_time++;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static struct task_struct *freed_after_t;

static void holder_is_freed_after_t(enum shup_point point)
{
	if (point == SHUP_POINT_READ)
		refcount_set(&freed_after_t->usage, 0);
}

static void holders_are_looked_up_again(struct kunit *test)
{
	freed_after_t = reaped_task(test);
	stub_fault = holder_is_freed_after_t;
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static void btf_that_agrees_changes_nothing(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	shup_witness_hear(btf, sizeof(*btf));
	add_btf_type(btf, "seccomp_filter", BTF_INFO(BTF_KIND_STRUCT, 0, 2));
	add_btf_member(btf, SHUP_REFS_NAME, 0);
	add_btf_member(btf, "prog", EXPECTED * BITS_PER_BYTE);
	shup_witness_hear(btf, sizeof(*btf));
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNUSED);
}

static void one_contradiction_is_for_good(struct kunit *test)
{
	unsigned int i;

	shup_witness_judge(false);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
	for (i = 0; i < 100; i++)
		shup_witness_judge(true);
	KUNIT_EXPECT_EQ(test, ask(), SHUP_UNDECIDED);
}

static int begin_task(struct task_struct **task)
{
	struct task_struct *made = kthread_run(sleeper, NULL, "shup_sleeper");

	if (IS_ERR(made))
		return PTR_ERR(made);
	*task = get_task_struct(made);
	set_head(made, scene.filter);
	depart(made);
	return 0;
}

static void end(struct kunit *test)
{
	unsigned int i;

	stub_fault = NULL;
	for (i = 0; i < TASKS; i++) {
		struct task_struct *task = scene.tasks[i];

		if (!task)
			continue;
		/* Or the kernel would put a reference that it has not taken. */
		set_head(task, NULL);
		kthread_stop(task);
		put_task_struct(task);
		scene.tasks[i] = NULL;
	}
	shup_hooks_remove(NULL, 0);
	shup_table_exit();
}

static int begin(struct kunit *test)
{
	unsigned int i;
	int ret = shup_table_init();

	if (ret)
		return ret;
	memset(&scene, 0, sizeof(scene));
	shup_state_set_level(SHUP_LEVEL_NEVER);
	/* The witness asks whether a close can have been missed. */
	shup_hooks_trust();
	scene.filter = new_filter_with(test, EXPECTED, NULL);
	refcount_set(&scene.filter->users, 1);
	set_refs(1 + TASKS);
	scene.listener = kunit_kzalloc(test, sizeof(*scene.listener), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scene.listener);
	spin_lock_init(&scene.listener->lock);
	scene.listener->filter = scene.filter;
	scene.listener->epoch = shup_hooks_epoch();
	/* In no list of candidates, as there is no worker. */
	set_bit(SHUP_QUEUED, &scene.listener->flags);
	for (i = 0; !ret && i < TASKS; i++)
		ret = begin_task(&scene.tasks[i]);
	return ret;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_filter_must_have_been_seen_new),
	KUNIT_CASE(scans_must_agree_first),
	KUNIT_CASE(all_holders_are_dead),
	KUNIT_CASE(the_file_alone_holds_it),
	KUNIT_CASE(somebody_else_holds_it),
	KUNIT_CASE(a_count_too_low_proves_nothing),
	KUNIT_CASE(a_holder_is_not_hinted_at),
	KUNIT_CASE(a_live_holder_is_not_counted),
	KUNIT_CASE(a_head_of_another_filter_is_not_counted),
	KUNIT_CASE(a_task_is_counted_once),
	KUNIT_CASE(hints_that_lie_do_no_harm),
	KUNIT_CASE(garbage_is_no_count),
	KUNIT_CASE(the_count_is_read_after_the_tasks),
	KUNIT_CASE(ties_are_counted_again),
	KUNIT_CASE(a_process_that_turns_out_live_proves_nothing),
	KUNIT_CASE(the_count_of_a_closed_listener_is_not_believed),
	KUNIT_CASE(a_filter_that_faults_proves_nothing),
	KUNIT_CASE(a_reaped_task_holds_it_until_it_is_freed),
	KUNIT_CASE(only_before_5_9_a_reaped_task_holds_it),
	KUNIT_CASE(memory_of_another_task_does_not_hold_it),
	KUNIT_CASE(holders_are_looked_up_again),
	KUNIT_CASE(btf_that_agrees_changes_nothing),
	KUNIT_CASE(one_contradiction_is_for_good),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_witness",
	.test_cases = cases,
	.init = begin,
	.exit = end,
};

kunit_test_suite(suite);
