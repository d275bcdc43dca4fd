// SPDX-License-Identifier: GPL-2.0-only
/* The pace of the worker, by times that the tests name. */
#include <kunit/test.h>

#include "worker.h"

#define MS NSEC_PER_MSEC

/* Where a run begins that has nothing left to pay. */
#define START (1000 * (u64)MS)

static struct shup_pace new_pace(void)
{
	return (struct shup_pace){ .rest_max_ns = 1000 * (u64)MS };
}

static void the_first_run_waits_for_nothing(struct kunit *test)
{
	struct shup_pace pace = new_pace();

	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, START), 0ULL);
}

static void a_run_is_paid_by_24_times_as_much_rest(struct kunit *test)
{
	struct shup_pace pace = new_pace();

	shup_pace_pay(&pace, START, START + 20 * MS);
	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, START + 20 * MS),
			24 * 20 * (u64)MS);
	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, START + 25 * 20 * (u64)MS),
			0ULL);
}

/* By real-time tasks, or by the host of a virtual machine. */
static void a_run_that_was_held_up_is_not_paid_in_full(struct kunit *test)
{
	struct shup_pace pace = new_pace();

	shup_pace_pay(&pace, START, START + 200 * MS);
	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, START + 200 * MS),
			1000 * (u64)MS);
}

static void short_runs_may_follow_each_other(struct kunit *test)
{
	struct shup_pace pace = new_pace();

	shup_pace_pay(&pace, START, START + MS / 10);
	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, START + MS / 10), 0ULL);
}

/* Else runs that are each too short to rest for would never rest. */
static void the_debts_of_short_runs_add_up(struct kunit *test)
{
	struct shup_pace pace = new_pace();
	unsigned int i;
	u64 now = START;

	for (i = 0; i < 3; i++) {
		shup_pace_pay(&pace, now, now + MS / 10);
		now += MS / 10;
	}
	KUNIT_EXPECT_EQ(test, shup_pace_rest(&pace, now),
			START + 75 * (u64)MS / 10 - now);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_first_run_waits_for_nothing),
	KUNIT_CASE(a_run_is_paid_by_24_times_as_much_rest),
	KUNIT_CASE(a_run_that_was_held_up_is_not_paid_in_full),
	KUNIT_CASE(short_runs_may_follow_each_other),
	KUNIT_CASE(the_debts_of_short_runs_add_up),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_worker",
	.test_cases = cases,
};

kunit_test_suite(suite);
