// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the worker runs its jobs: with its own timers and queue, over jobs that
 * only count, and by a clock that stands but for what a case or a job moves it
 * by.  So each rest is exact, from below and from above, however busy the
 * machine is: real time is only ever waited for.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "clock.h"
#include "worker.h"

/* For hangs only. */
#define HANG_MS 120000

/* Silence for this long can pass by mistake, but never fail by mistake. */
#define SILENCE_MS 300

/* More than the worker takes for no rest at all. */
#define MARGIN_MS 10

/**
 * struct job - what a job does here
 * @takes_ms: by how much it moves the clock
 * @next: what it asks for
 * @runs: how often it has run
 */
struct job {
	unsigned int takes_ms;
	enum shup_next next;
	unsigned int runs;
};

static struct job pass, adoption;

static enum shup_next run(struct job *job)
{
	stub_clock_move(READ_ONCE(job->takes_ms));
	WRITE_ONCE(job->runs, job->runs + 1);
	return READ_ONCE(job->next);
}

static unsigned int runs(const struct job *job)
{
	return READ_ONCE(job->runs);
}

/* Whether it comes to so many; waits for them. */
static bool comes_to(const struct job *job, unsigned int wanted)
{
	unsigned long end = jiffies + msecs_to_jiffies(HANG_MS);

	while (runs(job) < wanted && time_before(jiffies, end))
		msleep(20);
	return runs(job) >= wanted;
}

static bool decide_nothing(void)
{
	return false;
}

static void retry_nothing(void)
{
}

static enum shup_next run_pass(void)
{
	return run(&pass);
}

static enum shup_next run_adoption(void)
{
	return run(&adoption);
}

static const struct shup_jobs jobs = {
	.decide = decide_nothing,
	.retry = retry_nothing,
	.pass = run_pass,
	.adopt = run_adoption,
};

/* What runs has ended, and is paid for; what waits is forgotten. */
static void restart(struct kunit *test)
{
	shup_worker_exit();
	KUNIT_ASSERT_EQ(test, shup_worker_init(&jobs), 0);
}

static void request_adoption(void)
{
	shup_worker_request(SHUP_REQUEST_ADOPTION);
}

/*
 * A run of @job that takes @takes_ms; it is asked for again and again, and the
 * next one is @rest_ms later.
 */
static void expect_rest(struct kunit *test, struct job *job,
			void (*request)(void), unsigned int takes_ms,
			unsigned int rest_ms)
{
	unsigned int i;

	WRITE_ONCE(job->takes_ms, takes_ms);
	request();
	KUNIT_ASSERT_TRUE(test, comes_to(job, 1));
	restart(test);
	WRITE_ONCE(job->takes_ms, 0);

	stub_clock_move(rest_ms - MARGIN_MS);
	for (i = 0; i < 10; i++) {
		request();
		msleep(SILENCE_MS / 10);
	}
	KUNIT_EXPECT_EQ(test, runs(job), 1U);

	stub_clock_move(MARGIN_MS);
	request();
	KUNIT_EXPECT_TRUE(test, comes_to(job, 2));
	/* One run is for all who have asked meanwhile, and one for the last. */
	msleep(SILENCE_MS);
	KUNIT_EXPECT_LE(test, runs(job), 3U);
}

static void a_pass_rests_24_times_as_long(struct kunit *test)
{
	expect_rest(test, &pass, shup_worker_kick, 20, 24 * 20);
}

/* By its host, or by real-time tasks: no HUP is to wait 24 times as long for it. */
static void a_pass_that_was_held_up_rests_for_a_second(struct kunit *test)
{
	expect_rest(test, &pass, shup_worker_kick, 200, MSEC_PER_SEC);
}

static void an_adoption_rests_24_times_as_long(struct kunit *test)
{
	expect_rest(test, &adoption, request_adoption, 50, 24 * 50);
}

static void a_pass_that_failed_runs_again_by_itself(struct kunit *test)
{
	WRITE_ONCE(pass.next, SHUP_NEXT_RETRY);
	shup_worker_kick();
	KUNIT_EXPECT_TRUE(test, comes_to(&pass, 2));
}

static void an_adoption_that_failed_runs_again_by_itself(struct kunit *test)
{
	WRITE_ONCE(adoption.next, SHUP_NEXT_RETRY);
	request_adoption();
	KUNIT_EXPECT_TRUE(test, comes_to(&adoption, 2));
}

static void nothing_runs_that_nobody_asks_for(struct kunit *test)
{
	shup_worker_kick();
	KUNIT_EXPECT_TRUE(test, comes_to(&pass, 1));
	msleep(SILENCE_MS);
	KUNIT_EXPECT_EQ(test, runs(&pass), 1U);
	KUNIT_EXPECT_EQ(test, runs(&adoption), 0U);
}

/* Called by KUnit whether begin() has failed or not. */
static bool begun;

static int begin(struct kunit *test)
{
	int ret;

	stub_clock_stop();
	pass = (struct job){ .next = SHUP_NEXT_REQUEST };
	adoption = (struct job){ .next = SHUP_NEXT_REQUEST };
	ret = shup_worker_init(&jobs);
	begun = !ret;
	return ret;
}

static void end(struct kunit *test)
{
	if (begun)
		shup_worker_exit();
	begun = false;
	stub_clock_start();
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_pass_rests_24_times_as_long),
	KUNIT_CASE(a_pass_that_was_held_up_rests_for_a_second),
	KUNIT_CASE(an_adoption_rests_24_times_as_long),
	KUNIT_CASE(a_pass_that_failed_runs_again_by_itself),
	KUNIT_CASE(an_adoption_that_failed_runs_again_by_itself),
	KUNIT_CASE(nothing_runs_that_nobody_asks_for),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_pace",
	.test_cases = cases,
	.init = begin,
	.exit = end,
};

kunit_test_suite(suite);
