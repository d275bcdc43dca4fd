// SPDX-License-Identifier: GPL-2.0-only
/*
 * User notifications go on as before, a pending one does not keep a dead box alive, and RECV
 * ends when there is nobody left to receive from (recv_*).
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "harness.h"

enum { LEAVE, STAY, BACK };
enum { ANSWERED, WRONG };

/* ---- ordinary notifications ------------------------------------------------------------ */

static void body_calls(void *arg __maybe_unused)
{
	shm->count[ANSWERED] = call_notified();
	gate_open(BACK);
	gate_wait(LEAVE);
}

static struct seccomp_notif receive(struct box *box)
{
	struct seccomp_notif req;
	int err = try_recv(box->fd, &req);

	if (err)
		fail("RECV: %s", strerror(-err));
	if (req.data.nr != NOTIFIED_SYSCALL)
		fail("RECV returns system call %d, not %d", req.data.nr, NOTIFIED_SYSCALL);
	return req;
}

static void answer(struct box *box, uint64_t id, int64_t val, int error)
{
	int err = try_send(box->fd, id, val, error, 0);

	if (err)
		fail("SEND: %s", strerror(-err));
}

static void expect_answer(long expected)
{
	gate_reach(BACK, "the return of the notified system call");
	if (shm->count[ANSWERED] != expected)
		fail("the box got %ld instead of %ld", shm->count[ANSWERED], expected);
}

static void leave_and_expect_hup(struct box *box)
{
	expect_no_hup(box->fd, "the system call was answered");
	gate_open(LEAVE);
	expect_hup(box->fd, "the box has exited");
}

static void notify_value(void)
{
	struct box box = box_start(body_calls, NULL);
	struct seccomp_notif req;

	expect_pollin(box.fd, "the box waits for an answer");
	expect_no_hup(box.fd, "a notification is pending");
	req = receive(&box);
	expect_no_hup(box.fd, "a notification was received, not answered");
	answer(&box, req.id, 4711, 0);
	expect_answer(4711);
	leave_and_expect_hup(&box);
}

static void notify_error(void)
{
	struct box box = box_start(body_calls, NULL);
	struct seccomp_notif req;

	expect_pollin(box.fd, "the box waits for an answer");
	req = receive(&box);
	answer(&box, req.id, 0, -EDOM);
	expect_answer(-EDOM);
	leave_and_expect_hup(&box);
}

static void notify_continue(void)
{
	struct box box = box_start(body_calls, NULL);
	struct seccomp_notif req;
	int err;

	expect_pollin(box.fd, "the box waits for an answer");
	req = receive(&box);
	err = try_send(box.fd, req.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	if (err == -EINVAL)
		skip("this kernel has no SECCOMP_USER_NOTIF_FLAG_CONTINUE (Linux 5.5)");
	if (err)
		fail("SEND: %s", strerror(-err));
	expect_answer(getpid());
	leave_and_expect_hup(&box);
}

#define CALLERS 4

static void *call_often(void *arg)
{
	int i, calls = (intptr_t)arg;

	for (i = 0; i < calls; i++)
		if (call_notified() != 4711)
			count_up(WRONG);
	return NULL;
}

static void body_calls_often(void *arg)
{
	pthread_t threads[CALLERS];
	int i;

	for (i = 0; i < CALLERS; i++)
		threads[i] = start_thread(call_often, arg);
	for (i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
}

/* The loop of a manager, which knows nothing of the box but what epoll tells it. */
static void notify_manager_loop(void)
{
	int calls = opt.quick ? 50 : 300;
	struct box box = box_start(body_calls_often, GATE_ARG(calls));
	struct epoll_event ev = { .events = EPOLLIN };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));
	struct seccomp_notif req;
	int answered = 0;

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, box.fd, &ev));
	for (;;) {
		if (must(epoll_wait(epfd, &ev, 1, patience_ms())) == 0)
			fail("neither a notification nor HUP after %d answers", answered);
		if (ev.events & EPOLLHUP)
			break;
		if (!(ev.events & EPOLLIN))
			continue;
		req = receive(&box);
		answer(&box, req.id, 4711, 0);
		answered++;
	}
	if (answered != calls * CALLERS)
		fail("HUP after %d of %d notifications", answered, calls * CALLERS);
	if (count_of(WRONG))
		fail("%ld wrong answers", count_of(WRONG));
}

/* ---- killed while a notification is open ----------------------------------------------- */

static void expect_stale(struct box *box, uint64_t id)
{
	int err = try_send(box->fd, id, 0, 0, 0);

	if (err != -ENOENT)
		fail("SEND to a dead task: %s instead of ENOENT", err ? strerror(-err) : "success");
}

static void kill_with_pending(void)
{
	struct box box = box_start(body_calls, NULL);

	expect_pollin(box.fd, "the box waits for an answer");
	expect_no_hup(box.fd, "a notification is pending");
	box_kill(&box);
	expect_hup(box.fd, "the box was killed, its notification not received");
	reap(box.pid);
	expect_hup(box.fd, "the box was reaped");
}

static void kill_with_received(void)
{
	struct box box = box_start(body_calls, NULL);
	struct seccomp_notif req;

	expect_pollin(box.fd, "the box waits for an answer");
	req = receive(&box);
	expect_no_hup(box.fd, "a notification was received, not answered");
	box_kill(&box);
	expect_hup(box.fd, "the box was killed, its notification not answered");
	expect_stale(&box, req.id);
	expect_hup(box.fd, "after a stale answer");
}

static void body_calls_and_sibling_stays(void *arg __maybe_unused)
{
	if (!fork_or_fail()) {
		gate_wait(STAY);
		_exit(0);
	}
	call_notified();
}

static void kill_with_pending_sibling_lives(void)
{
	struct box box = box_start(body_calls_and_sibling_stays, NULL);

	expect_pollin(box.fd, "the box waits for an answer");
	box_kill(&box);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the caller was killed, its child lives");
	reap(box.pid);
	expect_no_hup(box.fd, "the caller was reaped, its child lives");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}

static void body_many_call(void *arg __maybe_unused)
{
	int i;

	for (i = 0; i < 6; i++)
		start_thread(call_often, GATE_ARG(1));
	gate_wait(LEAVE);
}

static void kill_with_many_pending(void)
{
	struct box box = box_start(body_many_call, NULL);
	struct seccomp_notif req;
	int i;

	for (i = 0; i < 3; i++) {
		expect_pollin(box.fd, "threads wait for an answer");
		req = receive(&box);
	}
	expect_no_hup(box.fd, "all threads live");
	box_kill(&box);
	expect_hup(box.fd, "the box with six open notifications was killed");
	expect_stale(&box, req.id);
}

/* ---- RECV ------------------------------------------------------------------------------ */

static void recv_blocked_before_exit(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct receiver receiver;

	start_receivers(&receiver, 1, box.fd);
	expect_no_hup(box.fd, "RECV is blocked, the box lives");
	expect_receivers_blocked(1);
	gate_open(LEAVE);
	expect_receivers_told(1);
	expect_hup(box.fd, "RECV has returned");
}

static void recv_several_blocked(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct receiver receivers[8];

	start_receivers(receivers, 8, box.fd);
	expect_no_hup(box.fd, "eight threads are blocked in RECV, the box lives");
	expect_receivers_blocked(8);
	gate_open(LEAVE);
	expect_receivers_told(8);
	expect_hup(box.fd, "RECV has returned");
}

/* In a thread, so that a RECV that blocks shows as such. */
static void recv_after_exit(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct receiver receivers[3];

	expect_no_hup(box.fd, "the box lives");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_hup(box.fd, "the box has exited");
	start_receivers(receivers, 3, box.fd);
	expect_receivers_told(3);
}

static void recv_nonblock_after_exit(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct receiver receivers[2];

	must(fcntl(box.fd, F_SETFL, O_NONBLOCK));
	expect_no_hup(box.fd, "the box lives");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_hup(box.fd, "the box has exited");
	start_receivers(receivers, 2, box.fd);
	expect_receivers_told(2);
}

static void recv_member_left_lives(void)
{
	struct box box = box_start(body_calls_and_sibling_stays, NULL);
	struct receiver receivers[4];
	struct seccomp_notif req;

	expect_pollin(box.fd, "the box waits for an answer");
	req = receive(&box);
	start_receivers(receivers, 4, box.fd);
	answer(&box, req.id, 0, 0);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the child of the box lives");
	expect_receivers_blocked(4);
	gate_open(STAY);
	expect_receivers_told(4);
}

/* RECV is called while the box exits: before, after, and in the middle. */
static void recv_races_exit(void)
{
	int i, round, rounds = opt.quick ? 10 : 50;
	struct receiver receivers[4];
	struct box box;

	for (round = 0; round < rounds; round++) {
		box = box_start(body_ctl, NULL);
		if (round % 2)
			expect_no_hup_now(box.fd, "the box lives");
		box_tell(&box);
		start_receivers(receivers, 4, box.fd);
		expect_receivers_told(4);
		box_drop(&box);
		for (i = 0; i < 4; i++) {
			shm->gate[RECV_BEGUN + i] = 0;
			shm->gate[RECV_DONE + i] = 0;
		}
	}
}

static void body_calls_later(void *arg __maybe_unused)
{
	gate_wait(STAY);
	body_calls(NULL);
}

/* A RECV that was blocked before still gets the notification it waits for. */
static void recv_still_receives(void)
{
	struct box box = box_start(body_calls_later, NULL);
	struct receiver receiver;
	struct seccomp_notif req;

	start_receivers(&receiver, 1, box.fd);
	expect_receivers_blocked(1);
	gate_open(STAY);
	gate_reach(RECV_DONE, "the return of RECV with a notification");
	if (shm->count[RECV_DONE])
		fail("RECV: %s instead of a notification", strerror(-shm->count[RECV_DONE]));
	box_kill(&box);
	expect_hup(box.fd, "the box was killed, its notification not answered");
	if (try_recv(box.fd, &req) != -ENOENT)
		fail("RECV does not return ENOENT after the box was killed");
}

/*
 * In a module that was built for it: there is no memory when the listener is made, nor when its
 * RECV is called, and nobody calls again.
 */
static void recv_without_memory(void)
{
	struct receiver receiver;
	struct box box;

	starve(true);
	box = box_start(body_gate, GATE_ARG(LEAVE));
	start_receivers(&receiver, 1, box.fd);
	expect_receivers_blocked(1);
	starve(false);
	gate_open(LEAVE);
	expect_receivers_told(1);
	expect_hup(box.fd, "RECV has returned");
}

const struct test_case notify_cases[] = {
	CASE(notify_value),
	CASE(notify_error),
	CASE(notify_continue),
	CASE(notify_manager_loop, .deadline_ms = 20000),
	CASE(kill_with_pending),
	CASE(kill_with_received),
	CASE(kill_with_pending_sibling_lives),
	CASE(kill_with_many_pending),
	CASE(recv_blocked_before_exit),
	CASE(recv_several_blocked),
	CASE(recv_after_exit),
	CASE(recv_nonblock_after_exit),
	CASE(recv_races_exit, .deadline_ms = 30000),
	CASE(recv_member_left_lives),
	CASE(recv_still_receives),
	CASE(recv_without_memory),
	{ 0 },
};
