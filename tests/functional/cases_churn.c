// SPDX-License-Identifier: GPL-2.0-only
/*
 * Much at once, and for long: forks, threads and listeners that come and go beside a task
 * that stays.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "harness.h"

/* A maker of boxes N uses gate MAKER_DONE + N and counter MADE + N. */
enum { MADE = 40, MAKER_DONE = 100 };
#define BOX_MAKERS 4

/* ---- churns inside a box --------------------------------------------------------------- */

static void fork_and_wait(void)
{
	pid_t pid = fork_or_fail();

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0));
}

/* The grandchild's parent is gone before it, or soon after. */
static void fork_twice(void)
{
	pid_t pid = fork_or_fail();

	if (!pid) {
		fork_or_fail();
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
}

/* The worker itself leaves, and its child goes on in its place. */
static void fork_and_leave(void)
{
	if (fork_or_fail())
		_exit(0);
}

static void work_until_stopped(int box, int worker)
{
	void (*const ways[WORKERS])(void) = { fork_and_wait, fork_twice, fork_and_leave };

	while (!stopped()) {
		ways[worker]();
		count_up(box);
	}
	gate_open(DONE + box * WORKERS + worker);
	_exit(0);
}

static void keep_alive(int box)
{
	gate_wait(KEEP + box);
	_exit(0);
}

/* The first task of the box leaves at once, too. */
void body_fork_churn(void *arg)
{
	int box = (intptr_t)arg, worker;

	if (!fork_or_fail())
		keep_alive(box);
	for (worker = 0; worker < WORKERS; worker++)
		if (!fork_or_fail())
			work_until_stopped(box, worker);
}

static void *leave_at_once(void *arg)
{
	return arg;
}

struct thread_worker {
	int box, worker;
};

static void make_threads_until_stopped(struct thread_worker *w)
{
	while (!stopped()) {
		pthread_join(start_thread(leave_at_once, NULL), NULL);
		count_up(w->box);
	}
	gate_open(DONE + w->box * WORKERS + w->worker);
}

static void *thread_worker(void *arg)
{
	make_threads_until_stopped(arg);
	return NULL;
}

/* Each thread starts the next and leaves. */
static void *thread_baton(void *arg)
{
	struct thread_worker *w = arg;

	pthread_detach(pthread_self());
	if (stopped()) {
		gate_open(DONE + w->box * WORKERS + w->worker);
		return NULL;
	}
	count_up(w->box);
	start_thread(thread_baton, w);
	return NULL;
}

static void *thread_keeper(void *arg)
{
	gate_wait(KEEP + (intptr_t)arg);
	return NULL;
}

/* The leader leaves at once; one thread keeps the box alive while the others churn. */
void body_thread_churn(void *arg)
{
	static struct thread_worker workers[WORKERS];
	int i;

	start_thread(thread_keeper, arg);
	for (i = 0; i < WORKERS; i++) {
		workers[i] = (struct thread_worker){ (intptr_t)arg, i };
		start_thread(i ? thread_worker : thread_baton, &workers[i]);
	}
	exit_thread();
}

void wait_churn_done(int box)
{
	int worker;

	for (worker = 0; worker < WORKERS; worker++)
		gate_reach(DONE + box * WORKERS + worker, "the end of the churn");
	if (!count_of(box))
		fail("the churn has not done anything");
}

/* Mostly only one task is alive, and never the same for long. */
void body_baton(void *arg)
{
	int box = (intptr_t)arg, worker;

	while (!stopped()) {
		fork_and_leave();
		count_up(box);
	}
	for (worker = 0; worker < WORKERS; worker++)
		gate_open(DONE + box * WORKERS + worker);
	keep_alive(box);
}

static void check_churn(body_fn *body, const char *when)
{
	struct box box = box_start(body, GATE_ARG(0));

	watch_no_hup(&box, 1, opt.seconds * 1000, when);
	stop_all();
	wait_churn_done(0);
	expect_no_hup(box.fd, "the churn is over, one task lives");
	gate_open(KEEP);
	expect_hup(box.fd, "the last task has exited after the churn");
}

static void churn_forks(void)
{
	check_churn(body_fork_churn, "forks come and go beside a task that stays");
}

static void churn_threads(void)
{
	check_churn(body_thread_churn, "threads come and go beside a thread that stays");
}

static void churn_baton(void)
{
	check_churn(body_baton, "each task hands over to a child and leaves");
}

/* ---- churns of boxes ------------------------------------------------------------------- */

static void body_child_takes_over(void *arg __maybe_unused)
{
	if (fork_or_fail())
		_exit(0);
	box_wait_tell();
}

static void one_short_box(int round)
{
	struct box box;

	switch (round % 3) {
	case 0:
		box = box_start(body_ctl, NULL);
		expect_no_hup_now(box.fd, "a short-lived box lives");
		box_tell(&box);
		break;
	case 1:
		box = box_start(body_ctl, NULL);
		expect_no_hup_now(box.fd, "a short-lived box lives");
		box_kill(&box);
		break;
	default:
		box = box_start(body_child_takes_over, NULL);
		wait_process_gone(box.pid);
		expect_no_hup_now(box.fd, "the child of a short-lived box lives");
		box_tell(&box);
	}
	expect_hup(box.fd, "a short-lived box has exited");
	box_drop(&box);
}

static void make_boxes_until_stopped(int n)
{
	int round = n;

	while (!stopped()) {
		one_short_box(round++);
		count_up(MADE + n);
	}
	gate_open(MAKER_DONE + n);
	_exit(0);
}

static void start_box_makers(void)
{
	int n;

	for (n = 0; n < BOX_MAKERS; n++)
		if (!fork_or_fail())
			make_boxes_until_stopped(n);
}

static void wait_box_makers(void)
{
	int n;

	for (n = 0; n < BOX_MAKERS; n++) {
		gate_reach(MAKER_DONE + n, "the end of a maker of boxes");
		if (!count_of(MADE + n))
			fail("a maker of boxes has not made one in %d s", opt.seconds);
	}
}

static void churn_listeners(void)
{
	struct box steady = box_start(body_gate, GATE_ARG(KEEP));

	start_box_makers();
	watch_no_hup(&steady, 1, opt.seconds * 1000, "other boxes come and go");
	stop_all();
	wait_box_makers();
	expect_no_hup(steady.fd, "the steady box lives");
	gate_open(KEEP);
	expect_hup(steady.fd, "the steady box has exited");
}

static void body_exec_churn(void *arg)
{
	int worker, box = (intptr_t)arg;
	pid_t pid;

	if (!fork_or_fail())
		keep_alive(box);
	while (!stopped()) {
		pid = fork_or_fail();
		if (!pid) {
			execl("/proc/self/exe", "hup_test", "--helper", "quit", NULL);
			_exit(127);
		}
		must(waitpid(pid, NULL, 0));
		count_up(box);
	}
	for (worker = 0; worker < WORKERS; worker++)
		gate_open(DONE + box * WORKERS + worker);
}

static void churn_mixed(void)
{
	static body_fn *const bodies[] = {
		body_fork_churn, body_thread_churn, body_baton, body_exec_churn, body_fork_churn,
	};
	struct box boxes[ARRAY_SIZE(bodies)];
	int i, n = ARRAY_SIZE(bodies);

	for (i = 0; i < n; i++)
		boxes[i] = box_start(bodies[i], GATE_ARG(i));
	start_box_makers();
	watch_no_hup(boxes, n, opt.seconds * 1000, "several boxes churn, each with one that stays");
	stop_all();
	wait_box_makers();
	for (i = 0; i < n; i++)
		wait_churn_done(i);
	for (i = 0; i < n; i++) {
		watch_no_hup(&boxes[i], n - i, opt.settle_ms, "the churn is over, one task lives");
		gate_open(KEEP + i);
		expect_hup(boxes[i].fd, "the last task has exited after the churn");
	}
}

/* ---- many boxes at once ---------------------------------------------------------------- */

#define MANY 200

void start_many(struct box *boxes, int n)
{
	int i;

	for (i = 0; i < n; i++)
		boxes[i] = box_start(body_ctl, NULL);
}

static void shuffle(struct box *boxes, int n)
{
	struct box other;
	int i, j;

	srand(1);
	for (i = n - 1; i > 0; i--) {
		j = rand() % (i + 1);
		other = boxes[i];
		boxes[i] = boxes[j];
		boxes[j] = other;
	}
}

void expect_none_early(const struct box *boxes, int n)
{
	int i;

	for (i = 0; i < n; i++)
		expect_no_hup_now(boxes[i].fd, "other boxes exit, this one lives");
}

static void many_listeners_one_by_one(void)
{
	int i, n = opt.quick ? MANY / 5 : MANY;
	struct box boxes[MANY];

	start_many(boxes, n);
	shuffle(boxes, n);
	watch_no_hup(boxes, n, opt.settle_ms, "all boxes live");
	for (i = 0; i < n; i++) {
		box_kill(&boxes[i]);
		expect_hup(boxes[i].fd, "one of many boxes was killed");
		expect_none_early(boxes + i + 1, n - i - 1);
	}
}

static void many_listeners_at_once(void)
{
	int i, n = opt.quick ? MANY / 5 : MANY;
	struct box boxes[MANY];

	start_many(boxes, n);
	shuffle(boxes, n);
	for (i = 0; i < n / 2; i++)
		box_kill(&boxes[i]);
	for (i = 0; i < n / 2; i++)
		expect_hup(boxes[i].fd, "half of many boxes were killed at once");
	watch_no_hup(boxes + n / 2, n - n / 2, opt.settle_ms, "the other half of the boxes lives");
	for (i = n / 2; i < n; i++)
		box_kill(&boxes[i]);
	for (i = n / 2; i < n; i++)
		expect_hup(boxes[i].fd, "the other half of the boxes were killed at once");
}

const struct test_case churn_cases[] = {
	CASE(many_listeners_one_by_one, .deadline_ms = 60000),
	CASE(many_listeners_at_once, .deadline_ms = 30000),
	CASE(churn_forks, .deadline_ms = 20000, .churns = true),
	CASE(churn_threads, .deadline_ms = 20000, .churns = true),
	CASE(churn_baton, .deadline_ms = 20000, .churns = true),
	CASE(churn_listeners, .deadline_ms = 20000, .churns = true),
	CASE(churn_mixed, .deadline_ms = 30000, .churns = true),
	{ 0 },
};
