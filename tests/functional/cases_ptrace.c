// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tracer can hold a task at the door of its exit (PTRACE_EVENT_EXIT). Whether such a task
 * still counts as live is left open: 6.11 says yes, the module, which looks at the entry of
 * do_exit, says no. What is not open: HUP comes once it goes on, and does not come while
 * another live task is there.
 */
#define _GNU_SOURCE
#include <sys/ptrace.h>

#include "harness.h"

enum { LEAVE, STAY, READY, DO, HELD };

static void trace(pid_t pid, long options)
{
	must(ptrace(PTRACE_SEIZE, pid, NULL, options));
}

static void wait_event(pid_t pid, int event)
{
	int status;

	must(waitpid(pid, &status, __WALL));
	if (!WIFSTOPPED(status) || status >> 16 != event)
		fail("the test itself got stuck: wait status 0x%x is not ptrace event %d",
		     status, event);
}

static void let_go_on(pid_t pid)
{
	must(ptrace(PTRACE_CONT, pid, NULL, 0));
}

/* Poll, so that whoever counts live tasks has occasion to err; the result is left open. */
static void hold_a_while(int fd)
{
	struct pollfd pfd = { .fd = fd };

	nap_ms(opt.settle_ms);
	must(poll(&pfd, 1, 0));
	nap_ms(opt.settle_ms);
}

static struct box held_box(body_fn *body)
{
	struct box box = box_start(body, GATE_ARG(LEAVE));

	trace(box.pid, PTRACE_O_TRACEEXIT);
	expect_no_hup(box.fd, "the box is traced and lives");
	gate_open(LEAVE);
	wait_event(box.pid, PTRACE_EVENT_EXIT);
	return box;
}

static void held_at_exit(void)
{
	struct box box = held_box(body_gate);

	hold_a_while(box.fd);
	let_go_on(box.pid);
	expect_hup(box.fd, "the tracer has let the last task go");
}

static void held_at_exit_then_killed(void)
{
	struct box box = held_box(body_gate);

	hold_a_while(box.fd);
	box_kill(&box);
	/* Kernels differ in whether the kill alone ends the stop. */
	ptrace(PTRACE_CONT, box.pid, NULL, 0);
	expect_hup(box.fd, "the task held at its exit was killed");
}

static void body_child_stays(void *arg __maybe_unused)
{
	if (!fork_or_fail()) {
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void held_at_exit_child_lives(void)
{
	struct box box = held_box(body_child_stays);

	expect_no_hup(box.fd, "one task is held at its exit, its child lives");
	let_go_on(box.pid);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "one task has exited, its child lives");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}

static void held_at_exit_child_leaves_first(void)
{
	struct box box = held_box(body_child_stays);

	expect_no_hup(box.fd, "one task is held at its exit, its child lives");
	gate_open(STAY);
	hold_a_while(box.fd);
	let_go_on(box.pid);
	expect_hup(box.fd, "the tracer has let the last task go, its child was gone before");
}

/* ---- a thread is held ------------------------------------------------------------------ */

static void *thread_leaves(void *arg __maybe_unused)
{
	note_tid(READY);
	gate_open(READY);
	gate_wait(DO);
	return NULL;
}

static void body_thread_leaves(void *arg __maybe_unused)
{
	start_thread(thread_leaves, NULL);
	gate_wait(LEAVE);
	exit_thread();
}

static void thread_held_at_exit(void)
{
	struct box box = box_start(body_thread_leaves, NULL);
	pid_t tid;

	gate_reach(READY, "the start of the thread");
	tid = shm->tid[READY];
	trace(tid, PTRACE_O_TRACEEXIT);
	gate_open(DO);
	wait_event(tid, PTRACE_EVENT_EXIT);
	expect_no_hup(box.fd, "the thread is held at its exit, the leader lives");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	hold_a_while(box.fd);
	let_go_on(tid);
	expect_hup(box.fd, "the tracer has let the last thread go");
}

static void *thread_stays(void *arg __maybe_unused)
{
	gate_open(READY);
	gate_wait(STAY);
	return NULL;
}

static void body_starts_thread_when_told(void *arg __maybe_unused)
{
	gate_wait(DO);
	start_thread(thread_stays, NULL);
	gate_wait(LEAVE);
	exit_thread();
}

/*
 * One task of the process is not live although it looks so, and the other, which has the same
 * chain, may have come unseen.
 */
static void leader_held_at_exit(void)
{
	struct box box = box_start(body_starts_thread_when_told, NULL);

	look_away(true);
	gate_open(DO);
	gate_reach(READY, "the start of the thread");
	look_away(false);
	trace(box.pid, PTRACE_O_TRACEEXIT);
	gate_open(LEAVE);
	wait_event(box.pid, PTRACE_EVENT_EXIT);
	expect_no_hup(box.fd, "the leader is held at its exit, the thread lives");
	gate_open(STAY);
	hold_a_while(box.fd);
	let_go_on(box.pid);
	expect_hup(box.fd, "the tracer has let the leader go, the thread was gone before");
}

/* ---- the tracer goes ------------------------------------------------------------------- */

static void tracer_dies(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	pid_t tracer = fork_or_fail();

	if (!tracer) {
		trace(box.pid, PTRACE_O_TRACEEXIT);
		gate_open(READY);
		wait_event(box.pid, PTRACE_EVENT_EXIT);
		gate_open(HELD);
		for (;;)
			pause();
	}
	gate_reach(READY, "the start of the tracer");
	expect_no_hup(box.fd, "the box is traced and lives");
	gate_open(LEAVE);
	gate_reach(HELD, "the stop at exit");
	hold_a_while(box.fd);
	must(kill(tracer, SIGKILL));
	expect_hup(box.fd, "the tracer, who held the last task, was killed");
}

/* ---- a child that has not run yet ------------------------------------------------------ */

static void body_forks_when_told(void *arg __maybe_unused)
{
	gate_wait(DO);
	body_child_stays(NULL);
}

/* The traced child is stopped before its first instruction: it lives all the same. */
static void child_held_at_birth(void)
{
	struct box box = box_start(body_forks_when_told, NULL);
	unsigned long child;

	trace(box.pid, PTRACE_O_TRACEFORK);
	gate_open(DO);
	wait_event(box.pid, PTRACE_EVENT_FORK);
	must(ptrace(PTRACE_GETEVENTMSG, box.pid, NULL, &child));
	wait_event(child, PTRACE_EVENT_STOP);
	gate_open(LEAVE);
	let_go_on(box.pid);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the child is held at its birth");
	must(ptrace(PTRACE_DETACH, child, NULL, 0));
	expect_no_hup(box.fd, "the child runs");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}

const struct test_case ptrace_cases[] = {
	CASE(held_at_exit),
	CASE(held_at_exit_then_killed),
	CASE(held_at_exit_child_lives),
	CASE(held_at_exit_child_leaves_first),
	CASE(thread_held_at_exit),
	CASE(leader_held_at_exit),
	CASE(tracer_dies),
	CASE(child_held_at_birth),
	{ 0 },
};
