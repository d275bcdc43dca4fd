// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook plumbing, on functions of this module.  bsearch() calls them, since
 * a redirection lets calls from the module itself through.
 */
#include <kunit/test.h>
#include <linux/bsearch.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "hooks.h"
#include "proof.h"

static unsigned int target_calls;
static unsigned int observed;
static unsigned int wrapped;
static unsigned int entered;
static long returned;

static int shup_test_target(const void *key, const void *element)
{
	target_calls++;
	return *(const int *)key;
}

/* Return: what the function has returned. */
static int call_target(int value)
{
	/* bsearch() stops at 0 only, and so returns the element then. */
	return bsearch(&value, "", 1, 1, shup_test_target) ? 0 : value;
}

static void observe(unsigned long first, unsigned long second)
{
	observed++;
}

static int wrapper(const void *key, const void *element)
{
	struct shup_wrapped call;

	shup_wrapper_enter(&call);
	wrapped++;
	shup_wrapper_leave(&call);
	return 0;
}

static bool enter(struct pt_regs *regs, struct shup_call *call)
{
	call->word = *(int *)regs_get_kernel_argument(regs, 0);
	entered++;
	return call->word != 7;
}

static void leave(const struct shup_call *call, long value)
{
	returned = call->word * 1000 + value;
}

#define OBSERVER {							\
	.symbol = "shup_test_target",					\
	.kind = SHUP_OBSERVE,						\
	.purpose = "in a test",						\
	.observe = observe,						\
}

#define REDIRECTION(function) {						\
	.symbol = "shup_test_target",					\
	.kind = SHUP_REDIRECT,						\
	.purpose = "in a test",						\
	.wrapper = (function),						\
}

static void observer_is_called_while_placed(struct kunit *test)
{
	static struct shup_hook hooks[] = { OBSERVER };

	call_target(1);
	KUNIT_EXPECT_EQ(test, observed, 0U);
	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 1), 0);
	call_target(1);
	KUNIT_EXPECT_EQ(test, observed, 1U);
	shup_hooks_remove(hooks, 1);
	call_target(1);
	KUNIT_EXPECT_EQ(test, observed, 1U);
	KUNIT_EXPECT_EQ(test, target_calls, 3U);
}

static void redirection_takes_the_call(struct kunit *test)
{
	static struct shup_hook hooks[] = { OBSERVER, REDIRECTION(wrapper) };

	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 2), 0);
	KUNIT_EXPECT_EQ(test, call_target(1), 0);
	KUNIT_EXPECT_EQ(test, wrapped, 1U);
	KUNIT_EXPECT_EQ(test, observed, 1U);
	KUNIT_EXPECT_EQ(test, target_calls, 0U);
	KUNIT_EXPECT_EQ(test, hooks[1].original, (unsigned long)shup_test_target);
	shup_hooks_remove(hooks, 2);
	KUNIT_EXPECT_EQ(test, call_target(1), 1);
	KUNIT_EXPECT_EQ(test, target_calls, 1U);
}

static void return_is_seen_with_its_entry(struct kunit *test)
{
	static struct shup_hook hooks[] = { {
		.symbol = "shup_test_target",
		.kind = SHUP_RETURN,
		.purpose = "in a test",
		.enter = enter,
		.leave = leave,
	} };

	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 1), 0);
	call_target(5);
	KUNIT_EXPECT_EQ(test, returned, 5005L);
	call_target(7);
	KUNIT_EXPECT_EQ(test, entered, 2U);
	KUNIT_EXPECT_EQ(test, returned, 5005L);
	shup_hooks_remove(hooks, 1);
	call_target(6);
	KUNIT_EXPECT_EQ(test, entered, 2U);
}

static void missing_symbol_unwinds_what_was_placed(struct kunit *test)
{
	static struct shup_hook hooks[] = {
		OBSERVER,
		REDIRECTION(wrapper),
		{ .symbol = "no_such_function", .purpose = "in a test" },
		OBSERVER,
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, shup_hooks_place(hooks, ARRAY_SIZE(hooks)),
			-ENOENT);
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		KUNIT_EXPECT_FALSE(test, hooks[i].placed);
	call_target(1);
	KUNIT_EXPECT_EQ(test, observed + wrapped, 0U);
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(shup_hooks_epoch()));
}

static void second_redirection_is_refused(struct kunit *test)
{
	static struct shup_hook first[] = { REDIRECTION(wrapper) };
	static struct shup_hook second[] = { OBSERVER, REDIRECTION(wrapper) };

	KUNIT_ASSERT_EQ(test, shup_hooks_place(first, 1), 0);
	KUNIT_EXPECT_EQ(test, shup_hooks_place(second, 2), -EBUSY);
	KUNIT_EXPECT_FALSE(test, second[0].placed);
	KUNIT_EXPECT_EQ(test, call_target(1), 0);
	KUNIT_EXPECT_EQ(test, observed, 0U);
	KUNIT_EXPECT_EQ(test, wrapped, 1U);
	shup_hooks_remove(first, 1);
}

static void sound_from_trust_to_remove(struct kunit *test)
{
	static struct shup_hook hooks[] = { OBSERVER };
	unsigned int epoch = shup_hooks_epoch();

	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch));
	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 1), 0);
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch));
	shup_hooks_trust();
	KUNIT_EXPECT_TRUE(test, shup_hooks_sound(epoch));
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch + 1));
	shup_hooks_remove(hooks, 1);
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch));
}

static void a_trial_hook_works(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, shup_proof_begin(NULL), 0);
	KUNIT_EXPECT_EQ(test, shup_proof_repeat(), 0);
	shup_proof_end();
}

static void a_gap_ends_trust_in_what_was_found_before(struct kunit *test)
{
	static struct shup_hook hooks[] = { OBSERVER };
	unsigned int epoch = shup_hooks_epoch();

	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 1), 0);
	shup_hooks_trust();
	shup_hooks_gap_begin();
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch));
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(shup_hooks_epoch()));
	shup_hooks_gap_end();
	KUNIT_EXPECT_FALSE(test, shup_hooks_sound(epoch));
	KUNIT_EXPECT_TRUE(test, shup_hooks_sound(shup_hooks_epoch()));
	shup_hooks_remove(hooks, 1);
}

static DECLARE_COMPLETION(inside);
static DECLARE_COMPLETION(go_on);
static DECLARE_COMPLETION(called);
static DECLARE_COMPLETION(removed);

static bool wait_as_interruptible;
static bool was_interrupted;
static bool signal_left;

static int sleeping_wrapper(const void *key, const void *element)
{
	struct shup_wrapped call;

	shup_wrapper_enter(&call);
	complete(&inside);
	if (wait_as_interruptible)
		wait_for_completion_interruptible(&go_on);
	else
		wait_for_completion(&go_on);
	was_interrupted = shup_wrapper_interrupted(&call);
	shup_wrapper_leave(&call);
	return 0;
}

static struct shup_hook sleeping_hooks[] = { REDIRECTION(sleeping_wrapper) };

static int caller_thread(void *unused)
{
	call_target(1);
	signal_left = signal_pending(current);
	kthread_complete_and_exit(&called, 0);
}

static int remover_thread(void *unused)
{
	shup_hooks_remove(sleeping_hooks, 1);
	kthread_complete_and_exit(&removed, 0);
}

static void sleep_in_a_wrapper_and_remove_it(struct kunit *test,
					     bool interruptible)
{
	reinit_completion(&inside);
	reinit_completion(&go_on);
	reinit_completion(&called);
	reinit_completion(&removed);
	wait_as_interruptible = interruptible;
	KUNIT_ASSERT_EQ(test, shup_hooks_place(sleeping_hooks, 1), 0);
	kthread_run(caller_thread, NULL, "shup_caller");
	wait_for_completion(&inside);
	kthread_run(remover_thread, NULL, "shup_remover");
}

static void removal_waits_for_a_sleeping_wrapper(struct kunit *test)
{
	sleep_in_a_wrapper_and_remove_it(test, false);
	msleep(500);
	KUNIT_EXPECT_FALSE(test, completion_done(&removed));
	complete(&go_on);
	wait_for_completion(&called);
	wait_for_completion(&removed);
}

/* Nothing else ends its sleep. */
static void removal_interrupts_a_sleeping_wrapper(struct kunit *test)
{
	sleep_in_a_wrapper_and_remove_it(test, true);
	wait_for_completion(&called);
	wait_for_completion(&removed);
	KUNIT_EXPECT_TRUE(test, was_interrupted);
	/* A kernel thread never returns to user space, where it would go. */
	KUNIT_EXPECT_FALSE(test, signal_left);
}

static void kprobes_do_what_ftrace_does(struct kunit *test)
{
	/* In this order: of kprobes on one address the newest is called first. */
	static struct shup_hook hooks[] = { REDIRECTION(wrapper), OBSERVER };

	shup_hooks_use(&shup_by_kprobes);
	KUNIT_ASSERT_EQ(test, shup_hooks_place(hooks, 2), 0);
	KUNIT_EXPECT_EQ(test, call_target(1), 0);
	KUNIT_EXPECT_EQ(test, wrapped, 1U);
	KUNIT_EXPECT_EQ(test, observed, 1U);
	KUNIT_EXPECT_EQ(test, target_calls, 0U);
	shup_hooks_remove(hooks, 2);
	KUNIT_EXPECT_EQ(test, call_target(1), 1);
	KUNIT_EXPECT_EQ(test, target_calls, 1U);
}

static int calling_wrapper(const void *key, const void *element);

static struct shup_hook calling_hooks[] = {
	REDIRECTION(calling_wrapper),
	{
		.symbol = "shup_test_target",
		.kind = SHUP_RETURN,
		.purpose = "in a test",
		.enter = enter,
		.leave = leave,
	},
};

static int calling_wrapper(const void *key, const void *element)
{
	int (*original)(const void *key, const void *element);
	struct shup_wrapped call;
	int ret;

	shup_wrapper_enter(&call);
	wrapped++;
	original = (void *)calling_hooks[0].original;
	ret = original(key, element);
	shup_wrapper_leave(&call);
	return ret;
}

/* The return probe is called first: the call then returns to it. */
static void a_wrapper_reaches_what_is_return_probed(struct kunit *test)
{
	shup_hooks_use(&shup_by_kprobes);
	KUNIT_ASSERT_EQ(test, shup_hooks_place(calling_hooks, 2), 0);
	KUNIT_EXPECT_EQ(test, call_target(5), 5);
	KUNIT_EXPECT_EQ(test, wrapped, 1U);
	KUNIT_EXPECT_EQ(test, target_calls, 1U);
	shup_hooks_remove(calling_hooks, 2);
}

static const struct shup_mechanism *best_mechanism(void)
{
	if (shup_by_ftrace_args.offered)
		return &shup_by_ftrace_args;
	if (shup_by_ftrace_regs.offered)
		return &shup_by_ftrace_regs;
	return &shup_by_kprobes;
}

static int begin(struct kunit *test)
{
	shup_hooks_use(best_mechanism());
	target_calls = 0;
	observed = 0;
	wrapped = 0;
	entered = 0;
	returned = 0;
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(observer_is_called_while_placed),
	KUNIT_CASE(redirection_takes_the_call),
	KUNIT_CASE(return_is_seen_with_its_entry),
	KUNIT_CASE(missing_symbol_unwinds_what_was_placed),
	KUNIT_CASE(second_redirection_is_refused),
	KUNIT_CASE(sound_from_trust_to_remove),
	KUNIT_CASE(a_trial_hook_works),
	KUNIT_CASE(a_gap_ends_trust_in_what_was_found_before),
	KUNIT_CASE(removal_waits_for_a_sleeping_wrapper),
	KUNIT_CASE(removal_interrupts_a_sleeping_wrapper),
	KUNIT_CASE(kprobes_do_what_ftrace_does),
	KUNIT_CASE(a_wrapper_reaches_what_is_return_probed),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_hooks",
	.test_cases = cases,
	.init = begin,
};

kunit_test_suite(suite);
